//! A project at an instant, in one report: budgets and how they went down, burn rates, verdicts, findings.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;
use weir_math::{Ratio, Window};
use weir_model::finding::{Outcome, Weight};
use weir_model::service::{Lifecycle, Service, Tier};
use weir_model::verdict::{PolicyOutcome, SloStatus, Verdict};
use weir_model::{Change, Effect, EventCounts};

use crate::case::{Case, CasePolicy};
use crate::decide::{Armed, Outlook, decide};
use crate::engine::{Engine, EngineError, USUAL_GATE};
use crate::measure::{self, Events, SloLedger};
use crate::measured::{Entry, Slos, Standing};
use crate::project::Project;

/// The version of the report's JSON form.
const REPORT_VERSION: u32 = 1;

/// The history of a budget has at most about so many points: more than a picture of it can show.
const MOST_POINTS: u64 = 300;

/// What may lie between two points of a history, in seconds: from a minute to a week.
const STEPS: [u64; 12] = [60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/// The windows that burn rates are told over whatever the policies ask for, in seconds: those of the usual alerts.
const WINDOWS: [u64; 6] = [300, 1800, 3600, 21_600, 86_400, 259_200];

/// What a report is asked about.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The services; empty for all of the project.
    pub services: Vec<String>,
    /// What kind of change the gate is asked about.
    pub change: Change,
    /// The gate; none for `deploy` when there is one, and else for all policies.
    pub gate: Option<String>,
    /// The instant that the report is about.
    pub at: Timestamp,
    /// Which events are read.
    pub events: Events,
}

/// A project at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The version of this form.
    pub schema_version: u32,
    /// The project's name.
    pub project: String,
    /// The instant.
    pub at: Timestamp,
    /// What kind of change the gate was asked about.
    pub change: Change,
    /// The gate that was asked.
    pub gate: String,
    /// All services together.
    pub totals: ReportTotals,
    /// The services, the worst first: by the effect of their verdicts, then by what is left of their lowest budget, then by
    /// their names.
    pub services: Vec<ServiceReport>,
    /// What became of the events that were read.
    pub events: EventCounts,
}

/// How many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReportTotals {
    /// Services whose changes may go out.
    pub allow: usize,
    /// Services whose changes may go out with a warning.
    pub warn: usize,
    /// Services whose changes have to wait for an approval.
    pub hold: usize,
    /// Services whose changes do not go out.
    pub freeze: usize,
    /// Services of which nobody can tell. They count as nothing else.
    pub undecided: usize,
    /// Services that no policy judges at this gate.
    pub not_judged: usize,
    /// SLOs.
    pub slos: usize,
    /// SLOs whose error budget is overspent.
    pub overspent: usize,
    /// SLOs that can't be judged.
    pub without_data: usize,
    /// Required rules that failed.
    pub failed: usize,
    /// Required rules that were waived.
    pub waived: usize,
}

/// A service at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceReport {
    /// The service.
    pub service: String,
    /// The team that answers for it.
    pub owner: String,
    /// How much depends on it.
    pub tier: Tier,
    /// Where it stands between experiment and retirement.
    pub lifecycle: Lifecycle,
    /// What it does, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the gate says; none when no policy judges the service there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The error budget of which the least is left, among the SLOs that can be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest: Option<LowestBudget>,
    /// Its SLOs, in the order of the service file.
    pub slos: Vec<SloReport>,
    /// What the checks say that the gate does not ask.
    pub other_checks: Vec<PolicyOutcome>,
}

/// The error budget of a service of which the least is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LowestBudget {
    /// The SLO.
    pub slo: String,
    /// What is left, in percent of the budget, rounded to two places.
    pub remaining: String,
}

/// An SLO at an instant, and on the way there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SloReport {
    /// How it stands.
    pub status: SloStatus,
    /// What was left of the error budget during the SLO's window.
    pub history: BudgetHistory,
    /// Burn rates, the shortest window first: the usual windows, as far as they fit into the SLO's own, and those that the
    /// policies ask for.
    pub burns: Vec<Burn>,
}

/// What was left of an error budget over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BudgetHistory {
    /// The instant of the first point. The last one is the report's.
    pub from: Timestamp,
    /// From one point to the next, in seconds.
    pub step_seconds: u64,
    /// What was left at each point, in percent of the budget, rounded to two places. None where nothing had counted, and
    /// where data had gone stale.
    pub remaining: Vec<Option<String>>,
}

/// A burn rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Burn {
    /// Its window, in seconds.
    pub window_seconds: u64,
    /// The burn rate over the window up to the instant, rounded to two places; none where nothing counted.
    pub burn: Option<String>,
}

/// A service with what is asked about it.
#[derive(Debug)]
struct Asked<'p> {
    service: &'p Service,
    case: Case,
    /// The policies of the gate.
    armed: Vec<Armed>,
    /// The checks that the gate does not ask.
    others: Vec<Armed>,
}

impl Engine {
    /// Tells how a project stands at an instant: what the gate says of each service, its SLOs with the history of their
    /// budgets and their burn rates, and all its checks. Nothing is recorded.
    ///
    /// # Errors
    /// When the question or the project is wrong, or events can't be read. A plugin that fails is no error here, as at the
    /// gate, and neither is a service that no policy judges.
    pub fn report(&self, project: &Project, request: &ReportRequest) -> Result<Report, EngineError> {
        self.check_parameters(project)?;
        let services = self.services(project, &request.services)?;
        // Reading takes longest: what is wrong with the question is told before.
        let asked: Vec<Asked<'_>> = services
            .iter()
            .map(|service| self.asked(project, service, request))
            .collect::<Result<_, EngineError>>()?;
        let reading = measure::read(project, &self.plugins, &services, request.at, &request.events)?;
        let mut reports = Vec::new();
        let mut totals = ReportTotals::default();
        for (mut asked, ledgers) in asked.into_iter().zip(reading.services) {
            asked.case.events = reading.counts.clone();
            let (least, report) = asked.report(&ledgers)?;
            totals.add(&report);
            reports.push((least, report));
        }
        reports.sort_by_cached_key(|(least, report)| {
            let effect = report.verdict.as_ref().map(|verdict| (verdict.effect, !verdict.undecided));
            (Reverse(effect), least.is_none(), *least, report.service.clone())
        });
        Ok(Report {
            schema_version: REPORT_VERSION,
            project: project.file.about.name.to_string(),
            at: request.at,
            change: request.change,
            gate: request.gate.as_deref().unwrap_or(USUAL_GATE).to_owned(),
            totals,
            services: reports.into_iter().map(|(_, report)| report).collect(),
            events: reading.counts,
        })
    }

    fn asked<'p>(
        &self,
        project: &Project,
        service: &'p Service,
        request: &ReportRequest,
    ) -> Result<Asked<'p>, EngineError> {
        let mut case = self.empty_case(project, service, request.at);
        case.change = request.change;
        case.gate = request.gate.as_deref().unwrap_or(USUAL_GATE).to_owned();
        let policies = self.judges(project, service, request.gate.as_deref())?;
        let is_asked = |check: &CasePolicy| {
            policies.iter().any(|policy| policy.policy.about.name == check.policy.about.name)
        };
        let mut others = self.checks(project, service)?;
        others.retain(|check| !is_asked(check));
        Ok(Asked { service, case, armed: self.arm(project, &policies)?, others: self.arm(project, &others)? })
    }
}

impl Asked<'_> {
    /// How the service stands, and what is left of its lowest budget.
    fn report(&self, ledgers: &[SloLedger]) -> Result<(Option<Ratio>, ServiceReport), EngineError> {
        let about = &self.service.about;
        let slos = Slos::new(self.service, ledgers)?;
        let standing = slos.standing(self.case.at);
        let now = self.case.at.as_second();
        let known = slos.entries().iter().zip(&standing.shown).filter(|(_, status)| status.gap.is_none());
        let least = known
            .filter_map(|(entry, status)| Some((entry.remaining(now)?, status.name.as_str())))
            .min_by_key(|(remaining, _)| *remaining);
        let report = ServiceReport {
            service: about.name.to_string(),
            owner: about.owner.to_string(),
            tier: about.tier,
            lifecycle: about.lifecycle,
            description: about.description.as_ref().map(ToString::to_string),
            verdict: (!self.armed.is_empty())
                .then(|| decide(&self.case, &self.armed, &standing, Outlook::Ahead).verdict),
            lowest: least.map(|(remaining, slo)| LowestBudget {
                slo: slo.to_owned(),
                remaining: remaining.percent_string(2),
            }),
            slos: self.slos(&slos, &standing),
            other_checks: decide(&self.case, &self.others, &Standing::default(), Outlook::Nothing)
                .verdict
                .policies,
        };
        Ok((least.map(|(remaining, _)| remaining), report))
    }

    fn slos(&self, slos: &Slos, standing: &Standing) -> Vec<SloReport> {
        let asked_for: Vec<u64> = self
            .armed
            .iter()
            .filter_map(|armed| armed.needs.as_ref()?.as_ref().ok())
            .flat_map(|needs| needs.value.windows.iter().copied())
            .collect();
        let report = |(entry, status): (&Entry, &SloStatus)| SloReport {
            status: status.clone(),
            history: history(entry, self.case.at),
            burns: burns(entry, &asked_for, self.case.at.as_second()),
        };
        slos.entries().iter().zip(&standing.shown).map(report).collect()
    }
}

/// What was left of an error budget, from the beginning of the SLO's window on.
fn history(entry: &Entry, at: Timestamp) -> BudgetHistory {
    let now = at.as_second();
    let step = step(entry.window(), now);
    let steps = entry.window().elapsed(now).seconds() / step;
    let before = |steps: u64| now.saturating_sub_unsigned(steps.saturating_mul(step));
    let remaining = |steps: u64| Some(entry.remaining(before(steps))?.percent_string(2));
    BudgetHistory {
        from: Timestamp::from_second(before(steps)).unwrap_or(at),
        step_seconds: step,
        remaining: (0..=steps).rev().map(remaining).collect(),
    }
}

/// The shortest step that makes few enough points of a window. It depends on the window's whole length, so that a month has
/// the same one on all its days.
fn step(window: &Window, now: i64) -> u64 {
    let length = window.nominal_seconds(now);
    let few_enough = |step: &u64| length / step <= MOST_POINTS;
    STEPS.into_iter().find(few_enough).unwrap_or(length / MOST_POINTS)
}

fn burns(entry: &Entry, asked_for: &[u64], now: i64) -> Vec<Burn> {
    let length = entry.window().nominal_seconds(now);
    let usual = WINDOWS.into_iter().filter(|seconds| *seconds <= length);
    let mut windows: Vec<u64> = usual.chain(asked_for.iter().copied()).collect();
    windows.sort_unstable();
    windows.dedup();
    let burn = |window_seconds| Burn {
        window_seconds,
        burn: entry.burn(window_seconds, now).map(|burn| burn.to_decimal_string(2)),
    };
    windows.into_iter().map(burn).collect()
}

impl ServiceReport {
    /// What all policies say that were put to a plugin: those of the gate, then the other checks.
    pub fn outcomes(&self) -> impl Iterator<Item = &PolicyOutcome> {
        let of_gate = self.verdict.iter().flat_map(|verdict| &verdict.policies);
        of_gate.chain(&self.other_checks)
    }
}

impl ReportTotals {
    fn add(&mut self, report: &ServiceReport) {
        let effect = report.verdict.as_ref().map(|verdict| (verdict.undecided, verdict.effect));
        *match effect {
            None => &mut self.not_judged,
            Some((true, _)) => &mut self.undecided,
            Some((false, Effect::Allow)) => &mut self.allow,
            Some((false, Effect::Warn)) => &mut self.warn,
            Some((false, Effect::Hold)) => &mut self.hold,
            Some((false, Effect::Freeze)) => &mut self.freeze,
        } += 1;
        for SloReport { status, .. } in &report.slos {
            self.slos += 1;
            self.without_data += usize::from(status.gap.is_some());
            let overspent = status.remaining.as_ref().is_some_and(|left| left.starts_with('-'));
            self.overspent += usize::from(status.gap.is_none() && overspent);
        }
        let findings = report.outcomes().flat_map(|outcome| &outcome.findings);
        for finding in findings.filter(|finding| finding.weight == Weight::Required) {
            self.failed += usize::from(finding.outcome == Outcome::Fail);
            self.waived += usize::from(finding.outcome == Outcome::Waived);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_has_a_round_step_and_few_enough_points() {
        let check = |window: &str, expected: u64| {
            let window = Window::rolling(window).unwrap();
            let step = step(&window, 0);
            assert_eq!(step, expected, "{window}");
            assert!(window.nominal_seconds(0) / step <= MOST_POINTS, "{window}");
        };
        check("1h", 60);
        check("1d", 300);
        check("7d", 3600);
        check("28d", 10_800);
        check("30d", 10_800);
        check("90d", 43_200);
        check("365d", 172_800);
        check("36500d", 36_500 * 86_400 / 300);
    }
}
