//! Back-tests with known answers, and the law that each step is what the gate says at that instant.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use weir_model::Effect;

use super::*;
use crate::engine::GateRequest;
use crate::testing::{BURN_RATE, ERROR_BUDGET, SERVICE, engine, event, instant, load, outage, project};

fn happenings() -> String {
    let news = "{\"incident\":\"I-1\",\"severity\":\"SEV1\",\"began\":\"2026-01-01T04:00:00Z\"}";
    [
        event(1, "weir.deploy", instant("03:59:30"), "{\"version\":\"2\"}"),
        event(2, "weir.deploy", instant("05:10:00"), "{\"version\":\"3\",\"by\":\"nobody asked\"}"),
        event(3, "weir.deploy", instant("05:20:00"), "{\"version\":\"1\",\"change\":\"rollback\"}"),
        event(4, "weir.incident.declared", instant("04:10:00"), news),
        event(5, "weir.incident.mitigated", instant("04:30:00"), news),
        event(6, "weir.incident.resolved", instant("05:00:00"), news),
    ]
    .concat()
}

fn request(from: &str, until: &str, minutes: u64) -> BacktestRequest {
    BacktestRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        from: instant(from),
        until: instant(until),
        step_seconds: minutes * 60,
        incident_within_seconds: 3600,
        events: Events::default(),
        snapshot: None,
    }
}

fn outage_project() -> TempDir {
    project(&[
        ("services/shop.toml", SERVICE),
        ("policies/error-budget.toml", ERROR_BUDGET),
        ("policies/burn-rate.toml", BURN_RATE),
        ("events.jsonl", &outage()),
        ("happenings.jsonl", &happenings()),
    ])
}

/// Runs of a course as `effect from..until`.
fn shown(runs: &[Run]) -> Vec<String> {
    let clock = |at: Timestamp| at.strftime("%H:%M").to_string();
    runs.iter().map(|run| format!("{} {}..{}", run.effect, clock(run.from), clock(run.until))).collect()
}

#[test]
fn an_outage_freezes_until_it_has_left_the_window() {
    let report =
        engine().backtest(&load(&outage_project()), None, &request("03:00:00", "08:00:00", 30)).unwrap();
    let [service] = report.services.as_slice() else { panic!("{report:?}") };
    let [course] = service.sets.as_slice() else { panic!("{service:?}") };
    assert_eq!(shown(&course.runs), ["allow 03:00..04:30", "freeze 04:30..06:30", "allow 06:30..08:00"]);
    assert_eq!(course.runs[1].clause.as_deref(), Some("budget-below-freeze"));
    assert_eq!(course.time, Time { allow: 10_800, freeze: 7200, ..Time::default() });
    // 12 of 120 requests may fail; 30 did.
    let left: Vec<&str> = service.budgets[0].remaining.iter().map(|left| left.as_deref().unwrap()).collect();
    assert_eq!(left[1..5], ["100 %", "100 %", "-150 %", "-150 %"]);
}

#[test]
fn deploys_are_judged_as_what_they_were() {
    let report =
        engine().backtest(&load(&outage_project()), None, &request("03:00:00", "08:00:00", 30)).unwrap();
    let deploys = &report.services[0].sets[0].deploys;
    let shown: Vec<_> = deploys
        .iter()
        .map(|deploy| {
            (deploy.version.as_deref().unwrap(), deploy.effect, deploy.stopped, deploy.followed_by.as_deref())
        })
        .collect();
    let expected = [
        ("2", Effect::Allow, false, Some("I-1")),
        ("3", Effect::Freeze, true, None),
        ("1", Effect::Allow, false, None),
    ];
    assert_eq!(shown, expected);
    let totals = &report.totals[0];
    assert_eq!((totals.deploys, totals.stopped, totals.allowed_and_followed), (3, 1, 1));
}

#[test]
fn alerts_are_held_against_incidents() {
    let report =
        engine().backtest(&load(&outage_project()), None, &request("03:00:00", "08:00:00", 10)).unwrap();
    let course = &report.services[0].sets[0];
    let [alert] = course.alerts.as_slice() else { panic!("{:?}", course.alerts) };
    // Half of the last hour and all of the last ten minutes failed: that is 5 times 10 %, and only at this step.
    assert_eq!(
        (alert.clause.as_str(), alert.from, alert.until),
        ("burn-page-1h", instant("04:30:00"), Some(instant("04:40:00")))
    );
    assert_eq!(alert.incident.as_deref(), Some("I-1"));
    let detected =
        Detected { incident: "I-1".to_owned(), detection_seconds: Some(1800), reset_seconds: Some(600) };
    assert_eq!(course.detection.of_incidents, [detected]);
    assert_eq!(course.detection.precision.as_deref(), Some("100 %"));
    assert_eq!(course.detection.recall.as_deref(), Some("100 %"));
    // A watched policy decides nothing.
    assert!(course.runs.iter().all(|run| run.policy.as_deref() == Some("error-budget")));
}

#[test]
fn an_alert_without_an_incident_is_false_and_an_incident_without_an_alert_is_missed() {
    let folder = outage_project();
    let quiet = "{\"incident\":\"I-2\"}";
    let text = event(1, "weir.incident.declared", instant("07:00:00"), quiet);
    std::fs::write(folder.path().join("happenings.jsonl"), text).unwrap();
    let report = engine().backtest(&load(&folder), None, &request("03:00:00", "08:00:00", 10)).unwrap();
    let detection = &report.services[0].sets[0].detection;
    assert_eq!(
        (detection.alerts, detection.justified, detection.incidents, detection.detected),
        (1, 0, 1, 0)
    );
    assert_eq!((detection.precision.as_deref(), detection.recall.as_deref()), (Some("0 %"), Some("0 %")));
}

#[test]
fn other_policies_are_held_against_the_own() {
    let folder = outage_project();
    let others = project(&[("lenient/error-budget.toml", &ERROR_BUDGET.replace("\"0%\"", "\"-200%\""))]);
    let project = load(&folder);
    let against = Against::load(&project, &others.path().join("lenient")).unwrap();
    let report = engine().backtest(&project, Some(&against), &request("03:00:00", "08:00:00", 30)).unwrap();
    let service = &report.services[0];
    assert_eq!(shown(&service.sets[1].runs), ["allow 03:00..08:00"]);
    let [difference] = service.differences.as_slice() else { panic!("{:?}", service.differences) };
    assert_eq!((difference.from, difference.until), (instant("04:30:00"), instant("06:30:00")));
    assert_eq!((difference.effect, difference.against), (Effect::Freeze, Effect::Allow));
    // With deploys judged by each.
    assert_eq!((report.totals[0].stopped, report.totals[1].stopped), (1, 0));
}

#[test]
fn counts_that_were_kept_stand_for_the_events() {
    let folder = outage_project();
    let file = folder.path().join("counts");
    let kept = |from: &str, until: &str| BacktestRequest {
        snapshot: Some(file.clone()),
        ..request(from, until, 10)
    };
    let fresh =
        |from: &str, until: &str| engine().backtest(&load(&folder), None, &request(from, until, 10)).unwrap();
    let (long, short) = (fresh("03:00:00", "08:00:00"), fresh("04:00:00", "05:30:00"));
    assert_eq!(engine().backtest(&load(&folder), None, &kept("03:00:00", "08:00:00")).unwrap(), long);
    let events = std::fs::read(folder.path().join("events.jsonl")).unwrap();
    for name in ["events.jsonl", "happenings.jsonl"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let report = engine().backtest(&load(&folder), None, &kept("03:00:00", "08:00:00")).unwrap();
    let [note] = report.notes.as_slice() else { panic!("{:?}", report.notes) };
    assert!(note.contains("before 2 of the files with events changed"), "{note}");
    assert_eq!(Backtest { notes: Vec::new(), ..report }, long);
    // A part of the time, under another policy.
    std::fs::write(folder.path().join("events.jsonl"), events).unwrap();
    let report = engine().backtest(&load(&folder), None, &kept("04:00:00", "05:30:00")).unwrap();
    assert_eq!(report.services, short.services);
    let strict = ERROR_BUDGET.replace("\"0%\"", "\"90%\"");
    std::fs::write(folder.path().join("policies/error-budget.toml"), strict).unwrap();
    let report = engine().backtest(&load(&folder), None, &kept("03:00:00", "08:00:00")).unwrap();
    assert_ne!(report.services, long.services);
}

#[test]
fn counts_of_something_else_are_refused() {
    let folder = outage_project();
    let file = folder.path().join("counts");
    let refused = |from: &str, until: &str| {
        let request = BacktestRequest { snapshot: Some(file.clone()), ..request(from, until, 10) };
        engine().backtest(&load(&folder), None, &request).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(refused("03:00:00", "08:00:00"), Ok(()));
    let long = refused("03:00:00", "09:00:00").unwrap_err();
    assert!(
        long.contains("it counts from 2025-12-31T23:00:00Z to 2026-01-01T08:00:00Z, and what is asked"),
        "{long}"
    );
    let service = folder.path().join("services/shop.toml");
    std::fs::write(
        &service,
        SERVICE.replace("window = \"2h\"", "window = \"2h\"\nslice = \"5m\"\nstale-after = \"5m\""),
    )
    .unwrap();
    let other = refused("03:00:00", "08:00:00");
    assert_eq!(other, Ok(()), "slices of a minute make those of five");
    let only =
        SERVICE.replace("plugin = \"availability\"", "plugin = \"availability\"\nevent-types = [\"other\"]");
    std::fs::write(&service, only).unwrap();
    let other = refused("03:00:00", "08:00:00").unwrap_err();
    assert!(other.contains("`shop/availability` was measured differently"), "{other}");
    let more = SERVICE.replace(
        "[[slo]]",
        "[[slo]]\nname = \"more\"\nsli = \"availability\"\nobjective = \"95%\"\nwindow = \"2h\"\n\n[[slo]]",
    );
    std::fs::write(&service, more).unwrap();
    assert!(refused("03:00:00", "08:00:00").unwrap_err().contains("it does not have `shop/more`"));
    std::fs::write(&file, "counts").unwrap();
    assert!(refused("03:00:00", "08:00:00").unwrap_err().contains("it is another kind of file"));
}

#[test]
fn what_goes_stale_is_undecided_from_that_minute_on() {
    let folder = outage_project();
    let report = engine().backtest(&load(&folder), None, &request("12:00:00", "13:10:00", 1)).unwrap();
    // The newest request is of 11:59, and an SLO goes stale after an hour.
    let runs = &report.services[0].sets[0].runs;
    assert_eq!(shown(runs), ["allow 12:00..13:00", "hold 13:00..13:10"]);
    assert!(runs[1].undecided, "{runs:?}");
    assert_eq!(report.totals[0].time, Time { allow: 3600, undecided: 600, ..Time::default() });
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let check = |change: &dyn Fn(&Path), services: &[&str], expected: &str| {
        let folder = outage_project();
        change(folder.path());
        let mut request = request("03:00:00", "08:00:00", 30);
        request.services = services.iter().map(|name| (*name).to_owned()).collect();
        let error = engine().backtest(&load(&folder), None, &request).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.is_input());
    };
    check(&|_| {}, &["shpo"], "there is no service `shpo`");
    let no_policies = |folder: &Path| std::fs::remove_dir_all(folder.join("policies")).unwrap();
    check(&no_policies, &["shop"], "no policy applies to `shop` at gate `deploy`");
    check(&no_policies, &[], "no policy applies to `any service`");
    let deploy = |data: &'static str| {
        move |folder: &Path| {
            let line = event(9, "weir.deploy", instant("04:00:00"), data);
            std::fs::write(folder.join("happenings.jsonl"), line).unwrap();
        }
    };
    check(&deploy("{\"change\":\"festure\"}"), &[], "the event `9` of `/weir.deploy` makes no sense");
}

/// A service with every kind of SLO, whose data is known to the minute.
const ALL_KINDS: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "availability"
plugin = "availability"

[[sli]]
name = "throughput"
plugin = "throughput"
params = { at-least = 1, per = "5m" }

[[slo]]
name = "availability"
sli = "availability"
objective = "80%"
window = "2h"
slice = "SLICE"
stale-after = "10m"

[[slo]]
name = "by-slices"
sli = "availability"
objective = "70%"
window = { calendar = "day", time-zone = "Asia/Kathmandu" }
budgeting = "time-slices"
slice-target = "75%"
slice = "5m"
unknown-counts-as = "bad"
stale-after = "30m"

[[slo]]
name = "throughput"
sli = "throughput"
objective = "60%"
window = "1h"
slice = "5m"
stale-after = "1h"

[[slo]]
name = "both"
composite = { all = ["by-slices", { slo = "throughput", target = "50%" }] }
objective = "50%"
window = "1h"
stale-after = "1h"
min-coverage = "50%"
"#;

const STAGES: &str = r#"
[policy]
name = "error-budget"
plugin = "error-budget"

[[params.stages]]
effect = "warn"
below = "50%"

[[params.stages]]
effect = "freeze"
below = "0%"
lift-at = "40%"
"#;

/// Requests in the order of time: minutes to the next one, seconds within its minute, and whether it fails.
fn requests() -> impl Strategy<Value = String> {
    let one = (prop_oneof![8 => 0_i64..4, 1 => 10_i64..40], 0_i64..60, prop::bool::weighted(0.25));
    prop::collection::vec(one, 20..120).prop_map(|requests| {
        let mut text = String::new();
        let mut minute = 0;
        for (id, (gap, second, fails)) in requests.into_iter().enumerate() {
            minute += gap;
            let at = instant("00:00:00") + jiff::SignedDuration::from_secs(minute * 60 + second);
            let status = if fails { 500 } else { 200 };
            write!(text, "{}", event(id, "request", at, &format!("{{\"status\":{status}}}"))).unwrap();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_step_is_what_the_gate_says_at_that_instant(
        events in requests(),
        slice in prop::sample::select(vec!["1m", "5m", "7m", "1h"]),
        minutes in prop::sample::select(vec![5_u64, 15, 20]),
    ) {
        let folder = project(&[
            ("services/shop.toml", &ALL_KINDS.replace("SLICE", slice)),
            ("policies/error-budget.toml", STAGES),
            ("policies/burn-rate.toml", &BURN_RATE.replace("audit", "enforce").replace("\"5\"", "\"2\"")),
            ("events.jsonl", &events),
        ]);
        let (engine, project) = (engine(), load(&folder));
        let report = engine.backtest(&project, None, &request("00:30:00", "03:30:00", minutes)).unwrap();
        let (course, budgets) = (&report.services[0].sets[0], &report.services[0].budgets);
        for step in 0..usize::try_from(180 / minutes).unwrap() {
            let at = instant("00:30:00") + jiff::SignedDuration::from_mins(i64::try_from(minutes).unwrap() * i64::try_from(step).unwrap());
            let question = GateRequest {
                service: "shop".to_owned(), change: Change::Feature, gate: None, at, events: Events::default(),
            };
            let verdict = engine.prepare(&project, &question).unwrap().decide();
            let run = course.runs.iter().find(|run| run.from <= at && at < run.until).unwrap();
            let by = verdict.decided_by.as_ref().map(|by| (by.policy.as_str(), by.clause.as_str()));
            prop_assert_eq!((run.effect, run.undecided), (verdict.effect, verdict.undecided), "{} {:?}", at, verdict);
            prop_assert_eq!(run.policy.as_deref().zip(run.clause.as_deref()), by, "{}", at);
            let burning: Vec<(&str, &str)> = verdict
                .policies
                .iter()
                .flat_map(|policy| &policy.clauses)
                .filter(|clause| clause.code.starts_with("burn-"))
                .map(|clause| (clause.code.as_str(), clause.slo.as_deref().unwrap()))
                .collect();
            let open: Vec<(&str, &str)> = course
                .alerts
                .iter()
                .filter(|alert| alert.from <= at && alert.until.is_none_or(|until| at < until))
                .map(|alert| (alert.clause.as_str(), alert.slo.as_str()))
                .collect();
            let sorted = |mut list: Vec<_>| { list.sort_unstable(); list };
            prop_assert_eq!(sorted(open), sorted(burning), "{}", at);
            for (budget, slo) in budgets.iter().zip(&verdict.slos) {
                prop_assert_eq!(&budget.remaining[step], &slo.remaining, "{} {}", at, slo.name);
            }
        }
    }
}
