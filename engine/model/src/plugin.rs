//! `plugin.toml`: a plugin that is being written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::{Content, File, Problems};
use crate::limits::Limits;
use crate::value::Name;
use crate::word::words;

/// A valid `plugin.toml`.
pub type PluginFile = File<Plugin>;

/// A plugin that is being written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plugin {
    /// What the plugin is.
    #[serde(rename = "plugin")]
    pub about: About,
    /// What it may use while it is built and tested.
    #[serde(default)]
    pub limits: Limits,
}

/// What the plugin is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "PluginAbout")]
pub struct About {
    /// The plugin's name, and that of the file that it is built to.
    pub name: Name,
    /// What it is for.
    pub kind: PluginKind,
    /// What it is written in.
    pub language: Language,
}

words! {
    /// What a plugin is for: the worlds of the contract.
    pub enum PluginKind {
        /// Says of each event whether it was good.
        SliCalculator = "sli-calculator",
        /// Says what error budgets mean for a change.
        BudgetPolicy = "budget-policy",
        /// Holds a service against rules.
        Check = "check",
        /// Tells toil from other work.
        ToilScorer = "toil-scorer",
    }
}

words! {
    /// What a plugin is written in.
    pub enum Language {
        /// Rust, with the crate `weir-plugin`.
        Rust = "rust",
        /// C, with bindings that are generated from the contract.
        C = "c",
        /// JavaScript, run by QuickJS inside the component.
        JavaScript = "javascript",
        /// Python, run by CPython inside the component.
        Python = "python",
    }
}

impl Content for Plugin {
    fn check(&self, _: &mut Problems<'_>) {}
}
