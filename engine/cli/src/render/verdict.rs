//! A verdict for people.

use weir::{ServiceStatus, attention};
use weir_model::Effect;
use weir_model::finding::{Finding, Outcome, Weight};
use weir_model::verdict::{CompositeStatus, Flip, Judged, Overruled, PolicyOutcome, SloStatus, Verdict};

use crate::output::{bold, in_effect_colour};
use crate::render::table::{bar, table, text};
use crate::render::{Clock, events};

/// The whole verdict: the effect and its reason first, then what it rests on.
pub(crate) fn verdict(verdict: &Verdict, clock: &Clock) -> String {
    let mut out = headline(verdict, clock);
    out.push_str(&format!("  {} {}\n", bold("why"), verdict.reason));
    if let Some(by) = &verdict.decided_by {
        out.push_str(&format!("  {} policy `{}`, clause `{}`\n", bold("decided by"), by.policy, by.clause));
    }
    if let Some(flip) = &verdict.flip {
        out.push_str(&flip_lines(flip, clock));
    }
    if let Some(overruled) = &verdict.overruled {
        out.push_str(&overruled_lines(overruled, clock));
    }
    for obligation in &verdict.obligations {
        out.push_str(&format!("  {} {} ({})\n", bold(&obligation.name), obligation.value, obligation.policy));
    }
    out.push('\n');
    out.push_str(&policies(&verdict.policies));
    if !verdict.slos.is_empty() {
        out.push('\n');
        out.push_str(&slos(verdict.slos.iter().map(|slo| (verdict.service.as_str(), slo)), false, clock));
    }
    out.push_str(&findings(verdict.policies.iter().flat_map(|policy| &policy.findings)));
    out.push_str(&excuses(verdict));
    out.push('\n');
    out.push_str(&events(&verdict.events));
    out
}

fn overruled_lines(overruled: &Overruled, clock: &Clock) -> String {
    format!(
        "  {} the policies asked for {}; {} overruled {} until {}, approved by {}: {}\n",
        bold("OVERRULED"),
        in_effect_colour(overruled.from, &overruled.from.to_string()),
        overruled.by,
        overruled.policies.join(", "),
        clock.show(overruled.until),
        overruled.approved_by,
        overruled.reason,
    )
}

/// The waivers and overrides that somebody has to look after, a line each.
pub(crate) fn excuses(verdict: &Verdict) -> String {
    let lines: Vec<String> = verdict.excuses.iter().filter_map(attention).collect();
    let mut out = if lines.is_empty() { String::new() } else { "\n".to_owned() };
    for line in lines {
        out.push_str(&format!("  {} {line}\n", in_effect_colour(Effect::Warn, "note")));
    }
    out
}

fn headline(verdict: &Verdict, clock: &Clock) -> String {
    let effect = verdict.effect.to_string().to_uppercase();
    let undecided = if verdict.undecided { " (undecided)" } else { "" };
    format!(
        "{}{undecided}  {} of `{}` at {}\n",
        in_effect_colour(verdict.effect, &effect),
        verdict.change,
        verdict.service,
        clock.show(verdict.at),
    )
}

fn flip_lines(flip: &Flip, clock: &Clock) -> String {
    let mut out = format!("  {} {}\n", bold("to lift it"), flip_words(flip));
    if let Some(when) = flip_time(flip, clock) {
        out.push_str(&format!("  {} {when}\n", bold("when")));
    }
    out
}

/// What would lift a verdict or a clause, and what there is of it.
pub(crate) fn flip_words(flip: &Flip) -> String {
    let has = flip.has.as_ref().map(|has| format!("; there is {has}")).unwrap_or_default();
    format!("{}{has}", flip.needs)
}

/// When that comes about, as far as can be told.
pub(crate) fn flip_time(flip: &Flip, clock: &Clock) -> Option<String> {
    let instant = |instant: jiff::Timestamp| clock.show(instant);
    match (flip.at_present_pace.map(instant), flip.if_all_good.map(instant)) {
        (Some(pace), Some(good)) if pace == good => Some(good),
        (Some(pace), Some(good)) => {
            Some(format!("{pace} at the present pace, {good} if nothing bad happens any more"))
        }
        (Some(pace), None) => Some(pace),
        (None, Some(good)) => {
            Some(format!("{good} if nothing bad happens any more; never at the present pace"))
        }
        (None, None) => None,
    }
}

fn policies(policies: &[PolicyOutcome]) -> String {
    let mut rows = table(["policy", "effect", "says"], &["says"]);
    for policy in policies {
        let mut first = Some((policy.policy.clone(), policy_effect(policy)));
        for line in says(policy) {
            let (name, effect) = first.take().unwrap_or_default();
            rows.add_row([name, effect, line]);
        }
    }
    text(&rows)
}

/// The effect of a policy, and what it would be if it were enforced.
pub(crate) fn policy_effect(policy: &PolicyOutcome) -> String {
    match policy.mode {
        weir_model::Mode::Enforce => policy.effect.to_string(),
        weir_model::Mode::Warn | weir_model::Mode::Audit => {
            format!("{} ({}: {})", policy.effect, policy.mode, policy.asks)
        }
    }
}

/// Why a policy could not judge, a sentence a line.
pub(crate) fn gaps(policy: &PolicyOutcome) -> impl Iterator<Item = String> {
    let why = match policy.judged {
        Judged::Yes => "",
        Judged::NoData => "no data: ",
        Judged::Error => "error: ",
    };
    policy.gaps.iter().map(move |gap| format!("{why}{gap}"))
}

/// What a policy says, a sentence a line.
fn says(policy: &PolicyOutcome) -> Vec<String> {
    let mut lines: Vec<String> = gaps(policy).collect();
    lines.extend(policy.clauses.iter().map(|clause| clause.text.clone()));
    if !policy.findings.is_empty() {
        lines.push(summary(policy));
    }
    lines.extend(policy.log.iter().map(|line| format!("log: {line}")));
    if lines.is_empty() {
        lines.push("nothing against it".to_owned());
    }
    lines
}

/// How the required rules of a check came out.
pub(crate) fn summary(policy: &PolicyOutcome) -> String {
    let count = |outcome| {
        let counted = |finding: &&Finding| finding.outcome == outcome && finding.weight == Weight::Required;
        policy.findings.iter().filter(counted).count()
    };
    let mut parts = Vec::new();
    for (outcome, word) in [
        (Outcome::Pass, "passed"),
        (Outcome::Fail, "failed"),
        (Outcome::Waived, "waived"),
        (Outcome::Unknown, "unknown"),
        (Outcome::NotApplicable, "not applicable"),
    ] {
        let n = count(outcome);
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    let level = policy.level.as_ref().map(|level| format!("level {level}; ")).unwrap_or_default();
    format!("{level}required rules: {}", parts.join(", "))
}

/// The SLOs of several services.
pub(crate) fn statuses(services: &[ServiceStatus], clock: &Clock) -> String {
    let rows =
        services.iter().flat_map(|status| status.slos.iter().map(move |slo| (status.service.as_str(), slo)));
    slos(rows, true, clock)
}

/// The SLOs with their budgets. `with_service` adds a column for the service.
fn slos<'s>(
    slos: impl Iterator<Item = (&'s str, &'s SloStatus)>,
    with_service: bool,
    clock: &Clock,
) -> String {
    let headings = [
        "service",
        "slo",
        "objective",
        "window",
        "achieved",
        "budget left",
        "",
        "burn 1h",
        "coverage",
        "note",
    ];
    let mut rows = table(headings, &["note"]);
    let mut remarks = String::new();
    for (service, slo) in slos {
        let name = if with_service { format!("{service} {}", slo.name) } else { slo.name.clone() };
        // Beside a verdict, its policies say why they could not judge.
        let gap = slo.gap.clone().filter(|_| with_service);
        for remark in gap.into_iter().chain(remarks_on(slo)) {
            remarks.push_str(&format!("  {name}: {remark}\n"));
        }
        let remaining = slo.remaining.clone().unwrap_or_else(|| "-".to_owned());
        let bar = percent(&remaining).map(bar).unwrap_or_default();
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        rows.add_row([
            service.to_owned(),
            slo.name.clone(),
            dash(&slo.objective),
            slo.window.clone(),
            dash(&slo.achieved),
            remaining,
            bar,
            dash(&slo.burn_last_hour),
            dash(&slo.coverage),
            note(slo, clock),
        ]);
    }
    if !with_service && let Some(column) = rows.column_mut(0) {
        column.set_constraint(comfy_table::ColumnConstraint::Hidden);
    }
    format!("{}{remarks}", text(&rows))
}

fn percent(text: &str) -> Option<f64> {
    text.trim_end_matches(['%', ' ']).parse().ok()
}

/// What has to be said of an SLO beside its numbers.
pub(crate) fn remarks_on(slo: &SloStatus) -> impl Iterator<Item = String> {
    [slo.composite.as_ref().map(made_of), few(slo)].into_iter().flatten()
}

/// An objective that allows fewer bad ones than this says little: each of them takes a tenth of the budget or more.
const FEW_BAD: u64 = 10;

/// Whether the budget lasts.
pub(crate) fn note(slo: &SloStatus, clock: &Clock) -> String {
    match (&slo.gap, slo.exhausted_at) {
        (Some(_), _) => "can't be judged".to_owned(),
        (None, Some(_)) if is_spent(slo) => "exhausted".to_owned(),
        (None, Some(at)) => format!("lasts until {}", clock.show_short(at)),
        (None, None) => String::new(),
    }
}

fn is_spent(slo: &SloStatus) -> bool {
    slo.remaining.as_deref().is_some_and(|left| left.starts_with('-'))
}

/// How sure the numbers are, where they are too small to tell much.
fn few(slo: &SloStatus) -> Option<String> {
    let counts = slo.counts.as_ref().filter(|counts| slo.gap.is_none() && counts.allowed_bad < FEW_BAD)?;
    let missed: f64 = slo.missed_confidence.as_ref()?.parse().ok()?;
    let (sure, outcome) = if is_spent(slo) { (missed, "missed") } else { (1.0 - missed, "met") };
    let number = counts.good.saturating_add(counts.bad);
    let (unit, sure) = (&counts.unit, sure_words(sure));
    let (unit, are) = match unit.strip_suffix('s') {
        Some(one) if number == 1 && !one.contains(' ') => (one, "is"),
        _ => (unit.as_str(), "are"),
    };
    Some(format!("{number} {unit} {are} few for this objective: it is {sure} sure that it is {outcome}"))
}

/// A chance in percent. What rounds to none or to all is neither.
fn sure_words(sure: f64) -> String {
    let percent = sure * 100.0;
    if percent < 0.05 {
        "less than 0.1 %".to_owned()
    } else if percent >= 99.95 {
        "more than 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

fn made_of(composite: &CompositeStatus) -> String {
    match composite {
        CompositeStatus::All { parts } => {
            let parts = parts.iter().map(|part| format!("{} from {} on", part.slo, part.target));
            format!("a slice is good when all its parts are: {}", parts.collect::<Vec<_>>().join(", "))
        }
        CompositeStatus::Weighted { parts, .. } => {
            let parts = parts.iter().map(|part| format!("{} {}", part.weight, part.slo));
            format!("the weighted mean of {}; no policy judges it", parts.collect::<Vec<_>>().join(" to "))
        }
    }
}

/// The findings that bear on the verdict: required rules that failed, were waived or could not be judged.
fn findings<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let mut out = String::new();
    let bears = |finding: &&Finding| {
        let open = matches!(finding.outcome, Outcome::Fail | Outcome::Waived | Outcome::Unknown);
        open && finding.weight == Weight::Required
    };
    for finding in findings.filter(bears) {
        if out.is_empty() {
            out.push('\n');
        }
        out.push_str(&finding_lines(finding));
    }
    out
}

/// What came out of a rule, in a word, and the effect whose colour it has.
pub(crate) fn outcome(finding: &Finding) -> (&'static str, Effect) {
    match (finding.outcome, finding.weight) {
        (Outcome::Pass, _) => ("pass", Effect::Allow),
        (Outcome::NotApplicable, _) => ("not applicable", Effect::Allow),
        (Outcome::Waived, _) => ("waived", Effect::Warn),
        (Outcome::Unknown, _) => ("unknown", Effect::Hold),
        (Outcome::Fail, Weight::Advised) => ("advice", Effect::Warn),
        (Outcome::Fail, Weight::Required) => ("fail", Effect::Freeze),
    }
}

/// The document that was judged, and the line.
pub(crate) fn place(finding: &Finding) -> Option<String> {
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    finding.file.as_ref().map(|file| format!("{file}{line}"))
}

/// One finding with its place, its remedy and its waiver.
pub(crate) fn finding_lines(finding: &Finding) -> String {
    let (word, effect) = outcome(finding);
    let level = finding.level.as_ref().map(|level| format!(" ({level})")).unwrap_or_default();
    let mut out = format!("  {} {}{level}: {}\n", in_effect_colour(effect, word), finding.rule, finding.text);
    if let Some(place) = place(finding) {
        out.push_str(&format!("      at {place}\n"));
    }
    if let Some(waiver) = &finding.waiver {
        out.push_str(&format!("      {waiver}\n"));
    }
    if finding.outcome == Outcome::Fail
        && let Some(remedy) = &finding.remedy
    {
        out.push_str(&format!("      remedy: {remedy}\n"));
    }
    out
}
