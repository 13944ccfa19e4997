//! Budget policies: the state of the error budgets goes in, clauses come out, and what would lift each is worked out.

use crate::case::Case;
use jiff::Timestamp;
use weir_host::contract::budget as contract;
use weir_host::contract::types::Fact;
use weir_math::{Decimal, Latch, Pace, Ratio, Window, recovers_at};
use weir_model::Effect;
use weir_model::verdict::{Clause, Flip, Obligation};

use super::{Armed, Burning, Outcome, Outlook};
use crate::measured::MeasuredSlo;

/// The contract's code for remaining budget.
const REMAINING: u32 = 1;
/// The contract's code for a burn rate.
const BURN: u32 = 2;

/// Puts a budget policy to its plugin.
pub(super) fn judge(case: &Case, armed: &Armed, slos: &[MeasuredSlo], outlook: Outlook) -> Outcome {
    let mut outcome = Outcome::new(armed);
    let policy = &armed.policy;
    let concerned: Vec<&MeasuredSlo> =
        slos.iter().filter(|slo| policy.scope.covers_slo(slo.name())).collect();
    if concerned.is_empty() {
        outcome
            .no_data(policy, format!("`{}` has no SLO that this policy is about", case.service.about.name));
    }
    for gap in concerned.iter().filter_map(|slo| slo.gap.as_ref()) {
        outcome.no_data(policy, gap.clone());
    }
    let measured: Vec<&MeasuredSlo> = concerned.into_iter().filter(|slo| slo.gap.is_none()).collect();
    match &armed.needs {
        None => outcome.failed(policy, format!("plugin `{}` is no budget policy", armed.plugin.name())),
        Some(Err(error)) => outcome.error(policy, error),
        Some(Ok(_)) if measured.is_empty() => {}
        Some(Ok(needs)) => match ask(case, armed, needs, &measured, outlook, &mut outcome) {
            Ok(()) => {}
            Err(Failure::Call(error)) => outcome.error(policy, &error),
            Err(Failure::Answer(reason)) => outcome.failed(policy, reason),
        },
    }
    outcome.close(policy)
}

enum Failure {
    Call(weir_host::CallError),
    Answer(String),
}

impl From<weir_host::CallError> for Failure {
    fn from(error: weir_host::CallError) -> Failure {
        Failure::Call(error)
    }
}

fn ask(
    case: &Case,
    armed: &Armed,
    needs: &contract::Needs,
    slos: &[&MeasuredSlo],
    outlook: Outlook,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let name = armed.policy.about.name.as_str();
    let situation =
        situation(case, needs, slos).map_err(|reason| Failure::Answer(unclear(armed, &reason)))?;
    let answer = armed.plugin.decide(name, &armed.limits, &armed.params, &situation)?;
    let decision = answer.value;
    outcome.outcome.log = answer.log.iter().map(ToString::to_string).collect();
    outcome.judged = effect(decision.effect);
    for clause in &decision.clauses {
        if clause.metric == BURN {
            let (slo, clause) = (clause.slo.clone(), clause.code.clone());
            outcome.burning.push(Burning { policy: name.to_owned(), slo, clause });
        }
        let clause = explained(clause, case.at, slos, outlook)
            .map_err(|reason| Failure::Answer(unclear(armed, &reason)))?;
        outcome.outcome.clauses.push(clause);
    }
    outcome.obligations = decision
        .obligations
        .into_iter()
        .map(|fact| Obligation { policy: name.to_owned(), name: fact.name, value: fact.value })
        .collect();
    Ok(())
}

fn unclear(armed: &Armed, reason: &str) -> String {
    format!(
        "plugin `{}` of policy `{}` gave an answer that makes no sense: {reason}",
        armed.plugin.name(),
        armed.policy.about.name
    )
}

/// The sandbox has refused every other code.
fn effect(code: u32) -> Effect {
    Effect::from_code(code).unwrap_or(Effect::Freeze)
}

fn situation(
    case: &Case,
    needs: &contract::Needs,
    slos: &[&MeasuredSlo],
) -> Result<contract::Situation, String> {
    let latches = needs
        .latches
        .iter()
        .map(|latch| Ok(Latch { enter: decimal(&latch.enter)?, leave: decimal(&latch.leave)? }))
        .collect::<Result<Vec<_>, String>>()?;
    let now = case.at.as_second();
    let counts = |counts: weir_math::Counts| contract::Counts { good: counts.good, bad: counts.bad };
    let slos = slos.iter().map(|slo| {
        let (objective, window) = (slo.objective(), slo.window());
        contract::SloStatus {
            name: slo.name().to_string(),
            objective: objective.as_decimal().to_string(),
            window: window.nominal_seconds(now),
            total: counts(slo.total),
            windows: needs.windows.iter().map(|seconds| counts(slo.last(*seconds))).collect(),
            latched: latches.iter().map(|latch| slo.latched(latch)).collect(),
            facts: slo.coverage.iter().map(|share| fact("coverage", &share.to_decimal_string(6))).collect(),
        }
    });
    let service = &case.service.about;
    Ok(contract::Situation {
        service: service.name.to_string(),
        change: case.change.to_string(),
        now,
        slos: slos.collect(),
        facts: vec![
            fact("owner", service.owner.as_str()),
            fact("tier", &service.tier.to_string()),
            fact("lifecycle", &service.lifecycle.to_string()),
            fact("engagement", &service.engagement.to_string()),
        ],
    })
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).map_err(|_| format!("`{text}` is not a decimal number"))
}

fn filled(text: &str) -> Option<String> {
    if text.is_empty() { None } else { Some(text.to_owned()) }
}

/// A clause as people see it, with what would lift it.
fn explained(
    clause: &contract::Clause,
    at: Timestamp,
    slos: &[&MeasuredSlo],
    outlook: Outlook,
) -> Result<Clause, String> {
    let slo = slos.iter().find(|slo| slo.name().as_str() == clause.slo);
    let required = filled(&clause.required).map(|text| decimal(&text)).transpose()?;
    let actual = filled(&clause.actual).map(|text| decimal(&text)).transpose()?;
    let until = clause.until.and_then(|second| Timestamp::from_second(second).ok());
    let effect = effect(clause.effect);
    let flip = match (effect, slo, &required) {
        (Effect::Allow, _, _) => None,
        _ if outlook == Outlook::Nothing => None,
        (_, Some(slo), Some(required)) => flip(clause, slo, required, actual.as_ref(), at.as_second()),
        _ => until.map(|until| Flip {
            needs: format!("the clause to end on {}", until),
            has: None,
            at_present_pace: Some(until),
            if_all_good: None,
        }),
    };
    Ok(Clause {
        code: clause.code.clone(),
        text: clause.text.clone(),
        effect,
        slo: filled(&clause.slo),
        actual: filled(&clause.actual),
        required: filled(&clause.required),
        until,
        flip,
    })
}

fn flip(
    clause: &contract::Clause,
    slo: &MeasuredSlo,
    required: &Decimal,
    actual: Option<&Decimal>,
    now: i64,
) -> Option<Flip> {
    let name = slo.name();
    let actual = actual.map(|actual| Ratio::from(*actual));
    let (window, level, needs, has) = match clause.metric {
        REMAINING => (
            slo.window().clone(),
            *required,
            format!("at least {} of the error budget of `{name}`", required.percent()),
            actual.map(|actual| actual.percent_string(1)),
        ),
        BURN => {
            let window = Window::Rolling { seconds: clause.window };
            // Burn over a window below the factor is the same as more than 1 - factor of that window's own budget left.
            let level = Decimal::ONE.checked_sub(*required)?.checked_add(smallest_step()?)?;
            let stretch = weir_math::format_duration(clause.window);
            (
                window,
                level,
                format!("a burn rate of `{name}` below {required} over {stretch}"),
                actual.map(|actual| actual.to_decimal_string(1)),
            )
        }
        _ => return None,
    };
    let pace = slo.pace();
    let when = |pace: Pace| {
        let second = recovers_at(slo.account(), slo.objective(), &window, now, &level, pace)?;
        Timestamp::from_second(second).ok()
    };
    // Were all good, the traffic would still be what it is.
    let all_good = Pace { good: pace.good.saturating_add(pace.bad), bad: 0, seconds: pace.seconds };
    Some(Flip { needs, has, at_present_pace: when(pace), if_all_good: when(all_good) })
}

/// Smaller than any step that counts of events can make in a burn rate that people configure: a billionth.
fn smallest_step() -> Option<Decimal> {
    Decimal::parse("0.000000001").ok()
}
