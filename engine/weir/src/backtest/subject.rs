//! The steps of one service, and all services side by side.

use std::ops::Range;

use jiff::Timestamp;
use weir_model::service::Service;
use weir_model::{Change, Effect};

use super::course::{self, Answer};
use super::happened;
use super::recording::{MINUTE, Recording};
use super::report::{BurnDown, Course, Deploy, Incident, ServiceBacktest};
use super::steps::Steps;
use crate::case::Case;
use crate::decide::{Armed, Decided, Outlook, Question, decide_each};
use crate::engine::EngineError;
use crate::measured::{MeasuredSlo, Standing};
use crate::parallel::in_parallel;
use crate::talk::Talk;

/// How many steps one thread takes at a time, and a plugin is asked about with one call: enough for the call to cost next to
/// nothing beside them, and few enough for the limits of a call.
const BATCH_STEPS: usize = 128;

/// One service with all that its test takes.
#[derive(Debug)]
pub(super) struct Subject<'p> {
    pub(super) service: &'p Service,
    pub(super) case: Case,
    /// The policies of each set.
    pub(super) armed: Vec<Vec<Armed>>,
    pub(super) recording: Recording<'p>,
    pub(super) deploys: Vec<happened::Deploy>,
    pub(super) incidents: Vec<Incident>,
}

/// A service at one instant, to be decided on.
#[derive(Debug)]
struct Moment {
    case: Case,
    standing: Standing,
}

/// What is known at one step.
#[derive(Debug)]
struct Step {
    /// One for each set of policies.
    answers: Vec<Answer>,
    /// What is left of each error budget.
    remaining: Vec<Option<String>>,
}

/// What the policies of each set say at some moments, and what their plugins wrote to their logs.
type Answers = Vec<(Vec<Answer>, Talk)>;

/// Takes all steps of all services, on as many threads as the machine runs at once, and puts them together. With them comes
/// what the plugins of each set of policies wrote to their logs.
pub(super) fn courses(
    subjects: &[Subject<'_>],
    steps: &Steps,
    within: u64,
) -> Result<(Vec<ServiceBacktest>, Vec<Talk>), EngineError> {
    let count = usize::try_from(steps.count()).unwrap_or(usize::MAX);
    let batches = count.div_ceil(BATCH_STEPS);
    let jobs = subjects.iter().flat_map(|subject| (0..batches).map(move |batch| (subject, batch)));
    let taken = in_parallel(jobs.collect(), |(subject, batch)| {
        let first = batch * BATCH_STEPS;
        let last = count.min(first.saturating_add(BATCH_STEPS));
        subject.take(first..last, steps)
    });
    let mut taken = taken.into_iter();
    let mut talks = Vec::new();
    let mut services = Vec::new();
    for subject in subjects {
        let mut of_subject = Vec::new();
        for taken in taken.by_ref().take(batches) {
            let (steps, heard) = taken?;
            of_subject.extend(steps);
            join(&mut talks, heard);
        }
        let (service, heard) = subject.together(of_subject, steps, within)?;
        services.push(service);
        join(&mut talks, heard);
    }
    Ok((services, talks))
}

/// Joins what was heard of each set of policies with what was heard later.
fn join(talks: &mut Vec<Talk>, later: Vec<Talk>) {
    talks.resize(talks.len().max(later.len()), Talk::default());
    talks.iter_mut().zip(later).for_each(|(talk, later)| talk.join(later));
}

impl Subject<'_> {
    /// Takes some of the steps. With them comes what the plugins of each set wrote to their logs.
    fn take(&self, range: Range<usize>, steps: &Steps) -> Result<(Vec<Step>, Vec<Talk>), EngineError> {
        let moments: Vec<Moment> =
            range.map(|number| self.moment(steps.at(number), self.case.change)).collect::<Result<_, _>>()?;
        let mut taken: Vec<Step> = moments
            .iter()
            .map(|moment| Step {
                answers: Vec::with_capacity(self.armed.len()),
                remaining: moment.standing.judged.iter().map(left).collect(),
            })
            .collect();
        let mut talks = Vec::new();
        for (answers, talk) in self.answers(&moments) {
            for (step, answer) in taken.iter_mut().zip(answers) {
                step.answers.push(answer);
            }
            talks.push(talk);
        }
        Ok((taken, talks))
    }

    /// The service at an instant that begins a minute.
    fn moment(&self, at: Timestamp, change: Change) -> Result<Moment, EngineError> {
        let case = Case { at, change, ..self.case.clone() };
        Ok(Moment { standing: Standing { judged: self.recording.at(at)?, shown: Vec::new() }, case })
    }

    /// What each set of policies says at each moment.
    fn answers(&self, moments: &[Moment]) -> Answers {
        let questions: Vec<Question<'_>> =
            moments.iter().map(|Moment { case, standing }| Question { case, standing }).collect();
        let answer = |decided: Decided, talk: &mut Talk| {
            let verdict = decided.verdict;
            talk.hear(&verdict.service, &verdict.policies);
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
        let of_set = |armed: &Vec<Armed>| {
            let mut talk = Talk::default();
            let decided = decide_each(&questions, armed, Outlook::Nothing).into_iter();
            (decided.map(|decided| answer(decided, &mut talk)).collect(), talk)
        };
        self.armed.iter().map(of_set).collect()
    }

    /// Puts the steps of the service together.
    fn together(
        &self,
        taken: Vec<Step>,
        steps: &Steps,
        within: u64,
    ) -> Result<(ServiceBacktest, Vec<Talk>), EngineError> {
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
        let (deploys, talks): (Vec<_>, Vec<_>) = self.judged_deploys(within)?.into_iter().unzip();
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
        let backtest = ServiceBacktest {
            service: self.service.about.name.to_string(),
            sets,
            differences,
            incidents: self.incidents.clone(),
            budgets,
        };
        Ok((backtest, talks))
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
    fn judged_deploys(&self, within: u64) -> Result<Vec<(Vec<Deploy>, Talk)>, EngineError> {
        let moments: Vec<Moment> = self
            .deploys
            .iter()
            .map(|deploy| self.moment(start_of_minute(deploy.at), deploy.change))
            .collect::<Result<_, _>>()?;
        let judge = |answers: Vec<Answer>| {
            let judged = self.deploys.iter().zip(answers);
            judged
                .map(|(deploy, answer)| Deploy {
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
                })
                .collect()
        };
        Ok(self.answers(&moments).into_iter().map(|(answers, talk)| (judge(answers), talk)).collect())
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
