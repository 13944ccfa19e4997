//! The subcommands, each a module of the same shape: `run` takes its arguments and gives an exit code.

mod backtest;
mod check;
mod excuse;
mod explain;
mod export;
mod gate;
mod generate;
mod help;
mod import;
mod init;
mod outputs;
pub(crate) mod plugin;
mod replay;
mod report;
mod schema;
mod shell;
mod slo;
mod test;
mod toil;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use weir::{Engine, EngineError, EngineOptions, Events, InitError, Project, ProjectError, Servers, View};
use weir_author::AuthorError;
use weir_connect::oci::OciError;
use weir_model::{Diagnostic, Verdict};

use crate::args::{
    Command, EventArguments, ExportCommand, GenerateCommand, ImportCommand, ProjectArguments, SloCommand,
};
use crate::exit::Exit;
use crate::output::Bar;
use crate::render::Clock;
use crate::render::diagnostics::diagnostics;
use crate::servers::HttpServers;

/// Runs a subcommand.
pub(crate) fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Gate(arguments) => gate::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Slo { command: SloCommand::Status(arguments) } => slo::status(&arguments),
        Command::Slo { command: SloCommand::Lint(arguments) } => slo::lint(&arguments),
        Command::Slo { command: SloCommand::Suggest(arguments) } => slo::suggest(&arguments),
        Command::Toil(arguments) => toil::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Backtest(arguments) => backtest::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Waive(arguments) => excuse::waive(&arguments),
        Command::Override(arguments) => excuse::overrule(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Plugin { command } => plugin::run(&command),
        Command::Generate { command: GenerateCommand::Prometheus(arguments) } => {
            generate::prometheus(&arguments)
        }
        Command::Generate { command: GenerateCommand::Alertmanager(arguments) } => {
            generate::alertmanager(&arguments)
        }
        Command::Generate { command: GenerateCommand::Grafana(arguments) } => generate::grafana(&arguments),
        Command::Import { command: ImportCommand::Openslo(arguments) } => import::openslo(&arguments),
        Command::Import { command: ImportCommand::Sloth(arguments) } => import::sloth(&arguments),
        Command::Import { command: ImportCommand::Pyrra(arguments) } => import::pyrra(&arguments),
        Command::Import { command: ImportCommand::SloGenerator(arguments) } => {
            import::slo_generator(&arguments)
        }
        Command::Export { command: ExportCommand::Openslo(arguments) } => export::openslo(&arguments),
        Command::Schema { name } => schema::run(name.as_deref()),
        Command::Init { folder } => init::run(&folder),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { folder } => shell::man(&folder),
        Command::Help { topic } => help::run(&topic),
    }
}

/// Why a subcommand has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The project can't be loaded.
    Project(ProjectError),
    /// The engine has no answer.
    Engine(EngineError),
    /// Files are wrong, of this or of another system.
    Wrong(Vec<Diagnostic>),
    /// A new project can't be written.
    Init(InitError),
    /// A plugin can't be written or built.
    Author(AuthorError),
    /// A plugin can't be fetched or sent.
    Fetch(OciError),
    /// The command line asks for something that is not there.
    Usage(String),
    /// The terminal, or the current folder, is gone; or a result can't be put into words.
    Io(std::io::Error),
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Project(ProjectError::Io(_)) | Failure::Io(_) => Exit::Undecided,
            Failure::Engine(error) if !error.is_input() => Exit::Undecided,
            Failure::Author(error) if !error.is_input() => Exit::Undecided,
            Failure::Fetch(error) if !error.is_input() => Exit::Undecided,
            Failure::Project(_)
            | Failure::Engine(_)
            | Failure::Wrong(_)
            | Failure::Init(_)
            | Failure::Author(_)
            | Failure::Fetch(_)
            | Failure::Usage(_) => Exit::Input,
        }
    }

    /// The message, with its place and its remedy where there are such.
    pub(crate) fn text(&self) -> String {
        match self {
            Failure::Project(ProjectError::Wrong(wrong))
            | Failure::Engine(EngineError::Wrong(wrong))
            | Failure::Wrong(wrong) => diagnostics(wrong),
            Failure::Engine(EngineError::Question { message, help: Some(help) }) => {
                format!("error: {message}\nhelp: {help}\n")
            }
            Failure::Author(AuthorError::Wrong(wrong)) => diagnostics(wrong),
            Failure::Author(error) => match error.help() {
                Some(help) => format!("error: {error}\nhelp: {help}\n"),
                None => format!("error: {error}\n"),
            },
            Failure::Fetch(error) => match error.help() {
                Some(help) => format!("error: {error}\nhelp: {help}\n"),
                None => format!("error: {error}\n"),
            },
            Failure::Project(error) => format!("error: {error}\n"),
            Failure::Engine(error) => format!("error: {error}\n"),
            Failure::Init(error) => format!("error: {error}\n"),
            Failure::Usage(message) => format!("error: {message}\n"),
            Failure::Io(error) => format!("error: {error}\n"),
        }
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Failure {
        Failure::Project(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        Failure::Engine(error)
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Failure {
        Failure::Init(error)
    }
}

impl From<AuthorError> for Failure {
    fn from(error: AuthorError) -> Failure {
        Failure::Author(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Io(error)
    }
}

/// A file that can't be read, by its name.
fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    let message = format!("`{}` can't be read: {error}", file.display());
    Failure::Io(std::io::Error::new(error.kind(), message))
}

/// The text of a file that the command line names.
fn read_text(file: &Path) -> Result<String, Failure> {
    let content = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    String::from_utf8(content).map_err(|error| {
        let right = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = right.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        Failure::Usage(format!(
            "`{}` is no text in UTF-8: line {line} has a byte that is none",
            file.display()
        ))
    })
}

/// The project that the arguments mean.
fn project(arguments: &ProjectArguments) -> Result<Project, Failure> {
    project_in(arguments.project.as_deref())
}

/// The project in a folder, or in the nearest one upwards from the current folder.
fn project_in(folder: Option<&Path>) -> Result<Project, Failure> {
    let root = match folder {
        Some(root) if root.join("weir.toml").is_file() => root.to_owned(),
        Some(root) => return Err(Failure::Usage(format!("there is no weir.toml in `{}`", root.display()))),
        None => Project::find(&std::env::current_dir()?)?,
    };
    Ok(Project::load(root)?)
}

/// The instant that the arguments mean.
fn instant(arguments: &ProjectArguments, project: &Project) -> Timestamp {
    instant_of(arguments.at, project)
}

/// The instant that somebody named, else the one of the project, else the present.
fn instant_of(at: Option<Timestamp>, project: &Project) -> Timestamp {
    at.or_else(|| project.as_of()).unwrap_or_else(now)
}

/// The present, in whole seconds: nothing is judged more finely. The clock is read here and nowhere else.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Shows instants as the project asks for.
fn clock(project: &Project) -> Clock {
    Clock::of(project.time_zone())
}

/// Asks for something that takes events and counts. Whoever waits at a terminal sees how far reading has come.
fn reading<T>(project: &Project, arguments: &EventArguments, ask: impl FnOnce(Events) -> T) -> T {
    let bar = Bar::start();
    let progress = bar.as_ref().map(Bar::progress);
    let servers: Arc<dyn Servers> = Arc::new(HttpServers::new(project));
    ask(Events { progress, servers: Some(servers), ..events(arguments) })
}

fn events(arguments: &EventArguments) -> Events {
    Events { files: arguments.events.clone(), strict: arguments.strict, ..Events::default() }
}

/// The other forms in which checks are shown documents.
const VIEWS: [View; 1] =
    [View { name: "rules", show: |path, text| weir_connect::rule_files::read(path, text).to_json() }];

fn engine() -> Result<Engine, Failure> {
    let options = EngineOptions { code_cache: code_cache(), ..EngineOptions::default() };
    Ok(Engine::new(options)?.with_views(&VIEWS))
}

/// An engine for many decisions: instances of plugins are kept ready, more than there are threads to use them.
fn busy_engine() -> Result<Engine, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let instances = u32::try_from(threads.saturating_mul(2)).unwrap_or(u32::MAX).clamp(8, 1024);
    let ready_instances = Some(instances);
    let options = EngineOptions { code_cache: code_cache(), ready_instances, ..EngineOptions::default() };
    Ok(Engine::new(options)?.with_views(&VIEWS))
}

/// Tells what the engine noticed beside its answer.
fn notes(engine: &Engine) -> Result<(), Failure> {
    for note in engine.notes() {
        crate::output::message(&format!("note: {note}\n"))?;
    }
    Ok(())
}

/// Where compiled plugins are kept: the user's cache folder, when there is one.
fn code_cache() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("weir"))
}

/// A verdict as people may see it: no text of it gives orders to a terminal.
fn shown(verdict: &Verdict) -> Result<Verdict, Failure> {
    Ok(crate::render::clean::texts(verdict).map_err(std::io::Error::other)?)
}

/// A result as one JSON document, in which no text gives orders to a terminal.
fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(std::io::Error::other)?;
    text.push('\n');
    Ok(crate::render::clean::json(&text))
}
