//! Numbers as programs write them, read faster than any number can be.

use crate::columns::Scalar;

/// The powers of ten that a float holds exactly, as far as they are needed.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Digits that a float holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;

/// Reads the number at `from`: where it ends, and what it is. Only those with few digits and no exponent: a whole number,
/// or a fraction whose digits and power of ten a float holds exactly, so that one division rounds rightly. None for all
/// else, also for zeros in front of a number and for -0, which the formats understand differently.
#[inline(always)]
pub(crate) fn usual(bytes: &[u8], from: usize) -> Option<(usize, Scalar<&'static str>)> {
    let negative = bytes.get(from) == Some(&b'-');
    let first = from + usize::from(negative);
    let (whole, point) = digits(bytes, first, 0);
    let leading_zero = point > first + 1 && bytes.get(first) == Some(&b'0');
    if leading_zero || !(1..=18).contains(&(point - first)) {
        return None;
    }
    match bytes.get(point) {
        Some(b'.') => {}
        Some(b'e' | b'E') => return None,
        Some(_) | None => {
            let value = i64::try_from(whole).ok().filter(|whole| !negative || *whole != 0)?;
            return Some((point, Scalar::Integer(if negative { -value } else { value })));
        }
    }
    let (mantissa, end) = digits(bytes, point + 1, whole);
    let decimals = end - point - 1;
    if decimals == 0 || point - first + decimals > EXACT_DIGITS || matches!(bytes.get(end), Some(b'e' | b'E'))
    {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "so few digits are exact")]
    let value = mantissa as f64 / POWERS.get(decimals)?;
    Some((end, Scalar::Number(if negative { -value } else { value })))
}

/// The number that a whole text is, when it is a usual one.
#[inline]
pub(crate) fn usual_text(text: &str) -> Option<Scalar<&'static str>> {
    let (end, number) = usual(text.as_bytes(), 0)?;
    (end == text.len()).then_some(number)
}

/// The digits from `at` on, when `value` stands before them: their value, which is right for up to 19 of them, and where they
/// end.
#[inline]
pub(crate) fn digits(bytes: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (value, at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_numbers_are_read_without_help() {
        for (text, expected) in [
            ("0", Scalar::Integer(0)),
            ("200", Scalar::Integer(200)),
            ("-7", Scalar::Integer(-7)),
            ("999999999999999999", Scalar::Integer(999_999_999_999_999_999)),
            ("0.25", Scalar::Number(0.25)),
            ("-12.5", Scalar::Number(-12.5)),
        ] {
            assert_eq!(usual_text(text), Some(expected), "{text}");
        }
        for text in ["", "-", "-0", "007", "1.", ".5", "1e5", "1.5e5", "+1", "1 ", "0.1234567890123456", "x"]
        {
            assert_eq!(usual_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_usual_number_is_the_one_that_it_is_for_all(text in "-?[0-9]{1,19}(\\.[0-9]{0,17})?") {
            match usual_text(&text) {
                Some(Scalar::Integer(value)) => prop_assert_eq!(Ok(value), text.parse()),
                Some(Scalar::Number(value)) => {
                    prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
                    prop_assert!(text.parse::<i64>().is_err());
                }
                Some(other) => prop_assert!(false, "{:?}", other),
                None => {}
            }
        }
    }
}
