//! Exact decimals: objectives, thresholds, factors, weights.

use std::fmt;
use std::str::FromStr;

/// 10^18: the units in 1.
pub(crate) const UNIT: i128 = 1_000_000_000_000_000_000;
/// Digits after the point.
const PLACES: usize = 18;

/// An exact signed decimal with at most 18 digits before the point and 18 after it.
///
/// Equality, order and hash are those of the number, however it was written.
///
/// ```
/// use weir_math::Decimal;
///
/// let quarter = Decimal::parse("25 %")?;
/// assert_eq!(quarter, Decimal::parse("0.250")?);
/// assert_eq!((quarter.to_string().as_str(), quarter.percent().as_str()), ("0.25", "25 %"));
/// assert!(Decimal::parse("1e3").is_err());
/// # Ok::<(), weir_math::DecimalError>(())
/// ```
// INVARIANT: below 10^36 in magnitude, so that a sum of a hundred and a tenfold of ten still fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    /// The number times 10^18.
    units: i128,
}

impl Decimal {
    /// 0.
    pub const ZERO: Self = Self { units: 0 };
    /// 1.
    pub const ONE: Self = Self { units: UNIT };

    /// Reads a plain decimal such as `14.4` or `-0.25`, or a percentage such as `25%` or `25 %`.
    ///
    /// # Errors
    ///
    /// When the text is empty, is no plain decimal (`1.`, `.5`, `+1`, `1e3`, `NaN`) or has more digits than a decimal
    /// holds.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let written = text.trim();
        if written.is_empty() {
            return Err(DecimalError::Empty);
        }
        let (number, shift) = match written.strip_suffix('%') {
            Some(number) => (number.trim_end(), 2),
            None => (written, 0),
        };
        let (negative, magnitude) = match number.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, number),
        };
        let (whole, fraction) = match magnitude.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(DecimalError::Malformed(written.to_owned())),
            None => (magnitude, ""),
        };
        if whole.is_empty() || !whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit()) {
            return Err(DecimalError::Malformed(written.to_owned()));
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if whole.len() > PLACES + shift || fraction.len() > PLACES - shift {
            return Err(DecimalError::TooLong(written.to_owned()));
        }
        let digits = whole.chars().chain(fraction.chars());
        let padding = std::iter::repeat_n('0', PLACES - shift - fraction.len());
        let units = digits
            .chain(padding)
            .filter_map(|digit| digit.to_digit(10))
            .fold(0_i128, |units, digit| units * 10 + i128::from(digit));
        Ok(Self { units: if negative { -units } else { units } })
    }

    /// The number for people, as a percentage: `25 %`.
    #[must_use]
    pub fn percent(&self) -> String {
        format!("{} %", plain(self.units * 100))
    }

    /// The sum, or nothing when it has more digits than a decimal holds.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let units = self.units.checked_add(other.units)?;
        (units.abs() < UNIT * UNIT).then_some(Self { units })
    }

    /// The difference, or nothing when it has more digits than a decimal holds.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { units: -other.units })
    }

    /// The nearest float, for showing and for estimates.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "documented as the nearest float")]
    pub fn to_f64(&self) -> f64 {
        self.units as f64 / UNIT as f64
    }

    /// The number times 10^18, below 10^36 in magnitude.
    pub(crate) fn units(self) -> i128 {
        self.units
    }

    /// 1 minus the number; the number must lie between 0 and 1.
    pub(crate) fn complement(self) -> Self {
        Self { units: UNIT - self.units }
    }
}

impl From<u32> for Decimal {
    fn from(whole: u32) -> Self {
        Self { units: i128::from(whole) * UNIT }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&plain(self.units))
    }
}

/// Units as a plain decimal with as few digits as it takes.
fn plain(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, fraction) =
        (units.unsigned_abs() / UNIT.unsigned_abs(), units.unsigned_abs() % UNIT.unsigned_abs());
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:0PLACES$}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Why a text is no decimal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecimalError {
    /// There is no text.
    Empty,
    /// The text, which is not written as a plain decimal.
    Malformed(String),
    /// The text, which has too many digits.
    TooLong(String),
}

impl fmt::Display for DecimalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("a number is missing; write one such as `0.25` or `25 %`"),
            Self::Malformed(text) => {
                write!(
                    formatter,
                    "`{text}` is not a plain decimal; write one such as `14.4`, `0.25` or `25 %`"
                )
            }
            Self::TooLong(text) => write!(
                formatter,
                "`{text}` has too many digits; write at most {PLACES} before the decimal point and {PLACES} after it"
            ),
        }
    }
}

impl std::error::Error for DecimalError {}
