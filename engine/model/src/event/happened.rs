//! The data of events about deploys and incidents. Who sends them may say more than Weir reads: further keys are passed
//! over.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::effect::Change;
use crate::value::Instant;

/// The type of an event about a change that went out. Its data is a [`Deployed`].
pub const DEPLOY: &str = "weir.deploy";

/// The type of an event about an incident that people declared. Its data, and that of the other two, is an
/// [`IncidentNews`].
pub const INCIDENT_DECLARED: &str = "weir.incident.declared";

/// The type of an event about an incident whose effects ended.
pub const INCIDENT_MITIGATED: &str = "weir.incident.mitigated";

/// The type of an event about an incident whose cause is gone.
pub const INCIDENT_RESOLVED: &str = "weir.incident.resolved";

/// A change that went out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Deployed {
    /// What went out.
    pub version: Option<String>,
    /// What kind of change it was; a feature unless said otherwise.
    #[serde(default)]
    pub change: Change,
}

/// Something new about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct IncidentNews {
    /// The identity of the incident, the same in all events about it.
    pub incident: String,
    /// What it is, in a few words.
    pub title: Option<String>,
    /// How severe it is.
    pub severity: Option<String>,
    /// When it began, where that is known: often before anyone declared it.
    pub began: Option<Instant>,
}
