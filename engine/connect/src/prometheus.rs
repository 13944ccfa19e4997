//! Recording and alerting rules for Prometheus, and test cases for `promtool`.
//!
//! Events are recorded as rates of the valid and of the bad ones. An error ratio over any window is the quotient of two
//! rates over that window, so that a minute with much traffic weighs more than a quiet one, in the error budget too; it is
//! never a mean of ratios. Each pair of windows is an alert of its own, which says in its labels which pair it is.
//!
//! Thresholds are products of exact decimals, written out: `0.0144`, not `14.4 * 0.001`, which is another float.

mod cases;
mod expressions;
mod series;
mod sloth;
#[cfg(feature = "http")]
pub mod source;

use weir_math::{Objective, Ratio, Window, format_duration};
use weir_model::{Service, Slo};

use crate::alerts::{Alert, Urgency};
use crate::left::{Generated, LeftOut};
use crate::yaml::write::Yaml;
use expressions::Measure;

pub use cases::cases;
pub use sloth::sloth_rules;

/// The name of the alerts on burn rates.
pub const BURN_ALERT: &str = "WeirErrorBudgetBurn";
/// The name of the alerts on missing data.
pub const NO_DATA_ALERT: &str = "WeirSliWithoutData";

/// An SLO to write rules for.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// The service.
    pub service: &'a Service,
    /// One of its SLOs.
    pub slo: &'a Slo,
    /// The alerts on it.
    pub alerts: Vec<Alert>,
}

/// The rules for these SLOs, a group for each, as Prometheus reads them from a file.
#[must_use]
pub fn rules(targets: &[Target<'_>]) -> Generated {
    let mut left_out = Vec::new();
    let mut groups = Vec::new();
    for target in targets {
        if let Some(plan) = Plan::new(target, &mut left_out) {
            groups.push(plan.group());
        }
    }
    let text = Yaml::table([("groups", Yaml::List(groups))]).document();
    let head = "# Written by `weir generate prometheus` from the service files: change those instead.\n";
    Generated { text: format!("{head}{text}"), left_out }
}

/// What is to be written for one SLO.
struct Plan<'a> {
    target: &'a Target<'a>,
    objective: Objective,
    measure: Measure<'a>,
    /// The alerts that can fire.
    alerts: Vec<Alert>,
    /// The stretch of time that is recorded as it goes.
    base: u64,
}

impl<'a> Plan<'a> {
    /// Plans the rules for an SLO, unless there are none to be written; notes what is left out.
    fn new(target: &'a Target<'a>, left_out: &mut Vec<LeftOut>) -> Option<Plan<'a>> {
        let Target { service, slo, alerts } = target;
        let mut leave = |what: String| left_out.push(LeftOut { about: about(target), what });
        let Some(objective) = slo.objective else {
            leave("the SLO: a weighted composite counts nothing that an alert could look at".to_owned());
            return None;
        };
        let measure = match Measure::of(service, slo) {
            Ok(measure) => measure,
            Err(why) => {
                leave(format!("the SLO: {why}"));
                return None;
            }
        };
        let shortest = alerts.iter().map(|alert| alert.burn.short).min().unwrap_or(300);
        let base = measure.slice().unwrap_or(shortest);
        let mut plan = Plan { target, objective: *objective, measure, alerts: Vec::new(), base };
        for alert in alerts {
            let over = format!("the alert over {} and {}", alert.long(), alert.short());
            if !alert.burn.reachable(&plan.objective) {
                let factor = alert.burn.factor;
                leave(format!(
                    "{over}: a burn rate of {factor} can't be reached with an objective of {objective}"
                ));
                continue;
            }
            if let Some(Err(why)) = plan.enough_events(alert) {
                leave(format!("the least number of events of {over}: {why}"));
            }
            plan.alerts.push(*alert);
        }
        if let Window::Calendar { .. } = *slo.window {
            let window = &*slo.window;
            leave(format!("what is left of the error budget: Prometheus knows no {window}"));
        }
        if slo.unknown_counts_as != weir_model::slo::UnknownCountsAs::Ignored {
            let word = slo.unknown_counts_as;
            leave(format!("that what is unknown counts as {word}: counters know nothing unknown"));
        }
        Some(plan)
    }

    fn group(&self) -> Yaml {
        let mut rules = self.measure.recordings(self);
        for window in self.windows() {
            if window != self.base || self.measure.slice().is_some() {
                let expression = self.measure.error_ratio(self, window);
                rules.push(self.record(&self.series_name(window), expression));
            }
        }
        rules.extend(self.budget());
        rules.extend(self.alerts.iter().map(|alert| self.alert(alert)));
        rules.push(self.no_data());
        let name = format!("weir-{}-{}", self.target.service.about.name, self.target.slo.name);
        Yaml::table([("name", Yaml::text(name)), ("rules", Yaml::List(rules))])
    }

    /// The windows that alerts look at, and the base, each once, the shortest first.
    fn windows(&self) -> Vec<u64> {
        let mut windows: Vec<u64> =
            self.alerts.iter().flat_map(|alert| [alert.burn.short, alert.burn.long]).collect();
        if self.measure.slice().is_none() {
            windows.push(self.base);
        }
        windows.sort_unstable();
        windows.dedup();
        windows
    }

    /// The name of the series with the share of the error budget's unit that was bad over a window.
    fn series_name(&self, window: u64) -> String {
        let what = if self.measure.slice().is_some() { "bad_slices:ratio" } else { "error_ratio:rate" };
        format!("weir_slo:{what}{}", format_duration(window))
    }

    /// A series of this SLO.
    fn series(&self, name: &str) -> String {
        format!(
            "{name}{{weir_service=\"{}\", weir_slo=\"{}\"}}",
            self.target.service.about.name, self.target.slo.name
        )
    }

    /// A recording rule.
    fn record(&self, name: &str, expression: String) -> Yaml {
        Yaml::table([
            ("record", Yaml::text(name)),
            ("expr", Yaml::text(expression)),
            ("labels", Yaml::texts(self.labels())),
        ])
    }

    fn labels(&self) -> [(&'static str, &str); 2] {
        [
            ("weir_service", self.target.service.about.name.as_str()),
            ("weir_slo", self.target.slo.name.as_str()),
        ]
    }

    /// What the objective is, what is left of its error budget, and what is known about the SLO.
    fn budget(&self) -> Vec<Yaml> {
        let slo = self.target.slo;
        let share = self.objective.budget();
        let mut rules = vec![
            self.record("weir_slo:objective:ratio", format!("vector({})", self.objective.as_decimal())),
            self.record("weir_slo:error_budget:ratio", format!("vector({share})")),
        ];
        let current = self.windows().first().map(|window| self.series(&self.series_name(*window)));
        if let Some(current) = current {
            rules.push(self.record("weir_slo:burn_rate:ratio", format!("{current} / {share}")));
        }
        if let Window::Rolling { seconds } = *slo.window {
            let period = "weir_slo:period_error:ratio";
            rules.push(self.record(period, self.measure.period_error(self, seconds)));
            let left = format!("1 - {} / {share}", self.series(period));
            rules.push(self.record("weir_slo:error_budget_remaining:ratio", left));
        }
        let about = &self.target.service.about;
        let facts = [
            ("weir_owner", about.owner.to_string()),
            ("weir_tier", about.tier.to_string()),
            ("weir_objective", format!("{}%", self.objective.as_decimal().percent().trim_end_matches(" %"))),
            ("weir_window", slo.window.to_string()),
            ("weir_budgeting", slo.budgeting.to_string()),
        ];
        let labels = self.labels().map(|(key, value)| (key, value.to_owned())).into_iter().chain(facts);
        rules.push(Yaml::table([
            ("record", Yaml::text("weir_slo_info")),
            ("expr", Yaml::text("vector(1)")),
            ("labels", Yaml::texts(labels)),
        ]));
        rules
    }

    /// The condition that there are enough events for an alert to mean anything, where it asks for some; or why there is
    /// none.
    fn enough_events(&self, alert: &Alert) -> Option<Result<String, &'static str>> {
        let least = Some(alert.minimum_events).filter(|least| *least > 0)?;
        let events = self.measure.events(self, alert.burn.long);
        Some(events.map(|events| format!("{events} >= {least}")))
    }

    fn alert(&self, alert: &Alert) -> Yaml {
        let threshold = threshold(self, alert).to_decimal_string(36);
        let (long, short) = (alert.long(), alert.short());
        let burning = |window| format!("{} >= {threshold}", self.series(&self.series_name(window)));
        let mut expression = format!("{}\nand\n{}", burning(alert.burn.long), burning(alert.burn.short));
        if let Some(Ok(enough)) = self.enough_events(alert) {
            expression.push_str(&format!("\nand on ()\n({enough})"));
        }
        let (service, slo, factor) =
            (&self.target.service.about.name, &self.target.slo.name, alert.burn.factor);
        let extra =
            [("weir_long", long.clone()), ("weir_short", short.clone()), ("weir_factor", factor.to_string())];
        let summary = format!("{slo} of {service} burns its error budget {factor} times as fast as it may");
        let description = format!(
            "{{{{ $value | humanizePercentage }}}} of the {} were bad over {long}, and over {short} it is no better. The \
             objective is {} over {}.",
            self.measure.unit(),
            self.objective,
            *self.target.slo.window,
        );
        self.alerting(BURN_ALERT, expression, alert.urgency, &extra, [summary, description])
    }

    fn no_data(&self) -> Yaml {
        let stale = self.target.slo.stale_after;
        let series = self.series(&self.measure.signal(self));
        let expression = format!("absent_over_time({series}[{stale}])");
        let (service, slo) = (&self.target.service.about.name, &self.target.slo.name);
        let summary = format!("{slo} of {service} has had no data for {stale}");
        let description =
            "What is not measured is neither good nor bad: nobody knows what is left of the error budget.";
        self.alerting(NO_DATA_ALERT, expression, Urgency::Ticket, &[], [summary, description.to_owned()])
    }

    fn alerting(
        &self,
        name: &str,
        expression: String,
        urgency: Urgency,
        extra: &[(&str, String)],
        [summary, description]: [String; 2],
    ) -> Yaml {
        let owner = literal(self.target.service.about.owner.as_str());
        let own = [("severity", urgency.as_str().to_owned()), ("weir_owner", owner)];
        let labels = own
            .into_iter()
            .chain(self.labels().map(|(key, value)| (key, value.to_owned())))
            .chain(extra.iter().map(|(key, value)| (*key, value.clone())));
        Yaml::table([
            ("alert", Yaml::text(name)),
            ("expr", Yaml::text(expression)),
            ("labels", Yaml::texts(labels)),
            ("annotations", Yaml::texts([("summary", summary), ("description", description)])),
        ])
    }
}

/// The share of bad ones from which an alert fires; exact, and 1 at most for an alert that can fire.
fn threshold(plan: &Plan<'_>, alert: &Alert) -> Ratio {
    let budget = Ratio::from(plan.objective.budget());
    Ratio::from(alert.burn.factor).checked_mul(budget).unwrap_or(Ratio::ONE)
}

/// What a message about an SLO begins with.
fn about(target: &Target<'_>) -> String {
    format!("{}/{}", target.service.about.name, target.slo.name)
}

/// A text in a template of Prometheus that comes out as it is.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}
