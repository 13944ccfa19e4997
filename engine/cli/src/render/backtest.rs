//! A back-test for people.

pub(crate) mod html;

use weir::{
    Alert, Backtest, Course, Deploy, Detected, Difference, Incident, Run, ServiceBacktest, Time, Totals,
};
use weir_math::format_duration;

use crate::output::bold;
use crate::render::table::{table, text};
use crate::render::{Clock, effect_words, events};

/// Service by service: what the policies say, stretch by stretch, what they would have stopped, what the alerts are worth.
pub(crate) fn report(report: &Backtest, clock: &Clock) -> String {
    let mut out = headline(report, clock);
    for service in &report.services {
        out.push('\n');
        out.push_str(&of_service(service, report, clock));
    }
    if report.services.len() > 1 {
        out.push_str(&format!("\n{}\n", bold("all services")));
        for (name, totals) in report.policy_sets.iter().zip(&report.totals) {
            out.push_str(&format!("{}{}", set_heading(report, name), of_totals(totals, report)));
        }
    }
    out.push('\n');
    out.push_str(&events(&report.events));
    out
}

fn headline(report: &Backtest, clock: &Clock) -> String {
    let mut out = format!(
        "{} from {} to {}, every {}: {} at gate `{}`\n",
        bold("Back-test"),
        clock.show(report.from),
        clock.show(report.until),
        format_duration(report.step_seconds),
        report.change,
        report.gate,
    );
    if !report.left_out.is_empty() {
        let names = report.left_out.join(", ");
        out.push_str(&format!("  left out: {names} (a check: what its documents said then is not known)\n"));
    }
    if !report.not_judged.is_empty() {
        out.push_str(&format!("  judged by no policy: {}\n", report.not_judged.join(", ")));
    }
    out
}

fn of_service(service: &ServiceBacktest, report: &Backtest, clock: &Clock) -> String {
    let mut out = format!("{}\n", bold(&service.service));
    for (name, course) in report.policy_sets.iter().zip(&service.sets) {
        out.push_str(&set_heading(report, name));
        out.push_str(&format!("  {}\n", times(&course.time)));
        out.push_str(&text(&runs(&course.runs, clock)));
        out.push_str(&deploys(course, report, clock));
        out.push_str(&alerts(course, &service.incidents, clock));
    }
    if report.policy_sets.len() > 1 {
        out.push_str(&differences(&service.differences, report, clock));
    }
    out
}

/// Which policies are speaking, where there are two sets of them.
fn set_heading(report: &Backtest, name: &str) -> String {
    if report.policy_sets.len() > 1 { format!("\n  {}\n", bold(&set_name(name))) } else { String::new() }
}

fn set_name(name: &str) -> String {
    if name == "project" { "policies of the project".to_owned() } else { format!("policies of {name}") }
}

/// For how long each effect stood: `allow 2d 3h, freeze 5h`.
pub(super) fn times(time: &Time) -> String {
    let parts = [
        ("allow", time.allow),
        ("warn", time.warn),
        ("hold", time.hold),
        ("freeze", time.freeze),
        ("undecided", time.undecided),
    ];
    let parts = parts.iter().filter(|(_, seconds)| *seconds > 0);
    parts.map(|(name, seconds)| format!("{name} {}", hours(*seconds))).collect::<Vec<_>>().join(", ")
}

/// A length of time in hours, and minutes where there are some: `36h`, `1h30m`.
pub(super) fn hours(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, minutes) {
        (hours, 0) => format!("{hours}h"),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

/// What decided: `error-budget: budget-below-freeze`.
pub(super) fn decided_by(policy: Option<&String>, clause: Option<&String>) -> String {
    match (policy, clause) {
        (Some(policy), Some(clause)) => format!("{policy}: {clause}"),
        _ => "-".to_owned(),
    }
}

fn runs(runs: &[Run], clock: &Clock) -> comfy_table::Table {
    let mut rows = table(["from", "for", "effect", "decided by", "why"], &["why"]);
    for run in runs {
        rows.add_row([
            clock.show_short(run.from),
            hours(length(run)),
            effect_words(run.effect, run.undecided),
            decided_by(run.policy.as_ref(), run.clause.as_ref()),
            run.reason.clone(),
        ]);
    }
    rows
}

fn length(run: &Run) -> u64 {
    run.until.as_second().abs_diff(run.from.as_second())
}

fn deploys(course: &Course, report: &Backtest, clock: &Clock) -> String {
    if course.deploys.is_empty() {
        return String::new();
    }
    let mut rows = table(["deploy", "version", "change", "effect", "decided by", "then"], &["then"]);
    for deploy in &course.deploys {
        rows.add_row([
            clock.show_short(deploy.at),
            deploy.version.clone().unwrap_or_else(|| "-".to_owned()),
            deploy.change.to_string(),
            effect_words(deploy.effect, deploy.undecided),
            decided_by(deploy.policy.as_ref(), deploy.clause.as_ref()),
            deploy.followed_by.clone().unwrap_or_default(),
        ]);
    }
    let summary = deploy_summary(&course.deploys, report);
    format!("\n{}  {summary}\n", text(&rows))
}

/// How many deploys would have been stopped, and how many of the others an incident followed.
pub(super) fn deploy_summary(deploys: &[Deploy], report: &Backtest) -> String {
    let count = |holds: &dyn Fn(&Deploy) -> bool| deploys.iter().filter(|deploy| holds(deploy)).count();
    deploy_counts(
        deploys.len(),
        count(&|deploy| deploy.stopped),
        count(&|deploy| deploy.stopped && deploy.followed_by.is_some()),
        count(&|deploy| !deploy.stopped && deploy.followed_by.is_some()),
        report,
    )
}

fn deploy_counts(all: usize, stopped: usize, prevented: usize, missed: usize, report: &Backtest) -> String {
    format!(
        "{all} {}: {stopped} would have been stopped, {} let through; an incident followed {prevented} of the former and \
         {missed} of the latter within {}",
        if all == 1 { "deploy" } else { "deploys" },
        all.saturating_sub(stopped),
        format_duration(report.incident_within_seconds),
    )
}

fn alerts(course: &Course, incidents: &[Incident], clock: &Clock) -> String {
    if course.alerts.is_empty() && incidents.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n");
    let mut rows = table(["alert", "slo", "from", "for", "about"], &["about"]);
    for alert in &course.alerts {
        rows.add_row([
            format!("{}: {}", alert.policy, alert.clause),
            alert.slo.clone(),
            clock.show_short(alert.from),
            alert_length(alert),
            alert.incident.clone().unwrap_or_else(|| "no incident".to_owned()),
        ]);
    }
    if !course.alerts.is_empty() {
        out.push_str(&text(&rows));
        out.push('\n');
    }
    let mut rows =
        table(["incident", "began", "declared", "first alert", "last alert ended", "what"], &["what"]);
    for (incident, detected) in incidents.iter().zip(&course.detection.of_incidents) {
        let instant =
            |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), |at| clock.show_short(at));
        rows.add_row([
            incident.id.clone(),
            instant(incident.began),
            instant(Some(incident.declared)),
            detection_words(detected),
            reset_words(detected),
            what(incident),
        ]);
    }
    if !incidents.is_empty() {
        out.push_str(&text(&rows));
    }
    out.push_str(&format!("  {}\n", detection_summary(&course.detection)));
    out
}

pub(super) fn alert_length(alert: &Alert) -> String {
    match alert.until {
        Some(until) => hours(until.as_second().abs_diff(alert.from.as_second())),
        None => "to the end".to_owned(),
    }
}

/// When an incident's first alert came: `10m after it began`.
pub(super) fn detection_words(detected: &Detected) -> String {
    match detected.detection_seconds {
        None => "never".to_owned(),
        Some(seconds) if seconds < 0 => format!("{} before", hours(seconds.unsigned_abs())),
        Some(seconds) => format!("{} after", hours(seconds.unsigned_abs())),
    }
}

/// When an incident's last alert ended, seen from the end of its effects.
pub(super) fn reset_words(detected: &Detected) -> String {
    match detected.reset_seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < 0 => format!("{} before its end", hours(seconds.unsigned_abs())),
        Some(seconds) => format!("{} after its end", hours(seconds.unsigned_abs())),
    }
}

pub(super) fn what(incident: &Incident) -> String {
    [incident.severity.clone(), incident.title.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Precision and recall with the counts that they come from.
pub(super) fn detection_summary(detection: &weir::Detection) -> String {
    let share = |name: &str, share: &Option<String>| {
        share.as_ref().map(|share| format!(" ({name} {share})")).unwrap_or_default()
    };
    format!(
        "{} of {} alerts were about an incident{}; {} of {} incidents had an alert{}",
        detection.justified,
        detection.alerts,
        share("precision", &detection.precision),
        detection.detected,
        detection.incidents,
        share("recall", &detection.recall),
    )
}

fn differences(differences: &[Difference], report: &Backtest, clock: &Clock) -> String {
    if differences.is_empty() {
        return "\n  both sets of policies have the same effects\n".to_owned();
    }
    let against = report.policy_sets.get(1).map(|name| set_name(name)).unwrap_or_default();
    let mut rows = table(["from", "for", "project", "against"], &[]);
    for difference in differences {
        let seconds = difference.until.as_second().abs_diff(difference.from.as_second());
        rows.add_row([
            clock.show_short(difference.from),
            hours(seconds),
            effect_words(difference.effect, difference.undecided),
            effect_words(difference.against, difference.against_undecided),
        ]);
    }
    format!("\n  where {against} differ\n{}", text(&rows))
}

fn of_totals(totals: &Totals, report: &Backtest) -> String {
    let deploys = deploy_counts(
        totals.deploys,
        totals.stopped,
        totals.stopped_and_followed,
        totals.allowed_and_followed,
        report,
    );
    format!("  {}\n  {deploys}\n  {}\n", times(&totals.time), detection_summary(&totals.detection))
}
