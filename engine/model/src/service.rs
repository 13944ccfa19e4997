//! `services/*.toml`: a service with its SLIs, SLOs and SLAs.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, nearest_word, quote};
use crate::file::{Content, File, Problems};
use crate::prometheus::Prometheus;
use crate::slo::{Sla, Slo, either};
use crate::value::{Name, Text};
use crate::word::words;

/// A valid file of `services/`.
pub type ServiceFile = File<Service>;

/// A service: what is judged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// What the service is.
    #[serde(rename = "service")]
    pub about: About,
    /// What is measured.
    #[serde(rename = "sli", default)]
    pub slis: Vec<Sli>,
    /// What is aimed for.
    #[serde(rename = "slo", default)]
    pub slos: Vec<Slo>,
    /// What is promised to others.
    #[serde(rename = "sla", default)]
    pub slas: Vec<Sla>,
}

/// What the service is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "ServiceAbout")]
pub struct About {
    /// The service's name, which events have as their subject.
    pub name: Name,
    /// The team that answers for it.
    pub owner: Text,
    /// How much depends on it.
    #[serde(default)]
    pub tier: Tier,
    /// Where it stands between experiment and retirement.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// How the reliability engineers work with its team.
    #[serde(default)]
    pub engagement: Engagement,
    /// What it does, for people.
    pub description: Option<Text>,
    /// The names of the services that it can't do without.
    #[serde(default)]
    pub dependencies: Vec<Name>,
}

words! {
    /// How much depends on a service.
    #[derive(Default)]
    pub enum Tier {
        /// Without it the product does not work.
        Critical = "critical",
        /// Without it a part of the product does not work.
        #[default]
        Standard = "standard",
        /// Without it hardly anybody notices.
        Low = "low",
    }
}

words! {
    /// Where a service stands between experiment and retirement.
    #[derive(Default)]
    pub enum Lifecycle {
        /// It may fail, and nobody is called.
        Experimental = "experimental",
        /// People rely on it.
        #[default]
        Production = "production",
        /// It is on its way out.
        Deprecated = "deprecated",
    }
}

words! {
    /// How the reliability engineers work with the team of a service.
    #[derive(Default)]
    pub enum Engagement {
        /// They are members of the team.
        Embedded = "embedded",
        /// They run a platform that the team uses.
        Platform = "platform",
        /// They advise the team for a while.
        Consulting = "consulting",
        /// Some of each.
        Hybrid = "hybrid",
        /// The team has none.
        #[default]
        None = "none",
    }
}

words! {
    /// Where an SLI is measured.
    pub enum MeasuredAt {
        /// In the service itself.
        Server = "server",
        /// In the program that calls the service.
        Client = "client",
        /// By probes that act like users.
        Synthetic = "synthetic",
        /// On the devices of real users.
        RealUser = "real-user",
        /// At the load balancer before the service.
        LoadBalancer = "load-balancer",
    }
}

/// What is measured: by a plugin that says of each event whether it counts and whether it was good, or by a source that has
/// counted already.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("allOf" = [either("plugin", "source")]))]
pub struct Sli {
    /// The SLI's name.
    pub name: Name,
    /// The plugin that calculates it from events.
    pub plugin: Option<Name>,
    /// The source of the project that has counted it already, in place of a plugin.
    pub source: Option<Name>,
    /// Where it is measured.
    pub measured_at: Option<MeasuredAt>,
    /// The types of events that it measures; a `*` at the end stands for any rest. Empty for all types but those of work
    /// items, deploys, incidents and alerts.
    #[serde(default)]
    pub event_types: Vec<Text>,
    /// The plugin's parameters; the plugin's own schema says which.
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
    /// How Prometheus counts the same events; rules are generated from it, and counts taken where `source` says so.
    pub prometheus: Option<Prometheus>,
}

impl Service {
    /// The SLI of this name.
    #[must_use]
    pub fn sli(&self, name: &Name) -> Option<&Sli> {
        self.slis.iter().find(|sli| sli.name == *name)
    }

    /// The SLO of this name.
    #[must_use]
    pub fn slo(&self, name: &Name) -> Option<&Slo> {
        self.slos.iter().find(|slo| slo.name == *name)
    }
}

impl Sli {
    /// Reports an SLI that is measured in two ways, or counted and not said how.
    fn check_source(&self, table: &str, problems: &mut Problems<'_>) {
        if self.source.is_none() {
            return;
        }
        for key in ["plugin", "params", "event-types"] {
            let place = format!("{table}/{key}");
            if problems.is_written(&place) {
                let message = format!("`{key}` has no meaning beside `source`");
                let diagnostic = problems
                    .at(Code::NeedlessKey, &place, message)
                    .help("remove one of them: an SLI is measured from events or taken from a source")
                    .related(problems.span(&format!("{table}/source")), "counted there");
                problems.push(diagnostic);
            }
        }
        if self.prometheus.is_none() {
            let message = format!("the SLI {} doesn't say what its source counts", quote(self.name.as_str()));
            let diagnostic = problems.at(Code::MissingKey, table, message).help("add `[sli.prometheus]`");
            problems.push(diagnostic);
        }
    }
}

impl Content for Service {
    fn check(&self, problems: &mut Problems<'_>) {
        problems.unique_names("/sli", self.slis.iter().map(|sli| sli.name.as_str()));
        problems.unique_names("/slo", self.slos.iter().map(|slo| slo.name.as_str()));
        problems.unique_names("/sla", self.slas.iter().map(|sla| sla.name.as_str()));
        for (index, sli) in self.slis.iter().enumerate() {
            let table = format!("/sli/{index}");
            if let Some(prometheus) = &sli.prometheus {
                prometheus.check(&format!("{table}/prometheus"), sli.source.is_some(), problems);
            }
            sli.check_source(&table, problems);
        }
        for (index, slo) in self.slos.iter().enumerate() {
            let table = format!("/slo/{index}");
            if let Some(sli) = slo.sli.as_ref().filter(|sli| self.sli(sli).is_none()) {
                let names = self.slis.iter().map(|sli| sli.name.as_str());
                unknown_reference(problems, &format!("{table}/sli"), "SLI", sli, names);
            }
            slo.check(&table, &self.slos, problems);
        }
        for (index, sla) in self.slas.iter().enumerate() {
            let table = format!("/sla/{index}");
            match self.slos.iter().enumerate().find(|(_, slo)| slo.name == sla.slo) {
                Some((slo_index, slo)) => sla.check(&table, slo, &format!("/slo/{slo_index}"), problems),
                None => {
                    let names = self.slos.iter().map(|slo| slo.name.as_str());
                    unknown_reference(problems, &format!("{table}/slo"), "SLO", &sla.slo, names);
                }
            }
        }
    }
}

/// Reports a name that nothing in the file has.
pub(crate) fn unknown_reference<'n>(
    problems: &mut Problems<'_>,
    pointer: &str,
    kind: &str,
    name: &Name,
    names: impl IntoIterator<Item = &'n str>,
) {
    let message = format!("there is no {kind} {} in this file", quote(name.as_str()));
    let mut diagnostic = problems.at(Code::UnknownReference, pointer, message);
    diagnostic.help = nearest_word(name.as_str(), names);
    problems.push(diagnostic);
}
