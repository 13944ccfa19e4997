//! Tallies, series and accounts: sums.

use std::num::NonZeroU32;

use proptest::prelude::*;
use weir_math::{
    Account, Budgeting, Counts, Decimal, Merged, Past, Ratio, Series, SeriesError, Span, Tally, Unknown,
    Window,
};

use crate::brute::{ledgers, slots};

fn tallies() -> impl Strategy<Value = Tally> {
    // Big ones too, so that sums reach their limit.
    let count = || prop_oneof![0..1000_u64, any::<u64>(), Just(u64::MAX)];
    (count(), count(), count()).prop_map(|(good, bad, unknown)| Tally { good, bad, unknown })
}

proptest! {
    #[test]
    fn tallies_are_a_commutative_monoid(one in tallies(), two in tallies(), three in tallies()) {
        prop_assert_eq!(one + two, two + one);
        prop_assert_eq!((one + two) + three, one + (two + three));
        prop_assert_eq!(one + Tally::default(), one);
        prop_assert_eq!([one, two, three].into_iter().sum::<Tally>(), one + two + three);
    }

    #[test]
    fn splitting_a_span_changes_no_sum(
        ledger in ledgers(1..8_u32, 60),
        (start, middle, end) in (-100..500_i64, -100..500_i64, -100..500_i64),
    ) {
        let mut instants = [start, middle, end];
        instants.sort_unstable();
        let [start, middle, end] = instants;
        let (whole, left, right) =
            (Span { start, end }, Span { start, end: middle }, Span { start: middle, end });
        let (series, account) = (ledger.series(), ledger.account());
        prop_assert_eq!(series.sum(whole), series.sum(left) + series.sum(right));
        prop_assert_eq!(series.covered(whole), series.covered(left) + series.covered(right));
        prop_assert_eq!(series.slots(whole), series.slots(left) + series.slots(right));
        prop_assert_eq!(account.counts(whole), account.counts(left) + account.counts(right));
    }

    #[test]
    fn rolling_sums_equal_brute_force(
        ledger in ledgers(1..8_u32, 60),
        seconds in 0..200_u64,
        now in -200..700_i64,
    ) {
        let span = Window::Rolling { seconds }.elapsed(now);
        let series = ledger.series();
        let within = ledger.slices.iter().filter(|(start, _)| span.contains(*start));
        prop_assert_eq!(series.sum(span), within.map(|(_, tally)| *tally).sum::<Tally>());
        prop_assert_eq!(series.slots(span), slots(ledger.slice_seconds, span).count() as u64);
        prop_assert_eq!(series.covered(span), series.slices(span).count() as u64);
        prop_assert_eq!(series.sum(span), series.slices(span).map(|(_, tally)| tally).sum::<Tally>());
        prop_assert_eq!(ledger.account().counts(span), ledger.counts(span));
    }

    #[test]
    fn merging_the_past_changes_no_sum_of_whole_stretches(
        ledger in ledgers(1..8_u32, 60),
        (until, stretch) in (0..60_i64, 1..6_u32),
        (start, end) in (-60..60_i64, -100..500_i64),
        inside in 0..60_i64,
    ) {
        let stretch = NonZeroU32::new(stretch * ledger.slice_seconds).unwrap();
        let length = i64::from(stretch.get());
        let until = until * length;
        let slice = |(_, tally): (i64, Tally)| Merged::slice(tally, ledger.budgeting, ledger.unknown);
        let (whole, series) = (ledger.account(), ledger.series());
        let starts = (-100..100).map(|number| number * length).filter(|start| *start < until);
        let merged = starts.map(|start| {
            let slices = series.slices(Span { start, end: start + length });
            (start, slices.map(slice).sum::<Merged>())
        });
        let past = Past { seconds: stretch, until, merged: merged.filter(|(_, merged)| merged.slices > 0).collect() };
        let recent: Vec<_> = series.slices(Span { start: until, end: i64::MAX }).collect();
        let recent = Series::new(ledger.slice_seconds, recent).unwrap();
        let account = Account::with_past(&past, &recent, ledger.budgeting, ledger.unknown).unwrap();
        // Ends in the past are moved to those of stretches, too: what is merged can't be cut.
        let end = if end < until { end.div_euclid(length) * length } else { end };
        let span = Span { start: start * length, end };
        prop_assert_eq!(account.counts(span), whole.counts(span));
        prop_assert_eq!(account.coverage(span), whole.coverage(span));
        prop_assert_eq!(account.merged(span), whole.merged(span));
        // A start within a stretch is that of the stretch; after them it is itself.
        let cut = Span { start: span.start + inside % length, end };
        if cut.start < until && cut.start < end {
            prop_assert_eq!(account.counts(cut), whole.counts(span));
            prop_assert_eq!(account.coverage(cut), whole.coverage(span));
        } else {
            prop_assert_eq!(account.counts(cut), whole.counts(cut));
        }
    }

    #[test]
    fn an_account_that_grows_is_one_that_was_made_at_once(
        ledger in ledgers(1..8_u32, 60),
        known in 0..60_usize,
        (start, end) in (-100..500_i64, -100..500_i64),
    ) {
        let (series, whole) = (ledger.series(), ledger.account());
        let slices: Vec<_> = series.slices(Span { start: i64::MIN, end: i64::MAX }).collect();
        let (first, rest) = slices.split_at(known.min(slices.len()));
        let first = Series::new(ledger.slice_seconds, first.to_vec()).unwrap();
        let mut account = Account::new(&first, ledger.budgeting, ledger.unknown);
        for (start, tally) in rest {
            let part = Tally { good: 0, unknown: tally.unknown / 2, ..*tally };
            account.put(*start, part, ledger.budgeting, ledger.unknown).unwrap();
            account.put(*start, *tally, ledger.budgeting, ledger.unknown).unwrap();
        }
        let span = Span { start, end };
        prop_assert_eq!(account.counts(span), whole.counts(span));
        prop_assert_eq!(account.coverage(span), whole.coverage(span));
        if let Some(last) = account.last() {
            let before = last - i64::from(ledger.slice_seconds);
            let refused = account.put(before, Tally::default(), ledger.budgeting, ledger.unknown);
            prop_assert_eq!(refused, Err(SeriesError::OutOfOrder { start: before }));
        }
    }

    #[test]
    fn a_ratio_slice_weighs_a_billion(good in 0..=u64::MAX / 2, bad in 0..=u64::MAX / 2) {
        prop_assume!(good + bad > 0);
        let series = Series::new(60, [(0, Tally { good, bad, unknown: 0 })]).unwrap();
        let account = Account::new(&series, Budgeting::RatioTimeSlices, Unknown::Bad);
        let counts = account.counts(Span { start: 0, end: 60 });
        prop_assert_eq!(counts.valid(), 1_000_000_000);
        // good / 10^9 <= share < (good + 1) / 10^9
        let valid = u128::from(good) + u128::from(bad);
        let share = u128::from(good) * 1_000_000_000;
        prop_assert!(u128::from(counts.good) * valid <= share && share < (u128::from(counts.good) + 1) * valid);
    }
}

#[test]
fn a_slice_without_data_counts_as_the_objective_says() {
    let series = Series::new(
        60,
        [(0, Tally { good: 9, bad: 1, unknown: 0 }), (120, Tally { good: 0, bad: 0, unknown: 7 })],
    );
    let series = series.unwrap();
    let check = |budgeting, unknown, good, bad| {
        let account = Account::new(&series, budgeting, unknown);
        assert_eq!(
            account.counts(Span { start: 0, end: 240 }),
            Counts { good, bad },
            "{budgeting:?} {unknown:?}"
        );
    };
    let slices = Budgeting::TimeSlices { target: Decimal::parse("0.9").unwrap() };
    check(slices, Unknown::Bad, 1, 3);
    check(slices, Unknown::Good, 4, 0);
    check(slices, Unknown::Ignored, 1, 0);
    check(Budgeting::Occurrences, Unknown::Bad, 9, 8);
    check(Budgeting::Occurrences, Unknown::Good, 16, 1);
    check(Budgeting::Occurrences, Unknown::Ignored, 9, 1);
    check(Budgeting::RatioTimeSlices, Unknown::Bad, 900_000_000, 3_100_000_000);
    check(Budgeting::RatioTimeSlices, Unknown::Ignored, 900_000_000, 100_000_000);
}

#[test]
fn coverage_is_the_share_of_slices_with_data() {
    let series =
        Series::new(60, [(60, Tally { good: 1, bad: 0, unknown: 0 }), (120, Tally::default())]).unwrap();
    let account = Account::new(&series, Budgeting::Occurrences, Unknown::Bad);
    assert_eq!(account.coverage(Span { start: 0, end: 240 }), Ratio::new(1, 4));
    assert_eq!(account.coverage(Span { start: 1, end: 60 }), None);
    assert_eq!((series.first(), series.last()), (Some(60), Some(60)));
}

#[test]
fn slices_that_make_no_series_are_refused() {
    let one = Tally { good: 1, bad: 0, unknown: 0 };
    let all = Tally { good: u64::MAX, bad: 0, unknown: 0 };
    assert_eq!(Series::new(0, [(0, one)]), Err(SeriesError::NoLength));
    assert_eq!(Series::new(60, [(-61, one)]), Err(SeriesError::Misaligned { start: -61, slice_seconds: 60 }));
    assert_eq!(Series::new(60, [(0, all), (60, one)]), Err(SeriesError::TooManyEvents));
    assert!(Series::new(60, [(0, all)]).is_ok());
}

#[test]
fn a_past_that_does_not_fit_is_refused() {
    let check = |seconds: u32, until: i64, starts: &[i64], expected: SeriesError| {
        let merged = starts.iter().map(|start| (*start, Merged::default())).collect();
        let past = Past { seconds: NonZeroU32::new(seconds).unwrap(), until, merged };
        let series = Series::new(60, [(7_200, Tally { good: 1, bad: 0, unknown: 0 })]).unwrap();
        let account = Account::with_past(&past, &series, Budgeting::Occurrences, Unknown::Bad);
        assert_eq!(account, Err(expected));
    };
    check(3_600, 3_600, &[1_800], SeriesError::Misaligned { start: 1_800, slice_seconds: 3_600 });
    check(3_600, 3_000, &[0], SeriesError::Misaligned { start: 3_000, slice_seconds: 3_600 });
    check(90, 180, &[0], SeriesError::Misaligned { start: 90, slice_seconds: 90 });
    check(3_600, 7_200, &[3_600, 0], SeriesError::OutOfOrder { start: 0 });
    check(3_600, 3_600, &[3_600], SeriesError::OutOfOrder { start: 3_600 });
    check(3_600, 10_800, &[], SeriesError::OutOfOrder { start: 7_200 });
}
