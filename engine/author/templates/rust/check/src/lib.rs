//! A check: does every service have a runbook with the sections that people look for at night?

use serde::Deserialize;
use weir_plugin::checker::{Finding, Report, Subject};
use weir_plugin::{About, Check, Problem, evidence, outcome, refusal, weight};

/// What a policy may say under `[params]`. The schema beside this file says the same to the host.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The folder of runbooks; the policy has to grant it.
    #[serde(default = "folder")]
    folder: String,
    /// The headings that a runbook must have, whatever their case and level.
    #[serde(default = "headings")]
    headings: Vec<String>,
}

fn folder() -> String {
    "runbooks".to_owned()
}

fn headings() -> Vec<String> {
    vec!["Rollback".to_owned(), "Escalation".to_owned()]
}

/// The plugin.
#[derive(Debug)]
pub struct MyPlugin;

weir_plugin::check!(MyPlugin);

impl Check for MyPlugin {
    type Params = Params;

    const ABOUT: About = About {
        name: "my-plugin",
        version: "0.1.0",
        summary: "whether a service has a runbook with the sections that people look for",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["runbooks/<service>.md"],
    };

    fn assess(params: &Params, subject: &Subject) -> Result<Report, Problem> {
        let file = format!("{}/{}.md", params.folder, subject.service);
        let text = match evidence::read(&file) {
            Ok(text) => text,
            Err(refused) if refused.code == refusal::MISSING => {
                let text = format!("there is no {file}");
                let remedy = format!("write {file}");
                let finding = Finding { remedy, ..finding("runbook", outcome::FAIL, text, &file) };
                return Ok(report(vec![finding]));
            }
            // Not granted, too large, no text: nobody can tell, and the host's own words say why.
            Err(refused) => {
                return Ok(report(vec![finding("runbook", outcome::UNKNOWN, refused.text, &file)]));
            }
        };
        let mut findings = vec![finding("runbook", outcome::PASS, format!("{file} is there"), &file)];
        for heading in &params.headings {
            findings.push(section(&file, &text, heading));
        }
        Ok(report(findings))
    }
}

/// Looks for a section.
fn section(file: &str, text: &str, heading: &str) -> Finding {
    let rule = format!("section-{}", kebab_case(heading));
    let line =
        text.lines().position(|line| title(line).is_some_and(|title| title.eq_ignore_ascii_case(heading)));
    match line {
        Some(line) => Finding {
            line: u32::try_from(line + 1).unwrap_or(0),
            ..finding(&rule, outcome::PASS, format!("{file} has a section {heading}"), file)
        },
        None => Finding {
            remedy: format!("add a section {heading} to {file}"),
            ..finding(&rule, outcome::FAIL, format!("{file} has no section {heading}"), file)
        },
    }
}

/// The text of a heading; none for any other line.
fn title(line: &str) -> Option<&str> {
    line.starts_with('#').then(|| line.trim_start_matches('#').trim())
}

/// A heading as a part of a rule's name.
fn kebab_case(heading: &str) -> String {
    let words = heading.split(|character: char| !character.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn finding(rule: &str, outcome: u32, text: String, file: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        outcome,
        weight: weight::REQUIRED,
        text,
        remedy: String::new(),
        file: file.to_owned(),
        line: 0,
        facts: Vec::new(),
    }
}

fn report(findings: Vec<Finding>) -> Report {
    Report { findings, facts: Vec::new() }
}

#[cfg(test)]
mod tests {
    use weir_plugin::testing::with_documents;

    use super::*;

    /// The rules that a runbook of `shop` fails; none stands for no runbook.
    fn failed(text: Option<&str>) -> Vec<String> {
        let documents = text.map(|text| ("runbooks/shop.md".to_owned(), text.to_owned()));
        let subject = Subject {
            service: "shop".to_owned(),
            change: String::new(),
            now: 0,
            slos: Vec::new(),
            dependencies: Vec::new(),
            facts: Vec::new(),
        };
        let params = serde_json::from_str("{}").unwrap();
        let report = with_documents(documents.into_iter().collect(), || MyPlugin::assess(&params, &subject));
        let findings = report.unwrap().findings.into_iter();
        findings.filter(|finding| finding.outcome == outcome::FAIL).map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_runbook_needs_its_sections() {
        assert_eq!(failed(None), ["runbook"]);
        assert_eq!(failed(Some("# Shop\n## ROLLBACK\n")), ["section-escalation"]);
        assert!(failed(Some("# Rollback\n# Escalation\n")).is_empty());
    }
}
