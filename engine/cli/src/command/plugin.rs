//! `weir plugin`: for those who write plugins, and those who are handed one.

mod add;
mod bench;
mod build;
mod fetch;
mod inspect;
mod new;
mod push;
mod sign;
mod test;
mod verify;
mod verify_signature;

use std::path::Path;

use weir::Candidate;
use weir_author::PluginProject;
use weir_model::Limits;
use weir_model::source::Source;

pub(crate) use self::bench::{Calls, Measured};
use super::{Failure, unreadable};
use crate::args::{PluginCommand, PluginTrialArguments};
use crate::exit::Exit;

/// Runs a subcommand of `weir plugin`.
pub(super) fn run(command: &PluginCommand) -> Result<Exit, Failure> {
    match command {
        PluginCommand::New(arguments) => new::run(arguments),
        PluginCommand::Build(arguments) => build::run(arguments),
        PluginCommand::Test(arguments) => test::run(arguments),
        PluginCommand::Inspect(arguments) => inspect::run(arguments),
        PluginCommand::Verify(arguments) => verify::run(arguments),
        PluginCommand::Sign(arguments) => sign::run(arguments),
        PluginCommand::VerifySignature(arguments) => verify_signature::run(arguments),
        PluginCommand::Bench(arguments) => bench::run(arguments),
        PluginCommand::Add(arguments) => add::run(arguments),
        PluginCommand::Push(arguments) => push::run(arguments),
    }
}

/// The content of a component's file.
fn component(file: &Path) -> Result<Vec<u8>, Failure> {
    let shown = file.display();
    if file.to_str().is_some_and(|text| text.contains("://")) {
        return Err(Failure::Usage(format!(
            "`{shown}` is an address, and only `weir plugin add` fetches from there; download it first"
        )));
    }
    if file.is_dir() {
        return Err(Failure::Usage(format!(
            "`{shown}` is a folder; name the component in it, a `.wasm` file"
        )));
    }
    std::fs::read(file).map_err(|error| unreadable(file, &error))
}

/// Parameters from a file: TOML, as under `[params]` of a policy.
fn params(file: Option<&Path>) -> Result<Option<Source>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let shown = file.display().to_string();
    let content = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    match Source::parse_bytes(&shown, &content) {
        Ok(source) => Ok(Some(source)),
        Err(wrong) => Err(Failure::Engine(weir::EngineError::Wrong(wrong))),
    }
}

/// What a plugin may use while it is tried: what a project says, where one is named, else what the `plugin.toml` says in
/// whose folder the component was built.
fn limits(arguments: &PluginTrialArguments) -> Result<Limits, Failure> {
    if let Some(folder) = &arguments.project {
        return Ok(super::project_in(Some(folder))?.limits().clone());
    }
    let near = std::path::absolute(&arguments.file)?;
    match near.ancestors().skip(1).take(2).find(|folder| folder.join("plugin.toml").is_file()) {
        Some(folder) => Ok(PluginProject::load(folder)?.plugin().limits.clone()),
        None => Ok(Limits::default()),
    }
}

/// How messages call a plugin that is a file: as the file, without folders and ending.
fn name(file: &Path) -> String {
    file.file_stem().map_or_else(|| "plugin".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The component of a file, and what can be seen of it.
fn inspected(file: &Path) -> Result<(Vec<u8>, weir::Inspection), Failure> {
    let component = component(file)?;
    let engine = super::engine()?;
    let inspection = engine.inspect_plugin(&weir::Candidate {
        name: &name(file),
        component: &component,
        // To look at a plugin decides nothing about what a project allows it.
        wasi: weir_model::lock::Wasi::Inert,
        params: None,
        limits: &weir_model::Limits::default(),
    })?;
    super::notes(&engine)?;
    Ok((component, inspection))
}

/// A plugin as it was named on the command line.
struct Tried {
    name: String,
    component: Vec<u8>,
    params: Option<Source>,
    wasi: weir_model::lock::Wasi,
}

impl Tried {
    fn read(arguments: &PluginTrialArguments) -> Result<Tried, Failure> {
        Ok(Tried {
            name: name(&arguments.file),
            component: component(&arguments.file)?,
            params: params(arguments.params.as_deref())?,
            wasi: arguments.wasi.into(),
        })
    }

    fn candidate<'c>(&'c self, limits: &'c Limits) -> Candidate<'c> {
        Candidate {
            name: &self.name,
            component: &self.component,
            wasi: self.wasi,
            params: self.params.as_ref(),
            limits,
        }
    }
}
