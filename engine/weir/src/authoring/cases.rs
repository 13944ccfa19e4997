//! Testing a plugin: its author's cases are put to it, and the answers held against what is expected.

mod questions;

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use weir_host::contract::{budget, calculator, checker, scorer};
use weir_host::{CallError, Kind, Limits, Plugin, View};
use weir_model::diagnostic::{Code, quote};
use weir_model::plugin_cases::{ClassWord, MarkWord, OutcomeWord, PluginCase, PluginCaseFile, TallyCase};
use weir_model::validate::validate;
use weir_model::value::Name;
use weir_model::{Diagnostic, Effect};

use super::Candidate;
use super::rows::Rows;
use crate::cases::CaseDifference;
use crate::engine::{Engine, EngineError};
use crate::project::{ProjectError, Reader};

/// The version of the report's JSON form.
const REPORT_VERSION: u32 = 1;
/// The folder of a plugin's cases.
const FOLDER: &str = "cases";
/// The name under which calls of a case appear in errors.
const POLICY: &str = "case";

/// What came of a plugin's cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginCaseReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The cases, in the order of their files.
    pub cases: Vec<PluginCaseOutcome>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginCaseOutcome {
    /// The file that the case stands in.
    pub file: String,
    /// The line at which it starts.
    pub line: usize,
    /// What the case shows.
    pub name: String,
    /// In what the answer differs from what is expected; empty when it does not.
    pub differences: Vec<CaseDifference>,
    /// What the plugin wrote to its log.
    pub log: Vec<String>,
}

impl PluginCaseReport {
    /// How many cases came out otherwise than expected.
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.differences.is_empty()).count()
    }
}

/// Reads the cases of a plugin: the TOML files in `cases/` of its folder.
///
/// # Errors
/// When a file can't be read, or is wrong.
pub fn plugin_cases(folder: &Path) -> Result<Vec<PluginCaseFile>, ProjectError> {
    let mut reader = Reader::new(folder);
    let files = reader.folder(FOLDER)?;
    let diagnostics = reader.into_diagnostics();
    if diagnostics.is_empty() { Ok(files) } else { Err(ProjectError::Wrong(diagnostics)) }
}

impl Engine {
    /// Puts cases to a plugin.
    ///
    /// # Errors
    /// When there is no case, a case is not about this kind of plugin, its parameters are not what the schema wants, or
    /// the plugin can't be loaded. A plugin that fails has failed the case.
    pub fn test_plugin(
        &self,
        candidate: &Candidate<'_>,
        files: &[PluginCaseFile],
    ) -> Result<PluginCaseReport, EngineError> {
        if files.iter().all(|file| file.cases.is_empty()) {
            return Err(EngineError::question(
                "the plugin has no cases, so nothing was tested",
                Some(format!(
                    "write some to `{FOLDER}/*.toml`; `weir schema plugin-cases` says what stands there"
                )),
            ));
        }
        let plugin = self.loaded(candidate)?;
        let mut wrong = Vec::new();
        for file in files {
            check_file(file, &plugin, &mut wrong);
        }
        if !wrong.is_empty() {
            return Err(EngineError::Wrong(wrong));
        }
        let limits = candidate.sandbox_limits();
        let put = |(index, case): (usize, &PluginCase), file: &PluginCaseFile| {
            let (answer, log) = answer(&plugin, &limits, case, &self.views);
            PluginCaseOutcome {
                file: file.source().path().to_owned(),
                line: file.source().line(&format!("/case/{index}")),
                name: case.name.to_string(),
                differences: differences(case, answer),
                log,
            }
        };
        let cases =
            files.iter().flat_map(|file| file.cases.iter().enumerate().map(move |case| put(case, file)));
        Ok(PluginCaseReport { schema_version: REPORT_VERSION, cases: cases.collect() })
    }
}

/// What a file of cases gets wrong about the plugin.
fn check_file(file: &PluginCaseFile, plugin: &Plugin, wrong: &mut Vec<Diagnostic>) {
    let source = file.source();
    let keys: &[&str] = match plugin.kind() {
        Kind::SliCalculator => &["events", "slices"],
        Kind::BudgetPolicy => &["situation"],
        Kind::Check => &["subject"],
        Kind::ToilScorer => &["work"],
    };
    let wanted = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
    for (index, case) in file.cases.iter().enumerate() {
        wrong.extend(validate(source, &format!("/case/{index}/params"), &plugin.info().parameters));
        for asked in case.asked().into_iter().filter(|asked| !keys.contains(asked)) {
            let place = source.key_span(&format!("/case/{index}/{asked}"));
            let message = format!("a {} is not asked by {}", plugin.kind(), quote(asked));
            wrong.push(source.error(Code::UnknownKey, place, message).help(format!("write {wanted}")));
        }
    }
}

/// An answer as cases speak of it.
enum Answer {
    Marks(Vec<u8>),
    /// None when the calculator does not judge slices.
    Tallies(Option<calculator::Tallies>),
    Decision(budget::Decision),
    Findings(checker::Report),
    Scores(scorer::Report),
}

/// The answer of a plugin, or why there is none, and its log.
fn answer(
    plugin: &Plugin,
    limits: &Limits,
    case: &PluginCase,
    views: &[View],
) -> (Result<Answer, CallError>, Vec<String>) {
    match asked(plugin, limits, case, views) {
        Ok(answer) => (Ok(answer.value), answer.log.iter().map(ToString::to_string).collect()),
        Err(error) => {
            let log = error.log().iter().map(ToString::to_string).collect();
            (Err(error), log)
        }
    }
}

fn asked(
    plugin: &Plugin,
    limits: &Limits,
    case: &PluginCase,
    views: &[View],
) -> Result<weir_host::Answer<Answer>, CallError> {
    let params = Value::Object(case.params.clone()).to_string();
    match plugin.kind() {
        Kind::SliCalculator => {
            let mut calculator = plugin.calculator(POLICY, limits)?;
            let prepared = calculator.prepare(&params)?;
            let plan = prepared.value;
            if let Some(slices) = &case.slices {
                let slices = questions::Slices::of(case, slices);
                if !plan.settles {
                    return Ok(weir_host::Answer {
                        value: Answer::Tallies(None),
                        log: prepared.log,
                        log_cut: prepared.log_cut,
                    });
                }
                return Ok(mapped(calculator.settle(&params, &slices.merged())?, |all| {
                    Answer::Tallies(Some(all))
                }));
            }
            let rows = Rows::new(&plan, case.events.as_deref().unwrap_or_default());
            Ok(mapped(calculator.classify(&params, &rows.batch())?, Answer::Marks))
        }
        Kind::BudgetPolicy => {
            let needs = plugin.prepare_budget(POLICY, limits, &params)?.value;
            let situation = questions::situation(case, &needs);
            Ok(mapped(plugin.decide(POLICY, limits, &params, &situation)?, Answer::Decision))
        }
        Kind::Check => {
            let (subject, evidence) = (questions::subject(case), questions::evidence(case, views));
            Ok(mapped(plugin.assess(POLICY, limits, &params, &subject, &evidence)?, Answer::Findings))
        }
        Kind::ToilScorer => {
            let ((since, until), items) = questions::work(case);
            Ok(mapped(plugin.score(POLICY, limits, &params, since, until, &items)?, Answer::Scores))
        }
    }
}

fn mapped<T, U>(answer: weir_host::Answer<T>, into: impl FnOnce(T) -> U) -> weir_host::Answer<U> {
    weir_host::Answer { value: into(answer.value), log: answer.log, log_cut: answer.log_cut }
}

/// Collects differences.
#[derive(Default)]
struct Differences(Vec<CaseDifference>);

impl Differences {
    fn push(&mut self, part: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) {
        let (part, expected, found) = (part.into(), expected.into(), found.into());
        self.0.push(CaseDifference { part, expected, found });
    }

    /// Compares texts; what is not expected may be anything.
    fn text(&mut self, part: &str, expected: Option<&str>, found: &str) {
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            self.push(part, expected, found);
        }
    }

    /// Compares what slices count as.
    fn tallies(&mut self, expected: &[TallyCase], found: &calculator::Tallies) {
        let found = found.good.iter().zip(&found.bad).zip(&found.unknown);
        for (slice, (expected, ((good, bad), unknown))) in (1..).zip(expected.iter().zip(found)) {
            for (part, expected, found) in [
                ("good", expected.good, good),
                ("bad", expected.bad, bad),
                ("unknown", expected.unknown, unknown),
            ] {
                if expected != *found {
                    self.push(format!("{part} in slice {slice}"), expected.to_string(), found.to_string());
                }
            }
        }
    }

    /// Compares records part by part, where there are as many as expected. `name` is the key that tells them apart.
    fn records<E: Serialize>(&mut self, what: &str, name: &str, expected: Option<&[E]>, found: &[Value]) {
        let Some(expected) = expected else { return };
        let expected: Vec<Value> = expected.iter().map(|record| json!(record)).collect();
        let names = |records: &[Value]| {
            let names: Vec<String> = records.iter().map(|record| shown(record.get(name))).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        if names(&expected) != names(found) {
            return self.push(format!("{what}s"), names(&expected), names(found));
        }
        for (expected, found) in expected.iter().zip(found) {
            let parts = expected.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
            for (key, value) in parts.filter(|(key, value)| found.get(key) != Some(value)) {
                let part = format!("{what} `{}`, {key}", shown(expected.get(name)));
                self.push(part, shown(Some(value)), shown(found.get(key)));
            }
        }
    }
}

/// A value for people: a text without its quotes.
fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "nothing".to_owned(),
    }
}

fn differences(case: &PluginCase, answer: Result<Answer, CallError>) -> Vec<CaseDifference> {
    let expect = &case.expect;
    let mut all = Differences::default();
    let answer = match (answer, &expect.problem) {
        (Ok(answer), None) => answer,
        (Ok(_), Some(problem)) => {
            all.push("problem", problem.as_str(), "an answer");
            return all.0;
        }
        (Err(CallError::Problem { text, .. }), Some(problem)) => {
            if !text.contains(problem.as_str()) {
                all.push("problem", problem.as_str(), text);
            }
            return all.0;
        }
        (Err(error), problem) => {
            let expected = problem.as_ref().map_or("an answer", |problem| problem.as_str());
            all.push("answer", expected, error.to_string());
            return all.0;
        }
    };
    match answer {
        Answer::Marks(marks) => {
            let expected = expect.marks.iter().flatten().copied();
            let pairs = expected.zip(marks.iter().map(|mark| mark_word(*mark)));
            for (event, (expected, found)) in
                (1..).zip(pairs).filter(|(_, (expected, found))| expected != found)
            {
                all.push(format!("mark of event {event}"), expected.as_str(), found.as_str());
            }
        }
        Answer::Tallies(None) => {
            all.push("answer", "tallies", "none: the calculator judges events, and no slices (`settles`)");
        }
        Answer::Tallies(Some(found)) => all.tallies(expect.tallies.as_deref().unwrap_or_default(), &found),
        Answer::Decision(decision) => {
            let effect = effect_word(decision.effect)
                .map_or_else(|| decision.effect.to_string(), |effect| effect.to_string());
            all.text("effect", expect.effect.map(|effect| effect.to_string()).as_deref(), &effect);
            let codes = |codes: &mut dyn Iterator<Item = &str>| {
                let codes: Vec<&str> = codes.collect();
                if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
            };
            let expected =
                expect.clauses.as_ref().map(|clauses| codes(&mut clauses.iter().map(Name::as_str)));
            let found = codes(&mut decision.clauses.iter().map(|clause| clause.code.as_str()));
            all.text("clauses", expected.as_deref(), &found);
        }
        Answer::Findings(report) => {
            let found: Vec<Value> = report.findings.iter().map(finding).collect();
            all.records("finding", "rule", expect.findings.as_deref(), &found);
        }
        Answer::Scores(report) => {
            let tasks: Vec<Value> = report.tasks.iter().map(task).collect();
            let teams: Vec<Value> = report.teams.iter().map(team).collect();
            all.records("task", "title", expect.tasks.as_deref(), &tasks);
            all.records("team", "team", expect.teams.as_deref(), &teams);
        }
    }
    all.0
}

/// The host has made sure that there is no other mark.
fn mark_word(mark: u8) -> MarkWord {
    match mark {
        1 => MarkWord::Good,
        2 => MarkWord::Bad,
        3 => MarkWord::Unknown,
        _ => MarkWord::NotValid,
    }
}

fn effect_word(effect: u32) -> Option<Effect> {
    Effect::ALL.get(usize::try_from(effect).ok()?).copied()
}

fn finding(finding: &checker::Finding) -> Value {
    let outcome = OutcomeWord::ALL.get(usize::try_from(finding.outcome).unwrap_or(usize::MAX));
    json!({
        "rule": finding.rule,
        "outcome": outcome,
        "weight": if finding.weight == 1 { "required" } else { "advised" },
        "text": finding.text,
        "remedy": finding.remedy,
        "file": finding.file,
        "line": finding.line,
    })
}

fn task(task: &scorer::Task) -> Value {
    let class = match task.class {
        1 => ClassWord::Toil,
        2 => ClassWord::Overhead,
        _ => ClassWord::Engineering,
    };
    json!({
        "title": task.title,
        "class": class,
        "runs": task.runs,
        "minutes": task.minutes,
        "score": task.score,
        "advice": task.advice,
    })
}

fn team(team: &scorer::TeamLoad) -> Value {
    json!({
        "team": team.team,
        "minutes": team.minutes,
        "toil": team.toil,
        "budget": team.budget,
        "exceeded": team.exceeded,
    })
}
