//! SLI calculator: which share of slices had enough events.

use std::num::NonZeroU64;

use serde::Deserialize;
use weir_plugin::calculator::{Plan, Slices, Tallies};
use weir_plugin::{About, Batch, Calculator, Conditions, Duration, Filter, Problem, mark};

/// What a policy may say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// How many events must come `per` stretch of time for a slice to be good. Slices of another length are held
    /// against their share of it.
    at_least: NonZeroU64,
    /// The stretch of time: a minute (`1m`) unless set.
    #[serde(default = "minute")]
    per: Duration,
    /// What a slice without any event counts as.
    #[serde(default)]
    empty: Empty,
    /// Text fields and patterns (`*` stands for any characters): an event counts only if each of the fields matches one
    /// of its patterns.
    #[serde(default)]
    only: Conditions,
    /// Text fields and patterns: an event does not count if one of the fields matches one of its patterns.
    #[serde(default)]
    except: Conditions,
}

/// What a slice without any event counts as.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize), schemars(inline))]
#[serde(rename_all = "kebab-case")]
pub enum Empty {
    /// Nothing is known of it: the source may have been silent for want of demand.
    #[default]
    Unknown,
    /// It is bad: events should always come.
    Bad,
}

/// The plugin.
#[derive(Debug)]
pub struct Throughput;

weir_plugin::calculator!(Throughput);

impl Calculator for Throughput {
    type Params = Params;

    const ABOUT: About = About {
        name: "throughput",
        version: env!("CARGO_PKG_VERSION"),
        summary: "share of slices that had enough events",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["the fields of `only` and `except`"],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        if params.per.microseconds() == 0 {
            return Err(Problem::InvalidParams("`per` is no time at all: write for example `1m`".to_owned()));
        }
        let fields = params.filter().fields().collect();
        Ok(Plan { fields, settles: true, latest: None, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let mut marks = vec![mark::GOOD; batch.rows()];
        params.filter().apply(batch, 0, &mut marks);
        Ok(marks)
    }

    fn settle(params: &Params, slices: &Slices) -> Result<Tallies, Problem> {
        let states: Vec<Slice> =
            slices.good.iter().map(|events| params.judge(*events, slices.seconds)).collect();
        let count = |wanted: Slice| states.iter().map(|state| u64::from(*state == wanted)).collect();
        Ok(Tallies { good: count(Slice::Good), bad: count(Slice::Bad), unknown: count(Slice::Unknown) })
    }
}

/// What one slice counts as.
#[derive(Clone, Copy, PartialEq)]
enum Slice {
    Good,
    Bad,
    Unknown,
}

impl Params {
    fn filter(&self) -> Filter<'_> {
        Filter { only: &self.only, except: &self.except }
    }

    /// `events / seconds >= at-least / per`, multiplied out so that nothing is rounded. 64 by 64 bits fit in 128.
    fn judge(&self, events: u64, seconds: u32) -> Slice {
        let slice = Duration::from_seconds(u64::from(seconds));
        let had = u128::from(events) * u128::from(self.per.microseconds());
        let wanted = u128::from(self.at_least.get()) * u128::from(slice.microseconds());
        match self.empty {
            Empty::Unknown if events == 0 => Slice::Unknown,
            Empty::Unknown | Empty::Bad if had >= wanted => Slice::Good,
            Empty::Unknown | Empty::Bad => Slice::Bad,
        }
    }
}

fn minute() -> Duration {
    Duration::from_seconds(60)
}

#[cfg(test)]
mod tests;
