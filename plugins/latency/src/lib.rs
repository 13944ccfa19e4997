//! SLI calculator: which share of events was fast enough.

use serde::Deserialize;
use weir_plugin::calculator::{Field, Plan};
use weir_plugin::{About, Batch, Calculator, Conditions, Duration, Filter, Problem, Range, kind, mark};

/// What a policy may say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// An event that took this long or less is good.
    threshold: Duration,
    /// The field that says how long the event took: a number. Events without it are unknown.
    #[serde(default = "duration")]
    field: String,
    /// The unit of that field.
    #[serde(default)]
    unit: Unit,
    /// Whether only events that succeeded are held against the threshold. A fast failure is then no good event.
    #[serde(default)]
    successful_only: bool,
    /// With `successful-only`: the field that says whether the event succeeded, a whole number. Events without it are
    /// unknown.
    #[serde(default = "status")]
    status: String,
    /// With `successful-only`: the numbers and ranges that say that it failed (`404`, `500-599`, `500-`). `500-` unless
    /// set.
    #[serde(default = "server_errors")]
    failures: Vec<Range>,
    /// With `successful-only`: what an event that failed counts as.
    #[serde(default)]
    failed: Failed,
    /// Text fields and patterns (`*` stands for any characters): an event counts only if each of the fields matches one
    /// of its patterns.
    #[serde(default)]
    only: Conditions,
    /// Text fields and patterns: an event does not count if one of the fields matches one of its patterns.
    #[serde(default)]
    except: Conditions,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize), schemars(inline))]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    #[default]
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
}

/// What an event that failed counts as.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize), schemars(inline))]
#[serde(rename_all = "kebab-case")]
pub enum Failed {
    /// It does not count.
    #[default]
    NotValid,
    /// It is bad, however fast it was.
    Bad,
}

/// The plugin.
#[derive(Debug)]
pub struct Latency;

weir_plugin::calculator!(Latency);

impl Calculator for Latency {
    type Params = Params;

    const ABOUT: About = About {
        name: "latency",
        version: env!("CARGO_PKG_VERSION"),
        summary: "share of events that were fast enough",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[
            "data.duration, or the field that `field` names",
            "with `successful-only`: data.status, or the field that `status` names",
            "the fields of `only` and `except`",
        ],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        let duration = Field { name: params.field.clone(), kind: kind::NUMBER };
        let status =
            params.successful_only.then(|| Field { name: params.status.clone(), kind: kind::INTEGER });
        let fields = [duration].into_iter().chain(status).chain(params.filter().fields()).collect();
        Ok(Plan { fields, settles: false, latest: None, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let threshold = params.threshold_in_unit();
        let mut marks = batch.judge(batch.numbers(0), mark::UNKNOWN, |duration| {
            mark::BAD - u8::from(duration <= threshold) * (mark::BAD - mark::GOOD)
        });
        if params.successful_only {
            params.judge_failures(batch, &mut marks);
        }
        let first_of_filter = if params.successful_only { 2 } else { 1 };
        params.filter().apply(batch, first_of_filter, &mut marks);
        Ok(marks)
    }
}

impl Params {
    fn filter(&self) -> Filter<'_> {
        Filter { only: &self.only, except: &self.except }
    }

    /// Both operands are whole and small enough for a float, and division rounds correctly: the result is the float
    /// nearest to the exact threshold, which is also what a decimal in an event is read as. So `<=` is exact.
    fn threshold_in_unit(&self) -> f64 {
        let microseconds = match self.unit {
            Unit::S => 1e6,
            Unit::Ms => 1e3,
            Unit::Us => 1.0,
        };
        self.threshold.microseconds() as f64 / microseconds
    }

    /// Overrules the marks of events that failed, and of those of which it is not known whether they did.
    fn judge_failures(&self, batch: &Batch, marks: &mut [u8]) {
        const SUCCEEDED: u8 = u8::MAX;
        let failed = match self.failed {
            Failed::NotValid => mark::NOT_VALID,
            Failed::Bad => mark::BAD,
        };
        let failures = self.failures.iter().map(|range| (*range, failed));
        let successes = batch.judge_ranges(batch.integers(1), mark::UNKNOWN, SUCCEEDED, failures);
        for (mark, success) in marks.iter_mut().zip(successes) {
            *mark = if success == SUCCEEDED { *mark } else { success };
        }
    }
}

fn duration() -> String {
    "data.duration".to_owned()
}

fn status() -> String {
    "data.status".to_owned()
}

fn server_errors() -> Vec<Range> {
    vec![Range { first: 500, last: i64::MAX }]
}

#[cfg(test)]
mod tests;
