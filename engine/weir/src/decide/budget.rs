//! Budget policies: the state of the error budgets goes in, clauses come out, and what would lift each is worked out.

use crate::case::Case;
use jiff::Timestamp;
use weir_host::contract::budget as contract;
use weir_host::contract::types::Fact;
use weir_host::{Answer, CallError};
use weir_math::{Decimal, Latch, Pace, Ratio, Window, recovers_at};
use weir_model::Effect;
use weir_model::verdict::{Clause, Flip, Obligation};

use super::{Armed, Burning, Outcome, Outlook, Question};
use crate::measured::MeasuredSlo;

/// The contract's code for remaining budget.
const REMAINING: u32 = 1;
/// The contract's code for a burn rate.
const BURN: u32 = 2;

/// Puts a budget policy to its plugin.
pub(super) fn judge(question: &Question<'_>, armed: &Armed, outlook: Outlook) -> Outcome {
    let mut opened = Opened::new(question, armed);
    ask(std::slice::from_mut(&mut opened), armed, outlook);
    opened.outcome.close(&armed.policy)
}

/// Puts a budget policy to its plugin about several cases at once. Each comes out as if it had been the only one.
pub(super) fn judge_each(questions: &[Question<'_>], armed: &Armed, outlook: Outlook) -> Vec<Outcome> {
    let mut opened: Vec<Opened<'_>> = questions.iter().map(|question| Opened::new(question, armed)).collect();
    ask(&mut opened, armed, outlook);
    opened.into_iter().map(|opened| opened.outcome.close(&armed.policy)).collect()
}

/// An outcome in the making.
struct Opened<'q> {
    at: Timestamp,
    /// The SLOs that could be measured.
    slos: Vec<&'q MeasuredSlo>,
    /// What the plugin has yet to be asked.
    situation: Option<contract::Situation>,
    outcome: Outcome,
}

impl<'q> Opened<'q> {
    /// All that can be said before the plugin is asked.
    fn new(question: &Question<'q>, armed: &Armed) -> Opened<'q> {
        let Question { case, standing } = *question;
        let mut outcome = Outcome::new(armed);
        let policy = &armed.policy;
        let concerned: Vec<&MeasuredSlo> =
            standing.judged.iter().filter(|slo| policy.scope.covers_slo(slo.name())).collect();
        if concerned.is_empty() {
            let service = &case.service.about.name;
            outcome.no_data(policy, format!("`{service}` has no SLO that this policy is about"));
        }
        for gap in concerned.iter().filter_map(|slo| slo.gap.as_ref()) {
            outcome.no_data(policy, gap.clone());
        }
        let slos: Vec<&MeasuredSlo> = concerned.into_iter().filter(|slo| slo.gap.is_none()).collect();
        let mut situation = None;
        match &armed.needs {
            None => outcome.failed(policy, format!("plugin `{}` is no budget policy", armed.plugin.name())),
            Some(Err(error)) => outcome.error(policy, error),
            Some(Ok(needs)) => {
                outcome.outcome.log = needs.log.iter().map(ToString::to_string).collect();
                if !slos.is_empty() {
                    match self::situation(case, &needs.value, &slos) {
                        Ok(state) => situation = Some(state),
                        Err(reason) => outcome.failed(policy, unclear(armed, &reason)),
                    }
                }
            }
        }
        Opened { at: case.at, slos, situation, outcome }
    }

    /// Notes what the plugin answered.
    fn answered(
        &mut self,
        answer: Result<Answer<contract::Decision>, CallError>,
        armed: &Armed,
        outlook: Outlook,
    ) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.outcome.error(&armed.policy, &error),
        };
        self.outcome.outcome.log.extend(answer.log.iter().map(ToString::to_string));
        if let Err(reason) = self.decided(answer.value, armed, outlook) {
            self.outcome.failed(&armed.policy, unclear(armed, &reason));
        }
    }

    /// Notes a decision.
    ///
    /// # Errors
    /// With what makes no sense about it.
    fn decided(
        &mut self,
        decision: contract::Decision,
        armed: &Armed,
        outlook: Outlook,
    ) -> Result<(), String> {
        let name = armed.policy.about.name.as_str();
        self.outcome.judged = effect(decision.effect);
        for clause in &decision.clauses {
            if clause.metric == BURN {
                let (slo, clause) = (clause.slo.clone(), clause.code.clone());
                self.outcome.burning.push(Burning { policy: name.to_owned(), slo, clause });
            }
            let clause = explained(clause, self.at, &self.slos, outlook)?;
            self.outcome.outcome.clauses.push(clause);
        }
        let obligation =
            |fact: Fact| Obligation { policy: name.to_owned(), name: fact.name, value: fact.value };
        self.outcome.obligations = decision.obligations.into_iter().map(obligation).collect();
        Ok(())
    }
}

/// Asks the plugin about all situations with one call. When it fails at one of them, or has something to say that could be
/// about any of them, each is asked about by itself.
fn ask(opened: &mut [Opened<'_>], armed: &Armed, outlook: Outlook) {
    let Armed { plugin, limits, params, .. } = armed;
    let name = armed.policy.about.name.as_str();
    let mut asked = Vec::new();
    let mut situations = Vec::new();
    for opened in opened {
        situations.extend(opened.situation.take().inspect(|_| asked.push(&mut *opened)));
    }
    if let [_, _, ..] = situations.as_slice()
        && let Ok(answer) = plugin.decide_each(name, limits, params, &situations)
        && answer.log.is_empty()
    {
        for (opened, decision) in asked.into_iter().zip(answer.value) {
            opened.answered(Ok(Answer { value: decision, log: Vec::new(), log_cut: false }), armed, outlook);
        }
        return;
    }
    for (opened, situation) in asked.into_iter().zip(&situations) {
        opened.answered(plugin.decide(name, limits, params, situation), armed, outlook);
    }
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
