//! Back-testing: what a gate would have said at every step of a stretch of time, on what was known then.
//!
//! It is the gate's own path with time simulated: the same ledgers, the same plugins, the same combination. Events are read
//! once; at each step only those count that happened before it. What is not done is what nobody reads: looking ahead.

mod course;
mod happened;
mod recording;
mod report;
mod steps;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use weir_host::Kind;
use weir_model::policy::Policy;
use weir_model::service::Service;
use weir_model::{Change, Effect, EventCounts};

use self::course::Answer;
use self::happened::Happened;
use self::recording::{MINUTE, Recorded, Recording, grain};
use self::steps::Steps;
use crate::case::{Case, CasePolicy};
use crate::decide::{Armed, Outlook, decide};
use crate::engine::{Engine, EngineError, USUAL_GATE, nothing_judged};
use crate::measure::{self, Events, SloLedger, Stretch};
use crate::measured::{MeasuredSlo, Standing};
use crate::plugins;
use crate::project::{Project, ProjectError};

pub use self::report::{
    Alert, Backtest, BurnDown, Course, Deploy, Detected, Detection, Difference, Incident, Run,
    ServiceBacktest, Time, Totals,
};

/// How many steps one thread takes at a time.
const BATCH_STEPS: usize = 256;

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

/// One service with all that its test takes.
#[derive(Debug)]
struct Subject<'p> {
    service: &'p Service,
    case: Case,
    /// The policies of each set.
    armed: Vec<Vec<Armed>>,
    recording: Recording<'p>,
    deploys: Vec<happened::Deploy>,
    incidents: Vec<Incident>,
}

/// What is known at one step.
#[derive(Debug)]
struct Step {
    /// One for each set of policies.
    answers: Vec<Answer>,
    /// What is left of each error budget.
    remaining: Vec<Option<String>>,
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
        let steps = Steps::new(request.from, request.until, request.step_seconds)?;
        let sets = self.policy_sets(project, against)?;
        let mut report = Backtest {
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
        };
        let judged = self.judged_services(project, &sets, request, &mut report)?;
        let services: Vec<&Service> = judged.iter().map(|(service, _)| *service).collect();
        let stretch = Stretch {
            from: request.from,
            until: request.until,
            slice_seconds: &|service, slo| {
                if self.settles(project, service, slo) { slo.slice_seconds() } else { grain(slo) }
            },
        };
        let reading = measure::read_stretch(project, &self.plugins, &services, &stretch, &request.events)?;
        report.events = reading.counts;
        let happened = Happened::of(&reading.kept)?;
        let mut subjects = Vec::new();
        for ((service, policies), ledgers) in judged.into_iter().zip(reading.services) {
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
        report.services = courses(&subjects, &steps, request.incident_within_seconds)?;
        report.totals = totals(&report);
        Ok(report)
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
    ) -> Result<Vec<(&'p Service, Vec<Vec<CasePolicy>>)>, EngineError> {
        let mut services: Vec<&Service> = Vec::new();
        for name in &request.services {
            services.push(self.service_file(project, name)?);
        }
        if services.is_empty() {
            services.extend(project.services());
        }
        services.sort_by_key(|service| service.about.name.as_str());
        services.dedup_by_key(|service| service.about.name.as_str());
        let mut judged = Vec::new();
        for service in services {
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
            judged.push((service, of_sets));
        }
        report.left_out.sort();
        report.left_out.dedup();
        if judged.is_empty() {
            return Err(nothing_judged("any service", &report.gate));
        }
        Ok(judged)
    }

    /// Whether a policy's plugin is a check. A plugin that can't be loaded has been reported by [`Engine::judges`].
    fn is_check(&self, project: &Project, policy: &Policy) -> bool {
        let limits = plugins::limits(&policy.limits.or(&project.file.limits));
        let plugin = self.plugins.named(project, policy.about.plugin.as_str(), &limits);
        plugin.is_ok_and(|plugin| plugin.kind() == Kind::Check)
    }

    /// Whether the calculator of an SLO judges slices. One that fails says so when events are read.
    fn settles(&self, project: &Project, service: &Service, slo: &weir_model::Slo) -> bool {
        let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { return false };
        let limits = plugins::limits(&project.file.limits);
        let params = serde_json::Value::Object(sli.params.clone()).to_string();
        self.plugins
            .named(project, sli.plugin.as_str(), &limits)
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

/// Takes all steps of all services, on as many threads as the machine runs at once, and puts them together.
fn courses(
    subjects: &[Subject<'_>],
    steps: &Steps,
    within: u64,
) -> Result<Vec<ServiceBacktest>, EngineError> {
    let count = usize::try_from(steps.count()).unwrap_or(usize::MAX);
    let batches = count.div_ceil(BATCH_STEPS);
    let taken = in_parallel(subjects.len().saturating_mul(batches), |job| {
        let (subject, batch) = (job / batches.max(1), job % batches.max(1));
        let first = batch * BATCH_STEPS;
        let last = count.min(first.saturating_add(BATCH_STEPS));
        subjects.get(subject).map_or_else(|| Ok(Vec::new()), |subject| subject.take(first..last, steps))
    });
    let mut taken = taken.into_iter();
    subjects
        .iter()
        .map(|subject| {
            let batches: Vec<Vec<Step>> = taken.by_ref().take(batches).collect::<Result<_, _>>()?;
            subject.together(batches.into_iter().flatten().collect(), steps, within)
        })
        .collect()
}

impl Subject<'_> {
    /// Takes some of the steps.
    fn take(&self, range: std::ops::Range<usize>, steps: &Steps) -> Result<Vec<Step>, EngineError> {
        let mut case = self.case.clone();
        range
            .map(|number| {
                case.at = steps.at(number);
                let slos = self.recording.at(case.at)?;
                let remaining = slos.iter().map(left).collect();
                let standing = Standing { judged: slos, shown: Vec::new() };
                Ok(Step { answers: self.answers(&case, &standing), remaining })
            })
            .collect()
    }

    /// What each set of policies says.
    fn answers(&self, case: &Case, standing: &Standing) -> Vec<Answer> {
        let answer = |armed: &Vec<Armed>| {
            let decided = decide(case, armed, standing, Outlook::Nothing);
            let verdict = decided.verdict;
            let (policy, clause) = verdict.decided_by.map(|by| (by.policy, by.clause)).unzip();
            Answer {
                effect: verdict.effect,
                undecided: verdict.undecided,
                policy,
                clause,
                reason: verdict.reason,
                burning: decided.burning,
            }
        };
        self.armed.iter().map(answer).collect()
    }

    /// Puts the steps of the service together.
    fn together(&self, taken: Vec<Step>, steps: &Steps, within: u64) -> Result<ServiceBacktest, EngineError> {
        let mut answers: Vec<Vec<Answer>> = self.armed.iter().map(|_| Vec::new()).collect();
        let mut budgets = self.budgets(steps.from)?;
        for step in taken {
            for (answers, answer) in answers.iter_mut().zip(step.answers) {
                answers.push(answer);
            }
            for (budget, remaining) in budgets.iter_mut().zip(step.remaining) {
                budget.remaining.push(remaining);
            }
        }
        let deploys = self.judged_deploys(within)?;
        let sets = answers.iter().zip(deploys).map(|(answers, deploys)| {
            let runs = course::runs(answers, steps);
            let mut alerts = course::alerts(answers, steps);
            let detection = course::detection(&mut alerts, &self.incidents, within, steps);
            Course { time: course::time(&runs), runs, deploys, alerts, detection }
        });
        let sets: Vec<Course> = sets.collect();
        let differences = match answers.as_slice() {
            [own, others] => course::differences(own, others, steps),
            _ => Vec::new(),
        };
        Ok(ServiceBacktest {
            service: self.service.about.name.to_string(),
            sets,
            differences,
            incidents: self.incidents.clone(),
            budgets,
        })
    }

    /// The budgets of the SLOs that count, without any step.
    fn budgets(&self, at: Timestamp) -> Result<Vec<BurnDown>, EngineError> {
        let slos = self.recording.at(at)?;
        let budget = |slo: &MeasuredSlo| BurnDown {
            slo: slo.name().to_string(),
            objective: slo.objective().to_string(),
            window: slo.window().to_string(),
            remaining: Vec::new(),
        };
        Ok(slos.iter().map(budget).collect())
    }

    /// The deploys, judged by each set of policies.
    fn judged_deploys(&self, within: u64) -> Result<Vec<Vec<Deploy>>, EngineError> {
        let mut judged: Vec<Vec<Deploy>> = self.armed.iter().map(|_| Vec::new()).collect();
        let mut case = self.case.clone();
        for deploy in &self.deploys {
            case.change = deploy.change;
            case.at = start_of_minute(deploy.at);
            let standing = Standing { judged: self.recording.at(case.at)?, shown: Vec::new() };
            for (judged, answer) in judged.iter_mut().zip(self.answers(&case, &standing)) {
                judged.push(Deploy {
                    id: deploy.id.clone(),
                    at: deploy.at,
                    version: deploy.version.clone(),
                    change: deploy.change,
                    effect: answer.effect,
                    undecided: answer.undecided,
                    stopped: answer.effect >= Effect::Hold,
                    policy: answer.policy,
                    clause: answer.clause,
                    followed_by: self.followed_by(deploy.at, within),
                });
            }
        }
        Ok(judged)
    }

    /// The first incident that began, or was declared where nobody knows when it began, soon after an instant.
    fn followed_by(&self, at: Timestamp, within: u64) -> Option<String> {
        let start = |incident: &Incident| incident.began.unwrap_or(incident.declared);
        let soon = |incident: &&Incident| {
            let later = start(incident).as_second().saturating_sub(at.as_second());
            start(incident) >= at && later.unsigned_abs() <= within
        };
        self.incidents
            .iter()
            .filter(soon)
            .min_by_key(|incident| start(incident))
            .map(|incident| incident.id.clone())
    }
}

fn left(slo: &MeasuredSlo) -> Option<String> {
    Some(slo.budget().remaining()?.percent_string(2))
}

fn start_of_minute(at: Timestamp) -> Timestamp {
    let minute = i64::try_from(MINUTE).unwrap_or(i64::MAX);
    let second = at.as_second().div_euclid(minute).saturating_mul(minute);
    Timestamp::from_second(second).unwrap_or(at)
}

/// All services together, one for each set of policies.
fn totals(report: &Backtest) -> Vec<Totals> {
    (0..report.policy_sets.len())
        .map(|set| {
            let courses = report.services.iter().filter_map(|service| service.sets.get(set));
            courses.fold(Totals::default(), add)
        })
        .collect()
}

fn add(totals: Totals, course: &Course) -> Totals {
    let (sum, more) = (&totals.time, &course.time);
    let count = |holds: fn(&Deploy) -> bool| course.deploys.iter().filter(|deploy| holds(deploy)).count();
    let (known, new) = (&totals.detection, &course.detection);
    Totals {
        time: Time {
            allow: sum.allow + more.allow,
            warn: sum.warn + more.warn,
            hold: sum.hold + more.hold,
            freeze: sum.freeze + more.freeze,
            undecided: sum.undecided + more.undecided,
        },
        deploys: totals.deploys + course.deploys.len(),
        stopped: totals.stopped + count(|deploy| deploy.stopped),
        allowed_and_followed: totals.allowed_and_followed
            + count(|deploy| !deploy.stopped && deploy.followed_by.is_some()),
        stopped_and_followed: totals.stopped_and_followed
            + count(|deploy| deploy.stopped && deploy.followed_by.is_some()),
        detection: course::summary(
            known.alerts + new.alerts,
            known.justified + new.justified,
            known.incidents + new.incidents,
            known.detected + new.detected,
        ),
    }
}

/// Does jobs on as many threads as the machine runs at once. The results are in the order of the jobs, whoever did them.
fn in_parallel<T: Send>(jobs: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= jobs {
                        return;
                    }
                    let result = work(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((job, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(job, _)| *job);
    done.into_iter().map(|(_, result)| result).collect()
}
