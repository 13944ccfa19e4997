//! Calendar windows tile time, whatever the clocks do.

use jiff::Timestamp;
use proptest::prelude::*;
use weir_math::{CalendarUnit, Span, Window, WindowError, time_zone};

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    // Half an hour of daylight saving time.
    "Australia/Lord_Howe",
    // Midnight was skipped in spring.
    "America/Sao_Paulo",
    // At 00:01 the clocks went back into the day before.
    "America/St_Johns",
    // 30 December 2011 never came.
    "Pacific/Apia",
    // In 1919 half an hour before midnight was skipped, and half an hour after it.
    "America/Toronto",
];

fn windows() -> impl Strategy<Value = Window> {
    (prop::sample::select(&CalendarUnit::ALL[..]), prop::sample::select(&ZONES[..]))
        .prop_map(|(unit, zone)| Window::calendar(unit, zone).unwrap())
}

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

proptest! {
    #[test]
    fn periods_tile_time(window in windows(), now in -2_000_000_000..4_000_000_000_i64) {
        let span = window.span(now).unwrap();
        prop_assert!(span.contains(now), "{:?} lacks {}", span, now);
        prop_assert_eq!(window.span(span.start), Ok(span));
        prop_assert_eq!(window.span(span.end - 1), Ok(span));
        prop_assert_eq!(window.span(span.end).unwrap().start, span.end);
        prop_assert_eq!(window.span(span.start - 1).unwrap().end, span.start);
        prop_assert_eq!(window.elapsed(now), Span { start: span.start, end: now });
        prop_assert_eq!(window.nominal_seconds(now), span.seconds());
    }

    #[test]
    fn a_period_is_named_the_same_throughout(
        zone in prop::sample::select(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"][..]),
        now in 0..4_000_000_000_i64,
    ) {
        let date = |instant| time_zone(zone).unwrap().to_datetime(Timestamp::from_second(instant).unwrap()).date();
        let day = Window::calendar(CalendarUnit::Day, zone).unwrap().span(now).unwrap();
        prop_assert_eq!((date(day.start), date(day.end - 1)), (date(now), date(now)));
        prop_assert_ne!(date(day.end), date(now));
        let week = Window::calendar(CalendarUnit::Week, zone).unwrap().span(now).unwrap();
        prop_assert_eq!(date(week.start).weekday(), jiff::civil::Weekday::Monday);
        let quarter = Window::calendar(CalendarUnit::Quarter, zone).unwrap().span(now).unwrap();
        prop_assert_eq!((date(quarter.start).month() - 1) % 3, 0);
        prop_assert_eq!((date(quarter.start).day(), date(quarter.end).day()), (1, 1));
    }
}

fn check(unit: CalendarUnit, zone: &str, now: &str, start: &str, end: &str) {
    let span = Window::calendar(unit, zone).unwrap().span(seconds(now));
    assert_eq!(span, Ok(Span { start: seconds(start), end: seconds(end) }), "{unit} in {zone} at {now}");
}

#[test]
fn periods_start_where_the_calendar_says() {
    use CalendarUnit::{Day, Month, Quarter, Week, Year};
    let now = "2026-03-29T10:00:00Z";
    check(Day, "Europe/Berlin", now, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    check(Week, "Europe/Berlin", now, "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
    check(Month, "Europe/Berlin", now, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
    check(Quarter, "Europe/Berlin", now, "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z");
    check(Year, "UTC", now, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    check(Day, "Australia/Lord_Howe", "2026-04-05T00:00:00Z", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
}

#[test]
fn a_day_begins_with_its_first_instant_where_midnight_is_skipped() {
    // Clocks went from 00:00 to 01:00 on 18 October 2015.
    let (start, end) = ("2015-10-18T03:00:00Z", "2015-10-19T02:00:00Z");
    check(CalendarUnit::Day, "America/Sao_Paulo", "2015-10-18T12:00:00Z", start, end);
    // They went from 23:30 to 00:30 in the night to 31 March 1919, so the day begins at 00:30, not at 01:00.
    let (start, end) = ("1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z");
    check(CalendarUnit::Day, "America/Toronto", "1919-03-31T12:00:00Z", start, end);
}

#[test]
fn a_month_that_began_stays_when_the_old_date_comes_again() {
    // On 1 November 2009 clocks went from 00:01 back to 23:01 on 31 October; the second half past eleven is November.
    let (start, end) = ("2009-11-01T02:30:00Z", "2009-12-01T03:30:00Z");
    check(CalendarUnit::Month, "America/St_Johns", "2009-11-01T03:00:00Z", start, end);
}

#[test]
fn rolling_windows_end_now() {
    let window = Window::rolling("1h").unwrap();
    assert_eq!(window.span(7_200), Ok(Span { start: 3_600, end: 7_200 }));
    assert_eq!(window.nominal_seconds(7_200), 3_600);
}

#[test]
fn unknown_names_say_what_to_write() {
    assert_eq!(
        time_zone("Europe/Berln").unwrap_err().to_string(),
        "`Europe/Berln` is no time zone of the IANA database; write a name such as `Europe/Berlin` or `UTC`"
    );
    assert_eq!(
        "fortnight".parse::<CalendarUnit>().unwrap_err().to_string(),
        "`fortnight` is no period of the calendar; write `day`, `week`, `month`, `quarter` or `year`"
    );
    assert_eq!("quarter".parse(), Ok(CalendarUnit::Quarter));
    let month = Window::calendar(CalendarUnit::Month, "europe/berlin").unwrap();
    assert_eq!(month.to_string(), "calendar month in Europe/Berlin");
    assert_eq!(month.span(i64::MAX), Err(WindowError::OutsideCalendar { now: i64::MAX }));
    assert_eq!((month.elapsed(i64::MAX).seconds(), month.nominal_seconds(i64::MAX)), (0, 0));
}
