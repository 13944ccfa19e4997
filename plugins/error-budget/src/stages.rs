//! The stages: what they need to know, and whether they hold.

use weir_math::{Budget, Counts, Decimal, Objective, Ratio, parse_duration};
use weir_plugin::budget::{Clause, Latch, Needs, Situation, SloStatus};
use weir_plugin::{Pattern, Problem, effect, metric};

use crate::{Effect, Stage, invalid};

pub(crate) fn default_stages() -> Vec<Stage> {
    let stage = |effect, below: &str, lift_at: Option<&str>| Stage {
        effect,
        below: Some(below.to_owned()),
        lift_at: lift_at.map(str::to_owned),
        burn_above: None,
        over: None,
        notify: Vec::new(),
        file: Vec::new(),
        focus: Vec::new(),
    };
    vec![stage(Effect::Warn, "25%", None), stage(Effect::Freeze, "0%", Some("10%"))]
}

/// The stages in numbers, and what the host has to compute for them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// One for each stage, in their order.
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) needs: Needs,
}

/// When a stage holds.
#[derive(Debug)]
pub(crate) enum Trigger {
    /// Less than `below` of the budget is left, or it has been and the latch at this place is still closed.
    Remaining { below: Decimal, lift: Option<Lift> },
    /// The burn rate over the window at this place is `least` or more.
    Burn { least: Decimal, window: u64, over: String, place: usize },
}

/// When a stage that has begun lifts.
#[derive(Debug)]
pub(crate) struct Lift {
    at: Decimal,
    place: usize,
}

impl Plan {
    /// Reads the stages; refuses those that make no sense.
    pub(crate) fn new(stages: &[Stage]) -> Result<Self, Problem> {
        let mut plan =
            Plan { triggers: Vec::new(), needs: Needs { windows: Vec::new(), latches: Vec::new() } };
        for (index, stage) in stages.iter().enumerate() {
            let trigger = plan.trigger(stage);
            let number = index + 1;
            let trigger = trigger.or_else(|text| invalid(format!("stage {number}: {text}")))?;
            plan.triggers.push(trigger);
        }
        Ok(plan)
    }

    fn trigger(&mut self, stage: &Stage) -> Result<Trigger, String> {
        match (&stage.below, &stage.lift_at, &stage.burn_above, &stage.over) {
            (Some(below), lift_at, None, None) => {
                let below = share("below", below)?;
                let lift = match lift_at {
                    None => None,
                    Some(at) => Some(self.lift(&below, share("lift-at", at)?)?),
                };
                Ok(Trigger::Remaining { below, lift })
            }
            (None, None, Some(least), Some(over)) => {
                let least = Decimal::parse(least).map_err(|error| format!("`burn-above`: {error}"))?;
                let window = parse_duration(over).map_err(|error| format!("`over`: {error}"))?;
                let place = place(&mut self.needs.windows, window);
                Ok(Trigger::Burn { least, window, over: over.clone(), place })
            }
            _ => {
                Err("needs either `below`, with or without `lift-at`, or `burn-above` with `over`".to_owned())
            }
        }
    }

    fn lift(&mut self, below: &Decimal, at: Decimal) -> Result<Lift, String> {
        if at < *below {
            return Err(
                "`lift-at` is lower than `below`, so the stage would lift before it begins".to_owned()
            );
        }
        let latch = Latch { enter: below.to_string(), leave: at.to_string() };
        Ok(Lift { at, place: place(&mut self.needs.latches, latch) })
    }
}

/// Where the item stands in the list, which it joins if it isn't there yet.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    let known = list.iter().position(|other| *other == item);
    known.unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// Reads a share of the budget, such as `25%`.
fn share(key: &str, text: &str) -> Result<Decimal, String> {
    Decimal::parse(text).map_err(|error| format!("`{key}`: {error}"))
}

/// An SLO that has events, and what is left of its budget.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    status: &'a SloStatus,
    objective: Objective,
    remaining: Ratio,
}

/// The SLOs with a name among `names` that have events, the one with the least budget left first.
pub(crate) fn measure<'a>(names: &[Pattern], situation: &'a Situation) -> Result<Vec<Measured<'a>>, Problem> {
    let mut measured = Vec::new();
    for status in &situation.slos {
        if !names.iter().any(|name| name.matches(&status.name)) {
            continue;
        }
        let objective = Objective::parse(&status.objective)
            .map_err(|error| Problem::Unprocessable(format!("SLO `{}`: {error}", status.name)))?;
        let counts = Counts { good: status.total.good, bad: status.total.bad };
        if let Some(remaining) = Budget::new(&objective, counts).remaining() {
            measured.push(Measured { status, objective, remaining });
        }
    }
    measured
        .sort_by(|one, other| (one.remaining, &one.status.name).cmp(&(other.remaining, &other.status.name)));
    Ok(measured)
}

impl Trigger {
    /// The clause of a stage that holds for the SLO.
    pub(crate) fn clause(&self, effect: Effect, slo: &Measured<'_>) -> Result<Option<Clause>, Problem> {
        match self {
            Trigger::Remaining { below, lift } => remaining_clause(effect, below, lift.as_ref(), slo),
            Trigger::Burn { least, window, over, place } => {
                let counts = slo.status.windows.get(*place).ok_or_else(|| incomplete(slo))?;
                let counts = Counts { good: counts.good, bad: counts.bad };
                let burn = Budget::new(&slo.objective, counts).burn();
                let Some(burn) = burn.filter(|burn| burn.cmp_decimal(least).is_ge()) else { return Ok(None) };
                Ok(Some(Clause {
                    code: format!("burn-above-{}", effect.name()),
                    text: format!(
                        "`{}` has burnt its error budget at {} times the sustainable rate over {over}; {} from {least}",
                        slo.status.name,
                        burn.to_decimal_string(2),
                        effect.verb(),
                    ),
                    metric: metric::BURN_RATE,
                    window: *window,
                    actual: burn.to_decimal_string(6),
                    required: least.to_string(),
                    ..about(effect.code(), slo)
                }))
            }
        }
    }
}

fn remaining_clause(
    effect: Effect,
    below: &Decimal,
    lift: Option<&Lift>,
    slo: &Measured<'_>,
) -> Result<Option<Clause>, Problem> {
    let (verb, level) = (effect.verb(), below.percent());
    let is_below = slo.remaining.cmp_decimal(below).is_lt();
    let lift_at = lift.map(|lift| &lift.at);
    let latched = match lift {
        Some(lift) => {
            let closed = *slo.status.latched.get(lift.place).ok_or_else(|| incomplete(slo))?;
            closed && slo.remaining.cmp_decimal(&lift.at).is_lt()
        }
        None => false,
    };
    let (code, rest) = match lift_at {
        None if is_below => ("budget-below", format!("{verb} below {level}")),
        Some(at) if is_below => {
            ("budget-below", format!("{verb} below {level}, until {} are back", at.percent()))
        }
        Some(at) if latched => {
            ("budget-recovering", format!("was below {level} and {verb} until {} are back", at.percent()))
        }
        None | Some(_) => return Ok(None),
    };
    Ok(Some(Clause {
        code: format!("{code}-{}", effect.name()),
        text: format!("{}; {rest}", left(slo, &level)),
        required: lift_at.unwrap_or(below).to_string(),
        ..about(effect.code(), slo)
    }))
}

/// The clause that is given when nothing holds, so that people see how far away that is.
pub(crate) fn within_budget(slo: &Measured<'_>) -> Clause {
    Clause {
        code: "within-budget".to_owned(),
        text: format!("{}, the least of all SLOs", left(slo, "")),
        ..about(effect::ALLOW, slo)
    }
}

/// A clause about the remaining budget of an SLO, without code and text.
fn about(effect: u32, slo: &Measured<'_>) -> Clause {
    Clause {
        code: String::new(),
        text: String::new(),
        effect,
        slo: slo.status.name.clone(),
        metric: metric::REMAINING_BUDGET,
        window: 0,
        actual: slo.remaining.to_decimal_string(6),
        required: String::new(),
        until: None,
    }
}

/// The sentence about what is left. It is rounded, but never to the level that it is held against.
fn left(slo: &Measured<'_>, level: &str) -> String {
    let mut rounded = (1..6).map(|places| slo.remaining.percent_string(places));
    let remaining = rounded.find(|text| text != level).unwrap_or_else(|| slo.remaining.percent_string(6));
    format!("`{}` has {remaining} of its error budget left", slo.status.name)
}

fn incomplete(slo: &Measured<'_>) -> Problem {
    Problem::Unprocessable(format!("SLO `{}` lacks a window or latch that was asked for", slo.status.name))
}
