//! Back-tests of the sample project, in all three forms.

use crate::page::stands_alone;
use crate::support::{Run, sample, weir};

/// A few steps around the first failure of `checkout`.
fn backtest(more: &[&str]) -> Run {
    let project = sample();
    let fixed = [
        "backtest",
        "checkout",
        "--project",
        project.to_str().unwrap(),
        "--from",
        "2026-11-23T13:00:00Z",
        "--to",
        "2026-11-23T17:00:00Z",
    ];
    weir(&[&fixed, more].concat())
}

#[test]
fn the_past_as_text() {
    let run = backtest(&[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn two_sets_of_policies_as_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "[policy]\nname = \"lenient\"\nplugin = \"error-budget\"\n[[params.stages]]\neffect = \"freeze\"\nbelow = \"-50%\"\n";
    std::fs::write(folder.path().join("lenient.toml"), policy).unwrap();
    let run = backtest(&["--against", folder.path().to_str().unwrap(), "--format", "html"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let page = run.stdout.replace(folder.path().to_str().unwrap(), "drafts");
    stands_alone(&page);
    let (_, body) = page.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn the_past_as_json_has_a_version_and_is_the_same_each_time() {
    let run = backtest(&["--format", "json", "--step", "10m"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["schema-version"], 1);
    let course = &report["services"][0]["sets"][0];
    // The failures began at 14:00; a quarter of them in ten minutes is enough for a page.
    assert_eq!(course["detection"]["of-incidents"][0]["incident"], "INC-43");
    assert_eq!(course["detection"]["of-incidents"][0]["detection-seconds"], 600);
    let seconds: u64 = course["time"].as_object().unwrap().values().map(|part| part.as_u64().unwrap()).sum();
    assert_eq!(seconds, 4 * 3600);
    assert_eq!(backtest(&["--format", "json", "--step", "10m"]).stdout, run.stdout);
}

#[test]
fn wrong_questions_are_refused() {
    let check = |more: &[&str], expected: &str| {
        let run = backtest(more);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    check(&["--step", "90s"], "a step of `1m30s` is no whole number of minutes");
    check(&["--against", "/nowhere/at/all"], "there is no folder `/nowhere/at/all`");
    check(&["--gate", "deplyo"], "there is no gate `deplyo`");
    check(&["--all"], "cannot be used with");
}
