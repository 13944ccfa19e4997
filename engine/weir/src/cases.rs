//! Testing policies: the project's own cases are put to its gate, and the answers held against what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use weir_flow::{Ledger, Slice};
use weir_math::{Series, Tally};
use weir_model::Effect;
use weir_model::cases::{CaseFile, Expectation, PolicyCase, Stretch};
use weir_model::diagnostic::{Code, Diagnostic, quote};
use weir_model::service::Service;
use weir_model::source::Source;
use weir_model::value::Name;
use weir_model::verdict::Verdict;

use crate::engine::{Engine, EngineError, GateRequest};
use crate::measure::{Events, Origin, SloLedger};
use crate::plugins;
use crate::project::{Project, ProjectError, Reader, known};

/// The version of the report's JSON form.
const REPORT_VERSION: u32 = 1;

/// The folder of a project's cases.
const FOLDER: &str = "cases";

/// What came of a project's cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The cases, in the order of their files.
    pub cases: Vec<CaseOutcome>,
    /// What the cases reached of each policy that a gate can ask, in the order of their names.
    pub policies: Vec<PolicyReach>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseOutcome {
    /// The file that the case stands in.
    pub file: String,
    /// The line at which it starts.
    pub line: usize,
    /// What the case shows.
    pub name: String,
    /// The effect that came out.
    pub effect: Effect,
    /// Why, in one sentence.
    pub reason: String,
    /// In what the answer differs from what is expected; empty when it does not.
    pub differences: Vec<CaseDifference>,
}

/// A part of an answer that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseDifference {
    /// The part, for example `effect`, `policy`, `clause` or `undecided`.
    pub part: String,
    /// What is expected.
    pub expected: String,
    /// What came out.
    pub found: String,
}

/// What cases reached of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyReach {
    /// The policy.
    pub policy: String,
    /// In how many cases it had a say.
    pub asked: usize,
    /// In how many of them it decided.
    pub decided: usize,
    /// The effects that it asked for, the mildest first.
    pub effects: Vec<Effect>,
    /// The clauses and rules that it decided by, in the order of their names.
    pub clauses: Vec<String>,
}

impl CaseReport {
    /// How many cases came out otherwise than expected.
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.differences.is_empty()).count()
    }

    /// The policies that no case reached.
    pub fn unreached(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().filter(|policy| policy.asked == 0).map(|policy| policy.policy.as_str())
    }
}

impl Project {
    /// Reads the project's cases: the TOML files in `cases/`.
    ///
    /// # Errors
    /// When a file can't be read, or is wrong, or speaks of what the project does not have.
    pub fn cases(&self) -> Result<Vec<CaseFile>, ProjectError> {
        let mut reader = Reader::new(self.root());
        let files: Vec<CaseFile> = reader.folder(FOLDER)?;
        let mut diagnostics = reader.into_diagnostics();
        for file in &files {
            self.check_case_names(file, &mut diagnostics);
            self.check_case_files(file, &mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(files) } else { Err(ProjectError::Wrong(diagnostics)) }
    }

    /// Reports files of events that are not there.
    fn check_case_files(&self, file: &CaseFile, diagnostics: &mut Vec<Diagnostic>) {
        for (index, case) in file.cases.iter().enumerate() {
            for (number, path) in case.events.iter().flatten().enumerate() {
                if !self.root().join(path.as_str()).is_file() {
                    let message = format!(
                        "case {}: there is no file {}",
                        quote(case.name.as_str()),
                        quote(path.as_str())
                    );
                    let range = file.source().span(&format!("/case/{index}/events/{number}"));
                    let diagnostic = file.source().error(Code::UnknownReference, range, message);
                    diagnostics.push(diagnostic.help("name a file as it is seen from the project's folder"));
                }
            }
        }
    }

    fn check_case_names(&self, file: &CaseFile, diagnostics: &mut Vec<Diagnostic>) {
        let services: Vec<&str> = self.services().map(|service| service.about.name.as_str()).collect();
        let policies: Vec<&str> = self.policies.iter().map(|file| file.about.name.as_str()).collect();
        let gates: Vec<&str> = self.gates.iter().map(|file| file.about.name.as_str()).collect();
        for (index, case) in file.cases.iter().enumerate() {
            let at = |key: &str| format!("/case/{index}/{key}");
            let mut check = |what: &str, names: Vec<(String, &Name)>, defined: &[&str]| {
                let names = names.into_iter().map(|(pointer, name)| (pointer, name.as_str()));
                known(file.source(), what, names, defined, diagnostics);
            };
            check("service", vec![(at("service"), &case.service)], &services);
            check("gate", case.gate.iter().map(|name| (at("gate"), name)).collect(), &gates);
            check(
                "policy",
                case.expect.policy.iter().map(|name| (at("expect/policy"), name)).collect(),
                &policies,
            );
            if let Some(service) = self.service(case.service.as_str()) {
                let measured = service.slos.iter().filter(|slo| slo.sli.is_some());
                let slos: Vec<&str> = measured.map(|slo| slo.name.as_str()).collect();
                let stretches = case.tallies.iter().flatten().enumerate();
                let names =
                    stretches.map(|(stretch, said)| (at(&format!("tallies/{stretch}/slo")), &said.slo));
                check("SLO", names.collect(), &slos);
            }
        }
    }
}

impl Engine {
    /// Puts the project's cases to its gate. No decision is recorded.
    ///
    /// # Errors
    /// When there is no case, or a case can't be put: its events can't be read, a plugin can't be loaded.
    pub fn test(&self, project: &Project, files: &[CaseFile]) -> Result<CaseReport, EngineError> {
        let mut cases = Vec::new();
        let mut verdicts = Vec::new();
        for file in files {
            for (index, case) in file.cases.iter().enumerate() {
                let source = file.source();
                let verdict = self.put(project, case, source, index)?;
                cases.push(CaseOutcome {
                    file: source.path().to_owned(),
                    line: source.line(&format!("/case/{index}")),
                    name: case.name.to_string(),
                    effect: verdict.effect,
                    reason: verdict.reason.clone(),
                    differences: differences(&case.expect, &verdict),
                });
                verdicts.push(verdict);
            }
        }
        if cases.is_empty() {
            return Err(EngineError::question(
                "the project has no cases, so nothing was tested",
                Some(format!("write some to `{FOLDER}/*.toml`; `weir schema cases` says what stands there")),
            ));
        }
        let policies = reach(self.judging_policies(project)?, &verdicts);
        Ok(CaseReport { schema_version: REPORT_VERSION, cases, policies })
    }

    fn put(
        &self,
        project: &Project,
        case: &PolicyCase,
        source: &Source,
        index: usize,
    ) -> Result<Verdict, EngineError> {
        let files = case.events.iter().flatten().map(|path| project.root().join(path.as_str()));
        let request = GateRequest {
            service: case.service.to_string(),
            change: case.change,
            gate: case.gate.as_ref().map(ToString::to_string),
            at: *case.at,
            // A case is written by hand: what can't be read in it is a mistake.
            events: Events { files: files.collect::<Vec<PathBuf>>(), strict: true, ..Events::default() },
        };
        let prepared = match &case.tallies {
            None => self.prepare(project, &request)?,
            Some(stretches) => {
                let service = self.service_file(project, &request.service)?;
                let ledgers = self.ledgers_of(project, service, stretches, request.at)?;
                countable(&ledgers, case, source, index)?;
                self.prepare_measured(project, &request, ledgers)?
            }
        };
        Ok(prepared.decide())
    }

    /// The ledgers of a service that hold what a case says.
    fn ledgers_of(
        &self,
        project: &Project,
        service: &Service,
        stretches: &[Stretch],
        at: Timestamp,
    ) -> Result<Vec<SloLedger>, EngineError> {
        let limits = plugins::limits(&project.file.limits);
        let mut ledgers = Vec::new();
        for slo in &service.slos {
            // A composite has no ledger of its own.
            let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { continue };
            let origin = match (&sli.plugin, &sli.source) {
                (Some(plugin), _) => {
                    Origin::Calculator(self.plugins.named(project, plugin.as_str(), &limits)?.digest())
                }
                (None, source) => {
                    Origin::Source(source.as_ref().map(ToString::to_string).unwrap_or_default())
                }
            };
            let slice_seconds = slo.slice_seconds();
            let said = stretches.iter().filter(|stretch| stretch.slo == slo.name);
            let ledger = Ok(ledger(slice_seconds, said, at.as_second()));
            ledgers.push(SloLedger { slo: slo.name.to_string(), origin, ledger, slice_seconds });
        }
        Ok(ledgers)
    }
}

/// Refuses a case whose tallies are more than can be counted.
///
/// # Errors
/// With the place of the first tally of each such SLO.
fn countable(
    ledgers: &[SloLedger],
    case: &PolicyCase,
    source: &Source,
    index: usize,
) -> Result<(), EngineError> {
    let mut wrong = Vec::new();
    for SloLedger { slo, ledger, .. } in ledgers {
        let Ok(ledger) = ledger else { continue };
        let slices = ledger.slices().map(|(start, slice)| (start, slice.tally));
        let Err(error) = Series::new(ledger.slice_seconds(), slices) else { continue };
        let first = case.tallies.iter().flatten().position(|stretch| stretch.slo.as_str() == slo);
        let place = format!("/case/{index}/tallies/{}", first.unwrap_or(0));
        let message = format!("case {}: of {}, {error}", quote(case.name.as_str()), quote(slo));
        wrong.push(source.error(Code::OutOfRange, source.span(&place), message));
    }
    if wrong.is_empty() { Ok(()) } else { Err(EngineError::Wrong(wrong)) }
}

/// The slices of some stretches, added up. A slice belongs to a stretch when it starts within it.
fn ledger<'s>(slice_seconds: u32, stretches: impl Iterator<Item = &'s Stretch>, at: i64) -> Ledger {
    let length = i64::from(slice_seconds.max(1));
    let mut slices: BTreeMap<i64, Slice> = BTreeMap::new();
    for stretch in stretches {
        let ago = |seconds: u64| at.saturating_sub_unsigned(seconds);
        let end = ago(stretch.until.map_or(0, |until| until.seconds()));
        let tally = Tally { good: stretch.good, bad: stretch.bad, unknown: stretch.unknown };
        let mut start = first_start(ago(stretch.since.seconds()), length);
        while start < end {
            let slice = slices.entry(start).or_insert(Slice { tally: Tally::default(), latest: None });
            slice.tally += tally;
            start += length;
        }
    }
    slices.retain(|_, slice| slice.tally != Tally::default());
    // The newest event is the last one that fits into the last slice, but none that lies ahead.
    let newest = slices.keys().next_back().map(|start| (start + length).min(at) * 1000 - 1);
    Ledger::from_slices(slice_seconds, slices, newest)
}

/// The first multiple of `length` at or after an instant.
fn first_start(instant: i64, length: i64) -> i64 {
    instant
        .div_euclid(length)
        .saturating_add(i64::from(instant.rem_euclid(length) != 0))
        .saturating_mul(length)
}

fn differences(expected: &Expectation, verdict: &Verdict) -> Vec<CaseDifference> {
    let decided = verdict.decided_by.as_ref();
    let parts = [
        ("effect", Some(expected.effect.to_string()), Some(verdict.effect.to_string())),
        (
            "policy",
            expected.policy.as_ref().map(ToString::to_string),
            decided.map(|decided| decided.policy.clone()),
        ),
        (
            "clause",
            expected.clause.as_ref().map(ToString::to_string),
            decided.map(|decided| decided.clause.clone()),
        ),
        (
            "undecided",
            expected.undecided.map(|undecided| undecided.to_string()),
            Some(verdict.undecided.to_string()),
        ),
    ];
    let different = |(part, expected, found): (&'static str, Option<String>, Option<String>)| {
        let expected = expected?;
        let found = found.unwrap_or_else(|| "none".to_owned());
        (expected != found).then(|| CaseDifference { part: part.to_owned(), expected, found })
    };
    parts.into_iter().filter_map(different).collect()
}

/// What the verdicts reached of each policy.
fn reach(policies: Vec<String>, verdicts: &[Verdict]) -> Vec<PolicyReach> {
    let of_policy = |policy: String| {
        let said: Vec<Effect> = verdicts
            .iter()
            .flat_map(|verdict| &verdict.policies)
            .filter(|outcome| outcome.policy == policy)
            .map(|outcome| outcome.asks)
            .collect();
        let decided: Vec<&str> = verdicts
            .iter()
            .filter_map(|verdict| verdict.decided_by.as_ref())
            .filter(|decided| decided.policy == policy)
            .map(|decided| decided.clause.as_str())
            .collect();
        PolicyReach {
            asked: said.len(),
            decided: decided.len(),
            effects: said.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            clauses: decided.into_iter().collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect(),
            policy,
        }
    };
    policies.into_iter().map(of_policy).collect()
}
