//! SLI calculator: which share of slices ended with data that was new enough.

use serde::Deserialize;
use weir_plugin::calculator::{Field, Plan, Slices, Tallies};
use weir_plugin::{About, Batch, Calculator, Conditions, Duration, Filter, Problem, kind, mark};

/// What a policy may say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// A slice is good when the newest data at its end is this old or newer.
    threshold: Duration,
    /// The field that says how new the data of an event is: an instant. The event's own time unless set. Events without
    /// the field do not change how new the data is.
    #[serde(default)]
    field: Option<String>,
    /// Text fields and patterns (`*` stands for any characters): an event counts only if each of the fields matches one
    /// of its patterns.
    #[serde(default)]
    only: Conditions,
    /// Text fields and patterns: an event does not count if one of the fields matches one of its patterns.
    #[serde(default)]
    except: Conditions,
}

/// The plugin.
#[derive(Debug)]
pub struct Freshness;

weir_plugin::calculator!(Freshness);

/// What stands for the latest instant of a slice that has none.
const NONE: i64 = i64::MIN;

impl Calculator for Freshness {
    type Params = Params;

    const ABOUT: About = About {
        name: "freshness",
        version: env!("CARGO_PKG_VERSION"),
        summary: "share of slices that ended with data that was new enough",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["time, or the field that `field` names", "the fields of `only` and `except`"],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        let instant = params.field.clone().map(|name| Field { name, kind: kind::INSTANT });
        let latest = instant.is_some().then_some(0);
        let fields = instant.into_iter().chain(params.filter().fields()).collect();
        Ok(Plan { fields, settles: true, latest, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let (mut marks, first_of_filter) = match params.field {
            Some(_) => (batch.judge(batch.instants(0), mark::UNKNOWN, |_| mark::GOOD), 1),
            None => (vec![mark::GOOD; batch.rows()], 0),
        };
        params.filter().apply(batch, first_of_filter, &mut marks);
        Ok(marks)
    }

    fn settle(params: &Params, slices: &Slices) -> Result<Tallies, Problem> {
        let mut tallies = Tallies { good: Vec::new(), bad: Vec::new(), unknown: Vec::new() };
        let mut newest = NONE;
        let mut end = i128::from(slices.first);
        for latest in &slices.latest {
            end += i128::from(slices.seconds);
            newest = newest.max(*latest);
            let known = newest != NONE;
            // In microseconds, the unit of the threshold.
            let age = end * 1_000_000 - i128::from(newest) * 1_000;
            let fresh = age <= i128::from(params.threshold.microseconds());
            tallies.good.push(u64::from(known & fresh));
            tallies.bad.push(u64::from(known & !fresh));
            tallies.unknown.push(u64::from(!known));
        }
        Ok(tallies)
    }
}

impl Params {
    fn filter(&self) -> Filter<'_> {
        Filter { only: &self.only, except: &self.except }
    }
}

#[cfg(test)]
mod tests;
