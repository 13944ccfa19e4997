use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use weir_model::value::Duration;
use weir_model::{ServiceFile, Source};

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

/// The tokens of PromQL, with numbers to twelve digits: two expressions with the same tokens have the same tree.
fn tokens(expression: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut quote = None;
    let mut begins = true;
    for character in expression.trim().chars() {
        if quote.is_none() && character.is_whitespace() {
            begins = true;
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
        let goes_on = quote.is_some()
            || (!begins && is_word(character) && tokens.last().is_some_and(|last| last.ends_with(is_word)));
        match tokens.last_mut().filter(|_| goes_on) {
            Some(last) => last.push(character),
            None => tokens.push(character.to_string()),
        }
        begins = false;
        match quote {
            Some(open) if open == character => {
                quote = None;
                begins = true;
            }
            Some(_) => {}
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None => {}
        }
    }
    for token in &mut tokens {
        if let Ok(number) = token.parse::<f64>() {
            *token = format!("{number:.11e}");
        }
    }
    tokens
}

/// Every rule by its group and its name or urgency, as tokens.
fn rules_of(path: &str, text: &str) -> BTreeMap<(String, String), Vec<String>> {
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
                let severity = || of(of(rule, "labels")?, "sloth_severity");
                let rule_name = of(rule, "record").or_else(severity).and_then(Item::text).unwrap();
                let expression = of(rule, "expr").and_then(Item::text).unwrap();
                found.insert((name.clone(), rule_name.to_owned()), tokens(expression));
            }
        }
    }
    assert!(file.into_diagnostics().is_empty(), "{path}");
    found
}

#[test]
fn an_slo_has_three_groups() {
    insta::assert_snapshot!(written("library.yml", SPECIFICATION));
}

#[test]
fn tokens_are_the_same_however_they_are_spaced() {
    let check = |one: &str, other: &str, same: bool| assert_eq!(tokens(one) == tokens(other), same, "{one}");
    check("sum( rate(x[5m]) )\n/ 0.1", "sum(rate(x[5m]))/0.10000000000000001", true);
    check("a or b", "a orb", false);
    check("x{a=\"b c\"}", "x{a=\"bc\"}", false);
    check("1 - 2", "1 + 2", false);
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
    let (mut compared, mut rules) = (0, 0);
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
        for (name, expression) in &theirs {
            assert_eq!(ours.get(name), Some(expression), "{shown}: {name:?}");
        }
        for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
            // That an alert is disabled is reported when it is read, and not carried over.
            assert!(
                name.0.starts_with("sloth-slo-alerts-") && specification.contains("disable: true"),
                "{shown}: {name:?}"
            );
        }
        (compared, rules) = (compared + 1, rules + theirs.len());
    }
    println!("{rules} rules of {compared} examples are the same");
    assert!(compared >= 5, "{compared}");
}
