//! Service files that were read from another system's: what is to be written into `services/`.
#![cfg_attr(not(feature = "default"), allow(dead_code, reason = "each reader uses a part of it"))]

use std::collections::BTreeMap;

use serde_json::Value;
use weir_model::diagnostic::Diagnostic;
use weir_model::slo::{Budgeting, UnknownCountsAs};
use weir_model::value::{Duration, Objective, Percentage};
use weir_model::{MeasuredAt, Name, PromQuery};

use crate::left::LeftOut;

/// What was read from files of another system.
#[derive(Debug)]
pub struct Imported {
    /// The services, in the order in which they were met.
    pub services: Vec<ServiceDraft>,
    /// What could not be carried over, as it stands in the files: errors for SLOs that are missing, warnings for the rest.
    pub diagnostics: Vec<Diagnostic>,
}

impl Imported {
    /// Has a source of the project count what the SLIs measure, in place of a plugin that looks at events. Gives the SLIs that
    /// it can't count, which keep their plugin.
    pub fn count_by(&mut self, source: &Name) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        for service in &mut self.services {
            for sli in &mut service.slis {
                match sli.uncountable() {
                    None => {
                        sli.source = Some(source.clone());
                        sli.event_types.clear();
                        sli.params.clear();
                    }
                    Some(why) => left_out.push(LeftOut {
                        about: format!("{}/{}", service.name, sli.name),
                        what: format!("no source counts it: {why}"),
                    }),
                }
            }
        }
        left_out
    }
}

/// A service file to write.
#[derive(Clone, Debug)]
pub struct ServiceDraft {
    /// The service's name.
    pub name: Name,
    /// The team that answers for it.
    pub(crate) owner: String,
    /// What it does.
    pub(crate) description: Option<String>,
    /// Other keys of the table `service` that have a word each.
    pub(crate) words: BTreeMap<&'static str, String>,
    /// The services that it depends on.
    pub(crate) dependencies: Vec<String>,
    pub(crate) slis: Vec<SliDraft>,
    pub(crate) slos: Vec<SloDraft>,
}

/// An SLI to write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SliDraft {
    pub(crate) name: Name,
    pub(crate) plugin: Name,
    /// Who has counted already, in place of the plugin.
    pub(crate) source: Option<Name>,
    pub(crate) measured_at: Option<MeasuredAt>,
    pub(crate) event_types: Vec<String>,
    pub(crate) params: serde_json::Map<String, Value>,
    pub(crate) prometheus: Vec<(&'static str, PromQuery)>,
}

/// An SLO to write.
#[derive(Clone, Debug)]
pub(crate) struct SloDraft {
    pub(crate) name: Name,
    pub(crate) of: Measured,
    pub(crate) objective: Option<Objective>,
    pub(crate) window: WindowDraft,
    pub(crate) budgeting: Budgeting,
    pub(crate) slice: Option<Duration>,
    pub(crate) slice_target: Option<Percentage>,
    pub(crate) unknown_counts_as: UnknownCountsAs,
    pub(crate) stale_after: Option<Duration>,
    pub(crate) min_coverage: Option<Percentage>,
    pub(crate) description: Option<String>,
}

/// What an SLO is about.
#[derive(Clone, Debug)]
pub(crate) enum Measured {
    /// An SLI.
    Sli(Name),
    /// Other SLOs, each with the share of good events that makes its slices good.
    All(Vec<(String, Option<Percentage>)>),
    /// Other SLOs by weight.
    Weighted(Vec<(String, String)>),
}

/// The time that an objective holds over.
#[derive(Clone, Debug)]
pub(crate) enum WindowDraft {
    /// The last stretch of time.
    Rolling(Duration),
    /// A period of the calendar, by its word, in a time zone.
    Calendar(&'static str, String),
}

impl ServiceDraft {
    /// A service about which no more is known than its name.
    pub(crate) fn new(name: Name) -> ServiceDraft {
        ServiceDraft {
            name,
            owner: String::new(),
            description: None,
            words: BTreeMap::new(),
            dependencies: Vec::new(),
            slis: Vec::new(),
            slos: Vec::new(),
        }
    }

    /// How many SLOs it has.
    #[must_use]
    pub fn slo_count(&self) -> usize {
        self.slos.len()
    }

    /// Takes an SLI; gives the name under which it is there. One that is there already is not added again.
    pub(crate) fn add_sli(&mut self, mut sli: SliDraft) -> Name {
        if let Some(same) =
            self.slis.iter().find(|other| SliDraft { name: sli.name.clone(), ..(*other).clone() } == sli)
            && same.name.as_str().starts_with(sli.name.as_str())
        {
            return same.name.clone();
        }
        sli.name = free_name(&sli.name, |name| self.slis.iter().any(|other| other.name == *name));
        self.slis.push(sli.clone());
        sli.name
    }

    /// The name under which an SLO can be added.
    pub(crate) fn free_slo_name(&self, name: &Name) -> Name {
        free_name(name, |name| self.slos.iter().any(|other| other.name == *name))
    }

    /// The file, as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::from("[service]\n");
        line(&mut out, "name", self.name.as_str());
        line(&mut out, "owner", if self.owner.is_empty() { "unknown" } else { &self.owner });
        for (key, word) in &self.words {
            line(&mut out, key, word);
        }
        optional(&mut out, "description", self.description.as_deref());
        if !self.dependencies.is_empty() {
            let names: Vec<String> = self.dependencies.iter().map(|name| text(name)).collect();
            out.push_str(&format!("dependencies = [{}]\n", names.join(", ")));
        }
        self.slis.iter().for_each(|sli| sli.write(&mut out));
        self.slos.iter().for_each(|slo| slo.write(&mut out));
        out
    }
}

impl SliDraft {
    /// An SLI of this name that `availability` calculates.
    pub(crate) fn new(name: Name) -> Option<SliDraft> {
        Some(SliDraft {
            name,
            plugin: Name::parse("availability").ok()?,
            source: None,
            measured_at: None,
            event_types: Vec::new(),
            params: serde_json::Map::new(),
            prometheus: Vec::new(),
        })
    }

    /// The SLI with `latency` as its calculator.
    pub(crate) fn fast(mut self, threshold: &str) -> SliDraft {
        if let Ok(plugin) = Name::parse("latency") {
            self.plugin = plugin;
            self.params.insert("threshold".to_owned(), threshold.into());
        }
        self
    }

    /// Why a server can't be asked for its counts; none where it can.
    fn uncountable(&self) -> Option<&'static str> {
        let query =
            |key: &str| self.prometheus.iter().find(|(known, _)| *known == key).map(|(_, query)| query);
        match (query("good").or(query("bad")), query("valid")) {
            (Some(part), Some(valid)) if part.is_counter() == valid.is_counter() => None,
            (Some(_), Some(_)) => Some("one of its queries is a counter and one an expression"),
            _ if query("error-ratio").is_some() => Some("a share has no counts"),
            _ => Some("nothing says how Prometheus counts it"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str("\n[[sli]]\n");
        line(out, "name", self.name.as_str());
        match &self.source {
            Some(source) => line(out, "source", source.as_str()),
            None => line(out, "plugin", self.plugin.as_str()),
        }
        optional(out, "measured-at", self.measured_at.map(MeasuredAt::as_str));
        if !self.event_types.is_empty() {
            let types: Vec<String> = self.event_types.iter().map(|kind| text(kind)).collect();
            out.push_str(&format!("event-types = [{}]\n", types.join(", ")));
        }
        if !self.params.is_empty() {
            out.push_str(&format!("params = {}\n", value(&Value::Object(self.params.clone()))));
        }
        if !self.prometheus.is_empty() {
            out.push_str("\n[sli.prometheus]\n");
            for (key, query) in &self.prometheus {
                line(out, key, query.as_str());
            }
        }
    }
}

impl SloDraft {
    /// An SLO with the defaults of the file.
    pub(crate) fn new(
        name: Name,
        of: Measured,
        objective: Option<Objective>,
        window: WindowDraft,
    ) -> SloDraft {
        SloDraft {
            name,
            of,
            objective,
            window,
            budgeting: Budgeting::default(),
            slice: None,
            slice_target: None,
            unknown_counts_as: UnknownCountsAs::default(),
            stale_after: None,
            min_coverage: None,
            description: None,
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str("\n[[slo]]\n");
        line(out, "name", self.name.as_str());
        match &self.of {
            Measured::Sli(name) => line(out, "sli", name.as_str()),
            Measured::All(parts) => {
                let parts = parts.iter().map(|(slo, target)| match target {
                    None => text(slo),
                    Some(target) => {
                        format!("{{ slo = {}, target = {} }}", text(slo), text(&share(&target.percent())))
                    }
                });
                out.push_str(&format!(
                    "composite = {{ all = [{}] }}\n",
                    parts.collect::<Vec<_>>().join(", ")
                ));
            }
            Measured::Weighted(parts) => {
                let parts = parts.iter().map(|(slo, weight)| format!("{slo} = {}", text(weight)));
                let parts = parts.collect::<Vec<_>>().join(", ");
                out.push_str(&format!("composite = {{ weighted = {{ {parts} }} }}\n"));
            }
        }
        optional(out, "objective", self.objective.map(|objective| share(&objective.to_string())).as_deref());
        match &self.window {
            WindowDraft::Rolling(length) => line(out, "window", &length.to_string()),
            WindowDraft::Calendar(unit, zone) => out.push_str(&format!(
                "window = {{ calendar = {}, time-zone = {} }}\n",
                text(unit),
                text(zone)
            )),
        }
        if self.budgeting != Budgeting::default() {
            line(out, "budgeting", self.budgeting.as_str());
        }
        optional(out, "slice", self.slice.map(|slice| slice.to_string()).as_deref());
        optional(out, "slice-target", self.slice_target.map(|target| share(&target.to_string())).as_deref());
        if self.unknown_counts_as != UnknownCountsAs::default() {
            line(out, "unknown-counts-as", self.unknown_counts_as.as_str());
        }
        optional(out, "stale-after", self.stale_after.map(|stale| stale.to_string()).as_deref());
        optional(out, "min-coverage", self.min_coverage.map(|least| share(&least.to_string())).as_deref());
        optional(out, "description", self.description.as_deref());
    }
}

/// The name, or the name with the first number that makes it another one.
fn free_name(name: &Name, is_taken: impl Fn(&Name) -> bool) -> Name {
    let numbered = (2..).map(|number| Name::nearest(&format!("{name}-{number}")));
    let names = [Some(name.clone())].into_iter().chain(numbered).take(10_000).flatten();
    let mut free = names.filter(|name| !is_taken(name));
    free.next().unwrap_or_else(|| name.clone())
}

/// A share as people write it in files: `99.9%`.
fn share(shown: &str) -> String {
    shown.replace(' ', "")
}

fn line(out: &mut String, key: &str, value: &str) {
    out.push_str(&format!("{key} = {}\n", text(value)));
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(out, key, value);
    }
}

/// A text in TOML: as it is where it can stand between single quotes and holds double ones, else with escapes.
fn text(text: &str) -> String {
    let is_plain = !text.contains(|c: char| c.is_control());
    if is_plain && text.contains(['"', '\\']) && !text.contains('\'') {
        return format!("'{text}'");
    }
    if text.contains('\n') && !text.contains("'''") && !text.contains(|c: char| c.is_control() && c != '\n') {
        return format!("'''\n{text}'''");
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A value in TOML, on one line. TOML has no null, and parameters none either.
fn value(json: &Value) -> String {
    match json {
        Value::Null => text(""),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(string) => text(string),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(value).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, entry)| {
                let is_bare = !key.is_empty()
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                let key = if is_bare { key.clone() } else { Value::from(key.as_str()).to_string() };
                format!("{key} = {}", value(entry))
            });
            let entries = entries.collect::<Vec<_>>().join(", ");
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {entries} }}") }
        }
    }
}
