//! `waivers/*.toml`: findings that are excused for a while.

use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Code;
use crate::file::{Content, File, Problems};
use crate::value::{Day, Instant, Name, NamePattern, Text};

/// A valid file of `waivers/`.
pub type WaiverFile = File<Waivers>;

/// The longest time that a waiver lasts, in days.
pub const LONGEST_WAIVER_DAYS: i32 = 180;

/// Findings that are excused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Waivers {
    /// One table a finding.
    #[serde(rename = "waiver", default)]
    pub waivers: Vec<Waiver>,
}

/// A finding that is excused: which, by whom, why, and how long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Waiver {
    /// The service, or a pattern of services.
    pub service: NamePattern,
    /// The policy whose finding it is.
    pub policy: Name,
    /// The rule that the finding names.
    pub rule: Name,
    /// Why it is excused.
    pub reason: Text,
    /// Who asked for it.
    pub requested_by: Text,
    /// Who approved it: somebody else.
    pub approved_by: Text,
    /// The first day on which it holds, in UTC.
    pub granted: Day,
    /// The last day on which it holds, in UTC.
    pub expires: Day,
    /// Where the work on the finding is tracked.
    pub ticket: Option<Text>,
}

impl Waiver {
    /// The instant from which the waiver holds.
    #[must_use]
    pub fn from(&self) -> Instant {
        start_of(*self.granted)
    }

    /// The instant from which it holds no longer: the end of the day on which it expires.
    #[must_use]
    pub fn until(&self) -> Instant {
        start_of(self.expires.saturating_add(1.day()))
    }

    /// Whether the waiver holds at an instant.
    #[must_use]
    pub fn holds(&self, at: jiff::Timestamp) -> bool {
        *self.from() <= at && at < *self.until()
    }

    /// Whether the waiver is about this finding.
    #[must_use]
    pub fn covers(&self, service: &Name, policy: &Name, rule: &str) -> bool {
        self.service.matches(service.as_str()) && self.policy == *policy && self.rule.as_str() == rule
    }
}

/// Midnight in UTC, which every day has; past the last instant there is only that instant.
fn start_of(day: jiff::civil::Date) -> Instant {
    let midnight = Offset::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    Instant::from(midnight.unwrap_or(jiff::Timestamp::MAX))
}

impl Content for Waivers {
    fn check(&self, problems: &mut Problems<'_>) {
        for (index, waiver) in self.waivers.iter().enumerate() {
            let table = format!("/waiver/{index}");
            problems.different_people(&table, "requested-by", "approved-by");
            let (granted, expires) = (format!("{table}/granted"), format!("{table}/expires"));
            let longest = waiver.granted.saturating_add(LONGEST_WAIVER_DAYS.days());
            if waiver.expires <= waiver.granted {
                let diagnostic = problems
                    .at(
                        Code::EndsBeforeStart,
                        &expires,
                        format!("the waiver expires on {} and starts on {}", waiver.expires, waiver.granted),
                    )
                    .label("must be a later day")
                    .related(problems.span(&granted), "granted here");
                problems.push(diagnostic);
            } else if *waiver.expires > longest {
                let message = format!("the waiver lasts more than {LONGEST_WAIVER_DAYS} days");
                let diagnostic = problems
                    .at(Code::LastsTooLong, &expires, message)
                    .label(format!("must be {longest} or earlier"))
                    .help("grant it again when it expires, if it still must be")
                    .related(problems.span(&granted), "granted here");
                problems.push(diagnostic);
            }
        }
    }
}
