//! A budget policy: changes wait while an SLO is losing events.

use serde::Deserialize;
use weir_plugin::budget::{Clause, Decision, Needs, Situation, SloStatus};
use weir_plugin::{About, BudgetPolicy, Problem, effect, metric};

/// What a policy may say under `[params]`. The schema beside this file says the same to the host.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// How far back to look, in minutes.
    #[serde(default = "minutes")]
    minutes: u64,
    /// How many bad events in that time are too many.
    #[serde(default = "at_least")]
    at_least: u64,
    /// The kinds of change that go out all the same.
    #[serde(default = "exempt")]
    exempt: Vec<String>,
}

fn minutes() -> u64 {
    10
}

fn at_least() -> u64 {
    10
}

fn exempt() -> Vec<String> {
    ["fix", "security", "rollback"].map(str::to_owned).to_vec()
}

/// The plugin.
#[derive(Debug)]
pub struct MyPlugin;

weir_plugin::budget_policy!(MyPlugin);

impl BudgetPolicy for MyPlugin {
    type Params = Params;

    const ABOUT: About = About {
        name: "my-plugin",
        version: "0.1.0",
        summary: "changes wait while an SLO is losing events",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn prepare(params: &Params) -> Result<Needs, Problem> {
        Ok(Needs { windows: vec![params.minutes * 60], latches: Vec::new() })
    }

    fn decide(params: &Params, situation: &Situation) -> Result<Decision, Problem> {
        let asked = if params.exempt.contains(&situation.change) { effect::ALLOW } else { effect::HOLD };
        let clauses: Vec<Clause> =
            situation.slos.iter().filter_map(|slo| losing(params, slo, asked)).collect();
        let effect = if clauses.is_empty() { effect::ALLOW } else { asked };
        Ok(Decision { effect, clauses, obligations: Vec::new() })
    }
}

/// The clause about an SLO that is losing events.
fn losing(params: &Params, slo: &SloStatus, effect: u32) -> Option<Clause> {
    // The windows come in the order that `prepare` named them in.
    let bad = slo.windows.first()?.bad;
    (bad >= params.at_least).then(|| Clause {
        code: "losing-events".to_owned(),
        text: format!(
            "{bad} bad events of {} in {} minutes, and {} are too many",
            slo.name, params.minutes, params.at_least
        ),
        effect,
        slo: slo.name.clone(),
        metric: metric::NOTHING,
        window: 0,
        actual: String::new(),
        required: String::new(),
        until: None,
    })
}

#[cfg(test)]
mod tests {
    use weir_plugin::budget::Counts;

    use super::*;

    #[test]
    fn a_hold_ends_with_the_losses() {
        let params = serde_json::from_str("{}").unwrap();
        let decide = |bad: u64| {
            let slo = SloStatus {
                name: "availability".to_owned(),
                objective: "0.999".to_owned(),
                window: 2_592_000,
                total: Counts { good: 1_000_000, bad },
                windows: vec![Counts { good: 1000, bad }],
                latched: Vec::new(),
                facts: Vec::new(),
            };
            let situation = Situation {
                service: "shop".to_owned(),
                change: "feature".to_owned(),
                now: 0,
                slos: vec![slo],
                facts: Vec::new(),
            };
            MyPlugin::decide(&params, &situation).unwrap().effect
        };
        assert_eq!((decide(9), decide(10)), (effect::ALLOW, effect::HOLD));
    }
}
