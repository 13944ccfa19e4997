//! The gate on recorded traffic, and each of its exit codes.

use crate::support::{Project, Run, gate_on_sample, sample, weir, weir_reading};

#[test]
fn catalog_may_change() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("catalog", &[]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 0);
}

#[test]
fn search_may_change_with_a_warning() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("search", &[]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 0);
}

#[test]
fn a_warning_can_fail_the_pipeline() {
    let Run { code, .. } = gate_on_sample("search", &["--fail-on-warn"]);
    assert_eq!(code, 4);
}

#[test]
fn checkout_is_frozen() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("checkout", &[]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 1);
}

#[test]
fn a_fix_of_checkout_may_go_out() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("checkout", &["--change", "fix"]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 0);
}

#[test]
fn reports_is_undecided_because_its_data_is_stale() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("reports", &[]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 3);
}

#[test]
fn machines_get_json_with_a_version() {
    let Run { code, stdout: verdict, .. } = gate_on_sample("checkout", &["--format", "json"]);
    insta::assert_snapshot!(verdict);
    assert_eq!(code, 1);
}

#[test]
fn an_earlier_instant_has_an_earlier_answer() {
    // The day before its failures began, checkout was healthy.
    let Run { code, stdout: verdict, .. } = gate_on_sample("checkout", &["--at", "2026-11-23T12:00:00Z"]);
    assert_eq!(code, 0, "{verdict}");
}

#[test]
fn the_freeze_calendar_holds_in_its_time_zone() {
    let project = Project::new();
    project.requests(1440, 100_000).remove("policies/burn-rate.toml").write(
        "policies/error-budget.toml",
        r#"
            [policy]
            name = "error-budget"
            plugin = "error-budget"
            [[params.calendar]]
            name = "inventory"
            from = "2026-01-01T08:00"
            until = "2026-01-01T10:00"
            time-zone = "America/New_York"
            effect = "freeze"
        "#,
    );
    let code = |at: &str| project.weir(&["gate", "my-service", "--at", at]).code;
    assert_eq!(code("2026-01-01T12:59:59Z"), 0);
    assert_eq!(code("2026-01-01T13:00:00Z"), 1);
    assert_eq!(code("2026-01-01T14:59:59Z"), 1);
    assert_eq!(code("2026-01-01T15:00:00Z"), 0);
}

#[test]
fn events_come_from_standard_input_too() {
    let project = Project::new();
    project.requests(120, 100_000);
    let events = std::fs::read_to_string(project.path("events/example.jsonl")).unwrap();
    project.remove("events");
    let folder = project.path("");
    let arguments = [
        "gate",
        "my-service",
        "--project",
        folder.to_str().unwrap(),
        "--at",
        "2026-01-01T02:00:00Z",
        "--events",
        "-",
    ];
    let run = weir_reading(&arguments, &events);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("120 read = 120 used"), "{}", run.stdout);
}

#[test]
fn a_watched_policy_stops_nothing() {
    let project = Project::new();
    project.requests(120, 2);
    let gate = ["gate", "my-service", "--at", "2026-01-01T02:00:00Z"];
    assert_eq!(project.weir(&gate).code, 1);
    for policy in ["error-budget", "burn-rate"] {
        project.edit(&format!("policies/{policy}.toml"), "mode = \"enforce\"", "mode = \"warn\"");
    }
    assert_eq!(project.weir(&gate).code, 0);
    assert_eq!(project.weir(&[&gate[..], &["--fail-on-warn"]].concat()).code, 4);
    for policy in ["error-budget", "burn-rate"] {
        project.edit(&format!("policies/{policy}.toml"), "mode = \"warn\"", "mode = \"audit\"");
    }
    let run = project.weir(&[&gate[..], &["--fail-on-warn"]].concat());
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("(audit: freeze)"), "{}", run.stdout);
}

#[test]
fn an_override_is_obeyed_shown_and_ends() {
    let project = Project::overruled();
    project.edit("overrides/incident.toml", "2026-01-03T01:00:00Z", "2026-01-01T02:00:00Z");
    let gate = |at: &str| project.weir(&["gate", "my-service", "--at", at]);
    let run = gate("2026-01-01T01:30:00Z");
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("OVERRULED"), "{}", run.stdout);
    assert_eq!(gate("2026-01-01T02:00:00Z").code, 1);
}

#[test]
fn budgets_and_toil_of_the_sample() {
    let project = sample();
    let project = project.to_str().unwrap();
    let status = weir(&["slo", "status", "--project", project]);
    assert_eq!(status.code, 0, "{}", status.stderr);
    insta::assert_snapshot!(status.stdout);
    let toil = weir(&["toil", "--project", project]);
    assert_eq!(toil.code, 0, "{}", toil.stderr);
    insta::assert_snapshot!(toil.stdout);
    let check = weir(&["check", "checkout", "--project", project]);
    assert_eq!(check.code, 0, "{}", check.stdout);
    insta::assert_snapshot!(check.stdout);
}
