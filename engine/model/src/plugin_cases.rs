//! The `cases/*.toml` of a plugin: questions to it, each with the answer that is expected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diagnostic::Code;
use crate::effect::{Change, Effect};
use crate::file::{Content, File, Problems};
use crate::finding::Weight;
use crate::value::{Duration, Instant, Name, Objective, RelativePath, Text};
use crate::word::words;

/// A valid file of a plugin's `cases/`.
pub type PluginCaseFile = File<PluginCases>;

/// Cases that a plugin is held against.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginCases {
    /// One table a case.
    #[serde(rename = "case", default)]
    pub cases: Vec<PluginCase>,
}

/// A question to a plugin with the answer that is expected. What is asked depends on the plugin's kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginCase {
    /// What the case shows, in a few words. No two cases of a file have the same.
    pub name: Text,
    /// The plugin's parameters.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The instant that the question is about; 2026-01-01T00:00:00Z unless said otherwise.
    pub at: Option<Instant>,
    /// SLI calculators: the events to mark, each a table with what matters of a CloudEvent: `data = { status = 200 }`.
    pub events: Option<Vec<Map<String, Value>>>,
    /// SLI calculators that judge slices: the slices, without gaps, the oldest first; it starts at `at`. Each has what was
    /// marked in it.
    pub slices: Option<Vec<SliceCase>>,
    /// The length of a slice; a minute unless said otherwise.
    pub slice_length: Option<Duration>,
    /// Budget policies: what has to be decided.
    pub situation: Option<SituationCase>,
    /// Checks: the service to check.
    pub subject: Option<SubjectCase>,
    /// Checks: the documents that the policy grants, path and text. Without it, it grants none.
    pub documents: Option<BTreeMap<RelativePath, String>>,
    /// Toil scorers: the work of the 30 days before `at`.
    pub work: Option<Vec<WorkCase>>,
    /// The answer.
    pub expect: PluginExpectation,
}

/// What was marked in a slice.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SliceCase {
    /// Events marked good.
    pub good: u64,
    /// Events marked bad.
    pub bad: u64,
    /// Events marked unknown.
    pub unknown: u64,
    /// The greatest value of the field that the calculator calls its latest; left out where there is none.
    pub latest: Option<Instant>,
}

/// What a slice counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TallyCase {
    /// How much of it is good.
    pub good: u64,
    /// How much of it is bad.
    pub bad: u64,
    /// Of how much nobody can tell.
    pub unknown: u64,
}

/// What a budget policy has to decide.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SituationCase {
    /// The service.
    pub service: Name,
    /// What the change is; `feature` unless said otherwise.
    pub change: Option<Change>,
    /// Its SLOs.
    #[serde(default)]
    pub slos: Vec<SloCase>,
    /// More about the service, for example `owner`, `tier`.
    #[serde(default)]
    pub facts: BTreeMap<Name, String>,
}

/// An SLO of a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SloCase {
    /// The SLO's name.
    pub name: Name,
    /// Its objective; 99.9 % unless said otherwise.
    pub objective: Option<Objective>,
    /// Its window; 30 days unless said otherwise.
    pub window: Option<Duration>,
    /// Counts over the SLO's window.
    #[serde(default)]
    pub total: CountsCase,
    /// Counts over other windows that the policy asks for, by their length: `"1h" = { bad = 3 }`. Nothing happened in
    /// those that are not there.
    #[serde(default)]
    pub windows: BTreeMap<Duration, CountsCase>,
    /// The latches that are closed, by their numbers in the order in which the policy asks for them, from 0.
    #[serde(default)]
    pub latched: Vec<u32>,
    /// More about the SLO, for example `coverage`.
    #[serde(default)]
    pub facts: BTreeMap<Name, String>,
}

/// Good and bad ones.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CountsCase {
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
}

/// A service that is checked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SubjectCase {
    /// The service.
    pub service: Name,
    /// What the change is; left out outside a gate.
    pub change: Option<Change>,
    /// The names of its SLOs.
    #[serde(default)]
    pub slos: Vec<Name>,
    /// The names of the services that it depends on.
    #[serde(default)]
    pub dependencies: Vec<Name>,
    /// More about the service, for example `owner`, `tier`.
    #[serde(default)]
    pub facts: BTreeMap<Name, String>,
}

/// A piece of work.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WorkCase {
    /// What was done.
    pub title: Text,
    /// The team that did it.
    pub team: Name,
    /// Hands-on time in minutes.
    pub minutes: u64,
    /// Which of the five attributes are stated, and whether they hold.
    #[serde(default)]
    pub attributes: BTreeMap<Attribute, bool>,
    /// More about the work, for example `class`.
    #[serde(default)]
    pub facts: BTreeMap<Name, String>,
}

words! {
    /// An attribute of toil.
    pub enum Attribute {
        /// It is done by hand.
        Manual = "manual",
        /// It is done again and again.
        Repetitive = "repetitive",
        /// A machine could do it.
        Automatable = "automatable",
        /// It has no enduring value.
        Tactical = "tactical",
        /// It grows with the service.
        Grows = "grows",
    }
}

/// What an answer has to be. What is left out may be anything; lists are whole and in order.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PluginExpectation {
    /// SLI calculators: the marks of the events.
    pub marks: Option<Vec<MarkWord>>,
    /// SLI calculators that judge slices: what each slice counts as.
    pub tallies: Option<Vec<TallyCase>>,
    /// Budget policies: the effect.
    pub effect: Option<Effect>,
    /// Budget policies: the codes of the clauses.
    pub clauses: Option<Vec<Name>>,
    /// Checks: the findings.
    pub findings: Option<Vec<FindingExpectation>>,
    /// Toil scorers: the tasks.
    pub tasks: Option<Vec<TaskExpectation>>,
    /// Toil scorers: the teams.
    pub teams: Option<Vec<TeamExpectation>>,
    /// That there is no answer, and a part of the reason that the plugin gives.
    pub problem: Option<Text>,
}

words! {
    /// What an event counts as.
    pub enum MarkWord {
        /// It does not count.
        NotValid = "not-valid",
        /// It went well.
        Good = "good",
        /// It did not.
        Bad = "bad",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

words! {
    /// What comes out of a rule.
    pub enum OutcomeWord {
        /// The rule holds.
        Pass = "pass",
        /// The rule does not hold.
        Fail = "fail",
        /// The rule does not concern this service.
        NotApplicable = "not-applicable",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

words! {
    /// What work is.
    pub enum ClassWord {
        /// Toil.
        Toil = "toil",
        /// Overhead: meetings, paperwork.
        Overhead = "overhead",
        /// Engineering.
        Engineering = "engineering",
    }
}

/// What a finding has to be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FindingExpectation {
    /// The rule.
    pub rule: Name,
    /// What comes out of it.
    pub outcome: Option<OutcomeWord>,
    /// How much the rule weighs.
    pub weight: Option<Weight>,
    /// What is so, word for word.
    pub text: Option<String>,
    /// What to do about it, word for word.
    pub remedy: Option<String>,
    /// The document that was judged.
    pub file: Option<String>,
    /// The line in that document; 0 when there is none.
    pub line: Option<u32>,
}

/// What a task has to be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TaskExpectation {
    /// The title.
    pub title: Text,
    /// What the work is.
    pub class: Option<ClassWord>,
    /// How often it was done.
    pub runs: Option<u64>,
    /// Hands-on time of all runs in minutes.
    pub minutes: Option<u64>,
    /// How much of toil it has, in thousandths.
    pub score: Option<u32>,
    /// What to do about it, word for word.
    pub advice: Option<String>,
}

/// What a team's load has to be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TeamExpectation {
    /// The team.
    pub team: Name,
    /// Time of all its work in minutes.
    pub minutes: Option<u64>,
    /// Time of its toil in minutes.
    pub toil: Option<u64>,
    /// Time that the budget leaves for toil, in minutes.
    pub budget: Option<u64>,
    /// Whether the toil exceeds the budget.
    pub exceeded: Option<bool>,
}

impl Content for PluginCases {
    fn check(&self, problems: &mut Problems<'_>) {
        problems.unique_names("/case", self.cases.iter().map(|case| case.name.as_str()));
        for (index, case) in self.cases.iter().enumerate() {
            case.check(&format!("/case/{index}"), problems);
        }
    }
}

impl PluginCase {
    /// The keys that say what is asked and are there, in the order of the kinds.
    pub fn asked(&self) -> Vec<&'static str> {
        let asked = [
            ("events", self.events.is_some()),
            ("slices", self.slices.is_some()),
            ("situation", self.situation.is_some()),
            ("subject", self.subject.is_some()),
            ("work", self.work.is_some()),
        ];
        asked.into_iter().filter(|(_, is_there)| *is_there).map(|(key, _)| key).collect()
    }

    fn check(&self, table: &str, problems: &mut Problems<'_>) {
        let diagnostic = match self.asked().as_slice() {
            [] => problems
                .at(Code::MissingKey, table, "the case doesn't say what the plugin is asked")
                .label("`events`, `slices`, `situation`, `subject` or `work` belongs here"),
            [_] => return self.check_expectation(table, problems),
            [first, second, ..] => problems
                .at(Code::NeedlessKey, &format!("{table}/{second}"), "the case asks two things at once")
                .help("a plugin is of one kind: remove one of the two")
                .related(problems.span(&format!("{table}/{first}")), "asked here already"),
        };
        problems.push(diagnostic);
    }

    fn check_expectation(&self, table: &str, problems: &mut Problems<'_>) {
        let place = format!("{table}/expect");
        let PluginExpectation { marks, tallies, effect, clauses, findings, tasks, teams, problem } =
            &self.expect;
        let decision = effect.is_some() || clauses.is_some();
        let (of_kind, wanted) = match self.asked().first() {
            Some(&"events") => (marks.is_some(), "`marks`"),
            Some(&"slices") => (tallies.is_some(), "`tallies`"),
            Some(&"situation") => (decision, "`effect` or `clauses`"),
            Some(&"subject") => (findings.is_some(), "`findings`"),
            Some(_) | None => (tasks.is_some() || teams.is_some(), "`tasks` or `teams`"),
        };
        if !of_kind && problem.is_none() {
            let diagnostic = problems
                .at(Code::MissingKey, &place, "the case doesn't say what is expected")
                .label(format!("{wanted} belongs here, or `problem`"));
            problems.push(diagnostic);
        }
        let mut as_many = |asked: Option<usize>,
                           answers: Option<usize>,
                           [one, several, answer]: [&str; 3]| {
            if let Some((asked, answers)) = asked.zip(answers).filter(|(asked, answers)| asked != answers) {
                let message = format!("there are {asked} {several} and {answers} {answer}");
                let diagnostic = problems
                    .at(Code::InvalidValue, &format!("{place}/{answer}"), message)
                    .help(format!("write one for each {one}"));
                problems.push(diagnostic);
            }
        };
        let events = self.events.as_ref().map(Vec::len);
        as_many(events, marks.as_ref().map(Vec::len), ["event", "events", "marks"]);
        let slices = self.slices.as_ref().map(Vec::len);
        as_many(slices, tallies.as_ref().map(Vec::len), ["slice", "slices", "tallies"]);
        if self.slice_length.is_some() && self.slices.is_none() {
            let message = "`slice-length` has no meaning without `slices`";
            let diagnostic = problems.at(Code::NeedlessKey, &format!("{table}/slice-length"), message);
            problems
                .push(diagnostic.help("remove it: a calculator is asked about events without their time"));
        }
    }
}
