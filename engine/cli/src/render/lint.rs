//! What a lint found, and what history supports, for people.

use weir::{Lint, LintFinding, Suggestion, Suggestions};
use weir_model::{Effect, Severity};

use crate::output::in_effect_colour;
use crate::render::table::{table, text};
use crate::render::{Clock, events};

/// Each finding with its remedy, then how many there are.
pub(crate) fn lint(lint: &Lint, clock: &Clock) -> String {
    let mut out = format!("SLOs at {}\n\n", clock.show(lint.at));
    for finding in &lint.findings {
        out.push_str(&lines(finding));
    }
    let count = |severity| lint.findings.iter().filter(|finding| finding.code.severity() == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    out.push_str(&format!("  {errors} errors, {warnings} warnings\n\n{}", events(&lint.events)));
    out
}

fn lines(finding: &LintFinding) -> String {
    let effect = match finding.code.severity() {
        Severity::Error => Effect::Freeze,
        Severity::Warning => Effect::Warn,
    };
    let place = match &finding.slo {
        Some(slo) => format!("{} {slo}", finding.service),
        None => finding.service.clone(),
    };
    format!(
        "  {}[{}] {place}: {}\n      remedy: {}\n",
        in_effect_colour(effect, &finding.severity),
        finding.code.as_str(),
        finding.text,
        finding.remedy
    )
}

/// A table of objectives: now, and supported.
pub(crate) fn suggestions(suggestions: &Suggestions, clock: &Clock) -> String {
    let headings = [
        "service",
        "slo",
        "now",
        "window",
        "good",
        "bad",
        "achieved",
        "supported",
        "sure",
        "days kept",
        "note",
    ];
    let mut rows = table(headings, &["note"]);
    for suggestion in &suggestions.slos {
        rows.add_row(row(suggestion));
    }
    format!(
        "Objectives that history supports at {}\n\n{}\n  \
         supported: the tightest usual objective that the counts over the window make 95 % sure to be met, if every share \
         was\n  equally likely before; days kept: the days of one window on which the window before that day kept it\n\n{}",
        clock.show(suggestions.at),
        text(&rows),
        events(&suggestions.events)
    )
}

fn row(suggestion: &Suggestion) -> [String; 11] {
    let dash = || "-".to_owned();
    let supported = suggestion.supported.as_ref();
    [
        suggestion.service.clone(),
        suggestion.slo.clone(),
        suggestion.objective.clone(),
        suggestion.window.clone(),
        suggestion.good.to_string(),
        suggestion.bad.to_string(),
        suggestion.achieved.clone().unwrap_or_else(dash),
        supported.map_or_else(dash, |supported| supported.objective.clone()),
        supported.map_or_else(dash, |supported| supported.met_confidence.clone()),
        supported.map_or_else(dash, |supported| format!("{} of {}", supported.days_kept, supported.days)),
        suggestion.gap.as_ref().map_or_else(String::new, |gap| format!("can't be judged: {gap}")),
    ]
}
