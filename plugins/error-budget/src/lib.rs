//! An error budget policy: the less of the budget is left, the more a change has to wait.
//!
//! Each stage looks at every SLO by itself and the most severe stage wins, so the worst SLO governs, never a mean. A
//! stage begins when the remaining budget falls below a level and, if it says so, lifts only at a higher one. Beside the
//! stages, a calendar holds changes back at times when nobody wants them.

mod calendar;
mod stages;

use serde::Deserialize;
use weir_plugin::budget::{Clause, Decision, Needs, Situation};
use weir_plugin::{About, BudgetPolicy, Fact, Pattern, Problem, effect};

use stages::Plan;

/// The parameters.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The SLOs that the policy looks at, by name; `*` stands for any run of characters. Without it: all.
    #[serde(default = "all")]
    pub slos: Vec<Pattern>,
    /// The stages. Without them: warn below 25 %; freeze below 0 %, until 10 % are back.
    #[serde(default = "stages::default_stages")]
    pub stages: Vec<Stage>,
    /// The kinds of change that a hold or a freeze lets through. Without it: `fix`, `security`, `rollback`.
    #[serde(default = "exempt")]
    pub exempt: Vec<String>,
    /// Periods in which changes wait.
    #[serde(default)]
    pub calendar: Vec<Entry>,
}

/// One stage of the policy. It looks either at the remaining budget (`below`) or at a burn rate (`burn-above`).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stage {
    /// What the stage does to a change.
    pub effect: Effect,
    /// Begins when less than this share of the budget is left, for example `25%`. With `0%` it begins with the first bad
    /// event that the budget doesn't cover: at exactly 0 % the objective is still met.
    #[cfg_attr(test, schemars(regex(pattern = "^-?[0-9]+(\\.[0-9]+)? ?%$")))]
    pub below: Option<String>,
    /// Lifts when at least this share of the budget is left again. Without it, the stage lifts at `below`.
    #[cfg_attr(test, schemars(regex(pattern = "^-?[0-9]+(\\.[0-9]+)? ?%$")))]
    pub lift_at: Option<String>,
    /// Holds while the burn rate over `over` is this high or higher, for example `2`.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)?$")))]
    pub burn_above: Option<String>,
    /// The window of the burn rate, for example `1h`.
    pub over: Option<String>,
    /// Whom to tell while the stage stands.
    #[serde(default)]
    pub notify: Vec<String>,
    /// What to file, for example a ticket.
    #[serde(default)]
    pub file: Vec<String>,
    /// What to work on instead.
    #[serde(default)]
    pub focus: Vec<String>,
}

/// A period in which changes wait.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// What the period is called.
    pub name: String,
    /// When it begins, as a clock in its time zone shows it, for example `2026-12-20T18:00`. A time that the clocks skip
    /// is the first instant after the gap, one that they show twice the earlier of the two.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$")))]
    pub from: String,
    /// When it ends, in the same form. The end no longer belongs to it.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$")))]
    pub until: String,
    /// The IANA name of the time zone, for example `Europe/Berlin`.
    pub time_zone: String,
    /// What the period does to a change.
    #[serde(default = "Effect::freeze")]
    pub effect: Effect,
    /// The kinds of change that the period lets through, in place of the policy's own list.
    pub exempt: Option<Vec<String>>,
    /// Whether the period comes again each year, from the year of `from` on.
    #[serde(default)]
    pub yearly: bool,
}

/// What happens to a change.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It goes out with a warning.
    Warn,
    /// It waits until someone approves it.
    Hold,
    /// It waits.
    Freeze,
}

impl Effect {
    fn freeze() -> Self {
        Effect::Freeze
    }

    fn code(self) -> u32 {
        match self {
            Effect::Warn => effect::WARN,
            Effect::Hold => effect::HOLD,
            Effect::Freeze => effect::FREEZE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Effect::Warn => "warn",
            Effect::Hold => "hold",
            Effect::Freeze => "freeze",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Effect::Warn => "warns",
            Effect::Hold => "holds",
            Effect::Freeze => "freezes",
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct ErrorBudget;

impl BudgetPolicy for ErrorBudget {
    type Params = Params;

    const ABOUT: About = About {
        name: "error-budget",
        version: env!("CARGO_PKG_VERSION"),
        summary: "how much of its error budget a service has left, in stages, and a calendar of freezes",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn prepare(params: &Params) -> Result<Needs, Problem> {
        for entry in &params.calendar {
            calendar::validate(entry)?;
        }
        Ok(Plan::new(&params.stages)?.needs)
    }

    fn decide(params: &Params, situation: &Situation) -> Result<Decision, Problem> {
        let mut clauses = Vec::new();
        let mut obligations = Vec::new();
        for entry in &params.calendar {
            if let Some(clause) = calendar::clause(entry, situation.now)? {
                clauses.push(set_aside(clause, entry.exempt.as_ref().unwrap_or(&params.exempt), situation));
            }
        }
        let plan = Plan::new(&params.stages)?;
        let measured = stages::measure(&params.slos, situation)?;
        for slo in &measured {
            for (stage, trigger) in params.stages.iter().zip(&plan.triggers) {
                let Some(clause) = trigger.clause(stage.effect, slo)? else { continue };
                let clause = set_aside(clause, &params.exempt, situation);
                if clause.effect > effect::ALLOW {
                    oblige(&mut obligations, stage);
                }
                clauses.push(clause);
            }
        }
        // The sort is stable, and the SLO with the least budget left came first.
        clauses.sort_by_key(|clause| std::cmp::Reverse(clause.effect));
        if clauses.is_empty() {
            clauses.extend(measured.first().map(stages::within_budget));
        }
        let effect = clauses.first().map_or(effect::ALLOW, |clause| clause.effect);
        Ok(Decision { effect, clauses, obligations })
    }
}

weir_plugin::budget_policy!(ErrorBudget);

/// Takes the effect from a hold or freeze that lets this kind of change through.
fn set_aside(mut clause: Clause, exempt: &[String], situation: &Situation) -> Clause {
    if clause.effect > effect::WARN && exempt.contains(&situation.change) {
        clause.effect = effect::ALLOW;
        clause.text = format!("{}; set aside for a change of kind `{}`", clause.text, situation.change);
    }
    clause
}

/// Adds what the stage asks for, each thing once.
fn oblige(obligations: &mut Vec<Fact>, stage: &Stage) {
    for (name, values) in [("notify", &stage.notify), ("file", &stage.file), ("focus", &stage.focus)] {
        for value in values {
            let fact = Fact { name: name.to_owned(), value: value.clone() };
            if !obligations.contains(&fact) {
                obligations.push(fact);
            }
        }
    }
}

fn all() -> Vec<Pattern> {
    vec!["*".into()]
}

fn exempt() -> Vec<String> {
    ["fix", "security", "rollback"].map(str::to_owned).to_vec()
}

fn invalid<T>(text: String) -> Result<T, Problem> {
    Err(Problem::InvalidParams(text))
}

#[cfg(test)]
mod tests;
