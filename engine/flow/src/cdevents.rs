//! CDEvents, as CloudEvents carry them: deploys, incidents and tickets become Weir's own events.
//!
//! Versions 0.3 to 0.5 are read. Nobody pays for them but who has them: whether a type is one of theirs is found out once a
//! block, with the other types of events.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};
use weir_model::event::{DEPLOY, Data, Event, INCIDENT_DECLARED, INCIDENT_RESOLVED, WORK_ITEM, WorkItem};
use weir_model::{Change, Name};

/// What the types of all CDEvents begin with.
const PREFIX: &str = "dev.cdevents.";

/// Subjects with what can become of them, in the versions that are read.
const VOCABULARY: [(&str, &[&str]); 16] = [
    ("artifact", &["packaged", "signed", "published", "downloaded", "deleted"]),
    ("branch", &["created", "deleted"]),
    ("build", &["queued", "started", "finished"]),
    ("change", &["created", "reviewed", "merged", "abandoned", "updated"]),
    ("environment", &["created", "modified", "deleted"]),
    ("incident", &["detected", "reported", "resolved"]),
    ("pipelinerun", &["queued", "started", "finished"]),
    ("repository", &["created", "modified", "deleted"]),
    ("service", &["deployed", "upgraded", "rolledback", "removed", "published"]),
    ("taskrun", &["queued", "started", "finished"]),
    ("testcase", &["queued", "started", "finished"]),
    ("testcaserun", &["queued", "started", "finished", "skipped"]),
    ("testoutput", &["published"]),
    ("testsuite", &["queued", "started", "finished"]),
    ("testsuiterun", &["queued", "started", "finished"]),
    ("ticket", &["created", "updated", "closed"]),
];

/// What a CDEvent is to Weir.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Deploy,
    IncidentDeclared,
    IncidentResolved,
    TicketClosed,
    /// It is known, and nothing follows from it.
    Nothing,
}

/// The data of a CDEvent, as far as it is read.
#[derive(Deserialize)]
struct CdEvent {
    context: Context,
    subject: Subject,
    #[serde(rename = "customData", default)]
    custom: Value,
}

#[derive(Deserialize)]
struct Context {
    /// The version of CDEvents up to 0.4, and in 0.5.
    version: Option<String>,
    specversion: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Subject {
    id: String,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    environment: Option<Reference>,
    service: Option<Reference>,
    artifact_id: Option<String>,
    description: Option<String>,
    summary: Option<String>,
    group: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

/// Whether events of this type have to be looked at: those that mean something, and those of theirs that are unknown.
pub(crate) fn is_looked_at(kind: &str, keep_whole: &[String]) -> bool {
    kind.starts_with(PREFIX)
        && meaning(kind).map_or(true, |meaning| {
            meaning.kind().is_some_and(|kind| keep_whole.iter().any(|kept| kept == kind))
        })
}

/// What a CDEvent comes to, which is Weir's own event or nothing. Other events stay what they are.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn translated(
    event: Event<'static>,
    environments: &[String],
) -> Result<Option<Event<'static>>, String> {
    if !event.kind.starts_with(PREFIX) {
        return Ok(Some(event));
    }
    let meaning = meaning(&event.kind)?;
    let Some(kind) = meaning.kind() else { return Ok(None) };
    let data = read(&event)?;
    let content = &data.subject.content;
    let environment = content.environment.as_ref().map(|environment| environment.id.as_str());
    let is_elsewhere = environment.is_some_and(|environment| {
        !environments.is_empty() && !environments.iter().any(|wanted| wanted == environment)
    });
    if is_elsewhere && meaning != Meaning::TicketClosed {
        return Ok(None);
    }
    let (subject, json) = match meaning {
        Meaning::Deploy => (Some(service_name(&data.subject.id)), deploy(&event.kind, &data)),
        Meaning::IncidentDeclared | Meaning::IncidentResolved => {
            let service =
                content.service.as_ref().ok_or("the incident doesn't say which `service` it is about")?;
            (Some(service_name(&service.id)), incident(&data))
        }
        Meaning::TicketClosed => match work(&data)? {
            Some(work) => (None, work),
            None => return Ok(None),
        },
        Meaning::Nothing => return Ok(None),
    };
    let json = to_raw_value(&json).map_err(|error| error.to_string())?;
    Ok(Some(Event {
        kind: Cow::Borrowed(kind),
        subject: subject.map(Cow::Owned),
        content_type: None,
        schema: None,
        data: Some(Data::Json(Cow::Owned(json))),
        ..event
    }))
}

impl Meaning {
    /// The type of Weir's event.
    fn kind(self) -> Option<&'static str> {
        match self {
            Meaning::Deploy => Some(DEPLOY),
            Meaning::IncidentDeclared => Some(INCIDENT_DECLARED),
            Meaning::IncidentResolved => Some(INCIDENT_RESOLVED),
            Meaning::TicketClosed => Some(WORK_ITEM),
            Meaning::Nothing => None,
        }
    }
}

/// What events of a type mean.
///
/// # Errors
/// When there is no such type.
fn meaning(kind: &str) -> Result<Meaning, String> {
    let unknown = || format!("`{kind}` is no CDEvent of the versions that are read, 0.3 to 0.5");
    let mut parts = kind.strip_prefix(PREFIX).unwrap_or_default().splitn(3, '.');
    let (subject, predicate, version) = (parts.next(), parts.next(), parts.next().ok_or_else(unknown)?);
    let (subject, predicate) = (subject.unwrap_or_default(), predicate.unwrap_or_default());
    let is_known =
        VOCABULARY.iter().any(|(known, predicates)| *known == subject && predicates.contains(&predicate));
    // Types count their own versions; all of them are before 1.
    if !is_known || !version.starts_with("0.") {
        return Err(unknown());
    }
    Ok(match (subject, predicate) {
        ("service", "deployed" | "upgraded" | "rolledback" | "removed") => Meaning::Deploy,
        ("incident", "detected" | "reported") => Meaning::IncidentDeclared,
        ("incident", "resolved") => Meaning::IncidentResolved,
        ("ticket", "closed") => Meaning::TicketClosed,
        _ => Meaning::Nothing,
    })
}

/// The CDEvent within.
fn read(event: &Event<'_>) -> Result<CdEvent, String> {
    let Some(Data::Json(json)) = &event.data else {
        return Err("the CDEvent is missing: `data` is no JSON".to_owned());
    };
    let data: CdEvent = serde_json::from_str(json.get()).map_err(|error| format!("no CDEvent: {error}"))?;
    let version = data.context.specversion.as_ref().or(data.context.version.as_ref());
    let version = version.ok_or("no CDEvent: `context.specversion` is missing")?;
    if !["0.3.", "0.4.", "0.5."].iter().any(|known| version.starts_with(known)) {
        return Err(format!("the version of CDEvents is `{version}`; 0.3 to 0.5 are read"));
    }
    if data.context.kind != event.kind {
        return Err(format!("the type is `{}` outside and `{}` inside", event.kind, data.context.kind));
    }
    Ok(data)
}

/// The name of a service in Weir: the last part of the identity, in kebab-case.
pub(crate) fn service_name(id: &str) -> String {
    let last = id.trim_end_matches('/').rsplit('/').next().unwrap_or(id);
    Name::nearest(last).map_or_else(|| last.to_owned(), |name| name.to_string())
}

/// The data of a deploy.
fn deploy(kind: &str, event: &CdEvent) -> Value {
    let is_rollback = kind.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with("service.rolledback."));
    // What kind of change it was, CDEvents have no word for.
    let stated = event.custom.get("change").and_then(Value::as_str);
    let stated = stated.filter(|stated| Change::ALL.iter().any(|change| change.as_str() == *stated));
    let change = if is_rollback { Some(Change::Rollback.as_str()) } else { stated };
    let version = event.subject.content.artifact_id.as_deref().map(version);
    without_gaps([
        ("version", version.map(Value::from)),
        ("change", change.map(Value::from)),
        ("environment", environment(event)),
    ])
}

/// The data of an incident.
fn incident(event: &CdEvent) -> Value {
    let content = &event.subject.content;
    let severity = event.custom.get("severity").and_then(Value::as_str);
    without_gaps([
        ("incident", Some(event.subject.id.as_str().into())),
        ("title", content.description.as_deref().map(Value::from)),
        ("severity", severity.map(Value::from)),
        ("environment", environment(event)),
    ])
}

fn environment(event: &CdEvent) -> Option<Value> {
    event.subject.content.environment.as_ref().map(|environment| environment.id.as_str().into())
}

/// The data of a piece of work; none of a ticket that doesn't say how long it took. CDEvents have no words for that, so it
/// stands in `customData`, with the names that work items have.
fn work(event: &CdEvent) -> Result<Option<Value>, String> {
    let Some(custom) = event.custom.as_object().filter(|custom| custom.contains_key("minutes")) else {
        return Ok(None);
    };
    let content = &event.subject.content;
    let title = content.summary.as_ref().unwrap_or(&event.subject.id);
    let mut work = Map::new();
    work.insert("title".to_owned(), title.as_str().into());
    if let Some(group) = &content.group {
        work.insert("team".to_owned(), group.as_str().into());
    }
    let known = [
        "title",
        "team",
        "minutes",
        "manual",
        "repetitive",
        "automatable",
        "tactical",
        "grows",
        "class",
        "automation-minutes",
        "residual-minutes",
    ];
    for key in known {
        if let Some(value) = custom.get(key) {
            work.insert(key.to_owned(), value.clone());
        }
    }
    let work = Value::Object(work);
    match serde_json::from_value::<WorkItem>(work.clone()) {
        Ok(_) => Ok(Some(work)),
        Err(error) => Err(format!("the work in `customData` of the ticket makes no sense: {error}")),
    }
}

/// An object of what is there.
fn without_gaps<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let there = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(there.collect())
}

/// The version in a package URL, `pkg:oci/shop@sha256%3A12ab?tag=3`; another text as it is.
fn version(artifact: &str) -> String {
    let version = artifact.strip_prefix("pkg:").and_then(|url| {
        let url = url.split(['?', '#']).next()?;
        url.rsplit_once('@').map(|(_, version)| version)
    });
    version.map_or_else(|| artifact.to_owned(), percent_decoded)
}

/// A text with `%3A` and the like decoded; what makes no UTF-8 stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = if *first == b'%' { after.split_at_checked(2) } else { None };
        let code =
            digits.and_then(|(digits, _)| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (code, digits) {
            (Some(code), Some((_, after))) => {
                bytes.push(code);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, version: &str, subject: &Value, custom: &Value) -> Event<'static> {
        let key = if version.starts_with("0.5") { "specversion" } else { "version" };
        let data = json!({
            "context": {key: version, "id": "e1", "source": "/ci", "type": kind, "timestamp": "2026-01-02T03:04:05Z"},
            "subject": subject,
            "customData": custom,
        });
        let event = json!({
            "specversion": "1.0", "id": "e1", "source": "/ci", "type": kind, "subject": subject["id"],
            "time": "2026-01-02T03:04:05Z", "datacontenttype": "application/json", "data": data,
        });
        Event::parse(&event.to_string()).unwrap().into_owned()
    }

    /// Type, subject and data, nothing, or a part of the reason.
    type Expected<'e> = Result<Option<(&'e str, Option<&'e str>, Value)>, &'e str>;

    /// What becomes of a CDEvent: type, subject and data, or why it is refused.
    fn check(kind: &str, subject: &Value, custom: &Value, expected: &Expected<'_>) {
        for version in ["0.3.0", "0.4.1", "0.5.1"] {
            let became = translated(event(kind, version, subject, custom), &["prod".to_owned()]);
            let became = became.map(|event| {
                event.map(|event| {
                    let Some(Data::Json(json)) = &event.data else { panic!("{event:?}") };
                    assert_eq!((&*event.id, &*event.source), ("e1", "/ci"));
                    let data: Value = serde_json::from_str(json.get()).unwrap();
                    (event.kind.to_string(), event.subject.as_deref().map(str::to_owned), data)
                })
            });
            match (&became, expected) {
                (Ok(became), Ok(expected)) => {
                    let expected = expected.clone();
                    let expected = expected
                        .map(|(kind, subject, data)| (kind.to_owned(), subject.map(str::to_owned), data));
                    assert_eq!(became, &expected, "{kind}");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{kind}: {error}"),
                _ => panic!("{kind}: {became:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn services_that_change_are_deploys() {
        let subject = json!({
            "id": "/shops/bookShop",
            "type": "service",
            "content": {"environment": {"id": "prod"}, "artifactId": "pkg:oci/shop@sha256%3A12ab?tag=3"},
        });
        let deployed = |change: Option<&str>| {
            let mut data = json!({"version": "sha256:12ab", "environment": "prod"});
            if let Some(change) = change {
                data["change"] = change.into();
            }
            Ok(Some(("weir.deploy", Some("bookshop"), data)))
        };
        check("dev.cdevents.service.deployed.0.3.0", &subject, &json!({}), &deployed(None));
        check(
            "dev.cdevents.service.upgraded.0.2.0-draft",
            &subject,
            &json!({"change": "fix"}),
            &deployed(Some("fix")),
        );
        check("dev.cdevents.service.removed.0.1.1", &subject, &json!({"change": "odd"}), &deployed(None));
        check("dev.cdevents.service.rolledback.0.3.0", &subject, &json!("text"), &deployed(Some("rollback")));
        let elsewhere = json!({"id": "shop", "content": {"environment": {"id": "staging"}}});
        check("dev.cdevents.service.deployed.0.3.0", &elsewhere, &json!(null), &Ok(None));
    }

    #[test]
    fn incidents_and_tickets_are_incidents_and_work() {
        let incident = json!({
            "id": "incident-123",
            "content": {"description": "slow", "environment": {"id": "prod"}, "service": {"id": "shop"}},
        });
        let data =
            json!({"incident": "incident-123", "title": "slow", "severity": "SEV1", "environment": "prod"});
        for (predicate, kind) in [
            ("detected", "weir.incident.declared"),
            ("reported", "weir.incident.declared"),
            ("resolved", "weir.incident.resolved"),
        ] {
            let expected = Ok(Some((kind, Some("shop"), data.clone())));
            let type_of_event = format!("dev.cdevents.incident.{predicate}.0.3.0");
            check(&type_of_event, &incident, &json!({"severity": "SEV1"}), &expected);
        }
        let ticket =
            json!({"id": "t-1", "content": {"summary": "Clean up", "group": "shop", "resolution": "done"}});
        let closed = "dev.cdevents.ticket.closed.0.2.0";
        let work = json!({"title": "Clean up", "team": "shop", "minutes": 20, "manual": true});
        check(
            closed,
            &ticket,
            &json!({"minutes": 20, "manual": true, "else": 1}),
            &Ok(Some(("weir.work.item", None, work))),
        );
        check(closed, &ticket, &json!({"cost": 20}), &Ok(None));
        check(closed, &ticket, &json!({"minutes": "20"}), &Err("makes no sense: invalid type"));
        check("dev.cdevents.ticket.created.0.2.0", &ticket, &json!({"minutes": 20}), &Ok(None));
    }

    #[test]
    fn what_is_wrong_or_unknown_is_refused() {
        let subject = json!({"id": "shop", "content": {"environment": {"id": "prod"}}});
        check("dev.cdevents.change.merged.0.3.0", &subject, &json!({}), &Ok(None));
        for unknown in [
            "dev.cdevents.service.deploid.0.3.0",
            "dev.cdevents.service.deployed",
            "dev.cdevents.service.deployed.1.0.0",
            "dev.cdevents.",
        ] {
            check(unknown, &subject, &json!({}), &Err("is no CDEvent of the versions that are read"));
            assert!(is_looked_at(unknown, &[]), "{unknown}");
        }
        check("dev.cdevents.incident.detected.0.3.0", &subject, &json!({}), &Err("which `service`"));
        check(
            "dev.cdevents.service.deployed.0.3.0",
            &json!({"content": {}}),
            &json!({}),
            &Err("missing field `id`"),
        );
        let wrong = |version: &str, change: &dyn Fn(&mut Event<'static>)| {
            let mut event = event("dev.cdevents.service.deployed.0.3.0", version, &subject, &json!({}));
            change(&mut event);
            translated(event, &[]).unwrap_err()
        };
        assert!(wrong("0.2.0", &|_| {}).contains("`0.2.0`; 0.3 to 0.5 are read"));
        assert!(wrong("0.5.1", &|event| event.data = None).contains("`data` is no JSON"));
        let renamed = |event: &mut Event<'static>| event.kind = "dev.cdevents.service.upgraded.0.3.0".into();
        assert!(
            wrong("0.5.1", &renamed).contains("upgraded.0.3.0` outside and `dev.cdevents.service.deployed")
        );
    }

    #[test]
    fn only_what_somebody_keeps_is_looked_at() {
        let check = |kind: &str, expected: bool| {
            assert_eq!(is_looked_at(kind, &[DEPLOY.to_owned()]), expected, "{kind}");
        };
        check("dev.cdevents.service.deployed.0.3.0", true);
        check("dev.cdevents.incident.detected.0.3.0", false);
        check("dev.cdevents.change.merged.0.3.0", false);
        check("dev.cdeventsx.tool-subject.predicate.0.3.0", false);
        check("weir.deploy", false);
    }

    #[test]
    fn versions_come_out_of_package_urls() {
        assert_eq!(version("pkg:npm/%40shop/cart@1.2.3"), "1.2.3");
        assert_eq!(version("pkg:golang/shop/cart"), "pkg:golang/shop/cart");
        assert_eq!(version("8.4.0"), "8.4.0");
        assert_eq!(percent_decoded("a%2"), "a%2");
        assert_eq!(percent_decoded("%ff"), "%ff");
        assert_eq!(percent_decoded("a%20b%"), "a b%");
    }
}
