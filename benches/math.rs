//! Math primitives on a ledger of thirty days of one-minute slices.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on has failed")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use weir_benches::ThreadTime;
use weir_math::{
    Account, Budget, Budgeting, BurnAlert, Decimal, Latch, Objective, Pace, Series, Span, Tally, Unknown,
    Window, exhausts_at, objective_missed, recovers_at,
};

const MINUTES: i64 = 30 * 1440;
const NOW: i64 = MINUTES * 60;

/// Thirty days in which three hours went badly.
fn series() -> Series {
    let slices = (0..MINUTES).map(|minute| {
        let bad = if (20_000..20_180).contains(&minute) { 40 } else { u64::from(minute % 97 == 0) };
        (minute * 60, Tally { good: 1_000, bad, unknown: 0 })
    });
    Series::new(60, slices).expect("slices are aligned")
}

fn benches(criterion: &mut Criterion<ThreadTime>) {
    let series = series();
    let account = Account::new(&series, Budgeting::Occurrences, Unknown::Ignored);
    let objective = Objective::parse("99.9%").expect("it is one");
    let window = Window::rolling("30d").expect("it is one");
    let span = Span { start: 1, end: NOW };
    let counts = account.counts(span);
    let alert = BurnAlert { long: 3_600, short: 300, factor: Decimal::parse("14.4").expect("it is one") };
    let latch = Latch { enter: Decimal::ZERO, leave: Decimal::parse("10%").expect("it is one") };
    let pace = Pace { good: 1_440_000, bad: 150, seconds: 86_400 };

    criterion.bench_function("math/series of 43,200 slices", |bencher| {
        bencher.iter(|| Account::new(black_box(&series), Budgeting::Occurrences, Unknown::Ignored));
    });
    criterion.bench_function("math/window sum", |bencher| bencher.iter(|| account.counts(black_box(span))));
    criterion.bench_function("math/remaining budget", |bencher| {
        bencher.iter(|| Budget::new(black_box(&objective), black_box(counts)).remaining());
    });
    criterion.bench_function("math/burn-rate alert", |bencher| {
        bencher.iter(|| alert.holds(black_box(&objective), black_box(counts), black_box(counts)));
    });
    let account = &account;
    let alerts: Vec<BurnAlert> =
        [(3_600, 300, "14.4"), (21_600, 1_800, "6"), (86_400, 7_200, "3"), (259_200, 21_600, "1")]
            .map(|(long, short, factor)| BurnAlert {
                long,
                short,
                factor: Decimal::parse(factor).expect("it is one"),
            })
            .into();
    let objectives: Vec<Objective> = (0..100)
        .map(|hundredth| Objective::parse(&format!("99.{hundredth:02}%")).expect("it is one"))
        .collect();
    // Ten thousand SLOs are ten thousand evaluations; they share a ledger, since as many would not fit a small machine.
    criterion.bench_function("math/four burn-rate alerts of 10,000 SLOs", |bencher| {
        let over = |seconds: u64| account.counts(Span { start: NOW - seconds.cast_signed(), end: NOW });
        bencher.iter(|| {
            let slos = objectives.iter().cycle().take(10_000);
            let fires = |objective: &Objective| {
                alerts
                    .iter()
                    .filter(|alert| alert.holds(objective, over(alert.long), over(alert.short)))
                    .count()
            };
            slos.map(|objective| fires(black_box(objective))).sum::<usize>()
        });
    });
    criterion.bench_function("math/latch", |bencher| {
        bencher.iter(|| latch.closed(black_box(account), &objective, &window, NOW));
    });
    criterion.bench_function("math/exhausted when", |bencher| {
        bencher.iter(|| exhausts_at(black_box(account), &objective, &window, NOW, pace));
    });
    criterion.bench_function("math/recovered when", |bencher| {
        bencher.iter(|| recovers_at(black_box(account), &objective, &window, NOW, &Decimal::ONE, pace));
    });
    criterion.bench_function("math/confidence", |bencher| {
        bencher.iter(|| objective_missed(black_box(&objective), black_box(counts)));
    });
}

criterion_group! {
    name = math;
    config = Criterion::default().with_measurement(ThreadTime);
    targets = benches
}
criterion_main!(math);
