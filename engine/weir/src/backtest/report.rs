//! What a back-test comes to.

use jiff::Timestamp;
use serde::Serialize;
use weir_model::{Change, Effect, EventCounts};

/// The version of the report's JSON form.
pub(super) const BACKTEST_VERSION: u32 = 1;

/// What a gate would have said at every step of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Backtest {
    /// The version of this form.
    pub schema_version: u32,
    /// The first step.
    pub from: Timestamp,
    /// The end; no step stands there.
    pub until: Timestamp,
    /// From one step to the next, in seconds.
    pub step_seconds: u64,
    /// What kind of change the gate was asked about.
    pub change: Change,
    /// The gate that was asked.
    pub gate: String,
    /// How long after a deploy an incident counts as following it, and how long before its declaration an alert counts as
    /// about it when nobody said when it began, in seconds.
    pub incident_within_seconds: u64,
    /// Where the policies come from: the project's own, and those that they were held against.
    pub policy_sets: Vec<String>,
    /// The services that were tested, in the order of their names.
    pub services: Vec<ServiceBacktest>,
    /// All services together, one for each set of policies.
    pub totals: Vec<Totals>,
    /// Services that no policy judges.
    pub not_judged: Vec<String>,
    /// Policies that were left out: checks, whose documents are known only as they are now.
    pub left_out: Vec<String>,
    /// What became of the events that were read.
    pub events: EventCounts,
    /// What there is to say about where the counts come from, and the first lines that differ of what the plugins of policies
    /// wrote to their logs.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// What a gate would have said about one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceBacktest {
    /// The service.
    pub service: String,
    /// What the policies say, one for each set.
    pub sets: Vec<Course>,
    /// Where two sets of policies have different effects.
    pub differences: Vec<Difference>,
    /// The service's incidents in that time, in the order in which they were declared.
    pub incidents: Vec<Incident>,
    /// What was left of the error budgets, in the order of the service file. Weighted composites are left out.
    pub budgets: Vec<BurnDown>,
}

/// What one set of policies says of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Course {
    /// For how long each effect stood.
    pub time: Time,
    /// Stretches of equal effect and equal cause, without gaps.
    pub runs: Vec<Run>,
    /// The deploys of the service in that time, each judged as what it was.
    pub deploys: Vec<Deploy>,
    /// The alerts: clauses about a burn rate, each from the step at which it began to hold.
    pub alerts: Vec<Alert>,
    /// What the alerts were worth.
    pub detection: Detection,
}

/// For how long each effect stood, in seconds. What could not be judged counts as undecided and as nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Time {
    /// Changes could go out.
    pub allow: u64,
    /// Changes could go out with a warning.
    pub warn: u64,
    /// Changes had to wait for an approval.
    pub hold: u64,
    /// Changes did not go out.
    pub freeze: u64,
    /// Changes had to wait because nobody could tell.
    pub undecided: u64,
}

/// A stretch of time in which the same clause of the same policy decided on the same effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// Its first step.
    pub from: Timestamp,
    /// The first step after it, or the end.
    pub until: Timestamp,
    /// The effect.
    pub effect: Effect,
    /// Whether the effect comes from something that could not be judged.
    pub undecided: bool,
    /// The policy that decided.
    pub policy: Option<String>,
    /// The clause that decided, as in a verdict.
    pub clause: Option<String>,
    /// The reason at its first step.
    pub reason: String,
}

/// A deploy, and what the gate would have said to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deploy {
    /// The identity of its event.
    pub id: String,
    /// When it happened. It is judged on what was known when its minute began.
    pub at: Timestamp,
    /// What was deployed.
    pub version: Option<String>,
    /// What kind of change it was.
    pub change: Change,
    /// The effect.
    pub effect: Effect,
    /// Whether the effect comes from something that could not be judged.
    pub undecided: bool,
    /// Whether it would have been stopped.
    pub stopped: bool,
    /// The policy that decided.
    pub policy: Option<String>,
    /// The clause that decided.
    pub clause: Option<String>,
    /// The incident that followed it.
    pub followed_by: Option<String>,
}

/// A clause about a burn rate that held for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Alert {
    /// Its policy.
    pub policy: String,
    /// Its clause.
    pub clause: String,
    /// The SLO that it is about.
    pub slo: String,
    /// The first step at which it held.
    pub from: Timestamp,
    /// The first step at which it no longer held; none when it held to the end.
    pub until: Option<Timestamp>,
    /// The incident that it was about; none for a false alarm.
    pub incident: Option<String>,
}

/// An incident that people declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Incident {
    /// Its identity.
    pub id: String,
    /// What it was, in a few words.
    pub title: Option<String>,
    /// How severe it was.
    pub severity: Option<String>,
    /// When it began, where that was found out.
    pub began: Option<Timestamp>,
    /// When it was declared.
    pub declared: Timestamp,
    /// When its effects ended.
    pub mitigated: Option<Timestamp>,
    /// When its cause was gone.
    pub resolved: Option<Timestamp>,
}

/// What alerts were worth: held against the declared incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Detection {
    /// How many alerts there were.
    pub alerts: usize,
    /// How many of them were about an incident.
    pub justified: usize,
    /// How many incidents there were.
    pub incidents: usize,
    /// How many of them had an alert.
    pub detected: usize,
    /// The share of alerts that were about an incident, in percent, rounded to one place; none without alerts.
    pub precision: Option<String>,
    /// The share of incidents that had an alert, in percent, rounded to one place; none without incidents.
    pub recall: Option<String>,
    /// How long it took, incident by incident, in their order.
    pub of_incidents: Vec<Detected>,
}

/// How one incident was noticed by alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Detected {
    /// The incident.
    pub incident: String,
    /// From when it began (else was declared) to its first alert, in seconds: below zero when the alert came first. To a
    /// step. None without an alert.
    pub detection_seconds: Option<i64>,
    /// From when its effects ended (else its cause was gone) to the end of its last alert, in seconds, to a step. None
    /// without an alert, or when either is not known.
    pub reset_seconds: Option<i64>,
}

/// A stretch of time in which two sets of policies have different effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// Its first step.
    pub from: Timestamp,
    /// The first step after it, or the end.
    pub until: Timestamp,
    /// What the project's own policies say.
    pub effect: Effect,
    /// Whether that comes from something that could not be judged.
    pub undecided: bool,
    /// What the others say.
    pub against: Effect,
    /// Whether that comes from something that could not be judged.
    pub against_undecided: bool,
}

/// What was left of an error budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BurnDown {
    /// The SLO.
    pub slo: String,
    /// Its objective, for example `99.9 %`.
    pub objective: String,
    /// Its window, for example `30d`.
    pub window: String,
    /// What was left at each step, in percent of the budget, rounded to two places; none without counts.
    pub remaining: Vec<Option<String>>,
}

/// What a set of policies comes to over all services.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Totals {
    /// For how long each effect stood, summed over the services.
    pub time: Time,
    /// How many deploys there were.
    pub deploys: usize,
    /// How many of them would have been stopped.
    pub stopped: usize,
    /// How many of those that would have been let through were followed by an incident.
    pub allowed_and_followed: usize,
    /// How many of those that would have been stopped were followed by an incident.
    pub stopped_and_followed: usize,
    /// What the alerts were worth; incident by incident only where one service is looked at.
    pub detection: Detection,
}
