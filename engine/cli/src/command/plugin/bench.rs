//! `weir plugin bench`: how fast is the plugin, and how near to its limits?

use std::time::{Duration, Instant};

use serde::Serialize;
use weir::{Candidate, Engine, EngineOptions};

use super::super::{Failure, code_cache, engine, json, notes};
use super::Tried;
use crate::args::{Format, PluginBenchArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the JSON form.
const BENCH_VERSION: u32 = 1;

/// What was measured. Times are in nanoseconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Measured {
    pub(crate) schema_version: u32,
    pub(crate) name: String,
    /// To compile it.
    pub(crate) compile: u128,
    /// To load it when it is in the code cache; none without a cache.
    pub(crate) load: Option<u128>,
    /// A call in an instance that is made for it.
    pub(crate) fresh: Calls,
    /// A call in an instance that is kept, for calculators.
    pub(crate) kept: Option<Calls>,
    /// How many rows a call marks, for calculators.
    pub(crate) rows: Option<u32>,
    /// The least memory in which it answers, in bytes.
    pub(crate) memory: usize,
    /// The most memory that it may have, in bytes.
    pub(crate) memory_limit: usize,
    /// How long a call may take.
    pub(crate) deadline: u128,
}

/// Calls of one kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Calls {
    /// How many there were.
    pub(crate) calls: u32,
    /// The time of one in the middle.
    pub(crate) median: u128,
    /// The time of the longest.
    pub(crate) slowest: u128,
}

pub(super) fn run(arguments: &PluginBenchArguments) -> Result<Exit, Failure> {
    let tried = Tried::read(&arguments.trial)?;
    let limits = super::limits(&arguments.trial)?;
    let candidate = tried.candidate(&limits);
    let engine = engine()?;
    let measured = measured(&engine, &candidate, Duration::from_secs(arguments.seconds))?;
    notes(&engine)?;
    output::result(&match arguments.format {
        Format::Human => render::plugin::measured(&measured),
        Format::Json => json(&measured)?,
    })?;
    Ok(Exit::Go)
}

fn measured(engine: &Engine, candidate: &Candidate<'_>, time: Duration) -> Result<Measured, Failure> {
    let uncached = Engine::new(EngineOptions::default())?;
    let (compile, info) = timed(|| uncached.describe_plugin(candidate))?;
    let load = match code_cache() {
        Some(_) => {
            // The first time may compile, and leaves the code in the cache.
            engine.describe_plugin(candidate)?;
            Some(timed(|| engine.describe_plugin(candidate))?.0.as_nanos())
        }
        None => None,
    };
    let mut exercise = engine.exercise_plugin(candidate)?;
    let memory = exercise.memory_bytes().map_err(weir::EngineError::Call)?;
    let fresh = calls(time, || exercise.fresh())?;
    let rows = exercise.rows();
    let kept = match rows {
        Some(_) => Some(calls(time, || exercise.kept().map(drop))?),
        None => None,
    };
    let limits = candidate.sandbox_limits();
    Ok(Measured {
        schema_version: BENCH_VERSION,
        name: info.name,
        compile: compile.as_nanos(),
        load,
        fresh,
        kept,
        rows,
        memory,
        memory_limit: limits.memory_bytes,
        deadline: limits.deadline.as_nanos(),
    })
}

/// Calls for a while, and once at least.
fn calls(time: Duration, mut call: impl FnMut() -> Result<(), weir::CallError>) -> Result<Calls, Failure> {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.is_empty() || begin.elapsed() < time {
        let (took, ()) = timed(|| call().map_err(weir::EngineError::Call))?;
        times.push(took.as_nanos());
    }
    times.sort_unstable();
    Ok(Calls {
        calls: u32::try_from(times.len()).unwrap_or(u32::MAX),
        median: times.get(times.len() / 2).copied().unwrap_or_default(),
        slowest: times.last().copied().unwrap_or_default(),
    })
}

fn timed<T>(work: impl FnOnce() -> Result<T, weir::EngineError>) -> Result<(Duration, T), Failure> {
    let begin = Instant::now();
    let result = work()?;
    Ok((begin.elapsed(), result))
}
