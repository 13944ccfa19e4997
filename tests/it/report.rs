//! Reports on a project, as a page and as JSON.

use serde_json::Value;

use crate::guest::{Guest, words};
use crate::page::stands_alone;
use crate::support::{Project, Run, digest, sample, weir};

/// A report on the sample project.
fn report(more: &[&str]) -> Run {
    let project = sample();
    weir(&[&["report", "--project", project.to_str().unwrap()], more].concat())
}

fn json(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn one_service_as_json() {
    let mut report = json(&report(&["checkout", "--format", "json"]));
    // What is left of them is told in a line: the first and the last points, and how many there are.
    for slo in report["services"][0]["slos"].as_array_mut().unwrap() {
        let points = slo["history"]["remaining"].as_array().unwrap();
        assert_eq!(points.len(), 241);
        let text = |point: &Value| point.as_str().unwrap_or("nothing").to_owned();
        let ends: Vec<String> = points.iter().take(3).chain(points.iter().skip(238)).map(text).collect();
        slo["history"]["remaining"] = ends.join(", ").into();
    }
    // The verdict is that of the gate, which has its own snapshots.
    report["services"][0]["verdict"] = "as the gate says".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn each_verdict_is_what_the_gate_says() {
    let records = tempfile::tempdir().unwrap();
    let project = sample();
    let report = json(&report(&["--format", "json", "--change", "fix"]));
    for service in report["services"].as_array().unwrap() {
        let mut verdict = service["verdict"].clone();
        let name = service["service"].as_str().unwrap();
        let arguments = ["gate", name, "--format", "json", "--change", "fix", "--project"];
        let folders = [project.to_str().unwrap(), "--records", records.path().to_str().unwrap()];
        let mut gate: Value =
            serde_json::from_str(&weir(&[&arguments[..], &folders].concat()).stdout).unwrap();
        // A report reads the events of all services.
        (verdict["events"], gate["events"]) = (Value::Null, Value::Null);
        assert_eq!(verdict, gate, "{name}");
    }
}

#[test]
fn the_worst_service_comes_first_and_nothing_is_recorded() {
    let project = Project::new();
    let run = project.requests(120, 100_000).weir(&["report", "--at", "2026-01-01T02:00:00Z"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(!project.path(".weir").exists());
    let report = json(&report(&["--format", "json"]));
    let names: Vec<&str> =
        report["services"].as_array().unwrap().iter().map(|one| one["service"].as_str().unwrap()).collect();
    assert_eq!(names, ["checkout", "reports", "search", "catalog"]);
    assert_eq!(report["totals"]["undecided"], 1);
}

#[test]
fn a_page_stands_alone_and_is_the_same_each_time() {
    let page = report(&[]);
    assert_eq!(page.code, 0, "{}", page.stderr);
    stands_alone(&page.stdout);
    assert_eq!(report(&[]).stdout, page.stdout);
    // The way to a service, its words for those who can't see the picture, and a waived finding with its place.
    for expected in [
        "<a href=\"#checkout\">checkout</a>",
        "<desc id=\"checkout--availability--desc\">from 25 Oct 12:00Z to 24 Nov 12:00Z: -476.6 % left",
        "waived until 2027-01-31 by Noor Haddad",
        "readiness/checkout.md",
        "grey where nothing is known",
    ] {
        assert!(page.stdout.contains(expected), "{expected}");
    }
}

#[test]
fn a_page_of_one_service() {
    let run = report(&["search"]);
    let (_, body) = run.stdout.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn a_report_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let run = report(&["catalog", "--output", file.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("wrote "), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), report(&["catalog"]).stdout);
    let run = report(&["catalog", "--output", folder.path().join("no/such/report.html").to_str().unwrap()]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no/such/report.html"), "{}", run.stderr);
}

#[test]
fn wrong_questions_are_refused() {
    let check = |more: &[&str], expected: &str| {
        let run = report(more);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{more:?}");
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    check(&["chekout"], "there is no service `chekout`\nhelp: did you mean `checkout`?");
    check(&["--gate", "deplyo"], "did you mean `deploy`?");
    check(&["--format", "pdf"], "invalid value 'pdf'");
    check(&["--events", "/dev/null", "--strict", "checkout", "--at", "today"], "2026-11-24T12:00:00Z");
}

#[test]
fn a_service_that_no_policy_judges_is_told_of_all_the_same() {
    let project = Project::new();
    project.requests(120, 100_000).remove("policies").remove("cases");
    let at = ["report", "--at", "2026-01-01T02:00:00Z"];
    let page = project.weir(&at);
    stands_alone(&page.stdout);
    assert!(page.stdout.contains("No policy judges it at this gate."), "{}", page.stdout);
    let report = json(&project.weir(&[&at[..], &["--format", "json"]].concat()));
    assert_eq!(report["totals"]["not-judged"], 1);
    assert_eq!(report["services"][0]["verdict"], Value::Null);
    assert_eq!(report["services"][0]["lowest"]["remaining"], "100 %");
}

#[test]
fn a_check_that_the_gate_does_not_ask_is_told_of() {
    let project = Project::new();
    project
        .requests(120, 100_000)
        .write("policies/ready.toml", "[policy]\nname = \"ready\"\nplugin = \"production-readiness\"\n")
        .write("gates/deploy.toml", "[gate]\nname = \"deploy\"\npolicies = [\"error-budget\"]\n");
    let report = json(&project.weir(&["report", "--at", "2026-01-01T02:00:00Z", "--format", "json"]));
    let service = &report["services"][0];
    assert_eq!(service["verdict"]["policies"].as_array().unwrap().len(), 1);
    assert_eq!(service["other-checks"][0]["policy"], "ready");
    assert!(report["totals"]["failed"].as_u64().unwrap() > 0);
}

#[test]
fn hostile_texts_are_only_texts() {
    let text = "</title><script>alert(1)</script> all's \\1b[31m \\e2\\80\\aered";
    let length = 52;
    // A check with one rule that failed, whose text and remedy the guest chose.
    let finding = [300, 4, 1, 1, 320, length, 320, length, 0, 0, 0, 0, 0];
    let data = format!(
        "(data (i32.const 128) \"{}\") (data (i32.const 200) \"{}\") (data (i32.const 300) \"rule\")
        (data (i32.const 320) \"{text}\")",
        words(&[0, 200, 1, 0, 0]),
        words(&finding),
    );
    let component = Guest::checker().core(&data).body("assess", "(i32.const 128)").component();
    let project = Project::new();
    let sha256 = digest(&component);
    project
        .requests(120, 100_000)
        .write("plugins/guest.wasm", component)
        .write(
            "weir.lock",
            format!("[[plugin]]\nname = \"guest\"\npath = \"plugins/guest.wasm\"\nsha256 = \"{sha256}\"\n"),
        )
        .write("policies/guest.toml", "[policy]\nname = \"guest\"\nplugin = \"guest\"\n")
        .edit("services/my-service.toml", "owner = \"", "owner = \"<script>'\\\"&")
        .write("events/more.jsonl", "{\"<script>alert(2)</script>\": \u{1b}[2J}\n");
    let page = project.weir(&["report", "--at", "2026-01-01T02:00:00Z"]);
    assert_eq!(page.code, 0, "{}{}", page.stdout, page.stderr);
    stands_alone(&page.stdout);
    for expected in ["&lt;script&gt;alert(1)", "&lt;script&gt;&#39;&quot;&amp;", "all&#39;s"] {
        assert!(page.stdout.contains(expected), "{expected} in\n{}", page.stdout);
    }
}

#[test]
fn composites_have_histories_and_burn_rates_of_their_own() {
    let project = Project::new();
    let service = std::fs::read_to_string(project.path("services/my-service.toml")).unwrap();
    let half = "[[slo]]\nname = \"half\"\nsli = \"availability\"\nobjective = \"50%\"\nwindow = \"1h\"\n";
    let mean = "[[slo]]\nname = \"mean\"\nwindow = \"1h\"\ncomposite = { weighted = { availability = 1, half = 1 } }\n";
    let both = "[[slo]]\nname = \"both\"\nwindow = \"1h\"\nobjective = \"50%\"\ncomposite = { all = [\"availability\", \"half\"] }\n";
    // Every second request fails: five hundred times as many as may, and exactly as many.
    project.requests(120, 2).write("services/my-service.toml", format!("{service}\n{half}\n{mean}\n{both}"));
    let report = json(&project.weir(&["report", "--at", "2026-01-01T02:00:00Z", "--format", "json"]));
    let check = |index: usize, name: &str, left: &str, burn: &str| {
        let slo = &report["services"][0]["slos"][index];
        assert_eq!(slo["status"]["name"], name);
        let last = slo["history"]["remaining"].as_array().unwrap().last().unwrap();
        let over_an_hour =
            slo["burns"].as_array().unwrap().iter().find(|burn| burn["window-seconds"] == 3600);
        assert_eq!(
            (last.as_str().unwrap(), over_an_hour.unwrap()["burn"].as_str().unwrap()),
            (left, burn),
            "{name}"
        );
        assert_eq!(slo["status"]["remaining"], *last, "{name}");
    };
    check(0, "availability", "-49900 %", "500");
    check(1, "half", "0 %", "1");
    check(2, "mean", "-24950 %", "250.5");
    check(3, "both", "0 %", "1");
}

#[test]
fn each_point_of_a_history_is_what_would_have_been_said_then() {
    let project = sample();
    let report = json(&report(&["checkout", "reports", "--format", "json"]));
    let check = |service: usize, point: usize, at: &str, is_known: bool| {
        let service = &report["services"][service];
        let arguments =
            ["slo", "status", service["service"].as_str().unwrap(), "--format", "json", "--at", at];
        let status = json(&weir(&[&arguments[..], &["--project", project.to_str().unwrap()]].concat()));
        let slo = &status["services"][0]["slos"][0];
        assert_eq!(slo["gap"].is_null(), is_known, "{at}: {slo}");
        let left = &service["slos"][0]["history"]["remaining"][point];
        let expected = if is_known { &slo["remaining"] } else { &Value::Null };
        assert_eq!(left, expected, "{at}");
    };
    // From 25 October at noon on, every three hours; the log of `reports` ends on 22 November.
    check(0, 100, "2026-11-07T00:00:00Z", true);
    check(0, 239, "2026-11-24T09:00:00Z", true);
    check(1, 222, "2026-11-22T06:00:00Z", true);
    check(1, 224, "2026-11-22T12:00:00Z", false);
}
