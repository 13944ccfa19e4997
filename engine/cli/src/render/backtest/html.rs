//! A back-test as one HTML page: no script, no font, no picture from elsewhere, readable in light, in dark and without
//! colour.

mod chart;

use weir::{Backtest, Course, ServiceBacktest};
use weir_math::format_duration;

use super::{
    alert_length, decided_by, deploy_summary, detection_summary, detection_words, hours, reset_words, times,
    what,
};
use crate::render::html::{self, folded, table};
use crate::render::markup::escaped;
use crate::render::{Clock, effect_words};

/// The page.
pub(crate) fn page(report: &Backtest, clock: &Clock) -> String {
    let mut body = head(report, clock);
    for service in &report.services {
        body.push_str(&of_service(service, report, clock));
    }
    html::page("Back-test", "", &body)
}

fn head(report: &Backtest, clock: &Clock) -> String {
    let mut out = format!(
        "<h1>Back-test</h1>\n<p>{} to {}, every {}: {} at gate <code>{}</code></p>\n",
        clock.show(report.from),
        clock.show(report.until),
        format_duration(report.step_seconds),
        report.change,
        escaped(&report.gate),
    );
    if !report.left_out.is_empty() {
        out.push_str(&format!(
            "<p class=\"faint\">Left out: {} (a check: what its documents said then is not known).</p>\n",
            escaped(&report.left_out.join(", "))
        ));
    }
    if !report.not_judged.is_empty() {
        out.push_str(&format!(
            "<p class=\"faint\">Judged by no policy: {}.</p>\n",
            escaped(&report.not_judged.join(", "))
        ));
    }
    let mut rows = Vec::new();
    for service in &report.services {
        for (name, course) in report.policy_sets.iter().zip(&service.sets) {
            let stopped = course.deploys.iter().filter(|deploy| deploy.stopped).count();
            let detection = &course.detection;
            rows.push(vec![
                escaped(&service.service),
                escaped(name),
                times(&course.time),
                format!("{stopped} of {}", course.deploys.len()),
                format!("{} of {}", detection.justified, detection.alerts),
                format!("{} of {}", detection.detected, detection.incidents),
            ]);
        }
    }
    let headings =
        ["service", "policies", "time", "deploys stopped", "alerts about incidents", "incidents alerted"];
    out.push_str(&table(&headings, &rows));
    out.push_str(&chart::legend());
    out
}

fn of_service(service: &ServiceBacktest, report: &Backtest, clock: &Clock) -> String {
    let mut out = format!("<h2>{}</h2>\n", escaped(&service.service));
    out.push_str(&chart::chart(service, report, clock));
    for (name, course) in report.policy_sets.iter().zip(&service.sets) {
        if report.policy_sets.len() > 1 {
            out.push_str(&format!("<h3>Policies: {}</h3>\n", escaped(name)));
        }
        out.push_str(&format!("<p>{}.</p>\n", times(&course.time)));
        out.push_str(&tables(service, course, report, clock));
    }
    if report.policy_sets.len() > 1 {
        out.push_str(&differences(service, clock));
    }
    out
}

fn tables(service: &ServiceBacktest, course: &Course, report: &Backtest, clock: &Clock) -> String {
    let runs: Vec<Vec<String>> = course
        .runs
        .iter()
        .map(|run| {
            vec![
                clock.show_short(run.from),
                hours(run.until.as_second().abs_diff(run.from.as_second())),
                effect_words(run.effect, run.undecided),
                escaped(&decided_by(run.policy.as_ref(), run.clause.as_ref())),
                escaped(&run.reason),
            ]
        })
        .collect();
    let mut out = folded("Effects", &table(&["from", "for", "effect", "decided by", "why"], &runs));
    let deploys: Vec<Vec<String>> = course
        .deploys
        .iter()
        .map(|deploy| {
            vec![
                clock.show_short(deploy.at),
                escaped(deploy.version.as_deref().unwrap_or("-")),
                deploy.change.to_string(),
                effect_words(deploy.effect, deploy.undecided),
                escaped(&decided_by(deploy.policy.as_ref(), deploy.clause.as_ref())),
                escaped(deploy.followed_by.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    if !deploys.is_empty() {
        out.push_str(&format!("<p>{}.</p>\n", deploy_summary(&course.deploys, report)));
        let headings = ["deploy", "version", "change", "effect", "decided by", "followed by"];
        out.push_str(&folded("Deploys", &table(&headings, &deploys)));
    }
    out.push_str(&alerts(service, course, clock));
    out
}

fn alerts(service: &ServiceBacktest, course: &Course, clock: &Clock) -> String {
    if course.alerts.is_empty() && service.incidents.is_empty() {
        return String::new();
    }
    let mut out = format!("<p>{}.</p>\n", detection_summary(&course.detection));
    let incidents: Vec<Vec<String>> = service
        .incidents
        .iter()
        .zip(&course.detection.of_incidents)
        .map(|(incident, detected)| {
            vec![
                escaped(&incident.id),
                incident.began.map_or_else(|| "-".to_owned(), |began| clock.show_short(began)),
                clock.show_short(incident.declared),
                detection_words(detected),
                reset_words(detected),
                escaped(&what(incident)),
            ]
        })
        .collect();
    if !incidents.is_empty() {
        let headings = ["incident", "began", "declared", "first alert", "last alert ended", "what"];
        out.push_str(&table(&headings, &incidents));
    }
    let alerts: Vec<Vec<String>> = course
        .alerts
        .iter()
        .map(|alert| {
            vec![
                escaped(&format!("{}: {}", alert.policy, alert.clause)),
                escaped(&alert.slo),
                clock.show_short(alert.from),
                alert_length(alert),
                escaped(alert.incident.as_deref().unwrap_or("no incident")),
            ]
        })
        .collect();
    if !alerts.is_empty() {
        out.push_str(&folded("Alerts", &table(&["alert", "slo", "from", "for", "about"], &alerts)));
    }
    out
}

fn differences(service: &ServiceBacktest, clock: &Clock) -> String {
    if service.differences.is_empty() {
        return "<p>Both sets of policies have the same effects.</p>\n".to_owned();
    }
    let rows: Vec<Vec<String>> = service
        .differences
        .iter()
        .map(|difference| {
            vec![
                clock.show_short(difference.from),
                hours(difference.until.as_second().abs_diff(difference.from.as_second())),
                effect_words(difference.effect, difference.undecided),
                effect_words(difference.against, difference.against_undecided),
            ]
        })
        .collect();
    format!("<h3>Where they differ</h3>\n{}", table(&["from", "for", "project", "against"], &rows))
}
