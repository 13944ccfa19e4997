//! Help, schemas and starting a project.

use crate::support::{Project, weir};

#[test]
fn help_lists_the_commands() {
    let run = weir(&["--help"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn help_on_exit_codes_is_the_table() {
    let run = weir(&["help", "exit-codes"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn help_on_a_command_is_its_help() {
    let run = weir(&["help", "slo", "status"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("error budget"), "{}", run.stdout);
    assert_eq!(weir(&["help", "nothing"]).code, 2);
}

#[test]
fn every_schema_is_json_and_an_unknown_one_is_refused() {
    let names = weir(&["schema"]);
    for name in names.stdout.lines() {
        let run = weir(&["schema", name]);
        assert_eq!(run.code, 0, "{name}");
        assert!(
            run.stdout.contains("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\""),
            "{name}"
        );
    }
    let run = weir(&["schema", "servise"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean `service`?"), "{}", run.stderr);
}

#[test]
fn a_new_project_is_valid_and_never_overwritten() {
    let project = Project::new();
    let run = project.weir(&["gate", "my-service"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("60 read = 60 used"), "{}", run.stdout);
    let again = weir(&["init", project.path("").to_str().unwrap()]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is there already; nothing was written"), "{}", again.stderr);
}
