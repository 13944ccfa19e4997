//! Rules with the names and the shape of Sloth's, for dashboards and routes that know them.
//!
//! They differ from Weir's own on purpose: one alert for each urgency, `>` where Weir has `>=`, and over the SLO's window a
//! mean of five-minute ratios, in which a quiet night weighs as much as a busy noon.

use weir_math::{Objective, Window, format_duration};
use weir_model::slo::Budgeting;
use weir_model::{Counting, PromQuery};

use super::expressions::counting;
use super::{BURN_ALERT, Target, about, literal};
use crate::alerts::{Alert, Urgency};
use crate::left::{Generated, LeftOut};
use crate::yaml::write::Yaml;

/// The rules for these SLOs as Sloth writes them, three groups for each.
#[must_use]
pub fn sloth_rules(targets: &[Target<'_>]) -> Generated {
    let (mut groups, mut left_out) = (Vec::new(), Vec::new());
    for target in targets {
        match Slo::of(target) {
            Ok(slo) => groups.extend(slo.groups()),
            Err(why) => left_out.push(LeftOut { about: about(target), what: format!("the SLO: {why}") }),
        }
    }
    let head = "# Written by `weir generate prometheus --style sloth` from the service files: change those instead.\n";
    let text = Yaml::table([("groups", Yaml::List(groups))]).document();
    Generated { text: format!("{head}{text}"), left_out }
}

/// An SLO of the kind that Sloth knows: events over a rolling window.
struct Slo<'a> {
    target: &'a Target<'a>,
    counting: Counting<'a>,
    objective: Objective,
    window: u64,
}

impl<'a> Slo<'a> {
    fn of(target: &'a Target<'a>) -> Result<Slo<'a>, String> {
        let Target { service, slo, .. } = target;
        let Some(objective) = slo.objective.filter(|_| slo.composite.is_none()) else {
            return Err("Sloth knows no composites".to_owned());
        };
        if slo.budgeting != Budgeting::Occurrences {
            return Err(format!("Sloth budgets by events, and this one by {}", slo.budgeting));
        }
        let Window::Rolling { seconds: window } = *slo.window else {
            return Err(format!("Sloth knows no {}", *slo.window));
        };
        Ok(Slo { target, counting: counting(service, slo)?, objective: *objective, window })
    }

    fn id(&self) -> String {
        format!("{}-{}", self.target.service.about.name, self.target.slo.name)
    }

    fn groups(&self) -> Vec<Yaml> {
        let id = self.id();
        let group = |kind: &str, rules: Vec<Yaml>| {
            let name = format!("sloth-slo-{kind}-{id}");
            Yaml::table([("name", Yaml::text(name)), ("rules", Yaml::List(rules))])
        };
        let mut groups =
            vec![group("sli-recordings", self.ratios()), group("meta-recordings", self.metadata())];
        let alerts = [Urgency::Page, Urgency::Ticket].into_iter().filter_map(|urgency| self.alert(urgency));
        let alerts: Vec<Yaml> = alerts.collect();
        if !alerts.is_empty() {
            groups.push(group("alerts", alerts));
        }
        groups
    }

    fn labels(&self) -> [(&'static str, String); 3] {
        [
            ("sloth_id", self.id()),
            ("sloth_service", self.target.service.about.name.to_string()),
            ("sloth_slo", self.target.slo.name.to_string()),
        ]
    }

    fn series(&self, name: &str) -> String {
        let labels = self.labels().map(|(label, value)| format!("{label}=\"{value}\""));
        format!("{name}{{{}}}", labels.join(", "))
    }

    fn record(&self, name: &str, expression: String, extra: &[(&'static str, String)]) -> Yaml {
        let labels = self.labels().into_iter().chain(extra.iter().cloned());
        Yaml::table([
            ("record", Yaml::text(name)),
            ("expr", Yaml::text(expression)),
            ("labels", Yaml::texts(labels)),
        ])
    }

    fn ratios(&self) -> Vec<Yaml> {
        let pairs = self.target.alerts.iter().flat_map(|alert| [alert.burn.short, alert.burn.long]);
        let mut windows: Vec<u64> = pairs.chain([300]).collect();
        windows.sort_unstable();
        windows.dedup();
        let mut rules: Vec<Yaml> = windows
            .into_iter()
            .map(|window| {
                let window = format_duration(window);
                let name = format!("slo:sli_error:ratio_rate{window}");
                self.record(&name, self.ratio(&window), &[("sloth_window", window.clone())])
            })
            .collect();
        let (window, short) = (format_duration(self.window), self.series("slo:sli_error:ratio_rate5m"));
        let mean = format!(
            "sum_over_time({short}[{window}])\n/ ignoring (sloth_window)\ncount_over_time({short}[{window}])"
        );
        let name = format!("slo:sli_error:ratio_rate{window}");
        rules.push(self.record(&name, mean, &[("sloth_window", window)]));
        rules
    }

    /// The share of bad events over a window.
    fn ratio(&self, window: &str) -> String {
        let over = |query: &PromQuery| query.over(window);
        match self.counting {
            Counting::Bad { bad, valid } => format!("({})\n/\n({})", over(bad), over(valid)),
            Counting::Good { good, valid } => {
                format!("(({}) - ({}))\n/\n({})", over(valid), over(good), over(valid))
            }
            Counting::ErrorRatio(ratio) => format!("({})", over(ratio)),
        }
    }

    fn metadata(&self) -> Vec<Yaml> {
        let objective = self.objective.as_decimal();
        let period = format!("slo:sli_error:ratio_rate{}", format_duration(self.window));
        let burn = |ratio: &str| {
            format!(
                "{}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\n{}",
                self.series(ratio),
                self.series("slo:error_budget:ratio")
            )
        };
        let days = weir_math::Ratio::new(i128::from(self.window), 86_400);
        let days = days.map_or_else(String::new, |days| days.to_decimal_string(6));
        let percent = objective.percent().replace([' ', '%'], "");
        vec![
            self.record("slo:objective:ratio", format!("vector({objective})"), &[]),
            self.record("slo:error_budget:ratio", format!("vector(1-{objective})"), &[]),
            self.record("slo:time_period:days", format!("vector({days})"), &[]),
            self.record("slo:current_burn_rate:ratio", burn("slo:sli_error:ratio_rate5m"), &[]),
            self.record("slo:period_burn_rate:ratio", burn(&period), &[]),
            self.record(
                "slo:period_error_budget_remaining:ratio",
                format!("1 - {}", self.series("slo:period_burn_rate:ratio")),
                &[],
            ),
            self.record("sloth_slo_info", "vector(1)".to_owned(), &[("sloth_objective", percent)]),
        ]
    }

    /// The alert of all pairs of one urgency.
    fn alert(&self, urgency: Urgency) -> Option<Yaml> {
        let of_urgency = self.target.alerts.iter().filter(|alert| alert.urgency == urgency);
        let pairs: Vec<String> = of_urgency.map(|alert| self.pair(alert)).collect();
        if pairs.is_empty() {
            return None;
        }
        let word = urgency.as_str();
        let owner = literal(self.target.service.about.owner.as_str());
        let own = [("severity", word.to_owned()), ("sloth_severity", word.to_owned()), ("weir_owner", owner)];
        let (service, slo) = (&self.target.service.about.name, &self.target.slo.name);
        let summary = format!("{slo} of {service} burns its error budget too fast");
        Some(Yaml::table([
            ("alert", Yaml::text(BURN_ALERT)),
            ("expr", Yaml::text(pairs.join("\nor\n"))),
            ("labels", Yaml::texts(own)),
            ("annotations", Yaml::texts([("summary", summary)])),
        ]))
    }

    fn pair(&self, alert: &Alert) -> String {
        let burning = |window: String| {
            let ratio = self.series(&format!("slo:sli_error:ratio_rate{window}"));
            let (factor, budget) = (alert.burn.factor, self.objective.budget());
            format!("max({ratio} > ({factor} * {budget})) without (sloth_window)")
        };
        format!("(\n    {}\n    and\n    {}\n)", burning(alert.short()), burning(alert.long()))
    }
}

#[cfg(test)]
#[cfg(feature = "sloth")]
mod tests;

#[cfg(test)]
#[cfg(feature = "sloth")]
mod tree;
