//! The PromQL of an SLO: what is recorded, and what alerts look at.

use weir_math::{Decimal, format_duration};
use weir_model::slo::Budgeting;
use weir_model::{Composite, Counting, PromQuery, Service, Slo};

use super::Plan;
use crate::yaml::write::Yaml;

/// How the error ratio of an SLO is measured.
pub(super) enum Measure<'a> {
    /// In events.
    Events(Counting<'a>),
    /// In slices of time, each good, bad, or bad in part.
    Slices(Slices<'a>),
}

/// Slices of time.
pub(super) struct Slices<'a> {
    /// The length of a slice in seconds.
    seconds: u64,
    /// What a slice is made of: one SLI, or several that have to hold at once.
    parts: Vec<Part<'a>>,
}

/// What has to hold for a slice to be good.
struct Part<'a> {
    counting: Counting<'a>,
    /// The share of bad events above which the slice is bad. None where each slice is bad in part.
    allowed: Option<Decimal>,
}

impl<'a> Measure<'a> {
    /// How an SLO is measured, or why Prometheus can't.
    pub(super) fn of(service: &'a Service, slo: &'a Slo) -> Result<Measure<'a>, String> {
        if let Some(Composite::All(parts)) = &slo.composite {
            let mut measured = Vec::new();
            let mut seconds = slo.slice.seconds();
            for part in parts {
                let Some(of) = service.slo(&part.slo) else { continue };
                seconds = of.slice.seconds();
                let goal = part.target.map_or_else(|| of.slice_goal(), |target| *target);
                measured.push(Part { counting: counting(service, of)?, allowed: allowed(goal) });
            }
            return Ok(Measure::Slices(Slices { seconds, parts: measured }));
        }
        let counting = counting(service, slo)?;
        let allowed = match slo.budgeting {
            Budgeting::Occurrences => return Ok(Measure::Events(counting)),
            Budgeting::TimeSlices => allowed(slo.slice_target.map_or(Decimal::ONE, |target| *target)),
            Budgeting::RatioTimeSlices => None,
        };
        Ok(Measure::Slices(Slices { seconds: slo.slice.seconds(), parts: vec![Part { counting, allowed }] }))
    }

    /// The length of a slice in seconds, where the error budget is counted in slices.
    pub(super) fn slice(&self) -> Option<u64> {
        match self {
            Measure::Events(_) => None,
            Measure::Slices(slices) => Some(slices.seconds),
        }
    }

    /// What the error budget is counted in, for people.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Measure::Events(_) => "events",
            Measure::Slices(_) => "slices of time",
        }
    }

    /// The counters of good or bad and of valid events, where events are counted and there are such.
    pub(super) fn counting(&self) -> Option<Counting<'a>> {
        match self {
            Measure::Events(counting) => Some(*counting),
            Measure::Slices(slices) => match slices.parts.as_slice() {
                [part] => Some(part.counting),
                _ => None,
            },
        }
    }

    /// What is recorded as it goes: all that the error budget of the whole window is made from.
    pub(super) fn recordings(&self, plan: &Plan<'_>) -> Vec<Yaml> {
        let base = format_duration(plan.base);
        match self {
            Measure::Events(counting) => {
                let ratio = match (bad(*counting, &base), valid(*counting)) {
                    (Some(_), Some(_)) => format!(
                        "{}\n/\n({} > 0)",
                        plan.series(&format!("weir_slo:bad:rate{base}")),
                        plan.series(&format!("weir_slo:valid:rate{base}"))
                    ),
                    _ => ratio(*counting, &base),
                };
                let mut rules = counts(*counting, plan, &base);
                rules.push(plan.record(&plan.series_name(plan.base), ratio));
                rules
            }
            Measure::Slices(slices) => vec![plan.record(SLICE, slices.expression())],
        }
    }

    /// The share of what was bad over a window.
    pub(super) fn error_ratio(&self, plan: &Plan<'_>, window: u64) -> String {
        let window = format_duration(window);
        match self {
            Measure::Events(counting) => ratio(*counting, &window),
            Measure::Slices(slices) => slices.over(plan, &window),
        }
    }

    /// The share of what was bad over the SLO's window.
    pub(super) fn period_error(&self, plan: &Plan<'_>, seconds: u64) -> String {
        let (window, base) = (format_duration(seconds), format_duration(plan.base));
        match self {
            // The sum of rates that are taken at even distances is as good as the sum of the events themselves.
            Measure::Events(Counting::Good { .. } | Counting::Bad { .. }) => format!(
                "sum_over_time({}[{window}])\n/\n(sum_over_time({}[{window}]) > 0)",
                plan.series(&format!("weir_slo:bad:rate{base}")),
                plan.series(&format!("weir_slo:valid:rate{base}"))
            ),
            // Only the query itself knows how to weigh, so it is asked about the whole window.
            Measure::Events(Counting::ErrorRatio(query)) => query.over(&window),
            Measure::Slices(slices) => slices.over(plan, &window),
        }
    }

    /// How many events there were over a window, in the error budget's unit; or why they can't be counted.
    pub(super) fn events(&self, plan: &Plan<'_>, window: u64) -> Result<String, &'static str> {
        let window = format_duration(window);
        match self {
            Measure::Events(counting) => {
                let counter = valid(*counting).filter(|query| query.is_counter());
                let counter = counter.ok_or("only a counter is known to count them, and `valid` is none")?;
                Ok(format!("sum(increase({counter}[{window}]))"))
            }
            Measure::Slices(slices) if slices.parts.iter().all(|part| part.allowed.is_none()) => {
                Err("slices that are good in part are no events")
            }
            Measure::Slices(slices) => {
                let slice = format_duration(slices.seconds);
                Ok(format!("count_over_time({}[{window}:{slice}])", plan.series(SLICE)))
            }
        }
    }

    /// The name of the series whose silence means that there is no data.
    pub(super) fn signal(&self, plan: &Plan<'_>) -> String {
        match self {
            Measure::Events(counting) if valid(*counting).is_some() => {
                format!("weir_slo:valid:rate{}", format_duration(plan.base))
            }
            Measure::Events(_) => plan.series_name(plan.base),
            Measure::Slices(_) => SLICE.to_owned(),
        }
    }
}

/// The series of how bad each slice was: 0, 1, or between the two.
pub(super) const SLICE: &str = "weir_slo:slice_error:ratio";

impl Slices<'_> {
    /// How bad the slice is that ends now.
    fn expression(&self) -> String {
        let window = format_duration(self.seconds);
        let parts: Vec<String> = self.parts.iter().map(|part| part.expression(&window)).collect();
        if let [single] = parts.as_slice() {
            return single.clone();
        }
        // One part that is bad makes the slice bad, whatever is known of the others; to be good takes all of them.
        let bad = parts.iter().map(|part| format!("{} == 1", nested(part)));
        let all_good = parts.iter().map(|part| nested(part)).collect::<Vec<_>>().join("\n+\n");
        bad.chain([all_good]).collect::<Vec<_>>().join("\nor\n")
    }

    /// The mean over the slices of a window that have data. They begin at whole multiples of their length, as everywhere.
    fn over(&self, plan: &Plan<'_>, window: &str) -> String {
        format!("avg_over_time({}[{window}:{}])", plan.series(SLICE), format_duration(self.seconds))
    }
}

impl Part<'_> {
    fn expression(&self, window: &str) -> String {
        let ratio = ratio(self.counting, window);
        match self.allowed {
            Some(allowed) => format!("{}\n> bool {allowed}", nested(&ratio)),
            None => ratio,
        }
    }
}

/// The share of bad events that a share of good ones leaves.
fn allowed(goal: Decimal) -> Option<Decimal> {
    Decimal::ONE.checked_sub(goal)
}

/// What Prometheus counts for an SLO, or why nothing.
pub(super) fn counting<'a>(service: &'a Service, slo: &'a Slo) -> Result<Counting<'a>, String> {
    let sli = slo.sli.as_ref().and_then(|sli| service.sli(sli));
    let sli = sli.ok_or_else(|| format!("`{}` measures no SLI", slo.name))?;
    sli.prometheus.as_ref().and_then(|queries| queries.counting()).ok_or_else(|| {
        format!("the SLI `{}` doesn't say how Prometheus counts it; add `[sli.prometheus]`", sli.name)
    })
}

/// The recorded rates of valid and bad events.
fn counts(counting: Counting<'_>, plan: &Plan<'_>, window: &str) -> Vec<Yaml> {
    let valid = valid(counting).map(|valid| (format!("weir_slo:valid:rate{window}"), valid.over(window)));
    let bad = bad(counting, window).map(|bad| (format!("weir_slo:bad:rate{window}"), bad));
    valid.into_iter().chain(bad).map(|(name, expression)| plan.record(&name, expression)).collect()
}

/// The query of valid events.
fn valid(counting: Counting<'_>) -> Option<&PromQuery> {
    match counting {
        Counting::Good { valid, .. } | Counting::Bad { valid, .. } => Some(valid),
        Counting::ErrorRatio(_) => None,
    }
}

/// The rate of bad events. Before the first of its kind a counter is not there at all; where others are, it is 0.
fn bad(counting: Counting<'_>, window: &str) -> Option<String> {
    match counting {
        Counting::Good { good, valid } => {
            let (good, valid) = (operand(good, window), operand(valid, window));
            Some(format!("{valid}\n-\n({good} or {valid} * 0)"))
        }
        Counting::Bad { bad, valid } => {
            Some(format!("{}\nor\n{} * 0", operand(bad, window), operand(valid, window)))
        }
        Counting::ErrorRatio(_) => None,
    }
}

/// The share of bad events over a window; nothing where there were no events.
fn ratio(counting: Counting<'_>, window: &str) -> String {
    match (counting, bad(counting, window), valid(counting)) {
        (_, Some(bad), Some(valid)) => format!("{}\n/\n({} > 0)", nested(&bad), operand(valid, window)),
        (Counting::ErrorRatio(query), _, _) => query.over(window),
        (Counting::Good { .. } | Counting::Bad { .. }, _, _) => String::new(),
    }
}

/// A query over a window, to be put between operators.
fn operand(query: &PromQuery, window: &str) -> String {
    let expression = query.over(window);
    if query.is_counter() { expression } else { format!("({expression})") }
}

/// An expression of several lines in brackets.
fn nested(expression: &str) -> String {
    let lines: String = expression.lines().map(|line| format!("  {line}\n")).collect();
    format!("(\n{lines})")
}
