//! Which objectives does history support?

use jiff::Timestamp;
use serde::Serialize;
use weir_math::{Budget, Budgeting, Objective, Ratio, objective_missed};
use weir_model::EventCounts;

use crate::engine::{Engine, EngineError, Measurements};
use crate::measure::Events;
use crate::measured::MeasuredSlo;
use crate::project::Project;

/// The version of the suggestions' JSON form.
const SUGGEST_VERSION: u32 = 1;

/// The objectives that are tried, the tightest first: those that people speak of.
const LADDER: [&str; 13] = [
    "99.999%", "99.995%", "99.99%", "99.95%", "99.9%", "99.8%", "99.5%", "99%", "98%", "95%", "90%", "80%",
    "50%",
];

/// How sure a suggestion has to be: the chance that its objective is missed, at most.
const SURE: f64 = 0.05;

/// What history supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Suggestions {
    /// The version of this form.
    pub schema_version: u32,
    /// The instant that it was looked at.
    pub at: Timestamp,
    /// SLO by SLO, in the order of services and of their files. Weighted composites are left out.
    pub slos: Vec<Suggestion>,
    /// What became of the events that were read.
    pub events: EventCounts,
}

/// What the history of one SLO supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Suggestion {
    /// The service.
    pub service: String,
    /// The SLO.
    pub slo: String,
    /// Its objective now.
    pub objective: String,
    /// Its window.
    pub window: String,
    /// Good ones over the window.
    pub good: u64,
    /// Bad ones over the window.
    pub bad: u64,
    /// The share of good ones in percent, rounded to four places.
    pub achieved: Option<String>,
    /// Why nothing is suggested, where that is so.
    pub gap: Option<String>,
    /// The tightest objective that the counts support at 95 % confidence.
    pub supported: Option<Supported>,
}

/// An objective that history supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Supported {
    /// The objective.
    pub objective: String,
    /// How sure it is that the true share of good ones lies at or above it, from 0 to 1, rounded to four places.
    pub met_confidence: String,
    /// On how many of the days looked at the window before that day would have kept it.
    pub days_kept: usize,
    /// How many days were looked at.
    pub days: usize,
    /// How many bad ones it would have allowed over the window.
    pub allowed_bad: u64,
}

impl Engine {
    /// Says of every SLO which objective its history supports: the tightest usual one of which the counts over the SLO's
    /// window make it 95 % sure that it is met, if every true share was equally likely before.
    ///
    /// # Errors
    /// When there is no such service, the project is wrong, or events can't be read.
    pub fn slo_suggest(
        &self,
        project: &Project,
        service: Option<&str>,
        at: Timestamp,
        events: &Events,
    ) -> Result<Suggestions, EngineError> {
        let Measurements { services, counts } = self.measured(project, service, at, events)?;
        let mut slos = Vec::new();
        for (service, of_service) in &services {
            let judged = of_service.judged(at);
            slos.extend(judged.iter().map(|slo| suggestion(service.about.name.as_str(), slo, at)));
        }
        Ok(Suggestions { schema_version: SUGGEST_VERSION, at, slos, events: counts })
    }
}

fn suggestion(service: &str, slo: &MeasuredSlo, at: Timestamp) -> Suggestion {
    let total = slo.total;
    let share = Ratio::new(i128::from(total.good), u128::from(total.valid()));
    let gap = slo.gap.clone().or_else(|| {
        let by_degrees = slo.budgeting() == Budgeting::RatioTimeSlices;
        by_degrees.then(|| "slices that count in part are no number of observations".to_owned())
    });
    let supported = if gap.is_none() { supported(slo, at) } else { None };
    Suggestion {
        service: service.to_owned(),
        slo: slo.name().to_string(),
        objective: slo.objective().to_string(),
        window: slo.window().to_string(),
        good: total.good,
        bad: total.bad,
        achieved: share.map(|share| share.percent_string(4)),
        gap,
        supported,
    }
}

fn supported(slo: &MeasuredSlo, at: Timestamp) -> Option<Supported> {
    let usual = LADDER.iter().filter_map(|text| Objective::parse(text).ok());
    let (objective, missed) = usual
        .filter_map(|objective| Some((objective, objective_missed(&objective, slo.total)?)))
        .find(|(_, missed)| *missed <= SURE)?;
    let days = slo.daily(at);
    let kept = days.iter().filter_map(|counts| Budget::new(&objective, *counts).remaining());
    let met = format!("{:.4}", 1.0 - missed);
    Some(Supported {
        objective: objective.to_string(),
        met_confidence: met.trim_end_matches('0').trim_end_matches('.').to_owned(),
        days_kept: kept.filter(|left| *left >= Ratio::ZERO).count(),
        days: days.len(),
        allowed_bad: Budget::new(&objective, slo.total).allowed_bad(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_falls_and_every_rung_is_an_objective() {
        let rungs: Vec<Objective> = LADDER.iter().map(|text| Objective::parse(text).unwrap()).collect();
        assert!(rungs.windows(2).all(|pair| pair[0].as_decimal() > pair[1].as_decimal()));
    }
}
