//! The latch worked out backwards stands where a replay leaves it.

use proptest::prelude::*;
use weir_math::{CalendarUnit, Latch, Objective, Span, Window};

use crate::brute::{Ledger, hundredths, ledgers, remaining_in_hundredths};

/// An objective with a budget of this many hundredths.
fn objective(budget_percent: i128) -> Objective {
    Objective::new(hundredths(100 - budget_percent)).unwrap()
}

/// Goes forward through the instants given, which must be all at which something changes.
fn replay(
    ledger: &Ledger,
    budget_percent: i128,
    (enter, leave): (i128, i128),
    instants: impl Iterator<Item = i64>,
    elapsed: impl Fn(i64) -> Span,
) -> bool {
    let first = ledger.slices.iter().filter(|(_, tally)| !tally.is_empty()).map(|(start, _)| *start).min();
    let Some(first) = first else { return false };
    let mut closed = false;
    for instant in instants.filter(|instant| *instant > first) {
        let counts = ledger.counts(elapsed(instant));
        if remaining_in_hundredths(budget_percent, counts, enter).is_some_and(|order| order.is_lt()) {
            closed = true;
        } else if remaining_in_hundredths(budget_percent, counts, leave).is_some_and(|order| order.is_ge()) {
            closed = false;
        }
    }
    closed
}

fn levels() -> impl Strategy<Value = (i128, i128)> {
    // Far apart too, so that much history has to be walked.
    (-300..100_i128, 0..300_i128).prop_map(|(enter, gap)| (enter, enter + gap))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_rolling_latch_equals_a_replay_second_by_second(
        ledger in ledgers(1..6_u32, 30),
        seconds in 1..40_u64,
        (now, earlier) in (-30..250_i64, 0..100_i64),
        budget_percent in 10..90_i128,
        levels in levels(),
    ) {
        let window = Window::Rolling { seconds };
        let latch = Latch { enter: hundredths(levels.0), leave: hundredths(levels.1) };
        let expected = replay(&ledger, budget_percent, levels, -50..=now, |instant| window.elapsed(instant));
        let (account, objective) = (ledger.account(), objective(budget_percent));
        prop_assert_eq!(latch.closed(&account, &objective, &window, now), expected);
        let known = (now - earlier, latch.closed(&account, &objective, &window, now - earlier));
        prop_assert_eq!(latch.closed_since(&account, &objective, &window, now, Some(known)), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_calendar_latch_equals_a_replay_slice_by_slice(
        // Hours that don't divide a day of 23 or 25 hours.
        ledger in ledgers((1..8_u32).prop_map(|hours| hours * 3_600), 40),
        (now_hours, earlier) in (0..200_i64, 0..100 * 3_600_i64),
        budget_percent in 10..90_i128,
        levels in levels(),
    ) {
        // Two days before Berlin's clocks go forward; a multiple of all slice lengths above.
        let origin = 1_774_569_600 / (420 * 3_600) * (420 * 3_600);
        let mut ledger = ledger;
        for (start, _) in &mut ledger.slices {
            *start += origin;
        }
        let now = origin + now_hours * 3_600 + 1_800;
        let window = Window::calendar(CalendarUnit::Day, "Europe/Berlin").unwrap();
        let latch = Latch { enter: hundredths(levels.0), leave: hundredths(levels.1) };
        // Slices and days begin on the hour, and a slice counts from the next second.
        let hours = (origin / 3_600 - 100..=now / 3_600).flat_map(|hour| [hour * 3_600, hour * 3_600 + 1]);
        let expected = replay(&ledger, budget_percent, levels, hours, |instant| window.elapsed(instant));
        let (account, objective) = (ledger.account(), objective(budget_percent));
        prop_assert_eq!(latch.closed(&account, &objective, &window, now), expected);
        let known = (now - earlier, latch.closed(&account, &objective, &window, now - earlier));
        prop_assert_eq!(latch.closed_since(&account, &objective, &window, now, Some(known)), expected);
    }
}

#[test]
fn a_latch_stays_closed_between_its_levels() {
    use weir_math::{Account, Budgeting, Series, Tally, Unknown};
    // One bad one of a budget of 10 %: after 10 events all is spent, after 20 a half, after 100 a tenth.
    let mut slices = vec![(0, Tally { good: 0, bad: 1, unknown: 0 })];
    slices.extend((1..200).map(|minute| (minute * 60, Tally { good: 1, bad: 0, unknown: 0 })));
    let account = Account::new(&Series::new(60, slices).unwrap(), Budgeting::Occurrences, Unknown::Bad);
    let objective = Objective::parse("90 %").unwrap();
    let latch = Latch { enter: hundredths(0), leave: hundredths(50) };
    let window = Window::rolling("30d").unwrap();
    let closed = |events: i64| latch.closed(&account, &objective, &window, events * 60);
    assert!(!closed(0));
    assert!(closed(1));
    assert!(closed(10));
    assert!(closed(19));
    assert!(!closed(20));
    // A level of 0 alone would have let go at 10 events.
    let plain = Latch { enter: hundredths(0), leave: hundredths(0) };
    assert!(!plain.closed(&account, &objective, &window, 600));
}

#[test]
fn what_closed_the_latch_late_in_a_period_holds_in_the_next() {
    use weir_math::{Account, Budgeting, Decimal, Series, Tally, Unknown};
    // Half a day of data, half a day without, and data again from midnight on.
    let hours = (0..12).chain(24..30).map(|hour| (hour * 3_600, Tally { good: 1, bad: 0, unknown: 0 }));
    let budgeting = Budgeting::TimeSlices { target: Decimal::ONE };
    let account = Account::new(&Series::new(3_600, hours).unwrap(), budgeting, Unknown::Bad);
    let window = Window::calendar(CalendarUnit::Day, "UTC").unwrap();
    // Of 21 hours 9 are bad, which leaves a seventh; of 22, 10 are, which leaves an eleventh.
    let latch = Latch { enter: hundredths(10), leave: hundredths(101) };
    let closed = |seconds: i64| latch.closed(&account, &objective(50), &window, seconds);
    assert!(!closed(21 * 3_600));
    assert!(closed(23 * 3_600));
    assert!(closed(26 * 3_600));
    let opens_when_whole = Latch { leave: hundredths(100), ..latch };
    assert!(!opens_when_whole.closed(&account, &objective(50), &window, 26 * 3_600));
}
