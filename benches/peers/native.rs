//! What a program for one purpose does without plugins: reads CloudEvents with serde_json into just the fields that it
//! needs, and counts. It knows no duplicates and takes one kind of line for granted.
//!
//!     native FILE THREADS > COUNTS
//!
//! The output is that of `weir.rs` for both SLIs.

#![expect(clippy::print_stderr, reason = "it is a command")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize)]
struct Event<'e> {
    #[serde(borrow)]
    subject: Cow<'e, str>,
    #[serde(borrow)]
    time: Cow<'e, str>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    status: u16,
    duration: f64,
}

/// By service and minute: all events, those that succeeded, and those that were fast.
type Counts = HashMap<(String, i64), [u64; 3]>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, threads] = arguments.as_slice() else { bail!("usage: native FILE THREADS") };
    let threads: usize = threads.parse()?;
    let began = Instant::now();
    let bytes = std::fs::read(file).with_context(|| format!("`{file}` can't be read"))?;
    let counts = std::thread::scope(|scope| {
        let parts = parts(&bytes, threads.max(1)).into_iter();
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || count(part))).collect();
        let mut all = Counts::new();
        for thread in threads {
            let counts = thread.join().map_err(|_| anyhow::anyhow!("a thread has panicked"))??;
            for (key, counts) in counts {
                let sums = all.entry(key).or_default();
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        anyhow::Ok(all)
    })?;
    eprintln!("seconds {:.4}", began.elapsed().as_secs_f64());
    let mut out = BufWriter::new(io::stdout().lock());
    for ((service, minute), [all, succeeded, fast]) in counts {
        writeln!(out, "availability {service} {minute} {succeeded} {all}")?;
        writeln!(out, "latency {service} {minute} {fast} {all}")?;
    }
    Ok(())
}

/// The bytes in so many parts of whole lines.
fn parts(bytes: &[u8], count: usize) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut parts = Vec::with_capacity(count);
    for left in (1..=count).rev() {
        let at = rest.len() / left;
        let behind = rest.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', behind).map_or(rest.len(), |end| at + end + 1);
        let (part, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(part);
        rest = others;
    }
    parts
}

fn count(bytes: &[u8]) -> Result<Counts> {
    let mut counts = Counts::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: Event<'_> = serde_json::from_slice(line)?;
        let time: jiff::Timestamp = event.time.parse()?;
        let key = (event.subject.into_owned(), time.as_second().div_euclid(60) * 60);
        let [all, succeeded, fast] = counts.entry(key).or_default();
        *all += 1;
        *succeeded += u64::from(event.data.status < 500);
        *fast += u64::from(event.data.duration <= 0.25);
    }
    Ok(counts)
}
