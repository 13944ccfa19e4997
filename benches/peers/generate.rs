//! Writes requests that web servers answered, in one of the formats that Weir reads: the same requests for the same seed,
//! whatever the format.
//!
//!     generate FORMAT EVENTS SERVICES SEED > FILE
//!
//! The requests spread evenly over one day, and over the services at random.

#![expect(clippy::print_stderr, reason = "it is a command")]

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, numbers @ ..] = arguments.as_slice() else { return usage() };
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|number| number.parse()).collect();
    let (Some(format), Ok([events, services, seed])) = (Format::named(format), numbers.as_deref()) else {
        return usage();
    };
    match write(format, *events, (*services).max(1), *seed) {
        // Whoever reads has had enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: generate (json|access-log|csv) EVENTS SERVICES SEED");
    ExitCode::FAILURE
}

#[derive(Clone, Copy)]
enum Format {
    /// CloudEvents of about 250 bytes.
    Json,
    /// The combined format, with the duration behind it. It knows no services: one file is one service's.
    AccessLog,
    Csv,
}

impl Format {
    fn named(name: &str) -> Option<Format> {
        Some(match name {
            "json" => Format::Json,
            "access-log" => Format::AccessLog,
            "csv" => Format::Csv,
            _ => return None,
        })
    }
}

/// Numbers that are the same for the same seed.
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
    service: u64,
    item: u64,
    status: u16,
    milliseconds: u64,
    bytes: u64,
}

fn write(format: Format, events: u64, services: u64, seed: u64) -> io::Result<()> {
    // A generator of this kind must not start at zero.
    let mut numbers = Numbers(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1);
    for _ in 0..20 {
        numbers.next();
    }
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    if let Format::Csv = format {
        out.write_all(b"id,source,type,subject,time,data.method,data.path,data.status,data.duration\n")?;
    }
    for number in 0..events {
        let id = numbers.next();
        let answered = Answered {
            id,
            time: u64::try_from(u128::from(number) * u128::from(DAY) / u128::from(events)).unwrap_or(0),
            service: numbers.next() % services,
            item: numbers.next() % 50,
            status: match id % 100 {
                0 => 503,
                1..=5 => 404,
                _ => 200,
            },
            milliseconds: numbers.next() % 300,
            bytes: numbers.next() % 10_000,
        };
        match format {
            Format::Json => cloudevent(&mut out, &answered)?,
            Format::AccessLog => access_log(&mut out, &answered)?,
            Format::Csv => csv(&mut out, &answered)?,
        }
    }
    out.flush()
}

fn clock(time: u64) -> (u64, u64, u64) {
    (time / 3_600_000, time / 60_000 % 60, time / 1000 % 60)
}

fn cloudevent(out: &mut impl Write, request: &Answered) -> io::Result<()> {
    let (hour, minute, second) = clock(request.time);
    writeln!(
        out,
        r#"{{"specversion":"1.0","id":"{:016x}","source":"/edge","type":"weir.http.request","subject":"service-{}","time":"2026-11-24T{hour:02}:{minute:02}:{second:02}.{:03}Z","data":{{"region":"eu-west-1","method":"GET","path":"/items/{}","status":{},"duration":0.{:03},"bytes":{}}}}}"#,
        request.id,
        request.service,
        request.time % 1000,
        request.item,
        request.status,
        request.milliseconds,
        request.bytes,
    )
}

fn access_log(out: &mut impl Write, request: &Answered) -> io::Result<()> {
    let (hour, minute, second) = clock(request.time);
    writeln!(
        out,
        r#"10.0.{}.7 - - [24/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] "GET /items/{}?page=2 HTTP/1.1" {} {} "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)" 0.{:03}"#,
        request.id % 256,
        request.item,
        request.status,
        request.bytes,
        request.milliseconds,
    )
}

fn csv(out: &mut impl Write, request: &Answered) -> io::Result<()> {
    let (hour, minute, second) = clock(request.time);
    writeln!(
        out,
        "{:016x},/edge,weir.http.request,service-{},2026-11-24T{hour:02}:{minute:02}:{second:02}.{:03}Z,GET,/items/{},{},0.{:03}",
        request.id,
        request.service,
        request.time % 1000,
        request.item,
        request.status,
        request.milliseconds,
    )
}
