//! What a store knows of the call that runs in it: its limits, its log, its evidence.

use std::time::Instant;

use wasmtime::component::HasSelf;
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};

use crate::bindings::check::weir::policy::evidence::Refusal;
use crate::bindings::check::weir::policy::{evidence, log, types, zones};
use crate::evidence::Evidence;
use crate::limits::{LimitKind, Limits};
use crate::log::{Level, Log};
use crate::wasi::Seeded;

/// Names the state itself as what the imports work on.
pub(crate) type Host = HasSelf<State>;

/// The state of a store.
pub(crate) struct State {
    limits: Limits,
    /// None for a deadline beyond what the clock can tell.
    deadline: Option<Instant>,
    host_calls: u64,
    memory_bytes: usize,
    table_elements: usize,
    /// The first limit that was exceeded.
    pub(crate) exceeded: Option<LimitKind>,
    /// The function of the inert WASI that ended the call, and why.
    pub(crate) stopped: Option<(String, String)>,
    pub(crate) log: Log,
    pub(crate) random: Seeded,
    evidence: Evidence,
}

/// A store that no call has run in. Begin a call before anything else.
pub(crate) fn store(engine: &Engine, limits: &Limits, evidence: Evidence) -> Store<State> {
    let state = State {
        limits: *limits,
        deadline: None,
        host_calls: 0,
        memory_bytes: 0,
        table_elements: 0,
        exceeded: None,
        stopped: None,
        log: Log::new(0),
        random: Seeded::default(),
        evidence,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.output_bytes);
    // The runtime counts ticks, and a busy machine is late with them; the deadline is a matter of the clock.
    store.epoch_deadline_callback(|mut store| {
        let state = store.data_mut();
        Ok(if state.is_late() { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    store
}

/// Begins a call: its deadline and its counts start now. Memory and tables belong to the instance and keep their count.
pub(crate) fn begin(store: &mut Store<State>) {
    let state = store.data_mut();
    state.deadline = Instant::now().checked_add(state.limits.deadline);
    state.host_calls = 0;
    state.exceeded = None;
    state.stopped = None;
    state.log = Log::new(state.limits.log_bytes);
    store.set_epoch_deadline(1);
}

/// Has randomness begin anew, so that what a call is given does not depend on the calls before it, nor on whether the
/// instance was made for it.
pub(crate) fn reseed(store: &mut Store<State>) {
    store.data_mut().random = Seeded::default();
}

impl State {
    fn is_late(&mut self) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late {
            self.exceeded.get_or_insert(LimitKind::Deadline);
        }
        late
    }

    fn exceed(&mut self, limit: LimitKind) -> wasmtime::Error {
        self.exceeded.get_or_insert(limit);
        wasmtime::Error::msg("limit exceeded")
    }

    /// Ends the call in a function of the inert WASI.
    pub(crate) fn stop(&mut self, function: &str, reason: String) -> wasmtime::Error {
        self.stopped.get_or_insert((function.to_owned(), reason));
        wasmtime::Error::msg("no answer")
    }

    /// Every import comes through here first.
    pub(crate) fn enter(&mut self) -> wasmtime::Result<()> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            return Err(self.exceed(LimitKind::HostCalls));
        }
        if self.is_late() { Err(self.exceed(LimitKind::Deadline)) } else { Ok(()) }
    }
}

/// What all memories or tables of an instance come to after one of them has grown.
fn grown(total: usize, current: usize, desired: usize) -> usize {
    total.saturating_sub(current).saturating_add(desired)
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let grown = grown(self.memory_bytes, current, desired);
        if grown > self.limits.memory_bytes {
            return Err(self.exceed(LimitKind::Memory));
        }
        self.memory_bytes = grown;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let grown = grown(self.table_elements, current, desired);
        if grown > self.limits.table_elements {
            return Err(self.exceed(LimitKind::TableElements));
        }
        self.table_elements = grown;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }
}

impl types::Host for State {}

impl log::Host for State {
    fn write(&mut self, level: u32, text: String) -> wasmtime::Result<()> {
        self.enter()?;
        self.log.write(Level::from_code(level), text);
        Ok(())
    }
}

impl zones::Host for State {
    fn offset(&mut self, zone: String, at: i64) -> wasmtime::Result<Option<i32>> {
        self.enter()?;
        Ok(crate::zones::offset(&zone, at))
    }
}

impl evidence::Host for State {
    fn read(&mut self, path: String) -> wasmtime::Result<Result<String, Refusal>> {
        self.enter()?;
        Ok(self.evidence.read(&path))
    }

    fn documents(&mut self, folder: String) -> wasmtime::Result<Result<Vec<String>, Refusal>> {
        self.enter()?;
        Ok(self.evidence.documents(&folder))
    }
}
