//! The report on a project as one HTML page, readable in light, in dark, on paper and without colour.

mod chart;

use std::collections::BTreeSet;

use weir::{Burn, Report, ServiceReport, SloReport};
use weir_math::format_duration;
use weir_model::finding::{Finding, Outcome};
use weir_model::verdict::{Flip, PolicyOutcome, SloStatus, Verdict};
use weir_model::{CalculatorLog, NoFiles};

use crate::render::html::{self, folded, look, prose, table};
use crate::render::markup::escaped;
use crate::render::verdict::{
    flip_time, flip_words, gaps, note, outcome, place, policy_effect, remarks_on, summary,
};
use crate::render::{Clock, effect_words};

/// The page.
pub(crate) fn page(report: &Report, clock: &Clock) -> String {
    let mut body = head(report, clock);
    body.push_str("<main>\n");
    body.push_str(&overview(report));
    for service in &report.services {
        body.push_str(&of_service(service, clock));
    }
    body.push_str("</main>\n");
    body.push_str(&events(report));
    html::page(
        &format!("{}: reliability report", escaped(&report.project)),
        include_str!("report/style.css"),
        &body,
    )
}

fn head(report: &Report, clock: &Clock) -> String {
    format!(
        "<header>\n<h1>{}: reliability report</h1>\n<p>As of {}: {} at gate <code>{}</code></p>\n{}</header>\n",
        escaped(&report.project),
        clock.show(report.at),
        report.change,
        escaped(&report.gate),
        totals(report)
    )
}

/// How many services, SLOs and rules are how. What there is none of is left out.
fn totals(report: &Report) -> String {
    let totals = &report.totals;
    let list = |whole: usize, name: &str, parts: &[(usize, &str)]| {
        let named =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let named: Vec<String> = named.collect();
        let colon = if named.is_empty() { "" } else { ": " };
        format!("<li>{whole} {name}{colon}{}</li>\n", named.join(", "))
    };
    let services = [
        (totals.freeze, "freeze"),
        (totals.hold, "hold"),
        (totals.undecided, "undecided"),
        (totals.warn, "warn"),
        (totals.allow, "allow"),
        (totals.not_judged, "judged by no policy"),
    ];
    let slos =
        [(totals.overspent, "with an overspent budget"), (totals.without_data, "that can't be judged")];
    format!(
        "<ul class=\"totals\">\n{}{}<li>{} required rules failed, {} waived</li>\n</ul>\n",
        list(
            report.services.len(),
            if report.services.len() == 1 { "service" } else { "services" },
            &services
        ),
        list(totals.slos, if totals.slos == 1 { "SLO" } else { "SLOs" }, &slos),
        totals.failed,
        totals.waived,
    )
}

/// All services, the worst first, each with a link to its part of the page.
fn overview(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .services
        .iter()
        .map(|service| {
            let name = escaped(&service.service);
            let lowest = service.lowest.as_ref();
            vec![
                format!("<a href=\"#{name}\">{name}</a>"),
                service.verdict.as_ref().map_or_else(|| "not judged".to_owned(), badge),
                lowest.map_or_else(
                    || "unknown".to_owned(),
                    |lowest| {
                        format!("{} <span class=\"faint\">{}</span>", lowest.remaining, escaped(&lowest.slo))
                    },
                ),
                prose(
                    service
                        .verdict
                        .as_ref()
                        .map_or("no policy judges it at this gate", |verdict| &verdict.reason),
                ),
                escaped(&service.owner),
            ]
        })
        .collect();
    let headings = ["service", "verdict", "lowest budget", "why", "owner"];
    let content = if rows.is_empty() {
        "<p>The project has no services.</p>\n".to_owned()
    } else {
        table(&headings, &rows)
    };
    format!("<section>\n<h2>Services</h2>\n{content}</section>\n")
}

/// An effect, in words on its colour.
fn badge(verdict: &Verdict) -> String {
    let (effect, undecided) = (verdict.effect, verdict.undecided);
    format!("<span class=\"badge {}\">{}</span>", look(effect, undecided), effect_words(effect, undecided))
}

fn of_service(service: &ServiceReport, clock: &Clock) -> String {
    let name = escaped(&service.service);
    let mut out = format!(
        "<section id=\"{name}\">\n<h2>{name} {}</h2>\n<p class=\"faint\">{}, {}, {}</p>\n",
        service.verdict.as_ref().map(badge).unwrap_or_default(),
        escaped(&service.owner),
        service.tier,
        service.lifecycle
    );
    if let Some(description) = &service.description {
        out.push_str(&format!("<p>{}</p>\n", escaped(description)));
    }
    match &service.verdict {
        Some(verdict) => out.push_str(&reasons(verdict, clock)),
        None => out.push_str("<p>No policy judges it at this gate.</p>\n"),
    }
    out.push_str(&slos(service, clock));
    let outcomes: Vec<&PolicyOutcome> = service.outcomes().collect();
    if !outcomes.is_empty() {
        let rows: Vec<Vec<String>> = outcomes.iter().map(|policy| of_policy(policy, clock)).collect();
        out.push_str(&format!("<h3>Policies</h3>\n{}", table(&["policy", "effect", "says"], &rows)));
    }
    out.push_str(&findings(outcomes.iter().flat_map(|outcome| &outcome.findings)));
    out.push_str("</section>\n");
    out
}

/// Why the verdict is as it is, and what would make it milder.
fn reasons(verdict: &Verdict, clock: &Clock) -> String {
    let mut lines = vec![("why", prose(&verdict.reason))];
    if let Some(by) = &verdict.decided_by {
        let (policy, clause) = (escaped(&by.policy), escaped(&by.clause));
        lines.push(("decided by", format!("policy <code>{policy}</code>, clause <code>{clause}</code>")));
    }
    if let Some(flip) = &verdict.flip {
        lines.push(("to lift it", prose(&flip_words(flip))));
        lines.extend(flip_time(flip, clock).map(|when| ("when", when)));
    }
    if let Some(overruled) = &verdict.overruled {
        let text = format!(
            "the policies asked for {}; {} overruled them until {}, approved by {}: {}",
            overruled.from,
            overruled.by,
            clock.show(overruled.until),
            overruled.approved_by,
            overruled.reason
        );
        lines.push(("overruled", prose(&text)));
    }
    let mut lines: String =
        lines.iter().map(|(name, text)| format!("<dt>{name}</dt><dd>{text}</dd>\n")).collect();
    for (number, obligation) in verdict.obligations.iter().enumerate() {
        lines.push_str(&format!(
            "{}<dd>{} {} <span class=\"faint\">({})</span></dd>\n",
            if number == 0 { "<dt>to do</dt>" } else { "" },
            escaped(&obligation.name),
            prose(&obligation.value),
            escaped(&obligation.policy)
        ));
    }
    format!("<dl>\n{lines}</dl>\n")
}

fn slos(service: &ServiceReport, clock: &Clock) -> String {
    if service.slos.is_empty() {
        return "<p>It has no SLOs.</p>\n".to_owned();
    }
    let rows: Vec<Vec<String>> = service.slos.iter().map(|slo| of_slo(&slo.status, clock)).collect();
    let headings = ["slo", "objective", "window", "achieved", "budget left", "coverage", "note"];
    let mut out = format!("<h3>Error budgets</h3>\n{}", table(&headings, &rows));
    for slo in service.slos.iter().map(|slo| &slo.status) {
        // Why it can't be judged names the SLO itself.
        let gap = slo.gap.as_deref().map(prose);
        let remarks = remarks_on(slo).map(|remark| format!("{}: {}", escaped(&slo.name), prose(&remark)));
        for line in gap.into_iter().chain(remarks) {
            out.push_str(&format!("<p class=\"faint\">{line}</p>\n"));
        }
    }
    out.push_str("<div class=\"charts\">\n");
    for slo in &service.slos {
        out.push_str(&chart::figure(&service.service, slo, clock));
    }
    out.push_str("</div>\n<h3>Burn rates</h3>\n");
    out.push_str(&burns(&service.slos));
    out
}

fn of_slo(slo: &SloStatus, clock: &Clock) -> Vec<String> {
    // A number keeps its unit on its line.
    let dash = |text: &Option<String>| {
        text.as_ref().map_or_else(|| "-".to_owned(), |text| text.replace(' ', "&nbsp;"))
    };
    let measured_at = slo.measured_at.as_ref().map(|place| format!(" <span class=\"faint\">{place}</span>"));
    vec![
        format!("{}{}", escaped(&slo.name), measured_at.unwrap_or_default()),
        dash(&slo.objective),
        slo.window.clone(),
        dash(&slo.achieved),
        dash(&slo.remaining),
        dash(&slo.coverage),
        note(slo, clock),
    ]
}

/// The burn rates of all SLOs, a column a window. What burns faster than the budget lasts stands out.
fn burns(slos: &[SloReport]) -> String {
    let windows: BTreeSet<u64> =
        slos.iter().flat_map(|slo| &slo.burns).map(|burn| burn.window_seconds).collect();
    let headings: Vec<String> = std::iter::once("slo".to_owned())
        .chain(windows.iter().map(|seconds| format_duration(*seconds)))
        .collect();
    let cell = |burn: Option<&Burn>| match burn.and_then(|burn| burn.burn.as_deref()) {
        None => "-".to_owned(),
        Some(burn) if burn.parse().is_ok_and(|rate: f64| rate > 1.0) => format!("<strong>{burn}</strong>"),
        Some(burn) => burn.to_owned(),
    };
    let row = |slo: &SloReport| {
        let burn = |window: &u64| cell(slo.burns.iter().find(|burn| burn.window_seconds == *window));
        std::iter::once(escaped(&slo.status.name)).chain(windows.iter().map(burn)).collect()
    };
    let rows: Vec<Vec<String>> = slos.iter().map(row).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    format!(
        "{}<p class=\"faint\">At 1 a budget lasts exactly as long as its window; what burns faster is bold.</p>\n",
        table(&headings, &rows)
    )
}

/// What a policy says: each clause with what would lift it.
fn of_policy(policy: &PolicyOutcome, clock: &Clock) -> Vec<String> {
    let mut lines: Vec<String> = gaps(policy).map(|gap| prose(&gap)).collect();
    for clause in &policy.clauses {
        let flip = clause.flip.as_ref().map(|flip| format!("<br>{}", lifted(flip, clock)));
        lines.push(format!("{}{}", prose(&clause.text), flip.unwrap_or_default()));
    }
    if !policy.findings.is_empty() {
        lines.push(prose(&summary(policy)));
    }
    lines.extend(policy.log.iter().map(|line| format!("log: {}", escaped(line))));
    if lines.is_empty() {
        lines.push("nothing against it".to_owned());
    }
    let lines: String = lines.iter().map(|line| format!("<li>{line}</li>")).collect();
    vec![escaped(&policy.policy), policy_effect(policy), format!("<ul>{lines}</ul>")]
}

fn lifted(flip: &Flip, clock: &Clock) -> String {
    let when = flip_time(flip, clock).map(|when| format!("; {when}")).unwrap_or_default();
    format!("<span class=\"faint\">to lift it: {}{when}</span>", prose(&flip_words(flip)))
}

/// The findings of all checks: what is open first, and what is well when somebody asks for it.
fn findings<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let open =
        |finding: &&Finding| matches!(finding.outcome, Outcome::Fail | Outcome::Waived | Outcome::Unknown);
    let (open, well): (Vec<&Finding>, Vec<&Finding>) = findings.partition(open);
    let show = |findings: &[&Finding]| {
        let rows: Vec<Vec<String>> = findings.iter().map(|finding| of_finding(finding)).collect();
        table(&["rule", "outcome", "what", "what to do"], &rows)
    };
    let mut out = String::new();
    if !open.is_empty() || !well.is_empty() {
        out.push_str("<h3>Findings</h3>\n");
    }
    if !open.is_empty() {
        out.push_str(&show(&open));
    }
    if !well.is_empty() {
        out.push_str(&folded(&format!("{} rules that hold or do not apply", well.len()), &show(&well)));
    }
    out
}

fn of_finding(finding: &Finding) -> Vec<String> {
    let (word, _) = outcome(finding);
    let level =
        finding.level.as_ref().map(|level| format!(" <span class=\"faint\">{}</span>", escaped(level)));
    let place = place(finding).map(|place| format!("<br><span class=\"faint\">{}</span>", escaped(&place)));
    let remedy = finding.remedy.as_ref().filter(|_| finding.outcome == Outcome::Fail);
    let to_do: Vec<String> = finding.waiver.iter().chain(remedy).map(|text| prose(text)).collect();
    vec![
        format!("{}{}", escaped(&finding.rule), level.unwrap_or_default()),
        word.to_owned(),
        format!("{}{}", prose(&finding.text), place.unwrap_or_default()),
        to_do.join("<br>"),
    ]
}

/// What became of the events, and the first of those that could not be understood.
fn events(report: &Report) -> String {
    let counts = &report.events;
    let mut out = format!(
        "<footer>\n<h2>Events</h2>\n<p>{} read: {} used, {} not valid, {} duplicate, {} late, {} refused.</p>\n",
        counts.read(),
        counts.used,
        counts.not_valid,
        counts.duplicate,
        counts.late,
        counts.refused
    );
    let rows: Vec<Vec<String>> = counts
        .samples
        .iter()
        .map(|sample| vec![escaped(&format!("{}:{}", sample.file, sample.line)), escaped(&sample.reason)])
        .collect();
    if !rows.is_empty() {
        out.push_str(&table(&["refused", "why"], &rows));
    }
    let lines: String = counts
        .no_files
        .iter()
        .map(NoFiles::told)
        .chain(counts.calculators.iter().flat_map(CalculatorLog::told))
        .map(|line| format!("<li>{}</li>\n", escaped(&line)))
        .collect();
    if !lines.is_empty() {
        out.push_str(&format!("<ul>\n{lines}</ul>\n"));
    }
    out.push_str("</footer>\n");
    out
}
