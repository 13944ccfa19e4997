//! Writing waivers and overrides, and looking after those that are there.
//!
//! An entry is added at the end of its file: what stands there already, comments included, stays byte for byte. Nothing is
//! written that the project could not be loaded with.

use std::path::{Path, PathBuf};

use fs_err as fs;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use weir_model::diagnostic::{nearest_word, quote};
use weir_model::file::{Content, File};
use weir_model::source::Source;
use weir_model::value::{Name, NamePattern};
use weir_model::verdict::{Excuse, ExcuseKind, ExcuseState, Verdict};
use weir_model::waiver::Waiver;
use weir_model::{Change, Effect};

use crate::decide::{of_override, of_waiver};
use crate::engine::{Engine, EngineError};
use crate::listing::Place;
use crate::project::Project;

/// A waiver that is asked for.
#[derive(Debug, Clone)]
pub struct NewWaiver {
    /// The service, or a pattern of services.
    pub service: NamePattern,
    /// The policy whose finding it is.
    pub policy: Name,
    /// The rule that the finding names.
    pub rule: Name,
    /// Why it is excused.
    pub reason: String,
    /// Where the work on the finding is tracked.
    pub ticket: Option<String>,
    /// Who asks for it.
    pub requested_by: String,
    /// Who approves it: somebody else.
    pub approved_by: String,
    /// The first day on which it holds, in UTC.
    pub granted: Date,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
}

/// An override that is asked for.
#[derive(Debug, Clone)]
pub struct NewOverride {
    /// The service, or a pattern of services.
    pub service: NamePattern,
    /// The effect that counts instead.
    pub effect: Effect,
    /// The policies that are overruled; empty for all.
    pub policies: Vec<NamePattern>,
    /// The kinds of changes that it is for; empty for all.
    pub changes: Vec<Change>,
    /// Why they are overruled.
    pub reason: String,
    /// Where the emergency is tracked.
    pub ticket: Option<String>,
    /// Who overrules them.
    pub by: String,
    /// Who approves that: somebody else.
    pub approved_by: String,
    /// The instant from which it holds.
    pub from: Timestamp,
    /// The instant from which it holds no longer.
    pub until: Timestamp,
}

/// An entry for a file of the project, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file, relative to the project, with `/`.
    pub file: String,
    /// What is added to it.
    pub added: String,
    /// What whoever asks for it should know.
    pub notes: Vec<String>,
    path: PathBuf,
    text: String,
}

impl Entry {
    /// Writes the file, in whole or not at all.
    ///
    /// # Errors
    /// When its folder can't be made, or it can't be written.
    pub fn write(&self) -> Result<(), std::io::Error> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = self.path.with_extension("draft");
        fs::write(&draft, &self.text)?;
        fs::rename(&draft, &self.path)
    }
}

/// A waiver or an override of the project, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KnownExcuse {
    /// The service, or the pattern of services.
    pub service: String,
    /// The excuse itself.
    pub excuse: Excuse,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl Engine {
    /// Makes the entry for a waiver. The service, the policy and the rule have to be there: the checks are run for that.
    ///
    /// # Errors
    /// When a name means nothing, the project would not load with the waiver in it, or a check can't be run.
    pub fn waive(
        &self,
        project: &Project,
        waiver: &NewWaiver,
        file: Option<&Name>,
        at: Timestamp,
    ) -> Result<Entry, EngineError> {
        let services = matching(project, &waiver.service)?;
        if !project.policies().any(|policy| policy.about.name == waiver.policy) {
            let names = project.policies().map(|policy| policy.about.name.as_str());
            let message = format!("there is no policy {}", quote(waiver.policy.as_str()));
            return Err(EngineError::question(message, nearest_word(waiver.policy.as_str(), names)));
        }
        let verdicts = services.iter().map(|service| self.check(project, service, at));
        let verdicts = verdicts.collect::<Result<Vec<_>, _>>()?;
        let fails = known_rule(waiver, &verdicts)?;
        let covering = covering(project, waiver, &services);
        let ends_later = |(_, known): &&(String, &Waiver)| {
            *known.granted <= waiver.granted && *known.expires >= waiver.expires
        };
        if let [(place, known), ..] = covering.as_slice()
            && covering.len() == services.len()
            && covering.iter().all(|known| ends_later(&known))
        {
            return Err(EngineError::question(
                format!(
                    "rule {} of {} is waived already until {}, at {place}",
                    quote(waiver.rule.as_str()),
                    quote(waiver.service.as_str()),
                    known.expires
                ),
                Some("a waiver that ends later extends it".to_owned()),
            ));
        }
        let notes = match covering.as_slice() {
            [] if fails => Vec::new(),
            [] => vec![format!("rule `{}` does not fail now: the waiver has nothing to excuse", waiver.rule)],
            known => known
                .iter()
                .map(|(place, known)| format!("it is waived until {} already, at {place}", known.expires))
                .collect(),
        };
        let file = file.map_or_else(|| file_name(&waiver.service), ToString::to_string);
        let added = waiver_text(waiver);
        let mut entry = entry(project, &format!("waivers/{file}.toml"), added)?;
        let parsed = parse(&entry)?;
        let mut changed = project.clone();
        changed.waivers.retain(|known| known.source().path() != entry.file);
        changed.waivers.push(parsed);
        changed.accept()?;
        entry.notes = notes;
        Ok(entry)
    }

    /// Makes the entry for an override.
    ///
    /// # Errors
    /// When a name means nothing, or the project would not load with the override in it.
    pub fn overrule(
        &self,
        project: &Project,
        force: &NewOverride,
        file: Option<&Name>,
    ) -> Result<Entry, EngineError> {
        matching(project, &force.service)?;
        for pattern in &force.policies {
            if !project.policies().any(|policy| pattern.matches(policy.about.name.as_str())) {
                let names = project.policies().map(|policy| policy.about.name.as_str());
                let message = format!("there is no policy {}", quote(pattern.as_str()));
                return Err(EngineError::question(message, nearest_word(pattern.as_str(), names)));
            }
        }
        let file = file.map_or_else(|| file_name(&force.service), ToString::to_string);
        let entry = entry(project, &format!("overrides/{file}.toml"), override_text(force))?;
        let parsed = parse(&entry)?;
        let mut changed = project.clone();
        changed.overrides.retain(|known| known.source().path() != entry.file);
        changed.overrides.push(parsed);
        changed.accept()?;
        Ok(entry)
    }

    /// The waivers of the project and how they stand: the checks are run to see which of them excuse something.
    ///
    /// # Errors
    /// When a check can't be run.
    pub fn waivers(&self, project: &Project, at: Timestamp) -> Result<Vec<KnownExcuse>, EngineError> {
        let mut verdicts = Vec::new();
        for service in project.services() {
            if !self.checks(project, service)?.is_empty() {
                verdicts.push(self.check(project, service.about.name.as_str(), at)?);
            }
        }
        let notice = project.notice().waiver_seconds;
        let mut known = Vec::new();
        for file in &project.waivers {
            for (index, waiver) in file.waivers.iter().enumerate() {
                let needed = of_waiver(waiver, at, true, notice);
                let is_needed =
                    verdicts.iter().flat_map(|verdict| &verdict.excuses).any(|excuse| *excuse == needed);
                let excuse = of_waiver(waiver, at, is_needed, notice);
                known.push(located(file.source(), &format!("/waiver/{index}"), &waiver.service, excuse));
            }
        }
        Ok(known)
    }
}

impl Project {
    /// The overrides of the project and how they stand. Whether one changes a verdict only the gate can tell.
    pub fn overrides(&self, at: Timestamp) -> Vec<KnownExcuse> {
        let notice = self.notice().override_seconds;
        let mut known = Vec::new();
        for file in &self.overrides {
            for (index, force) in file.overrides.iter().enumerate() {
                let excuse = of_override(force, at, true, notice);
                known.push(located(file.source(), &format!("/override/{index}"), &force.service, excuse));
            }
        }
        known
    }

    /// The longest time that a waiver of this project lasts, in seconds.
    pub fn longest_waiver(&self) -> u64 {
        self.file.waivers.longest.seconds()
    }

    /// The longest time that an override of this project lasts, in seconds.
    pub fn longest_override(&self) -> u64 {
        self.file.overrides.longest.seconds()
    }

    /// Holds the files against one another once more.
    fn accept(&self) -> Result<(), EngineError> {
        let mut diagnostics = Vec::new();
        self.cross_check(&mut diagnostics);
        if diagnostics.is_empty() { Ok(()) } else { Err(EngineError::Wrong(diagnostics)) }
    }
}

impl KnownExcuse {
    /// Whether somebody has to look after it.
    pub fn needs_attention(&self) -> bool {
        matches!(self.excuse.state, ExcuseState::Expiring | ExcuseState::Unused | ExcuseState::Expired)
    }
}

fn located(source: &Source, pointer: &str, service: &NamePattern, excuse: Excuse) -> KnownExcuse {
    let Place { file, line, .. } = Place::in_source(source, pointer);
    KnownExcuse { service: service.to_string(), excuse, file, line: line.unwrap_or(1) }
}

/// The services that a pattern means.
fn matching(project: &Project, pattern: &NamePattern) -> Result<Vec<String>, EngineError> {
    let names = || project.services().map(|service| service.about.name.as_str());
    let found: Vec<String> = names().filter(|name| pattern.matches(name)).map(str::to_owned).collect();
    if found.is_empty() {
        let message = format!("there is no service {}", quote(pattern.as_str()));
        return Err(EngineError::question(message, nearest_word(pattern.as_str(), names())));
    }
    Ok(found)
}

/// Of each service whose finding is waived already, the waiver that lasts longest, with its place. Those that have ended before
/// the new one begins are left out.
fn covering<'p>(project: &'p Project, waiver: &NewWaiver, services: &[String]) -> Vec<(String, &'p Waiver)> {
    let of_service = |service: &String| {
        let tables = project.waivers.iter().flat_map(|file| {
            let source = file.source();
            file.waivers.iter().enumerate().map(move |(index, known)| (source, index, known))
        });
        let about = tables.filter(|(_, _, known)| {
            known.service.matches(service)
                && known.policy == waiver.policy
                && known.rule == waiver.rule
                && *known.granted <= waiver.expires
                && *known.expires >= waiver.granted
        });
        let (source, index, known) = about.max_by_key(|(_, _, known)| *known.expires)?;
        let line = source.line(&format!("/waiver/{index}"));
        Some((format!("{}:{line}", source.path()), known))
    };
    services.iter().filter_map(of_service).collect()
}

/// Looks for the rule among the findings of the services, and says whether it fails.
fn known_rule(waiver: &NewWaiver, verdicts: &[Verdict]) -> Result<bool, EngineError> {
    let asked =
        |verdict: &&Verdict| verdict.policies.iter().any(|said| said.policy == waiver.policy.as_str());
    if !verdicts.iter().any(|verdict| asked(&verdict)) {
        return Err(EngineError::question(
            format!("policy {} is no check of that service", quote(waiver.policy.as_str())),
            Some(
                "only findings of checks can be waived; `weir override` overrules other policies".to_owned(),
            ),
        ));
    }
    let policies = verdicts.iter().flat_map(|verdict| &verdict.policies);
    let findings: Vec<_> = policies
        .filter(|said| said.policy == waiver.policy.as_str())
        .flat_map(|said| &said.findings)
        .collect();
    let mut of_rule = findings.iter().filter(|finding| finding.rule == waiver.rule.as_str()).peekable();
    if of_rule.peek().is_none() {
        let names = findings.iter().map(|finding| finding.rule.as_str());
        let message =
            format!("policy {} has no rule {}", quote(waiver.policy.as_str()), quote(waiver.rule.as_str()));
        return Err(EngineError::question(message, nearest_word(waiver.rule.as_str(), names)));
    }
    Ok(of_rule.any(|finding| finding.outcome == weir_model::finding::Outcome::Fail))
}

/// A file for what is about a service or a pattern of services.
fn file_name(service: &NamePattern) -> String {
    service.as_str().replace('*', "all")
}

fn waiver_text(waiver: &NewWaiver) -> String {
    let NewWaiver { service, policy, rule, reason, ticket, requested_by, approved_by, granted, expires } =
        waiver;
    let mut text = format!(
        "[[waiver]]\nservice = {}\npolicy = {}\nrule = {}\nreason = {}\nrequested-by = {}\napproved-by = {}\n\
         granted = {granted}\nexpires = {expires}\n",
        quoted(service.as_str()),
        quoted(policy.as_str()),
        quoted(rule.as_str()),
        quoted(reason),
        quoted(requested_by),
        quoted(approved_by),
    );
    if let Some(ticket) = ticket {
        text.push_str(&format!("ticket = {}\n", quoted(ticket)));
    }
    text
}

fn override_text(force: &NewOverride) -> String {
    let NewOverride { service, effect, policies, changes, reason, ticket, by, approved_by, from, until } =
        force;
    let list = |words: Vec<String>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    let mut text = format!("[[override]]\nservice = {}\neffect = \"{effect}\"\n", quoted(service.as_str()));
    if !policies.is_empty() {
        let names = policies.iter().map(|pattern| pattern.as_str().to_owned());
        text.push_str(&format!("policies = [{}]\n", list(names.collect())));
    }
    if !changes.is_empty() {
        text.push_str(&format!("changes = [{}]\n", list(changes.iter().map(ToString::to_string).collect())));
    }
    text.push_str(&format!(
        "reason = {}\nby = {}\napproved-by = {}\nfrom = {from}\nuntil = {until}\n",
        quoted(reason),
        quoted(by),
        quoted(approved_by),
    ));
    if let Some(ticket) = ticket {
        text.push_str(&format!("ticket = {}\n", quoted(ticket)));
    }
    text
}

/// A text as TOML has it: the escapes of JSON are those of TOML. What JSON lets stand, and would give orders to the terminal
/// on which the entry is shown, is written as an escape, too.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for character in serde_json::Value::from(text).to_string().chars() {
        match character {
            order
                if order.is_control()
                    || matches!(order, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                out.push_str(&format!("\\u{:04x}", u32::from(order)));
            }
            other => out.push(other),
        }
    }
    out
}

/// The file with something added at its end.
fn entry(project: &Project, file: &str, added: String) -> Result<Entry, EngineError> {
    let path: PathBuf = project.root().join(Path::new(file));
    let mut text =
        if path.exists() { fs::read_to_string(&path).map_err(EngineError::File)? } else { String::new() };
    if !text.is_empty() {
        // A last line without an end would run into the new one.
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    text.push_str(&added);
    Ok(Entry { file: file.to_owned(), added, notes: Vec::new(), path, text })
}

/// The file as it would be read.
fn parse<T: Content>(entry: &Entry) -> Result<File<T>, EngineError> {
    Source::parse(&entry.file, &entry.text).and_then(File::parse).map_err(EngineError::Wrong)
}

impl KnownExcuse {
    /// The policy and the rule that are excused; a star for what an override is about.
    pub fn about(&self) -> String {
        match (self.excuse.kind, &self.excuse.policy, &self.excuse.rule) {
            (ExcuseKind::Waiver, Some(policy), Some(rule)) => format!("{policy}/{rule}"),
            _ => "*".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_being_written() {
        for text in ["plain", "a \"b\" \\ c", "two\nlines\ttab", "\u{7f}\u{9b}\u{1b}\u{0}ü\u{1f600}\u{202e}"]
        {
            let written = format!("a = {}\n", quoted(text));
            let source = Source::parse("a.toml", &written).unwrap();
            assert_eq!(source.value()["a"], text, "{written}");
            assert!(!written.trim_end().chars().any(char::is_control), "{written:?}");
        }
    }
}
