//! The JSON Schemas of all files, generated from the types that hold them.

use std::fmt;
use std::str::FromStr;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::cases::Cases;
use crate::event::{Event, WorkItem};
use crate::gate::Gate;
use crate::lock::Lock;
use crate::overrule::Overrides;
use crate::plugin::Plugin;
use crate::plugin_cases::PluginCases;
use crate::policy::Policy;
use crate::project::Project;
use crate::record::DecisionRecord;
use crate::service::Service;
use crate::transition::Transition;
use crate::verdict::Verdict;
use crate::waiver::Waivers;

/// The kinds of files that Weir reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// `weir.toml`, the project.
    Project,
    /// A file of `services/`: a service with its SLIs, SLOs and SLAs.
    Service,
    /// A file of `policies/`: which plugin judges which services, and how.
    Policy,
    /// A file of `gates/`: which policies a change has to pass.
    Gate,
    /// A file of `waivers/`: findings that are excused for a while.
    Waiver,
    /// A file of `overrides/`: verdicts that are overruled for a while.
    Override,
    /// A file of `cases/`: questions to a gate with the answers that are expected.
    Cases,
    /// `weir.lock`: the plugins of a project, pinned.
    Lock,
    /// `plugin.toml`: a plugin that is being written.
    Plugin,
    /// A file of a plugin's own `cases/`: questions to the plugin with the answers that are expected.
    PluginCases,
    /// One event, as JSON.
    Event,
    /// The data of an event about a piece of work, as JSON.
    WorkItem,
    /// A verdict, as JSON.
    Verdict,
    /// A decision record, as JSON.
    Record,
    /// The data of an event about something that changed, as JSON.
    Transition,
}

impl FileKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: &[FileKind] = &[
        FileKind::Project,
        FileKind::Service,
        FileKind::Policy,
        FileKind::Gate,
        FileKind::Waiver,
        FileKind::Override,
        FileKind::Cases,
        FileKind::Lock,
        FileKind::Plugin,
        FileKind::PluginCases,
        FileKind::Event,
        FileKind::WorkItem,
        FileKind::Verdict,
        FileKind::Record,
        FileKind::Transition,
    ];

    /// The name that people use for the kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FileKind::Project => "project",
            FileKind::Service => "service",
            FileKind::Policy => "policy",
            FileKind::Gate => "gate",
            FileKind::Waiver => "waiver",
            FileKind::Override => "override",
            FileKind::Cases => "cases",
            FileKind::Lock => "lock",
            FileKind::Plugin => "plugin",
            FileKind::PluginCases => "plugin-cases",
            FileKind::Event => "event",
            FileKind::WorkItem => "work-item",
            FileKind::Verdict => "verdict",
            FileKind::Record => "record",
            FileKind::Transition => "transition",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no kind of file of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of file")]
pub struct UnknownFileKind(String);

impl FromStr for FileKind {
    type Err = UnknownFileKind;

    fn from_str(name: &str) -> Result<FileKind, UnknownFileKind> {
        FileKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownFileKind(name.to_owned()))
    }
}

/// The JSON Schema (draft 2020-12) of a kind of file, for editors and for the validator of this crate.
#[must_use]
pub fn schema(kind: FileKind) -> Value {
    match kind {
        FileKind::Project => schema_of::<Project>(),
        FileKind::Service => schema_of::<Service>(),
        FileKind::Policy => schema_of::<Policy>(),
        FileKind::Gate => schema_of::<Gate>(),
        FileKind::Waiver => schema_of::<Waivers>(),
        FileKind::Override => schema_of::<Overrides>(),
        FileKind::Cases => schema_of::<Cases>(),
        FileKind::Lock => schema_of::<Lock>(),
        FileKind::Plugin => schema_of::<Plugin>(),
        FileKind::PluginCases => schema_of::<PluginCases>(),
        FileKind::Event => schema_of::<Event<'_>>(),
        FileKind::WorkItem => schema_of::<WorkItem>(),
        FileKind::Verdict => schema_of::<Verdict>(),
        FileKind::Record => schema_of::<DecisionRecord>(),
        FileKind::Transition => schema_of::<Transition>(),
    }
}

/// The JSON Schema of any type of this crate's style.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().for_deserialize().with_transform(without_null as fn(&mut Schema));
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// What is optional may be left out, and can't be null: TOML has no null.
fn without_null(schema: &mut Schema) {
    fn visit(value: &mut Value) {
        let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
        match value {
            Value::Object(object) => {
                if object.get("default").is_some_and(Value::is_null) {
                    object.remove("default");
                }
                if let Some(Value::Array(types)) = object.get_mut("type") {
                    types.retain(|kind| !is_null(kind));
                    if let [single] = types.as_slice() {
                        let single = single.clone();
                        object.insert("type".to_owned(), single);
                    }
                }
                if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
                    branches.retain(|branch| !is_null(branch));
                    if let [Value::Object(single)] = branches.as_slice() {
                        let single = single.clone();
                        object.remove("anyOf");
                        object.extend(single);
                    }
                }
                object.values_mut().for_each(visit);
            }
            Value::Array(elements) => elements.iter_mut().for_each(visit),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.values_mut().for_each(visit);
    }
}
