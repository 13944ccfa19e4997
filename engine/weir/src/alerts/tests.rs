use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tempfile::TempDir;
use weir_model::{Change, Effect, SliTallies};

use super::*;
use crate::engine::GateRequest;
use crate::records::Records;
use crate::servers::{Servers, WantedTallies};
use crate::testing::{ERROR_BUDGET, engine, instant, load, project};

const WEIR_TOML: &str = "[project]\nname = \"shop\"\n\n[[source]]\nname = \"pager\"\nformat = \"alertmanager\"\nurl = \"http://x\"\n\
                         service = \"shop\"\n";

const SERVICE: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "pages"
plugin = "availability"
event-types = [TYPES]
params = { field = "data.urgency", bad-values = ["page"] }

[[slo]]
name = "pages"
sli = "pages"
objective = "50%"
window = "2h"
"#;

/// Tells of the same alerts each time, and counts how often it is asked.
#[derive(Debug)]
struct Pager {
    answer: Result<Vec<u8>, SourceError>,
    asked: AtomicU32,
}

impl Servers for Pager {
    fn tallies(&self, _: &WantedTallies<'_>) -> Result<SliTallies, SourceError> {
        Err(SourceError::Unknown("it pages".to_owned()))
    }

    fn alerts(&self, source: &EventSource) -> Result<Vec<u8>, SourceError> {
        assert_eq!(source.name.as_str(), "pager");
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answer.clone()
    }
}

fn shop(types: &str) -> TempDir {
    project(&[
        ("weir.toml", WEIR_TOML),
        ("services/shop.toml", &SERVICE.replace("TYPES", types)),
        ("policies/error-budget.toml", ERROR_BUDGET),
    ])
}

fn request(answer: Result<Vec<u8>, SourceError>) -> (GateRequest, Arc<Pager>) {
    let pager = Arc::new(Pager { answer, asked: AtomicU32::new(0) });
    let servers = Some(Arc::clone(&pager) as Arc<dyn Servers>);
    let request = GateRequest {
        service: "shop".to_owned(),
        change: Change::Feature,
        gate: None,
        at: instant("12:00:00"),
        events: Events { servers, ..Events::default() },
    };
    (request, pager)
}

/// Alerts that began a minute apart before noon, with these severities.
fn alerts(severities: &[&str]) -> Vec<u8> {
    let alert = |(number, severity): (usize, &&str)| {
        let at = instant("11:50:00").as_second() + 60 * i64::try_from(number).unwrap();
        let alert = json!({
            "fingerprint": number.to_string(),
            "labels": {"alertname": "Slow", "severity": severity},
            "startsAt": jiff::Timestamp::from_second(at).unwrap().to_string(),
            "status": {"state": "active"},
        });
        format!("{alert}\n")
    };
    severities.iter().enumerate().map(alert).collect::<String>().into_bytes()
}

#[test]
fn alerts_that_a_server_knows_of_are_judged_recorded_and_replayed() {
    let (folder, engine) = (shop("\"weir.alert.fired\""), engine());
    let (request, pager) = request(Ok(alerts(&["page", "page", "ticket"])));
    let records = Records::in_folder(folder.path().join("records"));
    let stored = engine.gate(&load(&folder), &request, &records).unwrap();
    assert_eq!((stored.record.verdict.effect, stored.record.verdict.undecided), (Effect::Freeze, false));
    assert_eq!(pager.asked.load(Ordering::SeqCst), 1);
    assert_eq!((stored.record.inputs.events.used, stored.record.inputs.events.refused), (3, 0));
    assert!(engine.replay(&stored.path).unwrap().same);
}

#[test]
fn who_does_not_measure_alerts_asks_for_none() {
    let engine = engine();
    for types in ["", "\"weir.http.request\"", "\"weir.http.*\""] {
        let (request, pager) = request(Err(SourceError::Unknown("nobody answers".to_owned())));
        engine.prepare(&load(&shop(types)), &request).unwrap();
        assert_eq!(pager.asked.load(Ordering::SeqCst), 0, "{types}");
    }
}

#[test]
fn alerts_that_are_missing_leave_what_measures_them_undecided() {
    let engine = engine();
    for types in ["\"weir.alert.cleared\"", "\"weir.alert.*\"", "\"weir.http.request\", \"weir.a*\""] {
        let folder = shop(types);
        let (request, _) = request(Err(SourceError::Unknown("nobody answers".to_owned())));
        let (statuses, _) = engine.slo_status(&load(&folder), None, request.at, &request.events).unwrap();
        let gap = statuses[0].slos[0].gap.clone().unwrap_or_default();
        let expected = "the SLI `pages` lacks the alerts of the source `pager`: nobody answers";
        assert!(gap.contains(expected), "{gap}");
        let records = Records::in_folder(folder.path().join("records"));
        let stored = engine.gate(&load(&folder), &request, &records).unwrap();
        assert_eq!((stored.record.verdict.effect, stored.record.verdict.undecided), (Effect::Hold, true));
        assert!(engine.replay(&stored.path).unwrap().same);
        let nobody = GateRequest { events: Events::default(), ..request };
        assert!(engine.prepare(&load(&folder), &nobody).unwrap().decide().undecided);
    }
}

#[test]
fn a_wrong_address_is_an_error() {
    let (request, _) = request(Err(SourceError::wrong("no such path", "another one")));
    let error = engine().prepare(&load(&shop("\"weir.alert.fired\"")), &request).unwrap_err();
    assert!(error.is_input());
    assert_eq!(error.to_string(), "the alerts of the source `pager`: no such path");
}

#[test]
fn alerts_of_servers_are_not_followed() {
    let request = crate::watch::WatchRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        lateness_seconds: 60,
        from: None,
        thresholds: Vec::new(),
        events: Events::default(),
    };
    let error = engine().watch(&load(&shop("\"weir.alert.fired\"")), &request, None).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("are asked for, not followed"), "{error}");
    assert!(engine().watch(&load(&shop("\"weir.http.request\"")), &request, None).is_ok());
}
