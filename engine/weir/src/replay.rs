//! Deriving a decision again from its record.

#[cfg(test)]
mod tests;

use std::path::Path;

use weir_flow::Ledger;
use weir_host::{Digest, Evidence, Given as HostGiven, Plugin};
use weir_model::record::{Given, Inputs, Measured};
use weir_model::verdict::Verdict;

use crate::case::{Case, CasePolicy, RecordedNonsense};
use crate::decide::{Armed, Outlook, decide};
use crate::engine::{Engine, EngineError, chain_of};
use crate::measure::{Origin, SloLedger};
use crate::measured::Slos;
use crate::plugins;
use crate::project::Project;
use crate::records::{self, Records};
use crate::slices;

/// What came of a replay.
#[derive(Debug)]
pub struct Replay {
    /// The verdict in the record.
    pub recorded: Verdict,
    /// The verdict that came out now.
    pub derived: Verdict,
    /// Whether both are the same, byte for byte in their JSON form.
    pub same: bool,
    /// Whether the record before this one in its folder is the one that the record names; none when it is not there, or
    /// this is the first.
    pub follows: Option<bool>,
}

impl Engine {
    /// Derives a decision again from its record alone. Plugins that do not come with this Weir are taken from the folder
    /// `plugins` beside the record, by their digests.
    ///
    /// # Errors
    /// When the record can't be read or makes no sense, or a plugin is not there.
    pub fn replay(&self, record: &Path) -> Result<Replay, EngineError> {
        let stored = records::read(record)?;
        let chain = chain_of(record);
        let inputs = &stored.record.inputs;
        let case = Case::of_record(inputs)?;
        let mut armed = Vec::new();
        for (policy, input) in case.policies.iter().zip(&inputs.policies) {
            let plugin = self.recorded_plugin(&chain, policy, &input.plugin_digest)?;
            armed.push(armed_of_record(policy, plugin, inputs));
        }
        let follows = chain.follows(&stored.record)?;
        derive(stored.record.verdict.clone(), &case, &armed, inputs, follows)
    }

    /// What the policies of another project say of a recorded decision: about the same service, events, documents,
    /// waivers and overrides. A document that the record does not hold is not there.
    ///
    /// # Errors
    /// As for [`Engine::replay`]; also when no policy of the project is about the service.
    pub fn replay_with(&self, record: &Path, project: &Project) -> Result<Replay, EngineError> {
        self.check_parameters(project)?;
        let stored = records::read(record)?;
        let inputs = &stored.record.inputs;
        let mut case = Case::of_record(inputs)?;
        let gate = project.gate(&case.gate);
        let service = case.service.clone();
        case.policies.clear();
        let mut armed = Vec::new();
        let applies = |policy: &weir_model::policy::Policy| {
            policy.scope.covers(&service) && gate.is_none_or(|gate| gate.applies(&policy.about.name))
        };
        for policy in CasePolicy::of_project(project, applies) {
            let limits = plugins::limits(&policy.limits);
            let plugin = self.plugins.named(project, policy.policy.about.plugin.as_str(), &limits)?;
            if plugin.kind() != weir_host::Kind::ToilScorer {
                armed.push(armed_of_record(&policy, plugin, inputs));
                case.policies.push(policy);
            }
        }
        if armed.is_empty() {
            let message =
                format!("no policy of `{}` is about `{}`", project.root().display(), service.about.name);
            return Err(EngineError::question(message, None));
        }
        derive(stored.record.verdict, &case, &armed, inputs, None)
    }

    fn recorded_plugin(
        &self,
        chain: &Records,
        policy: &CasePolicy,
        digest: &str,
    ) -> Result<Plugin, EngineError> {
        let digest: Digest =
            digest.parse().map_err(|_| RecordedNonsense::new("plugin digest", &"it is not a SHA-256"))?;
        let name = policy.policy.about.plugin.as_str();
        let kept = chain.component(&digest)?;
        Ok(self.plugins.with_digest(name, &digest, || kept, &plugins::limits(&policy.limits))?)
    }
}

fn derive(
    recorded: Verdict,
    case: &Case,
    armed: &[Armed],
    inputs: &Inputs,
    follows: Option<bool>,
) -> Result<Replay, EngineError> {
    let ledgers = inputs.measured.iter().map(ledger).collect::<Result<Vec<_>, _>>()?;
    let standing = Slos::new(&case.service, &ledgers)?.standing(case.at);
    let derived = decide(case, armed, &standing, Outlook::Ahead).verdict;
    let bytes = |verdict: &Verdict| {
        serde_json::to_vec(verdict).map_err(|error| EngineError::Internal(error.to_string()))
    };
    let same = bytes(&derived)? == bytes(&recorded)?;
    Ok(Replay { recorded, derived, same, follows })
}

fn armed_of_record(policy: &CasePolicy, plugin: Plugin, inputs: &Inputs) -> Armed {
    let given = inputs.evidence.get(policy.policy.about.name.as_str()).cloned().unwrap_or_default();
    let given = given.into_iter().map(|(path, given)| {
        let given = match given {
            Given::Text(text) => HostGiven::Text(text),
            Given::Paths(paths) => HostGiven::Paths(paths),
            Given::Refused { code, text } => HostGiven::Refused { code, text },
        };
        (path, given)
    });
    Armed::new(policy, plugin, Evidence::recorded(given.collect()))
}

fn origin(measured: &Measured) -> Result<Origin, EngineError> {
    match (&measured.calculator_digest, &measured.source) {
        (Some(digest), None) => {
            let digest = digest.parse();
            Ok(Origin::Calculator(
                digest.map_err(|_| RecordedNonsense::new("calculator digest", &"it is not a SHA-256"))?,
            ))
        }
        (None, Some(source)) => Ok(Origin::Source(source.clone())),
        _ => {
            Err(RecordedNonsense::new("ledger", &"it has neither a calculator nor a source, or both").into())
        }
    }
}

fn ledger(measured: &Measured) -> Result<SloLedger, EngineError> {
    let newest = measured.newest_event.map(|newest| newest.as_millisecond());
    let ledger: Result<Ledger, String> = match &measured.failure {
        Some(failure) => Err(failure.clone()),
        None => Ok(slices::unpack(&measured.slices, measured.slice_seconds, newest)
            .map_err(|error| RecordedNonsense::new("ledger", &error))?),
    };
    Ok(SloLedger {
        slo: measured.slo.clone(),
        origin: origin(measured)?,
        ledger,
        slice_seconds: measured.slice_seconds,
    })
}
