//! What pipelines read: every format of every kind of verdict, held to the schemas and rules of the formats.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Project, Run, gate_on_sample, sample, weir, weir_with};

const FORMATS: [&str; 7] = ["human", "sarif", "junit", "github", "gitlab", "markdown", "tap"];

const OVERRULED: [&str; 4] = ["gate", "my-service", "--at", "2026-01-01T01:30:00Z"];

/// Every kind of verdict in a format, by name, with its exit code.
fn verdicts(format: &str) -> Vec<(&'static str, Run, i32)> {
    let overruled = Project::overruled().weir(&[&OVERRULED[..], &["--format", format]].concat());
    vec![
        ("passing", gate_on_sample("catalog", &["--format", format]), 0),
        ("warned", gate_on_sample("search", &["--format", format]), 0),
        ("frozen-and-waived", gate_on_sample("checkout", &["--format", format]), 1),
        ("undecided", gate_on_sample("reports", &["--format", format]), 3),
        ("overruled", overruled, 0),
    ]
}

/// The text without the place of the decision record, which is another one each time, and what follows from it.
fn redacted(text: &str) -> String {
    let record = regex::Regex::new(r#"[^"\s]*\d{8}-[a-z-]+\.json"#).unwrap();
    record.replace_all(text, "[record]").into_owned()
}

#[test]
fn every_verdict_in_every_format() {
    for format in FORMATS {
        for (name, run, code) in verdicts(format) {
            assert_eq!(run.code, code, "{name} as {format}: {}", run.stderr);
            insta::with_settings!({ snapshot_suffix => format!("{name}.{format}"), prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!("verdict", redacted(&run.stdout));
            });
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that does less than it could says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// A schema of a format's authors, which is not part of this project; none, with a word about it, where there is none.
fn schema(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/schemas");
    let file = std::env::var_os("WEIR_SCHEMAS").map_or_else(beside, PathBuf::from).join(name);
    if file.is_file() {
        return Some(file);
    }
    skipped(&format!("{} is not there; .ci/run fetches it", file.display()));
    None
}

#[test]
fn sarif_is_valid() {
    let logs = verdicts("sarif").into_iter().map(|(name, run, code)| {
        let log: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], code, "{name}");
        (name, log)
    });
    let logs: Vec<_> = logs.collect();
    for (name, log) in &logs {
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut fingerprints = BTreeSet::new();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"], "{name}");
            assert!(
                result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(),
                "{name}"
            );
            assert!(fingerprints.insert(result["partialFingerprints"]["weirFinding/v1"].as_str()), "{name}");
        }
        let overruled = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(overruled.len(), usize::from(*name == "overruled"), "{name}");
    }
    let Some(file) = schema("sarif-2.1.0-rtm.5.json") else { return };
    // One pattern of the published schema is no regular expression: a bracket is closed that was never opened.
    let schema = std::fs::read_to_string(file).unwrap().replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, log) in logs {
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn a_waived_finding_is_suppressed_in_sarif() {
    let run = gate_on_sample("checkout", &["--format", "sarif"]);
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let waived = results.iter().find(|result| result["ruleId"] == "production-readiness/drill").unwrap();
    let why = waived["suppressions"][0]["justification"].as_str().unwrap();
    assert!(why.contains("waived until 2027-01-31 by Noor Haddad, approved by Mika Lindqvist"), "{why}");
    let frozen = results.iter().find(|result| result["level"] == "error").unwrap();
    assert_eq!(frozen["suppressions"], Value::Null);
}

#[test]
fn fingerprints_outlive_text_and_lines() {
    let project = Project::new();
    project.requests(300, 3);
    let prints = |at: &str| {
        let run = project.weir(&["gate", "my-service", "--format", "gitlab", "--at", at]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let of = |finding: &Value| finding["fingerprint"].as_str().unwrap().to_owned();
        report.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let before = prints("2026-01-01T03:00:00Z");
    project.edit("services/my-service.toml", "[service]", "\n\n# moved\n[service]");
    assert!(!before.is_empty());
    assert_eq!(before, prints("2026-01-01T04:00:00Z"));
}

#[test]
fn junit_is_valid() {
    let schema = schema("junit-10.xsd");
    // Places are an extension that GitLab and others read, and the schema does not know.
    let places = regex::Regex::new(r#" (file|line)="[^"]*""#).unwrap();
    for (name, run, code) in verdicts("junit") {
        // What the outcome of the document is, is what the exit code is.
        let fails = !run.stdout.contains("failures=\"0\" errors=\"0\">\n  <testsuite ");
        assert_eq!(fails, code != 0, "{name}");
        let Some(schema) = &schema else { continue };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("junit.xml");
        std::fs::write(&file, places.replace_all(&run.stdout, "").as_bytes()).unwrap();
        let mut xmllint = std::process::Command::new("xmllint");
        match xmllint.args(["--noout", "--schema"]).arg(schema).arg(&file).output() {
            Ok(output) => {
                assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr))
            }
            Err(_) => skipped("there is no xmllint"),
        }
    }
}

#[test]
fn gitlab_gets_what_it_asks_for() {
    // The rules of https://docs.gitlab.com/ci/testing/code_quality/, which has no schema of its own.
    for (name, run, _) in verdicts("gitlab") {
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let mut fingerprints = BTreeSet::new();
        for finding in report.as_array().unwrap() {
            for key in ["description", "check_name", "fingerprint", "severity"] {
                assert!(!finding[key].as_str().unwrap().is_empty(), "{name}: {key}");
            }
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(severities.contains(&finding["severity"].as_str().unwrap()), "{name}");
            let path = finding["location"]["path"].as_str().unwrap();
            assert!(!path.starts_with(['/', '.']), "{name}: {path}");
            assert!(finding["location"]["lines"]["begin"].as_u64().unwrap() > 0, "{name}");
            assert!(fingerprints.insert(finding["fingerprint"].as_str()), "{name}");
        }
    }
}

#[test]
fn tap_has_its_plan_and_its_points() {
    // The rules of the TAP 14 specification.
    for (name, run, code) in verdicts("tap") {
        let mut lines = run.stdout.lines();
        assert_eq!(lines.next(), Some("TAP version 14"));
        let planned: usize = lines.next().unwrap().strip_prefix("1..").unwrap().parse().unwrap();
        let points: Vec<&str> = run
            .stdout
            .lines()
            .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "))
            .collect();
        assert_eq!(points.len(), planned, "{name}");
        for (index, point) in points.iter().enumerate() {
            let rest = point.strip_prefix("not ").unwrap_or(point).strip_prefix("ok ").unwrap();
            assert!(rest.starts_with(&format!("{} - ", index + 1)), "{name}: {point}");
        }
        let failed = points.iter().any(|point| point.starts_with("not ok") && !point.contains(" # TODO "));
        assert_eq!(failed, code != 0, "{name}");
        // What is no point stands in a block of YAML, or is a comment.
        let mut inside = false;
        for line in run.stdout.lines().skip(2) {
            match line {
                "  ---" => inside = true,
                "  ..." => inside = false,
                line if inside => assert!(line.starts_with("  "), "{name}: {line}"),
                line => assert!(line.starts_with("# ") || points.contains(&line), "{name}: {line}"),
            }
        }
        assert!(!inside, "{name}");
    }
}

#[test]
fn github_gets_annotations_a_summary_and_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, outputs) = (folder.path().join("summary"), folder.path().join("outputs"));
    std::fs::write(&outputs, "earlier=1\n").unwrap();
    let records = folder.path().join("records");
    let sample = sample();
    let arguments =
        ["gate", "checkout", "--format", "github", "--project", sample.to_str().unwrap(), "--records"];
    let arguments = [&arguments[..], &[records.to_str().unwrap()]].concat();
    let root = sample.join("../..");
    let variables = [
        ("GITHUB_STEP_SUMMARY", summary.as_path()),
        ("GITHUB_OUTPUT", outputs.as_path()),
        ("GITHUB_WORKSPACE", root.as_path()),
    ];
    let run = weir_with(&arguments, &variables);
    assert_eq!(run.code, 1, "{}", run.stderr);
    // Places are those of the checkout.
    assert!(
        run.stdout.contains("::error file=policies/sample/services/checkout.toml,line="),
        "{}",
        run.stdout
    );
    let (annotations, rest) = run.stdout.split_once("::stop-commands::").unwrap();
    assert!(annotations.lines().count() <= 30);
    let word = rest.lines().next().unwrap();
    assert!(rest.ends_with(&format!("\n::{word}::\n")), "{rest}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("### weir gate: FREEZE"), "{summary}");
    let outputs = std::fs::read_to_string(outputs).unwrap();
    assert!(outputs.starts_with("earlier=1\n"), "{outputs}");
    for (name, value) in
        [("effect", "freeze"), ("exit-code", "1"), ("service", "checkout"), ("overruled", "false")]
    {
        let (_, after) = outputs.split_once(&format!("{name}<<")).unwrap();
        let mut lines = after.lines();
        let delimiter = lines.next();
        assert_eq!((lines.next(), lines.next()), (Some(value), delimiter), "{name}");
    }
}

#[test]
fn an_override_is_loud_in_every_format() {
    for format in ["human", "json", "sarif", "junit", "github", "gitlab", "markdown", "tap"] {
        let run = Project::overruled().weir(&[&OVERRULED[..], &["--format", format]].concat());
        assert_eq!(run.code, 0, "{format}: {}", run.stderr);
        for part in ["Ada", "Grace", "the fix for the outage is in this release"] {
            assert!(run.stdout.contains(part), "{format}: {}", run.stdout);
        }
        let mark = if format == "json" { "\"overruled\": {" } else { "OVERRULED" };
        assert!(run.stdout.contains(mark), "{format}: {}", run.stdout);
    }
}

#[test]
fn texts_give_no_orders_in_any_format() {
    let project = Project::new();
    project.requests(180, 2).write(
        "overrides/incident.toml",
        "[[override]]\nservice = \"my-service\"\neffect = \"allow\"\nby = \"Ada\"\napproved-by = \"Grace\"\n\
         reason = \"a\\u001B[2J\\u009B31m\\u202Eb\\n::error::c @all <b> ]]> \\\"d\\\" # TODO e\"\n\
         from = \"2026-01-01T01:00:00Z\"\nuntil = \"2026-01-01T02:00:00Z\"\n",
    );
    for format in ["human", "json", "sarif", "junit", "github", "gitlab", "markdown", "tap"] {
        let run = project.weir(&[&OVERRULED[..], &["--format", format]].concat());
        assert_eq!(run.code, 0, "{format}: {}", run.stderr);
        let order =
            |character: &char| *character != '\n' && (character.is_control() || *character == '\u{202e}');
        assert_eq!(run.stdout.chars().find(order), None, "{format}: {:?}", run.stdout);
        if format == "github" {
            let (annotations, _) = run.stdout.split_once("::stop-commands::").unwrap();
            assert!(!annotations.lines().any(|line| line.starts_with("::error::c")), "{annotations}");
        }
        if format == "markdown" {
            assert!(!run.stdout.contains("@all") && !run.stdout.contains("<b>"), "{}", run.stdout);
        }
    }
}

#[test]
fn several_formats_go_to_files_at_once() {
    let project = Project::overruled();
    let file = |name: &str| project.path(name);
    let output = |format: &str| format!("{format}={}", file(format).display());
    let outputs: Vec<String> = FORMATS.iter().map(|format| output(format)).collect();
    let mut arguments = OVERRULED.to_vec();
    for output in &outputs {
        arguments.extend(["--output", output]);
    }
    let run = project.weir(&arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for format in FORMATS {
        let alone = project.weir(&[&OVERRULED[..], &["--format", format]].concat());
        let text = std::fs::read_to_string(file(format)).unwrap();
        assert_eq!(redacted(&text), redacted(&alone.stdout), "{format}");
    }
    let left = std::fs::read_dir(project.path("")).unwrap();
    let left =
        left.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "draft"));
    assert_eq!(left.count(), 0);
}

#[test]
fn what_can_not_be_written_is_said_before_anything_is_decided() {
    let project = Project::overruled();
    std::fs::create_dir(project.path("folder")).unwrap();
    let check = |output: &str, part: &str| {
        let run = project.weir(&[&OVERRULED[..], &["--output", output]].concat());
        assert_eq!(run.code, 2, "{output}: {}", run.stdout);
        assert_eq!(run.stdout, "", "{output}");
        assert!(run.stderr.contains(part), "{output}: {}", run.stderr);
        assert!(!project.path(".weir/records").exists(), "{output}");
    };
    let path = |name: &str| project.path(name).display().to_string();
    check("sarif", "expected a format and a file");
    check("pdf=a", "there is no format `pdf`");
    check(&format!("json={}", path("none/a.json")), "make its folder first");
    check(&format!("json={}", path("folder")), "can't be written");
    let twice = format!("json={}", path("a.json"));
    let run = project.weir(&[&OVERRULED[..], &["--output", &twice, "--output", &twice]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("is named by two of --output"), "{}", run.stderr);
    let arguments = [&OVERRULED[..], &["--format", "github"]].concat();
    let folder = project.path("");
    let arguments = [&arguments[..], &["--project", folder.to_str().unwrap()]].concat();
    let run = weir_with(&arguments, &[("GITHUB_OUTPUT", &project.path("none/outputs"))]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains("GITHUB_OUTPUT"), "{}", run.stderr);
}

#[test]
fn a_file_stays_as_it_was_when_there_is_no_answer() {
    let project = Project::overruled();
    project.write("result.json", "before");
    let output = format!("json={}", project.path("result.json").display());
    let run = project.weir(&["gate", "nothing", "--output", &output]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(std::fs::read_to_string(project.path("result.json")).unwrap(), "before");
    assert_eq!(project.weir(&[&OVERRULED[..], &["--output", &output]].concat()).code, 0);
    assert!(std::fs::read_to_string(project.path("result.json")).unwrap().starts_with("{\n"));
}

#[test]
fn the_other_commands_speak_all_formats() {
    let sample = sample();
    let project = ["--project", sample.to_str().unwrap()];
    let commands: [(&[&str], i32); 4] =
        [(&["check", "checkout"], 0), (&["toil"], 0), (&["test"], 0), (&["slo", "lint"], 1)];
    for (command, code) in commands {
        for format in ["human", "json", "sarif", "junit", "github", "gitlab", "markdown", "tap"] {
            let run = weir(&[command, &project, &["--format", format]].concat());
            assert_eq!(run.code, code, "{command:?} as {format}: {}", run.stderr);
            assert!(!run.stdout.is_empty(), "{command:?} as {format}");
            if ["json", "sarif", "gitlab"].contains(&format) {
                serde_json::from_str::<Value>(&run.stdout).unwrap();
            }
            if ["markdown", "tap"].contains(&format) {
                let name = command.join("-");
                insta::with_settings!({ snapshot_suffix => format!("{name}.{format}"), prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!("command", run.stdout);
                });
            }
        }
    }
}
