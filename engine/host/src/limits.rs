//! What a plugin may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much stack a call has. Plugins can't have more: it is a part of the calling thread's own stack.
pub(crate) const STACK_BYTES: usize = 512 << 10;

/// What a call may use. Past any of these the call ends with [`CallError::Limit`](crate::CallError::Limit), except for
/// the log, which is cut.
///
/// The defaults leave room for honest plugins on a busy machine, and no room for harm: a deadline is there to end what
/// would not end by itself, and one that is too tight makes a verdict depend on the machine's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a call may take, with the making of the instance and the calls to the host in it. It ends within a few
    /// milliseconds after. One second.
    pub deadline: Duration,
    /// How many bytes the memories of an instance may have, all together. 64 MiB.
    pub memory_bytes: usize,
    /// How many elements the tables of an instance may have, all together. 10,000.
    pub table_elements: usize,
    /// How many core instances, and no more memories or tables than that, a component may make. 16.
    pub instances: usize,
    /// How large a component may be, in bytes. 16 MiB.
    pub component_bytes: usize,
    /// How many times a call may call the host. 100,000.
    pub host_calls: u64,
    /// How many bytes a call may hand back, and each of its calls to the host may hand over. 4 MiB.
    pub output_bytes: usize,
    /// How many bytes of log are kept of a call. 64 KiB.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deadline: Duration::from_secs(1),
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            instances: 16,
            component_bytes: 16 << 20,
            host_calls: 100_000,
            output_bytes: 4 << 20,
            log_bytes: 64 << 10,
        }
    }
}

impl Limits {
    /// What these limits allow of one kind: milliseconds, bytes or a number of things.
    pub(crate) fn allowed(&self, kind: LimitKind) -> u64 {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        match kind {
            LimitKind::Deadline => u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            LimitKind::Memory => count(self.memory_bytes),
            LimitKind::TableElements => count(self.table_elements),
            LimitKind::Instances => count(self.instances),
            LimitKind::ComponentSize => count(self.component_bytes),
            LimitKind::HostCalls => self.host_calls,
            LimitKind::Output => count(self.output_bytes),
            LimitKind::Stack => count(STACK_BYTES),
        }
    }
}

/// The limit that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// [`Limits::deadline`], in milliseconds.
    Deadline,
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::table_elements`].
    TableElements,
    /// [`Limits::instances`].
    Instances,
    /// [`Limits::component_bytes`].
    ComponentSize,
    /// [`Limits::host_calls`].
    HostCalls,
    /// [`Limits::output_bytes`].
    Output,
    /// The stack, in bytes; the same for all plugins.
    Stack,
}

impl LimitKind {
    /// The limit with its value, as the end of a sentence.
    pub(crate) fn described(self, allowed: u64) -> String {
        match self {
            LimitKind::Deadline => format!("its deadline of {allowed} ms"),
            LimitKind::Memory => format!("its memory of {}", size(allowed)),
            LimitKind::TableElements => format!("its {allowed} table elements"),
            LimitKind::Instances => format!("its {allowed} core instances"),
            LimitKind::ComponentSize => format!("the size of a component, {}", size(allowed)),
            LimitKind::HostCalls => format!("its {allowed} calls to the host"),
            LimitKind::Output => format!("its output of {}", size(allowed)),
            LimitKind::Stack => format!("its stack of {}", size(allowed)),
        }
    }

    /// What to do about it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            LimitKind::Deadline => "give it less to do, or raise `deadline` in the policy's limits",
            LimitKind::Memory => "give it less to do, or raise `memory` in the policy's limits",
            LimitKind::TableElements => "raise `table-elements` in the policy's limits if you trust it",
            LimitKind::Instances => "raise `instances` in the policy's limits if you trust it",
            LimitKind::ComponentSize => "build it smaller, or raise `component-size` in the policy's limits",
            LimitKind::HostCalls => "give it less to do, or raise `host-calls` in the policy's limits",
            LimitKind::Output => "give it less to do, or raise `output` in the policy's limits",
            LimitKind::Stack => "it recurses too deep, and the stack can't be raised",
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
        bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => format!("{} KiB", bytes >> 10),
        bytes => format!("{bytes} bytes"),
    }
}
