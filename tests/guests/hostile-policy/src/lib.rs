//! A budget policy that misbehaves on request.

use weir_plugin::budget::{Decision, Needs, Situation};
use weir_plugin::{About, BudgetPolicy, Problem};

/// The plugin.
#[derive(Debug)]
pub struct Hostile;

/// What it shall do.
#[derive(Debug, serde::Deserialize)]
pub struct Params {
    mood: String,
}

impl BudgetPolicy for Hostile {
    type Params = Params;

    const ABOUT: About = About {
        name: "hostile-policy",
        version: env!("CARGO_PKG_VERSION"),
        summary: "misbehaves on request",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn prepare(_: &Params) -> Result<Needs, Problem> {
        Ok(Needs { windows: Vec::new(), latches: Vec::new() })
    }

    #[expect(clippy::panic, reason = "a trap is what it is for")]
    fn decide(params: &Params, _: &Situation) -> Result<Decision, Problem> {
        let mut effect = 0;
        match params.mood.as_str() {
            "trap" => panic!("this plugin is in a bad mood"),
            "loop" => loop {
                std::hint::black_box(());
            },
            "memory" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(vec![1; 1 << 20]));
                }
            }
            "nonsense" => effect = 77,
            _ => {}
        }
        Ok(Decision { effect, clauses: Vec::new(), obligations: Vec::new() })
    }
}

weir_plugin::budget_policy!(Hostile);
