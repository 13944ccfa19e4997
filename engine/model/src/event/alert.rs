//! The data of events about alerts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::Instant;
use crate::word::words;

/// The type of an event about an alert that began to fire. Its data, and that of the other one, is an [`AlertNews`].
pub const ALERT_FIRED: &str = "weir.alert.fired";

/// The type of an event about an alert that fires no longer.
pub const ALERT_CLEARED: &str = "weir.alert.cleared";

words! {
    /// How soon somebody has to look at an alert.
    pub enum AlertUrgency {
        /// At once: somebody is called.
        Page = "page",
        /// Within days: somebody finds it in a list.
        Ticket = "ticket",
        /// Never by itself: it is there for whoever looks.
        Log = "log",
    }
}

/// An alert that fires or fires no longer, as who asks about alerts and on-call wants to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AlertNews {
    /// The alert's name.
    pub alert: String,
    /// The identity of the alert with its labels, the same each time it fires.
    pub fingerprint: String,
    /// How soon somebody has to look at it, where its severity says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<AlertUrgency>,
    /// How severe it is, in the words of who wrote the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Who was told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub receivers: Vec<String>,
    /// Whether nobody was told, since it is silenced, muted or inhibited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<bool>,
    /// The link to what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// When it began to fire.
    pub began: Instant,
    /// How long it fired, in whole seconds, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// All its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// All its annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}
