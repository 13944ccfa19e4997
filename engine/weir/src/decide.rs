//! Deciding: policies are put to their plugins, their answers become outcomes, and the most severe effect wins.
//!
//! Everything here is a function of its arguments: a decision record replays through the same code.

mod budget;
mod check;
mod combine;
mod excuses;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_host::contract::budget::Needs;
use weir_host::{Answer, CallError, Evidence, Kind, Limits, Plugin};
use weir_model::Effect;
use weir_model::policy::Policy;
use weir_model::record::Given;
use weir_model::value::Name;
use weir_model::verdict::{Judged, PolicyOutcome, VERDICT_VERSION, Verdict};

pub(crate) use self::check::unknown_rule;
pub(crate) use self::excuses::{of_override, of_waiver};
use crate::case::{Case, CasePolicy};
use crate::measured::Standing;
use crate::plugins;

/// A policy with all that it takes to put it to its plugin.
#[derive(Debug)]
pub(crate) struct Armed {
    pub(crate) policy: Policy,
    pub(crate) plugin: Plugin,
    pub(crate) limits: Limits,
    /// The parameters as a JSON object.
    pub(crate) params: String,
    /// The documents that the plugin may read.
    pub(crate) evidence: Evidence,
    /// What a budget policy wants to know; none for other kinds. It depends on the parameters alone, so it is asked once.
    pub(crate) needs: Option<Result<Answer<Needs>, CallError>>,
}

impl Armed {
    /// A policy with its plugin, which is asked for its needs.
    pub(crate) fn new(policy: &CasePolicy, plugin: Plugin, evidence: Evidence) -> Armed {
        let limits = plugins::limits(&policy.limits);
        let params = serde_json::Value::Object(policy.policy.params.clone()).to_string();
        let name = policy.policy.about.name.as_str();
        let needs =
            (plugin.kind() == Kind::BudgetPolicy).then(|| plugin.prepare_budget(name, &limits, &params));
        Armed { policy: policy.policy.clone(), plugin, limits, params, evidence, needs }
    }
}

/// A verdict, and what is known beside it.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) verdict: Verdict,
    /// The documents that each policy's plugin was given on the way to it.
    pub(crate) evidence: BTreeMap<String, BTreeMap<String, Given>>,
    /// The clauses about burn rates that hold.
    pub(crate) burning: Vec<Burning>,
}

/// Whether a decision says what would lift each clause, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It does.
    Ahead,
    /// It does not: looking ahead takes longer than deciding, and a back-test has nobody who reads it.
    Nothing,
}

/// A clause about a burn rate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Burning {
    pub(crate) policy: String,
    pub(crate) slo: String,
    pub(crate) clause: String,
}

/// A case, and what was measured of its service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) case: &'q Case,
    pub(crate) standing: &'q Standing,
}

/// Puts every policy to its plugin and combines what they say.
pub(crate) fn decide(case: &Case, armed: &[Armed], standing: &Standing, outlook: Outlook) -> Decided {
    let question = &Question { case, standing };
    let judge = |policy: &Armed| match policy.plugin.kind() {
        Kind::Check => check::judge(case, policy),
        Kind::BudgetPolicy | Kind::ToilScorer | Kind::SliCalculator => {
            budget::judge(question, policy, outlook)
        }
    };
    conclude(question, armed, armed.iter().map(judge).collect())
}

/// Decides on several cases under the same policies. Each comes out as if it had been the only one; a policy's plugin is
/// called once for all of them, which takes much less time.
pub(crate) fn decide_each(questions: &[Question<'_>], armed: &[Armed], outlook: Outlook) -> Vec<Decided> {
    let mut outcomes: Vec<Vec<Outcome>> = questions.iter().map(|_| Vec::new()).collect();
    for policy in armed {
        let of_policy: Vec<Outcome> = match policy.plugin.kind() {
            Kind::Check => questions.iter().map(|question| check::judge(question.case, policy)).collect(),
            Kind::BudgetPolicy | Kind::ToilScorer | Kind::SliCalculator => {
                budget::judge_each(questions, policy, outlook)
            }
        };
        for (outcomes, outcome) in outcomes.iter_mut().zip(of_policy) {
            outcomes.push(outcome);
        }
    }
    questions.iter().zip(outcomes).map(|(question, outcomes)| conclude(question, armed, outcomes)).collect()
}

/// The verdict that the outcomes of all policies come to.
fn conclude(question: &Question<'_>, armed: &[Armed], mut outcomes: Vec<Outcome>) -> Decided {
    let Question { case, standing } = *question;
    let mut evidence = BTreeMap::new();
    for policy in armed {
        let given = policy.evidence.transcript();
        if !given.is_empty() {
            evidence
                .insert(policy.policy.about.name.to_string(), given.into_iter().map(given_from).collect());
        }
    }
    let combined = combine::combine(case, &outcomes);
    let burning = outcomes.iter_mut().flat_map(|outcome| outcome.burning.drain(..)).collect();
    let obligations = outcomes
        .iter()
        .filter(|outcome| outcome.outcome.effect >= Effect::Warn && combined.overruled.is_none())
        .flat_map(|outcome| outcome.obligations.clone())
        .collect();
    let verdict = Verdict {
        schema_version: VERDICT_VERSION,
        service: case.service.about.name.to_string(),
        change: case.change,
        gate: case.gate.clone(),
        at: case.at,
        effect: combined.effect,
        undecided: combined.undecided,
        decided_by: combined.decided_by,
        reason: combined.reason,
        flip: combined.flip,
        excuses: excuses::excuses(case, &outcomes, combined.overruled.as_ref()),
        overruled: combined.overruled,
        policies: outcomes.into_iter().map(|outcome| outcome.outcome).collect(),
        slos: standing.shown.clone(),
        obligations,
        events: case.events.clone(),
    };
    Decided { verdict, evidence, burning }
}

/// What one policy says, with what the combination needs beside it.
#[derive(Debug)]
struct Outcome {
    name: Name,
    outcome: PolicyOutcome,
    /// The effect that comes from what was judged.
    judged: Effect,
    /// The effect that comes from what could not be judged.
    unjudged: Effect,
    obligations: Vec<weir_model::verdict::Obligation>,
    burning: Vec<Burning>,
}

impl Outcome {
    fn new(armed: &Armed) -> Outcome {
        Outcome {
            name: armed.policy.about.name.clone(),
            outcome: PolicyOutcome {
                policy: armed.policy.about.name.to_string(),
                plugin: armed.plugin.name().to_owned(),
                plugin_digest: armed.plugin.digest().to_string(),
                mode: armed.policy.about.mode,
                asks: Effect::Allow,
                effect: Effect::Allow,
                judged: Judged::Yes,
                gaps: Vec::new(),
                clauses: Vec::new(),
                findings: Vec::new(),
                level: None,
                log: Vec::new(),
            },
            judged: Effect::Allow,
            unjudged: Effect::Allow,
            obligations: Vec::new(),
            burning: Vec::new(),
        }
    }

    /// Notes that something could not be judged for want of data.
    fn no_data(&mut self, policy: &Policy, gap: String) {
        if self.outcome.judged == Judged::Yes {
            self.outcome.judged = Judged::NoData;
        }
        self.outcome.gaps.push(gap);
        self.unjudged = self.unjudged.max(policy.about.on_no_data);
    }

    /// Notes that the plugin failed.
    fn error(&mut self, policy: &Policy, error: &CallError) {
        self.failed(policy, error.to_string());
        self.outcome.log.extend(error.log().iter().map(|line| line.to_string()));
    }

    /// Notes that the plugin's answer makes no sense.
    fn failed(&mut self, policy: &Policy, reason: String) {
        self.outcome.judged = Judged::Error;
        self.outcome.gaps.push(reason);
        self.unjudged = self.unjudged.max(policy.about.on_error);
    }

    /// Works out what the policy asks for, and what effect that has in its mode.
    fn close(mut self, policy: &Policy) -> Outcome {
        let asks = self.judged.max(self.unjudged);
        self.outcome.asks = asks;
        self.outcome.effect = policy.about.mode.soften(asks);
        self
    }
}

fn given_from((path, given): (String, weir_host::Given)) -> (String, Given) {
    let given = match given {
        weir_host::Given::Text(text) => Given::Text(text),
        weir_host::Given::Paths(paths) => Given::Paths(paths),
        weir_host::Given::Refused { code, text } => Given::Refused { code, text },
    };
    (path, given)
}
