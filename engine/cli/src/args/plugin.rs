//! What was typed after `weir plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use weir_model::plugin::{Language, PluginKind};

use super::{CaseFormat, Format};

/// The subcommands of `weir plugin`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Write a plugin to start from, which builds as it stands
    New(PluginNewArguments),
    /// Build a plugin: from its sources to a component
    Build(PluginBuildArguments),
    /// Build a plugin and put the cases of its author to it
    Test(PluginTestArguments),
    /// Say what a plugin is: its kind, what it imports and reads, its parameters
    Inspect(PluginInspectArguments),
    /// Hold a plugin against the contract: imports, size, schema, limits, and whether its answers can be relied on
    Verify(PluginVerifyArguments),
    /// Measure how fast a plugin is, and how near to its limits
    Bench(PluginBenchArguments),
    /// Sign a plugin, in minisign's form; or make the keys for it
    Sign(PluginSignArguments),
    /// Say whether a plugin is signed by a key that is trusted
    VerifySignature(PluginVerifySignatureArguments),
    /// Fetch a plugin, verify it, put it into the project and pin it in weir.lock
    Add(PluginAddArguments),
    /// Send a plugin to a registry of containers, for others to add
    Push(PluginPushArguments),
}

/// The arguments of `weir plugin new`.
#[derive(Debug, Args)]
pub(crate) struct PluginNewArguments {
    /// The plugin's name, in kebab-case
    pub(crate) name: String,
    /// What it is for
    #[arg(long, value_parser = parse_kind)]
    pub(crate) kind: PluginKind,
    /// What it is written in
    #[arg(long, value_name = "LANGUAGE", default_value = "rust", value_parser = parse_language)]
    pub(crate) lang: Language,
    /// The folder to write it to [default: one with the plugin's name]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Rust only: the folder of the SDK, `plugins/sdk` of a checkout of Weir [default: the published one]
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
}

/// The arguments of `weir plugin build`.
#[derive(Debug, Args)]
pub(crate) struct PluginBuildArguments {
    /// The plugin's folder, which holds its plugin.toml
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The arguments of `weir plugin test`.
#[derive(Debug, Args)]
pub(crate) struct PluginTestArguments {
    /// The plugin's folder, which holds its plugin.toml and its cases
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Test this component, and build nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = CaseFormat::Human)]
    pub(crate) format: CaseFormat,
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
    /// The project's folder, whose weir.toml says what plugins may use
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
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

/// The arguments of `weir plugin bench`.
#[derive(Debug, Args)]
pub(crate) struct PluginBenchArguments {
    #[command(flatten)]
    pub(crate) trial: PluginTrialArguments,
    /// How long to call it in each way
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=600))]
    pub(crate) seconds: u64,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The arguments of `weir plugin add`.
#[derive(Debug, Args)]
pub(crate) struct PluginAddArguments {
    /// The component: a `.wasm` file, an address (`https://…`), or an artifact in a registry
    /// (`oci://registry/repository[:tag|@sha256:…]`)
    #[arg(value_name = "FILE|ADDRESS")]
    pub(crate) plugin: String,
    /// Parameters to try it with: TOML, as under `[params]` of a policy
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// What the plugin gets if it imports WASI, as in weir.lock
    #[arg(long, value_enum, default_value_t = WasiChoice::Refused)]
    pub(crate) wasi: WasiChoice,
    /// The project's folder [default: the nearest one upwards with a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The SHA-256 that the component must have
    #[arg(long, value_name = "DIGEST")]
    pub(crate) sha256: Option<String>,
    /// Fetch it over plain HTTP, which anybody on the way may change
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// The name that policies and services will use [default: the one that the plugin gives itself]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Take the place of another plugin of that name
    #[arg(long)]
    pub(crate) replace: bool,
}

/// The arguments of `weir plugin sign`.
#[derive(Debug, Args)]
pub(crate) struct PluginSignArguments {
    /// The component, a `.wasm` file; its signature is written beside it, to `FILE.minisig`
    #[arg(required_unless_present = "generate_key")]
    pub(crate) file: Option<PathBuf>,
    /// The secret key. Where it has a password, that is asked for, or taken from WEIR_SIGNING_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Make the secret key first, and beside it the public one, whose name ends in `.pub`
    #[arg(long)]
    pub(crate) generate_key: bool,
    /// Make a key without a password, for a place that keeps secrets itself
    #[arg(long, requires = "generate_key")]
    pub(crate) no_password: bool,
    /// What the signature says beside, and covers [default: the time, and the name of the file]
    #[arg(long)]
    pub(crate) comment: Option<String>,
}

/// The arguments of `weir plugin verify-signature`.
#[derive(Debug, Args)]
pub(crate) struct PluginVerifySignatureArguments {
    /// The component, a `.wasm` file
    pub(crate) file: PathBuf,
    /// The signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// A public key that counts: its text, or a `.pub` file. May be given several times
    /// [default: those of the project]
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// The project's folder, whose weir.toml says which keys count
    #[arg(long, short, value_name = "DIR", conflicts_with = "keys")]
    pub(crate) project: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The arguments of `weir plugin push`.
#[derive(Debug, Args)]
pub(crate) struct PluginPushArguments {
    /// The component, a `.wasm` file; a signature beside it goes along
    pub(crate) file: PathBuf,
    /// Where to: `oci://registry/repository[:tag]`
    #[arg(value_name = "REFERENCE")]
    pub(crate) to: String,
    /// Send it over plain HTTP, which anybody on the way may read and change
    #[arg(long)]
    pub(crate) plain_http: bool,
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

fn parse_kind(text: &str) -> Result<PluginKind, String> {
    PluginKind::from_word(text).ok_or_else(|| format!("a kind is one of {}", words(PluginKind::ALL)))
}

/// Languages have short names, too.
fn parse_language(text: &str) -> Result<Language, String> {
    match text {
        "js" => Ok(Language::JavaScript),
        "py" => Ok(Language::Python),
        _ => {
            Language::from_word(text).ok_or_else(|| format!("a language is one of {}", words(Language::ALL)))
        }
    }
}

fn words(all: &[impl std::fmt::Display]) -> String {
    all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
