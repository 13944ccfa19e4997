//! What changed at an instant, as whoever watches a project is told.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::word::words;

/// The version of the JSON form of a transition.
pub const TRANSITION_VERSION: u32 = 1;

/// Something that changed: the data of a CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Transition {
    /// The version of this form.
    pub schema_version: u32,
    /// The service.
    pub service: String,
    /// The full minute at which it was noticed, in the time of the events.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What changed.
    pub news: News,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum News {
    /// The gate's verdict on a change.
    Verdict {
        /// The verdict before; none for the first one.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Answer>,
        /// The verdict from now on.
        to: Answer,
        /// The decisive reason in one sentence.
        reason: String,
        /// The policy that decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
        /// Its clause that decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        clause: Option<String>,
    },
    /// A clause about a burn rate.
    Alert {
        /// Whether it holds from now on.
        state: AlertState,
        /// The policy.
        policy: String,
        /// The SLO.
        slo: String,
        /// The clause.
        clause: String,
    },
    /// What is left of an error budget.
    Budget {
        /// The SLO.
        slo: String,
        /// The level that was crossed, as a share of the budget.
        threshold: String,
        /// On which side of it the budget is from now on.
        side: Side,
        /// What is left of the budget.
        remaining: String,
    },
    /// Whether there is data to judge an SLO on.
    Data {
        /// The SLO.
        slo: String,
        /// Whether there is from now on.
        state: DataState,
        /// Why not.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A verdict in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// What follows for the change.
    pub effect: Effect,
    /// Whether it comes from something that could not be judged.
    pub undecided: bool,
}

words! {
    /// Whether a clause about a burn rate holds.
    pub enum AlertState {
        /// It began to hold.
        Fired = "fired",
        /// It does not hold any more.
        Cleared = "cleared",
    }
}

words! {
    /// The sides of a level.
    pub enum Side {
        /// At the level or below.
        Below = "below",
        /// Above the level.
        Above = "above",
    }
}

words! {
    /// Whether there is data.
    pub enum DataState {
        /// There is none, or too little, or it is too old.
        Stale = "stale",
        /// There is again.
        Back = "back",
    }
}

impl Transition {
    /// The type of the CloudEvent that tells of it.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match &self.news {
            News::Verdict { .. } => "weir.verdict.changed",
            News::Alert { state: AlertState::Fired, .. } => "weir.alert.fired",
            News::Alert { state: AlertState::Cleared, .. } => "weir.alert.cleared",
            News::Budget { side: Side::Below, .. } => "weir.budget.fell",
            News::Budget { side: Side::Above, .. } => "weir.budget.rose",
            News::Data { state: DataState::Stale, .. } => "weir.data.stale",
            News::Data { state: DataState::Back, .. } => "weir.data.back",
        }
    }
}
