//! The guest in a runtime with the settings of the sandbox, or all but one of them.

use std::thread;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: "shapes/wit",
        world: "shapes-guest",
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

pub(crate) use bindings::exports::weir::shapes::shapes;

/// The component of the guest. `shapes/README.md` says how it was built.
const GUEST: &[u8] = include_bytes!("shapes.wasm");

/// How often running guests look whether their deadline has passed, as in the sandbox.
const TICK: Duration = Duration::from_millis(1);

/// A deadline that no benchmark reaches, in ticks.
const FAR: u64 = 1 << 40;

/// What the benchmark varies in the runtime.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Whether deadlines can end a call.
    pub(crate) epochs: bool,
    /// Whether the runtime is ready for asynchronous guests.
    pub(crate) concurrency: bool,
    /// Whether instances take their memory from a pool.
    pub(crate) pooled: bool,
}

/// The settings of the sandbox.
pub(crate) const SANDBOX: Settings = Settings { epochs: true, concurrency: false, pooled: false };

/// The compiled guest, not yet instantiated.
pub(crate) struct Sandbox {
    engine: Engine,
    guest: bindings::ShapesGuestPre<()>,
}

/// An instance of the guest.
pub(crate) struct Guest {
    store: Store<()>,
    exports: bindings::ShapesGuest,
}

impl Sandbox {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let mut config = Config::new();
        config
            .concurrency_support(settings.concurrency)
            .epoch_interruption(settings.epochs)
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false);
        if settings.pooled {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_component_instances(4).total_core_instances(16).total_memories(4).total_tables(16);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let engine = Engine::new(&config)?;
        tick(&engine);
        let component = Component::new(&engine, GUEST)?;
        let guest = bindings::ShapesGuestPre::new(Linker::new(&engine).instantiate_pre(&component)?)?;
        Ok(Self { engine, guest })
    }

    pub(crate) fn instantiate(&self) -> Result<Guest> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(FAR);
        let exports = self.guest.instantiate(&mut store)?;
        Ok(Guest { store, exports })
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

#[expect(clippy::expect_used, reason = "a call that fails would be timed as a quick one")]
impl Guest {
    pub(crate) fn records(&mut self, rows: &[shapes::Row<'_>]) -> Vec<u8> {
        let shapes = self.exports.weir_shapes_shapes();
        shapes.call_classify_records(&mut self.store, rows).expect("the guest answers")
    }

    pub(crate) fn columns(&mut self, columns: &[shapes::Column<'_>]) -> Vec<u8> {
        let shapes = self.exports.weir_shapes_shapes();
        shapes.call_classify_columns(&mut self.store, columns).expect("the guest answers")
    }

    pub(crate) fn pools(&mut self, batch: &shapes::Batch<'_>) -> Vec<u8> {
        let shapes = self.exports.weir_shapes_shapes();
        shapes.call_classify_pools(&mut self.store, batch.clone()).expect("the guest answers")
    }
}
