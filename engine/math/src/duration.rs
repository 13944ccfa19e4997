//! Lengths of time as people write them.

use std::fmt;

/// Letters and seconds of the units, the longest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a length of time such as `30d`, `5m` or `1h30m` and returns its seconds.
///
/// Units are `s`, `m` (minutes), `h`, `d` (24 hours) and `w` (7 days), each at most once, the longest first, with whole
/// numbers.
///
/// ```
/// use weir_math::parse_duration;
///
/// assert_eq!(parse_duration("1h30m"), Ok(5_400));
/// assert!(parse_duration("1M").is_err());
/// ```
///
/// # Errors
///
/// When the text is written otherwise, comes to nothing, uses a unit without a fixed length (`M`, `Q`, `Y`) or doesn't
/// fit 64 bits.
pub fn parse_duration(text: &str) -> Result<u64, DurationError> {
    let written = text.trim();
    let malformed = || DurationError::Malformed(written.to_owned());
    let too_long = || DurationError::TooLong(written.to_owned());
    let mut seconds = 0_u64;
    let mut amount: Option<u64> = None;
    let mut units = UNITS.iter();
    for character in written.chars() {
        if let Some(digit) = character.to_digit(10) {
            let tens = amount.unwrap_or(0).checked_mul(10).ok_or_else(too_long)?;
            amount = Some(tens.checked_add(u64::from(digit)).ok_or_else(too_long)?);
            continue;
        }
        if amount.is_some() && matches!(character, 'M' | 'Q' | 'Y' | 'y') {
            return Err(DurationError::NoFixedLength { text: written.to_owned(), unit: character });
        }
        // The units go on from the last one used, so one that comes twice or out of order is not found.
        let (_, length) = units.find(|(letter, _)| *letter == character).ok_or_else(malformed)?;
        let part = amount.take().ok_or_else(malformed)?.checked_mul(*length).ok_or_else(too_long)?;
        seconds = seconds.checked_add(part).ok_or_else(too_long)?;
    }
    if amount.is_some() || written.is_empty() {
        return Err(malformed());
    }
    if seconds == 0 { Err(DurationError::Zero(written.to_owned())) } else { Ok(seconds) }
}

/// Seconds as people write them: `30d`, `1h30m`, `0s`. Weeks are written as days.
///
/// ```
/// assert_eq!(weir_math::format_duration(90_061), "1d1h1m1s");
/// ```
#[must_use]
pub fn format_duration(seconds: u64) -> String {
    let mut rest = seconds;
    let mut text = String::new();
    for (letter, length) in UNITS.iter().filter(|(letter, _)| *letter != 'w') {
        if rest >= *length {
            text.push_str(&format!("{}{letter}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Why a text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurationError {
    /// The text, which is not written as a length of time.
    Malformed(String),
    /// The text, which comes to no time at all.
    Zero(String),
    /// The text, which is longer than 64 bits of seconds.
    TooLong(String),
    /// A unit that is now longer, now shorter.
    NoFixedLength {
        /// The whole text.
        text: String,
        /// The unit in it.
        unit: char,
    },
}

impl fmt::Display for DurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(
                formatter,
                "`{text}` is not a length of time; write whole numbers with the units `w`, `d`, `h`, `m`, `s`, \
                 the longest first, for example `30d` or `1h30m`"
            ),
            Self::Zero(text) => write!(formatter, "`{text}` is no time at all; write at least `1s`"),
            Self::TooLong(text) => write!(formatter, "`{text}` is too long; write a shorter time"),
            Self::NoFixedLength { text, unit } => write!(
                formatter,
                "the unit `{unit}` in `{text}` has no fixed length; write days, for example `30d`, or use a calendar \
                 window (minutes are `m`)"
            ),
        }
    }
}

impl std::error::Error for DurationError {}
