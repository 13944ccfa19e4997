//! What came of a project's cases: for people, and as JUnit XML for the systems that run pipelines.

use std::collections::BTreeMap;

use weir::{CaseDifference, CaseOutcome, CaseReport, Place, PluginCaseOutcome, PluginCaseReport};
use weir_model::Effect;

use crate::output::{bold, in_effect_colour};
use crate::render::clean;
use crate::render::junit::{Case, Outcome, Suite, document};
use crate::render::table::{table, text};

/// A case as it is shown, whatever it was put to.
struct Shown<'c> {
    file: &'c str,
    line: usize,
    name: &'c str,
    differences: &'c [CaseDifference],
    /// What came out, for a case that failed.
    found: Vec<String>,
}

impl<'c> From<&'c CaseOutcome> for Shown<'c> {
    fn from(case: &'c CaseOutcome) -> Shown<'c> {
        let CaseOutcome { file, line, name, differences, effect, reason } = case;
        Shown { file, line: *line, name, differences, found: vec![format!("{effect}: {reason}")] }
    }
}

impl<'c> From<&'c PluginCaseOutcome> for Shown<'c> {
    fn from(case: &'c PluginCaseOutcome) -> Shown<'c> {
        let PluginCaseOutcome { file, line, name, differences, log } = case;
        let found = log.iter().map(|line| format!("log: {line}")).collect();
        Shown { file, line: *line, name, differences, found }
    }
}

fn shown<'c, C: 'c>(cases: &'c [C]) -> Vec<Shown<'c>>
where
    Shown<'c>: From<&'c C>,
{
    cases.iter().map(Shown::from).collect()
}

/// Every case of a project by its file, what the cases reached, and how many came out as expected.
pub(crate) fn cases(report: &CaseReport) -> String {
    let all = shown(&report.cases);
    format!("{}{}\n{}", by_file_lines(&all), reach(report), total(&all))
}

/// Every case of a plugin by its file, and how many came out as expected.
pub(crate) fn plugin_cases(report: &PluginCaseReport) -> String {
    let all = shown(&report.cases);
    format!("{}{}", by_file_lines(&all), total(&all))
}

fn by_file_lines(all: &[Shown<'_>]) -> String {
    let mut out = String::new();
    for (file, cases) in by_file(all) {
        out.push_str(&format!("{}\n", bold(file)));
        for case in cases {
            out.push_str(&case_lines(case));
        }
        out.push('\n');
    }
    out
}

fn failed(all: &[Shown<'_>]) -> usize {
    all.iter().filter(|case| !case.differences.is_empty()).count()
}

fn total(all: &[Shown<'_>]) -> String {
    let failed = failed(all);
    format!("{} passed, {failed} failed\n", all.len() - failed)
}

fn by_file<'s, 'c>(all: &'s [Shown<'c>]) -> BTreeMap<&'c str, Vec<&'s Shown<'c>>> {
    let mut files: BTreeMap<&str, Vec<&Shown<'_>>> = BTreeMap::new();
    for case in all {
        files.entry(case.file).or_default().push(case);
    }
    files
}

fn case_lines(case: &Shown<'_>) -> String {
    if case.differences.is_empty() {
        return format!("  {} {}\n", in_effect_colour(Effect::Allow, "ok  "), clean::line(case.name));
    }
    let mut out = format!(
        "  {} {} (line {})\n",
        in_effect_colour(Effect::Freeze, "FAIL"),
        bold(&clean::line(case.name)),
        case.line
    );
    for difference in case.differences {
        out.push_str(&format!("         {}\n", sentence(difference)));
    }
    for found in &case.found {
        out.push_str(&format!("         {found}\n"));
    }
    out
}

fn sentence(difference: &CaseDifference) -> String {
    format!("{}: expected `{}`, found `{}`", difference.part, difference.expected, difference.found)
}

/// What the cases reached of each policy.
fn reach(report: &CaseReport) -> String {
    let mut table = table(
        ["policy", "cases", "decided", "effects", "clauses that decided"],
        &["effects", "clauses that decided"],
    );
    for policy in &report.policies {
        let effects: Vec<String> = policy.effects.iter().map(ToString::to_string).collect();
        table.add_row([
            policy.policy.clone(),
            policy.asked.to_string(),
            policy.decided.to_string(),
            effects.join(", "),
            policy.clauses.join(", "),
        ]);
    }
    let mut out = text(&table);
    let reached = |effect: &Effect| report.cases.iter().any(|case| case.effect == *effect);
    let never: Vec<String> =
        Effect::ALL.iter().filter(|effect| !reached(effect)).map(|effect| format!("`{effect}`")).collect();
    if !never.is_empty() {
        out.push_str(&format!("  no case ends in {}\n", never.join(", ")));
    }
    for policy in report.unreached() {
        out.push_str(&format!("  no case reaches policy `{policy}`\n"));
    }
    out
}

/// The cases of a project as JUnit XML.
pub(crate) fn junit(report: &CaseReport) -> String {
    junit_of(&shown(&report.cases))
}

/// The cases of a plugin as JUnit XML.
pub(crate) fn plugin_junit(report: &PluginCaseReport) -> String {
    junit_of(&shown(&report.cases))
}

/// A suite a file, a test case a case.
fn junit_of(all: &[Shown<'_>]) -> String {
    let suites = by_file(all).into_iter().map(|(file, cases)| Suite {
        name: file.to_owned(),
        properties: Vec::new(),
        cases: cases.into_iter().map(junit_case).collect(),
    });
    document(&suites.collect::<Vec<_>>())
}

fn junit_case(case: &Shown<'_>) -> Case {
    let outcome = if case.differences.is_empty() {
        Outcome::Passed
    } else {
        let sentences: Vec<String> = case.differences.iter().map(sentence).collect();
        Outcome::Failed { message: sentences.join("; "), text: case.found.join("\n") }
    };
    let place = Place { file: case.file.to_owned(), line: Some(case.line), column: None };
    Case { name: case.name.to_owned(), class: case.file.to_owned(), place: Some(place), outcome, said: None }
}
