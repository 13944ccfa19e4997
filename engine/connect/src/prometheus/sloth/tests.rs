use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use weir_model::value::Duration;
use weir_model::{ServiceFile, Source};

use super::tree::{self, Tree};
use super::*;
use crate::usual_alerts;
use crate::yaml::read::File;
use crate::yaml::table::Item;

const SPECIFICATION: &str = "version: prometheus/v1\nservice: library\nlabels: {owner: readers}\nslos:\n  - name: lending\n    \
    objective: 99.9\n    sli:\n      events:\n        error_query: sum(rate(failed_total[{{.window}}]))\n        \
    total_query: sum(rate(loans_total[{{.window}}]))\n    alerting: {}\n";

/// The rules that Weir writes in Sloth's style for what it reads of a specification.
fn written(path: &str, specification: &str) -> String {
    let imported = crate::sloth::read(&[(path, specification)], Duration::parse("30d").unwrap());
    let services: Vec<ServiceFile> = imported
        .services
        .iter()
        .map(|draft| ServiceFile::parse(Source::parse("x.toml", &draft.to_toml()).unwrap()).unwrap())
        .collect();
    let slos = services.iter().flat_map(|service| service.slos.iter().map(move |slo| (service, slo)));
    let targets = slos.map(|(service, slo)| Target { service, slo, alerts: usual_alerts() });
    sloth_rules(&targets.collect::<Vec<_>>()).text
}

/// A rule of Sloth's, or one in its shape.
#[derive(Debug)]
struct Rule {
    alert: Option<String>,
    expression: Tree,
    labels: BTreeMap<String, String>,
}

/// Every rule by its group and its name or urgency.
fn rules_of(path: &str, text: &str) -> BTreeMap<(String, String), Rule> {
    fn of<'f>(item: Item<'f>, key: &str) -> Option<Item<'f>> {
        item.entries().find(|(entry, _)| *entry == key).map(|(_, value)| value)
    }
    let file = File::new(path, text);
    let documents = file.documents();
    let mut found = BTreeMap::new();
    for node in &documents {
        let item = Item { file: &file, node };
        // The rules of the custom resource are within its specification.
        let groups = of(item, "groups").or_else(|| of(of(item, "spec")?, "groups"));
        for group in groups.into_iter().flat_map(Item::list) {
            let name = of(group, "name").and_then(Item::text).unwrap().to_owned();
            for rule in of(group, "rules").into_iter().flat_map(Item::list) {
                let labels = of(rule, "labels").into_iter().flat_map(Item::entries);
                let labels: BTreeMap<String, String> = labels
                    .map(|(label, value)| (label.to_owned(), value.text().unwrap().to_owned()))
                    .collect();
                let alert = of(rule, "alert").and_then(Item::text).map(str::to_owned);
                let record = of(rule, "record").and_then(Item::text).map(str::to_owned);
                let rule_name = record.unwrap_or_else(|| labels["sloth_severity"].clone());
                let expression = tree::parse(of(rule, "expr").and_then(Item::text).unwrap());
                found.insert((name.clone(), rule_name), Rule { alert, expression, labels });
            }
        }
    }
    assert!(file.into_diagnostics().is_empty(), "{path}");
    found
}

/// How rules in Sloth's shape differ from Sloth's own on purpose. Every one of them is met in its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Sloth works with floats, so that its error budget for 99.9 % is 0.0009999999999999432. Weir's numbers are exact.
    Numbers,
    /// Weir has no free labels, so those of a specification are not carried over, which is said when it is read.
    LabelsOfTheSpecification,
    /// Which program and which mode wrote the rules: it was not Sloth.
    LabelsOfTheProgram,
    /// Alerts have Weir's name, its `severity` and `weir_owner`, so that Weir's routes for Alertmanager know them.
    NamesAndLabelsOfAlerts,
    /// Which alerts there are is up to the policies, so one that a specification disables is written all the same.
    DisabledAlerts,
}

/// In what a rule differs from Sloth's. Anything that is not on purpose is a failure.
fn differences(
    name: &(String, String),
    ours: &Rule,
    theirs: &Rule,
    specification: &str,
) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    if ours.expression != theirs.expression {
        let rounded = |rule: &Rule| rule.expression.clone().rounded();
        assert_eq!(rounded(ours), rounded(theirs), "{name:?}");
        found.insert(Difference::Numbers);
    }
    assert_eq!(ours.alert.is_some(), theirs.alert.is_some(), "{name:?}");
    if ours.alert.is_some() {
        found.insert(Difference::NamesAndLabelsOfAlerts);
        return found;
    }
    for (label, value) in &ours.labels {
        assert_eq!(theirs.labels.get(label), Some(value), "{name:?}: {label}");
    }
    for label in theirs.labels.keys().filter(|label| !ours.labels.contains_key(*label)) {
        if ["sloth_mode", "sloth_spec", "sloth_version"].contains(&label.as_str()) {
            found.insert(Difference::LabelsOfTheProgram);
        } else {
            // Two are given to Sloth on its command line where it writes its examples.
            let is_written =
                specification.contains(&format!("{label}:")) || ["cmd", "ex"].contains(&label.as_str());
            assert!(is_written, "{name:?}: {label}");
            found.insert(Difference::LabelsOfTheSpecification);
        }
    }
    found
}

#[test]
fn an_slo_has_three_groups() {
    insta::assert_snapshot!(written("library.yml", SPECIFICATION));
}

/// Sloth's own rules for its own examples, where they are at hand. Examples with plugins are passed over, since these
/// write what they like.
#[test]
fn rules_are_those_that_sloth_writes() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder =
        std::env::var_os("WEIR_FIXTURES").map_or_else(beside, PathBuf::from).join("slo/sloth/examples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("`{}` is not there: rules were not held against those of Sloth", folder.display());
        return;
    };
    let (mut compared, mut rules, mut differences) = (0, 0, BTreeSet::new());
    for path in entries.map(|entry| entry.unwrap().path()) {
        let theirs = folder.join("_gen").join(path.file_name().unwrap());
        let (Ok(specification), Ok(theirs)) =
            (std::fs::read_to_string(&path), std::fs::read_to_string(theirs))
        else {
            continue;
        };
        let shown = path.display().to_string();
        let with_plugins = specification.contains("plugin") || shown.contains("contrib-");
        if with_plugins || specification.contains("openslo/") {
            continue;
        }
        let (ours, theirs) = (rules_of(&shown, &written(&shown, &specification)), rules_of(&shown, &theirs));
        for (name, rule) in &theirs {
            let own = ours.get(name).unwrap_or_else(|| panic!("{shown}: {name:?}"));
            differences.extend(self::differences(name, own, rule, &specification));
        }
        for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
            assert!(
                name.0.starts_with("sloth-slo-alerts-") && specification.contains("disable: true"),
                "{shown}: {name:?}"
            );
            differences.insert(Difference::DisabledAlerts);
        }
        (compared, rules) = (compared + 1, rules + theirs.len());
    }
    println!("{rules} rules of {compared} examples are the same");
    assert!(compared >= 5, "{compared}");
    let on_purpose = [
        Difference::Numbers,
        Difference::LabelsOfTheSpecification,
        Difference::LabelsOfTheProgram,
        Difference::NamesAndLabelsOfAlerts,
        Difference::DisabledAlerts,
    ];
    assert_eq!(differences, BTreeSet::from(on_purpose));
}
