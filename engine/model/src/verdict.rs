//! The answer to the question whether a change may go out now, with all its reasons.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counts::EventCounts;
use crate::effect::{Change, Effect, Mode};
use crate::finding::Finding;
use crate::word::words;

/// The version of the verdict's JSON form.
pub const VERDICT_VERSION: u32 = 3;

/// May this change go out now, and if not, why, and what would let it?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// The version of this form.
    pub schema_version: u32,
    /// The service that the change is made to.
    pub service: String,
    /// What the change is.
    pub change: Change,
    /// The gate that was asked.
    pub gate: String,
    /// The instant that the verdict is about.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What follows for the change.
    pub effect: Effect,
    /// Whether the effect comes from something that could not be judged, rather than from a judgement.
    pub undecided: bool,
    /// The policy and the clause that decided. None when no clause of an enforced policy asks for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// The decisive reason in one sentence.
    pub reason: String,
    /// The nearest change that would lead to a milder effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
    /// Who overruled the policies, where someone did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Overruled>,
    /// The project's waivers and overrides that are about the service and the policies that were asked, in the order of
    /// their files, waivers first.
    pub excuses: Vec<Excuse>,
    /// What each policy says, in the order of their names.
    pub policies: Vec<PolicyOutcome>,
    /// The service's SLOs, in the order of the service file.
    pub slos: Vec<SloStatus>,
    /// What has to be done while the verdict stands.
    pub obligations: Vec<Obligation>,
    /// What became of the events that were read.
    pub events: EventCounts,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DecidedBy {
    /// The policy's name.
    pub policy: String,
    /// The code of its clause, the rule of its finding, `no-data` or `error`.
    pub clause: String,
}

/// What would lead to a milder effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Flip {
    /// What is needed, for people.
    pub needs: String,
    /// What there is of it now, for people, where it can be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    /// When it comes about if things go on as they do now, as far as can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub at_present_pace: Option<Timestamp>,
    /// When it comes about if nothing bad happens any more, as far as can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub if_all_good: Option<Timestamp>,
}

/// A verdict overruled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Overruled {
    /// The effect that the policies had asked for.
    pub from: Effect,
    /// Who overruled it.
    pub by: String,
    /// Who else approved.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Until when.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// The policies that have no say for as long, in the order of their names.
    pub policies: Vec<String>,
}

/// A waiver or an override, and how it stands at the instant of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Excuse {
    /// Which of the two.
    pub kind: ExcuseKind,
    /// How it stands.
    pub state: ExcuseState,
    /// The policy whose finding is waived (waivers).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The rule that is waived (waivers).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Who asked for it.
    pub by: String,
    /// Who else approved.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Where the work on it is tracked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The instant from which it holds.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// The instant from which it holds no longer.
    #[schemars(with = "String")]
    pub until: Timestamp,
}

words! {
    /// What excuses.
    pub enum ExcuseKind {
        /// A finding is excused.
        Waiver = "waiver",
        /// A verdict is overruled.
        Override = "override",
    }
}

words! {
    /// How a waiver or an override stands.
    pub enum ExcuseState {
        /// It holds, and something is excused by it or could not be judged.
        InForce = "in-force",
        /// It is in force, and ends soon.
        Expiring = "expiring",
        /// It holds, and there is nothing that it would have to excuse.
        Unused = "unused",
        /// It has run out.
        Expired = "expired",
        /// It does not hold yet.
        ToCome = "to-come",
    }
}

/// Whether a policy could judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// It judged all it was asked to.
    Yes,
    /// Data is missing or stale for some of it; `on-no-data` speaks for that part.
    NoData,
    /// Its plugin failed; `on-error` speaks for it.
    Error,
}

/// What one policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyOutcome {
    /// The policy's name.
    pub policy: String,
    /// Its plugin's name.
    pub plugin: String,
    /// The plugin's SHA-256, in hexadecimal.
    pub plugin_digest: String,
    /// Whether it is enforced or only watched.
    pub mode: Mode,
    /// The effect that it asks for.
    pub asks: Effect,
    /// The effect that it has, given its mode.
    pub effect: Effect,
    /// Whether it could judge.
    pub judged: Judged,
    /// Why it could not, one sentence each.
    pub gaps: Vec<String>,
    /// The clauses that hold, the deciding one first (budget policies).
    pub clauses: Vec<Clause>,
    /// The outcome of all rules (checks).
    pub findings: Vec<Finding>,
    /// The level that the service reached (checks with levels).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What the plugin wrote to its log.
    pub log: Vec<String>,
}

/// One clause of a budget policy that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Clause {
    /// Stable kebab-case name.
    pub code: String,
    /// What is so, for people, with its numbers.
    pub text: String,
    /// The effect that the clause asks for.
    pub effect: Effect,
    /// The SLO concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slo: Option<String>,
    /// The measured value, a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The value that would lift the clause, a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// When the clause ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// What would lift the clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
}

/// Something to be done while the verdict stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Obligation {
    /// The policy that asks for it.
    pub policy: String,
    /// What kind of obligation: `notify`, `file`, `focus`.
    pub name: String,
    /// Whom to notify, what to file, what to work on.
    pub value: String,
}

/// One SLO at the instant of a verdict. All numbers are exact until they are rounded for showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SloStatus {
    /// The SLO's name.
    pub name: String,
    /// The SLI that it is about; none for a composite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sli: Option<String>,
    /// What it is made of, where it is a composite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composite: Option<CompositeStatus>,
    /// Where the SLI is measured, where its file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_at: Option<String>,
    /// The objective, for example `99.9 %`; none for a weighted composite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// The window, for example `30d`.
    pub window: String,
    /// Why the SLO can't be judged, where it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// What was counted over the window; none for a weighted composite, which counts nothing itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<SloCounts>,
    /// Share of good ones, in percent, rounded to four places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achieved: Option<String>,
    /// What is left of the error budget, in percent of it, rounded to two places; below zero when overspent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<String>,
    /// How sure it is that the true share of good ones lies below the objective, from 0 to 1, rounded to four places.
    /// Every share was held equally likely before anything was counted: few counts leave it near what the objective
    /// itself says, and only many make it sure either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_confidence: Option<String>,
    /// Burn rate over the last hour, rounded to two places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burn_last_hour: Option<String>,
    /// Share of the window's slices that have data, in percent, rounded to one place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<String>,
    /// When the budget is exhausted at the pace of the last day, within the length of one window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub exhausted_at: Option<Timestamp>,
    /// When the newest event happened that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub newest_event: Option<Timestamp>,
}

/// What an SLO counted over its window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SloCounts {
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
    /// Events, or slices of a composite, that are neither known to be good nor to be bad.
    pub unknown: u64,
    /// How many bad ones the objective allows among this many, rounded down.
    pub allowed_bad: u64,
    /// What is counted: `events`, `slices`, or `billionths of slices`.
    pub unit: String,
}

/// What a composite is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CompositeStatus {
    /// All parts must hold at once.
    All {
        /// The parts.
        parts: Vec<PartOfAll>,
    },
    /// The mean of what remains of the parts' budgets. Policies are not asked about it.
    Weighted {
        /// The parts.
        parts: Vec<PartOfWeighted>,
        /// The share of the weight whose parts have counts, in percent, rounded to one place. The others are left out of
        /// the mean.
        #[serde(skip_serializing_if = "Option::is_none")]
        judged: Option<String>,
    },
}

/// A part of a composite that asks for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PartOfAll {
    /// The SLO.
    pub slo: String,
    /// The share of good events that makes one of its slices good, for example `99.9 %`.
    pub target: String,
}

/// A part of a weighted composite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PartOfWeighted {
    /// The SLO.
    pub slo: String,
    /// Its weight, an exact decimal.
    pub weight: String,
    /// What is left of its error budget over the window of the composite, as in the status of an SLO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<String>,
}
