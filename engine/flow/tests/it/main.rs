//! The flow as a whole: whatever way the input is cut and whoever does the work, the outcome is the same.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that can't go on panics, and one that can't begin says so"
)]

mod batches;
mod calculators;
mod fixtures;
mod formats;
#[expect(dead_code, reason = "the tests of the sandbox itself use more of it")]
#[path = "../../../host/tests/it/guest.rs"]
mod guest;
mod laws;
#[cfg(feature = "parquet")]
mod parquet;
mod streams;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use weir_flow::{Flow, FlowError, Format, Options, Outcome, Request};
use weir_host::{Limits, Plugin, Sandbox, SandboxOptions};
use weir_model::EventCounts;

/// 2026-11-24T00:00:00Z in milliseconds since 1970, and a day later.
const FROM: i64 = 1_795_478_400_000;
const UNTIL: i64 = FROM + 86_400_000;

/// A plugin that has been built, from a folder of the repository.
fn load(component: &str) -> Plugin {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(component);
    let name = path.file_stem().unwrap().to_str().unwrap();
    load_bytes(name, &std::fs::read(&path).unwrap())
}

/// A plugin from its bytes.
fn load_bytes(name: &str, component: &[u8]) -> Plugin {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    let sandbox = SANDBOX.get_or_init(|| Sandbox::new(SandboxOptions::default()).unwrap());
    sandbox.load(name, component, &patient()).unwrap()
}

fn availability() -> Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| load("plugins/built/availability.wasm")).clone()
}

/// Limits with a deadline that no honest plugin comes near, even on a busy machine.
fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(60), ..Limits::default() }
}

/// A ledger that is asked for.
fn request(service: &str, plugin: Plugin, params: &str) -> Request {
    Request {
        service: service.to_owned(),
        sli: "sli".to_owned(),
        slice_seconds: 60,
        plugin,
        limits: patient(),
        params: params.to_owned(),
        event_types: Vec::new(),
    }
}

/// Whether requests to `a` and `b` succeeded; those to `a` under `/healthz` do not count.
fn requests() -> Vec<Request> {
    let healthz = r#"{"except":{"data.path":["/healthz"]}}"#;
    vec![request("a", availability(), healthz), request("b", availability(), "{}")]
}

fn options(threads: usize, strict: bool) -> Options {
    Options {
        from: FROM,
        until: UNTIL,
        keep_whole: vec!["weir.work.item".to_owned()],
        environments: Vec::new(),
        strict,
        threads: NonZeroUsize::new(threads),
        progress: None,
    }
}

/// How a run is cut and shared.
#[derive(Debug, Clone, Copy)]
struct Cut {
    threads: usize,
    block_size: usize,
}

/// One thread and blocks larger than any test's input.
const WHOLE: Cut = Cut { threads: 1, block_size: 1 << 22 };

/// What can be said of an outcome.
#[derive(Debug, PartialEq)]
struct Summary {
    /// Of each ledger its slices with good, bad and unknown, or why there is none; and its newest event.
    ledgers: Vec<Result<Known, String>>,
    counts: EventCounts,
    kept: Vec<String>,
    /// Why reading has stopped.
    errors: Vec<String>,
}

type Slice = (i64, u64, u64, u64);
type Known = (Vec<Slice>, Option<i64>);

impl Summary {
    fn new(outcome: Outcome, errors: &[FlowError]) -> Summary {
        let ledgers = outcome.ledgers.into_iter().map(|ledger| {
            let ledger = ledger?;
            let slices = ledger.slices().map(|(start, slice)| {
                let tally = slice.tally;
                (start, tally.good, tally.bad, tally.unknown)
            });
            Ok((slices.collect(), ledger.newest()))
        });
        Summary {
            ledgers: ledgers.collect(),
            counts: outcome.counts,
            kept: outcome.kept.iter().map(|event| format!("{}/{}", event.source, event.id)).collect(),
            errors: errors.iter().map(ToString::to_string).collect(),
        }
    }

    /// Good, bad and unknown of one ledger, over all its slices.
    fn total(&self, ledger: usize) -> (u64, u64, u64) {
        let (slices, _) = self.ledgers[ledger].as_ref().unwrap();
        slices.iter().fold((0, 0, 0), |(good, bad, unknown), (_, g, b, u)| (good + g, bad + b, unknown + u))
    }
}

/// Reads streams, each a file called by its number.
fn run(requests: Vec<Request>, options: Options, cut: Cut, streams: &[(Format, Vec<u8>)]) -> Summary {
    let mut flow = Flow::new(requests, options);
    flow.set_block_size(cut.block_size);
    let mut errors = Vec::new();
    for (number, (format, bytes)) in streams.iter().enumerate() {
        errors.extend(flow.read(&number.to_string(), format, bytes.as_slice()).err());
    }
    Summary::new(flow.finish().unwrap(), &errors)
}

/// Reads CloudEvents.
fn read(cut: Cut, strict: bool, streams: &[String]) -> Summary {
    let streams: Vec<_> =
        streams.iter().map(|text| (Format::CloudEvents, text.clone().into_bytes())).collect();
    run(requests(), options(cut.threads, strict), cut, &streams)
}
