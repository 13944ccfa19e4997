//! One call: a store, the plugin's answer or what became of it, in words that name plugin and policy.

use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::contract::types::Problem;
use crate::error::CallError;
use crate::evidence::Evidence;
use crate::kind::Kind;
use crate::limits::{LimitKind, Limits};
use crate::log::{Answer, Level, LogLine};
use crate::plugin::Plugin;
use crate::state::{self, State};
use crate::text::{line, tidy_text};

/// What of an answer is not as the contract wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach(pub(crate) String);

/// What the bindings hand back.
pub(crate) type Outcome<T> = wasmtime::Result<Result<T, Problem>>;

/// A call of a plugin under a policy.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) plugin: &'c Plugin,
    pub(crate) policy: &'c str,
    pub(crate) limits: &'c Limits,
}

impl Call<'_> {
    /// A call in an instance of its own, which is gone afterwards.
    pub(crate) fn fresh<T>(
        &self,
        evidence: Evidence,
        invoke: impl FnOnce(&mut Store<State>) -> Outcome<T>,
        check: impl FnOnce(T) -> Result<T, Breach>,
    ) -> Result<Answer<T>, CallError> {
        let mut store = self.store(evidence)?;
        let outcome = invoke(&mut store);
        self.finish(&mut store, outcome, check)
    }

    /// A store in which the call has begun.
    pub(crate) fn store(&self, evidence: Evidence) -> Result<Store<State>, CallError> {
        if self.plugin.size() > self.limits.component_bytes {
            return Err(self.limit(LimitKind::ComponentSize, Vec::new()));
        }
        let engine = self.plugin.running_engine().map_err(|reason| self.internal(reason))?;
        let mut store = state::store(engine, self.limits, evidence);
        state::begin(&mut store);
        Ok(store)
    }

    /// Turns what the bindings handed back into an answer.
    pub(crate) fn finish<T>(
        &self,
        store: &mut Store<State>,
        outcome: Outcome<T>,
        check: impl FnOnce(T) -> Result<T, Breach>,
    ) -> Result<Answer<T>, CallError> {
        let answer = outcome.map_err(|error| self.failure(store, &error))?;
        let (log, log_cut) = store.data_mut().log.take();
        match answer {
            Err(problem) => Err(self.problem(problem, log)),
            Ok(value) => match check(value) {
                Ok(value) => Ok(Answer { value, log, log_cut }),
                Err(Breach(rule)) => Err(self.answer(rule, log)),
            },
        }
    }

    /// What an error of the runtime means.
    pub(crate) fn failure(&self, store: &mut Store<State>, error: &wasmtime::Error) -> CallError {
        let state = store.data_mut();
        let (log, _) = state.log.take();
        if let Some(limit) = state.exceeded {
            return self.limit(limit, log);
        }
        if let Some((function, reason)) = state.stopped.take() {
            return self.stopped(&function, &reason, log);
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return match trap {
                Trap::StackOverflow => self.limit(LimitKind::Stack, log),
                trap => self.trap(trap, log),
            };
        }
        if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
            return self.internal(format!("{}; keep more instances ready", error.root_cause()));
        }
        // The runtime has no types for these.
        let cause = error.root_cause().to_string();
        if cause.starts_with("resource limit exceeded") {
            return self.limit(LimitKind::Instances, log);
        }
        if cause.contains("fuel allocated for hostcalls") {
            return self.limit(LimitKind::Output, log);
        }
        self.answer(line(&format!("{error:#}")), log)
    }

    pub(crate) fn wrong_kind(&self, wanted: Kind) -> CallError {
        let (plugin, policy) = self.names();
        CallError::Kind { plugin, policy, kind: self.plugin.kind(), wanted }
    }

    fn limit(&self, limit: LimitKind, log: Vec<LogLine>) -> CallError {
        let (plugin, policy) = self.names();
        CallError::Limit { plugin, policy, limit, allowed: self.limits.allowed(limit), log }
    }

    fn trap(&self, trap: &Trap, log: Vec<LogLine>) -> CallError {
        let (plugin, policy) = self.names();
        // A trap says nothing of its reason; a plugin that panics logs it.
        let reason = match log.iter().rev().find(|line| line.level == Level::Error) {
            Some(last) => format!("{trap} ({})", last.text),
            None => trap.to_string(),
        };
        CallError::Trap { plugin, policy, reason, log }
    }

    fn stopped(&self, function: &str, reason: &str, log: Vec<LogLine>) -> CallError {
        let (plugin, policy) = self.names();
        CallError::Wasi { plugin, policy, function: line(function), reason: line(reason), log }
    }

    fn problem(&self, problem: Problem, log: Vec<LogLine>) -> CallError {
        let (plugin, policy) = self.names();
        let (invalid_params, mut text) = match problem {
            Problem::InvalidParams(text) => (true, text),
            Problem::Unprocessable(text) => (false, text),
        };
        tidy_text(&mut text);
        CallError::Problem { plugin, policy, invalid_params, text, log }
    }

    /// An answer that is not as the contract wants it, of which nothing was logged.
    pub(crate) fn broken(&self, rule: &str) -> CallError {
        self.answer(rule.to_owned(), Vec::new())
    }

    fn answer(&self, rule: String, log: Vec<LogLine>) -> CallError {
        let (plugin, policy) = self.names();
        CallError::Answer { plugin, policy, rule, log }
    }

    fn internal(&self, reason: String) -> CallError {
        let (plugin, policy) = self.names();
        CallError::Internal { plugin, policy, reason }
    }

    fn names(&self) -> (String, String) {
        (self.plugin.name().to_owned(), self.policy.to_owned())
    }
}
