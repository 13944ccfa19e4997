//! Tells toil from overhead and engineering, holds teams to their toil budget, and ranks what to automate first.
//!
//! Work items whose titles differ only in numbers and names are runs of one task. A task has the attributes that most of
//! its runs state; whether it is repetitive, its runs in the period decide.

mod sources;
mod tasks;
mod titles;

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_math::{Decimal, toil_budget};
use weir_plugin::scorer::{Report, TeamLoad, WorkItem};
use weir_plugin::{About, Problem, ToilScorer, class};

use tasks::Group;

/// The parameters.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The share of a team's time that toil may take. Without it: `50%`.
    #[serde(default = "half")]
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+(\\.[0-9]+)? ?%$")))]
    pub budget: String,
    /// How many runs in the period make work repetitive. With fewer, it is not yet toil. Without it: 3.
    #[serde(default = "three")]
    pub recurring_from: u64,
    /// Words in a title that make work overhead, unless its runs say otherwise.
    #[serde(default = "sources::overhead")]
    pub overhead: Vec<String>,
    /// Common sources of toil. The first one that fits a title counts.
    #[serde(default = "sources::sources")]
    pub sources: Vec<Source>,
}

/// A common source of toil. Work of such a source counts as manual, automatable and tactical unless its runs say
/// otherwise.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// What it is called, in the plural, for example `password resets`.
    pub name: String,
    /// Words or phrases in a title that belong to it. Letter case doesn't matter.
    pub keywords: Vec<String>,
    /// What helps against it.
    pub advice: Advice,
}

/// What to do about toil.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Let a machine do it.
    Automate,
    /// Let those who ask for it do it themselves.
    SelfService,
    /// Take away the cause.
    Eliminate,
    /// Make each run shorter.
    Improve,
}

/// The plugin.
#[derive(Debug)]
pub struct Toil;

impl ToilScorer for Toil {
    type Params = Params;

    const ABOUT: About = About {
        name: "toil",
        version: env!("CARGO_PKG_VERSION"),
        summary: "what is toil, which teams have too much of it, and what to automate first",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn score(params: &Params, since: i64, until: i64, items: &[WorkItem]) -> Result<Report, Problem> {
        let budget = budget(params)?;
        let days = period_days(since, until)?;
        let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
        for item in items {
            groups.entry(titles::normalise(&item.title)).or_default().add(item);
        }
        let mut ranked = Vec::with_capacity(groups.len());
        let mut loads: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (title, group) in &groups {
            let task = group.judge(title, params, days);
            for item in group.items() {
                let (minutes, toil) = loads.entry(&item.team).or_default();
                *minutes = minutes.saturating_add(item.minutes);
                if task.task.class == class::TOIL {
                    *toil = toil.saturating_add(item.minutes);
                }
            }
            ranked.push(task);
        }
        ranked.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let teams = loads.into_iter().map(|(team, (minutes, toil))| team_load(team, minutes, toil, budget));
        Ok(Report { tasks: ranked.into_iter().map(|ranked| ranked.task).collect(), teams: teams.collect() })
    }
}

weir_plugin::toil_scorer!(Toil);

fn team_load(team: &str, minutes: u64, toil: u64, share: Decimal) -> TeamLoad {
    let budget = toil_budget(minutes, share);
    // The budget is rounded down and toil is a whole number of minutes, so the comparison is exact.
    TeamLoad { team: team.to_owned(), minutes, toil, budget, exceeded: toil > budget, facts: Vec::new() }
}

fn budget(params: &Params) -> Result<Decimal, Problem> {
    let text = &params.budget;
    let share = Decimal::parse(text).map_err(|error| Problem::InvalidParams(format!("`budget`: {error}")))?;
    if share < Decimal::ZERO || share > Decimal::ONE {
        return Err(Problem::InvalidParams(format!("`budget` is `{text}`, not between 0 % and 100 %")));
    }
    Ok(share)
}

/// The length of the period in days, rounded: a month may be an hour longer or shorter than its days.
fn period_days(since: i64, until: i64) -> Result<u64, Problem> {
    const DAY: u64 = 86_400;
    let seconds = until.checked_sub(since).and_then(|seconds| u64::try_from(seconds).ok());
    match seconds {
        Some(seconds) if seconds > 0 => Ok((seconds / DAY + (seconds % DAY) / (DAY / 2)).max(1)),
        _ => Err(Problem::Unprocessable("the period ends before it begins".to_owned())),
    }
}

fn half() -> String {
    "50%".to_owned()
}

fn three() -> u64 {
    3
}

#[cfg(test)]
mod tests;
