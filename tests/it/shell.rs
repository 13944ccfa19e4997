//! What is made from the command line itself: variables, completions, manual pages; and what rules mean.

use std::path::Path;

use crate::support::{Project, sample, weir, weir_with};

#[test]
fn a_flag_goes_before_a_variable_and_a_variable_before_a_default() {
    let project = Project::new();
    let folder = project.path("");
    let base = ["gate", "my-service"];
    let run = |more: &[&str], variables: &[(&str, &str)]| {
        let variables: Vec<(&str, &Path)> = [("WEIR_PROJECT", folder.as_path())]
            .into_iter()
            .chain(variables.iter().map(|(name, value)| (*name, Path::new(*value))))
            .collect();
        weir_with(&[&base[..], more].concat(), &variables)
    };
    assert!(run(&[], &[]).stdout.starts_with("ALLOW"));
    assert!(run(&[], &[("WEIR_FORMAT", "tap")]).stdout.starts_with("TAP version 14"));
    assert!(run(&["--format", "json"], &[("WEIR_FORMAT", "tap")]).stdout.starts_with("{\n"));
    // An empty variable is none: pipelines hand on inputs that nobody gave.
    assert!(run(&[], &[("WEIR_FORMAT", ""), ("WEIR_CHANGE", "")]).stdout.starts_with("ALLOW  feature"));
    assert!(run(&[], &[("WEIR_CHANGE", "fix")]).stdout.starts_with("ALLOW  fix"));
    let wrong = run(&[], &[("WEIR_CHANGE", "nonsense")]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""), "{}", wrong.stderr);
    let (one, two) = (project.path("one.tap"), project.path("two.md"));
    let outputs = format!("tap={}\nmarkdown={}", one.display(), two.display());
    assert_eq!(run(&[], &[("WEIR_OUTPUT", &outputs)]).code, 0);
    assert!(one.exists() && two.exists());
    for (value, code) in [("1", 4), ("true", 4), ("yes", 4), ("0", 0), ("false", 0), ("no", 0), ("maybe", 2)]
    {
        let sample = sample();
        let records = project.path("records");
        let variables = [("WEIR_FAIL_ON_WARN", Path::new(value)), ("WEIR_RECORDS", &records)];
        let run = weir_with(&["gate", "search", "--project", sample.to_str().unwrap()], &variables);
        assert_eq!(run.code, code, "{value}: {}", run.stderr);
    }
}

#[test]
fn help_names_variables_and_never_shows_what_they_hold() {
    let secret = Path::new("hunter2");
    let run = weir_with(&["gate", "--help"], &[("WEIR_RECORDS", secret), ("WEIR_EVENTS", secret)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("[env: WEIR_RECORDS]"), "{}", run.stdout);
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn completions_are_what_their_shells_understand() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = weir(&["completions", shell]);
        assert_eq!(run.code, 0, "{shell}: {}", run.stderr);
        for part in ["backtest", "fail-on-warn", "sarif"] {
            assert!(run.stdout.contains(part), "{shell}: {part}");
        }
        let mut syntax = std::process::Command::new(shell);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &run.stdout).unwrap();
        // Shells that are there are asked whether they can read it.
        if ["bash", "zsh"].contains(&shell)
            && let Ok(output) = syntax.arg("-n").arg(file.path()).output()
        {
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert_eq!(weir(&["completions", "cmd"]).code, 2);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let run = weir(&["man", pages.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for page in ["weir", "weir-gate", "weir-slo", "weir-slo-lint", "weir-plugin-new", "weir-waive"] {
        let text = std::fs::read_to_string(pages.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
    }
    let gate = std::fs::read_to_string(pages.join("weir-gate.1")).unwrap();
    assert!(gate.contains("WEIR\\_RECORDS") || gate.contains("WEIR_RECORDS"), "{gate}");
}

#[test]
fn a_rule_is_explained() {
    let sample = sample();
    let explain = |rule: &str| weir(&["explain", rule, "--project", sample.to_str().unwrap()]);
    for (name, rule) in
        [("rule", "drill"), ("clause", "error-budget/budget-below-freeze"), ("lint", "slo-lint/never-met")]
    {
        let run = explain(rule);
        assert_eq!(run.code, 0, "{rule}: {}", run.stderr);
        insta::assert_snapshot!(name, run.stdout);
    }
    let json = weir(&["explain", "drill", "--format", "json", "--project", sample.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json[0]["policy"]["file"], "policies/production-readiness.toml");
    for own in ["weir/override", "waiver-unused", "lasts-too-long", "burn-rate/no-data"] {
        assert_eq!(explain(own).code, 0, "{own}");
    }
    // What Weir itself says needs no project, and least of all one that is right.
    let folder = tempfile::tempdir().unwrap();
    let nowhere = |rule: &str| weir(&["explain", rule, "--project", folder.path().to_str().unwrap()]);
    assert_eq!(nowhere("drill").code, 2);
    assert!(nowhere("toml-syntax").stdout.contains("The text is not TOML."));
    std::fs::write(folder.path().join("weir.toml"), "[project\n").unwrap();
    assert_eq!((nowhere("toml-syntax").code, nowhere("drill").code), (0, 2));
    let typo = explain("error-budget/typo");
    assert!(typo.stdout.contains("nobody knows before whether there is a clause `typo`"), "{}", typo.stdout);
    let flag = weir(&["--explain", "drill", "--project", sample.to_str().unwrap()]);
    assert_eq!((flag.code, flag.stdout), (0, explain("drill").stdout));
    let run = explain("dril");
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("did you mean `drill`?"), "{}", run.stderr);
}
