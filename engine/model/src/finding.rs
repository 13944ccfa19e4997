//! One rule's outcome on one service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came out of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// The rule does not hold.
    Fail,
    /// The rule does not hold, and someone has excused it for a time.
    Waived,
    /// The rule does not concern this service.
    NotApplicable,
    /// Nobody can tell, for example because a document can't be read.
    Unknown,
}

/// How much a rule weighs for this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A failure has the effect that the policy states in `on-fail`.
    Required,
    /// A failure is shown and has no effect: the service may strive for more than is asked of it.
    Advised,
}

/// One rule's outcome on one service, with the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Stable kebab-case name of the rule; a waiver names it.
    pub rule: String,
    /// What came out.
    pub outcome: Outcome,
    /// How much the rule weighs for this service.
    pub weight: Weight,
    /// The level that the rule belongs to, for example `silver`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The layer of the reliability hierarchy that the rule belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// What is so, for people.
    pub text: String,
    /// What to do about a failure, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The document that was judged, relative to the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Who excused the failure until when, where someone did; or that a waiver has run out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
}
