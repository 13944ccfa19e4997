//! `overrides/*.toml`: verdicts that are overruled for a while.

use jiff::ToSpan;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Code;
use crate::effect::{Change, Effect};
use crate::file::{Content, File, Problems};
use crate::value::{Instant, Name, NamePattern, Text};

/// A valid file of `overrides/`.
pub type OverrideFile = File<Overrides>;

/// The longest time that an override lasts, in days of 24 hours.
pub const LONGEST_OVERRIDE_DAYS: i64 = 7;

/// Verdicts that are overruled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Overrides {
    /// One table a verdict.
    #[serde(rename = "override", default)]
    pub overrides: Vec<Override>,
}

/// A verdict that is overruled: by what, by whom, why, and how long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Override {
    /// The service, or a pattern of services.
    pub service: NamePattern,
    /// The effect that counts instead.
    pub effect: Effect,
    /// The policies that are overruled, by name.
    #[serde(default = "NamePattern::all")]
    pub policies: Vec<NamePattern>,
    /// The kinds of changes that it is for; empty for all.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Why it is overruled.
    pub reason: Text,
    /// Who overrules it.
    pub by: Text,
    /// Who approved that: somebody else.
    pub approved_by: Text,
    /// The instant from which the override holds.
    pub from: Instant,
    /// The instant from which it holds no longer.
    pub until: Instant,
    /// Where the emergency is tracked.
    pub ticket: Option<Text>,
}

impl Override {
    /// Whether the override holds at an instant.
    #[must_use]
    pub fn holds(&self, at: jiff::Timestamp) -> bool {
        *self.from <= at && at < *self.until
    }

    /// Whether the override is about what this policy says of such a change to the service.
    #[must_use]
    pub fn covers(&self, service: &Name, policy: &Name, change: Change) -> bool {
        self.service.matches(service.as_str())
            && self.policies.iter().any(|pattern| pattern.matches(policy.as_str()))
            && (self.changes.is_empty() || self.changes.contains(&change))
    }
}

impl Content for Overrides {
    fn check(&self, problems: &mut Problems<'_>) {
        for (index, entry) in self.overrides.iter().enumerate() {
            let table = format!("/override/{index}");
            problems.different_people(&table, "by", "approved-by");
            let (from, until) = (format!("{table}/from"), format!("{table}/until"));
            let longest = entry.from.saturating_add((LONGEST_OVERRIDE_DAYS * 24).hours());
            if entry.until <= entry.from {
                let diagnostic = problems
                    .at(
                        Code::EndsBeforeStart,
                        &until,
                        format!("the override ends at {} and starts at {}", entry.until, entry.from),
                    )
                    .label("must be a later instant")
                    .related(problems.span(&from), "starts here");
                problems.push(diagnostic);
            } else if longest.is_ok_and(|longest| *entry.until > longest) {
                let message = format!("the override lasts more than {LONGEST_OVERRIDE_DAYS} days");
                let diagnostic = problems
                    .at(Code::LastsTooLong, &until, message)
                    .label("too late")
                    .help("an override is for an emergency: change the policy, or grant a waiver")
                    .related(problems.span(&from), "starts here");
                problems.push(diagnostic);
            }
        }
    }
}
