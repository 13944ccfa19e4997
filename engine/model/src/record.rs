//! Decision records: a verdict with all that it was derived from, enough to derive it again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::counts::EventCounts;
use crate::effect::Change;
use crate::limits::Limits;
use crate::verdict::Verdict;

/// The version of the record's JSON form.
pub const RECORD_VERSION: u32 = 3;

/// One link of the chain of decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DecisionRecord {
    /// The version of this form.
    pub schema_version: u32,
    /// The number of the record in its chain, from 1.
    pub number: u64,
    /// The SHA-256 of the file of the record before this one, in hexadecimal; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The version of Weir that decided.
    pub weir: String,
    /// What the verdict was derived from.
    pub inputs: Inputs,
    /// The verdict.
    pub verdict: Verdict,
}

/// Everything that a verdict depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Inputs {
    /// The instant that the verdict is about.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What the change is.
    pub change: Change,
    /// The gate that was asked.
    pub gate: String,
    /// The service, as its file says.
    pub service: Value,
    /// The policies that apply, in the order of their names.
    pub policies: Vec<PolicyInput>,
    /// What was measured, one for each SLO of the service that measures an SLI, in their order. Composites are derived from
    /// these.
    pub measured: Vec<Measured>,
    /// The documents that each policy's plugin asked for, and what it was given.
    pub evidence: BTreeMap<String, BTreeMap<String, Given>>,
    /// The project's waivers, as their files say.
    pub waivers: Vec<Value>,
    /// The project's overrides, as their files say.
    pub overrides: Vec<Value>,
    /// How long before their end waivers and overrides are said to end soon.
    pub notice: Notice,
    /// What became of the events that were read.
    pub events: EventCounts,
}

/// How long before its end something is said to end soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Notice {
    /// Waivers, in seconds.
    pub waiver_seconds: u64,
    /// Overrides, in seconds.
    pub override_seconds: u64,
}

/// A policy and the plugin that it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyInput {
    /// The policy, as its file says.
    pub policy: Value,
    /// What its plugin could use: the policy's limits, and the project's where the policy says nothing.
    pub limits: Limits,
    /// The SHA-256 of the plugin's component, in hexadecimal.
    pub plugin_digest: String,
}

/// The ledger of one SLO, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Measured {
    /// The SLO's name.
    pub slo: String,
    /// The SHA-256 of the calculator's component, in hexadecimal; none where a source had counted already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculator_digest: Option<String>,
    /// The source that had counted already, where one had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why the SLI could not be calculated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The length of a slice in seconds.
    pub slice_seconds: u32,
    /// The slices that hold something, as gzip in base64: for each slice four LEB128 numbers, its distance from the slice
    /// before it (the first: from 1970) in slices, zigzag-coded, and its good, bad and unknown events.
    pub slices: String,
    /// When the newest event happened that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub newest_event: Option<Timestamp>,
}

/// What a plugin was given when it asked for a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Given {
    /// The document's text.
    Text(String),
    /// The paths in a folder.
    Paths(Vec<String>),
    /// A refusal, with the code of the contract.
    Refused {
        /// The contract's code.
        code: u32,
        /// What happened.
        text: String,
    },
}
