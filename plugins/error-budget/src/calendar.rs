//! Periods of civil time in which changes wait, whatever the budget says.

use weir_plugin::budget::Clause;
use weir_plugin::{Problem, metric, zones};

use crate::{Entry, invalid};

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// The mean length of a year in the Gregorian calendar: 365.2425 days.
const YEAR: i64 = 31_556_952;

/// A period, in seconds since 1970-01-01T00:00:00Z: from the first, until just before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    from: i64,
    until: i64,
}

/// Refuses an entry that makes no sense.
pub(crate) fn validate(entry: &Entry) -> Result<(), Problem> {
    let (from, until) = (parse(entry, "from", &entry.from)?, parse(entry, "until", &entry.until)?);
    let name = &entry.name;
    let length = until.seconds(until.year) - from.seconds(from.year);
    if length <= 0 {
        return invalid(format!(
            "calendar entry `{name}`: `until` is `{}`, not after `{}`",
            entry.until, entry.from
        ));
    }
    if entry.yearly && length >= 365 * DAY {
        return invalid(format!("calendar entry `{name}` comes every year and lasts a year or longer"));
    }
    if zones::offset(&entry.time_zone, 0).is_none() {
        let zone = &entry.time_zone;
        return invalid(format!(
            "calendar entry `{name}`: `{zone}` is no time zone; write one like `Europe/Berlin`"
        ));
    }
    Ok(())
}

/// The clause of an entry whose period `now` lies in.
pub(crate) fn clause(entry: &Entry, now: i64) -> Result<Option<Clause>, Problem> {
    let Some((period, year)) = current(entry, now)? else { return Ok(None) };
    let until = until_text(entry, year);
    Ok(Some(Clause {
        code: format!("calendar-{}", entry.effect.name()),
        text: format!(
            "the calendar says {} for `{}`, until {until} {}",
            entry.effect.name(),
            entry.name,
            entry.time_zone
        ),
        effect: entry.effect.code(),
        slo: String::new(),
        metric: metric::NOTHING,
        window: 0,
        actual: String::new(),
        required: String::new(),
        until: Some(period.until),
    }))
}

/// The period of the entry that `now` lies in, and the year in which it ends.
fn current(entry: &Entry, now: i64) -> Result<Option<(Period, i64)>, Problem> {
    let (from, until) = (parse(entry, "from", &entry.from)?, parse(entry, "until", &entry.until)?);
    // A period that `now` lies in began this year or the year before; the mean year may be off by one either way.
    let around = 1970 + now.div_euclid(YEAR);
    let years = if entry.yearly { (around - 2).max(from.year)..=around + 1 } else { from.year..=from.year };
    for year in years.filter(|year| (1..=9999).contains(year)) {
        let last = year + until.year - from.year;
        let period =
            Period { from: instant(from.seconds(year), entry)?, until: instant(until.seconds(last), entry)? };
        if (period.from..period.until).contains(&now) {
            return Ok(Some((period, last)));
        }
    }
    Ok(None)
}

/// The end of the period as a person in that zone would say it.
fn until_text(entry: &Entry, year: i64) -> String {
    let rest = entry.until.split_once('-').map_or("", |(_, rest)| rest);
    format!("{year:04}-{}", rest.replace('T', " "))
}

/// A civil time: what a calendar and a clock on the wall show.
#[derive(Clone, Copy, Debug)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    minute: i64,
}

impl Civil {
    /// The time in the given year, in seconds since 1970-01-01T00:00 on the same clock. 29 February is 28 February in a
    /// year without it.
    fn seconds(self, year: i64) -> i64 {
        let day = self.day.min(month_length(year, self.month));
        // Years that begin in March put the leap day at the end, so that the days before a month follow one formula.
        let (year, month) = if self.month > 2 { (year, self.month - 3) } else { (year - 1, self.month + 9) };
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        (days + (153 * month + 2) / 5 + day - 1 - 719_468) * DAY + self.minute * MINUTE
    }
}

fn month_length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads `2026-12-20T18:00`.
fn parse(entry: &Entry, key: &str, text: &str) -> Result<Civil, Problem> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let read = || {
        let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":")];
        let marked = marks.iter().all(|(at, mark)| text.get(*at..*at + 1) == Some(*mark));
        let (hour, minute) = (number(11..13)?, number(14..16)?);
        let civil = Civil {
            year: number(0..4)?,
            month: number(5..7)?,
            day: number(8..10)?,
            minute: 60 * hour + minute,
        };
        let real = (1..=12).contains(&civil.month)
            && (1..=month_length(civil.year, civil.month)).contains(&civil.day)
            && hour < 24
            && minute < 60;
        (text.len() == 16 && marked && real && civil.year > 0).then_some(civil)
    };
    match read() {
        Some(civil) => Ok(civil),
        None => invalid(format!(
            "calendar entry `{}`: `{key}` is `{text}`, not a time like `2026-12-20T18:00`",
            entry.name
        )),
    }
}

/// The instant at which the clocks of the entry's zone show a civil time: the earlier one if they show it twice, the
/// first one after the gap if they skip it.
fn instant(civil: i64, entry: &Entry) -> Result<i64, Problem> {
    let offset = |at: i64| match zones::offset(&entry.time_zone, at) {
        Some(offset) => Ok(i64::from(offset)),
        None => Err(Problem::Unprocessable(format!("`{}` has no offset at {at} s", entry.time_zone))),
    };
    // No offset reaches 24 hours, so the instant lies between these two, and so does a change of the clocks near it.
    let (mut before, mut after) = (civil - DAY, civil + DAY);
    let (earlier, later) = (offset(before)?, offset(after)?);
    let mut matching = Vec::new();
    for candidate in [civil - earlier, civil - later] {
        if candidate + offset(candidate)? == civil {
            matching.push(candidate);
        }
    }
    if let Some(first) = matching.into_iter().min() {
        return Ok(first);
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset(middle)? == earlier {
            before = middle;
        } else {
            after = middle;
        }
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use weir_plugin::testing::with_zones;

    use super::*;
    use crate::Effect;

    /// When Berlin's clocks went back in 2026, and when they go forward in 2027.
    const AUTUMN: i64 = 1_792_890_000;
    const SPRING: i64 = 1_806_195_600;

    fn berlin(zone: &str, at: i64) -> Option<i32> {
        let summer = !(AUTUMN..SPRING).contains(&at);
        (zone == "Europe/Berlin").then_some(if summer { 7_200 } else { 3_600 })
    }

    fn entry(from: &str, until: &str, yearly: bool) -> Entry {
        Entry {
            name: "year-end".to_owned(),
            from: from.to_owned(),
            until: until.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            effect: Effect::Freeze,
            exempt: None,
            yearly,
        }
    }

    fn period(entry: &Entry, now: i64) -> Option<(i64, i64)> {
        with_zones(berlin, || current(entry, now).unwrap().map(|(period, _)| (period.from, period.until)))
    }

    #[test]
    fn a_period_is_in_civil_time() {
        let entry = entry("2026-12-20T18:00", "2027-01-04T08:00", false);
        let (from, until) = (1_797_786_000, 1_799_046_000);
        assert_eq!(period(&entry, from - 1), None);
        assert_eq!(period(&entry, from), Some((from, until)));
        assert_eq!(period(&entry, until - 1), Some((from, until)));
        assert_eq!(period(&entry, until), None);
    }

    #[test]
    fn a_time_that_comes_twice_is_the_earlier_one() {
        // 02:30 comes at 00:30 UTC in summer time, and an hour later again.
        let entry = entry("2026-10-25T02:30", "2026-10-26T00:00", false);
        assert_eq!(period(&entry, AUTUMN).map(|(from, _)| from), Some(AUTUMN - 1_800));
    }

    #[test]
    fn a_time_that_is_skipped_is_the_instant_after_the_gap() {
        let entry = entry("2027-03-28T02:30", "2027-03-29T00:00", false);
        assert_eq!(period(&entry, SPRING).map(|(from, _)| from), Some(SPRING));
    }

    #[test]
    fn a_yearly_period_comes_again_every_year() {
        let entry = entry("2020-12-20T18:00", "2021-01-04T08:00", true);
        let new_year_2027 = 1_798_761_600;
        assert_eq!(period(&entry, new_year_2027), Some((1_797_786_000, 1_799_046_000)));
        let january_2020 = 1_577_880_000;
        assert_eq!(period(&entry, january_2020), None, "not before its first year");
        let july_2026 = 1_782_900_000;
        assert_eq!(period(&entry, july_2026), None);
    }

    #[test]
    fn the_text_names_the_end_in_that_year() {
        let entry = entry("2020-12-20T18:00", "2021-01-04T08:00", true);
        let clause = with_zones(berlin, || clause(&entry, 1_798_761_600)).unwrap().unwrap();
        assert_eq!(
            clause.text,
            "the calendar says freeze for `year-end`, until 2027-01-04 08:00 Europe/Berlin"
        );
        assert_eq!(clause.until, Some(1_799_046_000));
    }

    #[test]
    fn entries_that_make_no_sense_are_refused() {
        let check = |entry: &Entry, expected: &str| {
            let problem = with_zones(berlin, || validate(entry)).unwrap_err();
            assert_eq!(problem, Problem::InvalidParams(expected.to_owned()));
        };
        check(
            &entry("2026-12-20T18:00", "2026-12-20T18:00", false),
            "calendar entry `year-end`: `until` is `2026-12-20T18:00`, not after `2026-12-20T18:00`",
        );
        check(
            &entry("2026-02-29T18:00", "2026-12-20T18:00", false),
            "calendar entry `year-end`: `from` is `2026-02-29T18:00`, not a time like `2026-12-20T18:00`",
        );
        check(
            &entry("2026-12-20T24:00", "2026-12-22T18:00", false),
            "calendar entry `year-end`: `from` is `2026-12-20T24:00`, not a time like `2026-12-20T18:00`",
        );
        check(
            &entry("2026-01-01T00:00", "2027-01-01T00:00", true),
            "calendar entry `year-end` comes every year and lasts a year or longer",
        );
        let elsewhere = Entry {
            time_zone: "Europe/Berlim".to_owned(),
            ..entry("2026-01-01T00:00", "2026-01-02T00:00", false)
        };
        check(
            &elsewhere,
            "calendar entry `year-end`: `Europe/Berlim` is no time zone; write one like `Europe/Berlin`",
        );
    }
}
