//! Lengths of time as policies write them.

use std::borrow::Cow;

use serde::Deserialize;

/// A length of time, written as a whole number and a unit: `300ms`, `5m`. The units are us, ms, s, m, h, d and w.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "Cow<'_, str>")]
#[cfg_attr(
    feature = "testing",
    derive(schemars::JsonSchema),
    schemars(inline, extend("pattern" = "^[0-9]+(us|ms|s|m|h|d|w)$"))
)]
pub struct Duration {
    microseconds: u64,
}

impl Duration {
    /// A length of so many seconds, or the greatest there is.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { microseconds: seconds.saturating_mul(1_000_000) }
    }

    /// The length in microseconds.
    pub const fn microseconds(self) -> u64 {
        self.microseconds
    }
}

impl TryFrom<Cow<'_, str>> for Duration {
    type Error = String;

    fn try_from(text: Cow<'_, str>) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text.split_at_checked(digits)
            .and_then(|(count, unit)| count.parse::<u64>().ok()?.checked_mul(microseconds_in(unit)?))
            .map(|microseconds| Self { microseconds })
            .ok_or_else(|| {
                format!("`{text}` is not a length of time: write a whole number and a unit, such as `300ms` or `5m`")
            })
    }
}

fn microseconds_in(unit: &str) -> Option<u64> {
    const SECOND: u64 = 1_000_000;
    Some(match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_length_of_time() {
        let check = |text: &str, microseconds: Option<u64>| {
            let read = Duration::try_from(Cow::from(text)).ok().map(Duration::microseconds);
            assert_eq!(read, microseconds, "{text}");
        };
        check("300ms", Some(300_000));
        check("7us", Some(7));
        check("0s", Some(0));
        check("5m", Some(300_000_000));
        check("1w", Some(604_800_000_000));
        check("5", None);
        check("m", None);
        check("", None);
        check("-5m", None);
        check("1.5h", None);
        check("5 m", None);
        check("5M", None);
        check("18446744073709551615w", None);
        check("5µs", None);
    }

    #[test]
    fn the_message_says_what_to_write() {
        let error = serde_json::from_str::<Duration>("\"soon\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`soon` is not a length of time: write a whole number and a unit, such as `300ms` or `5m`"
        );
    }
}
