//! A back-test: ninety days in hourly steps over a hundred SLOs of twenty-five services, from ledgers in memory to a report.
//!
//! Wall time, since the steps are shared out over threads.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on has failed")]

use std::fmt::Write as _;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use weir::model::Change;
use weir::{BacktestRequest, Engine, EngineOptions, Events, Project};

/// Ninety days to test, and twice thirty before them, which the windows reach back to.
const DAYS: u32 = 150;
const SERVICES: u32 = 25;
/// Seconds from one event of a service to the next.
const EVERY: u32 = 900;

const POLICIES: [(&str, &str); 2] = [
    ("error-budget", "[policy]\nname = \"error-budget\"\nplugin = \"error-budget\"\n"),
    ("burn-rate", "[policy]\nname = \"burn-rate\"\nplugin = \"burn-rate\"\n"),
];

/// The text of a service with four SLOs.
fn service(number: u32) -> String {
    let mut text = format!("[service]\nname = \"service-{number}\"\nowner = \"us\"\n");
    for sli in ["availability", "latency"] {
        let params = if sli == "latency" { "params = { threshold = \"250ms\" }\n" } else { "" };
        let _ = write!(text, "\n[[sli]]\nname = \"{sli}\"\nplugin = \"{sli}\"\n{params}");
        for (objective, window) in [("99.5%", "30d"), ("99%", "7d")] {
            let _ = write!(
                text,
                "\n[[slo]]\nname = \"{sli}-{window}\"\nsli = \"{sli}\"\nobjective = \"{objective}\"\n\
                 window = \"{window}\"\nslice = \"5m\"\n"
            );
        }
    }
    text
}

/// Writes a project in which one request in 211 fails and one in 150 is slow.
fn write(folder: &Path) -> std::io::Result<()> {
    for name in ["services", "policies"] {
        fs_err::create_dir_all(folder.join(name))?;
    }
    let source = "[[source]]\nname = \"events\"\nformat = \"cloudevents\"\npaths = [\"*.jsonl\"]\n";
    fs_err::write(folder.join("weir.toml"), format!("[project]\nname = \"many\"\n\n{source}"))?;
    for (name, text) in POLICIES {
        fs_err::write(folder.join(format!("policies/{name}.toml")), text)?;
    }
    let start = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().expect("an instant").as_second();
    for number in 0..SERVICES {
        fs_err::write(folder.join(format!("services/{number}.toml")), service(number))?;
        let mut lines = String::new();
        for event in 0..DAYS * 86_400 / EVERY {
            let at = jiff::Timestamp::from_second(start + i64::from(event) * i64::from(EVERY))
                .expect("an instant");
            let status = if (event + number) % 211 == 0 { 500 } else { 200 };
            let duration = if (event + number) % 150 == 0 { "0.4" } else { "0.1" };
            let _ = writeln!(
                lines,
                "{{\"specversion\":\"1.0\",\"id\":\"{event}\",\"source\":\"/{number}\",\"type\":\"request\",\
                 \"subject\":\"service-{number}\",\"time\":\"{at}\",\"data\":{{\"status\":{status},\"duration\":{duration}}}}}"
            );
        }
        fs_err::write(folder.join(format!("{number}.jsonl")), lines)?;
    }
    Ok(())
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write(folder.path()).expect("a project can be written");
    let project = Project::load(folder.path()).expect("the project is right");
    let engine = Engine::new(EngineOptions { ready_instances: Some(64), ..EngineOptions::default() })
        .expect("it starts");
    let request = BacktestRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        from: "2026-03-02T00:00:00Z".parse().expect("an instant"),
        until: "2026-05-31T00:00:00Z".parse().expect("an instant"),
        step_seconds: 3600,
        incident_within_seconds: 4 * 3600,
        events: Events::default(),
        snapshot: None,
    };
    let prepared = engine.prepare_backtest(&project, None, &request).expect("events can be read");
    criterion.bench_function("backtest/90d-100-slos", |bencher| {
        bencher.iter(|| prepared.run().expect("a report"));
    });
    let snapshot = Some(folder.path().join("counts"));
    let request = BacktestRequest { snapshot, ..request };
    engine.backtest(&project, None, &request).expect("a report, and counts");
    criterion.bench_function("backtest/90d-100-slos-from-a-snapshot", |bencher| {
        bencher.iter(|| engine.backtest(&project, None, &request).expect("a report"));
    });
}

criterion_group! {
    name = backtest;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(backtest);
