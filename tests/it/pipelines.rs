//! The files for pipelines name what is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::weir;

const FILES: [&str; 7] = [
    "action.yml",
    "ci/github/deploy.yml",
    "ci/gitlab/weir-gate.gitlab-ci.yml",
    "ci/argo-rollouts/analysis-template.yaml",
    "ci/tekton/task.yaml",
    "ci/jenkins/Jenkinsfile",
    "ci/Containerfile",
];

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap()
}

fn matches<'t>(pattern: &str, text: &'t str) -> BTreeSet<&'t str> {
    regex::Regex::new(pattern).unwrap().find_iter(text).map(|found| found.as_str()).collect()
}

#[test]
fn flags_variables_and_formats_are_those_of_the_gate() {
    let help = weir(&["gate", "--help"]).stdout;
    // Of the other programs that the files call: cargo, rustup, git, podman.
    let others =
        ["--locked", "--path", "--root", "--profile", "--quiet", "--file", "--tag", "--from", "--version"];
    for file in FILES {
        let text = text(file);
        for flag in matches(r"--[a-z][a-z-]+", &text) {
            assert!(help.contains(flag) || others.contains(&flag), "{file}: {flag}");
        }
        for variable in matches(r"WEIR_[A-Z_]+", &text) {
            assert!(help.contains(&format!("[env: {variable}]")), "{file}: {variable}");
        }
        for output in matches(r"\b(human|json|sarif|junit|github|gitlab|markdown|tap)=[a-z.-]+", &text) {
            let format = output.split('=').next().unwrap();
            assert!(help.contains(&format!("- {format}:")), "{file}: {output}");
        }
    }
}

#[test]
fn outputs_of_the_action_are_those_of_the_format() {
    let action = text("action.yml");
    let folder = tempfile::tempdir().unwrap();
    let outputs = folder.path().join("outputs");
    let records = folder.path().join("records");
    let sample = crate::support::sample();
    let arguments =
        ["gate", "search", "--format", "github", "--project", sample.to_str().unwrap(), "--records"];
    let run = crate::support::weir_with(
        &[&arguments[..], &[records.to_str().unwrap()]].concat(),
        &[("GITHUB_OUTPUT", &outputs)],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let written = std::fs::read_to_string(outputs).unwrap();
    let wanted = matches(r"steps\.gate\.outputs\.[a-z-]+", &action);
    assert!(wanted.len() >= 5, "{wanted:?}");
    for output in wanted {
        let name = output.rsplit('.').next().unwrap();
        assert!(written.contains(&format!("{name}<<weir-")), "{name}: {written}");
    }
}
