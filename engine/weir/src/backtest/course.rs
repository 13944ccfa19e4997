//! From answers step by step to stretches of time.

use weir_model::Effect;

use super::report::{
    Alert, Backtest, Course, Deploy, Detected, Detection, Difference, Incident, Run, Time, Totals,
};
use super::steps::Steps;
use crate::decide::Burning;

/// What a set of policies says at one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) effect: Effect,
    pub(super) undecided: bool,
    pub(super) policy: Option<String>,
    pub(super) clause: Option<String>,
    pub(super) reason: String,
    /// The clauses about burn rates that hold.
    pub(super) burning: Vec<Burning>,
}

/// Joins the steps at which the same clause of the same policy decided on the same effect.
pub(super) fn runs(answers: &[Answer], steps: &Steps) -> Vec<Run> {
    let cause =
        |answer: &Answer| (answer.effect, answer.undecided, answer.policy.clone(), answer.clause.clone());
    let mut runs = Vec::new();
    let mut first = 0;
    for run in answers.chunk_by(|one, other| cause(one) == cause(other)) {
        if let Some(answer) = run.first() {
            runs.push(Run {
                from: steps.at(first),
                until: steps.at(first + run.len()),
                effect: answer.effect,
                undecided: answer.undecided,
                policy: answer.policy.clone(),
                clause: answer.clause.clone(),
                reason: answer.reason.clone(),
            });
        }
        first += run.len();
    }
    runs
}

/// For how long each effect stood.
pub(super) fn time(runs: &[Run]) -> Time {
    let mut time = Time::default();
    for run in runs {
        let seconds = run.until.as_second().saturating_sub(run.from.as_second()).unsigned_abs();
        let part = match (run.undecided, run.effect) {
            (true, _) => &mut time.undecided,
            (false, Effect::Allow) => &mut time.allow,
            (false, Effect::Warn) => &mut time.warn,
            (false, Effect::Hold) => &mut time.hold,
            (false, Effect::Freeze) => &mut time.freeze,
        };
        *part += seconds;
    }
    time
}

/// Where two sets of policies have different effects.
pub(super) fn differences(own: &[Answer], others: &[Answer], steps: &Steps) -> Vec<Difference> {
    let both: Vec<[(Effect, bool); 2]> = own
        .iter()
        .zip(others)
        .map(|(own, other)| [(own.effect, own.undecided), (other.effect, other.undecided)])
        .collect();
    let mut differences = Vec::new();
    let mut first = 0;
    for run in both.chunk_by(PartialEq::eq) {
        if let Some([own, other]) = run.first()
            && own != other
        {
            differences.push(Difference {
                from: steps.at(first),
                until: steps.at(first + run.len()),
                effect: own.0,
                undecided: own.1,
                against: other.0,
                against_undecided: other.1,
            });
        }
        first += run.len();
    }
    differences
}

/// The clauses about burn rates, each from the step at which it began to hold, in the order of their beginnings.
pub(super) fn alerts(answers: &[Answer], steps: &Steps) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    // Of each alert that holds, the place.
    let mut open: Vec<(&Burning, usize)> = Vec::new();
    for (step, answer) in answers.iter().enumerate() {
        open.retain(|(burning, place)| {
            let holds = answer.burning.contains(burning);
            if !holds && let Some(alert) = alerts.get_mut(*place) {
                alert.until = Some(steps.at(step));
            }
            holds
        });
        for burning in &answer.burning {
            if !open.iter().any(|(known, _)| *known == burning) {
                open.push((burning, alerts.len()));
                alerts.push(Alert {
                    policy: burning.policy.clone(),
                    clause: burning.clause.clone(),
                    slo: burning.slo.clone(),
                    from: steps.at(step),
                    until: None,
                    incident: None,
                });
            }
        }
    }
    alerts
}

/// Holds alerts against incidents, and notes in each alert the first incident that it was about.
///
/// An alert is about an incident when the times of both overlap. An incident lasts from when it began until its cause was
/// gone, else until its effects ended, else to the end. Where nobody knows when it began, it was `within` seconds before
/// it was declared at the earliest.
pub(super) fn detection(
    alerts: &mut [Alert],
    incidents: &[Incident],
    within: u64,
    steps: &Steps,
) -> Detection {
    let mut of_incidents = Vec::new();
    for incident in incidents {
        let began = incident.began.unwrap_or(incident.declared).as_second();
        let earliest = match incident.began {
            Some(_) => began,
            None => began.saturating_sub_unsigned(within),
        };
        let ended = incident.resolved.or(incident.mitigated).unwrap_or(steps.until).as_second();
        let mut first: Option<i64> = None;
        let mut last: Option<i64> = None;
        let mut open = false;
        for alert in alerts.iter_mut() {
            let from = alert.from.as_second();
            let until = alert.until.map(|until| until.as_second());
            if from >= ended || until.is_some_and(|until| until <= earliest) {
                continue;
            }
            alert.incident.get_or_insert_with(|| incident.id.clone());
            first = Some(first.map_or(from, |first| first.min(from)));
            last = last.max(until);
            open |= until.is_none();
        }
        let over = incident.mitigated.or(incident.resolved).map(|over| over.as_second());
        of_incidents.push(Detected {
            incident: incident.id.clone(),
            detection_seconds: first.map(|first| first.saturating_sub(began)),
            reset_seconds: last.filter(|_| !open).zip(over).map(|(last, over)| last.saturating_sub(over)),
        });
    }
    let detected = of_incidents.iter().filter(|detected| detected.detection_seconds.is_some()).count();
    let justified = alerts.iter().filter(|alert| alert.incident.is_some()).count();
    Detection { of_incidents, ..summary(alerts.len(), justified, incidents.len(), detected) }
}

/// All services together, one for each set of policies.
pub(super) fn totals(report: &Backtest) -> Vec<Totals> {
    (0..report.policy_sets.len())
        .map(|set| {
            let courses = report.services.iter().filter_map(|service| service.sets.get(set));
            courses.fold(Totals::default(), |totals, course| add(&totals, course))
        })
        .collect()
}

fn add(totals: &Totals, course: &Course) -> Totals {
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
        detection: summary(
            known.alerts + new.alerts,
            known.justified + new.justified,
            known.incidents + new.incidents,
            known.detected + new.detected,
        ),
    }
}

/// Precision and recall of so many alerts and incidents.
fn summary(alerts: usize, justified: usize, incidents: usize, detected: usize) -> Detection {
    let share = |part: usize, whole: usize| {
        let part = i128::try_from(part).ok()?;
        Some(weir_math::Ratio::new(part, u128::try_from(whole).ok()?)?.percent_string(1))
    };
    Detection {
        alerts,
        justified,
        incidents,
        detected,
        precision: share(justified, alerts),
        recall: share(detected, incidents),
        of_incidents: Vec::new(),
    }
}
