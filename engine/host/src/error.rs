//! Why a plugin can't be loaded, and why a call has no answer.

use crate::kind::Kind;
use crate::limits::LimitKind;
use crate::log::LogLine;

/// Why a component can't be loaded as a plugin. `plugin` is the name that the caller gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is nothing in it.
    #[error("plugin `{plugin}` is empty; name a file that holds a WebAssembly component")]
    Empty {
        /// The plugin.
        plugin: String,
    },
    /// It is larger than the limit.
    #[error(
        "plugin `{plugin}` has {size} bytes, more than the {allowed} allowed; build it smaller, or raise \
             `component-size` in the limits"
    )]
    TooLarge {
        /// The plugin.
        plugin: String,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        allowed: usize,
    },
    /// It is something else.
    #[error("plugin `{plugin}` is not WebAssembly; name a file that holds a WebAssembly component")]
    NotWebAssembly {
        /// The plugin.
        plugin: String,
    },
    /// It is a core module.
    #[error(
        "plugin `{plugin}` is a core WebAssembly module, and a component is wanted; turn it into one with \
             `wasm-tools component new`"
    )]
    CoreModule {
        /// The plugin.
        plugin: String,
    },
    /// It ends early.
    #[error("plugin `{plugin}` is cut off at byte {offset}; copy or build it again")]
    Truncated {
        /// The plugin.
        plugin: String,
        /// Where it ends.
        offset: usize,
    },
    /// It is no valid component.
    #[error("plugin `{plugin}` is not a valid component: {reason}; build it again")]
    Malformed {
        /// The plugin.
        plugin: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// It exports none of the interfaces that make a plugin.
    #[error(
        "plugin `{plugin}` is a component but no Weir plugin: it exports {exports}, and not one of {wanted}"
    )]
    NoKind {
        /// The plugin.
        plugin: String,
        /// What it exports.
        exports: String,
        /// What would make it a plugin.
        wanted: String,
    },
    /// It exports several.
    #[error("plugin `{plugin}` claims to be both a {one} and a {other}; a plugin is of one kind")]
    ManyKinds {
        /// The plugin.
        plugin: String,
        /// One kind.
        one: Kind,
        /// Another.
        other: Kind,
    },
    /// It was built against a version of the contract that this Weir does not speak.
    #[error(
        "plugin `{plugin}` was built for `{interface}`, and this Weir speaks version {spoken} of the contract; \
             use a plugin or a Weir of the other's version"
    )]
    ContractVersion {
        /// The plugin.
        plugin: String,
        /// The interface with its version.
        interface: String,
        /// The version that the host has.
        spoken: String,
    },
    /// It imports what its kind may not have.
    #[error(
        "plugin `{plugin}` imports `{import}`, which no {kind} may: a plugin has no files, network, environment, \
             clock or randomness; {help}"
    )]
    ForbiddenImport {
        /// The plugin.
        plugin: String,
        /// What it is.
        kind: Kind,
        /// The first import that is not allowed.
        import: String,
        /// What to do about it.
        help: &'static str,
    },
    /// It would take too long to compile.
    #[error(
        "plugin `{plugin}` would take too long to compile: there are {what}; build it smaller or in parts"
    )]
    TooComplex {
        /// The plugin.
        plugin: String,
        /// What there is too much of, and how much there may be.
        what: String,
    },
    /// It can't be compiled.
    #[error("plugin `{plugin}` can't be compiled: {reason}")]
    Compile {
        /// The plugin.
        plugin: String,
        /// What the compiler says.
        reason: String,
    },
    /// Its imports or exports have other types than the contract's.
    #[error("plugin `{plugin}` does not fit the contract: {reason}; build it against this version's `wit`")]
    Unfit {
        /// The plugin.
        plugin: String,
        /// What does not fit.
        reason: String,
    },
    /// What it says of itself makes no sense.
    #[error("plugin `{plugin}` describes itself wrongly: {reason}; ask its author")]
    Info {
        /// The plugin.
        plugin: String,
        /// What is wrong.
        reason: String,
    },
    /// It was asked what it is and gave no answer.
    #[error("plugin `{plugin}` carries no `weir:info`, and does not say what it is when asked: {reason}")]
    Describe {
        /// The plugin.
        plugin: String,
        /// What came of asking.
        reason: Box<CallError>,
    },
    /// The machine does not let the sandbox be set up.
    #[error("the sandbox can't be set up: {reason}")]
    Sandbox {
        /// What the system says.
        reason: String,
    },
}

/// Why a call has no answer. Each names the plugin and the policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin is of another kind.
    #[error(
        "plugin `{plugin}` of policy `{policy}` is a {kind}, and a {wanted} is wanted; name another plugin"
    )]
    Kind {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// What it is.
        kind: Kind,
        /// What is wanted.
        wanted: Kind,
    },
    /// The call went past a limit.
    #[error("plugin `{plugin}` of policy `{policy}` exceeded {}; {}", limit.described(*allowed), limit.remedy())]
    Limit {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// The limit.
        limit: LimitKind,
        /// What it allows, in the limit's unit.
        allowed: u64,
        /// What the plugin logged.
        log: Vec<LogLine>,
    },
    /// The plugin broke down.
    #[error("plugin `{plugin}` of policy `{policy}` broke down: {reason}; report it to the plugin's author")]
    Trap {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// How, and the last error that it logged.
        reason: String,
        /// What the plugin logged.
        log: Vec<LogLine>,
    },
    /// The plugin called a function of the inert WASI that has no answer.
    #[error("plugin `{plugin}` of policy `{policy}` called `{function}`, {reason}; build it without")]
    Wasi {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// The function, for example `wasi:cli/exit@0.2.0#exit`.
        function: String,
        /// Why there is no answer.
        reason: String,
        /// What the plugin logged.
        log: Vec<LogLine>,
    },
    /// The plugin says that it can't answer.
    #[error("plugin `{plugin}` of policy `{policy}` {}: {text}", if *.invalid_params {
        "refuses its parameters"
    } else {
        "can't judge this input"
    })]
    Problem {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// Whether it is the parameters; else it is the input.
        invalid_params: bool,
        /// The plugin's reason, made harmless.
        text: String,
        /// What the plugin logged.
        log: Vec<LogLine>,
    },
    /// What the plugin handed back breaks the contract.
    #[error(
        "plugin `{plugin}` of policy `{policy}` broke the contract: {rule}; report it to the plugin's author"
    )]
    Answer {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// What is not as it must be.
        rule: String,
        /// What the plugin logged.
        log: Vec<LogLine>,
    },
    /// The sandbox itself failed.
    #[error("plugin `{plugin}` of policy `{policy}` could not be called: {reason}")]
    Internal {
        /// The plugin.
        plugin: String,
        /// The policy.
        policy: String,
        /// What the sandbox says.
        reason: String,
    },
}

impl CallError {
    /// Stable kebab-case name of what happened, for records and machines.
    pub fn code(&self) -> &'static str {
        match self {
            CallError::Kind { .. } => "plugin-kind",
            CallError::Limit { .. } => "plugin-limit",
            CallError::Trap { .. } => "plugin-trap",
            CallError::Wasi { .. } => "plugin-wasi",
            CallError::Problem { invalid_params: true, .. } => "plugin-invalid-params",
            CallError::Problem { .. } => "plugin-unprocessable",
            CallError::Answer { .. } => "plugin-answer",
            CallError::Internal { .. } => "sandbox",
        }
    }

    /// The plugin that was called.
    pub fn plugin(&self) -> &str {
        match self {
            CallError::Kind { plugin, .. }
            | CallError::Limit { plugin, .. }
            | CallError::Trap { plugin, .. }
            | CallError::Wasi { plugin, .. }
            | CallError::Problem { plugin, .. }
            | CallError::Answer { plugin, .. }
            | CallError::Internal { plugin, .. } => plugin,
        }
    }

    /// What the plugin logged before the call failed.
    pub fn log(&self) -> &[LogLine] {
        match self {
            CallError::Limit { log, .. }
            | CallError::Trap { log, .. }
            | CallError::Wasi { log, .. }
            | CallError::Problem { log, .. }
            | CallError::Answer { log, .. } => log,
            CallError::Kind { .. } | CallError::Internal { .. } => &[],
        }
    }
}
