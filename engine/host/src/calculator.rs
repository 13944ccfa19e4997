//! A calculator that keeps its instance.

use std::fmt;

use wasmtime::Store;

use crate::answer;
use crate::bindings::sli_calculator::exports::weir::policy::calculator::Guest;
use crate::bindings::sli_calculator::{SliCalculator, SliCalculatorPre};
use crate::call::{Breach, Call, Outcome};
use crate::contract::calculator::{Batch, Plan, Slices, Tallies};
use crate::error::CallError;
use crate::evidence::Evidence;
use crate::limits::Limits;
use crate::log::Answer;
use crate::plugin::Plugin;
use crate::state::{self, State};

/// An SLI calculator for one thread. Made by [`Plugin::calculator`].
///
/// It keeps one instance over many calls, since a calculator holds no state. After any error the instance is gone, and
/// the next call makes a new one: a calculator that failed can be called again.
pub struct Calculator {
    plugin: Plugin,
    linked: SliCalculatorPre<State>,
    policy: String,
    limits: Limits,
    warm: Option<Warm>,
}

struct Warm {
    store: Store<State>,
    instance: SliCalculator,
}

impl fmt::Debug for Calculator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Calculator");
        shown.field("plugin", &self.plugin).field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Calculator {
    pub(crate) fn new(
        plugin: Plugin,
        linked: SliCalculatorPre<State>,
        policy: String,
        limits: Limits,
    ) -> Calculator {
        Calculator { plugin, linked, policy, limits, warm: None }
    }

    /// Asks which fields the calculator reads.
    ///
    /// # Errors
    /// When the plugin fails, exceeds a limit, or breaks the contract.
    pub fn prepare(&mut self, params: &str) -> Result<Answer<Plan>, CallError> {
        self.call(|store, guest| guest.call_prepare(store, params), answer::plan)
    }

    /// Has the rows of a batch marked: 0 not valid, 1 good, 2 bad, 3 unknown. One mark a row.
    ///
    /// The batch is copied once, from the caller's slices into the plugin's memory.
    ///
    /// # Errors
    /// When the plugin fails, exceeds a limit, or breaks the contract.
    pub fn classify(&mut self, params: &str, rows: &Batch<'_>) -> Result<Answer<Vec<u8>>, CallError> {
        self.call(
            |store, guest| guest.call_classify(store, params, rows.clone()),
            |marks| answer::marks(marks, rows.rows),
        )
    }

    /// Has slices turned into tallies, one a slice.
    ///
    /// # Errors
    /// When the plugin fails, exceeds a limit, or breaks the contract.
    pub fn settle(&mut self, params: &str, merged: &Slices<'_>) -> Result<Answer<Tallies>, CallError> {
        self.call(
            |store, guest| guest.call_settle(store, params, merged.clone()),
            |tallies| answer::tallies(tallies, merged.good.len()),
        )
    }

    fn call<T>(
        &mut self,
        invoke: impl FnOnce(&mut Store<State>, &Guest) -> Outcome<T>,
        check: impl FnOnce(T) -> Result<T, Breach>,
    ) -> Result<Answer<T>, CallError> {
        let call = Call { plugin: &self.plugin, policy: &self.policy, limits: &self.limits };
        // Taken out, and put back only when all went well: a trap spoils the whole store.
        let mut warm = match self.warm.take() {
            Some(mut warm) => {
                state::begin(&mut warm.store);
                warm
            }
            None => {
                let mut store = call.store(Evidence::none())?;
                match self.linked.instantiate(&mut store) {
                    Ok(instance) => Warm { store, instance },
                    Err(error) => return Err(call.failure(&mut store, &error)),
                }
            }
        };
        state::reseed(&mut warm.store);
        let outcome = invoke(&mut warm.store, warm.instance.weir_policy_calculator());
        let answer = call.finish(&mut warm.store, outcome, check)?;
        self.warm = Some(warm);
        Ok(answer)
    }
}
