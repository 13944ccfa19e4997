//! Fractions compare and round exactly.

use std::cmp::Ordering;

use proptest::prelude::*;
use weir_math::{Decimal, Ratio};

fn ratios() -> impl Strategy<Value = Ratio> {
    let numerator = prop_oneof![-1000..1000_i128, any::<i128>(), Just(i128::MIN), Just(i128::MAX)];
    let denominator = prop_oneof![1..1000_u128, 1..=u128::MAX, Just(u128::MAX)];
    (numerator, denominator).prop_map(|(numerator, denominator)| Ratio::new(numerator, denominator).unwrap())
}

/// Compares by continued fractions, which need no wide product.
fn compare(left: Ratio, right: Ratio) -> Ordering {
    let floor = |numerator: i128, denominator: u128| match i128::try_from(denominator) {
        Ok(denominator) => {
            (numerator.div_euclid(denominator), numerator.rem_euclid(denominator).unsigned_abs())
        }
        Err(_) if numerator >= 0 => (0, numerator.unsigned_abs()),
        Err(_) => (-1, denominator - numerator.unsigned_abs()),
    };
    let ((left_whole, left_rest), (right_whole, right_rest)) =
        (floor(left.numerator(), left.denominator()), floor(right.numerator(), right.denominator()));
    let (mut one, mut two) = ((left_rest, left.denominator()), (right_rest, right.denominator()));
    let mut order = left_whole.cmp(&right_whole);
    let mut flipped = false;
    while order.is_eq() {
        // Both lie in [0, 1); compare their inverses the other way round.
        order = match (one.0, two.0) {
            (0, 0) => return Ordering::Equal,
            (0, _) => Ordering::Less,
            (_, 0) => Ordering::Greater,
            _ => (two.1 / two.0).cmp(&(one.1 / one.0)),
        };
        if flipped {
            order = order.reverse();
        }
        if order.is_eq() {
            (one, two) = ((one.1 % one.0, one.0), (two.1 % two.0, two.0));
            flipped = !flipped;
        }
    }
    order
}

proptest! {
    #[test]
    fn order_is_exact(left in ratios(), right in ratios()) {
        prop_assert_eq!(left.cmp(&right), compare(left, right));
        prop_assert_eq!(left == right, compare(left, right).is_eq());
    }

    #[test]
    fn nothing_panics_and_no_float_is_wild(left in ratios(), right in ratios(), places: u8) {
        let _ = (left.checked_sub(right), left.checked_mul(right), left.checked_div(right));
        let _ = (left.to_decimal_string(places), left.percent_string(places));
        prop_assert!(left.to_f64().is_finite());
    }

    #[test]
    fn rounding_is_half_to_even(numerator in -100_000..100_000_i128, denominator in 1..2000_i128, places in 0..4_u32) {
        let scale = 10_i128.pow(places);
        let (double, even) = (2 * numerator * scale, 2 * denominator);
        let floor = double.div_euclid(even);
        let rest = double.rem_euclid(even);
        let rounded = match rest.cmp(&denominator) {
            Ordering::Less => floor,
            Ordering::Equal => floor + floor.rem_euclid(2),
            Ordering::Greater => floor + 1,
        };
        let shown = Ratio::new(numerator, denominator.unsigned_abs()).unwrap().to_decimal_string(places as u8);
        let exact = Decimal::parse(&shown).unwrap();
        prop_assert_eq!(Ratio::new(rounded, scale.unsigned_abs()).unwrap().cmp_decimal(&exact), Ordering::Equal);
        prop_assert_eq!(exact.to_string(), shown);
    }

    #[test]
    fn small_fractions_calculate_exactly(
        (a, b) in (-1000..1000_i128, 1..1000_i128),
        (c, d) in (-1000..1000_i128, 1..1000_i128),
    ) {
        let ratio = |upper: i128, lower: i128| Ratio::new(upper * lower.signum(), lower.unsigned_abs());
        let (left, right) = (ratio(a, b).unwrap(), ratio(c, d).unwrap());
        prop_assert_eq!(left.checked_sub(right), ratio(a * d - c * b, b * d));
        prop_assert_eq!(left.checked_mul(right), ratio(a * c, b * d));
        prop_assert_eq!(left.checked_div(right), ratio(a * d, b * c));
    }
}

#[test]
fn fractions_are_shown_as_people_write_them() {
    let check = |(numerator, denominator), places, plain: &str, percent: &str| {
        let ratio = Ratio::new(numerator, denominator).unwrap();
        assert_eq!(ratio.to_decimal_string(places), plain);
        assert_eq!(ratio.percent_string(places), percent);
    };
    check((1, 4), 6, "0.25", "25 %");
    check((2, 3), 2, "0.67", "66.67 %");
    check((1, 2), 0, "0", "50 %");
    check((3, 2), 0, "2", "150 %");
    check((-1, 1000), 1, "0", "-0.1 %");
    check((-1, 3), 3, "-0.333", "-33.333 %");
    check((999, 1000), 2, "1", "99.9 %");
    check((5, 1000), 0, "0", "0 %");
    check((i128::MAX, 1), 2, &i128::MAX.to_string(), &format!("{}00 %", i128::MAX));
    assert_eq!(Ratio::new(1, 3).unwrap().to_decimal_string(255), format!("0.{}", "3".repeat(36)));
}
