//! Back-testing: what a gate would have said at every step of a stretch of time, on what was known then.
//!
//! It is the gate's own path with time simulated: the same ledgers, the same plugins, the same combination. Events are read
//! once; at each step only those count that happened before it. What is not done is what nobody reads: looking ahead.

mod counts;
mod course;
mod happened;
mod recording;
mod report;
mod steps;
mod subject;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use weir_host::Kind;
use weir_model::policy::Policy;
use weir_model::service::Service;
use weir_model::{Change, EventCounts, Slo};

use self::happened::Happened;
use self::recording::{Recorded, Recording, grain};
use self::steps::Steps;
use self::subject::{Subject, courses};
use crate::case::CasePolicy;
use crate::engine::{Engine, EngineError, USUAL_GATE, nothing_judged};
use crate::measure::{self, Events, SloLedger, Stretch};
use crate::plugins;
use crate::project::{Project, ProjectError};

pub use self::report::{
    Alert, Backtest, BurnDown, Course, Deploy, Detected, Detection, Difference, Incident, Run,
    ServiceBacktest, Time, Totals,
};

/// A stretch of time to test policies on.
#[derive(Debug, Clone)]
pub struct BacktestRequest {
    /// The services; empty for all of the project that a policy judges.
    pub services: Vec<String>,
    /// What kind of change the gate is asked about. Deploys among the events are judged as what they were.
    pub change: Change,
    /// The gate; none for `deploy` when there is one, and else for all policies.
    pub gate: Option<String>,
    /// The first step: a whole minute.
    pub from: Timestamp,
    /// The end, at which no step stands: a whole minute.
    pub until: Timestamp,
    /// From one step to the next, in seconds: whole minutes.
    pub step_seconds: u64,
    /// How long after a deploy an incident counts as following it, and how long before its declaration an alert counts as
    /// about it when nobody said when it began, in seconds.
    pub incident_within_seconds: u64,
    /// Which events are read.
    pub events: Events,
    /// A file that keeps what was counted. When it is there, events are not read; when it is not, it is written.
    pub snapshot: Option<PathBuf>,
}

/// Other policies to hold a project's own against.
#[derive(Debug)]
pub struct Against {
    /// The folder, as people wrote it.
    name: String,
    project: Project,
}

impl Against {
    /// The policies and gates of another project, or a folder of policies alone, which go through the gates of `project`
    /// and run its plugins.
    ///
    /// # Errors
    /// When a file can't be read or is wrong.
    pub fn load(project: &Project, folder: &Path) -> Result<Against, ProjectError> {
        let other = if folder.join("weir.toml").is_file() {
            Project::load(folder)?
        } else {
            project.with_policies(folder)?
        };
        Ok(Against { name: folder.to_string_lossy().into_owned(), project: other })
    }
}

/// Policies of one origin.
#[derive(Debug)]
struct PolicySet<'p> {
    /// As people call it.
    name: String,
    project: &'p Project,
}

/// A service that is tested.
#[derive(Debug)]
struct Judged<'p> {
    service: &'p Service,
    /// The policies of each set.
    policies: Vec<Vec<CasePolicy>>,
}

/// A back-test with all that it takes: events have been read, plugins loaded. It can be run any number of times, and comes
/// out the same.
#[derive(Debug)]
pub struct PreparedBacktest<'p> {
    subjects: Vec<Subject<'p>>,
    steps: Steps,
    /// The report, but for what the steps say.
    report: Backtest,
}

impl PreparedBacktest<'_> {
    /// Takes all steps, on as many threads as the machine runs at once.
    ///
    /// # Errors
    /// When what was measured does not fit the SLOs, which nothing of this engine's making does.
    pub fn run(&self) -> Result<Backtest, EngineError> {
        let mut report = self.report.clone();
        let (services, talks) = courses(&self.subjects, &self.steps, report.incident_within_seconds)?;
        report.services = services;
        for (set, mut talk) in report.policy_sets.iter().zip(talks) {
            let origin = (report.policy_sets.len() > 1).then_some(set.as_str());
            report.notes.extend(talk.news(origin));
        }
        report.totals = course::totals(&report);
        Ok(report)
    }
}

impl Engine {
    /// Tests the policies of a project on the past, and others beside them. Services, events and overrides are the
    /// project's in both cases.
    ///
    /// Checks are left out: what their documents said then is not known. Nothing is recorded.
    ///
    /// # Errors
    /// When the question or a project is wrong, events can't be read, or a deploy or an incident among them makes no
    /// sense. A plugin that fails is no error here, as at the gate.
    pub fn backtest(
        &self,
        project: &Project,
        against: Option<&Against>,
        request: &BacktestRequest,
    ) -> Result<Backtest, EngineError> {
        self.prepare_backtest(project, against, request)?.run()
    }

    /// Reads the events that a back-test is about and loads the plugins.
    ///
    /// # Errors
    /// As for [`Engine::backtest`].
    pub fn prepare_backtest<'p>(
        &self,
        project: &'p Project,
        against: Option<&'p Against>,
        request: &BacktestRequest,
    ) -> Result<PreparedBacktest<'p>, EngineError> {
        let steps = Steps::new(request.from, request.until, request.step_seconds)?;
        let sets = self.policy_sets(project, against)?;
        let mut report = empty_report(request, &sets);
        let judged = self.judged_services(project, &sets, request, &mut report)?;
        let services: Vec<&Service> = judged.iter().map(|judged| judged.service).collect();
        let slice_seconds = self.grain(project);
        let stretch = Stretch { from: request.from, until: request.until, slice_seconds: &slice_seconds };
        let reading = match &request.snapshot {
            Some(path) => {
                let counted =
                    counts::read(path, project, &self.plugins, &services, &stretch, &request.events)?;
                report.notes.extend(counted.note);
                counted.reading
            }
            None => measure::read_stretch(project, &self.plugins, &services, &stretch, &request.events)?,
        };
        report.events = reading.counts;
        let happened = Happened::of(&reading.kept)?;
        let mut subjects = Vec::new();
        for (Judged { service, policies }, ledgers) in judged.into_iter().zip(reading.services) {
            let mut armed = Vec::new();
            for (set, policies) in sets.iter().zip(&policies) {
                armed.push(self.arm(set.project, policies)?);
            }
            let name = service.about.name.as_str();
            let mut case = self.empty_case(project, service, request.from);
            case.gate = report.gate.clone();
            case.change = request.change;
            subjects.push(Subject {
                service,
                case,
                armed,
                recording: Recording::new(service, self.recorded(project, service, ledgers))?,
                deploys: happened.deploys(name, request.from, request.until),
                incidents: happened.incidents(name, request.from, request.until),
            });
        }
        Ok(PreparedBacktest { subjects, steps, report })
    }

    fn policy_sets<'p>(
        &self,
        project: &'p Project,
        against: Option<&'p Against>,
    ) -> Result<Vec<PolicySet<'p>>, EngineError> {
        let mut sets = vec![PolicySet { name: "project".to_owned(), project }];
        if let Some(against) = against {
            sets.push(PolicySet { name: against.name.clone(), project: &against.project });
        }
        for set in &sets {
            self.check_parameters(set.project)?;
        }
        Ok(sets)
    }

    /// The services that are tested, each with the policies of each set; notes in the report what is not.
    fn judged_services<'p>(
        &self,
        project: &'p Project,
        sets: &[PolicySet<'_>],
        request: &BacktestRequest,
        report: &mut Backtest,
    ) -> Result<Vec<Judged<'p>>, EngineError> {
        let mut judged = Vec::new();
        for service in self.services(project, &request.services)? {
            let mut of_sets = Vec::new();
            for set in sets {
                let mut policies = self.judges(set.project, service, request.gate.as_deref())?;
                policies.retain(|policy| {
                    let is_check = self.is_check(set.project, &policy.policy);
                    if is_check {
                        report.left_out.push(policy.policy.about.name.to_string());
                    }
                    !is_check
                });
                of_sets.push(policies);
            }
            if of_sets.iter().all(Vec::is_empty) {
                if !request.services.is_empty() {
                    return Err(nothing_judged(service.about.name.as_str(), &report.gate));
                }
                report.not_judged.push(service.about.name.to_string());
                continue;
            }
            judged.push(Judged { service, policies: of_sets });
        }
        report.left_out.sort();
        report.left_out.dedup();
        if judged.is_empty() {
            return Err(nothing_judged("any service", &report.gate));
        }
        Ok(judged)
    }

    /// Whether a policy's plugin is a check. A plugin that can't be loaded has been reported by [`Engine::judges`].
    pub(crate) fn is_check(&self, project: &Project, policy: &Policy) -> bool {
        let limits = plugins::limits(&policy.limits.or(&project.file.limits));
        let plugin = self.plugins.named(project, policy.about.plugin.as_str(), &limits);
        plugin.is_ok_and(|plugin| plugin.kind() == Kind::Check)
    }

    /// The length of slices, in seconds, in which an SLO has to be measured to be looked at from any minute.
    pub(crate) fn grain<'e>(&'e self, project: &'e Project) -> impl Fn(&Service, &Slo) -> u32 + 'e {
        |service, slo| if self.settles(project, service, slo) { slo.slice_seconds() } else { grain(slo) }
    }

    /// Whether the calculator of an SLO judges slices. One that fails says so when events are read.
    fn settles(&self, project: &Project, service: &Service, slo: &Slo) -> bool {
        let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { return false };
        let Some(plugin) = &sli.plugin else { return false };
        let limits = plugins::limits(&project.file.limits);
        let params = serde_json::Value::Object(sli.params.clone()).to_string();
        self.plugins
            .named(project, plugin.as_str(), &limits)
            .ok()
            .and_then(|plugin| plugin.calculator(sli.name.as_str(), &limits).ok())
            .and_then(|mut calculator| calculator.prepare(&params).ok())
            .is_some_and(|answer| answer.value.settles)
    }

    /// The ledgers of a service with what a recording has to know of them.
    fn recorded(&self, project: &Project, service: &Service, ledgers: Vec<SloLedger>) -> Vec<Recorded> {
        let measured = service.slos.iter().filter(|slo| slo.sli.is_some());
        measured
            .zip(ledgers)
            .map(|(slo, ledger)| Recorded {
                ledger,
                slice_seconds: slo.slice_seconds(),
                settles: self.settles(project, service, slo),
            })
            .collect()
    }
}

/// The report before anything is known.
fn empty_report(request: &BacktestRequest, sets: &[PolicySet<'_>]) -> Backtest {
    Backtest {
        schema_version: report::BACKTEST_VERSION,
        from: request.from,
        until: request.until,
        step_seconds: request.step_seconds,
        change: request.change,
        gate: request.gate.as_deref().unwrap_or(USUAL_GATE).to_owned(),
        incident_within_seconds: request.incident_within_seconds,
        policy_sets: sets.iter().map(|set| set.name.clone()).collect(),
        services: Vec::new(),
        totals: Vec::new(),
        not_judged: Vec::new(),
        left_out: Vec::new(),
        events: EventCounts::default(),
        notes: Vec::new(),
    }
}
