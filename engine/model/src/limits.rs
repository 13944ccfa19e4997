//! What a plugin may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::{ByteSize, Milliseconds};

/// Limits on the calls of a plugin. What is left out is decided one level up: by the project, then by the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// How long a call may take.
    pub deadline: Option<Milliseconds>,
    /// How much memory the plugin may have.
    pub memory: Option<ByteSize>,
    /// How many elements its tables may have, all together.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    pub table_elements: Option<u32>,
    /// How many core modules its component may consist of.
    #[schemars(range(min = 1, max = 4_294_967_295_u32))]
    pub instances: Option<u32>,
    /// How large the component itself may be.
    pub component_size: Option<ByteSize>,
    /// How often a call may call the host.
    pub host_calls: Option<u64>,
    /// How much a call may hand back.
    pub output: Option<ByteSize>,
    /// How much a call may write to the log.
    pub log: Option<ByteSize>,
}

impl Limits {
    /// These limits, with those of `outer` where nothing is said.
    #[must_use]
    pub fn or(&self, outer: &Limits) -> Limits {
        Limits {
            deadline: self.deadline.or(outer.deadline),
            memory: self.memory.or(outer.memory),
            table_elements: self.table_elements.or(outer.table_elements),
            instances: self.instances.or(outer.instances),
            component_size: self.component_size.or(outer.component_size),
            host_calls: self.host_calls.or(outer.host_calls),
            output: self.output.or(outer.output),
            log: self.log.or(outer.log),
        }
    }
}
