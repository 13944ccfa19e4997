//! Test cases for `promtool`: that alerts fire when Weir's own arithmetic says so, and not below.
//!
//! Each case is a made-up course of events. What Weir makes of it is worked out here, from the same course, by the code
//! that judges at the gate; `promtool` works out what Prometheus makes of it.

use weir_math::{Account, Budgeting, Counts, Ratio, Series as Ledger, Span, Tally, Unknown, format_duration};

use super::expressions::SLICE;
use super::series::{Series, series};
use super::{BURN_ALERT, Plan, Target, about};
use crate::alerts::Alert;
use crate::left::{Generated, LeftOut};
use crate::yaml::write::Yaml;

/// How many events there are in a step.
const EVENTS: u64 = 1_000_000;
/// How long something goes on for that goes on evenly, in seconds.
const LONG_ENOUGH: u64 = 600;

/// Test cases for the [`rules`](super::rules) for these SLOs. `rules_file` is where the rules are, as seen from the file of
/// the cases.
///
/// Where the SLI's queries are counters, events are fed to them. The labels of what an expression selects are not known, so
/// that the cases of such an SLI feed the recorded error ratios instead and test the alerts alone.
#[must_use]
pub fn cases(targets: &[Target<'_>], rules_file: &str) -> Generated {
    let mut left_out = Vec::new();
    let mut cases = Vec::new();
    for target in targets {
        // What the rules lack, they have said themselves.
        let Some(plan) = Plan::new(target, &mut Vec::new()) else { continue };
        let Some(step) = step(&plan) else {
            let what = "the test cases: its slices are too short to be told apart".to_owned();
            left_out.push(LeftOut { about: about(target), what });
            continue;
        };
        let made_up = plan.measure.counting().and_then(series);
        let budgeting = match made_up {
            Some(_) => target.slo.account(),
            None => Budgeting::Occurrences,
        };
        cases.extend(courses(&plan, step, budgeting).iter().filter_map(|course| match &made_up {
            Some(series) => course.fed_with_events(&plan, series),
            None => course.fed_with_ratios(&plan),
        }));
    }
    let text = Yaml::table([
        ("rule_files", Yaml::List(vec![Yaml::text(rules_file)])),
        ("evaluation_interval", Yaml::text("1m")),
        ("tests", Yaml::List(cases)),
    ])
    .document();
    let head = "# Written by `weir generate prometheus --tests`, for `promtool test rules`.\n";
    Generated { text: format!("{head}{text}"), left_out }
}

/// How far apart samples are, in seconds: five fit into what is recorded as it goes.
fn step(plan: &Plan<'_>) -> Option<u64> {
    Some((plan.base / 5).min(60)).filter(|step| *step > 0 && plan.base.is_multiple_of(*step))
}

/// A course of events.
struct Course {
    name: String,
    /// From one sample to the next, in seconds.
    step: u64,
    /// How many steps, and how many events of each step are bad, one phase after the other.
    phases: Vec<(u64, u64)>,
    /// What its events become for the error budget.
    budgeting: Budgeting,
}

/// A course on each side of each alert's threshold, and one of an outage that is over.
fn courses(plan: &Plan<'_>, step: u64, budgeting: Budgeting) -> Vec<Course> {
    let steps = LONG_ENOUGH.max(plan.base * 2) / step;
    let mut courses = Vec::new();
    let mut seen = Vec::new();
    for alert in &plan.alerts {
        let factor = alert.burn.factor;
        if seen.contains(&factor) {
            continue;
        }
        seen.push(factor);
        let Some(bad) = bad_at(plan, alert) else { continue };
        let margin = bad / 100 + 1;
        let above = (bad + margin).min(EVENTS);
        let below = bad.saturating_sub(margin);
        for (side, bad) in [("above", above), ("below", below)] {
            let name = format!("a burn rate just {side} {factor}");
            courses.push(Course { name, step, phases: vec![(steps, bad)], budgeting });
        }
    }
    if let Some(shortest) = plan.alerts.iter().map(|alert| alert.burn.short).min() {
        let quiet = (shortest + plan.base) / step + 2;
        let phases = vec![(steps, EVENTS), (quiet, 0)];
        courses.push(Course { name: "an outage that is over".to_owned(), step, phases, budgeting });
    }
    courses
}

/// How many events of a step are bad where the burn rate is an alert's factor, rounded up.
fn bad_at(plan: &Plan<'_>, alert: &Alert) -> Option<u64> {
    let ratio = super::threshold(plan, alert);
    let bad = ratio.numerator().unsigned_abs().checked_mul(u128::from(EVENTS))?.div_ceil(ratio.denominator());
    u64::try_from(bad).ok()
}

impl Course {
    fn seconds(&self) -> u64 {
        self.phases.iter().map(|(steps, _)| steps * self.step).sum()
    }

    /// The course as Prometheus sees it: counters that count good or bad events or both.
    fn fed_with_events(&self, plan: &Plan<'_>, series: &[Series]) -> Option<Yaml> {
        let input = series.iter().map(|series| {
            let mut total = 0;
            let mut values = vec!["0".to_owned()];
            for (steps, bad) in &self.phases {
                let events = u64::from(series.good) * (EVENTS - bad) + u64::from(series.bad) * bad;
                // `a+bxn` is a and n more values, of which a itself is the first of this phase.
                values.push(format!("{}+{events}x{}", total + events, steps.saturating_sub(1)));
                total += events * steps;
            }
            (series.name.clone(), values.join(" "))
        });
        self.case(plan, input.collect())
    }

    /// The course as its error ratios over each window, each as it is at the end.
    fn fed_with_ratios(&self, plan: &Plan<'_>) -> Option<Yaml> {
        let [_] = self.phases.as_slice() else { return None };
        let ratio = |window| {
            let counts = self.counts(plan, window, 0)?;
            let ratio = Ratio::new(i128::from(counts.bad), u128::from(counts.valid()))?;
            Some(format!("{}x{}", ratio.to_decimal_string(12), self.seconds() / self.step))
        };
        let input: Option<Vec<_>> = match plan.measure.slice() {
            // All else is made from how bad each slice was.
            Some(slice) => ratio(slice).map(|ratio| vec![(plan.series(SLICE), ratio)]),
            None => {
                let windows = plan.windows().into_iter();
                windows.map(|window| Some((plan.series(&plan.series_name(window)), ratio(window)?))).collect()
            }
        };
        self.case(plan, input?)
    }

    fn case(&self, plan: &Plan<'_>, input: Vec<(String, String)>) -> Option<Yaml> {
        let mut expected = Vec::new();
        for alert in &plan.alerts {
            if self.fires(plan, alert)? {
                let labels = format!(
                    "{{severity=\"{}\", weir_factor=\"{}\", weir_long=\"{}\", weir_short=\"{}\"}}",
                    alert.urgency.as_str(),
                    alert.burn.factor,
                    alert.long(),
                    alert.short()
                );
                expected.push(Yaml::table([("labels", Yaml::text(labels)), ("value", Yaml::plain(&1))]));
            }
        }
        let firing = plan
            .series("ALERTS")
            .replace('{', &format!("{{alertname=\"{BURN_ALERT}\", alertstate=\"firing\", "));
        let expression = format!("count by (severity, weir_factor, weir_long, weir_short) ({firing})");
        let series =
            input.into_iter().map(|(series, values)| Yaml::texts([("series", series), ("values", values)]));
        Some(Yaml::table([
            ("name", Yaml::text(format!("{}: {}", about(plan.target), self.name))),
            ("interval", Yaml::text(format_duration(self.step))),
            ("input_series", Yaml::List(series.collect())),
            (
                "promql_expr_test",
                Yaml::List(vec![Yaml::table([
                    ("expr", Yaml::text(expression)),
                    ("eval_time", Yaml::text(format_duration(self.seconds()))),
                    ("exp_samples", Yaml::List(expected)),
                ])]),
            ),
        ]))
    }

    /// Whether the alert fires at the end of the course, as Weir sees it. None where a step more or less would tell: a
    /// rate of Prometheus is not that exact.
    fn fires(&self, plan: &Plan<'_>, alert: &Alert) -> Option<bool> {
        let fires = |slack: i64| {
            let long = self.counts(plan, alert.burn.long, slack)?;
            let short = self.counts(plan, alert.burn.short, slack)?;
            let enough = match plan.enough_events(alert) {
                Some(Ok(_)) => self.units(plan, alert.burn.long, long) >= alert.minimum_events,
                Some(Err(_)) | None => true,
            };
            Some(enough && alert.burn.holds(&plan.objective, long, short))
        };
        let exactly = fires(0)?;
        (fires(-1)? == exactly && fires(1)? == exactly).then_some(exactly)
    }

    /// How many events, or slices, a window has at the end of the course.
    fn units(&self, plan: &Plan<'_>, window: u64, counts: Counts) -> u64 {
        match plan.measure.slice() {
            Some(slice) => window.min(self.seconds()) / slice,
            None => counts.valid(),
        }
    }

    /// What is counted over a window at the end of the course, which the window may miss by `slack` steps.
    fn counts(&self, plan: &Plan<'_>, window: u64, slack: i64) -> Option<Counts> {
        let slice = u32::try_from(plan.measure.slice().unwrap_or(self.step)).ok()?;
        let mut tallies = Vec::new();
        let mut at = 0_i64;
        for (steps, bad) in &self.phases {
            for _ in 0..*steps {
                let start = at - at.rem_euclid(i64::from(slice));
                tallies.push((start, Tally { good: EVENTS - bad, bad: *bad, unknown: 0 }));
                at = at.checked_add(i64::try_from(self.step).ok()?)?;
            }
        }
        let ledger = Ledger::new(slice, tallies).ok()?;
        let account = Account::new(&ledger, self.budgeting, Unknown::Ignored);
        let slack = slack.checked_mul(i64::try_from(self.step).ok()?)?;
        let start = at.checked_sub(i64::try_from(window).ok()?)?.checked_add(slack)?;
        Some(account.counts(Span { start, end: at }))
    }
}
