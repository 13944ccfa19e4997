//! `cases/*.toml`: questions to a gate, each with the answer that is expected.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Code;
use crate::effect::{Change, Effect};
use crate::file::{Content, File, Problems};
use crate::value::{Duration, Instant, Name, RelativePath, Text};

/// A valid file of `cases/`.
pub type CaseFile = File<Cases>;

/// Cases that a project's policies are held against.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cases {
    /// One table a case.
    #[serde(rename = "case", default)]
    pub cases: Vec<PolicyCase>,
}

/// A question to a gate with the answer that is expected.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyCase {
    /// What the case shows, in a few words. No two cases of a file have the same.
    pub name: Text,
    /// The service that the change is made to.
    pub service: Name,
    /// What the change is; `feature` unless said otherwise.
    #[serde(default = "feature")]
    pub change: Change,
    /// The gate; `deploy` where there is one, else all policies.
    pub gate: Option<Name>,
    /// The instant that the question is about.
    pub at: Instant,
    /// What is measured: files of CloudEvents. Either this or `tallies`.
    pub events: Option<Vec<RelativePath>>,
    /// What is measured: counts for stretches of time, those of an SLO added up. An empty list for no data.
    pub tallies: Option<Vec<Stretch>>,
    /// The answer.
    pub expect: Expectation,
}

/// Counts of one SLO, the same in each slice of a stretch of time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stretch {
    /// The SLO of the service.
    pub slo: Name,
    /// How long before `at` the stretch starts.
    pub since: Duration,
    /// How long before `at` it ends; at `at` unless said otherwise.
    pub until: Option<Duration>,
    /// Good events in each slice.
    #[serde(default)]
    pub good: u64,
    /// Bad events in each slice.
    #[serde(default)]
    pub bad: u64,
    /// Events in each slice of which nobody knows whether they were good.
    #[serde(default)]
    pub unknown: u64,
}

/// What a verdict has to be. What is left out may be anything.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expectation {
    /// The effect.
    pub effect: Effect,
    /// The policy that decides.
    pub policy: Option<Name>,
    /// The clause that decides: a clause's code, a rule's name, `no-data` or `error`.
    pub clause: Option<Name>,
    /// Whether the effect comes from something that could not be judged.
    pub undecided: Option<bool>,
}

fn feature() -> Change {
    Change::Feature
}

impl Content for Cases {
    fn check(&self, problems: &mut Problems<'_>) {
        problems.unique_names("/case", self.cases.iter().map(|case| case.name.as_str()));
        for (index, case) in self.cases.iter().enumerate() {
            case.check(&format!("/case/{index}"), problems);
        }
    }
}

impl PolicyCase {
    fn check(&self, table: &str, problems: &mut Problems<'_>) {
        match (&self.events, &self.tallies) {
            (None, None) => {
                let diagnostic = problems
                    .at(Code::MissingKey, table, "the case doesn't say what is measured")
                    .label("`tallies` or `events` belongs here")
                    .help("write `tallies = []` for a service without data");
                problems.push(diagnostic);
            }
            (Some(_), Some(_)) => {
                let diagnostic = problems
                    .at(
                        Code::NeedlessKey,
                        &format!("{table}/events"),
                        "the case gives both events and tallies",
                    )
                    .help("remove one of the two")
                    .related(problems.span(&format!("{table}/tallies")), "the tallies");
                problems.push(diagnostic);
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        for (index, stretch) in self.tallies.iter().flatten().enumerate() {
            let table = format!("{table}/tallies/{index}");
            if let Some(until) = &stretch.until
                && until.seconds() >= stretch.since.seconds()
            {
                let message =
                    format!("the stretch ends {until} before `at` and starts {} before it", stretch.since);
                let diagnostic = problems
                    .at(Code::EndsBeforeStart, &format!("{table}/until"), message)
                    .label("must be nearer to `at`")
                    .related(problems.span(&format!("{table}/since")), "starts here");
                problems.push(diagnostic);
            }
        }
    }
}
