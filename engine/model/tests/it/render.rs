//! Shows diagnostics the way a terminal would, without colour.

use std::ops::Range;

use weir_model::Diagnostic;
use weir_model::diagnostic::position;

pub(crate) fn render(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(render_one).collect::<Vec<_>>().join("\n")
}

fn render_one(diagnostic: &Diagnostic) -> String {
    let Diagnostic { severity, code, file, message, .. } = diagnostic;
    let mut shown = format!("{severity}[{code}]: {message}\n");
    shown += &format!(" --> {file}:{}:{}\n", diagnostic.line(), diagnostic.column());
    shown += &excerpt(&diagnostic.text, &diagnostic.range, '^', &diagnostic.label);
    for related in &diagnostic.related {
        shown += &excerpt(&diagnostic.text, &related.range, '-', &related.label);
    }
    if let Some(help) = &diagnostic.help {
        shown += &format!("help: {help}\n");
    }
    shown
}

/// The line that a range starts on, with the part of the range on that line marked.
fn excerpt(text: &str, range: &Range<usize>, mark: char, label: &str) -> String {
    let (line, column) = position(text, range.start);
    let content = text.lines().nth(line - 1).unwrap_or_default();
    let room = content.chars().count().saturating_sub(column - 1);
    let width = text[range.clone()].chars().count().min(room).max(1);
    let marks = mark.to_string().repeat(width);
    let marked = format!("     | {}{marks} {label}", " ".repeat(column - 1));
    format!("{line:4} | {content}\n{}\n", marked.trim_end())
}
