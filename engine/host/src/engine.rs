//! The runtime's settings, and the thread that makes deadlines pass.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use crate::limits::STACK_BYTES;
use crate::sandbox::{Allocation, Compiler};

/// How often running plugins look whether their deadline has passed.
const TICK: Duration = Duration::from_millis(1);
/// How many core instances, memories and tables of an instance the pool holds. What a component made by the usual tools
/// takes is 4, 1 and 2.
const POOLED_CORE_INSTANCES: u32 = 16;
const POOLED_MEMORIES: u32 = 2;
const POOLED_TABLES: u32 = 4;
const POOLED_TABLE_ELEMENTS: usize = 100_000;
/// How many touched bytes of a memory, and of a table, a slot of the pool keeps. A policy touches some 100 KiB.
const RESIDENT_BYTES: usize = 512 << 10;

/// An engine with these settings compiles code that any other engine of this function loads: the allocation is not part
/// of the code.
pub(crate) fn new(allocation: Allocation, compiler: Compiler) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        // Costs every call some 0.7 µs more (benches/shapes/RESULTS.md), for calls that never overlap.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        // The same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        // Less to go wrong. Threads are left out of the build.
        .shared_memory(false)
        .wasm_memory64(false)
        // Calls between the components of a composed one copy from memory to memory.
        .wasm_multi_memory(true)
        .signals_based_traps(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false)
        .cranelift_opt_level(match compiler {
            Compiler::Optimizing => OptLevel::Speed,
            Compiler::Quick => OptLevel::None,
        });
    if let Allocation::Pooled { instances } = allocation {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances)));
    }
    Engine::new(&config)
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(POOLED_CORE_INSTANCES))
        .total_memories(instances.saturating_mul(POOLED_MEMORIES))
        .total_tables(instances.saturating_mul(POOLED_TABLES))
        .max_memories_per_component(POOLED_MEMORIES)
        .max_tables_per_component(POOLED_TABLES)
        .table_elements(POOLED_TABLE_ELEMENTS);
    // A slot that is used again has its pages emptied, not taken away and faulted in once more. Only where the kernel tells
    // which pages were touched: else all up to the bound would be.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(RESIDENT_BYTES)
            .table_keep_resident(RESIDENT_BYTES);
    }
    pool
}

/// The thread that makes an engine's epochs pass. It starts with the first call and ends with the engine.
#[derive(Debug, Default)]
pub(crate) struct Ticker(OnceLock<Result<(), String>>);

impl Ticker {
    pub(crate) fn start(&self, engine: &Engine) -> Result<(), String> {
        self.0
            .get_or_init(|| {
                let engine = engine.weak();
                let tick = move || {
                    while let Some(engine) = engine.upgrade() {
                        engine.increment_epoch();
                        drop(engine);
                        thread::sleep(TICK);
                    }
                };
                let spawned = thread::Builder::new().name("weir-deadlines".to_owned()).spawn(tick);
                spawned.map(drop).map_err(|error| format!("no thread for deadlines: {error}"))
            })
            .clone()
    }
}
