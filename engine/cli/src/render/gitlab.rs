//! GitLab's Code Quality report: findings that a merge request shows beside its changes.

use serde_json::{Value, json};
use weir::{Item, ItemStanding, Listing};

use crate::render::clean;

/// The findings of a listing. What passed is no finding.
pub(crate) fn report(listing: &Listing) -> Value {
    listing.items.iter().filter(|item| !item.is_answer).filter_map(finding).collect()
}

fn finding(item: &Item) -> Option<Value> {
    let severity = match item.standing {
        ItemStanding::Passed | ItemStanding::NotApplicable => return None,
        ItemStanding::Failed => "blocker",
        ItemStanding::Undecided => "critical",
        ItemStanding::Warned if item.is_override() => "major",
        ItemStanding::Warned => "minor",
        ItemStanding::Excused | ItemStanding::Noted => "info",
    };
    let excuse = item.excuse.as_ref().map(|excuse| format!(" ({excuse})")).unwrap_or_default();
    let remedy = item.remedy.as_ref().map(|remedy| format!(". Remedy: {remedy}")).unwrap_or_default();
    // A finding has to stand somewhere; what stands nowhere else belongs to the project.
    let place = item.place.as_ref();
    let (path, line) = place.map_or(("weir.toml", None), |place| (place.file.as_str(), place.line));
    Some(json!({
        "description": clean::line(&format!("{}: {}{excuse}{remedy}", item.subject, item.text)),
        "check_name": clean::line(&item.id()),
        "fingerprint": item.fingerprint,
        "severity": severity,
        "location": { "path": clean::line(path), "lines": { "begin": line.unwrap_or(1) } },
    }))
}
