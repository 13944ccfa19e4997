//! Calls into the sandbox: cold and warm, and a batch of 64k rows against the same loop without a sandbox.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on has failed")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir_benches::ThreadTime;
use weir_host::contract::budget::{Counts, Situation, SloStatus};
use weir_host::contract::calculator;
use weir_host::{Allocation, Limits, Sandbox, SandboxOptions};
use weir_plugin::Calculator as _;
use weir_plugin::contract::sli_calculator::exports::weir::policy::calculator as guest;
use weir_plugin_availability::{Availability, Params};

fn component(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/built").join(format!("{name}.wasm"));
    std::fs::read(path).expect("the bundled plugins are there")
}

fn sandbox(allocation: Allocation, cache: Option<&Path>) -> Sandbox {
    Sandbox::new(SandboxOptions { allocation, cache: cache.map(Path::to_owned), ..SandboxOptions::default() })
        .expect("the sandbox can be set up")
}

fn situation() -> Situation {
    let slo = |name: &str| SloStatus {
        name: name.to_owned(),
        objective: "0.999".to_owned(),
        window: 2_592_000,
        total: Counts { good: 999_000, bad: 400 },
        windows: vec![Counts { good: 1_000, bad: 1 }; 8],
        latched: vec![false; 2],
        facts: Vec::new(),
    };
    Situation {
        service: "checkout".to_owned(),
        change: "feature".to_owned(),
        now: 1_790_000_000,
        slos: vec![slo("availability"), slo("latency")],
        facts: Vec::new(),
    }
}

/// Loading a plugin, and one call in a fresh instance.
fn calls(criterion: &mut Criterion<ThreadTime>) {
    let limits = Limits::default();
    let policy = component("error-budget");
    let cache = tempfile::tempdir().expect("a folder can be made");
    let mut group = criterion.benchmark_group("call");
    group.sample_size(20);
    group.bench_function("cold: compile and load", |bencher| {
        let sandbox = sandbox(Allocation::OnDemand, None);
        bencher.iter(|| sandbox.load("error-budget", black_box(&policy), &limits).expect("it loads"));
    });
    group.bench_function("cold: load from the code cache", |bencher| {
        let sandbox = sandbox(Allocation::OnDemand, Some(cache.path()));
        bencher.iter(|| sandbox.load("error-budget", black_box(&policy), &limits).expect("it loads"));
    });
    for (name, allocation) in
        [("on demand", Allocation::OnDemand), ("pooled", Allocation::Pooled { instances: 64 })]
    {
        let plugin = sandbox(allocation, None).load("error-budget", &policy, &limits).expect("it loads");
        let situation = situation();
        group.bench_function(format!("decide in a fresh instance, {name}"), |bencher| {
            bencher
                .iter(|| plugin.decide("bench", &limits, "{}", black_box(&situation)).expect("it answers"));
        });
    }
    let situations = vec![situation(); 128];
    let plugin = sandbox(Allocation::Pooled { instances: 64 }, None)
        .load("burn-rate", &component("burn-rate"), &limits)
        .expect("it loads");
    group.throughput(Throughput::Elements(256));
    group.bench_function("burn rates of 128 services with two SLOs each, in one call", |bencher| {
        bencher
            .iter(|| plugin.decide_each("bench", &limits, "{}", black_box(&situations)).expect("it answers"));
    });
    group.finish();
}

/// Marking rows by status: in the sandbox with all limits on, boundary included, and the same code natively.
fn classify(criterion: &mut Criterion<ThreadTime>) {
    let limits = Limits::default();
    let plugin = sandbox(Allocation::OnDemand, None)
        .load("availability", &component("availability"), &limits)
        .expect("it loads");
    let mut sandboxed = plugin.calculator("bench", &limits).expect("it starts");
    let params: Params = serde_json::from_str("{}").expect("all parameters have defaults");
    let mut group = criterion.benchmark_group("classify");
    for rows in [1_024_usize, 16_384, 65_536] {
        let statuses: Vec<i64> = (0..rows).map(|row| if row % 37 == 0 { 503 } else { 200 }).collect();
        let columns = [calculator::Column { kind: 1, start: 0, validity: u32::MAX, dictionary: 0, terms: 0 }];
        let batch = calculator::Batch {
            rows: u32::try_from(rows).expect("few rows"),
            columns: &columns,
            integers: &statuses,
            numbers: &[],
            codes: &[],
            bytes: &[],
        };
        let native = weir_plugin::Batch::new(guest::Batch {
            rows: batch.rows,
            columns: vec![guest::Column { kind: 1, start: 0, validity: u32::MAX, dictionary: 0, terms: 0 }],
            integers: statuses.clone(),
            numbers: Vec::new(),
            codes: Vec::new(),
            bytes: Vec::new(),
        });
        let expected = Availability::classify(&params, &native).expect("it answers");
        assert_eq!(sandboxed.classify("{}", &batch).expect("it answers").value, expected);

        group.throughput(Throughput::Elements(u64::from(batch.rows)));
        group.bench_function(format!("native/{rows}"), |bencher| {
            bencher
                .iter(|| Availability::classify(black_box(&params), black_box(&native)).expect("it answers"));
        });
        group.bench_function(format!("sandboxed/{rows}"), |bencher| {
            bencher.iter(|| sandboxed.classify("{}", black_box(&batch)).expect("it answers"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ThreadTime);
    targets = calls, classify
}
criterion_main!(benches);
