//! `weir test`: the project's own cases.

use crate::support::{Project, sample, weir};

#[test]
fn the_cases_of_the_sample_project_come_out_as_expected() {
    let run = weir(&["test", "--project", sample().to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_cases_of_a_new_project_come_out_as_expected() {
    let run = Project::new().weir(&["test"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.ends_with("4 passed, 0 failed\n"), "{}", run.stdout);
}

#[test]
fn a_case_that_comes_out_otherwise_says_how() {
    let project = Project::new();
    project.edit(
        "cases/deploy.toml",
        r#"expect = { effect = "freeze", policy = "error-budget", clause = "budget-below-freeze" }"#,
        r#"expect = { effect = "allow", policy = "burn-rate", clause = "none<", undecided = true }"#,
    );
    // A name is in kebab-case, so the clause is refused where it stands.
    let run = project.weir(&["test"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("cases/deploy.toml:18:"), "{}", run.stderr);
    project.edit("cases/deploy.toml", "none<", "none");
    let run = project.weir(&["test"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
    let junit = project.weir(&["test", "--format", "junit"]);
    assert_eq!(junit.code, 1);
    insta::assert_snapshot!(junit.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&project.weir(&["test", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["cases"][1]["differences"][0]["found"], "freeze");
}

#[test]
fn no_cases_are_a_failure() {
    let project = Project::new();
    project.remove("cases");
    let run = project.weir(&["test"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("nothing was tested"), "{}", run.stderr);
    project.write("cases/empty.toml", "");
    assert_eq!(project.weir(&["test"]).code, 2);
}

#[test]
fn what_makes_no_sense_is_shown_where_it_stands() {
    let project = Project::new();
    let case = |rest: &str| {
        format!(
            "[[case]]\nname = \"a\"\nservice = \"my-service\"\nat = 2026-01-01T00:00:00Z\n{rest}\n\
             expect = {{ effect = \"allow\" }}\n"
        )
    };
    let check = |rest: &str, part: &str| {
        project.write("cases/deploy.toml", case(rest));
        let run = project.weir(&["test"]);
        assert_eq!(run.code, 2, "{rest}: {}", run.stdout);
        assert!(run.stderr.contains(part), "{rest}: {}", run.stderr);
    };
    check("", "the case doesn't say what is measured");
    check("tallies = []\nevents = [\"events/example.jsonl\"]", "the case gives both events and tallies");
    check("tallies = [{ slo = \"latency\", since = \"1h\" }]", "there is no SLO `latency`");
    check("tallies = []\ngate = \"release\"", "there is no gate `release`");
    check(
        "tallies = [{ slo = \"availability\", since = \"1h\", until = \"1h\" }]",
        "the stretch ends 1h before `at`",
    );
    check("events = [\"events/none.jsonl\"]", "case `a`: there is no file `events/none.jsonl`");
    check("events = [\"events/none.jsonl\"]", "cases/deploy.toml:5:");
    let many = "tallies = [{ slo = \"availability\", since = \"1h\", good = 9223372036854775807 }]";
    check(many, "case `a`: of `availability`, the slices hold more than");
    check(many, "cases/deploy.toml:5:");
    let twice = case("tallies = []").repeat(2);
    project.write("cases/deploy.toml", twice);
    let run = project.weir(&["test"]);
    assert!(run.stderr.contains("the name `a` is taken"), "{}", run.stderr);
}

#[test]
fn events_of_a_case_are_read_strictly() {
    let project = Project::new();
    project.requests(120, 1000);
    project.write(
        "cases/deploy.toml",
        "[[case]]\nname = \"a\"\nservice = \"my-service\"\nat = 2026-01-01T02:00:00Z\n\
         events = [\"events/example.jsonl\"]\nexpect = { effect = \"allow\" }\n",
    );
    let run = project.weir(&["test"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    project.write("events/example.jsonl", "nonsense\n");
    let run = project.weir(&["test"]);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("events/example.jsonl:1"), "{}", run.stderr);
}
