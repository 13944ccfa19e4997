//! Budgets and burn rates agree.

use std::cmp::Ordering;

use proptest::prelude::*;
use weir_math::{Budget, Counts, Decimal, Objective, Ratio};

pub(crate) fn objectives() -> impl Strategy<Value = Objective> {
    let shares = prop_oneof![
        (1..1_000_000_u64).prop_map(|millionths| format!("0.{millionths:06}")),
        (1..10_u64.pow(18)).prop_map(|units| format!("0.{units:018}")),
        Just("0.999999999999999999".to_owned()),
        Just("0.000000000000000001".to_owned()),
    ];
    shares.prop_map(|share| Objective::parse(&share).unwrap())
}

pub(crate) fn any_counts() -> impl Strategy<Value = Counts> {
    let count = || prop_oneof![0..10_000_u64, any::<u64>(), Just(u64::MAX)];
    (count(), count()).prop_map(|(good, bad)| Counts { good, bad })
}

proptest! {
    #[test]
    fn remaining_is_one_minus_the_burn(objective in objectives(), counts in any_counts()) {
        let budget = Budget::new(&objective, counts);
        prop_assert_eq!(budget.spent(), budget.burn());
        let Some((remaining, burn)) = budget.remaining().zip(budget.burn()) else {
            prop_assert_eq!(counts, Counts::default());
            prop_assert_eq!((budget.remaining(), budget.burn()), (None, None));
            return Ok(());
        };
        // Both have the same denominator, so this is the sum of the two fractions.
        prop_assert_eq!(remaining.denominator(), burn.denominator());
        prop_assert_eq!((remaining.numerator() + burn.numerator()).unsigned_abs(), burn.denominator());
        prop_assert_eq!(remaining.numerator() < 0, burn > Ratio::ONE);
    }

    #[test]
    fn whole_numbers_agree_with_the_share(objective in objectives(), counts in any_counts()) {
        let budget = Budget::new(&objective, counts);
        if let Some(remaining) = budget.remaining() {
            prop_assert_eq!(remaining < Ratio::ZERO, budget.bad_left() < 0);
        }
        if budget.allowed_bad() < u64::MAX {
            prop_assert_eq!(budget.bad_left(), i128::from(budget.allowed_bad()) - i128::from(counts.bad));
        }
    }

    #[test]
    fn a_burn_of_one_spends_the_budget_exactly(thousandths in 1..1000_u64, times in 1..1_000_000_u64) {
        let objective = Objective::parse(&format!("error rate < {}", Decimal::parse(&format!("0.{thousandths:03}")).unwrap()));
        let counts = Counts { good: (1000 - thousandths) * times, bad: thousandths * times };
        let budget = Budget::new(&objective.unwrap(), counts);
        prop_assert_eq!((budget.burn(), budget.remaining()), (Some(Ratio::ONE), Some(Ratio::ZERO)));
        prop_assert_eq!((budget.allowed_bad(), budget.bad_left()), (counts.bad, 0));
    }
}

#[test]
fn budgets_worked_out_by_hand() {
    let check = |objective: &str, good, bad, remaining: &str, allowed, left| {
        let budget = Budget::new(&Objective::parse(objective).unwrap(), Counts { good, bad });
        assert_eq!(
            budget.remaining().map(|share| share.cmp_decimal(&Decimal::parse(remaining).unwrap())),
            Some(Ordering::Equal)
        );
        assert_eq!((budget.allowed_bad(), budget.bad_left()), (allowed, left));
    };
    // 0.1 % of 1 000 000 is 1000.
    check("99.9 %", 999_250, 750, "0.25", 1_000, 250);
    check("99.9 %", 997_000, 3_000, "-2", 1_000, -2_000);
    // 0.1 % of 1500 is 1.5: one failure spends two thirds of it. Of 1600, 62.5 %.
    check("99.9 %", 1_599, 1, "0.375", 1, 0);
    check("50 %", 0, 7, "-1", 3, -4);
    check("99.9 %", 5, 0, "1", 0, 0);
}
