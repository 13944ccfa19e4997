//! A real Prometheus, and a real VictoriaMetrics, on samples that were written to its storage: what it counts is known to the
//! last event.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::programs::{Program, get, missing, prometheus, send, victoria_metrics};
use super::{counts, project, slo};
use crate::support::{Project, weir};

/// 2026-01-01T11:00:00Z, where the window begins; scrapes begin ten minutes before it.
const START: i64 = 1_767_265_200;
const END: i64 = START + 3600;
const AT: &str = "2026-01-01T12:00:00Z";

const COUNTERS: &str = "[sli.prometheus]\nbad = 'requests_total{job=\"shop\",code=~\"5..\"}'\nvalid = 'requests_total{job=\"shop\"}'";

/// Two instances that are scraped every 15 s: what each counter stands at, and what happened in the window.
struct Story {
    text: String,
    good: u64,
    bad: u64,
    quick: u64,
    slow: u64,
}

/// Tells a story in which one instance is restarted, the other ends, failures come late, and scrapes fail for a while.
fn story() -> Story {
    let (mut good, mut bad, mut quick, mut slow) = (0, 0, 0, 0);
    let mut samples: BTreeMap<String, Vec<(i64, u64)>> = BTreeMap::new();
    for instance in ["a", "b"] {
        let (mut ok, mut failed, mut fast) = (7_000_000_u64, None::<u64>, 6_000_000_u64);
        for scrape in 0.. {
            let at = START - 600 + 15 * scrape;
            if at > END || (instance == "b" && at > START + 3000) {
                break;
            }
            // A restart right after a scrape, so that nothing is lost unseen.
            if instance == "a" && at == START + 1200 {
                (ok, failed, fast) = (0, failed.map(|_| 0), 0);
            }
            let more = u64::try_from((scrape * 7 + 3) % 11).unwrap();
            let failures = u64::from(at > START + 600 && scrape % 5 == 0);
            ok += more;
            fast += more / 2;
            if failures > 0 {
                failed = Some(failed.unwrap_or(0) + failures);
            }
            if at > START {
                (good, bad) = (good + more, bad + failures);
                (quick, slow) = (quick + more / 2, slow + more - more / 2);
            }
            // What happens while scrapes fail is seen later.
            if (START + 1800..=START + 2100).contains(&at) {
                continue;
            }
            let mut put = |series: &str, labels: &str, value: u64| {
                let name = format!("{series}{{job=\"shop\",instance=\"{instance}\"{labels}}}");
                samples.entry(name).or_default().push((at, value));
            };
            put("requests_total", ",code=\"200\"", ok);
            if let Some(failed) = failed {
                put("requests_total", ",code=\"500\"", failed);
            }
            put("seconds_bucket", ",le=\"0.25\"", fast);
            put("seconds_bucket", ",le=\"1.0\"", ok);
            put("seconds_bucket", ",le=\"+Inf\"", ok);
            put("seconds_count", "", ok);
        }
    }
    let mut text = String::new();
    for (family, kind) in [("requests", "counter"), ("seconds", "histogram")] {
        writeln!(text, "# TYPE {family} {kind}").unwrap();
        for (series, values) in samples.iter().filter(|(series, _)| series.starts_with(family)) {
            for (at, value) in values {
                writeln!(text, "{series} {value} {at}").unwrap();
            }
        }
    }
    text.push_str("# EOF\n");
    Story { text, good, bad, quick, slow }
}

/// A server whose storage holds these samples.
fn backfilled(folder: &Path, samples: &str) -> Program {
    let file = folder.join("samples.txt");
    std::fs::write(&file, samples).unwrap();
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args([&file, &folder.join("data")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    prometheus(folder, "")
}

fn url(server: &Program) -> String {
    format!("http://127.0.0.1:{}/prom/", server.port())
}

/// The same for VictoriaMetrics.
fn imported(folder: &Path, samples: &str) -> Program {
    let server = victoria_metrics(folder, "");
    let lines = samples.lines().filter(|line| !line.starts_with('#'));
    // It takes milliseconds.
    let text: String = lines.map(|line| format!("{line}000\n")).collect();
    let head = format!(
        "POST /prom/api/v1/import/prometheus HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n",
        text.len()
    );
    let (status, answer) = send(server.port(), &head, text.as_bytes()).unwrap();
    assert_eq!(status, 204, "{answer}");
    get(server.port(), "/prom/internal/force_flush").unwrap();
    server
}

/// A project that counts what the story tells of, at a server that has its samples; held against the story.
fn told_again(server: &Program, story: &Story) -> Project {
    let service = [
        slo("availability", COUNTERS, ""),
        slo(
            "latency",
            "[sli.prometheus.histogram]\nmetric = 'seconds{job=\"shop\"}'\nthreshold = \"0.25\"",
            "",
        ),
        slo("whole", "[sli.prometheus.histogram]\nmetric = 'seconds{job=\"shop\"}'\nthreshold = \"1\"", ""),
    ];
    let project = project(&url(server), "", &service.concat());
    let run = project.weir(&["slo", "status", "--at", AT, "--format", "json"]);
    // Five of sixty minutes have no sample. Most of what came then was seen in the minute after them.
    assert_eq!(counts(&run, "availability"), (story.good, story.bad, "91.7 %".to_owned()));
    assert_eq!(counts(&run, "latency"), (story.quick, story.slow, "91.7 %".to_owned()));
    assert_eq!(counts(&run, "whole"), (story.good, 0, "91.7 %".to_owned()));
    project
}

#[test]
fn what_victoria_metrics_counted_is_what_happened() {
    if missing("counts of a real VictoriaMetrics", &["victoria-metrics"]) {
        return;
    }
    let (folder, story) = (tempfile::tempdir().unwrap(), story());
    let server = imported(folder.path(), &story.text);
    told_again(&server, &story);
    let steady = "[sli.prometheus]\nbad = 'sum(increase(requests_total{code=\"500\"}[$window]))'\n\
                  valid = 'sum(increase(requests_total[$window]))'\nunit = \"events\"\n";
    let run = project(&url(&server), "", &slo("steady", steady, "slice = \"5m\""))
        .weir(&["slo", "status", "--at", AT, "--format", "json"]);
    let (good, bad, _) = counts(&run, "steady");
    assert!(good > story.good / 2 && bad > 0, "{good} and {bad}");

    let check = |counting: &str, code: i32, expected: &str| {
        let project = project(&url(&server), "", &slo("sli", counting, ""));
        let run = project.weir(&["gate", "my-service", "--at", AT]);
        let told = format!("{}{}", run.stdout, run.stderr).replace(&server.port().to_string(), "PORT");
        assert!(run.code == code && told.contains(expected), "{code}, {expected}: {} {told}", run.code);
    };
    check(
        "[sli.prometheus.histogram]\nmetric = 'seconds'\nthreshold = \"0.3\"",
        2,
        "no bucket of `seconds` ends at 0.3",
    );
    check(
        "[sli.prometheus]\nbad = 'requests_total{code=~\"5(\"}'\nvalid = 'requests_total'",
        3,
        "error parsing regexp",
    );
    check(
        "[sli.prometheus]\nbad = 'nothing_total{code=\"500\"}'\nvalid = 'nothing_total'",
        3,
        "`sli` has no events",
    );
}

#[test]
fn what_prometheus_counted_is_what_happened() {
    if missing("counts of a real Prometheus", &["prometheus", "promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let story = story();
    let mut server = backfilled(folder.path(), &story.text);
    let project = told_again(&server, &story);

    let report = project.weir(&["report", "--at", AT, "--format", "json"]);
    assert!(report.code == 0 && report.stdout.contains("\"91.7 %\""), "{}{}", report.stdout, report.stderr);
    let backtest = ["backtest", "my-service", "--from", "2026-01-01T11:30:00Z", "--to", AT, "--step", "5m"];
    let backtest = project.weir(&[&backtest[..], &["--format", "json"]].concat());
    assert_eq!(backtest.code, 0, "{}", backtest.stderr);
    let tested: serde_json::Value = serde_json::from_str(&backtest.stdout).unwrap();
    let remaining = &tested["services"][0]["budgets"][0]["remaining"];
    assert!(
        remaining.as_array().is_some_and(|steps| steps.len() == 6 && steps[5].is_string()),
        "{remaining}"
    );

    let gate = project.weir(&["gate", "my-service", "--at", AT]);
    assert!(gate.code == 0 || gate.code == 1, "{}{}", gate.stdout, gate.stderr);
    server.stop();
    let record = gate.stderr.lines().find_map(|line| line.strip_prefix("recorded in ")).unwrap();
    let replay = weir(&["replay", record]);
    assert!(
        replay.code == 0 && replay.stdout.contains("byte for byte"),
        "{}{}",
        replay.stdout,
        replay.stderr
    );

    let gate = project.weir(&["gate", "my-service", "--at", AT]);
    assert_eq!(gate.code, 3, "{}{}", gate.stdout, gate.stderr);
    assert!(gate.stdout.contains("can't be reached"), "{}{}", gate.stdout, gate.stderr);
}

#[test]
fn expressions_are_estimates_of_the_same() {
    if missing("expressions of a real Prometheus", &["prometheus", "promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // A steady counter, for which extrapolation is right: two events a scrape, one in a hundred bad.
    let mut text = "# TYPE steady counter\n".to_owned();
    for (code, every) in [("200", 1), ("500", 10)] {
        for scrape in 0..=280_i64 {
            let value = 2 * scrape / every;
            writeln!(
                text,
                "steady_total{{instance=\"a\",code=\"{code}\"}} {value} {}",
                START - 600 + 15 * scrape
            )
            .unwrap();
        }
    }
    text.push_str("# EOF\n");
    let server = backfilled(folder.path(), &text);
    let pair = |function: &str| {
        format!(
            "[sli.prometheus]\nbad = 'sum({function}(steady_total{{code=\"500\"}}[$window]))'\n\
             valid = 'sum({function}(steady_total[$window]))'\n"
        )
    };
    let service = [
        slo("rate", &pair("rate"), "slice = \"5m\""),
        slo("increase", &format!("{}unit = \"events\"", pair("increase")), "slice = \"5m\""),
        slo(
            "counters",
            "[sli.prometheus]\nbad = 'steady_total{code=\"500\"}'\nvalid = 'steady_total'",
            "slice = \"5m\"",
        ),
    ];
    let project = project(&url(&server), "", &service.concat());
    let run = project.weir(&["slo", "status", "--at", AT, "--format", "json"]);
    let exact = counts(&run, "counters");
    assert_eq!(exact, (480, 48, "100 %".to_owned()));
    assert_eq!(counts(&run, "rate").2, "100 %");
    for estimate in ["rate", "increase"] {
        let (good, bad, _) = counts(&run, estimate);
        assert!(good.abs_diff(exact.0) <= 3 && bad.abs_diff(exact.1) <= 3, "{estimate}: {good} and {bad}");
    }
}

#[test]
fn what_cannot_be_counted_is_said() {
    if missing("refusals of a real Prometheus", &["prometheus", "promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = backfilled(folder.path(), &story().text);
    let check = |counting: &str, code: i32, expected: &str| {
        let project = project(&url(&server), "", &slo("sli", counting, ""));
        let run = project.weir(&["gate", "my-service", "--at", AT]);
        let told = format!("{}{}", run.stdout, run.stderr).replace(&server.port().to_string(), "PORT");
        assert!(run.code == code && told.contains(expected), "{code}, {expected}: {} {told}", run.code);
    };
    check(
        "[sli.prometheus.histogram]\nmetric = 'seconds'\nthreshold = \"0.3\"",
        2,
        "no bucket of `seconds` ends at 0.3, so it can't be told what lies within; the nearest end at 0.25 and 1.0\n\
         help: write the bound of a bucket for `threshold`",
    );
    check(
        "[sli.prometheus.histogram]\nmetric = 'seconds'\nthreshold = \"0.1\"",
        2,
        "the nearest ends at 0.25\n",
    );
    check(
        "[sli.prometheus]\nbad = 'requests_total{code=~\"5(\"}'\nvalid = 'requests_total'",
        2,
        "error parsing regexp",
    );
    check(
        "[sli.prometheus]\nbad = 'sum by (code) (rate(requests_total[$window]))'\nvalid = 'sum(rate(requests_total[$window]))'",
        2,
        "gives 2 series, and one is wanted\nhelp: put `sum(…)` around it",
    );
    check(
        "[sli.prometheus]\nbad = 'nothing_total{code=\"500\"}'\nvalid = 'nothing_total'",
        3,
        "`sli` has no events",
    );
    check("[sli.prometheus.histogram]\nmetric = 'nothing'\nthreshold = \"1\"", 3, "`sli` has no events");
}
