//! Days, weeks, months, quarters and years in a time zone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use crate::span::Span;
use crate::window::WindowError;

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first of a month to the first of the next.
    Month,
    /// Three months, from January, April, July or October.
    Quarter,
    /// From 1 January to 1 January.
    Year,
}

impl CalendarUnit {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its name, for example `month`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first date of the period that the date lies in.
    fn first(self, date: Date) -> Option<Date> {
        match self {
            Self::Day => Some(date),
            Self::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
            Self::Month => Some(date.first_of_month()),
            Self::Quarter => Some(date.first_of_month())
                .and_then(|first| first.checked_sub(i64::from((date.month() - 1) % 3).months()).ok()),
            Self::Year => Some(date.first_of_year()),
        }
    }

    /// The first date of the period that follows one which starts on `first`.
    fn following(self, first: Date) -> Option<Date> {
        let length = match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        };
        first.checked_add(length).ok()
    }

    /// The period that the instant lies in; none outside the years -9999 to 9999.
    ///
    /// Periods tile time: each ends where the next one starts, whatever the clocks do.
    pub(crate) fn period(self, zone: &TimeZone, instant: i64) -> Option<Span> {
        let date = zone.to_datetime(Timestamp::from_second(instant).ok()?).date();
        let mut first = self.first(date)?;
        let mut start = first_instant(zone, first)?;
        loop {
            let next = self.following(first)?;
            let end = first_instant(zone, next)?;
            // Where clocks are set back across midnight (St. John's did so at 00:01), the old date comes up again
            // when the new period has started already.
            if instant < end {
                return Some(Span { start, end });
            }
            (first, start) = (next, end);
        }
    }
}

/// The first instant of a date: midnight, the first of two midnights, or what follows when midnight is skipped.
fn first_instant(zone: &TimeZone, date: Date) -> Option<i64> {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let instant = match zone.to_ambiguous_timestamp(midnight).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(midnight).ok()?,
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(midnight).ok()?,
        AmbiguousOffset::Gap { before, .. } => {
            // Midnight by the old offset lies at or after the jump, and no later than the gap is long.
            let after_jump = before.to_timestamp(midnight).ok()?.checked_add(1.second()).ok()?;
            zone.preceding(after_jump).next()?.timestamp()
        }
    };
    Some(instant.as_second())
}

/// The time zone of an IANA name such as `Europe/Berlin`, from the database that is built in: it is the same on every
/// machine. Upper and lower case don't matter.
///
/// # Errors
///
/// When there is no such name.
pub fn time_zone(name: &str) -> Result<TimeZone, WindowError> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| WindowError::UnknownZone(name.to_owned()))
}

impl fmt::Display for CalendarUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for CalendarUnit {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let named = Self::ALL.into_iter().find(|unit| unit.name() == text);
        named.ok_or_else(|| WindowError::UnknownUnit(text.to_owned()))
    }
}
