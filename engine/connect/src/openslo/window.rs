//! Windows and slices of OpenSLO.

use weir_math::CalendarUnit;
use weir_model::diagnostic::{Code, quote};
use weir_model::value::{Duration, TimeZone};

use crate::draft::WindowDraft;
use crate::import::{checked, duration};
use crate::yaml::table::{Item, Table};

/// The time that an SLO holds over. One that doesn't say holds over 30 days.
pub(super) fn time_window(spec: &Table<'_>) -> Option<WindowDraft> {
    let Some(list) = spec.get("timeWindow") else {
        spec.item().assumed("the window of an SLO that has none", "it is 30d");
        return checked(spec.item(), Duration::parse("30d")).map(WindowDraft::Rolling);
    };
    let windows: Vec<Item<'_>> = list.list().collect();
    let [window] = windows.as_slice() else {
        list.wrong(Code::OutOfRange, "an SLO has one window", None);
        return None;
    };
    let table = window.table("timeWindow")?;
    let length = table.need("duration");
    let is_rolling = table.get("isRolling").is_some_and(|flag| flag.flag() == Some(true));
    let calendar = table.table("calendar");
    let window = match (length, is_rolling, calendar) {
        (Some(length), true, calendar) => {
            if let Some(calendar) = calendar {
                calendar.item().lost("the calendar of a window that is rolling");
            }
            rolling(length)
        }
        (Some(length), false, Some(calendar)) => {
            let window = of_calendar(length, &calendar);
            calendar.finish();
            window
        }
        (Some(_), false, None) => {
            let help = "write `isRolling: true`, or a `calendar` with `startTime` and `timeZone`";
            let message = "a window that is not rolling needs a calendar";
            table.item().wrong(Code::MissingKey, message, Some(help.to_owned()));
            None
        }
        (None, _, _) => None,
    };
    table.finish();
    window
}

/// The length of a slice, where an objective says it; a number alone counts minutes.
pub(super) fn slice_window(objective: &Table<'_>) -> Option<Duration> {
    let item = objective.get("timeSliceWindow")?;
    let text = item.text()?;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return checked(item, Duration::parse(&format!("{text}m")));
    }
    duration(item)
}

fn rolling(length: Item<'_>) -> Option<WindowDraft> {
    let text = length.text()?;
    let days = match text.char_indices().next_back() {
        Some((end, 'M')) => text.get(..end).map(|number| (number, 30)),
        Some((end, 'Q')) => text.get(..end).map(|number| (number, 90)),
        Some((end, 'Y')) => text.get(..end).map(|number| (number, 365)),
        _ => None,
    };
    let Some((number, days)) = days else { return duration(length).map(WindowDraft::Rolling) };
    let days = number.parse::<u64>().ok().and_then(|number| number.checked_mul(days)).unwrap_or(0);
    let window = checked(length, Duration::parse(&format!("{days}d")))?;
    length.assumed(format!("how long {} is that rolls", quote(text)), format!("it is {window}"));
    Some(WindowDraft::Rolling(window))
}

fn of_calendar(length: Item<'_>, calendar: &Table<'_>) -> Option<WindowDraft> {
    let zone = calendar.need("timeZone");
    let start = calendar.get("startTime");
    let unit = match length.text()? {
        "1d" => CalendarUnit::Day,
        "1w" | "7d" => CalendarUnit::Week,
        "1M" => CalendarUnit::Month,
        "1Q" | "3M" => CalendarUnit::Quarter,
        "1Y" | "12M" | "4Q" => CalendarUnit::Year,
        other => {
            let help = "a calendar has `1d`, `1w`, `1M` (a month; `1m` is a minute), `1Q` and `1Y`";
            let message = format!("the calendar has no period of {}", quote(other));
            length.wrong(Code::InvalidDuration, message, Some(help.to_owned()));
            return None;
        }
    };
    let zone = zone?;
    let name = zone.text()?;
    checked(zone, TimeZone::parse(name))?;
    if let Some(start) = start
        && let Some(text) = start.text()
        && !begins_period(unit, text)
    {
        let unit = unit.name();
        start.lost(format!(
            "that the window begins at {}: every {unit} begins with the {unit} of the calendar",
            quote(text)
        ));
    }
    Some(WindowDraft::Calendar(unit.name(), name.to_owned()))
}

/// Whether `2022-01-01 00:00:00` is the first instant of a period, as clocks of its time zone show it.
fn begins_period(unit: CalendarUnit, start: &str) -> bool {
    let Ok(window) = weir_math::Window::calendar(unit, "UTC") else { return false };
    let text = format!("{}Z", start.trim().trim_end_matches('Z').replace(' ', "T"));
    let Ok(instant) = weir_model::value::Instant::parse(&text) else { return false };
    window.span(instant.as_second()).is_ok_and(|span| span.start == instant.as_second())
}
