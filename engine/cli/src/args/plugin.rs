//! What was typed after `weir plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

/// The subcommands of `weir plugin`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Say what a plugin is: its kind, what it imports and reads, its parameters
    Inspect(PluginInspectArguments),
    /// Hold a plugin against the contract: imports, size, schema, limits, and whether its answers can be relied on
    Verify(PluginVerifyArguments),
    /// Verify a plugin, copy it into the project and pin it in weir.lock
    Add(PluginAddArguments),
}

/// The arguments of `weir plugin inspect`.
#[derive(Debug, Args)]
pub(crate) struct PluginInspectArguments {
    /// The component, a `.wasm` file
    pub(crate) file: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// How a plugin is tried.
#[derive(Debug, Args)]
pub(crate) struct PluginTrialArguments {
    /// The component, a `.wasm` file
    pub(crate) file: PathBuf,
    /// Parameters to try it with: TOML, as under `[params]` of a policy
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// What the plugin gets if it imports WASI, as in weir.lock
    #[arg(long, value_enum, default_value_t = WasiChoice::Refused)]
    pub(crate) wasi: WasiChoice,
}

/// The arguments of `weir plugin verify`.
#[derive(Debug, Args)]
pub(crate) struct PluginVerifyArguments {
    #[command(flatten)]
    pub(crate) trial: PluginTrialArguments,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The arguments of `weir plugin add`.
#[derive(Debug, Args)]
pub(crate) struct PluginAddArguments {
    #[command(flatten)]
    pub(crate) trial: PluginTrialArguments,
    /// The name that policies and services will use [default: the one that the plugin gives itself]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Take the place of another plugin of that name
    #[arg(long)]
    pub(crate) replace: bool,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

/// What a plugin gets that imports WASI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WasiChoice {
    /// It is not loaded
    Refused,
    /// It gets a WASI in which nothing happens
    Inert,
}

impl From<WasiChoice> for weir_model::lock::Wasi {
    fn from(choice: WasiChoice) -> Self {
        match choice {
            WasiChoice::Refused => Self::Refused,
            WasiChoice::Inert => Self::Inert,
        }
    }
}
