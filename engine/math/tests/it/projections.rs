//! Forecasts equal a walk through the future.

use proptest::prelude::*;
use weir_math::{
    Account, Budgeting, CalendarUnit, Counts, Decimal, Objective, Pace, Series, Span, Tally, Unknown, Window,
    exhausts_at, recovers_at,
};

use crate::brute::{Ledger, hundredths, ledgers, remaining_in_hundredths};

/// What the window at a future instant holds.
fn expected(ledger: &Ledger, window_seconds: i64, now: i64, pace: Pace, instant: i64) -> Counts {
    let elapsed = (instant - now) as u64;
    let over = |count: u64| (count * elapsed).checked_div(pace.seconds).unwrap_or(0);
    let known = ledger.counts(Span { start: instant - window_seconds, end: now });
    known + Counts { good: over(pace.good), bad: over(pace.bad) }
}

proptest! {
    #[test]
    fn rolling_forecasts_equal_brute_force(
        ledger in ledgers(1..6_u32, 30),
        seconds in 1..80_i64,
        now in -20..150_i64,
        pace in (0..30_u64, 0..30_u64, 0..20_u64).prop_map(|(good, bad, seconds)| Pace { good, bad, seconds }),
        budget_percent in 10..90_i128,
        level in -100..=100_i128,
    ) {
        let window = Window::Rolling { seconds: seconds as u64 };
        let objective = Objective::new(hundredths(100 - budget_percent)).unwrap();
        let account = ledger.account();
        let instants = || (now..=now + seconds).step_by(ledger.slice_seconds as usize);
        let order = |instant: i64, level| {
            remaining_in_hundredths(budget_percent, expected(&ledger, seconds, now, pace, instant), level)
        };
        let exhausted = instants().skip(1).find(|instant| order(*instant, 0).is_some_and(|order| order.is_le()));
        prop_assert_eq!(exhausts_at(&account, &objective, &window, now, pace), exhausted);
        let recovered = instants().find(|instant| order(*instant, level).is_some_and(|order| order.is_ge()));
        prop_assert_eq!(recovers_at(&account, &objective, &window, now, &hundredths(level), pace), recovered);
    }

    #[test]
    fn calendar_forecasts_equal_brute_force(
        ledger in ledgers(Just(3_600_u32), 20),
        minutes in 0..1_440_i64,
        pace in (0..30_u64, 0..30_u64, 1..40_000_u64).prop_map(|(good, bad, seconds)| Pace { good, bad, seconds }),
        budget_percent in 10..90_i128,
        level in -100..=100_i128,
    ) {
        // 1 January 1970 in UTC: the day is 0 to 86 400.
        let now = minutes * 60;
        let window = Window::calendar(CalendarUnit::Day, "UTC").unwrap();
        let objective = Objective::new(hundredths(100 - budget_percent)).unwrap();
        let hourly = Ledger {
            slice_seconds: 1,
            slices: ledger.slices.iter().map(|(start, tally)| (start.div_euclid(3_600), *tally)).collect(),
            ..ledger.clone()
        };
        let known = hourly.counts(Span { start: 0, end: (now + 3_599) / 3_600 });
        let order = |instant: i64, level| {
            let over = |count: u64| count * (instant - now) as u64 / pace.seconds;
            remaining_in_hundredths(budget_percent, known + Counts { good: over(pace.good), bad: over(pace.bad) }, level)
        };
        let instants = || (now..86_400).step_by(3_600);
        let account = ledger.account();
        let exhausted = instants().skip(1).find(|instant| order(*instant, 0).is_some_and(|order| order.is_le()));
        prop_assert_eq!(exhausts_at(&account, &objective, &window, now, pace), exhausted);
        let recovered = instants().find(|instant| order(*instant, level).is_some_and(|order| order.is_ge()));
        let recovered = recovered.or(Some(86_400));
        prop_assert_eq!(recovers_at(&account, &objective, &window, now, &hundredths(level), pace), recovered);
    }
}

#[test]
fn forecasts_worked_out_by_hand() {
    // 990 good and 10 bad ones at 0 of a budget of 2 %: half of it is spent.
    let series = Series::new(60, [(0, Tally { good: 990, bad: 10, unknown: 0 })]).unwrap();
    let account = Account::new(&series, Budgeting::Occurrences, Unknown::Bad);
    let objective = Objective::parse("98 %").unwrap();
    let window = Window::rolling("1h").unwrap();
    let failing = Pace { good: 0, bad: 1, seconds: 60 };
    // After n more minutes 10 + n of 1000 + n are bad; 2 % is reached at n = 10.2, so in the eleventh minute.
    assert_eq!(exhausts_at(&account, &objective, &window, 60, failing), Some(60 + 11 * 60));
    let healthy = Pace { good: 1000, bad: 0, seconds: 60 };
    assert_eq!(exhausts_at(&account, &objective, &window, 60, healthy), None);
    // 10 of 2000 spend a quarter.
    let three_quarters = Decimal::parse("75 %").unwrap();
    assert_eq!(recovers_at(&account, &objective, &window, 60, &three_quarters, healthy), Some(120));
    // All is well again when the bad ones leave the window, one hour after they came in.
    let whole = Decimal::ONE;
    assert_eq!(recovers_at(&account, &objective, &window, 60, &whole, healthy), Some(3_660));
    assert_eq!(recovers_at(&account, &objective, &window, 60, &hundredths(50), failing), Some(60));
    // With no traffic the window ends up empty, and nobody can say that it has recovered.
    let silence = Pace { good: 0, bad: 0, seconds: 60 };
    assert_eq!(recovers_at(&account, &objective, &window, 60, &whole, silence), None);
}
