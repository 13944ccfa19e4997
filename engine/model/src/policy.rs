//! `policies/*.toml`: which plugin judges which services, and what its word counts for.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::effect::{Effect, Mode};
use crate::file::{Content, File, Problems};
use crate::limits::Limits;
use crate::service::{Lifecycle, Service, Tier};
use crate::value::{Name, NamePattern, RelativePath, Text};

/// A valid file of `policies/`. The place of the parameters in its source is `/params`.
pub type PolicyFile = File<Policy>;

/// A policy: a plugin, the services that it judges, its parameters and its limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// What the policy is.
    #[serde(rename = "policy")]
    pub about: About,
    /// What the policy judges; every service unless said otherwise.
    #[serde(rename = "match", default)]
    pub scope: Scope,
    /// What the plugin may use.
    #[serde(default)]
    pub limits: Limits,
    /// The plugin's parameters; the plugin's own schema says which.
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
}

/// What the policy is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "PolicyAbout")]
pub struct About {
    /// The policy's name.
    pub name: Name,
    /// The plugin that judges.
    pub plugin: Name,
    /// One line for people: what the policy is for.
    pub summary: Option<Text>,
    /// How much the policy's effect counts.
    #[serde(default)]
    pub mode: Mode,
    /// The effect when there is no data to judge.
    #[serde(default = "Effect::hold")]
    pub on_no_data: Effect,
    /// The effect when the plugin fails.
    #[serde(default = "Effect::hold")]
    pub on_error: Effect,
    /// Checks only: the effect when a required rule fails. An advised rule that fails is shown and has no effect.
    #[serde(default = "Effect::hold")]
    pub on_fail: Effect,
    /// The folders whose documents the plugin may read.
    #[serde(default)]
    pub grants: Vec<RelativePath>,
}

/// What a policy judges. A service has to satisfy every line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Scope {
    /// The services, by name.
    pub services: Vec<NamePattern>,
    /// The tiers; empty for all.
    pub tiers: Vec<Tier>,
    /// The lifecycles; empty for all.
    pub lifecycles: Vec<Lifecycle>,
    /// The SLOs of those services, by name.
    pub slos: Vec<NamePattern>,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            services: NamePattern::all(),
            tiers: Vec::new(),
            lifecycles: Vec::new(),
            slos: NamePattern::all(),
        }
    }
}

impl Scope {
    /// Whether the service is judged.
    #[must_use]
    pub fn covers(&self, service: &Service) -> bool {
        let about = &service.about;
        self.services.iter().any(|pattern| pattern.matches(about.name.as_str()))
            && (self.tiers.is_empty() || self.tiers.contains(&about.tier))
            && (self.lifecycles.is_empty() || self.lifecycles.contains(&about.lifecycle))
    }

    /// Whether the SLO of this name is looked at, on a service that is judged.
    #[must_use]
    pub fn covers_slo(&self, slo: &Name) -> bool {
        self.slos.iter().any(|pattern| pattern.matches(slo.as_str()))
    }
}

impl Content for Policy {
    fn check(&self, _: &mut Problems<'_>) {}
}
