use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use weir_math::Tally;
use weir_model::project::EventSource;
use weir_model::{Change, Effect, SliTallies};

use super::*;
use crate::engine::GateRequest;
use crate::records::Records;
use crate::servers::Servers;
use crate::testing::{ERROR_BUDGET, engine, instant, load, project};

const COUNTED: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "availability"
source = "metrics"
prometheus = { bad = "failed_total", valid = "requests_total" }

[[slo]]
name = "availability"
sli = "availability"
objective = "90%"
window = "2h"

[[slo]]
name = "strict"
sli = "availability"
objective = "99%"
window = "1h"
"#;

const METRICS: &str = "[project]\nname = \"shop\"\n\n[[source]]\nname = \"metrics\"\nformat = \"prometheus\"\nurl = \"http://x\"\n";

/// Hands in what a test has counted, and notes what it was asked for.
#[derive(Debug)]
struct Counted {
    answer: Result<SliTallies, SourceError>,
    asked: Mutex<Vec<(String, u32, Timestamp, Timestamp)>>,
}

impl Servers for Counted {
    fn tallies(&self, wanted: &WantedTallies<'_>) -> Result<SliTallies, SourceError> {
        let about = format!("{}/{}/{}", wanted.source.name, wanted.service.about.name, wanted.sli.name);
        self.asked.lock().unwrap().push((about, wanted.slice_seconds, wanted.from, wanted.until));
        self.answer.clone()
    }

    fn alerts(&self, _: &EventSource) -> Result<Vec<u8>, SourceError> {
        Err(SourceError::Unknown("it counts".to_owned()))
    }
}

fn shop() -> TempDir {
    project(&[
        ("weir.toml", METRICS),
        ("services/shop.toml", COUNTED),
        ("policies/error-budget.toml", ERROR_BUDGET),
    ])
}

fn request(answer: Result<SliTallies, SourceError>) -> (GateRequest, Arc<Counted>) {
    let counted = Arc::new(Counted { answer, asked: Mutex::default() });
    let events = Events { servers: Some(Arc::clone(&counted) as Arc<dyn Servers>), ..Events::default() };
    let request = GateRequest {
        service: "shop".to_owned(),
        change: Change::Feature,
        gate: None,
        at: instant("12:00:00"),
        events,
    };
    (request, counted)
}

/// Ten events a minute from 10:00 to 12:00, of which so many are bad.
fn tallies(bad: u64) -> SliTallies {
    let first = instant("10:00:00").as_second();
    let slices = (0..120).map(|minute| (first + 60 * minute, Tally { good: 10 - bad, bad, unknown: 0 }));
    SliTallies { slices: slices.collect(), newest: Some(instant("11:59:58")) }
}

#[test]
fn counts_that_are_handed_in_are_judged_recorded_and_replayed() {
    let (folder, engine) = (shop(), engine());
    let (request, counted) = request(Ok(tallies(2)));
    let records = Records::in_folder(folder.path().join("records"));
    let stored = engine.gate(&load(&folder), &request, &records).unwrap();
    assert_eq!((stored.record.verdict.effect, stored.record.verdict.undecided), (Effect::Freeze, false));
    // Both SLOs share the SLI, so it is asked for once: two of the longest windows back.
    let asked = counted.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [("metrics/shop/availability".to_owned(), 60, instant("08:00:00"), instant("12:00:00"))]
    );
    let measured = &stored.record.inputs.measured;
    assert_eq!(measured.len(), 2);
    assert_eq!(
        (measured[0].source.as_deref(), measured[0].calculator_digest.as_deref()),
        (Some("metrics"), None)
    );
    let replay = engine.replay(&stored.path).unwrap();
    assert!(replay.same);
}

#[test]
fn what_could_not_be_had_leaves_slos_undecided() {
    let (folder, engine) = (shop(), engine());
    let check = |answer: Result<SliTallies, SourceError>, expected: &str| {
        let (request, _) = request(answer);
        let (statuses, _) = engine.slo_status(&load(&folder), None, request.at, &request.events).unwrap();
        let gap = statuses[0].slos[0].gap.clone().unwrap_or_default();
        assert!(gap.contains(expected), "{gap}");
        let verdict = engine.prepare(&load(&folder), &request).unwrap().decide();
        assert!(verdict.undecided && verdict.effect == Effect::Hold, "{verdict:?}");
    };
    check(
        Err(SourceError::Unknown("nobody answers".to_owned())),
        "the SLI `availability` has no counts from the source `metrics`: nobody answers",
    );
    check(Ok(SliTallies::default()), "`availability` has no events");
    check(Ok(SliTallies { newest: Some(instant("09:59:00")), ..tallies(0) }), "`availability` is stale");
    let crooked =
        SliTallies { slices: [(instant("11:00:01").as_second(), Tally::default())].into(), newest: None };
    check(Ok(crooked), "they are in other slices than it was asked about");
    check(Ok(SliTallies { newest: Some(instant("12:00:00")), ..tallies(0) }), "they are in other slices");
}

#[test]
fn what_is_wrong_is_an_error_and_nobody_there_is_not() {
    let (folder, engine) = (shop(), engine());
    let wrong = SourceError::Wrong { message: "no bucket".to_owned(), help: Some("another".to_owned()) };
    let (request, _) = request(Err(wrong));
    let error = engine.prepare(&load(&folder), &request).unwrap_err();
    assert!(error.is_input());
    assert_eq!(
        error.to_string(),
        "the SLI `availability` has no counts from the source `metrics`: no bucket"
    );
    let nobody = GateRequest { events: Events::default(), ..request };
    let verdict = engine.prepare(&load(&folder), &nobody).unwrap().decide();
    assert!(verdict.undecided);
}

#[test]
fn counts_have_no_events_to_follow() {
    let (folder, engine) = (shop(), engine());
    let request = crate::watch::WatchRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        lateness_seconds: 60,
        from: None,
        thresholds: Vec::new(),
        events: Events::default(),
    };
    let error = engine.watch(&load(&folder), &request, None).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("can't be watched"), "{error}");
}
