//! Reads a file of events into ledgers, with all calculators in the sandbox, and prints what they hold.
//!
//!     weir FORMAT FILE THREADS SERVICES SLIS > COUNTS
//!
//! `SLIS` is 0 to 2: none, `availability`, and `latency` of good answers. A line of the output is a ledger's slice: the
//! SLI, the service, the minute, and how many events were good and how many there were. The time taken goes to standard
//! error: on the wall, and of all processors.

#![expect(clippy::print_stderr, reason = "it is a command")]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use weir_flow::{Flow, Format, Options, Outcome, Request, decompressed};
use weir_host::{Limits, Plugin, Sandbox, SandboxOptions};

/// The SLIs, each a bundled calculator with its parameters.
const SLIS: [(&str, &str); 2] = [("availability", "{}"), ("latency", r#"{"threshold":"250ms"}"#)];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, file, threads, services, slis] = arguments.as_slice() else {
        bail!("usage: weir (json|access-log|csv|parquet) FILE THREADS SERVICES SLIS");
    };
    let sandbox = Sandbox::new(SandboxOptions::default())?;
    let mut requests = Vec::new();
    for (name, params) in SLIS.iter().take(slis.parse()?) {
        let plugin = plugin(&sandbox, name)?;
        requests.extend((0..services.parse()?).map(|number: u64| request(name, params, number, &plugin)));
    }
    let asked =
        requests.iter().map(|request| (request.sli.clone(), request.service.clone())).collect::<Vec<_>>();
    let began = Instant::now();
    let outcome = read(format, file, threads.parse()?, requests)?;
    eprintln!("seconds {:.4}", began.elapsed().as_secs_f64());
    let mut out = BufWriter::new(io::stdout().lock());
    for ((sli, service), ledger) in asked.iter().zip(outcome.ledgers) {
        for (start, slice) in ledger.map_err(anyhow::Error::msg)?.slices() {
            let tally = slice.tally;
            writeln!(
                out,
                "{sli} {service} {start} {} {}",
                tally.good,
                tally.good + tally.bad + tally.unknown
            )?;
        }
    }
    Ok(())
}

fn plugin(sandbox: &Sandbox, name: &str) -> Result<Plugin> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/built").join(format!("{name}.wasm"));
    Ok(sandbox.load(name, &std::fs::read(path)?, &Limits::default())?)
}

fn request(sli: &str, params: &str, service: u64, plugin: &Plugin) -> Request {
    Request {
        service: format!("service-{service}"),
        sli: sli.to_owned(),
        slice_seconds: 60,
        plugin: plugin.clone(),
        limits: Limits::default(),
        params: params.to_owned(),
        event_types: Vec::new(),
    }
}

fn read(format: &str, file: &str, threads: usize, requests: Vec<Request>) -> Result<Outcome> {
    let format = match format {
        "json" => Some(Format::CloudEvents),
        "access-log" => {
            let fields_after = vec!["duration".to_owned()];
            Some(Format::AccessLog { service: "service-0".to_owned(), fields_after })
        }
        "csv" => Some(Format::Csv { service: None }),
        "parquet" => None,
        other => bail!("`{other}` is no format"),
    };
    let options = Options {
        from: 0,
        until: i64::MAX,
        keep_whole: vec!["weir.work.item".to_owned()],
        environments: Vec::new(),
        strict: true,
        threads: NonZeroUsize::new(threads),
        progress: None,
    };
    let mut flow = Flow::new(requests, options);
    let stream = File::open(file).with_context(|| format!("`{file}` can't be opened"))?;
    match format {
        Some(format) => flow.read(file, &format, decompressed(stream)?)?,
        None => flow.read_parquet(file, None, stream)?,
    }
    Ok(flow.finish()?)
}
