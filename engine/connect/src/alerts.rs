//! The burn-rate alerts of a project, as other systems are to be told them.

use weir_math::{BurnAlert, Decimal, format_duration, parse_duration};
use weir_model::diagnostic::{Code, quote};
use weir_model::{Diagnostic, Name, PolicyFile, Service};

/// How soon someone has to look at an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Now.
    Page,
    /// In working hours.
    Ticket,
}

impl Urgency {
    /// The word that policies and labels have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
        }
    }
}

/// An alert of the plugin `burn-rate`: a pair of windows that both burn at or above a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The windows and the factor.
    pub burn: BurnAlert,
    /// How soon someone has to look.
    pub urgency: Urgency,
    /// How many events the long window must have.
    pub minimum_events: u64,
}

impl Alert {
    /// The long window, as people and PromQL write it: `1h`.
    #[must_use]
    pub fn long(&self) -> String {
        format_duration(self.burn.long)
    }

    /// The short window.
    #[must_use]
    pub fn short(&self) -> String {
        format_duration(self.burn.short)
    }
}

/// The four usual alerts, which the plugin has when a policy names none.
#[must_use]
pub fn usual_alerts() -> Vec<Alert> {
    const HOUR: u64 = 3_600;
    let alert = |long, short, factor: Decimal, urgency| Alert {
        burn: BurnAlert { long, short, factor },
        urgency,
        minimum_events: 0,
    };
    vec![
        alert(HOUR, 300, Decimal::parse("14.4").unwrap_or(Decimal::from(14)), Urgency::Page),
        alert(6 * HOUR, 1_800, Decimal::from(6), Urgency::Page),
        alert(24 * HOUR, 2 * HOUR, Decimal::from(3), Urgency::Ticket),
        alert(72 * HOUR, 6 * HOUR, Decimal::ONE, Urgency::Ticket),
    ]
}

/// The alerts that the policies of a project have for an SLO: those of every policy that runs the plugin `burn-rate` and
/// covers the SLO, each once. Where there is no such policy, the usual ones.
///
/// # Errors
///
/// Parameters that the plugin would refuse, at their place in the policy's file.
pub fn alerts_for<'p>(
    policies: impl IntoIterator<Item = &'p PolicyFile>,
    service: &Service,
    slo: &Name,
) -> Result<Vec<Alert>, Vec<Diagnostic>> {
    let (mut alerts, mut diagnostics, mut is_covered) = (Vec::new(), Vec::new(), false);
    for policy in policies {
        let scope = &policy.scope;
        if policy.about.plugin.as_str() != "burn-rate" || !scope.covers(service) || !scope.covers_slo(slo) {
            continue;
        }
        is_covered = true;
        match of_policy(policy) {
            Ok(own) => {
                for alert in own {
                    if !alerts.contains(&alert) {
                        alerts.push(alert);
                    }
                }
            }
            Err(wrong) => diagnostics.extend(wrong),
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(if is_covered { alerts } else { usual_alerts() })
}

fn of_policy(policy: &PolicyFile) -> Result<Vec<Alert>, Vec<Diagnostic>> {
    let Some(written) = policy.params.get("alerts") else { return Ok(usual_alerts()) };
    let mut diagnostics = Vec::new();
    let mut alerts = Vec::new();
    for (index, table) in written.as_array().into_iter().flatten().enumerate() {
        let place = format!("/params/alerts/{index}");
        match read(table) {
            Ok(alert) => alerts.push(alert),
            Err((key, message)) => {
                let span = policy.source().span(&format!("{place}/{key}"));
                diagnostics.push(policy.source().error(Code::InvalidValue, span, message));
            }
        }
    }
    if diagnostics.is_empty() { Ok(alerts) } else { Err(diagnostics) }
}

/// Reads one alert; gives the key that is wrong, and why.
fn read(table: &serde_json::Value) -> Result<Alert, (&'static str, String)> {
    let text = |key: &'static str| {
        let text = table.get(key).and_then(serde_json::Value::as_str);
        text.ok_or_else(|| (key, format!("an alert needs a text as `{key}`")))
    };
    let window = |key| parse_duration(text(key)?).map_err(|error| (key, error.to_string()));
    let (long, short) = (window("long")?, window("short")?);
    let factor = Decimal::parse(text("factor")?).map_err(|error| ("factor", error.to_string()))?;
    if factor <= Decimal::ZERO {
        return Err(("factor", "`factor` must be above 0".to_owned()));
    }
    if short >= long {
        return Err(("short", "the short window must be shorter than the long one".to_owned()));
    }
    let urgency = match text("urgency")? {
        "page" => Urgency::Page,
        "ticket" => Urgency::Ticket,
        other => return Err(("urgency", format!("{} is neither `page` nor `ticket`", quote(other)))),
    };
    let minimum_events = table.get("minimum-events").and_then(serde_json::Value::as_u64).unwrap_or(0);
    Ok(Alert { burn: BurnAlert { long, short, factor }, urgency, minimum_events })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema of the plugin's parameters is generated from the plugin, and has its default in it.
    #[test]
    fn the_usual_alerts_are_those_of_the_plugin() {
        let schema = include_str!("../../../plugins/burn-rate/parameters.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let default = schema["properties"]["alerts"]["default"].as_array().unwrap();
        let alerts: Vec<Alert> = default.iter().map(|table| read(table).unwrap()).collect();
        assert_eq!(alerts, usual_alerts());
    }
}
