//! Reading events: whole flows from bytes in memory to ledgers, with and without SLIs, by format and threads.
//!
//! Lines that the fast way understands are set against the same lines with an escape in them, which go through the full
//! parser. Time is time on the wall, since several threads work: a busy machine makes the figures worse.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on has failed")]

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir_flow::{Flow, Format, Options, Request};
use weir_host::{Limits, Plugin, Sandbox, SandboxOptions};

const LINES: u64 = 200_000;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A request that some web server answered.
struct Answered {
    id: u64,
    /// Milliseconds since the day began.
    time: u64,
    item: u64,
    status: u16,
    milliseconds: u64,
    bytes: u64,
}

/// Writes lines about the same requests in some format.
fn lines(mut line: impl FnMut(&mut String, &Answered)) -> Vec<u8> {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut text = String::new();
    for number in 0..LINES {
        let id = numbers.next();
        let answered = Answered {
            id,
            time: number * 400,
            item: numbers.next() % 50,
            status: if id.is_multiple_of(1000) { 503 } else { 200 },
            milliseconds: numbers.next() % 300,
            bytes: numbers.next() % 10_000,
        };
        line(&mut text, &answered);
        text.push('\n');
    }
    text.into_bytes()
}

fn clock(time: u64) -> String {
    format!("{:02}:{:02}:{:02}", time / 3_600_000 % 24, time / 60_000 % 60, time / 1000 % 60)
}

/// CloudEvents of about 250 bytes; `slash` is how the type of the content is written.
fn cloudevents(slash: &str) -> Vec<u8> {
    lines(|text, request| {
        let _ = write!(
            text,
            r#"{{"specversion":"1.0","id":"{:016x}","source":"/edge/eu","type":"weir.http.request","subject":"checkout","time":"2026-11-24T{}.{:03}Z","datacontenttype":"application{slash}json","data":{{"method":"GET","path":"/items/{}","status":{},"duration":0.{:03},"bytes":{}}}}}"#,
            request.id,
            clock(request.time),
            request.time % 1000,
            request.item,
            request.status,
            request.milliseconds,
            request.bytes,
        );
    })
}

fn access_log() -> Vec<u8> {
    lines(|text, request| {
        let _ = write!(
            text,
            r#"10.0.{}.7 - - [24/Nov/2026:{} +0000] "GET /items/{}?page=2 HTTP/1.1" {} {} "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)" 0.{:03}"#,
            request.id % 256,
            clock(request.time),
            request.item,
            request.status,
            request.bytes,
            request.milliseconds,
        );
    })
}

fn csv() -> Vec<u8> {
    let mut bytes = b"id,type,time,data.method,data.path,data.status,data.duration\n".to_vec();
    bytes.extend(lines(|text, request| {
        let _ = write!(
            text,
            "{:016x},weir.http.request,2026-11-24T{}Z,GET,/items/{},{},0.{:03}",
            request.id,
            clock(request.time),
            request.item,
            request.status,
            request.milliseconds,
        );
    }));
    bytes
}

fn plugin(sandbox: &Sandbox, name: &str) -> Plugin {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/built").join(format!("{name}.wasm"));
    let component = std::fs::read(path).expect("the bundled plugins are there");
    sandbox.load(name, &component, &Limits::default()).expect("it loads")
}

/// The SLIs that the lines are read for: availability and latency of one service.
fn requests(sandbox: &Sandbox) -> Vec<Request> {
    [("availability", "{}"), ("latency", r#"{"threshold":"250ms"}"#)]
        .map(|(name, params)| Request {
            service: "checkout".to_owned(),
            sli: name.to_owned(),
            slice_seconds: 60,
            plugin: plugin(sandbox, name),
            limits: Limits::default(),
            params: params.to_owned(),
            event_types: Vec::new(),
        })
        .to_vec()
}

fn read(requests: &[Request], threads: usize, format: &Format, bytes: &[u8]) -> u64 {
    let options = Options {
        from: 0,
        until: i64::MAX,
        keep_whole: vec!["weir.work.item".to_owned()],
        environments: Vec::new(),
        strict: true,
        threads: NonZeroUsize::new(threads),
        progress: None,
    };
    let mut flow = Flow::new(requests.to_vec(), options);
    flow.read("bench", format, bytes).expect("every line is right");
    flow.finish().expect("all threads end").counts.read()
}

fn benches(criterion: &mut Criterion) {
    let sandbox = Sandbox::new(SandboxOptions::default()).expect("the sandbox can be set up");
    let requests = requests(&sandbox);
    let access =
        Format::AccessLog { service: "checkout".to_owned(), fields_after: vec!["duration".to_owned()] };
    let inputs = [
        ("cloudevents", Format::CloudEvents, cloudevents("/")),
        ("cloudevents through the full parser", Format::CloudEvents, cloudevents("\\/")),
        ("access log", access, access_log()),
        ("csv", Format::Csv { service: Some("checkout".to_owned()) }, csv()),
    ];
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10);
    for (name, format, bytes) in &inputs {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        for threads in [1, 2] {
            group.bench_function(format!("{name}, {threads} thread(s)"), |bencher| {
                bencher.iter(|| assert_eq!(read(&requests, threads, format, bytes), LINES));
            });
        }
        // Nobody asks for anything: what decoding alone takes.
        group.bench_function(format!("{name}, 1 thread(s), no SLI"), |bencher| {
            bencher.iter(|| assert_eq!(read(&[], 1, format, bytes), LINES));
        });
    }
    group.finish();
}

criterion_group!(ingest, benches);
criterion_main!(ingest);
