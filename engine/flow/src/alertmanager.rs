//! Alerts of Alertmanager: notifications of its webhook (version 4), alerts and groups of alerts of its API (version 2).
//!
//! An alert that fires is an event of the type `weir.alert.fired` at the instant when it began to, and one that fires no
//! longer also one of the type `weir.alert.cleared`. A notification says again and again what is so: what was said before
//! is a duplicate. They are few, so each is written as a CloudEvent and goes the way of those.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use weir_model::event::{ALERT_CLEARED, ALERT_FIRED, AlertNews, AlertUrgency};
use weir_model::value::Instant;

use crate::blocks::{Lines, is_blank};
use crate::cdevents::service_name;
use crate::cloudevents;
use crate::fault;
use crate::plan::Plan;
use crate::rows::Rows;
use crate::time::Clock;

/// The source of all alerts. Alertmanagers of a cluster tell of the same ones, and so do the webhook and the API.
const SOURCE: &str = "/alertmanager";

/// The labels that may say which service an alert is about, the first one that is there counts.
const SERVICE_LABELS: [&str; 5] = ["weir_service", "service", "sloth_service", "app", "job"];

/// The version of notifications that is read.
const WEBHOOK_VERSION: &str = "4";

/// A notification, or a group of alerts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    version: Option<String>,
    status: Option<Status>,
    receiver: Option<Receiver>,
    alerts: Vec<Alert>,
    #[serde(default)]
    truncated_alerts: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    starts_at: Instant,
    ends_at: Option<Instant>,
    status: Option<Status>,
    fingerprint: Option<String>,
    #[serde(default)]
    receivers: Vec<Receiver>,
}

/// The state of an alert: a word in notifications, a table in the API.
#[derive(Deserialize)]
#[serde(from = "Value")]
struct Status(String);

impl From<Value> for Status {
    fn from(value: Value) -> Status {
        let word = value.get("state").unwrap_or(&value);
        Status(word.as_str().unwrap_or_default().to_owned())
    }
}

/// A receiver: its name in notifications, a table in the API.
#[derive(Clone, Deserialize)]
#[serde(from = "Value")]
struct Receiver(String);

impl From<Value> for Receiver {
    fn from(value: Value) -> Receiver {
        let name = value.get("name").unwrap_or(&value);
        Receiver(name.as_str().unwrap_or_default().to_owned())
    }
}

/// Reads whole lines. `service` is that of alerts that name none.
pub(crate) fn decode(bytes: &[u8], service: Option<&str>, plan: &Plan, clock: &mut Clock, rows: &mut Rows) {
    for line in Lines::new(bytes) {
        rows.lines += 1;
        if is_blank(line) {
            continue;
        }
        for event in events(line, service) {
            let read = event.and_then(|event| cloudevents::arrive(event.as_bytes(), plan, clock, rows));
            if let Err(reason) = read {
                rows.refuse(reason);
            }
        }
    }
}

/// What a line tells of, as CloudEvents, or why not.
fn events(line: &[u8], service: Option<&str>) -> Vec<Result<String, String>> {
    match serde_json::from_slice::<Value>(line) {
        Err(error) => vec![Err(format!("no alerts: {}", fault::told(&error)))],
        Ok(Value::Array(elements)) => {
            elements.into_iter().flat_map(|element| events_of(element, service)).collect()
        }
        Ok(value) => events_of(value, service),
    }
}

fn events_of(value: Value, service: Option<&str>) -> Vec<Result<String, String>> {
    if value.get("alerts").is_some() {
        return match serde_json::from_value::<Told>(value) {
            Ok(told) => events_of_told(&told, service),
            Err(error) => vec![Err(format!("no notification: {error}"))],
        };
    }
    match serde_json::from_value::<Alert>(value) {
        Ok(alert) => events_of_alert(&alert, None, &alert.receivers, service),
        Err(error) => vec![Err(format!("neither a notification nor an alert: {error}"))],
    }
}

fn events_of_told(told: &Told, service: Option<&str>) -> Vec<Result<String, String>> {
    if let Some(version) = told.version.as_ref().filter(|version| *version != WEBHOOK_VERSION) {
        return vec![Err(format!(
            "the version of the notification is `{version}`; `{WEBHOOK_VERSION}` is read"
        ))];
    }
    let of_alerts = told.alerts.iter().flat_map(|alert| {
        // A group of the API names the one receiver that it goes to, each of its alerts all of them.
        let told_to: Vec<Receiver> = told.receiver.iter().cloned().collect();
        let receivers = if alert.receivers.is_empty() { &told_to } else { &alert.receivers };
        events_of_alert(alert, told.status.as_ref(), receivers, service)
    });
    let mut events: Vec<_> = of_alerts.collect();
    if told.truncated_alerts > 0 {
        events.push(Err(format!(
            "{} alerts were left out of the notification by `max_alerts`",
            told.truncated_alerts
        )));
    }
    events
}

/// The events of one alert. Its own state counts, else that of the notification.
fn events_of_alert(
    alert: &Alert,
    status: Option<&Status>,
    receivers: &[Receiver],
    service: Option<&str>,
) -> Vec<Result<String, String>> {
    let Some(name) = alert.labels.get("alertname") else {
        return vec![Err("an alert has no label `alertname`".to_owned())];
    };
    let status = alert.status.as_ref().or(status).map_or("", |Status(word)| word.as_str());
    let is_over = match status {
        "resolved" => true,
        "firing" | "active" | "suppressed" | "unprocessed" => false,
        other => return vec![Err(format!("the state of the alert `{name}` is `{other}`, which is none"))],
    };
    let mut news = news(alert, name, status, receivers);
    let of_label = SERVICE_LABELS.iter().find_map(|label| alert.labels.get(*label));
    let of_label = of_label.map(|label| service_name(label));
    let subject = of_label.as_deref().or(service);
    let mut events = vec![event(ALERT_FIRED, &news, &news.began, subject)];
    if is_over {
        events.push(match &alert.ends_at {
            Some(ended) => {
                news.seconds = Some(ended.as_second().saturating_sub(news.began.as_second()));
                event(ALERT_CLEARED, &news, ended, subject)
            }
            None => Err(format!("the alert `{name}` is resolved and doesn't say since when")),
        });
    }
    events
}

fn news(alert: &Alert, name: &str, status: &str, receivers: &[Receiver]) -> AlertNews {
    let severity = alert.labels.get("severity");
    let runbook = alert.annotations.get("runbook_url").or(alert.annotations.get("runbook"));
    let labels = || {
        let labels: Vec<String> =
            alert.labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
        format!("{{{}}}", labels.join(","))
    };
    AlertNews {
        alert: name.to_owned(),
        fingerprint: alert.fingerprint.clone().unwrap_or_else(labels),
        urgency: severity.and_then(|severity| urgency(severity)),
        severity: severity.cloned(),
        receivers: receivers.iter().map(|Receiver(name)| name.clone()).collect(),
        suppressed: (status == "suppressed").then_some(true),
        runbook: runbook.cloned(),
        began: alert.starts_at,
        seconds: None,
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
    }
}

/// How soon somebody has to look at an alert of a severity, by the words that are in use.
fn urgency(severity: &str) -> Option<AlertUrgency> {
    match severity.to_ascii_lowercase().as_str() {
        "page" | "critical" => Some(AlertUrgency::Page),
        "ticket" | "warning" => Some(AlertUrgency::Ticket),
        "log" | "info" | "none" => Some(AlertUrgency::Log),
        _ => None,
    }
}

/// A CloudEvent.
fn event(kind: &str, news: &AlertNews, time: &Instant, subject: Option<&str>) -> Result<String, String> {
    let mut event = json!({
        "specversion": "1.0",
        // The API says instants to the millisecond, and the webhook more exactly.
        "id": format!("{}/{}/{kind}", news.fingerprint, news.began.as_millisecond()),
        "source": SOURCE,
        "type": kind,
        "time": time.to_string(),
        "data": serde_json::to_value(news).map_err(|error| error.to_string())?,
    });
    if let (Some(subject), Some(event)) =
        (subject.filter(|subject| !subject.is_empty()), event.as_object_mut())
    {
        event.insert("subject".to_owned(), subject.into());
    }
    Ok(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, subject and time of each event, or why there is none.
    fn check(value: &Value, expected: &[&str]) {
        let shown: Vec<String> = events(value.to_string().as_bytes(), Some("fallback"))
            .into_iter()
            .map(|event| match event {
                Ok(event) => {
                    let event: Value = serde_json::from_str(&event).unwrap();
                    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                    format!("{} {} {}", text("type"), text("subject"), text("time"))
                }
                Err(reason) => reason,
            })
            .collect();
        assert_eq!(shown, expected);
    }

    fn alert(status: &Value) -> Value {
        json!({
            "labels": {"alertname": "Slow", "severity": "critical", "job": "/apps/Shop"},
            "annotations": {"runbook_url": "https://runbooks.example/slow"},
            "startsAt": "2026-01-02T03:04:05.5+01:00",
            "endsAt": "2026-01-02T03:14:05Z",
            "status": status,
            "fingerprint": "12ab",
        })
    }

    #[test]
    fn a_notification_tells_of_what_fires_and_what_does_not() {
        let told =
            |alerts: Value| json!({"version": "4", "status": "firing", "receiver": "team", "alerts": alerts});
        let fired = "weir.alert.fired shop 2026-01-02T02:04:05.5Z";
        check(&told(json!([alert(&json!("firing"))])), &[fired]);
        check(&told(json!([alert(&json!(null))])), &[fired]);
        check(
            &told(json!([alert(&json!("resolved"))])),
            &[fired, "weir.alert.cleared shop 2026-01-02T03:14:05Z"],
        );
        let mut bare = alert(&json!("firing"));
        bare["labels"] = json!({"alertname": "Slow"});
        check(&told(json!([bare])), &["weir.alert.fired fallback 2026-01-02T02:04:05.5Z"]);
        let mut long = told(json!([]));
        long["truncatedAlerts"] = 3.into();
        check(&long, &["3 alerts were left out of the notification by `max_alerts`"]);
    }

    #[test]
    fn the_api_tells_of_alerts_and_groups() {
        let active = alert(&json!({"state": "suppressed", "silencedBy": ["s"], "inhibitedBy": []}));
        let fired = "weir.alert.fired shop 2026-01-02T02:04:05.5Z";
        check(&json!([active, active]), &[fired, fired]);
        check(&json!([{"labels": {}, "receiver": {"name": "team"}, "alerts": [active]}]), &[fired]);
        check(&json!([]), &[]);
    }

    #[test]
    fn what_an_alert_says_is_in_the_event() {
        let mut alert = alert(&json!("resolved"));
        alert["receivers"] = json!([{"name": "team"}, {"name": "log"}]);
        let events = events(alert.to_string().as_bytes(), None);
        let event: Value = serde_json::from_str(events[1].as_ref().unwrap()).unwrap();
        let expected = json!({
            "alert": "Slow",
            "fingerprint": "12ab",
            "urgency": "page",
            "severity": "critical",
            "receivers": ["team", "log"],
            "runbook": "https://runbooks.example/slow",
            "began": "2026-01-02T02:04:05.5Z",
            "seconds": 4200,
            "labels": {"alertname": "Slow", "severity": "critical", "job": "/apps/Shop"},
            "annotations": {"runbook_url": "https://runbooks.example/slow"},
        });
        assert_eq!(event["data"], expected);
        assert_eq!(event["id"], "12ab/1767319445500/weir.alert.cleared");
    }

    #[test]
    fn what_is_wrong_is_refused() {
        check(
            &json!({"version": "3", "alerts": []}),
            &["the version of the notification is `3`; `4` is read"],
        );
        check(
            &json!({"version": "4", "alerts": 7}),
            &["no notification: invalid type: integer `7`, expected a sequence"],
        );
        check(
            &json!(7),
            &["neither a notification nor an alert: invalid type: integer `7`, expected struct Alert"],
        );
        check(&alert(&json!("odd")), &["the state of the alert `Slow` is `odd`, which is none"]);
        let mut nameless = alert(&json!("firing"));
        nameless["labels"] = json!({});
        check(&nameless, &["an alert has no label `alertname`"]);
        let mut endless = alert(&json!("resolved"));
        endless["endsAt"] = Value::Null;
        check(
            &endless,
            &[
                "weir.alert.fired shop 2026-01-02T02:04:05.5Z",
                "the alert `Slow` is resolved and doesn't say since when",
            ],
        );
        assert!(events(b"{", None)[0].as_ref().unwrap_err().starts_with("no alerts: not JSON: EOF"));
    }
}
