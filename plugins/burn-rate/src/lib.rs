//! Multi-window, multi-burn-rate alerts as a policy.
//!
//! An alert has a long window, which makes it sure that the burn matters, and a short one, which makes it end soon after
//! the burn does. It holds while the burn rate over both is at or above its factor. Each alert stands by itself, with its
//! own effect and urgency; nothing is averaged.

mod alerts;

use serde::Deserialize;
use weir_plugin::budget::{Decision, Needs, Situation};
use weir_plugin::{About, BudgetPolicy, Problem, effect};

use alerts::Plan;

/// The parameters.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The alerts. Without them, the four usual pairs for a window of 30 days: 14.4 over 1h and 5m, 6 over 6h and 30m
    /// (both page and hold), 3 over 1d and 2h, 1 over 3d and 6h (both open a ticket and warn).
    #[serde(default = "alerts::default_alerts")]
    pub alerts: Vec<Alert>,
    /// The kinds of change that a hold or a freeze lets through. Without it: `fix`, `security`, `rollback`.
    #[serde(default = "exempt")]
    pub exempt: Vec<String>,
}

/// One alert.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Alert {
    /// The long window, for example `1h`.
    pub long: String,
    /// The short window, for example `5m`. A twelfth of the long one is usual.
    pub short: String,
    /// The burn rate from which the alert holds, for example `14.4`.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)?$")))]
    pub factor: String,
    /// What the alert does to a change.
    pub effect: Effect,
    /// How soon someone has to look.
    pub urgency: Urgency,
    /// How many events the long window must have for the alert to hold: with few events, a single bad one burns fast.
    #[serde(default)]
    pub minimum_events: u64,
}

/// What happens to a change.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
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
    fn code(self) -> u32 {
        match self {
            Effect::Warn => effect::WARN,
            Effect::Hold => effect::HOLD,
            Effect::Freeze => effect::FREEZE,
        }
    }
}

/// How soon someone has to look.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Now.
    Page,
    /// In working hours.
    Ticket,
}

impl Urgency {
    fn name(self) -> &'static str {
        match self {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct BurnRate;

impl BudgetPolicy for BurnRate {
    type Params = Params;

    const ABOUT: About = About {
        name: "burn-rate",
        version: env!("CARGO_PKG_VERSION"),
        summary: "how fast a service burns its error budget, over a long and a short window at once",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn prepare(params: &Params) -> Result<Needs, Problem> {
        Ok(Needs { windows: Plan::new(&params.alerts)?.windows, latches: Vec::new() })
    }

    fn decide(params: &Params, situation: &Situation) -> Result<Decision, Problem> {
        let plan = Plan::new(&params.alerts)?;
        let mut clauses = Vec::new();
        for slo in &situation.slos {
            clauses.extend(plan.clauses(slo)?);
        }
        for clause in &mut clauses {
            if clause.effect > effect::WARN && params.exempt.contains(&situation.change) {
                clause.effect = effect::ALLOW;
                clause.text =
                    format!("{}; set aside for a change of kind `{}`", clause.text, situation.change);
            }
        }
        // The sort is stable: among clauses of the same effect, SLOs and alerts keep their order.
        clauses.sort_by_key(|clause| std::cmp::Reverse(clause.effect));
        let effect = clauses.first().map_or(effect::ALLOW, |clause| clause.effect);
        Ok(Decision { effect, clauses, obligations: Vec::new() })
    }
}

weir_plugin::budget_policy!(BurnRate);

fn exempt() -> Vec<String> {
    ["fix", "security", "rollback"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests;
