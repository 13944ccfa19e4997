//! What each limit of the sandbox costs: the same calls of bundled plugins in a runtime with all settings of the sandbox, and
//! with one of them taken away or added.
//!
//! The settings take turns, and what is told is the median of how a turn compares with the sandbox's own turn in the same
//! round: whatever else the machine does meets all of them alike.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that tells what it measured")]

mod limits {
    pub(crate) mod runtime;
}

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::Measurement as _;
use limits::runtime::{Budget, Calculator, Settings, calculator, situation};
use weir_benches::ThreadTime;

/// How many turns each setting has.
const ROUNDS: usize = 400;
/// How many calls a turn is.
const CALLS: u32 = 20;

/// A call that is timed.
type Call = Box<dyn FnMut()>;

/// The settings that are compared, each with a name; the sandbox's own first.
fn settings() -> Vec<(&'static str, Settings)> {
    let all = Settings::SANDBOX;
    vec![
        ("as in the sandbox", all),
        ("the same once more, to see the noise", all),
        ("without deadlines (epochs)", Settings { epochs: false, ..all }),
        ("without a cap on memory and tables", Settings { limiter: false, ..all }),
        ("without canonical NaNs", Settings { canonical_nans: false, ..all }),
        ("without any of them", Settings { epochs: false, limiter: false, canonical_nans: false, ..all }),
        ("with fuel", Settings { fuel: true, ..all }),
        ("compiled without optimisation", Settings { optimized: false, ..all }),
    ]
}

/// Has all of some calls take turns, and prints a line for each.
fn compare(what: &str, calls: &mut [(&'static str, Call)]) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); calls.len()];
    for _ in 0..ROUNDS {
        for ((_, call), times) in calls.iter_mut().zip(&mut times) {
            // The first call of a turn finds what it needs in nobody's cache.
            call();
            let start = ThreadTime.start();
            (0..CALLS).for_each(|_| call());
            times.push((ThreadTime.end(start) / CALLS).as_secs_f64());
        }
    }
    println!("{what}");
    let own = times.first().cloned().unwrap_or_default();
    for ((name, _), times) in calls.iter().zip(&times) {
        let ratios = times.iter().zip(&own).map(|(time, own)| time / own).collect();
        let time = Duration::from_secs_f64(median(times.clone()));
        println!("  {name:<40} {time:>10.1?}  {:.2}", median(ratios));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Rows marked by status in an instance that is kept.
fn rows(settings: Settings) -> Call {
    let statuses: Vec<i64> = (0..16_384).map(|row| if row % 37 == 0 { 503 } else { 200 }).collect();
    let mut guest = Calculator::new(settings).expect("it starts");
    Box::new(move || {
        let columns = [calculator::Column { kind: 1, start: 0, validity: u32::MAX, dictionary: 0, terms: 0 }];
        let batch = calculator::Batch {
            rows: 16_384,
            columns: &columns,
            integers: &statuses,
            numbers: &[],
            codes: &[],
            bytes: &[],
        };
        assert_eq!(guest.classify(black_box(&batch)).len(), 16_384);
    })
}

/// A decision in an instance of its own, from nothing to the answer.
fn decisions(settings: Settings) -> Call {
    let (plugin, situation) = (Budget::new(settings).expect("it starts"), situation());
    Box::new(move || assert_eq!(plugin.decide(black_box(&situation)), 0))
}

/// A call with each of the settings.
fn with_each(make: impl Fn(Settings) -> Call) -> Vec<(&'static str, Call)> {
    settings().into_iter().map(|(name, settings)| (name, make(settings))).collect()
}

fn main() {
    compare("16,384 rows marked", &mut with_each(rows));
    compare("one decision in an instance of its own", &mut with_each(decisions));
}
