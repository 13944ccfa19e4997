//! Toil: work items among the events go to the project's toil scorers.

use jiff::Timestamp;
use serde::Serialize;
use weir_host::contract::scorer;
use weir_host::contract::types::Fact;
use weir_host::{CallError, Kind};
use weir_model::EventCounts;
use weir_model::event::{Data, Event, WORK_ITEM, WorkItem};

use crate::case::CasePolicy;
use crate::engine::{Engine, EngineError};
use crate::measure::{self, Events};
use crate::plugins;
use crate::project::Project;

/// The version of the report's JSON form.
const TOIL_VERSION: u32 = 1;

/// What one toil scorer says of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToilReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The policy that scored.
    pub policy: String,
    /// The period's first instant.
    pub since: Timestamp,
    /// The first instant after the period.
    pub until: Timestamp,
    /// How many work items were scored.
    pub items: usize,
    /// Tasks, the first to automate first.
    pub tasks: Vec<scorer::Task>,
    /// Teams, held against their budgets.
    pub teams: Vec<scorer::TeamLoad>,
    /// What the plugin wrote to its log.
    pub log: Vec<String>,
    /// What became of the events.
    pub events: EventCounts,
}

/// What the toil scorers of a project say of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toil {
    /// What they say, in the order of their policies.
    pub reports: Vec<ToilReport>,
    /// Why others have nothing to say.
    pub failures: Vec<CallError>,
}

impl Engine {
    /// Scores the work of the `period` seconds before `at`, once for each policy whose plugin is a toil scorer. One that fails
    /// keeps no other from being asked.
    ///
    /// # Errors
    /// When no policy scores toil, events can't be read, or a work item makes no sense.
    pub fn toil(
        &self,
        project: &Project,
        at: Timestamp,
        period: u64,
        events: &Events,
    ) -> Result<Toil, EngineError> {
        self.check_parameters(project)?;
        let until = at.as_second();
        let since = until.saturating_sub(i64::try_from(period).unwrap_or(i64::MAX));
        let reading = measure::read(project, &self.plugins, &[], at, events)?;
        let items = reading
            .kept
            .iter()
            .filter(|event| event.kind == WORK_ITEM)
            .map(work_item)
            .collect::<Result<Vec<_>, _>>()?;
        let items: Vec<_> = items.into_iter().filter(|item| (since..until).contains(&item.at)).collect();
        let mut toil = Toil { reports: Vec::new(), failures: Vec::new() };
        for policy in CasePolicy::of_project(project, |_| true) {
            let limits = plugins::limits(&policy.limits);
            let about = &policy.policy.about;
            let plugin = self.plugins.named(project, about.plugin.as_str(), &limits)?;
            if plugin.kind() != Kind::ToilScorer {
                continue;
            }
            let params = serde_json::Value::Object(policy.policy.params.clone()).to_string();
            let answer = match plugin.score(about.name.as_str(), &limits, &params, since, until, &items) {
                Ok(answer) => answer,
                Err(failure) => {
                    toil.failures.push(failure);
                    continue;
                }
            };
            toil.reports.push(ToilReport {
                schema_version: TOIL_VERSION,
                policy: about.name.to_string(),
                since: Timestamp::from_second(since).unwrap_or(Timestamp::MIN),
                until: at,
                items: items.len(),
                tasks: answer.value.tasks,
                teams: answer.value.teams,
                log: answer.log.iter().map(ToString::to_string).collect(),
                events: reading.counts.clone(),
            });
        }
        if toil.reports.is_empty() && toil.failures.is_empty() {
            return Err(EngineError::question(
                "no policy of the project scores toil",
                Some("add a policy with `plugin = \"toil\"` to `policies/`".to_owned()),
            ));
        }
        Ok(toil)
    }
}

/// A work item as the contract has it.
fn work_item(event: &Event<'_>) -> Result<scorer::WorkItem, EngineError> {
    let wrong = |reason: String| {
        EngineError::question(
            format!("work item `{}` of `{}` makes no sense: {reason}", event.id, event.source),
            Some("`weir schema work-item` says what a work item holds".to_owned()),
        )
    };
    let Some(Data::Json(data)) = &event.data else { return Err(wrong("it has no JSON data".to_owned())) };
    let work: WorkItem = serde_json::from_str(data.get()).map_err(|error| wrong(error.to_string()))?;
    let attributes =
        [(1, work.manual), (2, work.repetitive), (4, work.automatable), (8, work.tactical), (16, work.grows)];
    let sum = |wanted: fn(bool) -> bool| {
        attributes.iter().filter(|(_, stated)| stated.is_some_and(wanted)).map(|(bit, _)| bit).sum()
    };
    let facts = [
        ("class", work.class.map(|class| class.to_string())),
        ("automation-minutes", work.automation_minutes.map(|minutes| minutes.to_string())),
        ("residual-minutes", work.residual_minutes.map(|minutes| minutes.to_string())),
    ];
    Ok(scorer::WorkItem {
        id: event.id.to_string(),
        title: work.title.to_string(),
        team: work.team.to_string(),
        at: event.time.ok_or_else(|| wrong("it has no `time`".to_owned()))?.as_second(),
        minutes: work.minutes,
        stated: sum(|_| true),
        holds: sum(|holds| holds),
        facts: facts
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| Fact { name: name.to_owned(), value }))
            .collect(),
    })
}
