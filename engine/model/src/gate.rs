//! `gates/*.toml`: which policies a change has to pass.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::{Content, File, Problems};
use crate::value::{Name, NamePattern, Text};

/// A valid file of `gates/`.
pub type GateFile = File<Gate>;

/// A gate: the policies that a change has to pass.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gate {
    /// What the gate is.
    #[serde(rename = "gate")]
    pub about: About,
}

/// What the gate is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "GateAbout")]
pub struct About {
    /// The gate's name.
    pub name: Name,
    /// The policies that apply, by name.
    #[serde(default = "NamePattern::all")]
    pub policies: Vec<NamePattern>,
    /// What the gate stands before, for people.
    pub description: Option<Text>,
}

impl Gate {
    /// Whether the policy of this name belongs to the gate.
    #[must_use]
    pub fn applies(&self, policy: &Name) -> bool {
        self.about.policies.iter().any(|pattern| pattern.matches(policy.as_str()))
    }
}

impl Content for Gate {
    fn check(&self, _: &mut Problems<'_>) {}
}
