//! Metrics, put to `promtool`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use weir_connect::openmetrics::write;
use weir_model::verdict::{SloCounts, SloStatus};

fn slos() -> Vec<SloStatus> {
    let nothing = SloStatus {
        name: "quiet".to_owned(),
        sli: None,
        composite: None,
        measured_at: None,
        objective: None,
        window: "30d".to_owned(),
        gap: Some("no data".to_owned()),
        counts: None,
        achieved: None,
        remaining: None,
        missed_confidence: None,
        burn_last_hour: None,
        coverage: None,
        exhausted_at: None,
        newest_event: None,
    };
    let counts = SloCounts { good: 36_210, bad: 210, unknown: 1, allowed_bad: 36, unit: "events".to_owned() };
    let text = |text: &str| Some(text.to_owned());
    let busy = SloStatus {
        name: "availability".to_owned(),
        objective: text("99.9 %"),
        gap: None,
        counts: Some(counts),
        achieved: text("99.4234 %"),
        remaining: text("-476.61 %"),
        missed_confidence: text("0.9876"),
        burn_last_hour: text("250"),
        coverage: text("98.7 %"),
        newest_event: Some("2026-11-24T11:59:33Z".parse().unwrap()),
        ..nothing.clone()
    };
    vec![busy, nothing]
}

#[test]
fn what_is_known_becomes_a_gauge() {
    let slos = slos();
    insta::assert_snapshot!(write(1_764_000_000, [("checkout", slos.as_slice())]));
}

#[test]
fn prometheus_finds_nothing_wrong_with_the_metrics() {
    let slos = slos();
    let text = write(1_764_000_000, [("checkout", slos.as_slice()), ("search", slos.as_slice())]);
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("promtool is not installed: the metrics were not put to it");
        return;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}
