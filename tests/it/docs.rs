//! What the documentation shows is what the program does.

use std::path::Path;

use crate::support::{sample, weir};

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// The text of the first fenced block of a language that comes after `mark`.
fn block<'d>(document: &'d str, mark: &str, language: &str) -> &'d str {
    let (_, after) = document.split_once(mark).unwrap();
    let (_, inside) = after.split_once(&format!("```{language}\n")).unwrap();
    inside.split_once("```").unwrap().0
}

#[test]
fn the_transcript_of_the_readme_is_real() {
    let records = tempfile::tempdir().unwrap();
    let project = sample();
    let arguments = [
        "gate",
        "checkout",
        "--project",
        project.to_str().unwrap(),
        "--records",
        records.path().to_str().unwrap(),
    ];
    assert_eq!(block(&document("README.md"), "## Try it", "text"), weir(&arguments).stdout);
}

#[test]
fn the_examples_of_the_file_reference_are_one_valid_project() {
    let reference = document("docs/files.md");
    let folder = tempfile::tempdir().unwrap();
    let mut files = 0;
    for part in reference.split("<!-- file: ").skip(1) {
        let (name, rest) = part.split_once(" -->").unwrap();
        if name == "weir.lock" {
            // It pins plugins that only a real project has.
            continue;
        }
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, block(rest, "", "toml")).unwrap();
        files += 1;
    }
    assert!(files >= 10, "{files} examples");
    let arguments = ["check", "checkout", "--at", "2026-11-24T12:00:00Z", "--project"];
    let run = weir(&[&arguments[..], &[folder.path().to_str().unwrap()]].concat());
    // There are no runbooks in the folder, so the check fails; the files are right.
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    // Nor is there a recorded morning, which is all that is wrong with the cases.
    let run = weir(&["test", "--project", folder.path().to_str().unwrap()]);
    assert!(
        run.stderr.contains("there is no file `cases/morning.jsonl`")
            && run.stderr.matches("error[").count() == 1,
        "{}",
        run.stderr
    );
}

#[test]
fn the_file_reference_has_the_table_of_exit_codes() {
    let reference = document("docs/files.md");
    for line in weir(&["help", "exit-codes"]).stdout.lines().skip(2) {
        let code = line.trim().chars().next().unwrap();
        assert!(reference.contains(&format!("| {code} |")), "exit code {code}");
    }
}
