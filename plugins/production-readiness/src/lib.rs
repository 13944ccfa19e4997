//! Holds a service against a ladder of readiness levels.
//!
//! Each rule belongs to a level and to a layer of the reliability hierarchy, and asks one thing of the service file or
//! of a document. The level a service has reached is the highest one that has no open rule, neither at that level nor at
//! a lower one. Which level a service must reach depends on its tier: rules up to that level are required of it, those
//! above are advised.

mod document;
mod judge;
mod rules;

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_plugin::checker::{Finding, Report, Subject};
use weir_plugin::{About, Check, Fact, Problem, fact, outcome, weight};

use judge::Judgement;

/// The parameters.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The levels, the lowest first. Without it: `bronze`, `silver`, `gold`.
    #[serde(default = "rules::levels")]
    pub levels: Vec<String>,
    /// The level that is required of each tier. A service without a tier, or of a tier that isn't listed, is held to the
    /// highest level in this table. Without it: `gold` of `critical`, `silver` of `standard`, `bronze` of `low`.
    #[serde(default = "rules::required")]
    pub required: BTreeMap<String, String>,
    /// The rules. Without them, the built-in set applies.
    #[serde(default = "rules::rules")]
    pub rules: Vec<Rule>,
}

/// Something that is asked of a service.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// Stable name in kebab-case. Waivers name it.
    #[cfg_attr(test, schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")))]
    pub id: String,
    /// The level that the rule belongs to.
    pub level: String,
    /// The layer of the reliability hierarchy.
    pub layer: Layer,
    /// What is asked, as a short noun phrase, for example `owner named`.
    pub title: String,
    /// What is looked at.
    pub test: Test,
    /// What to do when the rule fails.
    #[serde(default)]
    pub remedy: String,
    /// The tiers that the rule applies to. Empty: all.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// The engagement models that the rule applies to, as the service file names them. Empty: all.
    #[serde(default)]
    pub engagement: Vec<String>,
}

/// A layer of the reliability hierarchy, the base first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Knowing how the service does.
    Monitoring,
    /// Acting when it does badly.
    IncidentResponse,
    /// Learning from that.
    PostMortems,
    /// Keeping faults from going out.
    TestingAndRelease,
    /// Having enough for the load.
    Capacity,
    /// Building it so that it lasts.
    Development,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Layer::Monitoring => "monitoring",
            Layer::IncidentResponse => "incident-response",
            Layer::PostMortems => "post-mortems",
            Layer::TestingAndRelease => "testing-and-release",
            Layer::Capacity => "capacity",
            Layer::Development => "development",
        }
    }
}

/// What a rule looks at. In a path, `{service}` stands for the service's name.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema, serde::Serialize))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Test {
    /// The service file has the field, and it says something.
    Field {
        /// The field's name, for example `owner`.
        field: String,
    },
    /// The service has SLOs.
    Slos {
        /// How many at least.
        #[serde(default = "rules::one")]
        at_least: usize,
    },
    /// The service says what it depends on: at least one service, or the field `dependencies` with the value `none`.
    DependencyDeclared {},
    /// There is a document, longer than a stub and without placeholders such as `TBD`.
    Document {
        /// The document, for example `runbooks/{service}.md`.
        path: String,
        /// How many characters it has at least, metadata and comments aside.
        #[serde(default = "rules::min_length")]
        min_length: usize,
    },
    /// A document has sections with text in them.
    Section {
        /// The document.
        path: String,
        /// The headings that are needed. Each may list alternatives: `Rollback | Roll back`.
        headings: Vec<String>,
    },
    /// A document states a date that isn't too long ago, as a line `key: 2026-09-01` or in its front matter.
    Dated {
        /// The document.
        path: String,
        /// The key, for example `last-reviewed`.
        key: String,
        /// How old the date may be, in whole days, for example `180d`.
        max_age: String,
    },
}

/// The plugin.
#[derive(Debug)]
pub struct ProductionReadiness;

impl Check for ProductionReadiness {
    type Params = Params;

    const ABOUT: About = About {
        name: "production-readiness",
        version: env!("CARGO_PKG_VERSION"),
        summary: "the readiness level a service has reached, and the one its tier requires",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["runbooks/", "readiness/"],
    };

    fn assess(params: &Params, subject: &Subject) -> Result<Report, Problem> {
        params.validate()?;
        let required = params.required_level(subject);
        let mut reached = params.levels.len();
        let mut findings = Vec::with_capacity(params.rules.len());
        for rule in &params.rules {
            let level = params.rank(&rule.level);
            let judgement = match scope(rule, subject) {
                Some(text) => Judgement::not_applicable(text),
                None => judge::judge(rule, subject)?,
            };
            if judgement.is_open() {
                reached = reached.min(level);
            }
            findings.push(finding(rule, judgement, level <= required));
        }
        let mut facts = Vec::new();
        if let Some(level) = reached.checked_sub(1).and_then(|index| params.levels.get(index)) {
            facts.push(Fact { name: "level".to_owned(), value: level.clone() });
        }
        if let Some(level) = params.levels.get(reached) {
            facts.push(Fact { name: "next-level".to_owned(), value: level.clone() });
        }
        Ok(Report { findings, facts })
    }
}

weir_plugin::check!(ProductionReadiness);

impl Params {
    /// What the schema can't say: that names are known and used once, and that the tests make sense.
    fn validate(&self) -> Result<(), Problem> {
        if self.levels.is_empty() {
            return invalid("`levels` is empty; name at least one".to_owned());
        }
        if let Some(level) = repeated(self.levels.iter()) {
            return invalid(format!("`levels` names `{level}` twice"));
        }
        if let Some(id) = repeated(self.rules.iter().map(|rule| &rule.id)) {
            return invalid(format!("two rules have the id `{id}`; waivers need it to be unique"));
        }
        let known = self.levels.join("`, `");
        for (tier, level) in &self.required {
            if !self.levels.contains(level) {
                return invalid(format!("`required.{tier}` names the level `{level}`, not one of `{known}`"));
            }
        }
        for rule in &self.rules {
            if !self.levels.contains(&rule.level) {
                let (id, level) = (&rule.id, &rule.level);
                return invalid(format!("rule `{id}` names the level `{level}`, not one of `{known}`"));
            }
            judge::validate(rule)?;
        }
        Ok(())
    }

    /// The place of a level on the ladder, from 0.
    fn rank(&self, level: &str) -> usize {
        self.levels.iter().position(|other| other == level).unwrap_or(self.levels.len())
    }

    /// The place of the level that is required of the service. Who forgets the tier must not get off lightly, so the
    /// highest level in the table applies then; without a table, nothing above the first level is required.
    fn required_level(&self, subject: &Subject) -> usize {
        let level = fact(&subject.facts, "tier").and_then(|tier| self.required.get(tier));
        match level {
            Some(level) => self.rank(level),
            None => self.required.values().map(|level| self.rank(level)).max().unwrap_or(0),
        }
    }
}

/// Why the rule doesn't apply to the service, if so.
fn scope(rule: &Rule, subject: &Subject) -> Option<String> {
    for (name, wanted) in [("tier", &rule.tiers), ("engagement", &rule.engagement)] {
        let actual = fact(&subject.facts, name).unwrap_or_default();
        if !wanted.is_empty() && !wanted.iter().any(|other| other == actual) {
            let wanted = wanted.join("` or `");
            return Some(format!("{}: asked only of services whose {name} is `{wanted}`", rule.title));
        }
    }
    None
}

fn finding(rule: &Rule, judgement: Judgement, required: bool) -> Finding {
    let named = |name: &str, value: &str| Fact { name: name.to_owned(), value: value.to_owned() };
    let remedy = if judgement.outcome == outcome::FAIL { rule.remedy.clone() } else { String::new() };
    Finding {
        rule: rule.id.clone(),
        outcome: judgement.outcome,
        weight: if required { weight::REQUIRED } else { weight::ADVISED },
        text: judgement.text,
        remedy,
        file: judgement.file,
        line: judgement.line,
        facts: vec![named("level", &rule.level), named("layer", rule.layer.name())],
    }
}

fn repeated<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    names.find(|name| !seen.insert(*name))
}

fn invalid<T>(text: String) -> Result<T, Problem> {
    Err(Problem::InvalidParams(text))
}

#[cfg(test)]
mod tests;
