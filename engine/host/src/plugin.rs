//! A plugin that is ready to be called.

use std::fmt;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::answer;
use crate::bindings::budget_policy::{BudgetPolicy, BudgetPolicyPre};
use crate::bindings::check::{Check, CheckPre};
use crate::bindings::sli_calculator::{SliCalculator, SliCalculatorPre};
use crate::bindings::toil_scorer::{ToilScorer, ToilScorerPre};
use crate::calculator::Calculator;
use crate::call::Call;
use crate::contract::{budget, checker, scorer, types};
use crate::digest::Digest;
use crate::engine::Ticker;
use crate::error::CallError;
use crate::evidence::Evidence;
use crate::info::Info;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::log::Answer;
use crate::state::{Host, State};
use crate::wasi::{self, Wasi};

/// A plugin, compiled and linked. Loaded by [`Sandbox::load`](crate::Sandbox::load).
///
/// Clones share everything and cost next to nothing; any number of threads may call one plugin at the same time. Every
/// call has an instance of its own, made in microseconds, so that no call sees another one's state; only a
/// [`Calculator`] keeps one.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

struct Inner {
    name: String,
    digest: Digest,
    size: usize,
    info: Info,
    linked: Linked,
    engine: Engine,
    ticker: Arc<Ticker>,
}

/// What the sandbox knows of a plugin besides its code.
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) digest: Digest,
    pub(crate) size: usize,
    pub(crate) info: Info,
}

/// A component whose imports have been provided.
#[derive(Clone)]
pub(crate) enum Linked {
    SliCalculator(SliCalculatorPre<State>),
    BudgetPolicy(BudgetPolicyPre<State>),
    Check(CheckPre<State>),
    ToilScorer(ToilScorerPre<State>),
}

impl Linked {
    /// Provides what the kind may import, and nothing else.
    pub(crate) fn new(
        engine: &Engine,
        kind: Kind,
        component: &Component,
        wasi: Wasi,
    ) -> wasmtime::Result<Linked> {
        let mut linker = Linker::new(engine);
        let get: fn(&mut State) -> &mut State = |state| state;
        match kind {
            Kind::SliCalculator => SliCalculator::add_to_linker::<State, Host>(&mut linker, get)?,
            Kind::BudgetPolicy => BudgetPolicy::add_to_linker::<State, Host>(&mut linker, get)?,
            Kind::Check => Check::add_to_linker::<State, Host>(&mut linker, get)?,
            Kind::ToilScorer => ToilScorer::add_to_linker::<State, Host>(&mut linker, get)?,
        }
        if wasi == Wasi::Inert {
            wasi::link(engine, component, &mut linker)?;
        }
        let linked = linker.instantiate_pre(component)?;
        Ok(match kind {
            Kind::SliCalculator => Linked::SliCalculator(SliCalculatorPre::new(linked)?),
            Kind::BudgetPolicy => Linked::BudgetPolicy(BudgetPolicyPre::new(linked)?),
            Kind::Check => Linked::Check(CheckPre::new(linked)?),
            Kind::ToilScorer => Linked::ToilScorer(ToilScorerPre::new(linked)?),
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Linked::SliCalculator(_) => Kind::SliCalculator,
            Linked::BudgetPolicy(_) => Kind::BudgetPolicy,
            Linked::Check(_) => Kind::Check,
            Linked::ToilScorer(_) => Kind::ToilScorer,
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Plugin");
        shown.field("name", &self.name()).field("kind", &self.kind()).field("digest", &self.digest());
        shown.finish_non_exhaustive()
    }
}

impl Plugin {
    pub(crate) fn new(identity: Identity, linked: Linked, engine: Engine, ticker: Arc<Ticker>) -> Plugin {
        let Identity { name, digest, size, info } = identity;
        Plugin(Arc::new(Inner { name, digest, size, info, linked, engine, ticker }))
    }

    /// The name that it was loaded under.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.0.linked.kind()
    }

    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What it says of itself.
    pub fn info(&self) -> &Info {
        &self.0.info
    }

    /// The size of its component in bytes.
    pub(crate) fn size(&self) -> usize {
        self.0.size
    }

    /// The engine, with its deadlines running.
    pub(crate) fn running_engine(&self) -> Result<&Engine, String> {
        self.0.ticker.start(&self.0.engine)?;
        Ok(&self.0.engine)
    }

    fn call<'c>(&'c self, policy: &'c str, limits: &'c Limits) -> Call<'c> {
        Call { plugin: self, policy, limits }
    }

    /// A calculator for one thread. It makes its instance with the first call and keeps it.
    ///
    /// # Errors
    /// When the plugin is no SLI calculator.
    pub fn calculator(&self, policy: &str, limits: &Limits) -> Result<Calculator, CallError> {
        match &self.0.linked {
            Linked::SliCalculator(linked) => {
                Ok(Calculator::new(self.clone(), linked.clone(), policy.to_owned(), *limits))
            }
            Linked::BudgetPolicy(_) | Linked::Check(_) | Linked::ToilScorer(_) => {
                Err(self.call(policy, limits).wrong_kind(Kind::SliCalculator))
            }
        }
    }

    /// Asks a budget policy what it needs to know.
    ///
    /// # Errors
    /// When the plugin is no budget policy, fails, exceeds a limit, or breaks the contract.
    pub fn prepare_budget(
        &self,
        policy: &str,
        limits: &Limits,
        params: &str,
    ) -> Result<Answer<budget::Needs>, CallError> {
        let call = self.call(policy, limits);
        let Linked::BudgetPolicy(linked) = &self.0.linked else {
            return Err(call.wrong_kind(Kind::BudgetPolicy));
        };
        call.fresh(
            Evidence::none(),
            |store| linked.instantiate(&mut *store)?.weir_policy_budget().call_prepare(&mut *store, params),
            answer::needs,
        )
    }

    /// Asks a budget policy for the effect on a change.
    ///
    /// # Errors
    /// When the plugin is no budget policy, fails, exceeds a limit, or breaks the contract.
    pub fn decide(
        &self,
        policy: &str,
        limits: &Limits,
        params: &str,
        situation: &budget::Situation,
    ) -> Result<Answer<budget::Decision>, CallError> {
        let Answer { value, log, log_cut } =
            self.decide_each(policy, limits, params, std::slice::from_ref(situation))?;
        let decision = value.into_iter().next();
        let value = decision.ok_or_else(|| self.call(policy, limits).broken("no decision"))?;
        Ok(Answer { value, log, log_cut })
    }

    /// Asks a budget policy for the effect on changes in several situations with one call: one decision a situation. The
    /// limits are those of one call, whatever the number of situations.
    ///
    /// # Errors
    /// When the plugin is no budget policy, fails on one of the situations, exceeds a limit, or breaks the contract.
    pub fn decide_each(
        &self,
        policy: &str,
        limits: &Limits,
        params: &str,
        situations: &[budget::Situation],
    ) -> Result<Answer<Vec<budget::Decision>>, CallError> {
        let call = self.call(policy, limits);
        let Linked::BudgetPolicy(linked) = &self.0.linked else {
            return Err(call.wrong_kind(Kind::BudgetPolicy));
        };
        call.fresh(
            Evidence::none(),
            |store| {
                linked.instantiate(&mut *store)?.weir_policy_budget().call_decide(
                    &mut *store,
                    params,
                    situations,
                )
            },
            |decisions| answer::decisions(decisions, situations.len()),
        )
    }

    /// Has a check judge a service on the evidence.
    ///
    /// # Errors
    /// When the plugin is no check, fails, exceeds a limit, or breaks the contract.
    pub fn assess(
        &self,
        policy: &str,
        limits: &Limits,
        params: &str,
        subject: &checker::Subject,
        evidence: &Evidence,
    ) -> Result<Answer<checker::Report>, CallError> {
        let call = self.call(policy, limits);
        let Linked::Check(linked) = &self.0.linked else { return Err(call.wrong_kind(Kind::Check)) };
        call.fresh(
            evidence.clone(),
            |store| {
                linked.instantiate(&mut *store)?.weir_policy_checker().call_assess(
                    &mut *store,
                    params,
                    subject,
                )
            },
            answer::findings,
        )
    }

    /// Has a toil scorer score the work of a period. `since` and `until` are seconds since 1970; `until` and later does
    /// not belong to the period.
    ///
    /// # Errors
    /// When the plugin is no toil scorer, fails, exceeds a limit, or breaks the contract.
    pub fn score(
        &self,
        policy: &str,
        limits: &Limits,
        params: &str,
        since: i64,
        until: i64,
        items: &[scorer::WorkItem],
    ) -> Result<Answer<scorer::Report>, CallError> {
        let call = self.call(policy, limits);
        let Linked::ToilScorer(linked) = &self.0.linked else {
            return Err(call.wrong_kind(Kind::ToilScorer));
        };
        call.fresh(
            Evidence::none(),
            |store| {
                let instance = linked.instantiate(&mut *store)?;
                instance.weir_policy_scorer().call_score(&mut *store, params, since, until, items)
            },
            answer::scores,
        )
    }

    /// Has the plugin say what it is.
    pub(crate) fn describe(&self, limits: &Limits) -> Result<types::Info, CallError> {
        let call = self.call("loading", limits);
        let answer = call.fresh(
            Evidence::none(),
            |store| {
                Ok(Ok(match &self.0.linked {
                    Linked::SliCalculator(linked) => linked
                        .instantiate(&mut *store)?
                        .weir_policy_calculator()
                        .call_describe(&mut *store)?,
                    Linked::BudgetPolicy(linked) => {
                        linked.instantiate(&mut *store)?.weir_policy_budget().call_describe(&mut *store)?
                    }
                    Linked::Check(linked) => {
                        linked.instantiate(&mut *store)?.weir_policy_checker().call_describe(&mut *store)?
                    }
                    Linked::ToilScorer(linked) => {
                        linked.instantiate(&mut *store)?.weir_policy_scorer().call_describe(&mut *store)?
                    }
                }))
            },
            Ok,
        )?;
        Ok(answer.value)
    }
}
