//! An SLI calculator: the share of events whose status code is below a limit.

use serde::Deserialize;
use weir_plugin::calculator::{Field, Plan};
use weir_plugin::{About, Batch, Calculator, Problem, kind, mark};

/// What an SLI may say under `params`. The schema beside this file says the same to the host.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The field that holds the status code.
    #[serde(default = "field")]
    field: String,
    /// The first status code that is bad.
    #[serde(default = "bad_from")]
    bad_from: i64,
}

fn field() -> String {
    "data.status".to_owned()
}

fn bad_from() -> i64 {
    500
}

/// The plugin.
#[derive(Debug)]
pub struct MyPlugin;

weir_plugin::calculator!(MyPlugin);

impl Calculator for MyPlugin {
    type Params = Params;

    const ABOUT: About = About {
        name: "my-plugin",
        version: "0.1.0",
        summary: "share of events whose status code is below a limit",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["data.status, or the field that `field` names"],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        let fields = vec![Field { name: params.field.clone(), kind: kind::INTEGER }];
        Ok(Plan { fields, settles: false, latest: None, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        // The first column is the first field of the plan. A row without a value is unknown, neither good nor bad.
        let judge = |status: i64| if status < params.bad_from { mark::GOOD } else { mark::BAD };
        Ok(batch.judge(batch.integers(0), mark::UNKNOWN, judge))
    }
}

#[cfg(test)]
mod tests {
    use weir_plugin::testing::Rows;

    use super::*;

    #[test]
    fn codes_from_the_limit_on_are_bad() {
        let params = serde_json::from_str("{}").unwrap();
        let batch = Rows::new(4).integers([Some(200), Some(499), Some(500), None]).batch();
        let marks = MyPlugin::classify(&params, &batch).unwrap();
        assert_eq!(marks, [mark::GOOD, mark::GOOD, mark::BAD, mark::UNKNOWN]);
    }
}
