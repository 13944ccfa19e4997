//! Composite SLOs, small numbers, and the time zone that people read instants in.

use crate::support::{Project, weir};

const AT: [&str; 2] = ["--at", "2026-01-01T02:00:00Z"];

/// A project whose service has a second SLI and these further SLOs.
fn with_slos(slos: &str) -> Project {
    let project = Project::new();
    project.requests(120, 30);
    let text = std::fs::read_to_string(project.path("services/my-service.toml")).unwrap();
    let more =
        "\n[[slo]]\nname = \"lenient\"\nsli = \"availability\"\nobjective = \"90%\"\nwindow = \"1h\"\n";
    project.write("services/my-service.toml", format!("{text}{more}{slos}"));
    project
}

const BOTH: &str = "\n[[slo]]\nname = \"both\"\ncomposite = { all = [\"availability\", \"lenient\"] }\n\
                    objective = \"99%\"\nwindow = \"1h\"\n";
const SCORE: &str = "\n[[slo]]\nname = \"score\"\ncomposite = { weighted = { availability = 3, lenient = \"1\" } }\n\
                     window = \"1h\"\n";

fn status(project: &Project) -> serde_json::Value {
    let run = project.weir(&[&["slo", "status", "--format", "json"], &AT[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

fn slo<'s>(status: &'s serde_json::Value, name: &str) -> &'s serde_json::Value {
    let slos = status.pointer("/services/0/slos").unwrap().as_array().unwrap();
    slos.iter().find(|slo| slo["name"] == name).unwrap()
}

#[test]
fn a_composite_is_as_bad_as_any_part_and_judged() {
    let project = with_slos(BOTH);
    let status = status(&project);
    let both = slo(&status, "both");
    // One request a minute, every thirtieth fails: in an hour, two of sixty minutes.
    assert_eq!(both["counts"]["good"], 58, "{both}");
    assert_eq!(both["counts"]["bad"], 2);
    assert_eq!(both["counts"]["unit"], "slices");
    assert_eq!(both["composite"]["all"]["parts"][1]["target"], "90 %");
    let run = project.weir(&[&["gate", "my-service"], &AT[..]].concat());
    assert!(run.stdout.contains("`both` has -233.3 % of its error budget left"), "{}", run.stdout);
    let record = project.path(".weir/records/00000001-my-service.json");
    let replay = weir(&["replay", record.to_str().unwrap()]);
    assert_eq!(replay.code, 0, "{}{}", replay.stdout, replay.stderr);
}

#[test]
fn a_weighted_composite_is_shown_and_not_judged() {
    let project = with_slos(SCORE);
    project.edit("services/my-service.toml", "objective = \"99.9%\"", "objective = \"95%\"");
    let status = status(&project);
    let score = slo(&status, "score");
    // Over the hour, 2 of 3 allowed failures are spent of the one, and 2 of 6 of the other: 3 to 1, half is left.
    let parts = &score["composite"]["weighted"]["parts"];
    assert_eq!(
        (&parts[0]["remaining"], &parts[1]["remaining"]),
        (&"33.33 %".into(), &"66.67 %".into()),
        "{score}"
    );
    assert_eq!(score["remaining"], "41.67 %");
    assert!(score.get("counts").is_none() && score.get("objective").is_none(), "{score}");
    let verdict = project.weir(&[&["gate", "my-service", "--format", "json"], &AT[..]].concat());
    assert!(!verdict.stdout.contains("\"slo\": \"score\",\n          \"actual\""), "{}", verdict.stdout);
    let table = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    assert!(
        table.contains("score: the weighted mean of 3 availability to 1 lenient; no policy judges it"),
        "{table}"
    );
}

#[test]
fn a_policy_that_names_a_weighted_composite_is_refused() {
    let project = with_slos(SCORE);
    project.edit(
        "policies/burn-rate.toml",
        "[policy]",
        "[match]\nslos = [\"avail*\", \"score\"]\n\n[policy]",
    );
    let run = project.weir(&[&["gate", "my-service"], &AT[..]].concat());
    assert_eq!(run.code, 2, "{}", run.stdout);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn a_composite_is_stale_when_a_part_is() {
    let project = with_slos(
        "\n[[sli]]\nname = \"batches\"\nplugin = \"availability\"\nevent-types = [\"batch\"]\n\n[[slo]]\nname = \"batches\"\n\
         sli = \"batches\"\nobjective = \"99%\"\nwindow = \"2h\"\n\n[[slo]]\nname = \"both\"\n\
         composite = { all = [\"lenient\", \"batches\"] }\nobjective = \"99%\"\nwindow = \"2h\"\n",
    );
    let gap = |project: &Project| slo(&status(project), "both")["gap"].as_str().map(str::to_owned);
    assert_eq!(gap(&project).as_deref(), Some("`both` has no events of its part `batches`"));
    let batch = "{\"specversion\":\"1.0\",\"id\":\"b\",\"source\":\"/b\",\"type\":\"batch\",\"subject\":\"my-service\",\
                 \"time\":\"2026-01-01T00:40:00Z\",\"data\":{\"status\":200}}\n";
    project.write("events/batch.jsonl", batch);
    let expected = "`both` is stale: the newest event of `batches` is of 2026-01-01T00:40:00Z, 1h20m ago, and it goes stale \
                    after 1h";
    assert_eq!(gap(&project).as_deref(), Some(expected));
}

#[test]
fn small_numbers_say_how_sure_they_are() {
    let project = Project::new();
    project.requests(120, 1000);
    // All of 120 are good: the chance of as much luck below 99.9 % is 0.999 to the power of 121.
    let availability = status(&project)["services"][0]["slos"][0].clone();
    assert_eq!(availability["missed-confidence"], "0.886");
    let table = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    let line = "120 events are few for this objective: it is 11.4 % sure that it is met";
    assert!(table.contains(line), "{table}");
    project.requests(120, 120);
    let table = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    assert!(table.contains("it is 99.3 % sure that it is missed"), "{table}");
    project.requests(120, 10);
    let table = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    assert!(table.contains("it is more than 99.9 % sure that it is missed"), "{table}");
    project.requests(1, 1000);
    let table = project.weir(&["slo", "status", "--at", "2026-01-01T00:10:00Z"]).stdout;
    assert!(table.contains("1 event is few for this objective"), "{table}");
    project.requests(120, 10);
    // An objective of which 120 events allow many failures needs no such line.
    project.edit("services/my-service.toml", "objective = \"99.9%\"", "objective = \"90%\"");
    let table = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    assert!(!table.contains("few"), "{table}");
}

#[test]
fn people_read_instants_in_the_time_zone_of_the_project() {
    let project = Project::new();
    project.requests(180, 2);
    project.edit("weir.toml", "[project]\n", "[project]\ntime-zone = \"Asia/Kolkata\"\n");
    let gate =
        |format: &str| project.weir(&[&["gate", "my-service", "--format", format], &AT[..]].concat()).stdout;
    let text = gate("human");
    assert!(text.starts_with("FREEZE  feature of `my-service` at 2026-01-01T07:30:00+05:30"), "{text}");
    // Whatever a machine reads keeps UTC.
    let json = gate("json");
    assert!(json.contains("\"at\": \"2026-01-01T02:00:00Z\"") && !json.contains("+05:30"), "{json}");
    let status = project.weir(&[&["slo", "status"], &AT[..]].concat()).stdout;
    assert!(status.starts_with("SLOs at 2026-01-01T07:30:00+05:30"), "{status}");
}

/// Ten days of a request a minute, of which every so manieth fails.
fn ten_days(bad_every: u32, objective: &str) -> Project {
    let project = Project::new();
    project.requests(14_400, bad_every);
    project.edit(
        "services/my-service.toml",
        "objective = \"99.9%\"",
        &format!("objective = \"{objective}\""),
    );
    project
}

fn lint(project: &Project, more: &[&str]) -> (i32, String) {
    let run = project.weir(&[&["slo", "lint", "--at", "2026-01-10T12:00:00Z"], more].concat());
    (run.code, run.stdout)
}

#[test]
fn a_lint_finds_objectives_that_nobody_needs() {
    let check = |bad_every: u32, objective: &str, code: i32, expected: &str| {
        let (found, text) = lint(&ten_days(bad_every, objective), &["--fail-on-warn"]);
        assert!(text.contains(expected), "{text}");
        assert_eq!(found, code, "{text}");
    };
    check(
        100,
        "99.9%",
        4,
        "warning[never-met] my-service availability: `availability` was missed on each of 10 days",
    );
    check(
        10_000,
        "99%",
        4,
        "warning[never-at-risk] my-service availability: `availability` was never at risk on 10 days",
    );
    check(100, "98.8%", 0, "0 errors, 0 warnings");
    // At 90 %, a total outage burns ten times as fast as it may, and the alert waits for 14.4.
    check(20, "90%", 1, "error[unreachable-alert] my-service availability: policy `burn-rate`");
}

#[test]
fn a_lint_finds_slos_without_data_or_effect() {
    let project = ten_days(100, "98.8%");
    project.edit("policies/burn-rate.toml", "[policy]", "[match]\nslos = [\"o*\"]\n\n[policy]");
    project.write(
        "policies/error-budget.toml",
        "[policy]\nname = \"error-budget\"\nplugin = \"error-budget\"\n\n[params]\nslos = [\"other\"]\n",
    );
    let (code, text) = lint(&project, &[]);
    assert!(text.contains("warning[never-stops]"), "{text}");
    assert_eq!(code, 0, "{text}");
    project.remove("events");
    std::fs::create_dir(project.path("events")).unwrap();
    let (code, text) = lint(&project, &[]);
    assert!(text.contains("error[no-data] my-service availability: `availability` has no events"), "{text}");
    assert_eq!(code, 1, "{text}");
    let table = project.weir(&["slo", "suggest", "--at", "2026-01-10T12:00:00Z"]).stdout;
    let words: Vec<&str> = table.split_whitespace().collect();
    assert!(words.join(" ").contains("can't be judged: `availability` has no events"), "{table}");
}

#[test]
fn a_lint_finds_minimums_that_are_always_met() {
    let alert = "[[params.alerts]]\nlong = \"1h\"\nshort = \"5m\"\nfactor = \"2\"\neffect = \"hold\"\nurgency = \"page\"\n\
                 minimum-events = 30\n";
    let check = |budgeting: &str, alert: &str, expected: bool| {
        let project = ten_days(100, "98.8%");
        project.edit(
            "services/my-service.toml",
            "objective = \"98.8%\"",
            &format!("objective = \"98.8%\"\nbudgeting = \"{budgeting}\""),
        );
        project.write(
            "policies/burn-rate.toml",
            format!("[policy]\nname = \"burn-rate\"\nplugin = \"burn-rate\"\n\n{alert}"),
        );
        let (_, text) = lint(&project, &[]);
        let finding = "warning[needless-minimum] my-service availability: policy `burn-rate` asks for at least 30 events";
        assert_eq!(text.contains("needless-minimum"), expected, "{text}");
        assert!(!expected || text.contains(finding), "{text}");
    };
    check("ratio-time-slices", alert, true);
    check("occurrences", alert, false);
    check("ratio-time-slices", "", false);
}

#[test]
fn history_supports_what_it_makes_sure() {
    let project = ten_days(250, "99.9%");
    let run = project.weir(&["slo", "suggest", "--at", "2026-01-10T12:00:00Z", "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let slo = &report["slos"][0];
    // One in 250 fails, 54 of 13 680: 99.5 % would allow 68, and 99.8 % only 27.
    assert_eq!((&slo["good"], &slo["bad"]), (&13_626.into(), &54.into()), "{slo}");
    assert_eq!(slo["supported"]["objective"], "99.5 %");
    assert_eq!((&slo["supported"]["days-kept"], &slo["supported"]["days"]), (&10.into(), &10.into()));
    let table = project.weir(&["slo", "suggest", "--at", "2026-01-10T12:00:00Z"]).stdout;
    assert!(table.contains("99.5 %"), "{table}");
}
