//! A toil scorer: work that happens again and again is toil, and the longest of it comes first.

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_plugin::scorer::{Report, Task, TeamLoad, WorkItem};
use weir_plugin::{About, Problem, ToilScorer, class};

/// What a policy may say under `[params]`. The schema beside this file says the same to the host.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// How often the same work has to be done in the period to count as toil.
    #[serde(default = "runs")]
    runs: u64,
    /// The share of a team's time that toil may take, in percent.
    #[serde(default = "budget")]
    budget: u64,
}

fn runs() -> u64 {
    3
}

fn budget() -> u64 {
    50
}

/// The plugin.
#[derive(Debug)]
pub struct MyPlugin;

weir_plugin::toil_scorer!(MyPlugin);

impl ToilScorer for MyPlugin {
    type Params = Params;

    const ABOUT: About = About {
        name: "my-plugin",
        version: "0.1.0",
        summary: "work that happens again and again, the longest first",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[],
    };

    fn score(params: &Params, _: i64, _: i64, items: &[WorkItem]) -> Result<Report, Problem> {
        let mut by_title: BTreeMap<&str, Vec<&WorkItem>> = BTreeMap::new();
        for item in items {
            by_title.entry(&item.title).or_default().push(item);
        }
        let mut tasks: Vec<Task> = by_title.iter().map(|(title, items)| task(params, title, items)).collect();
        tasks.sort_by_key(|task| (task.class, std::cmp::Reverse(task.minutes)));
        Ok(Report { teams: teams(params, items, &by_title), tasks })
    }
}

fn is_toil(params: &Params, items: &[&WorkItem]) -> bool {
    u64::try_from(items.len()).is_ok_and(|runs| runs >= params.runs)
}

fn task(params: &Params, title: &str, items: &[&WorkItem]) -> Task {
    let toil = is_toil(params, items);
    let mut teams: Vec<String> = items.iter().map(|item| item.team.clone()).collect();
    teams.sort();
    teams.dedup();
    Task {
        title: title.to_owned(),
        teams,
        runs: u64::try_from(items.len()).unwrap_or(u64::MAX),
        minutes: minutes(items.iter().copied()),
        class: if toil { class::TOIL } else { class::ENGINEERING },
        score: if toil { 1000 } else { 0 },
        break_even_days: None,
        advice: if toil { "automate it: it comes again and again".to_owned() } else { String::new() },
        facts: Vec::new(),
    }
}

/// Every team, in byte order.
fn teams(params: &Params, items: &[WorkItem], by_title: &BTreeMap<&str, Vec<&WorkItem>>) -> Vec<TeamLoad> {
    let mut by_team: BTreeMap<&str, Vec<&WorkItem>> = BTreeMap::new();
    for item in items {
        by_team.entry(&item.team).or_default().push(item);
    }
    let load = |(team, items): (&str, Vec<&WorkItem>)| {
        let is_toil =
            |item: &&WorkItem| by_title.get(item.title.as_str()).is_some_and(|items| is_toil(params, items));
        let all = minutes(items.iter().copied());
        let toil = minutes(items.iter().copied().filter(is_toil));
        let budget = all.saturating_mul(params.budget) / 100;
        TeamLoad {
            team: team.to_owned(),
            minutes: all,
            toil,
            budget,
            exceeded: toil > budget,
            facts: Vec::new(),
        }
    };
    by_team.into_iter().map(load).collect()
}

fn minutes<'i>(items: impl Iterator<Item = &'i WorkItem>) -> u64 {
    items.fold(0, |sum, item| sum.saturating_add(item.minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_three_times_is_toil() {
        let item = |title: &str| WorkItem {
            id: title.to_owned(),
            title: title.to_owned(),
            team: "web".to_owned(),
            at: 0,
            minutes: 30,
            stated: 0,
            holds: 0,
            facts: Vec::new(),
        };
        let items = ["review", "restart", "restart", "restart"].map(item);
        let report = MyPlugin::score(&serde_json::from_str("{}").unwrap(), 0, 1, &items).unwrap();
        assert_eq!((report.tasks[0].title.as_str(), report.tasks[0].class), ("restart", class::TOIL));
        assert!(report.teams[0].exceeded);
    }
}
