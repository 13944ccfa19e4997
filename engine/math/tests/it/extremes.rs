//! The ends of every range: nothing panics, hangs or yields NaN.

use proptest::prelude::*;
use weir_math::{
    Account, Budget, Budgeting, BurnAlert, CalendarUnit, Counts, Decimal, Latch, Objective, Pace, Ratio,
    Series, Span, Tally, Unknown, Window, exhausts_at, factor_for, objective_missed, recovers_at, share_for,
};

fn instants() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>(), -100_000..100_000_i64]
}

fn lengths() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(i64::MAX as u64), any::<u64>(), 1..100_000_u64]
}

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        lengths().prop_map(|seconds| Window::Rolling { seconds }),
        prop::sample::select(&CalendarUnit::ALL[..])
            .prop_map(|unit| Window::calendar(unit, "Europe/Berlin").unwrap()),
    ]
}

fn accounts() -> impl Strategy<Value = Account> {
    let unknown = prop_oneof![Just(Unknown::Bad), Just(Unknown::Good), Just(Unknown::Ignored)];
    let budgeting = prop_oneof![
        Just(Budgeting::Occurrences),
        Just(Budgeting::TimeSlices { target: Decimal::ONE }),
        Just(Budgeting::RatioTimeSlices),
    ];
    let seconds = prop_oneof![Just(1_u32), Just(60), Just(u32::MAX)];
    let slices = prop::collection::vec((instants(), 0..=u64::MAX / 8, 0..=u64::MAX / 8), 0..4);
    (seconds, slices, budgeting, unknown).prop_map(|(seconds, slices, budgeting, unknown)| {
        let length = i64::from(seconds);
        // Towards zero, so that the start stays in range.
        let slices = slices
            .into_iter()
            .map(|(start, good, bad)| (start / length * length, Tally { good, bad, unknown: 1 }));
        Account::new(&Series::new(seconds, slices.collect::<Vec<_>>()).unwrap(), budgeting, unknown)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_panics_at_the_ends(
        account in accounts(),
        window in windows(),
        (now, other) in (instants(), instants()),
        pace in (any::<u64>(), any::<u64>(), lengths()),
        nines in prop::sample::select(&["0.999999999999999999", "0.000000000000000001", "0.999"][..]),
    ) {
        let objective = Objective::parse(nines).unwrap();
        let span = Span { start: other, end: now };
        let counts = account.counts(span) + account.counts(window.elapsed(now));
        prop_assert!(account.coverage(span).is_none_or(|coverage| coverage <= Ratio::ONE));
        prop_assert!(objective_missed(&objective, counts).is_none_or(|sure| (0.0..=1.0).contains(&sure)));
        let remaining = Budget::new(&objective, counts).remaining();
        prop_assert!(remaining.is_none_or(|remaining| remaining <= Ratio::ONE && remaining.to_f64().is_finite()));
        let pace = Pace { good: pace.0, bad: pace.1, seconds: pace.2 };
        prop_assert!(exhausts_at(&account, &objective, &window, now, pace).is_none_or(|instant| instant > now));
        let level = Decimal::parse("999999999999999999").unwrap();
        let _ = recovers_at(&account, &objective, &window, now, &level, pace);
    }

    #[test]
    fn a_latch_in_limbo_comes_to_an_end(account in accounts(), seconds in lengths(), now in instants()) {
        // Nothing lies outside these levels, so all of history is walked.
        let latch = Latch {
            enter: Decimal::parse("-999999999999999999").unwrap(),
            leave: Decimal::parse("2").unwrap(),
        };
        let objective = Objective::parse("99 %").unwrap();
        let window = Window::Rolling { seconds };
        prop_assert!(!latch.closed(&account, &objective, &window, now));
    }

    #[test]
    fn alerts_take_any_length(long in lengths(), short in lengths(), good: u64, bad: u64) {
        let factor = Decimal::parse("999999999999999999.999999999999999999").unwrap();
        let alert = BurnAlert { long, short, factor };
        let objective = Objective::parse("0.999999999999999999").unwrap();
        let counts = Counts { good, bad };
        prop_assert!(alert.reachable(&objective));
        let _ = alert.holds(&objective, counts, counts);
        let _ = (factor_for(factor, long, short), share_for(factor, long, short));
        let errors = Ratio::new(1, 3).unwrap();
        let _ = (alert.detection_seconds(&objective, errors), alert.reset_seconds(&objective, errors));
    }
}
