//! Bundled plugins in a runtime with the settings of the sandbox, or all but one of them.

use std::thread;
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, OptLevel, ResourceLimiter, Result, Store};

mod sli {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "sli-calculator",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

mod budgets {
    wasmtime::component::bindgen!({ path: "../wit", world: "budget-policy" });
}

use budgets::exports::weir::policy::budget;
pub(crate) use sli::exports::weir::policy::calculator;

/// How often running guests look whether their deadline has passed, as in the sandbox.
const TICK: Duration = Duration::from_millis(1);
/// A deadline that no benchmark reaches, in ticks.
const FAR: u64 = 1 << 40;
/// What a plugin may have, as in the sandbox.
const MEMORY_BYTES: usize = 64 << 20;
const TABLE_ELEMENTS: usize = 10_000;
/// The stack of a plugin, as in the sandbox.
const STACK_BYTES: usize = 512 << 10;

/// What the benchmark varies.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Whether deadlines can end a call.
    pub(crate) epochs: bool,
    /// Whether memories and tables are counted as they grow.
    pub(crate) limiter: bool,
    /// Whether all NaNs are the same one.
    pub(crate) canonical_nans: bool,
    /// Whether instructions are counted. They are not, in the sandbox.
    pub(crate) fuel: bool,
    /// Whether code is optimised.
    pub(crate) optimized: bool,
}

impl Settings {
    /// Those of the sandbox.
    pub(crate) const SANDBOX: Settings =
        Settings { epochs: true, limiter: true, canonical_nans: true, fuel: false, optimized: true };

    fn engine(self) -> Result<Engine> {
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .epoch_interruption(self.epochs)
            .consume_fuel(self.fuel)
            .max_wasm_stack(STACK_BYTES)
            .cranelift_nan_canonicalization(self.canonical_nans)
            .wasm_relaxed_simd(false)
            .shared_memory(false)
            .wasm_memory64(false)
            .native_unwind_info(false)
            .cranelift_opt_level(if self.optimized { OptLevel::Speed } else { OptLevel::None });
        let engine = Engine::new(&config)?;
        tick(&engine);
        Ok(engine)
    }

    fn store(self, engine: &Engine) -> Result<Store<Host>> {
        let mut store = Store::new(engine, Host::default());
        if self.epochs {
            store.set_epoch_deadline(FAR);
        }
        if self.fuel {
            store.set_fuel(u64::MAX)?;
        }
        if self.limiter {
            store.limiter(|host| host);
        }
        Ok(store)
    }
}

/// Makes the engine's epochs pass, as long as there is an engine.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}

fn component(name: &str) -> Vec<u8> {
    let path = format!("{}/../plugins/built/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    fs_err::read(path).expect("the bundled plugins are there")
}

/// What a guest has of the host: nothing but its limits.
#[derive(Default)]
struct Host {
    memory_bytes: usize,
    table_elements: usize,
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.memory_bytes = self.memory_bytes.saturating_sub(current).saturating_add(desired);
        Ok(self.memory_bytes <= MEMORY_BYTES)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.table_elements = self.table_elements.saturating_sub(current).saturating_add(desired);
        Ok(self.table_elements <= TABLE_ELEMENTS)
    }
}

impl sli::weir::policy::types::Host for Host {}
impl budgets::weir::policy::types::Host for Host {}

impl sli::weir::policy::log::Host for Host {
    fn write(&mut self, _: u32, _: String) {}
}

impl budgets::weir::policy::log::Host for Host {
    fn write(&mut self, _: u32, _: String) {}
}

impl budgets::weir::policy::zones::Host for Host {
    fn offset(&mut self, _: String, _: i64) -> Option<i32> {
        Some(0)
    }
}

/// The calculator `availability`, in an instance that is kept.
pub(crate) struct Calculator {
    store: Store<Host>,
    exports: sli::SliCalculator,
}

impl Calculator {
    pub(crate) fn new(settings: Settings) -> Result<Calculator> {
        let engine = settings.engine()?;
        let component = Component::new(&engine, component("availability"))?;
        let mut linker = Linker::new(&engine);
        sli::SliCalculator::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let mut store = settings.store(&engine)?;
        let exports = sli::SliCalculator::instantiate(&mut store, &component, &linker)?;
        Ok(Calculator { store, exports })
    }

    pub(crate) fn classify(&mut self, batch: &calculator::Batch<'_>) -> Vec<u8> {
        let guest = self.exports.weir_policy_calculator();
        let answer = guest.call_classify(&mut self.store, "{}", batch.clone());
        answer.expect("the guest answers").expect("it has no problem")
    }
}

/// The policy `error-budget`, of which each call makes an instance.
pub(crate) struct Budget {
    settings: Settings,
    engine: Engine,
    ready: budgets::BudgetPolicyPre<Host>,
}

impl Budget {
    pub(crate) fn new(settings: Settings) -> Result<Budget> {
        let engine = settings.engine()?;
        let component = Component::new(&engine, component("error-budget"))?;
        let mut linker = Linker::new(&engine);
        budgets::BudgetPolicy::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let ready = budgets::BudgetPolicyPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Budget { settings, engine, ready })
    }

    pub(crate) fn decide(&self, situation: &budget::Situation) -> u32 {
        let mut store = self.settings.store(&self.engine).expect("there is memory for it");
        let exports = self.ready.instantiate(&mut store).expect("it starts");
        let guest = exports.weir_policy_budget();
        let answer = guest.call_decide(&mut store, "{}", std::slice::from_ref(situation));
        let decisions = answer.expect("the guest answers").expect("it has no problem");
        decisions.first().expect("one a situation").effect
    }
}

/// A service with two SLOs that have something left.
pub(crate) fn situation() -> budget::Situation {
    let slo = |name: &str| budget::SloStatus {
        name: name.to_owned(),
        objective: "0.999".to_owned(),
        window: 2_592_000,
        total: budget::Counts { good: 999_000, bad: 400 },
        windows: vec![budget::Counts { good: 1_000, bad: 1 }; 8],
        latched: vec![false; 2],
        facts: Vec::new(),
    };
    budget::Situation {
        service: "checkout".to_owned(),
        change: "feature".to_owned(),
        now: 1_790_000_000,
        slos: vec![slo("availability"), slo("latency")],
        facts: Vec::new(),
    }
}
