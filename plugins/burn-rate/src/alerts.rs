//! The alerts: what they need to know, and whether they hold.

use weir_math::{Budget, BurnAlert, Counts, Decimal, Objective, parse_duration};
use weir_plugin::budget::{Clause, SloStatus};
use weir_plugin::{Problem, effect, metric};

use crate::{Alert, Effect, Urgency};

pub(crate) fn default_alerts() -> Vec<Alert> {
    let alert = |long: &str, short: &str, factor: &str, effect, urgency| Alert {
        long: long.to_owned(),
        short: short.to_owned(),
        factor: factor.to_owned(),
        effect,
        urgency,
        minimum_events: 0,
    };
    vec![
        alert("1h", "5m", "14.4", Effect::Hold, Urgency::Page),
        alert("6h", "30m", "6", Effect::Hold, Urgency::Page),
        alert("1d", "2h", "3", Effect::Warn, Urgency::Ticket),
        alert("3d", "6h", "1", Effect::Warn, Urgency::Ticket),
    ]
}

/// The alerts in numbers, and the windows that they need.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pairs: Vec<Pair<'a>>,
    pub(crate) windows: Vec<u64>,
}

#[derive(Debug)]
struct Pair<'a> {
    alert: &'a Alert,
    burn: BurnAlert,
    /// Where the long and the short window stand in the plan.
    places: (usize, usize),
}

impl<'a> Plan<'a> {
    /// Reads the alerts; refuses those that make no sense.
    pub(crate) fn new(alerts: &'a [Alert]) -> Result<Self, Problem> {
        let mut plan = Plan { pairs: Vec::with_capacity(alerts.len()), windows: Vec::new() };
        for alert in alerts {
            let pair = plan.pair(alert).map_err(|text| {
                Problem::InvalidParams(format!("alert over `{}` and `{}`: {text}", alert.long, alert.short))
            })?;
            plan.pairs.push(pair);
        }
        Ok(plan)
    }

    fn pair(&mut self, alert: &'a Alert) -> Result<Pair<'a>, String> {
        let long = parse_duration(&alert.long).map_err(|error| format!("`long`: {error}"))?;
        let short = parse_duration(&alert.short).map_err(|error| format!("`short`: {error}"))?;
        let factor = Decimal::parse(&alert.factor).map_err(|error| format!("`factor`: {error}"))?;
        if factor <= Decimal::ZERO {
            return Err("`factor` must be above 0".to_owned());
        }
        if short >= long {
            return Err("the short window must be shorter than the long one".to_owned());
        }
        let places = (self.place(long), self.place(short));
        Ok(Pair { alert, burn: BurnAlert { long, short, factor }, places })
    }

    /// Where the window stands in the plan, which it joins if it isn't there yet.
    fn place(&mut self, window: u64) -> usize {
        let known = self.windows.iter().position(|other| *other == window);
        known.unwrap_or_else(|| {
            self.windows.push(window);
            self.windows.len() - 1
        })
    }

    /// The alerts that hold for the SLO, and what there is to say about those that can't.
    pub(crate) fn clauses(&self, slo: &SloStatus) -> Result<Vec<Clause>, Problem> {
        let objective = Objective::parse(&slo.objective)
            .map_err(|error| Problem::Unprocessable(format!("SLO `{}`: {error}", slo.name)))?;
        let mut clauses = Vec::new();
        for pair in &self.pairs {
            clauses.extend(pair.clause(slo, &objective)?);
        }
        let mut unreachable: Vec<&str> = Vec::new();
        for pair in self.pairs.iter().filter(|pair| !pair.burn.reachable(&objective)) {
            if !unreachable.contains(&pair.alert.factor.as_str()) {
                unreachable.push(&pair.alert.factor);
            }
        }
        if !unreachable.is_empty() {
            let factors = unreachable.join(" and ");
            clauses.push(Clause {
                code: "unreachable".to_owned(),
                text: format!(
                    "`{}` can't burn its error budget {factors} times as fast as it may, even if every event is bad; \
                     choose a lower factor or a tighter objective",
                    slo.name
                ),
                ..about(slo)
            });
        }
        Ok(clauses)
    }
}

impl Pair<'_> {
    /// The clause of the alert if its burn rates are high enough.
    ///
    /// The alert ends as soon as either window is below the factor. The short one forgets sooner, so the clause gives
    /// that one as what would lift it.
    fn clause(&self, slo: &SloStatus, objective: &Objective) -> Result<Option<Clause>, Problem> {
        let Pair { alert, burn, places } = self;
        let (long, short) = (counts(slo, places.0)?, counts(slo, places.1)?);
        if !burn.holds(objective, long, short) {
            return Ok(None);
        }
        let urgency = alert.urgency.name();
        let rate = |counts| Budget::new(objective, counts).burn();
        let (Some(long_rate), Some(short_rate)) = (rate(long), rate(short)) else { return Ok(None) };
        let text = format!(
            "`{}` burns its error budget {} times as fast as it may over {}, and {} times over {}",
            slo.name,
            long_rate.to_decimal_string(1),
            alert.long,
            short_rate.to_decimal_string(1),
            alert.short
        );
        let events = long.valid();
        if events < alert.minimum_events {
            let text =
                format!("{text}; too few events to tell, {events} of at least {}", alert.minimum_events);
            let code = format!("too-few-events-{urgency}-{}", alert.long);
            return Ok(Some(Clause { code, text, ..about(slo) }));
        }
        Ok(Some(Clause {
            code: format!("burn-{urgency}-{}", alert.long),
            text: format!("{text}; a {urgency} from {} over both", alert.factor),
            effect: alert.effect.code(),
            metric: metric::BURN_RATE,
            window: burn.short,
            actual: short_rate.to_decimal_string(6),
            required: burn.factor.to_string(),
            ..about(slo)
        }))
    }
}

fn counts(slo: &SloStatus, place: usize) -> Result<Counts, Problem> {
    match slo.windows.get(place) {
        Some(counts) => Ok(Counts { good: counts.good, bad: counts.bad }),
        None => Err(Problem::Unprocessable(format!("SLO `{}` lacks a window that was asked for", slo.name))),
    }
}

/// A clause about the SLO that has no effect.
fn about(slo: &SloStatus) -> Clause {
    Clause {
        code: String::new(),
        text: String::new(),
        effect: effect::ALLOW,
        slo: slo.name.clone(),
        metric: metric::NOTHING,
        window: 0,
        actual: String::new(),
        required: String::new(),
        until: None,
    }
}
