//! The time that an objective holds over.

use std::fmt;

use jiff::tz::TimeZone;

use crate::calendar::{CalendarUnit, time_zone};
use crate::duration::{DurationError, format_duration, parse_duration};
use crate::span::Span;

/// Which stretch of time an objective holds over, seen from an instant.
///
/// ```
/// use weir_math::{CalendarUnit, Window};
///
/// let rolling = Window::rolling("30d")?;
/// assert_eq!(rolling.nominal_seconds(0), 30 * 86_400);
///
/// // March 2026 has a day of 23 hours in Berlin.
/// let month = Window::calendar(CalendarUnit::Month, "Europe/Berlin")?;
/// let noon = "2026-03-15T12:00:00Z".parse::<jiff::Timestamp>()?.as_second();
/// assert_eq!(month.nominal_seconds(noon), 31 * 86_400 - 3_600);
/// assert_eq!(month.to_string(), "calendar month in Europe/Berlin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last seconds before the instant.
    Rolling {
        /// How many.
        seconds: u64,
    },
    /// The period of the calendar that the instant lies in.
    Calendar {
        /// Which period.
        unit: CalendarUnit,
        /// Where its midnights are.
        zone: TimeZone,
    },
}

impl Window {
    /// A rolling window of a length such as `30d`.
    ///
    /// # Errors
    ///
    /// When the length can't be read, see [`parse_duration`].
    pub fn rolling(length: &str) -> Result<Self, DurationError> {
        Ok(Self::Rolling { seconds: parse_duration(length)? })
    }

    /// A calendar window in the time zone of an IANA name such as `Europe/Berlin`.
    ///
    /// # Errors
    ///
    /// When there is no such time zone.
    pub fn calendar(unit: CalendarUnit, zone: &str) -> Result<Self, WindowError> {
        Ok(Self::Calendar { unit, zone: time_zone(zone)? })
    }

    /// The whole window seen from `now`: the last seconds before it, or the period of the calendar from its first
    /// instant to the first instant of the next.
    ///
    /// A day begins with the first instant that bears its date, which is not midnight where the clocks skip it.
    ///
    /// # Errors
    ///
    /// When `now` lies outside the calendar, that is the years -9999 to 9999. Rolling windows have no errors.
    pub fn span(&self, now: i64) -> Result<Span, WindowError> {
        match self {
            Self::Rolling { seconds } => Ok(Span { start: now.saturating_sub_unsigned(*seconds), end: now }),
            Self::Calendar { unit, zone } => {
                unit.period(zone, now).ok_or(WindowError::OutsideCalendar { now })
            }
        }
    }

    /// The part of the window that lies before `now`; empty when `now` lies outside the calendar.
    #[must_use]
    pub fn elapsed(&self, now: i64) -> Span {
        let start = self.span(now).map_or(now, |span| span.start);
        Span { start, end: now }
    }

    /// The length of the whole window seen from `now`, in seconds: a month has its own length, whatever has passed of
    /// it. 0 when `now` lies outside the calendar.
    #[must_use]
    pub fn nominal_seconds(&self, now: i64) -> u64 {
        match self {
            Self::Rolling { seconds } => *seconds,
            Self::Calendar { .. } => self.span(now).map_or(0, |span| span.seconds()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling { seconds } => formatter.pad(&format_duration(*seconds)),
            Self::Calendar { unit, zone } => {
                let zone = zone.iana_name().unwrap_or("a zone without a name");
                write!(formatter, "calendar {unit} in {zone}")
            }
        }
    }
}

/// Why there is no window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowError {
    /// The name, which no time zone has.
    UnknownZone(String),
    /// The name, which no period of the calendar has.
    UnknownUnit(String),
    /// An instant before or after all dates that the calendar knows.
    OutsideCalendar {
        /// The instant.
        now: i64,
    },
}

impl fmt::Display for WindowError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone(name) => write!(
                formatter,
                "`{name}` is no time zone of the IANA database; write a name such as `Europe/Berlin` or `UTC`"
            ),
            Self::UnknownUnit(name) => write!(
                formatter,
                "`{name}` is no period of the calendar; write `day`, `week`, `month`, `quarter` or `year`"
            ),
            Self::OutsideCalendar { now } => write!(
                formatter,
                "the instant `{now}` lies outside the years -9999 to 9999; give it in seconds since 1970-01-01T00:00:00Z"
            ),
        }
    }
}

impl std::error::Error for WindowError {}
