//! Objectives made of parts.

use std::cmp::Ordering;

use proptest::prelude::*;
use weir_math::{
    Budget, CompositeError, Counts, Decimal, Objective, Part, Ratio, Series, Span, Tally, all_hold, weighted,
};

use crate::brute::ledgers;
use crate::budgets::{any_counts, objectives};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn a_slice_is_as_good_as_its_worst_part() {
    let slice = |start, good, bad, unknown| (start, Tally { good, bad, unknown });
    let one =
        Series::new(60, [slice(0, 9, 1, 0), slice(60, 9, 1, 0), slice(120, 8, 2, 0), slice(240, 0, 0, 1)])
            .unwrap();
    let two = Series::new(60, [slice(0, 1, 1, 0), slice(120, 1, 0, 0), slice(180, 0, 1, 0)]).unwrap();
    let parts =
        [Part { series: &one, target: decimal("0.9") }, Part { series: &two, target: decimal("0.5") }];
    let together = all_hold(&parts).unwrap();
    let slices: Vec<_> = together.slices(Span { start: 0, end: 600 }).collect();
    let expected = [
        slice(0, 1, 0, 0),
        slice(60, 0, 0, 1),
        slice(120, 0, 1, 0),
        slice(180, 0, 1, 0),
        slice(240, 0, 0, 1),
    ];
    assert_eq!(slices, expected);
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let (minutes, hours) = (Series::new(60, []).unwrap(), Series::new(3_600, []).unwrap());
    let part = |series| Part { series, target: Decimal::ONE };
    assert_eq!(all_hold(&[]), Err(CompositeError::NoParts));
    let differ = CompositeError::SlicesDiffer { one: 60, other: 3_600 };
    assert_eq!(all_hold(&[part(&minutes), part(&hours)]), Err(differ));
}

#[test]
fn the_mean_weighs_its_parts() {
    let objective = Objective::parse("90 %").unwrap();
    let budget = |bad| Budget::new(&objective, Counts { good: 100 - bad, bad });
    // 3/4 of 0.5 and 1/4 of -1 make 0.125.
    let mean = weighted(&[(decimal("3"), budget(5)), (decimal("1"), budget(20))]).unwrap();
    assert_eq!(mean.remaining.cmp_decimal(&decimal("0.125")), Ordering::Equal);
    assert_eq!(mean.burn.cmp_decimal(&decimal("0.875")), Ordering::Equal);
    assert_eq!(mean.judged, Ratio::ONE);
    // A part without counts is left out, and said to be.
    let silent = Budget::new(&objective, Counts::default());
    let mean = weighted(&[(decimal("3"), budget(5)), (decimal("1"), silent)]).unwrap();
    assert_eq!(mean.remaining.cmp_decimal(&decimal("0.5")), Ordering::Equal);
    assert_eq!(Some(mean.judged), Ratio::new(3, 4));
    assert_eq!(weighted(&[(decimal("3"), silent)]), None);
    assert_eq!(weighted(&[(decimal("0"), budget(5))]), None);
    assert_eq!(weighted(&[(decimal("-1"), budget(5)), (decimal("2"), budget(5))]), None);
    assert_eq!(weighted(&[]), None);
}

proptest! {
    #[test]
    fn the_mean_lies_within_its_bound(
        parts in prop::collection::vec((1..1000_u32, 1..1000_u64, 0..100_u64), 1..5),
    ) {
        let objective = Objective::parse("90 %").unwrap();
        let budgets: Vec<_> = parts.iter().map(|(weight, good, bad)| {
            (Decimal::from(*weight), Budget::new(&objective, Counts { good: *good, bad: *bad }))
        }).collect();
        let mean = weighted(&budgets).unwrap();
        // Over the common denominator the exact mean is a whole number: sum of weight * (valid - 10 bad) / valid.
        let weights: i128 = parts.iter().map(|(weight, ..)| i128::from(*weight)).sum();
        let valids: i128 = parts.iter().map(|(_, good, bad)| i128::from(good + bad)).product();
        let exact: i128 = parts.iter().map(|(weight, good, bad)| {
            let valid = i128::from(good + bad);
            i128::from(*weight) * (valid - 10 * i128::from(*bad)) * (valids / valid)
        }).sum();
        let exact = Ratio::new(exact, (weights * valids).unsigned_abs()).unwrap();
        let bound = Ratio::new(2 * parts.len() as i128, 10_u128.pow(18)).unwrap();
        prop_assert!(mean.remaining <= exact);
        prop_assert!(exact.checked_sub(mean.remaining).is_none_or(|gap| gap < bound));
        prop_assert!(Ratio::ONE.checked_sub(mean.remaining) == Some(mean.burn));
    }

    #[test]
    fn weights_and_budgets_of_any_size_do_not_panic(
        parts in prop::collection::vec((any::<u32>(), objectives(), any_counts()), 0..6),
    ) {
        let parts: Vec<_> = parts.into_iter().map(|(weight, objective, counts)| {
            (Decimal::from(weight), Budget::new(&objective, counts))
        }).collect();
        let worst = parts.iter().filter_map(|(_, budget)| budget.remaining()).min();
        let best = parts.iter().filter_map(|(_, budget)| budget.remaining()).max();
        if let Some(mean) = weighted(&parts) {
            prop_assert!(Some(mean.remaining) <= best);
            let bound = 2 * parts.len() as i128;
            let above = Ratio::new(mean.remaining.numerator() + bound, mean.remaining.denominator());
            prop_assert!(above > worst);
        }
    }

    #[test]
    fn a_composite_of_one_part_is_that_part(ledger in ledgers(1..6_u32, 30)) {
        let series = ledger.series();
        let composite = all_hold(&[Part { series: &series, target: Decimal::ONE }]).unwrap();
        let everything = Span { start: i64::MIN, end: i64::MAX };
        prop_assert_eq!(composite.covered(everything), series.covered(everything));
        for (start, tally) in series.slices(everything) {
            let one = composite.sum(Span { start, end: start + 1 });
            prop_assert_eq!(one.good == 1, tally.bad == 0 && tally.good > 0);
            prop_assert_eq!(one.bad == 1, tally.bad > 0);
        }
    }
}
