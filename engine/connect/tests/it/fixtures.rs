//! Files of other projects, where they are at hand: every SLO in them is either read, or it is said why not.
//!
//! They are found in the folder that `WEIR_FIXTURES` names, else in `../shared/fixtures` beside the project.

use std::path::{Path, PathBuf};

use weir_connect::prometheus::{Target, rules};
use weir_connect::{Imported, openslo, pyrra, rule_files, slo_generator, sloth, usual_alerts};
use weir_model::Severity;
use weir_model::value::Duration;

use crate::support::{service, shown, tool};

/// The files of a folder and of the folders in it, in the order of their names. None where there is no such folder.
fn files(folder: &str) -> Option<Vec<(String, String)>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let root = std::env::var_os("WEIR_FIXTURES").map_or_else(beside, PathBuf::from);
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    if found.is_empty() {
        eprintln!("`{}` is not there: no files of other projects were read", root.join(folder).display());
        return None;
    }
    found.sort();
    Some(found)
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// How many SLOs were read and how many were refused, each with a reason; every file that is read gives one or the other.
fn outcome(path: &str, imported: &Imported) -> (usize, usize) {
    let _ = shown(imported);
    let read = imported.services.iter().map(|service| service.slo_count()).sum();
    let refused = imported.diagnostics.iter().filter(|said| said.severity == Severity::Error).count();
    assert!(imported.diagnostics.iter().all(|said| said.line() >= 1 && !said.message.is_empty()), "{path}");
    (read, refused)
}

/// Puts rules for the services to `promtool`: what was read as PromQL is PromQL.
fn check_rules(path: &str, imported: &Imported) {
    let services: Vec<_> = imported.services.iter().map(|draft| service(&draft.to_toml())).collect();
    let slos = services.iter().flat_map(|service| service.slos.iter().map(move |slo| (service, slo)));
    let targets = slos.map(|(service, slo)| Target { service, slo, alerts: usual_alerts() });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules(&targets.collect::<Vec<_>>()).text).unwrap();
    if let Some((right, said)) = tool("promtool", &["check", "rules", "rules.yml"], folder.path()) {
        assert!(right, "{path}: {said}");
    }
}

#[test]
fn every_slo_of_sloth_is_read_or_refused() {
    let Some(files) = files("slo/sloth/examples") else { return };
    let (mut read, mut refused) = (0, 0);
    for (path, text) in files.iter().filter(|(path, _)| !path.contains("/_gen/")) {
        let imported = sloth::read(&[(path, text)], Duration::parse("30d").unwrap());
        let written =
            text.lines().filter(|line| line.trim_start_matches([' ', '-']).starts_with("objective:"));
        // Labels may be called so, too.
        let slos =
            written.filter(|line| !line.starts_with("      ") || line.trim_start().starts_with('-')).count();
        let (here, wrong) = outcome(path, &imported);
        assert!(here + wrong >= slos, "{path}: {slos} written, {here} read, {wrong} refused");
        assert!(here + wrong > 0 || path.contains("/windows/"), "{path}");
        // One file is for another system that has functions of its own.
        if !text.contains("histogram_share") {
            check_rules(path, &imported);
        }
        (read, refused) = (read + here, refused + wrong);
    }
    println!("Sloth: {read} SLOs read, {refused} things refused");
    assert!(read >= 20, "{read}");
}

#[test]
fn every_slo_of_pyrra_is_read_or_refused() {
    let Some(files) = files("slo/pyrra") else { return };
    let (mut read, mut refused, mut slos) = (0, 0, 0);
    for (path, text) in &files {
        let imported = pyrra::read(&[(path, text)], None);
        let (here, wrong) = outcome(path, &imported);
        slos += text.matches("kind: ServiceLevelObjective").count();
        check_rules(path, &imported);
        (read, refused) = (read + here, refused + wrong);
    }
    println!("Pyrra: {read} of {slos} SLOs read, {refused} things refused");
    assert_eq!((read, refused), (slos, 0));
}

/// Asserts of each SLO of a file of OpenSLO that it was read, or that something is wrong with it where it stands.
fn none_is_dropped(path: &str, text: &str, imported: &Imported) {
    let services: Vec<_> = imported.services.iter().map(|draft| service(&draft.to_toml())).collect();
    let lines: Vec<&str> = text.lines().map(|line| line.trim_matches([' ', '-', ',']).trim()).collect();
    let value = |line: &str, key: &str| {
        let (found, value) = line.split_once(':')?;
        (found.trim_matches('"') == key).then(|| value.trim().trim_matches('"').to_owned())
    };
    let is_start = |line: &&str| value(line, "apiVersion").is_some();
    let starts: Vec<usize> = (0..lines.len()).filter(|at| is_start(&lines[*at])).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(lines.len());
        let object = &lines[*start..end];
        if !object.iter().any(|line| value(line, "kind").as_deref() == Some("SLO")) {
            continue;
        }
        let name = object.iter().find_map(|line| value(line, "name")).unwrap();
        let is_read =
            services.iter().flat_map(|service| &service.slos).any(|slo| slo.name.as_str().starts_with(&name));
        let is_refused = imported
            .diagnostics
            .iter()
            .any(|said| said.severity == Severity::Error && (start + 1..=end).contains(&said.line()));
        assert!(is_read || is_refused, "{path}: {name} in line {}", start + 1);
    }
}

#[test]
fn every_slo_of_openslo_is_read_or_refused() {
    let Some(files) = files("slo/openslo") else { return };
    let (mut read, mut refused, mut slos) = (0, 0, 0);
    for (path, text) in &files {
        let imported = openslo::read(&[(path, text)]);
        let (here, wrong) = outcome(path, &imported);
        let written = text.lines().filter(|line| {
            let line = line.trim_start_matches([' ', '-']);
            line == "kind: SLO" || line.starts_with("\"kind\": \"SLO\"")
        });
        let written = written.count();
        assert!(here + wrong >= written, "{path}: {written} written, {here} read, {wrong} refused");
        check_rules(path, &imported);
        none_is_dropped(path, text, &imported);
        let something = here + wrong + imported.services.len() + imported.diagnostics.len();
        assert!(something > 0, "{path}: nothing was said");
        (read, refused, slos) = (read + here, refused + wrong, slos + written);
    }
    println!("OpenSLO: {read} of {slos} SLOs read, {refused} things refused");
    assert!(read > 0);
}

#[test]
fn every_slo_of_slo_generator_is_read_or_refused() {
    let Some(files) = files("slo/slo-generator") else { return };
    let shown: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let imported = slo_generator::read(&shown, None);
    let slos: usize = files.iter().map(|(_, text)| text.matches("kind: ServiceLevelObjective").count()).sum();
    let (read, refused) = outcome("slo-generator", &imported);
    println!("slo-generator: {read} of {slos} SLOs read, {refused} things refused");
    assert!(slos > 0 && read + refused >= slos);
    check_rules("slo-generator", &imported);
    // Each backend, exporter and policy of the shared configuration is named.
    let named = imported.diagnostics.iter().filter(|said| said.severity == Severity::Warning).count();
    assert!(named >= 20, "{named}");
}

#[test]
fn every_alert_of_rule_files_is_read_with_its_place() {
    let Some(files) = files("practice/prometheus-rules") else { return };
    let mut read = 0;
    for (path, text) in &files {
        let file = rule_files::read(path, text);
        assert!(file.diagnostics.is_empty(), "{:?}", file.diagnostics);
        let alerts: Vec<_> = file.groups.iter().flat_map(|group| &group.alerts).collect();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            alerts.len(),
            text.lines().filter(|line| line.trim().starts_with("- alert: ")).count(),
            "{path}"
        );
        for alert in &alerts {
            assert!(lines[alert.alert.line - 1].ends_with(&format!("alert: {}", alert.alert.text)), "{path}");
            assert!(alert.labels.contains_key("severity"), "{path}: {}", alert.alert.text);
        }
        read += alerts.len();
    }
    println!("Prometheus: {read} alerts read");
    assert!(read > 50, "{read}");
}
