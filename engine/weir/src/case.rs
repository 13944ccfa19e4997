//! What has to be decided, from a project or from a decision record.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use weir_model::limits::Limits;
use weir_model::overrule::Override;
use weir_model::policy::Policy;
use weir_model::record::{Inputs, Notice, PolicyInput};
use weir_model::service::Service;
use weir_model::waiver::Waiver;
use weir_model::{Change, EventCounts};

use crate::project::Project;

/// One question to the gate, with all that the project says about it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
    pub(crate) gate: String,
    pub(crate) service: Arc<Service>,
    pub(crate) policies: Vec<CasePolicy>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) overrides: Vec<Override>,
    pub(crate) notice: Notice,
    pub(crate) events: EventCounts,
}

/// A policy with its limits.
#[derive(Debug, Clone)]
pub(crate) struct CasePolicy {
    pub(crate) policy: Policy,
    /// The policy's limits, and the project's where the policy says nothing.
    pub(crate) limits: Limits,
    /// The policy as its file says, for the record.
    pub(crate) text: Value,
}

impl CasePolicy {
    /// The policies of a project that `applies` chooses, in the order of their names.
    pub(crate) fn of_project(project: &Project, applies: impl Fn(&Policy) -> bool) -> Vec<CasePolicy> {
        let mut policies: Vec<CasePolicy> = project
            .policies
            .iter()
            .filter(|file| applies(file))
            .map(|file| CasePolicy {
                policy: Policy::clone(file),
                limits: file.limits.or(&project.file.limits),
                text: file.source().value().clone(),
            })
            .collect();
        policies.sort_by(|left, right| left.policy.about.name.as_str().cmp(right.policy.about.name.as_str()));
        policies
    }
}

/// A record holds something that its own version would not have written.
#[derive(Debug, thiserror::Error)]
#[error("the record's {what} makes no sense: {reason}")]
pub struct RecordedNonsense {
    what: &'static str,
    reason: String,
}

impl RecordedNonsense {
    pub(crate) fn new(what: &'static str, reason: &dyn ToString) -> RecordedNonsense {
        RecordedNonsense { what, reason: reason.to_string() }
    }
}

impl Case {
    /// The case that a record is about.
    pub(crate) fn of_record(inputs: &Inputs) -> Result<Case, RecordedNonsense> {
        let policies = inputs
            .policies
            .iter()
            .map(|input: &PolicyInput| {
                Ok(CasePolicy {
                    policy: read(&input.policy, "policy")?,
                    limits: input.limits.clone(),
                    text: input.policy.clone(),
                })
            })
            .collect::<Result<_, RecordedNonsense>>()?;
        Ok(Case {
            at: inputs.at,
            change: inputs.change,
            gate: inputs.gate.clone(),
            service: Arc::new(read(&inputs.service, "service")?),
            policies,
            waivers: inputs.waivers.iter().map(|waiver| read(waiver, "waiver")).collect::<Result<_, _>>()?,
            overrides: inputs
                .overrides
                .iter()
                .map(|value| read(value, "override"))
                .collect::<Result<_, _>>()?,
            notice: inputs.notice,
            events: inputs.events.clone(),
        })
    }
}

fn read<T: DeserializeOwned>(value: &Value, what: &'static str) -> Result<T, RecordedNonsense> {
    T::deserialize(value).map_err(|error| RecordedNonsense::new(what, &error))
}
