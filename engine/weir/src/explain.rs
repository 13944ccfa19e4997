//! What a rule means: where it is configured, what it says of each service now, what to do about it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use weir_host::Kind;
use weir_model::diagnostic::{Code, nearest_word, quote};
use weir_model::finding::{Outcome, Weight};
use weir_model::policy::PolicyFile;
use weir_model::{Effect, Mode};

use crate::engine::{Engine, EngineError};
use crate::lint::LintCode;
use crate::plugins;
use crate::project::Project;

/// The version of the explanation's JSON form.
const EXPLANATION_VERSION: u32 = 1;

/// What Weir itself says beside the rules of policies.
const OWN: &[(&str, &str, &str)] = &[
    (
        "verdict",
        "The answer of the gate: the most severe effect of all policies.",
        "What would lift it stands beside it.",
    ),
    (
        "override",
        "Somebody overruled policies for a time; what they ask for has no effect until it ends.",
        "Remove the entry from `overrides/` when the emergency is over.",
    ),
    (
        "waiver-expiring",
        "A waiver ends within the time that `notice` in `[waivers]` of weir.toml says.",
        "Put right what it excuses, or have it granted anew.",
    ),
    ("waiver-expired", "A waiver has run out and excuses nothing any more.", "Remove it from its file."),
    ("waiver-unused", "A waiver holds, and its rule does not fail.", "Remove it from its file."),
    (
        "override-expiring",
        "An override ends within the time that `notice` in `[overrides]` of weir.toml says.",
        "Put right what the policies ask for before it ends.",
    ),
    ("override-expired", "An override has run out and has no effect any more.", "Remove it from its file."),
    (
        "override-unused",
        "An override holds, and the policies ask for nothing else.",
        "Remove it from its file.",
    ),
    ("policy-not-tested", "No case of `weir test` asks a policy.", "Add a case to `cases/`."),
];

/// What a rule means.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The version of this form.
    pub schema_version: u32,
    /// The rule with the name of its policy, such as `production-readiness/runbook`; a code of Weir by itself.
    pub rule: String,
    /// What it means, a sentence each.
    pub meaning: Vec<String>,
    /// What to do when it is not kept, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The policy that it belongs to, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ExplainedPolicy>,
    /// What it says of each service now (rules of checks).
    pub services: Vec<ExplainedService>,
}

/// Where a rule is configured, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplainedPolicy {
    /// The policy's name.
    pub name: String,
    /// Its file, relative to the project.
    pub file: String,
    /// The line at which it is named.
    pub line: usize,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whether it is enforced or only watched.
    pub mode: Mode,
    /// The effect when there is no data.
    pub on_no_data: Effect,
    /// The effect when the plugin fails.
    pub on_error: Effect,
    /// The effect when a required rule fails (checks).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_fail: Option<Effect>,
    /// The plugin with its version.
    pub plugin: String,
    /// What the plugin judges.
    pub plugin_summary: String,
    /// What the plugin reads.
    pub reads: Vec<String>,
    /// The parameters as the policy sets them.
    pub parameters: Map<String, Value>,
    /// What parameters there are, as a JSON Schema.
    pub schema: Value,
}

/// What a rule says of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplainedService {
    /// The service.
    pub service: String,
    /// What came out.
    pub outcome: Outcome,
    /// How much the rule weighs for it.
    pub weight: Weight,
    /// What is so.
    pub text: String,
    /// Who excuses it, where somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
}

/// Explains a code of Weir itself, such as `waiver-unused` or `files/toml-syntax`, for which no project is needed. Empty when
/// it is none.
pub fn explain_own(name: &str) -> Vec<Explanation> {
    let (group, rule) = name.split_once('/').map_or((None, name), |(group, rule)| (Some(group), rule));
    own(group, rule).into_iter().collect()
}

impl Engine {
    /// Explains a rule by its name: of a check (`runbook`, or `production-readiness/runbook`), of any other policy with the
    /// policy's name before it (`error-budget/budget-below-freeze`), or a code of Weir itself. Checks are run for it.
    ///
    /// # Errors
    /// When nothing has that name, or a check can't be run.
    pub fn explain(
        &self,
        project: &Project,
        name: &str,
        at: Timestamp,
    ) -> Result<Vec<Explanation>, EngineError> {
        self.check_parameters(project)?;
        let (policy, rule) = match name.split_once('/') {
            Some((policy, rule)) => (Some(policy), rule),
            None => (None, name),
        };
        let mut explained = explain_own(name);
        let mut known: Vec<String> = own_names();
        for file in project.policies() {
            let about = policy.is_none_or(|policy| policy == file.about.name.as_str());
            if self.kind(project, file)? != Kind::Check {
                // A plugin names its clauses when they hold, and not before: they are taken at their word.
                if about && policy.is_some() {
                    explained.push(self.clause(project, file, rule)?);
                }
                continue;
            }
            let services = self.rules(project, file, at)?;
            if about && services.iter().any(|(found, _, _)| found == rule) {
                explained.push(self.rule(project, file, rule, &services)?);
            }
            known.extend(services.into_iter().map(|(found, _, _)| found));
        }
        if explained.is_empty() {
            known.sort();
            known.dedup();
            let help = nearest_word(rule, known.iter().map(String::as_str)).unwrap_or_default();
            return Err(EngineError::question(
                format!("there is no rule {}", quote(name)),
                Some(format!(
                    "{help}; clauses of budget policies are named with their policy, as in `error-budget/CLAUSE`"
                )),
            ));
        }
        Ok(explained)
    }

    fn kind(&self, project: &Project, file: &PolicyFile) -> Result<Kind, EngineError> {
        let limits = plugins::limits(&file.limits.or(project.limits()));
        Ok(self.plugins.named(project, file.about.plugin.as_str(), &limits)?.kind())
    }

    /// The findings of one check on all services that it is about, by rule, with the remedy.
    fn rules(
        &self,
        project: &Project,
        file: &PolicyFile,
        at: Timestamp,
    ) -> Result<Vec<(String, ExplainedService, Option<String>)>, EngineError> {
        let mut found = Vec::new();
        for service in project.services().filter(|service| file.scope.covers(service)) {
            let service = service.about.name.as_str();
            let verdict = self.check(project, service, at)?;
            let said = verdict.policies.into_iter().filter(|said| said.policy == file.about.name.as_str());
            for finding in said.flat_map(|said| said.findings) {
                let explained = ExplainedService {
                    service: service.to_owned(),
                    outcome: finding.outcome,
                    weight: finding.weight,
                    text: finding.text,
                    waiver: finding.waiver,
                };
                found.push((finding.rule, explained, finding.remedy));
            }
        }
        Ok(found)
    }

    fn rule(
        &self,
        project: &Project,
        file: &PolicyFile,
        rule: &str,
        services: &[(String, ExplainedService, Option<String>)],
    ) -> Result<Explanation, EngineError> {
        let of_rule = || services.iter().filter(|(found, _, _)| found == rule);
        let policy = self.explained(project, file, Kind::Check)?;
        Ok(Explanation {
            schema_version: EXPLANATION_VERSION,
            rule: format!("{}/{rule}", file.about.name),
            meaning: vec![format!("A rule of the check `{}`: {}", file.about.name, policy.plugin_summary)],
            remedy: of_rule().find_map(|(_, _, remedy)| remedy.clone()),
            services: of_rule().map(|(_, service, _)| service.clone()).collect(),
            policy: Some(policy),
        })
    }

    fn clause(&self, project: &Project, file: &PolicyFile, clause: &str) -> Result<Explanation, EngineError> {
        let policy = self.explained(project, file, self.kind(project, file)?)?;
        let name = &file.about.name;
        let mut meaning = Vec::new();
        let (first, remedy) = match clause {
            "no-data" => (
                format!("Policy `{name}` has no data to judge, or data that is too old."),
                Some("See that events come in: `weir slo status` says what is missing.".to_owned()),
            ),
            "error" => (
                format!("The plugin of policy `{name}` failed."),
                Some("The verdict says how it failed; `weir plugin verify` tries the plugin.".to_owned()),
            ),
            _ => {
                meaning.push(format!(
                    "Plugins name their clauses when they hold, so that nobody knows before whether there is a clause {}.",
                    quote(clause)
                ));
                (format!("Policy `{name}`: {}", policy.plugin_summary), None)
            }
        };
        meaning.insert(0, first);
        Ok(Explanation {
            schema_version: EXPLANATION_VERSION,
            rule: format!("{name}/{clause}"),
            meaning,
            remedy,
            services: Vec::new(),
            policy: Some(policy),
        })
    }

    fn explained(
        &self,
        project: &Project,
        file: &PolicyFile,
        kind: Kind,
    ) -> Result<ExplainedPolicy, EngineError> {
        let about = &file.about;
        let limits = plugins::limits(&file.limits.or(project.limits()));
        let (info, _) = self.plugins.described(project, about.plugin.as_str(), &limits)?;
        Ok(ExplainedPolicy {
            name: about.name.to_string(),
            file: file.source().path().to_owned(),
            line: file.source().line("/policy/name"),
            summary: about.summary.as_ref().map(ToString::to_string),
            mode: about.mode,
            on_no_data: about.on_no_data,
            on_error: about.on_error,
            on_fail: (kind == Kind::Check).then_some(about.on_fail),
            plugin: format!("{} {}", info.name, info.version),
            plugin_summary: info.summary,
            reads: info.reads,
            parameters: file.params.clone(),
            schema: info.parameters,
        })
    }
}

/// What Weir itself says under a name.
fn own(group: Option<&str>, rule: &str) -> Option<Explanation> {
    let explanation = |group: &str, meaning: &str, remedy: Option<&str>| Explanation {
        schema_version: EXPLANATION_VERSION,
        rule: format!("{group}/{rule}"),
        meaning: vec![meaning.to_owned()],
        remedy: remedy.map(str::to_owned),
        policy: None,
        services: Vec::new(),
    };
    let is = |name: &str| group.is_none_or(|group| group == name);
    if let Some((_, meaning, remedy)) = OWN.iter().find(|(name, _, _)| is("weir") && *name == rule) {
        return Some(explanation("weir", meaning, Some(remedy)));
    }
    if let Some(code) = LintCode::ALL.iter().find(|code| is("slo-lint") && code.as_str() == rule) {
        return Some(explanation("slo-lint", code.description(), None));
    }
    let code = Code::ALL.iter().find(|code| is("files") && code.as_str() == rule)?;
    Some(explanation("files", code.description(), None))
}

fn own_names() -> Vec<String> {
    let own = OWN.iter().map(|(name, _, _)| *name);
    let all = own
        .chain(LintCode::ALL.iter().map(|code| code.as_str()))
        .chain(Code::ALL.iter().map(|code| code.as_str()));
    all.map(str::to_owned).collect()
}
