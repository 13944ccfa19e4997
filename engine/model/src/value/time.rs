//! Times and stretches of time.

use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{ValueError, text_value};
use crate::diagnostic::{Code, quote};

/// A stretch of time in whole seconds: `90s`, `1h30m`, `30d`. A day has 24 hours here, a week seven days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);
text_value!(
    Duration,
    "weir-duration",
    "A stretch of time: whole numbers with the units `w`, `d`, `h`, `m`, `s`, such as `30d` or `1h30m`."
);

impl Duration {
    /// Parses a duration.
    ///
    /// # Errors
    ///
    /// Anything else, and a duration of nothing.
    pub fn parse(text: &str) -> Result<Duration, ValueError> {
        weir_math::parse_duration(text)
            .map(Duration)
            .map_err(|error| ValueError::from_text(Code::InvalidDuration, &error.to_string()))
    }

    /// A duration of so many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Duration {
        Duration(seconds)
    }

    /// The duration in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    pub(crate) fn one_minute() -> Duration {
        Duration(60)
    }

    pub(crate) fn one_hour() -> Duration {
        Duration(3600)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&weir_math::format_duration(self.0))
    }
}

/// A short stretch of time in whole milliseconds: `100ms`, `2s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milliseconds(u64);
text_value!(
    Milliseconds,
    "weir-milliseconds",
    "A short stretch of time: a whole number and `ms`, or a duration."
);

impl Milliseconds {
    /// Parses a whole number of milliseconds, or a duration.
    ///
    /// # Errors
    ///
    /// Anything else, and a duration of nothing.
    pub fn parse(text: &str) -> Result<Milliseconds, ValueError> {
        let milliseconds = match text.strip_suffix("ms") {
            Some(number) => number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok()).flatten(),
            None => Duration::parse(text).ok().and_then(|duration| duration.0.checked_mul(1000)),
        };
        milliseconds.filter(|milliseconds| *milliseconds > 0).map(Milliseconds).ok_or_else(|| {
            let message = format!("{} is not a duration", quote(text));
            ValueError::new(
                Code::InvalidDuration,
                message,
                "write a whole number and `ms` or `s`, such as `100ms`",
            )
        })
    }

    /// The duration in milliseconds.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// An instant, written in RFC 3339: `2026-03-01T09:30:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);
text_value!(Instant, "date-time", "An instant in RFC 3339, such as `2026-03-01T09:30:00Z`.");

impl Instant {
    /// Parses an instant of RFC 3339: a date, a time to the second or finer, and the offset from UTC.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Instant, ValueError> {
        let instant = if is_rfc3339(text.as_bytes()) { text.parse().ok() } else { None };
        instant.map(Instant).ok_or_else(|| {
            let message = format!("{} is not an instant", quote(text));
            let help = "write date, time and offset from UTC, such as `2026-03-01T09:30:00Z`";
            ValueError::new(Code::InvalidInstant, message, help)
        })
    }
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Instant {
        Instant(timestamp)
    }
}

impl Deref for Instant {
    type Target = Timestamp;

    fn deref(&self) -> &Timestamp {
        &self.0
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether a text has the shape that RFC 3339 demands. The parser of instants takes more: hours alone, time zones in
/// brackets.
fn is_rfc3339(text: &[u8]) -> bool {
    fn fits(text: &[u8], shape: &[u8]) -> bool {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, expected)| match expected {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                expected => byte == expected,
            })
    }
    let Some((start, rest)) = text.split_at_checked(19) else { return false };
    let offset = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| (1..=9).contains(&digits)).unwrap_or_default()
        }
        None => rest,
    };
    fits(start, b"0000-00-00T00:00:00") && (matches!(offset, b"Z" | b"z") || fits(offset, b"+00:00"))
}

/// A day of the calendar: `2026-03-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);
text_value!(Day, "date", "A day, such as `2026-03-01`.");

impl Day {
    /// Parses a day.
    ///
    /// # Errors
    ///
    /// Anything that is not a day of the Gregorian calendar, written with four, two and two digits.
    pub fn parse(text: &str) -> Result<Day, ValueError> {
        let day = if text.len() == 10 { text.parse().ok() } else { None };
        day.map(Day).ok_or_else(|| {
            let message = format!("{} is not a day", quote(text));
            ValueError::new(Code::InvalidDate, message, "write year, month and day, such as `2026-03-01`")
        })
    }
}

impl Deref for Day {
    type Target = Date;

    fn deref(&self) -> &Date {
        &self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A time zone by its IANA name: `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    zone: jiff::tz::TimeZone,
}
text_value!(TimeZone, "weir-time-zone", "A time zone by its IANA name, such as `Europe/Berlin` or `UTC`.");

impl TimeZone {
    /// Looks a time zone up in the database that is part of the engine.
    ///
    /// # Errors
    ///
    /// A name that the database does not have.
    pub fn parse(text: &str) -> Result<TimeZone, ValueError> {
        weir_math::time_zone(text)
            .map(|zone| TimeZone { name: text.to_owned(), zone })
            .map_err(|error| ValueError::from_text(Code::InvalidTimeZone, &error.to_string()))
    }

    /// The time zone itself.
    #[must_use]
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_in_few_units() {
        let check = |text: &str, expected: Option<(u64, &str)>| {
            let parsed = Duration::parse(text).ok();
            let parsed = parsed.map(|duration| (duration.seconds(), duration.to_string()));
            assert_eq!(parsed, expected.map(|(seconds, shown)| (seconds, shown.to_owned())), "{text}");
        };
        check("30d", Some((2_592_000, "30d")));
        check("4w", Some((2_419_200, "28d")));
        check("3600s", Some((3600, "1h")));
        check("90m", Some((5400, "1h30m")));
        check("90s", Some((90, "1m30s")));
        check("0s", None);
        check("-1s", None);
        check("30", None);
        check("99999999999999999999d", None);
    }

    #[test]
    fn milliseconds_are_whole_and_not_zero() {
        let check = |text: &str, expected| {
            assert_eq!(Milliseconds::parse(text).ok().map(Milliseconds::get), expected, "{text}");
        };
        check("100ms", Some(100));
        check("2s", Some(2000));
        check("0ms", None);
        check("+5ms", None);
        check("ms", None);
        check("1.5s", None);
    }

    #[test]
    fn instants_are_those_of_rfc_3339() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                Instant::parse(text).ok().map(|instant| instant.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("2026-03-01T09:30:00Z", Some("2026-03-01T09:30:00Z"));
        check("2026-03-01t09:30:00.250z", Some("2026-03-01T09:30:00.25Z"));
        check("2026-03-01 09:30:00+01:00", Some("2026-03-01T08:30:00Z"));
        check("2026-03-01T09:30Z", None);
        check("2026-03-01T09:30:00", None);
        check("2026-03-01T09:30:00+01", None);
        check("2026-03-01T09:30:00+01:00[Europe/Berlin]", None);
        check("2026-03-01T09:30:00.Z", None);
        check("2026-02-30T09:30:00Z", None);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(Day::parse("2028-02-29").is_ok());
        assert!(Day::parse("2026-02-29").is_err());
        assert!(Day::parse("20260301").is_err());
        assert!(Day::parse("2026-03-01T00:00").is_err());
    }
}
