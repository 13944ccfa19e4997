//! Writing OpenSLO: each service, and after it each of its SLOs with its indicator inside.

use weir_math::{CalendarUnit, Decimal, Window};
use weir_model::slo::{Budgeting, UnknownCountsAs};
use weir_model::{Composite, Counting, Name, PromQuery, Service, Sli, Slo};

use super::{OWN_SOURCE, PREFIX, VERSION};
use crate::left::{Generated, LeftOut};
use crate::yaml::write::Yaml;

/// A day with which periods of every kind begin: a Monday, and the first one of its year.
const START: &str = "2024-01-01 00:00:00";

type Entries = Vec<(String, Yaml)>;

/// The services and their SLOs as OpenSLO v1.
///
/// Names of OpenSLO are those of one large namespace, so SLOs and SLIs are called after their service, too; annotations
/// keep their own names.
#[must_use]
pub fn write(services: &[&Service]) -> Generated {
    let (mut documents, mut left_out) = (Vec::new(), Vec::new());
    for service in services {
        documents.push(object("Service", about(service)));
        for slo in &service.slos {
            if let Some(spec) = self::slo(service, slo) {
                documents.push(object("SLO", spec));
            }
        }
        leave(service, &mut left_out);
    }
    let head = "# Written by `weir export openslo` from the service files.\n";
    let texts: Vec<String> = documents.iter().map(Yaml::document).collect();
    Generated { text: format!("{head}{}", texts.join("---\n")), left_out }
}

/// Notes what OpenSLO has no place for.
fn leave(service: &Service, left_out: &mut Vec<LeftOut>) {
    let name = &service.about.name;
    let mut leave = |what: &Name, why: &str| {
        left_out.push(LeftOut { about: format!("{name}/{what}"), what: why.to_owned() });
    };
    for sla in &service.slas {
        leave(&sla.name, "the SLA: OpenSLO knows objectives and no promises");
    }
    for sli in &service.slis {
        if !service.slos.iter().any(|slo| slo.sli.as_ref() == Some(&sli.name)) {
            leave(&sli.name, "the SLI: no SLO measures it, and OpenSLO would not know whose it is");
        }
        if sli.event_types.iter().any(|kind| kind.as_str().contains(',')) {
            leave(&sli.name, "event types with a comma in their name: they will be read as several");
        }
    }
}

/// An object with its metadata and its specification.
fn object(kind: &str, (metadata, spec): (Entries, Entries)) -> Yaml {
    Yaml::table([
        ("apiVersion", Yaml::text(VERSION)),
        ("kind", Yaml::text(kind)),
        ("metadata", Yaml::Table(metadata)),
        ("spec", Yaml::Table(spec)),
    ])
}

fn metadata(name: String, annotations: Vec<(&str, String)>) -> Entries {
    let mut entries = vec![entry("name", Yaml::text(name))];
    if !annotations.is_empty() {
        let annotations = annotations.into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), value));
        entries.push(entry("annotations", Yaml::texts(annotations)));
    }
    entries
}

fn entry(key: &str, value: Yaml) -> (String, Yaml) {
    (key.to_owned(), value)
}

fn about(service: &Service) -> (Entries, Entries) {
    let about = &service.about;
    let mut annotations = vec![
        ("owner", about.owner.to_string()),
        ("tier", about.tier.to_string()),
        ("lifecycle", about.lifecycle.to_string()),
        ("engagement", about.engagement.to_string()),
    ];
    if !about.dependencies.is_empty() {
        let names: Vec<&str> = about.dependencies.iter().map(Name::as_str).collect();
        annotations.push(("dependencies", names.join(", ")));
    }
    let description = about.description.iter().map(|text| entry("description", Yaml::text(text.as_str())));
    (metadata(about.name.to_string(), annotations), description.collect())
}

fn slo(service: &Service, slo: &Slo) -> Option<(Entries, Entries)> {
    let mut annotations = vec![("name", slo.name.to_string())];
    let mut spec = Vec::new();
    spec.extend(slo.description.iter().map(|text| entry("description", Yaml::text(text.as_str()))));
    spec.push(entry("service", Yaml::text(service.about.name.as_str())));
    let (method, objectives) = match &slo.composite {
        Some(composite) => {
            annotations.push(("composite", in_words(composite)));
            parts(service, slo, composite)
        }
        None => {
            let sli = slo.sli.as_ref().and_then(|sli| service.sli(sli))?;
            spec.push(entry("indicator", indicator(service, sli)));
            let target = (slo.budgeting == Budgeting::TimeSlices).then(|| slo.slice_goal());
            (method(slo.budgeting), vec![Yaml::Table(objective(slo, slo, target)?)])
        }
    };
    extras(slo, &mut annotations);
    spec.push(entry("timeWindow", Yaml::List(vec![window(&slo.window, &mut annotations)])));
    spec.push(entry("budgetingMethod", Yaml::text(method)));
    spec.push(entry("objectives", Yaml::List(objectives)));
    Some((metadata(format!("{}-{}", service.about.name, slo.name), annotations), spec))
}

fn method(budgeting: Budgeting) -> &'static str {
    match budgeting {
        Budgeting::Occurrences => "Occurrences",
        Budgeting::TimeSlices => "Timeslices",
        Budgeting::RatioTimeSlices => "RatioTimeslices",
    }
}

/// What of an SLO only Weir knows, where it is not what goes without saying.
fn extras(slo: &Slo, annotations: &mut Vec<(&str, String)>) {
    if slo.composite.is_none() && slo.slice.seconds() != 60 {
        annotations.push(("slice", slo.slice.to_string()));
    }
    if slo.unknown_counts_as != UnknownCountsAs::default() {
        annotations.push(("unknown-counts-as", slo.unknown_counts_as.to_string()));
    }
    if slo.stale_after.seconds() != 3_600 {
        annotations.push(("stale-after", slo.stale_after.to_string()));
    }
    annotations.extend(slo.min_coverage.map(|least| ("min-coverage", least.to_string())));
}

/// A composite as its annotation has it: `all: one, other=95%`, `weighted: one=2, other=1`.
fn in_words(composite: &Composite) -> String {
    let (kind, parts): (&str, Vec<String>) = match composite {
        Composite::All(parts) => {
            let parts = parts.iter().map(|part| match part.target {
                Some(target) => format!("{}={}", part.slo, target.to_string().replace(' ', "")),
                None => part.slo.to_string(),
            });
            ("all", parts.collect())
        }
        Composite::Weighted(parts) => {
            ("weighted", parts.iter().map(|(part, weight)| format!("{part}={}", **weight)).collect())
        }
    };
    format!("{kind}: {}", parts.join(", "))
}

/// The parts of a composite as objectives with indicators of their own, and the way of budgeting that comes nearest.
fn parts(service: &Service, slo: &Slo, composite: &Composite) -> (&'static str, Vec<Yaml>) {
    let part = |name: &Name, target: Option<Decimal>, of: Option<&Slo>, weight: Option<Decimal>| {
        let part = service.slo(name)?;
        let sli = part.sli.as_ref().and_then(|sli| service.sli(sli))?;
        let mut entries = vec![entry("displayName", Yaml::text(name.as_str()))];
        entries.extend(objective(of.unwrap_or(part), part, target)?);
        entries.extend(weight.map(|weight| entry("compositeWeight", Yaml::plain(&weight))));
        entries.push(entry("indicator", indicator(service, sli)));
        Some(Yaml::Table(entries))
    };
    match composite {
        Composite::All(parts) => {
            let parts = parts.iter().filter_map(|written| {
                let goal = service.slo(&written.slo).map(Slo::slice_goal);
                let target = written.target.map_or(goal, |target| Some(*target));
                part(&written.slo, target, Some(slo), None)
            });
            ("Timeslices", parts.collect())
        }
        Composite::Weighted(parts) => {
            let parts = parts.iter().filter_map(|(name, weight)| part(name, None, None, Some(**weight)));
            ("Occurrences", parts.collect())
        }
    }
}

/// An objective: what `of` aims for, in slices of `part` where these have a target.
fn objective(of: &Slo, part: &Slo, slice_target: Option<Decimal>) -> Option<Entries> {
    let mut entries = vec![entry("target", Yaml::plain(&of.objective?.as_decimal()))];
    if let Some(target) = slice_target {
        entries.push(entry("timeSliceTarget", Yaml::plain(&target)));
    }
    if slice_target.is_some() || part.budgeting == Budgeting::RatioTimeSlices {
        entries.push(entry("timeSliceWindow", Yaml::text(in_one_unit(part.slice.seconds()).0)));
    }
    Some(entries)
}

/// A length of time in the one unit that OpenSLO allows, and whether that is exact: it has no seconds.
fn in_one_unit(seconds: u64) -> (String, bool) {
    for (unit, length) in [("d", 86_400), ("h", 3_600)] {
        if seconds.is_multiple_of(length) {
            return (format!("{}{unit}", seconds / length), true);
        }
    }
    (format!("{}m", seconds.div_ceil(60)), seconds.is_multiple_of(60))
}

fn window(window: &Window, annotations: &mut Vec<(&str, String)>) -> Yaml {
    match window {
        Window::Rolling { seconds } => {
            let (length, is_exact) = in_one_unit(*seconds);
            if !is_exact {
                annotations.push(("window", weir_math::format_duration(*seconds)));
            }
            Yaml::table([("duration", Yaml::text(length)), ("isRolling", Yaml::plain(&true))])
        }
        Window::Calendar { unit, zone } => {
            let length = match unit {
                CalendarUnit::Day => "1d",
                CalendarUnit::Week => "1w",
                CalendarUnit::Month => "1M",
                CalendarUnit::Quarter => "1Q",
                CalendarUnit::Year => "1Y",
            };
            let zone = zone.iana_name().unwrap_or("UTC");
            Yaml::table([
                ("duration", Yaml::text(length)),
                ("isRolling", Yaml::plain(&false)),
                ("calendar", Yaml::texts([("startTime", START), ("timeZone", zone)])),
            ])
        }
    }
}

fn indicator(service: &Service, sli: &Sli) -> Yaml {
    let mut annotations = vec![("name", sli.name.to_string())];
    annotations.extend(sli.plugin.as_ref().map(|plugin| ("plugin", plugin.to_string())));
    annotations.extend(sli.source.as_ref().map(|source| ("source", source.to_string())));
    if !sli.params.is_empty() {
        annotations.push(("params", serde_json::Value::from(sli.params.clone()).to_string()));
    }
    annotations.extend(sli.measured_at.map(|place| ("measured-at", place.to_string())));
    if !sli.event_types.is_empty() {
        let types: Vec<&str> = sli.event_types.iter().map(|kind| kind.as_str()).collect();
        annotations.push(("event-types", types.join(", ")));
    }
    let metric = |key: &str, query: &PromQuery| source(key, "Prometheus", ("query", query.as_str()));
    let ratio = match sli.prometheus.as_ref().and_then(|queries| queries.counting()) {
        Some(Counting::Good { good, valid }) => vec![metric("good", good), metric("total", valid)],
        Some(Counting::Bad { bad, valid }) => vec![metric("bad", bad), metric("total", valid)],
        Some(Counting::ErrorRatio(ratio)) => {
            vec![entry("rawType", Yaml::text("failure")), metric("raw", ratio)]
        }
        // Nobody else can ask for these, and that there is something to ask for is what OpenSLO wants to see.
        None => {
            vec![
                source("good", OWN_SOURCE, ("events", "good")),
                source("total", OWN_SOURCE, ("events", "valid")),
            ]
        }
    };
    let counts = std::iter::once(entry("counter", Yaml::plain(&true)));
    let ratio = Yaml::Table(counts.chain(ratio).collect());
    Yaml::table([
        ("metadata", Yaml::Table(metadata(format!("{}-{}", service.about.name, sli.name), annotations))),
        ("spec", Yaml::table([("ratioMetric", ratio)])),
    ])
}

fn source(key: &str, kind: &str, spec: (&str, &str)) -> (String, Yaml) {
    let source = Yaml::table([("type", Yaml::text(kind)), ("spec", Yaml::texts([spec]))]);
    entry(key, Yaml::table([("metricSource", source)]))
}
