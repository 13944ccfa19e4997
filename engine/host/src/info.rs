//! What a plugin says of itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::types;
use crate::kind::Kind;
use crate::outline::Outline;
use crate::text::{self, tidy_line};

/// How large the schema of the parameters may be, in bytes.
const SCHEMA_BYTES: usize = 256 << 10;
/// How many things a plugin may say that it reads.
const READS: usize = 256;

/// What a plugin says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Info {
    /// Kebab-case name, for example `error-budget`.
    pub name: String,
    /// Semantic version of the plugin.
    pub version: String,
    /// One line for people: what the plugin judges.
    pub summary: String,
    /// JSON Schema (draft 2020-12) of the parameters.
    pub parameters: Value,
    /// What the plugin reads, for people: event fields or folders of documents.
    pub reads: Vec<String>,
}

/// What a component says of itself in its custom section `weir:info`. Runs and compiles nothing.
///
/// None when the component carries no such section, or one that makes no sense; loading it says which.
pub fn read_info(component: &[u8]) -> Option<Info> {
    Info::from_section(Outline::read("", component).ok()?.info?).ok()
}

/// What kind of plugin a component is, as its exports say. Runs and compiles nothing.
///
/// None when it is no plugin, or one of another contract; loading it says which.
pub fn read_kind(component: &[u8]) -> Option<Kind> {
    Outline::read("", component).ok()?.exported_kind("").ok()
}

impl Info {
    /// Reads the custom section. The schema may be an object, or a text that holds one.
    pub(crate) fn from_section(section: &[u8]) -> Result<Info, String> {
        if section.len() > SCHEMA_BYTES {
            return Err(format!("`weir:info` has more than {SCHEMA_BYTES} bytes"));
        }
        let info: Info = serde_json::from_slice(section).map_err(|error| format!("`weir:info`: {error}"))?;
        match info.parameters {
            Value::String(ref text) => Info { parameters: schema(text)?, ..info }.checked(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                info.checked()
            }
        }
    }

    /// Reads the answer of `describe`.
    pub(crate) fn from_answer(answer: types::Info) -> Result<Info, String> {
        let types::Info { name, version, summary, parameters, reads, facts: _ } = answer;
        Info { name, version, summary, parameters: schema(&parameters)?, reads }.checked()
    }

    fn checked(mut self) -> Result<Info, String> {
        if !matches!(self.parameters, Value::Object(_) | Value::Bool(_)) {
            return Err("the schema of its parameters is not a JSON object".to_owned());
        }
        if !is_harmless(&self.parameters) {
            return Err("the schema of its parameters holds control characters".to_owned());
        }
        if self.reads.len() > READS {
            return Err(format!("it reads more than {READS} things"));
        }
        let texts = [&mut self.name, &mut self.version, &mut self.summary];
        texts.into_iter().chain(&mut self.reads).for_each(tidy_line);
        if self.name.is_empty() { Err("its name is empty".to_owned()) } else { Ok(self) }
    }
}

/// Whether no text of a schema would play tricks on a terminal: they show up in messages about parameters.
fn is_harmless(schema: &Value) -> bool {
    match schema {
        Value::String(text) => text::is_harmless(text),
        Value::Array(items) => items.iter().all(is_harmless),
        Value::Object(entries) => {
            entries.iter().all(|(key, value)| text::is_harmless(key) && is_harmless(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn schema(text: &str) -> Result<Value, String> {
    if text.len() > SCHEMA_BYTES {
        return Err(format!("the schema of its parameters has more than {SCHEMA_BYTES} bytes"));
    }
    serde_json::from_str(text).map_err(|error| format!("the schema of its parameters is not JSON: {error}"))
}
