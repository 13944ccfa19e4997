//! Exact fractions: remaining budgets, burn rates, coverage.

use std::cmp::Ordering;
use std::num::NonZeroU128;

use crate::decimal::{Decimal, UNIT};
use crate::wide::{greatest_common_divisor, multiply_divide, product};

/// An exact signed fraction.
///
/// Fractions compare by cross-multiplication in 256 bits, so every comparison is exact and none overflows; 1/2 equals
/// 2/4.
///
/// ```
/// use weir_math::{Decimal, Ratio};
///
/// let burn = Ratio::new(72, 5).expect("5 is not zero");
/// assert!(burn.cmp_decimal(&Decimal::parse("14.4")?).is_eq());
/// assert!(burn.cmp_decimal(&Decimal::parse("14.400000000000000001")?).is_lt());
/// assert_eq!(Ratio::new(2, 3).expect("3 is not zero").to_decimal_string(4), "0.6667");
/// # Ok::<(), weir_math::DecimalError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    numerator: i128,
    denominator: NonZeroU128,
}

impl Ratio {
    /// 0.
    pub const ZERO: Self = Self { numerator: 0, denominator: NonZeroU128::MIN };
    /// 1.
    pub const ONE: Self = Self { numerator: 1, denominator: NonZeroU128::MIN };

    /// `numerator / denominator`; none when the denominator is zero.
    #[must_use]
    pub fn new(numerator: i128, denominator: u128) -> Option<Self> {
        NonZeroU128::new(denominator).map(|denominator| Self { numerator, denominator })
    }

    /// The upper part of the fraction, which carries the sign. Fractions are not kept in lowest terms.
    #[must_use]
    pub fn numerator(&self) -> i128 {
        self.numerator
    }

    /// The lower part of the fraction, never zero.
    #[must_use]
    pub fn denominator(&self) -> u128 {
        self.denominator.get()
    }

    /// Compares with a decimal, exactly.
    #[must_use]
    pub fn cmp_decimal(&self, decimal: &Decimal) -> Ordering {
        self.cmp(&Self::from(*decimal))
    }

    /// The number with at most `places` digits after the point, rounded half to even, without trailing zeros.
    ///
    /// More than 36 places are taken as 36.
    #[must_use]
    pub fn to_decimal_string(&self, places: u8) -> String {
        let (whole, fraction) = self.rounded(usize::from(places.min(36)));
        self.signed(&whole, &fraction)
    }

    /// The number as a percentage with at most `places` digits after the point, rounded half to even: `12.5 %`.
    ///
    /// More than 36 places are taken as 36.
    #[must_use]
    pub fn percent_string(&self, places: u8) -> String {
        let (mut whole, fraction) = self.rounded(usize::from(places.min(36)) + 2);
        let (hundredths, fraction) = fraction.split_at_checked(2).unwrap_or((&fraction, ""));
        whole.push_str(hundredths);
        format!("{} %", self.signed(&whole, fraction))
    }

    /// The nearest float, for showing and for estimates. Never infinite and never NaN.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "documented as the nearest float")]
    pub fn to_f64(&self) -> f64 {
        self.numerator as f64 / self.denominator.get() as f64
    }

    /// The difference; none when it can't be held exactly, which takes more than 120 bits a number.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let common = greatest_common_divisor(self.denominator(), other.denominator());
        let (left, right) = (other.denominator() / common, self.denominator() / common);
        let minuend = self.numerator.checked_mul(i128::try_from(left).ok()?)?;
        let subtrahend = other.numerator.checked_mul(i128::try_from(right).ok()?)?;
        Self::new(minuend.checked_sub(subtrahend)?, self.denominator().checked_mul(left)?)
    }

    /// The product; none when it can't be held exactly.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let upper = |one: Self, two: Self| {
            let common = greatest_common_divisor(one.numerator.unsigned_abs(), two.denominator());
            // A zero numerator shares the whole denominator, so neither quotient divides by zero.
            let sign = one.numerator.signum();
            (
                i128::try_from(one.numerator.unsigned_abs() / common).ok().map(|part| part * sign),
                two.denominator() / common,
            )
        };
        let (left, right_denominator) = upper(self, other);
        let (right, left_denominator) = upper(other, self);
        Self::new(left?.checked_mul(right?)?, left_denominator.checked_mul(right_denominator)?)
    }

    /// The quotient; none when the divisor is zero or the quotient can't be held exactly.
    #[must_use]
    pub fn checked_div(self, divisor: Self) -> Option<Self> {
        let upper = i128::try_from(divisor.denominator()).ok()?.checked_mul(divisor.numerator.signum())?;
        self.checked_mul(Self::new(upper, divisor.numerator.unsigned_abs())?)
    }

    /// The number times 10^18 rounded towards minus infinity; none when that needs more than 127 bits.
    pub(crate) fn floor_units(self) -> Option<i128> {
        scale_floor(self.numerator, UNIT.unsigned_abs(), self.denominator())
    }

    /// Digits before the point and exactly `places` digits after it, of the magnitude. At most 38 places.
    fn rounded(self, places: usize) -> (String, String) {
        let denominator = self.denominator();
        let mut whole = self.numerator.unsigned_abs() / denominator;
        let rest = self.numerator.unsigned_abs() % denominator;
        let scale = std::iter::repeat_n(10_u128, places).fold(1, u128::wrapping_mul);
        // INVARIANT: the rest is below the denominator, so the quotient is below the scale and fits.
        let (mut fraction, remainder) = multiply_divide(rest, scale, denominator).unwrap_or_default();
        let odd = if places == 0 { whole % 2 == 1 } else { fraction % 2 == 1 };
        let up = match remainder.cmp(&(denominator - remainder)) {
            Ordering::Less => false,
            Ordering::Equal => odd,
            Ordering::Greater => true,
        };
        fraction += u128::from(up);
        if fraction == scale {
            fraction = 0;
            whole += 1;
        }
        let digits = if places == 0 { String::new() } else { format!("{fraction:0places$}") };
        (whole.to_string(), digits)
    }

    /// Puts sign and point in, and leaves needless zeros out.
    fn signed(self, whole: &str, fraction: &str) -> String {
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let sign = if self.numerator < 0 && (whole, fraction) != ("0", "") { "-" } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// `number * factor / divisor` rounded towards minus infinity; none when the divisor is zero or the result needs more
/// than 127 bits.
pub(crate) fn scale_floor(number: i128, factor: u128, divisor: u128) -> Option<i128> {
    let (quotient, remainder) = multiply_divide(number.unsigned_abs(), factor, divisor)?;
    let quotient = i128::try_from(quotient).ok()?;
    if number >= 0 { Some(quotient) } else { Some(-quotient - i128::from(remainder != 0)) }
}

impl From<Decimal> for Ratio {
    fn from(decimal: Decimal) -> Self {
        // A decimal of few digits becomes a fraction of small numbers, which leaves room for products.
        let common = greatest_common_divisor(decimal.units().unsigned_abs(), UNIT.unsigned_abs());
        let divisor = i128::try_from(common).unwrap_or(1);
        Self::new(decimal.units() / divisor, UNIT.unsigned_abs() / common).unwrap_or(Self::ZERO)
    }
}

impl From<u64> for Ratio {
    fn from(whole: u64) -> Self {
        Self { numerator: i128::from(whole), denominator: NonZeroU128::MIN }
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.numerator.signum().cmp(&other.numerator.signum());
        signs.then_with(|| {
            let left = product(self.numerator.unsigned_abs(), other.denominator());
            let right = product(other.numerator.unsigned_abs(), self.denominator());
            if self.numerator < 0 { right.cmp(&left) } else { left.cmp(&right) }
        })
    }
}
