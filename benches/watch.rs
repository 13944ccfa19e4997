//! Watching ten thousand SLOs: the memory that thirty days of single and merged slices take, and the time that one more minute
//! takes.
//!
//! Not a criterion benchmark, since it is about one process that grows: `cargo bench -p weir-benches --bench watch`, with the
//! number of SLOs and of days as arguments if others are wanted.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that can't go on has failed; it prints"
)]

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use weir::model::Change;
use weir::{Engine, EngineOptions, Events, Project, Step, WatchRequest};

/// SLOs of one service; all of them measure the same SLI.
const SLOS_OF_A_SERVICE: u32 = 100;

/// Seconds from one event of a service to the next: each of its minutes has one.
const EVERY: i64 = 60;

fn start() -> i64 {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("an instant").as_second()
}

fn write(folder: &Path, services: u32) -> std::io::Result<()> {
    for name in ["services", "policies"] {
        fs_err::create_dir_all(folder.join(name))?;
    }
    let source = "[[source]]\nname = \"events\"\nformat = \"cloudevents\"\npaths = [\"*.jsonl\"]\n";
    fs_err::write(folder.join("weir.toml"), format!("[project]\nname = \"many\"\n\n{source}"))?;
    fs_err::write(
        folder.join("policies/burn-rate.toml"),
        "[policy]\nname = \"burn-rate\"\nplugin = \"burn-rate\"\n",
    )?;
    for number in 0..services {
        let mut text = format!(
            "[service]\nname = \"service-{number}\"\nowner = \"us\"\n\n[[sli]]\nname = \"availability\"\nplugin = \"availability\"\n"
        );
        for slo in 0..SLOS_OF_A_SERVICE {
            let _ = write!(
                text,
                "\n[[slo]]\nname = \"slo-{slo}\"\nsli = \"availability\"\nobjective = \"99.{slo:02}%\"\nwindow = \"30d\"\n"
            );
        }
        fs_err::write(folder.join(format!("services/{number}.toml")), text)?;
    }
    Ok(())
}

/// Adds events from one minute to another.
fn append(folder: &Path, services: u32, minutes: std::ops::Range<i64>) -> std::io::Result<()> {
    let path = folder.join("events.jsonl");
    let mut file = BufWriter::new(fs_err::OpenOptions::new().create(true).append(true).open(path)?);
    for minute in minutes {
        let at = Timestamp::from_second(start() + minute * EVERY).expect("an instant");
        for service in 0..services {
            let status = if (minute + i64::from(service)) % 211 == 0 { 500 } else { 200 };
            writeln!(
                file,
                "{{\"specversion\":\"1.0\",\"id\":\"{minute}\",\"source\":\"/{service}\",\"type\":\"request\",\
                 \"subject\":\"service-{service}\",\"time\":\"{at}\",\"data\":{{\"status\":{status}}}}}"
            )?;
        }
    }
    file.flush()
}

/// A line of what the system says of this process, in MiB.
fn memory(what: &str) -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn main() {
    let numbers: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let slos = numbers.first().copied().unwrap_or(10_000);
    let days = i64::from(numbers.get(1).copied().unwrap_or(30));
    let services = slos.div_ceil(SLOS_OF_A_SERVICE);
    let folder = tempfile::tempdir().expect("a folder can be made");
    write(folder.path(), services).expect("a project can be written");
    append(folder.path(), services, 0..days * 1440).expect("events can be written");
    let project = Project::load(folder.path()).expect("the project is right");
    let engine = Engine::new(EngineOptions { ready_instances: Some(8), ..EngineOptions::default() })
        .expect("it starts");
    let far = "2027-01-01T00:00:00Z".parse().expect("an instant");
    let request = WatchRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        lateness_seconds: 0,
        from: Timestamp::from_second(start() + (days * 1440 - 2) * EVERY).ok(),
        thresholds: Vec::new(),
        events: Events::default(),
    };
    let before = memory("VmRSS:");
    let began = Instant::now();
    let mut watch = engine.watch(&project, &request, None).expect("it can be watched");
    while watch.step(far).expect("events can be read") == Step::Read {}
    println!("{slos} SLOs of {services} services over {days} days: read in {:.1?}", began.elapsed());
    println!("memory: {} MiB now, {} MiB at most, {before} MiB before", memory("VmRSS:"), memory("VmHWM:"));
    for minute in days * 1440..days * 1440 + 5 {
        append(folder.path(), services, minute..minute + 1).expect("events can be written");
        let began = Instant::now();
        while watch.step(far).expect("events can be read") == Step::Read {}
        let with_data = began.elapsed();
        println!("one more minute of events, counted and judged: {with_data:.1?}");
    }
    let began = Instant::now();
    watch.wait(120).expect("it can be judged");
    println!("one minute judged without new events: {:.1?}", began.elapsed() / 2);
    let snapshot = folder.path().join("watch.snapshot");
    let began = Instant::now();
    watch.save(&snapshot, 0).expect("it can be written");
    let size = fs_err::metadata(&snapshot).map(|about| about.len()).unwrap_or_default() >> 20;
    println!("snapshot: {size} MiB, written in {:.1?}", began.elapsed());
}
