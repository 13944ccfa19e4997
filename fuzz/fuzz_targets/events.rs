//! What the targets for formats of events share: a stream is read in two ways, which must come to the same.

#![expect(dead_code, reason = "each target uses a part of it")]

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use weir_flow::{Flow, FlowError, Format, Ledger, Options, Request};
use weir_host::{Limits, Plugin, Sandbox, SandboxOptions};
use weir_model::EventCounts;

/// Calculators that read fields of all kinds.
static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let sandbox = Sandbox::new(SandboxOptions::default()).expect("the sandbox can be set up");
    let availability = load(&sandbox, include_bytes!("../../plugins/built/availability.wasm"));
    let latency = load(&sandbox, include_bytes!("../../plugins/built/latency.wasm"));
    let freshness = load(&sandbox, include_bytes!("../../plugins/built/freshness.wasm"));
    vec![
        request(&availability, r#"{"except":{"data.path":["/healthz"]}}"#),
        request(&latency, r#"{"threshold":"250ms"}"#),
        request(&freshness, r#"{"threshold":"5m"}"#),
    ]
});

fn load(sandbox: &Sandbox, component: &[u8]) -> Plugin {
    sandbox.load("fuzzed", component, &Limits::default()).expect("it is a plugin")
}

fn request(plugin: &Plugin, params: &str) -> Request {
    Request {
        service: "a".to_owned(),
        sli: "sli".to_owned(),
        slice_seconds: 60,
        plugin: plugin.clone(),
        limits: Limits::default(),
        params: params.to_owned(),
        event_types: Vec::new(),
    }
}

/// What a run comes to.
pub type Summary = (Vec<Result<Ledger, String>>, EventCounts, usize, Option<String>);

/// 2026-11-23T00:00:00Z in milliseconds since 1970. What is counted begins here and ends two days later: a calculator of slices
/// judges every minute of it.
const FROM: i64 = 1_795_392_000_000;
const UNTIL: i64 = FROM + 2 * 86_400_000;

/// A flow for the requests, cut into blocks of so many bytes.
pub fn flow(block_size: usize) -> Flow {
    let options = Options {
        from: FROM,
        until: UNTIL,
        keep_whole: vec!["weir.work.item".to_owned()],
        environments: Vec::new(),
        strict: false,
        threads: NonZeroUsize::new(1),
        progress: None,
    };
    let mut flow = Flow::new(REQUESTS.clone(), options);
    flow.set_block_size(block_size);
    flow
}

/// What has become of a flow.
pub fn finish(flow: Flow, read: Result<(), FlowError>) -> Summary {
    let outcome = flow.finish().expect("no thread panics");
    let error = read.err().map(|error| error.to_string());
    (outcome.ledgers, outcome.counts, outcome.kept.len(), error)
}

/// Reads bytes the fast way in large blocks, and by the full parser alone in small ones.
pub fn both_ways(format: &Format, bytes: &[u8]) {
    let mut fast = flow(1 << 20);
    let read = fast.read("fuzzed", format, bytes);
    let fast = finish(fast, read);
    let mut full = flow(100);
    full.use_full_parsers();
    let read = full.read("fuzzed", format, bytes);
    assert_eq!(fast, finish(full, read));
}
