//! The status of SLOs as metrics: a text that both OpenMetrics and Prometheus's own format allow, for example for the
//! textfile collector of the node exporter.
//!
//! Weir looks at a stretch of time and says what it finds, so everything here is a gauge. What is not known has no sample.

use weir_math::Decimal;
use weir_model::verdict::SloStatus;

/// A metric: its name, what people read about it, and its sample of an SLO.
struct Metric {
    name: &'static str,
    help: &'static str,
    sample: fn(&SloStatus) -> Option<String>,
}

/// All metrics that have one sample for each SLO.
const METRICS: [Metric; 12] = [
    Metric {
        name: "weir_slo_judged",
        help: "Whether there was enough data to judge the SLO: 1, or 0 where there was not.",
        sample: |slo| Some(u8::from(slo.gap.is_none()).to_string()),
    },
    Metric {
        name: "weir_slo_objective_ratio",
        help: "The share of good ones that is aimed for.",
        sample: |slo| share(slo.objective.as_ref()),
    },
    Metric {
        name: "weir_slo_achieved_ratio",
        help: "The share of good ones over the SLO's window, rounded to six places.",
        sample: |slo| share(slo.achieved.as_ref()),
    },
    Metric {
        name: "weir_slo_error_budget_remaining_ratio",
        help: "What is left of the error budget, rounded to four places; below 0 when overspent.",
        sample: |slo| share(slo.remaining.as_ref()),
    },
    Metric {
        name: "weir_slo_burn_rate",
        help: "How many times as fast as it may the error budget burned over the last hour, rounded to two places.",
        sample: |slo| share(slo.burn_last_hour.as_ref()),
    },
    Metric {
        name: "weir_slo_coverage_ratio",
        help: "The share of the window's slices that have data, rounded to three places.",
        sample: |slo| share(slo.coverage.as_ref()),
    },
    Metric {
        name: "weir_slo_missed_confidence_ratio",
        help: "How sure it is that the true share of good ones lies below the objective.",
        sample: |slo| share(slo.missed_confidence.as_ref()),
    },
    Metric {
        name: "weir_slo_good",
        help: "Good ones over the SLO's window, in the unit of its error budget.",
        sample: |slo| slo.counts.as_ref().map(|counts| counts.good.to_string()),
    },
    Metric {
        name: "weir_slo_bad",
        help: "Bad ones over the SLO's window, in the unit of its error budget.",
        sample: |slo| slo.counts.as_ref().map(|counts| counts.bad.to_string()),
    },
    Metric {
        name: "weir_slo_unknown",
        help: "Ones over the SLO's window that are neither known to be good nor to be bad.",
        sample: |slo| slo.counts.as_ref().map(|counts| counts.unknown.to_string()),
    },
    Metric {
        name: "weir_slo_exhausted_timestamp_seconds",
        help: "When the error budget is exhausted at the pace of the last day, within the length of one window.",
        sample: |slo| slo.exhausted_at.map(|at| at.as_second().to_string()),
    },
    Metric {
        name: "weir_slo_newest_event_timestamp_seconds",
        help: "When the newest event happened that counted.",
        sample: |slo| slo.newest_event.map(|at| at.as_second().to_string()),
    },
];

/// The status of the SLOs of services, each with its name, as it is at an instant in seconds since 1970.
#[must_use]
pub fn write<'s>(at: i64, services: impl IntoIterator<Item = (&'s str, &'s [SloStatus])>) -> String {
    let slos: Vec<(&str, &SloStatus)> =
        services.into_iter().flat_map(|(service, slos)| slos.iter().map(move |slo| (service, slo))).collect();
    let mut out = String::new();
    head(&mut out, "weir_status_timestamp_seconds", "The instant that the status is about.");
    out.push_str(&format!("weir_status_timestamp_seconds {at}\n"));
    for Metric { name, help, sample } in &METRICS {
        let samples: Vec<String> = slos
            .iter()
            .filter_map(|(service, slo)| {
                Some(format!("{name}{{service=\"{service}\",slo=\"{}\"}} {}\n", slo.name, sample(slo)?))
            })
            .collect();
        if !samples.is_empty() {
            head(&mut out, name, help);
            out.extend(samples);
        }
    }
    out.push_str("# EOF\n");
    out
}

fn head(out: &mut String, name: &str, help: &str) {
    out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
}

/// A number or a percentage as people are shown it, as a number.
fn share(shown: Option<&String>) -> Option<String> {
    Some(Decimal::parse(shown?).ok()?.to_string())
}
