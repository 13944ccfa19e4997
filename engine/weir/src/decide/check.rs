//! Checks: the service and its documents go in, findings come out, and waivers excuse failures.

use crate::case::Case;
use weir_host::contract::checker as contract;
use weir_host::contract::types::Fact;
use weir_model::finding::{Finding, Outcome as RuleOutcome, Weight};
use weir_model::policy::Policy;

use super::{Armed, Outcome};

/// Puts a check to its plugin.
pub(super) fn judge(case: &Case, armed: &Armed) -> Outcome {
    let mut outcome = Outcome::new(armed);
    let policy = &armed.policy;
    let subject = subject(case);
    match armed.plugin.assess(
        policy.about.name.as_str(),
        &armed.limits,
        &armed.params,
        &subject,
        &armed.evidence,
    ) {
        Err(error) => outcome.error(policy, &error),
        Ok(answer) => {
            outcome.outcome.log = answer.log.iter().map(ToString::to_string).collect();
            let report = answer.value;
            outcome.outcome.level = fact(&report.facts, "level");
            outcome.outcome.findings =
                report.findings.iter().map(|finding| waived(read(finding), case, policy)).collect();
            weigh(&mut outcome, policy);
        }
    }
    outcome.close(policy)
}

/// The effect of the findings: the worst of them governs.
fn weigh(outcome: &mut Outcome, policy: &Policy) {
    let mut gaps = Vec::new();
    for finding in &outcome.outcome.findings {
        match (finding.outcome, finding.weight) {
            (RuleOutcome::Fail, Weight::Required) => {
                outcome.judged = outcome.judged.max(policy.about.on_fail)
            }
            (RuleOutcome::Unknown, Weight::Required) => {
                gaps.push(unknown_rule(finding));
            }
            (RuleOutcome::Fail | RuleOutcome::Unknown, Weight::Advised)
            | (RuleOutcome::Pass | RuleOutcome::Waived | RuleOutcome::NotApplicable, _) => {}
        }
    }
    for gap in gaps {
        outcome.no_data(policy, gap);
    }
}

/// The gap that a rule leaves which nobody can judge.
pub(crate) fn unknown_rule(finding: &Finding) -> String {
    format!("rule `{}` could not be judged: {}", finding.rule, finding.text)
}

fn subject(case: &Case) -> contract::Subject {
    let service = &case.service.about;
    let facts = [
        ("owner", service.owner.to_string()),
        ("tier", service.tier.to_string()),
        ("lifecycle", service.lifecycle.to_string()),
        ("engagement", service.engagement.to_string()),
        ("description", service.description.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    contract::Subject {
        service: service.name.to_string(),
        change: case.change.to_string(),
        now: case.at.as_second(),
        slos: case.service.slos.iter().map(|slo| slo.name.to_string()).collect(),
        dependencies: service.dependencies.iter().map(ToString::to_string).collect(),
        facts: facts.into_iter().map(|(name, value)| Fact { name: name.to_owned(), value }).collect(),
    }
}

fn fact(facts: &[Fact], name: &str) -> Option<String> {
    facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone())
}

/// The sandbox has refused codes that the contract does not know.
fn read(finding: &contract::Finding) -> Finding {
    let filled = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
    Finding {
        rule: finding.rule.clone(),
        outcome: match finding.outcome {
            0 => RuleOutcome::Pass,
            1 => RuleOutcome::Fail,
            2 => RuleOutcome::NotApplicable,
            _ => RuleOutcome::Unknown,
        },
        weight: if finding.weight == 2 { Weight::Advised } else { Weight::Required },
        level: fact(&finding.facts, "level"),
        layer: fact(&finding.facts, "layer"),
        text: finding.text.clone(),
        remedy: filled(&finding.remedy),
        file: filled(&finding.file),
        line: (finding.line > 0).then_some(finding.line),
        waiver: None,
    }
}

/// Excuses a failure that a waiver in force is about; says so when the waiver has run out or has not begun.
fn waived(mut finding: Finding, case: &Case, policy: &Policy) -> Finding {
    if finding.outcome != RuleOutcome::Fail {
        return finding;
    }
    let about = case
        .waivers
        .iter()
        .filter(|waiver| waiver.covers(&case.service.about.name, &policy.about.name, &finding.rule));
    for waiver in about {
        if waiver.holds(case.at) {
            finding.outcome = RuleOutcome::Waived;
            finding.waiver = Some(format!(
                "waived until {} by {}, approved by {}: {}",
                waiver.expires, waiver.requested_by, waiver.approved_by, waiver.reason
            ));
            return finding;
        }
        let when = if case.at < *waiver.from() {
            format!("begins on {}", waiver.granted)
        } else {
            format!("ran out on {}", waiver.expires)
        };
        finding.waiver = Some(format!("the waiver of {} {when}", waiver.requested_by));
    }
    finding
}
