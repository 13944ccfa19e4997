//! What came of a project's cases: for people, and as JUnit XML for the systems that run pipelines.

use std::collections::BTreeMap;

use weir::{CaseDifference, CaseOutcome, CaseReport};
use weir_model::Effect;

use crate::output::{bold, in_effect_colour};
use crate::render::markup::escaped;
use crate::render::table::{table, text};

/// Every case by its file, what the cases reached, and how many came out as expected.
pub(crate) fn cases(report: &CaseReport) -> String {
    let mut out = String::new();
    for (file, cases) in by_file(report) {
        out.push_str(&format!("{}\n", bold(file)));
        for case in cases {
            out.push_str(&case_lines(case));
        }
        out.push('\n');
    }
    out.push_str(&reach(report));
    let (all, failed) = (report.cases.len(), report.failed());
    out.push_str(&format!("\n{} passed, {failed} failed\n", all - failed));
    out
}

fn by_file(report: &CaseReport) -> BTreeMap<&str, Vec<&CaseOutcome>> {
    let mut files: BTreeMap<&str, Vec<&CaseOutcome>> = BTreeMap::new();
    for case in &report.cases {
        files.entry(&case.file).or_default().push(case);
    }
    files
}

fn case_lines(case: &CaseOutcome) -> String {
    if case.differences.is_empty() {
        return format!("  {} {}\n", in_effect_colour(Effect::Allow, "ok  "), case.name);
    }
    let mut out =
        format!("  {} {} (line {})\n", in_effect_colour(Effect::Freeze, "FAIL"), bold(&case.name), case.line);
    for difference in &case.differences {
        out.push_str(&format!("         {}\n", sentence(difference)));
    }
    out.push_str(&format!("         {}: {}\n", case.effect, case.reason));
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

/// JUnit XML: a suite a file, a test case a case.
pub(crate) fn junit(report: &CaseReport) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (all, failed) = (report.cases.len(), report.failed());
    out.push_str(&format!("<testsuites name=\"weir\" tests=\"{all}\" failures=\"{failed}\">\n"));
    for (file, cases) in by_file(report) {
        let failed = cases.iter().filter(|case| !case.differences.is_empty()).count();
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(file),
            cases.len()
        ));
        for case in cases {
            out.push_str(&junit_case(case));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn junit_case(case: &CaseOutcome) -> String {
    let start = format!(
        "    <testcase name=\"{}\" classname=\"{file}\" file=\"{file}\" line=\"{}\"",
        escaped(&case.name),
        case.line,
        file = escaped(&case.file),
    );
    if case.differences.is_empty() {
        return start + "/>\n";
    }
    let sentences: Vec<String> = case.differences.iter().map(sentence).collect();
    format!(
        "{start}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
        escaped(&sentences.join("; ")),
        escaped(&format!("{}: {}", case.effect, case.reason)),
    )
}
