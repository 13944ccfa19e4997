//! SARIF 2.1.0, for code scanning and for viewers of findings.

use serde_json::{Map, Value, json};
use weir::{Item, ItemStanding, Listing, Place};

use crate::exit::Exit;
use crate::render::clean;

/// The format's own schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name under which fingerprints are known; a new way to make them gets a new name.
const FINGERPRINT: &str = "weirFinding/v1";

/// The findings of a listing as a SARIF log with one run. What passed is no finding.
pub(crate) fn log(listing: &Listing, exit: Exit) -> Value {
    let found: Vec<&Item> = listing.items.iter().filter(|item| is_finding(item)).collect();
    let rules = rules(&found);
    let results: Vec<Value> = found.iter().map(|item| result(item, &rules)).collect();
    let facts: Map<String, Value> =
        listing.facts.iter().map(|(name, value)| ((*name).to_owned(), clean::line(value).into())).collect();
    let subject = listing.facts.iter().find(|(name, _)| *name == "service");
    let subject = subject.map(|(_, service)| format!("{service}/")).unwrap_or_default();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "weir",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|(id, item)| rule(id, item)).collect::<Vec<_>>(),
            } },
            // What tells the runs of one pipeline apart: without it, one run's findings would close another one's.
            "automationDetails": { "id": format!("weir/{}/{subject}", listing.question.replace(' ', "-")) },
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": exit.code(),
                "toolExecutionNotifications": notifications(listing),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": facts,
        }],
    })
}

fn is_finding(item: &Item) -> bool {
    !item.is_answer && !matches!(item.standing, ItemStanding::Passed | ItemStanding::NotApplicable)
}

/// The rules of the findings with a finding of each, in the order of their names.
fn rules<'i>(found: &[&'i Item]) -> Vec<(String, &'i Item)> {
    let mut rules: Vec<(String, &Item)> = found.iter().map(|item| (item.id(), *item)).collect();
    rules.sort_by(|one, other| one.0.cmp(&other.0));
    rules.dedup_by(|one, other| one.0 == other.0);
    rules
}

fn rule(id: &str, item: &Item) -> Value {
    let about = format!("rule `{}` of `{}`", item.rule, item.group);
    let mut rule = json!({ "id": clean::line(id), "shortDescription": { "text": clean::line(&about) } });
    if let (Some(remedy), Some(rule)) = (&item.remedy, rule.as_object_mut()) {
        rule.insert("help".to_owned(), json!({ "text": clean::lines(remedy) }));
    }
    rule
}

fn result(item: &Item, rules: &[(String, &Item)]) -> Value {
    let id = item.id();
    let remedy = item.remedy.as_ref().map(|remedy| format!(" Remedy: {remedy}")).unwrap_or_default();
    let mut result = json!({
        "ruleId": clean::line(&id),
        "ruleIndex": rules.iter().position(|(known, _)| *known == id),
        "level": level(item.standing),
        "message": { "text": clean::lines(&format!("{}: {}.{remedy}", item.subject, item.text)) },
        "locations": [location(item)],
        "partialFingerprints": { FINGERPRINT: item.fingerprint },
    });
    if let (Some(excuse), Some(result)) = (&item.excuse, result.as_object_mut()) {
        let suppression =
            json!({ "kind": "external", "status": "accepted", "justification": clean::lines(excuse) });
        result.insert("suppressions".to_owned(), json!([suppression]));
    }
    result
}

fn level(standing: ItemStanding) -> &'static str {
    match standing {
        ItemStanding::Failed | ItemStanding::Undecided => "error",
        ItemStanding::Warned | ItemStanding::Excused => "warning",
        ItemStanding::Noted | ItemStanding::Passed | ItemStanding::NotApplicable => "note",
    }
}

fn location(item: &Item) -> Value {
    let mut location = Map::new();
    location.insert(
        "logicalLocations".to_owned(),
        json!([{ "fullyQualifiedName": clean::line(&item.subject), "kind": "resource" }]),
    );
    if let Some(place) = &item.place {
        location.insert("physicalLocation".to_owned(), physical(place));
    }
    Value::Object(location)
}

fn physical(place: &Place) -> Value {
    let artifact = json!({ "uri": uri(&place.file), "uriBaseId": "%SRCROOT%" });
    match (place.line, place.column) {
        (None, _) => json!({ "artifactLocation": artifact }),
        (Some(line), None) => json!({ "artifactLocation": artifact, "region": { "startLine": line } }),
        (Some(line), Some(column)) => {
            json!({ "artifactLocation": artifact, "region": { "startLine": line, "startColumn": column } })
        }
    }
}

/// A path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// What nobody may overlook: that a verdict is overruled.
fn notifications(listing: &Listing) -> Vec<Value> {
    let loud = listing.items.iter().filter(|item| item.is_override());
    loud.map(|item| json!({ "level": "warning", "message": { "text": clean::lines(&item.text) } })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("services/a b:c#%.toml"), "services/a%20b%3Ac%23%25.toml");
        assert_eq!(uri("ü"), "%C3%BC");
    }
}
