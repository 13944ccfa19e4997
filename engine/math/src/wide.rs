//! Products of 128-bit integers, which need 256 bits.

/// The exact product. Tuples compare high part first, so two products compare as the numbers do.
pub(crate) fn product(left: u128, right: u128) -> (u128, u128) {
    let (low, high) = left.carrying_mul(right, 0);
    (high, low)
}

/// Quotient and remainder of `left * right / divisor`; none when the divisor is zero or the quotient needs more than
/// 128 bits.
pub(crate) fn multiply_divide(left: u128, right: u128, divisor: u128) -> Option<(u128, u128)> {
    let (high, low) = product(left, right);
    // A quotient fits exactly when the high part is below the divisor. This also refuses a zero divisor.
    if high >= divisor {
        return None;
    }
    if high == 0 {
        return Some((low / divisor, low % divisor));
    }
    let mut remainder = high;
    let mut quotient = 0;
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> (u128::BITS - 1) == 1;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry || remainder >= divisor {
            // INVARIANT: before the shift the remainder was below the divisor, so one subtraction brings it back there;
            // with a carry the true difference is what wrapping yields.
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
}

/// The greatest common divisor; the other one when one of them is zero.
pub(crate) fn greatest_common_divisor(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_product_divides_back() {
        assert_eq!(multiply_divide(u128::MAX, u128::MAX, u128::MAX), Some((u128::MAX, 0)));
        assert_eq!(multiply_divide(u128::MAX, u128::MAX, u128::MAX - 1), None);
        assert_eq!(multiply_divide(1, 1, 0), None);
    }

    proptest! {
        #[test]
        fn quotient_and_remainder_restore_the_product(left: u128, right: u128, divisor in 1..=u128::MAX) {
            if let Some((quotient, remainder)) = multiply_divide(left, right, divisor) {
                prop_assert!(remainder < divisor);
                let (low, high) = quotient.carrying_mul(divisor, remainder);
                prop_assert_eq!((high, low), product(left, right));
            } else {
                prop_assert!(product(left, right) >= (divisor, 0));
            }
        }
    }
}
