//! What a calculator's batch should look like when it crosses into the sandbox, and what the runtime's settings cost.
//!
//! Three shapes of the same rows are classified by the same guest, beside the same loops compiled for this machine.
//! `shapes/RESULTS.md` holds a run and what follows from it.

#[path = "shapes/judge.rs"]
mod judge;
#[path = "shapes/sandbox.rs"]
mod sandbox;
#[path = "shapes/traffic.rs"]
mod traffic;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use wasmtime::{Result, ensure};
use weir_benches::ThreadTime;

use sandbox::{Guest, SANDBOX, Sandbox, Settings};
use traffic::Traffic;

/// Rows of a batch.
const ROWS: [u32; 4] = [256, 4096, 16_384, 65_536];

fn main() -> Result<()> {
    let mut guest = Sandbox::new(SANDBOX)?.instantiate()?;
    for rows in ROWS {
        check(&mut guest, &Traffic::new(rows))?;
    }
    let mut criterion = Criterion::default().with_measurement(ThreadTime).configure_from_args();
    shapes(&mut criterion, &mut guest);
    knobs(&mut criterion)?;
    cold(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// Fails unless every shape gives the marks of the native loop, and these are of all kinds.
fn check(guest: &mut Guest, traffic: &Traffic) -> Result<()> {
    let marks = traffic.marks();
    ensure!((0..4).all(|mark| marks.contains(&mark)), "the requests do not lead to all four marks");
    ensure!(guest.records(&traffic.records()) == marks, "records give other marks than the native loop");
    ensure!(guest.columns(&traffic.columns()) == marks, "columns give other marks than the native loop");
    ensure!(guest.pools(&traffic.pools()) == marks, "pools give other marks than the native loop");
    Ok(())
}

/// The shapes against each other, in a warm instance.
fn shapes(criterion: &mut Criterion<ThreadTime>, guest: &mut Guest) {
    let mut group = criterion.benchmark_group("shapes");
    for rows in ROWS {
        let traffic = Traffic::new(rows);
        let (records, columns, pools) = (traffic.records(), traffic.columns(), traffic.pools());
        group.throughput(Throughput::Elements(rows.into()));
        group.bench_function(BenchmarkId::new("native", rows), |bencher| {
            bencher.iter(|| black_box(&traffic).marks());
        });
        group.bench_function(BenchmarkId::new("records", rows), |bencher| {
            bencher.iter(|| guest.records(black_box(&records)));
        });
        group.bench_function(BenchmarkId::new("columns", rows), |bencher| {
            bencher.iter(|| guest.columns(black_box(&columns)));
        });
        group.bench_function(BenchmarkId::new("pools", rows), |bencher| {
            bencher.iter(|| guest.pools(black_box(&pools)));
        });
    }
    group.finish();
}

/// What deadlines and readiness for asynchronous guests add to a call, in a warm instance.
fn knobs(criterion: &mut Criterion<ThreadTime>) -> Result<()> {
    let mut group = criterion.benchmark_group("knobs");
    let mut choices = vec![("sandbox", SANDBOX), ("without epochs", Settings { epochs: false, ..SANDBOX })];
    if cfg!(feature = "concurrency") {
        choices.push(("with concurrency", Settings { concurrency: true, ..SANDBOX }));
    }
    for rows in [0, 256, 65_536] {
        let traffic = Traffic::new(rows);
        let pools = traffic.pools();
        for (name, settings) in &choices {
            let mut guest = Sandbox::new(*settings)?.instantiate()?;
            group.bench_function(BenchmarkId::new(*name, rows), |bencher| {
                bencher.iter(|| guest.pools(black_box(&pools)));
            });
        }
    }
    group.finish();
    Ok(())
}

/// A new store and instance, alone and with the first call: memory is paid for where it is first touched.
fn cold(criterion: &mut Criterion<ThreadTime>) -> Result<()> {
    let mut group = criterion.benchmark_group("cold");
    let traffic = Traffic::new(256);
    let pools = traffic.pools();
    for (name, pooled) in [("on demand", false), ("pooled", true)] {
        let sandbox = Sandbox::new(Settings { pooled, ..SANDBOX })?;
        group.bench_function(BenchmarkId::new(name, "instance"), |bencher| {
            bencher.iter(|| sandbox.instantiate());
        });
        group.bench_function(BenchmarkId::new(name, "instance and call of 256"), |bencher| {
            bencher.iter(|| sandbox.instantiate().map(|mut guest| guest.pools(black_box(&pools))));
        });
    }
    group.finish();
    Ok(())
}
