//! Diagnostics in the manner of compilers: the place, the text, and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use weir_model::diagnostic::{Diagnostic, Severity};

/// All diagnostics as text with colours; the stream drops the colours where there is no terminal.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::styled();
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(diagnostic)]));
        out.push_str("\n\n");
    }
    out
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut primary = AnnotationKind::Primary.span(diagnostic.range.clone());
    if !diagnostic.label.is_empty() {
        primary = primary.label(diagnostic.label.as_str());
    }
    let mut snippet =
        Snippet::source(diagnostic.text.as_ref()).path(diagnostic.file.as_str()).annotation(primary);
    for related in &diagnostic.related {
        let place = AnnotationKind::Context.span(related.range.clone()).label(related.label.as_str());
        snippet = snippet.annotation(place);
    }
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let group = title.element(snippet);
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// All diagnostics in a line each, with what to do below: for lists that are long and read from top to bottom.
pub(crate) fn lines(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&format!("{diagnostic}\n"));
        if let Some(help) = &diagnostic.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}
