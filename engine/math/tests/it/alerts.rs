//! Burn-rate alerts.

use proptest::prelude::*;
use weir_math::{BurnAlert, Counts, Decimal, Objective, Ratio, factor_for, share_for};

use crate::budgets::{any_counts, objectives};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn alert(factor: &str, long: u64, short: u64) -> BurnAlert {
    BurnAlert { long, short, factor: decimal(factor) }
}

proptest! {
    #[test]
    fn an_alert_that_holds_does_so_at_every_smaller_factor(
        objective in objectives(),
        (long, short) in (any_counts(), any_counts()),
        (one, two) in (0..2_000_000_u64, 0..2_000_000_u64),
    ) {
        let at = |thousandths: u64| {
            let factor = decimal(&format!("{}.{:03}", thousandths / 1000, thousandths % 1000));
            BurnAlert { long: 3600, short: 300, factor }.holds(&objective, long, short)
        };
        prop_assert!(!at(one.max(two)) || at(one.min(two)));
    }

    #[test]
    fn an_alert_that_holds_is_reachable(
        objective in objectives(),
        counts in any_counts(),
        factor in 1..10_000_u32,
    ) {
        let alert = BurnAlert { long: 60, short: 5, factor: Decimal::from(factor) };
        prop_assert!(!alert.holds(&objective, counts, counts) || alert.reachable(&objective));
    }

    #[test]
    fn share_and_factor_are_inverse(percent in 1..=100_u32, long in 1..10_000_000_u64, period in 1..10_000_000_u64) {
        let share = decimal(&format!("{percent} %"));
        let factor = factor_for(share, long, period);
        let spent = factor.checked_mul(Ratio::new(i128::from(long), u128::from(period)).unwrap()).unwrap();
        prop_assert!(spent.cmp_decimal(&share).is_eq());
    }
}

#[test]
fn a_burn_of_exactly_the_factor_fires_and_less_does_not() {
    let objective = Objective::parse("99.9 %").unwrap();
    // 144 / 10 000 / 0.001 = 14.4
    let burning = Counts { good: 9_856, bad: 144 };
    assert!(alert("14.4", 3_600, 300).holds(&objective, burning, burning));
    assert!(!alert("14.400000000000000001", 3_600, 300).holds(&objective, burning, burning));
    // One more good one in ten quintillions is too little for a float and still counts.
    let just_below = Counts { good: 9_856_000_000_000_000_001, bad: 144_000_000_000_000_000 };
    assert!(!alert("14.4", 3_600, 300).holds(&objective, just_below, burning));
    assert!(!alert("14.4", 3_600, 300).holds(&objective, burning, Counts::default()));
    assert!(!alert("14.4", 3_600, 300).holds(&objective, Counts { good: 1, bad: 0 }, burning));
}

#[test]
fn a_factor_beyond_total_failure_is_unreachable() {
    // Total failure of 95 % burns at 20.
    let objective = Objective::parse("95 %").unwrap();
    assert!(alert("20", 3_600, 300).reachable(&objective));
    assert!(!alert("20.000000000000000001", 3_600, 300).reachable(&objective));
}

#[test]
fn factors_of_the_usual_windows() {
    let check = |share: &str, long: u64, days: u64, numerator: i128, denominator: u128| {
        let factor = factor_for(decimal(share), long * 3_600, days * 86_400);
        assert_eq!(Some(factor), Ratio::new(numerator, denominator), "{share} in {long} h of {days} d");
    };
    // 2 % of 30 days (720 h) in 1 h: 0.02 * 720 / 1
    check("2 %", 1, 30, 72, 5);
    check("5 %", 6, 30, 6, 1);
    check("10 %", 24, 30, 3, 1);
    check("10 %", 72, 30, 1, 1);
    // 28 days are 672 h.
    check("2 %", 1, 28, 336, 25);
    check("10 %", 72, 28, 14, 15);
    check("12.5 %", 6, 7, 7, 2);
    assert_eq!(Some(share_for(decimal("14.4"), 3_600, 2_592_000)), Ratio::new(1, 50));
}

#[test]
fn detection_and_reset_worked_out_by_hand() {
    let check =
        |factor: &str, (long, short): (u64, u64), errors: (i128, u128), detection: &str, reset: &str| {
            let objective = Objective::parse("99.9 %").unwrap();
            let (alert, errors) = (alert(factor, long, short), Ratio::new(errors.0, errors.1).unwrap());
            let shown = |seconds: Option<Ratio>| {
                seconds.map_or("never".to_owned(), |seconds| seconds.to_decimal_string(6))
            };
            assert_eq!(shown(alert.detection_seconds(&objective, errors)), detection);
            assert_eq!(shown(alert.reset_seconds(&objective, errors)), reset);
        };
    // 14.4 * 0.001 * 3600 / 1 = 51.84; 300 * (1 - 0.0144) = 295.68
    check("14.4", (3_600, 300), (1, 1), "51.84", "295.68");
    // 14.4 * 0.001 * 3600 / 0.1 = 518.4; 300 * (1 - 0.144) = 256.8
    check("14.4", (3_600, 300), (1, 10), "518.4", "256.8");
    check("6", (21_600, 1_800), (1, 10), "1296", "1692");
    // Exactly at the factor it takes the whole window, and it ends at once.
    check("1", (3_600, 300), (1, 1_000), "3600", "0");
    check("1", (3_600, 300), (1, 1_001), "never", "never");
    check("1", (3_600, 300), (0, 1), "never", "never");
}
