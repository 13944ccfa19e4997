//! Results as people read them.

pub(crate) mod backtest;
pub(crate) mod cases;
mod chart;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod diagnostics;
pub(crate) mod excuses;
pub(crate) mod explain;
pub(crate) mod github;
pub(crate) mod gitlab;
mod html;
pub(crate) mod junit;
pub(crate) mod lint;
pub(crate) mod markdown;
mod markup;
pub(crate) mod plugin;
pub(crate) mod report;
pub(crate) mod sarif;
pub(crate) mod table;
pub(crate) mod tap;
pub(crate) mod toil;
pub(crate) mod verdict;
pub(crate) mod watch;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use weir::{Item, ItemStanding};
use weir_model::{CalculatorLog, Effect, EventCounts};

use crate::exit::Exit;

/// Shows instants in the time zone that the project asks for, each with its offset from UTC.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// A clock that shows this time zone.
    pub(crate) fn of(zone: TimeZone) -> Clock {
        Clock { zone }
    }

    /// The instant in full: `2026-11-24T12:00:00Z`, `2026-11-24T13:00:00+01:00`.
    pub(crate) fn show(&self, at: Timestamp) -> String {
        if self.zone == TimeZone::UTC {
            return at.to_string();
        }
        at.display_with_offset(self.zone.to_offset(at)).to_string()
    }

    /// The instant for tables, to the minute and without its year: `24 Nov 12:00Z`, `24 Nov 13:00+01:00`.
    pub(crate) fn show_short(&self, at: Timestamp) -> String {
        let form = if self.zone == TimeZone::UTC { "%d %b %H:%MZ" } else { "%d %b %H:%M%:z" };
        at.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    /// The day that the instant lies in: `24 Nov`.
    pub(crate) fn show_day(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%d %b").to_string()
    }
}

/// An effect in words, with the mark of what could not be judged.
pub(crate) fn effect_words(effect: Effect, undecided: bool) -> String {
    if undecided { format!("{effect} (undecided)") } else { effect.to_string() }
}

/// Whether an item is a failed test: as the exit code has it, a warning is one only where it was asked to be.
fn fails(item: &Item, exit: Exit) -> bool {
    match item.standing {
        ItemStanding::Failed | ItemStanding::Undecided => true,
        ItemStanding::Warned => item.is_answer && exit == Exit::Warned,
        ItemStanding::Passed | ItemStanding::NotApplicable | ItemStanding::Noted | ItemStanding::Excused => {
            false
        }
    }
}

/// What became of the events, in a line, and the first of those that could not be understood.
pub(crate) fn events(counts: &EventCounts) -> String {
    let mut out = format!(
        "  events: {} read = {} used + {} not valid + {} duplicate + {} late + {} refused\n",
        counts.read(),
        counts.used,
        counts.not_valid,
        counts.duplicate,
        counts.late,
        counts.refused,
    );
    for sample in &counts.samples {
        out.push_str(&format!("    refused {}:{}: {}\n", sample.file, sample.line, sample.reason));
    }
    for source in &counts.no_files {
        out.push_str(&format!("    {}\n", source.told()));
    }
    for line in counts.calculators.iter().flat_map(CalculatorLog::told) {
        out.push_str(&format!("    {line}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_carry_the_offset_of_their_day() {
        let check = |zone: &str, at: &str, expected: (&str, &str)| {
            let clock = Clock::of(TimeZone::get(zone).unwrap());
            let at = at.parse().unwrap();
            assert_eq!((clock.show(at).as_str(), clock.show_short(at).as_str()), expected, "{zone}");
        };
        check("UTC", "2026-11-24T12:00:00Z", ("2026-11-24T12:00:00Z", "24 Nov 12:00Z"));
        let (winter, summer) = (
            ("2026-01-15T13:00:00+01:00", "15 Jan 13:00+01:00"),
            ("2026-07-15T14:00:00+02:00", "15 Jul 14:00+02:00"),
        );
        check("Europe/Berlin", "2026-01-15T12:00:00Z", winter);
        check("Europe/Berlin", "2026-07-15T12:00:00Z", summer);
    }
}
