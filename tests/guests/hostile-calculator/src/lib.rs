//! An SLI calculator that misbehaves on request.

use weir_plugin::calculator::Plan;
use weir_plugin::{About, Batch, Calculator, Problem};

/// The plugin.
#[derive(Debug)]
pub struct Hostile;

/// What it shall do.
#[derive(Debug, serde::Deserialize)]
pub struct Params {
    mood: String,
}

impl Calculator for Hostile {
    type Params = Params;

    const ABOUT: About = About {
        name: "hostile-calculator",
        version: env!("CARGO_PKG_VERSION"),
        summary: "misbehaves on request",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn prepare(_: &Params) -> Result<Plan, Problem> {
        Ok(Plan { fields: Vec::new(), settles: false, latest: None, facts: Vec::new() })
    }

    #[expect(clippy::panic, reason = "a trap is what it is for")]
    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let mut marks = vec![1; batch.rows()];
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
            "nonsense" => marks.fill(9),
            "rows" => {
                marks.pop();
            }
            _ => {}
        }
        Ok(marks)
    }
}

weir_plugin::calculator!(Hostile);
