//! Decision records: chained, complete, and replayed to the same bytes.

use std::path::PathBuf;

use crate::support::{Project, sample, weir};

/// The records of a project, oldest first.
fn records(project: &Project) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(project.path(".weir/records"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    paths
}

fn decided() -> Project {
    let project = Project::new();
    project.requests(300, 3);
    for at in ["2026-01-01T02:00:00Z", "2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z"] {
        assert_eq!(project.weir(&["gate", "my-service", "--at", at]).code, 1);
    }
    project
}

#[test]
fn a_record_replays_from_itself_alone() {
    let project = decided();
    let paths = records(&project);
    assert_eq!(paths.len(), 3);
    // Without its project, a record is still enough.
    for gone in ["weir.toml", "services", "policies", "events", "gates"] {
        project.remove(gone);
    }
    for path in &paths {
        let run = weir(&["replay", path.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("same verdict, byte for byte: freeze"), "{}", run.stdout);
    }
}

#[test]
fn every_service_of_the_sample_replays() {
    let folder = tempfile::tempdir().unwrap();
    let project = sample();
    for service in ["catalog", "search", "checkout", "reports"] {
        let arguments = [
            "gate",
            service,
            "--project",
            project.to_str().unwrap(),
            "--records",
            folder.path().to_str().unwrap(),
        ];
        weir(&arguments);
    }
    for number in 1..=4 {
        let name = ["catalog", "search", "checkout", "reports"][number - 1];
        let path = folder.path().join(format!("{number:08}-{name}.json"));
        let run = weir(&["replay", path.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{name}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_changed_record_breaks_the_chain() {
    let project = decided();
    let paths = records(&project);
    let text = std::fs::read_to_string(&paths[1]).unwrap();
    std::fs::write(&paths[1], text.replace("2026-01-01T03:00:00Z", "2026-01-01T03:00:01Z")).unwrap();
    let run = weir(&["replay", paths[2].to_str().unwrap()]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("tampered"), "{}", run.stdout);
}

#[test]
fn a_changed_verdict_is_found_out() {
    let project = decided();
    let path = &records(&project)[0];
    let text = std::fs::read_to_string(path).unwrap();
    let changed = text.replace("\"effect\": \"freeze\"", "\"effect\": \"allow\"");
    assert_ne!(changed, text);
    std::fs::write(path, changed).unwrap();
    let run = weir(&["replay", path.to_str().unwrap()]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("ANOTHER VERDICT"), "{}", run.stdout);
}

#[test]
fn other_policies_can_be_asked_about_a_record() {
    let project = decided();
    let path = records(&project)[0].clone();
    for policy in ["error-budget", "burn-rate"] {
        project.edit(&format!("policies/{policy}.toml"), "mode = \"enforce\"", "mode = \"audit\"");
    }
    let folder = project.path("");
    let run = weir(&["replay", path.to_str().unwrap(), "--policies", folder.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("recorded freeze, with these policies allow"), "{}", run.stdout);
}

#[test]
fn what_is_no_record_is_refused() {
    let project = Project::new();
    project.write("a.json", "{}").write("b.json", "{\"schema-version\": 99}").write("c.json", "x");
    for (name, reason) in
        [("a.json", "no `schema-version`"), ("b.json", "version is 99"), ("c.json", "expected value")]
    {
        let run = weir(&["replay", project.path(name).to_str().unwrap()]);
        assert_eq!(run.code, 3, "{name}");
        assert!(run.stderr.contains(reason), "{name}: {}", run.stderr);
    }
}
