//! Confidence is held against exact sums of whole numbers.

use proptest::prelude::*;
use weir_math::{Counts, Objective, objective_missed};

use crate::budgets::{any_counts, objectives};

/// The chance of at most `bad` failures in `good + bad + 1` tries, for a failure chance of `percent / 100`, as whole
/// numbers: sum of C(n, k) p^k (100 - p)^(n - k) over 100^n. Exact up to 18 tries.
fn exact(percent: u128, good: u32, bad: u32) -> f64 {
    let tries = good + bad + 1;
    let mut choose = 1_u128;
    let mut sum = 0;
    for failures in 0..=bad {
        sum += choose * percent.pow(failures) * (100 - percent).pow(tries - failures);
        choose = choose * u128::from(tries - failures) / u128::from(failures + 1);
    }
    sum as f64 / 100_u128.pow(tries) as f64
}

proptest! {
    #[test]
    fn small_samples_are_exact(percent in 1..100_u32, good in 0..9_u32, bad in 0..9_u32) {
        prop_assume!(good + bad > 0);
        let objective = Objective::parse(&format!("{} %", 100 - percent)).unwrap();
        let sure = objective_missed(&objective, Counts { good: good.into(), bad: bad.into() }).unwrap();
        let exact = exact(percent.into(), good, bad);
        prop_assert!((sure - exact).abs() <= 1e-12, "{} instead of {}", sure, exact);
    }

    #[test]
    fn it_is_a_probability(objective in objectives(), counts in any_counts()) {
        match objective_missed(&objective, counts) {
            Some(sure) => prop_assert!((0.0..=1.0).contains(&sure)),
            None => prop_assert_eq!(counts, Counts::default()),
        }
    }

    #[test]
    fn more_failures_make_it_surer(good in 0..100_000_u64, bad in 0..1000_u64) {
        let objective = Objective::parse("99.5 %").unwrap();
        let sure = |bad| objective_missed(&objective, Counts { good, bad }).unwrap();
        prop_assert!(sure(bad + 1) <= sure(bad + 2) + 1e-12);
    }
}

#[test]
fn large_samples_decide() {
    let objective = Objective::parse("99.9 %").unwrap();
    let sure = |good, bad| objective_missed(&objective, Counts { good, bad });
    assert_eq!(sure(0, 0), None);
    assert_eq!(sure(u64::MAX, 0), Some(0.0));
    assert_eq!(sure(0, u64::MAX), Some(1.0));
    // Half of the tries of a fair sample lie on either side.
    let even = objective_missed(&Objective::parse("50 %").unwrap(), Counts { good: u64::MAX, bad: u64::MAX });
    assert!(even.is_some_and(|sure| (sure - 0.5).abs() < 1e-9), "{even:?}");
}
