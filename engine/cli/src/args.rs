//! What was typed. What it means is worked out by the commands.

mod excuse;
mod format;
mod plugin;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Timestamp};
use weir_math::Decimal;
use weir_model::Change;

pub(crate) use self::excuse::{ExcuseArguments, OverrideArguments, WaiveArguments};
pub(crate) use self::format::{FormatArguments, OutputFile, PipelineFormat};
pub(crate) use self::plugin::{
    PluginAddArguments, PluginBenchArguments, PluginBuildArguments, PluginCommand, PluginInspectArguments,
    PluginNewArguments, PluginPushArguments, PluginSignArguments, PluginTestArguments, PluginTrialArguments,
    PluginVerifyArguments, PluginVerifySignatureArguments,
};

/// May this change go out now, and if not, why, and what would let it?
#[derive(Debug, Parser)]
#[command(name = "weir", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decide whether a change to a service may go out now; the exit code says go or stop
    Gate(GateArguments),
    /// Check a service against the project's checks, outside a gate
    Check(CheckArguments),
    /// Show service level objectives and their error budgets
    Slo {
        /// What to show.
        #[command(subcommand)]
        command: SloCommand,
    },
    /// Tell toil from other work, hold teams to their toil budget, and rank what to automate first
    Toil(ToilArguments),
    /// Put the project's own cases to its policies, and say which come out as expected
    Test(TestArguments),
    /// Test policies on the past: what the gate would have said at every step, on what was known then
    Backtest(BacktestArguments),
    /// Follow events as they come, and tell what changes: verdicts, alerts, budgets, missing data
    Watch(WatchArguments),
    /// Tell how all services stand at an instant, as one HTML page or as JSON
    Report(ReportArguments),
    /// Write a waiver: a finding of a check is excused for a while; or list those that are there
    Waive(WaiveArguments),
    /// Write an override: policies are overruled for a while; or list those that are there
    Override(OverrideArguments),
    /// Explain a rule: what it means, where it is configured, what to do about it
    #[command(long_flag = "explain")]
    Explain(ExplainArguments),
    /// Derive a decision again from its record, and say whether it comes out the same
    Replay(ReplayArguments),
    /// Write, build, test, look at and add plugins
    Plugin {
        /// What to do.
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Write what other systems read: rules, routes, dashboards
    Generate {
        /// What to write.
        #[command(subcommand)]
        command: GenerateCommand,
    },
    /// Read SLOs of another system into service files, and list what could not be carried over
    Import {
        /// Whose files.
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Write SLOs in a form that other systems share
    Export {
        /// Which form.
        #[command(subcommand)]
        command: ExportCommand,
    },
    /// Print the JSON Schema of a kind of file; without a name, list the kinds
    Schema {
        /// The kind of file, for example `service`.
        name: Option<String>,
    },
    /// Write a project to start from
    Init {
        /// The folder to write it to; it is made if it is not there.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Print what a shell needs to complete the command line
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write manual pages into a folder
    Man {
        /// The folder; it is made if it is not there.
        folder: PathBuf,
    },
    /// Explain a topic (`exit-codes`) or a command
    Help {
        /// The topic or the command, word by word.
        topic: Vec<String>,
    },
}

/// The command line as it is parsed: every flag has a variable of the environment.
pub(crate) fn command() -> clap::Command {
    variables::with_variables(Arguments::command())
}

/// The arguments of `weir explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The rule, such as `runbook`, `error-budget/budget-below-freeze` or `slo-lint/never-met`
    pub(crate) rule: String,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
}

/// The subcommands of `weir slo`.
#[derive(Debug, Subcommand)]
pub(crate) enum SloCommand {
    /// Show every SLO with what is left of its error budget
    Status(SloShowArguments),
    /// Look for SLOs that are not worth having: never met, never at risk, without data, without effect
    Lint(SloLintArguments),
    /// Say which objective the history of every SLO supports
    Suggest(SloSuggestArguments),
}

/// The subcommands of `weir generate`.
#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// Write recording and alerting rules for the SLOs whose SLIs say how Prometheus counts them
    Prometheus(GeneratePrometheusArguments),
    /// Write routes for the alerts of those rules: by team and urgency, with pages before tickets
    Alertmanager(GenerateArguments),
    /// Write a dashboard over what those rules record: of all SLOs, of one, or of the error budget policies
    Grafana(GenerateGrafanaArguments),
}

/// The subcommands of `weir import`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Read OpenSLO v1; objects may refer to those of all files
    Openslo(ImportArguments),
    /// Read specifications of Sloth
    Sloth(ImportSlothArguments),
    /// Read objectives of Pyrra
    Pyrra(ImportPyrraArguments),
    /// Read configurations of slo-generator, SLOs with the shared configuration
    SloGenerator(ImportSloGeneratorArguments),
}

/// What is read, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The files
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Have this source of the project count what the SLIs measure: a server with the query API of Prometheus
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<weir_model::Name>,
    /// Write the service files to this folder, where none may be in the way [default: standard output]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// The arguments of `weir import sloth`.
#[derive(Debug, Args)]
pub(crate) struct ImportSlothArguments {
    /// The window of the SLOs, which a specification doesn't say
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    pub(crate) window: weir_model::value::Duration,
    #[command(flatten)]
    pub(crate) what: ImportArguments,
}

/// The arguments of `weir import pyrra`.
#[derive(Debug, Args)]
pub(crate) struct ImportPyrraArguments {
    /// The service that all objectives belong to [default: each becomes a service of its own]
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<weir_model::Name>,
    #[command(flatten)]
    pub(crate) what: ImportArguments,
}

/// The arguments of `weir import slo-generator`.
#[derive(Debug, Args)]
pub(crate) struct ImportSloGeneratorArguments {
    /// The window of the SLOs [default: the longest step of the error budget policy if it is in the files, else 28d]
    #[arg(long, value_name = "DURATION")]
    pub(crate) window: Option<weir_model::value::Duration>,
    #[command(flatten)]
    pub(crate) what: ImportArguments,
}

/// The subcommands of `weir export`.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Write OpenSLO v1; reading it again gives the same SLOs
    Openslo(GenerateArguments),
}

/// Which services something is written for.
#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    /// Only these services
    pub(crate) services: Vec<String>,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

/// The arguments of `weir generate prometheus`.
#[derive(Debug, Args)]
pub(crate) struct GeneratePrometheusArguments {
    /// Write test cases for `promtool test rules` instead, for rules that are in this file
    #[arg(long, value_name = "RULES")]
    pub(crate) tests: Option<String>,
    /// Whose names and shape the rules have
    #[arg(long, value_enum, default_value_t = RuleStyle::Weir, conflicts_with = "tests")]
    pub(crate) style: RuleStyle,
    #[command(flatten)]
    pub(crate) what: GenerateArguments,
}

/// The arguments of `weir generate grafana`.
#[derive(Debug, Args)]
pub(crate) struct GenerateGrafanaArguments {
    /// Which dashboard
    #[arg(long, value_enum, default_value = "overview")]
    pub(crate) dashboard: Dashboard,
    /// The project's folder, for `policy` [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

/// The dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dashboard {
    /// All SLOs: what is left of their budgets, what burns, what fires
    Overview,
    /// One SLO: its objective, its budget, and what that comes from
    Slo,
    /// The project's error budget policies: their stages, and the SLOs that these hold for
    Policy,
}

/// Whose names and shape rules have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleStyle {
    /// Weir's: weighted by events, an alert for each pair of windows
    Weir,
    /// Sloth's, for dashboards and routes that know them: an alert for each urgency, and means of ratios over the window
    Sloth,
}

/// Where the project is, and when it is looked at.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The instant to look at, such as 2026-11-24T12:00:00Z [default: the project's `as-of`, else now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) at: Option<Timestamp>,
}

/// What events are read.
#[derive(Debug, Args)]
pub(crate) struct EventArguments {
    /// Read these CloudEvents (JSON lines; may be compressed; `-` is standard input) instead of the project's sources
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// Stop at the first event that can't be understood, instead of counting it
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The arguments of `weir gate`.
#[derive(Debug, Args)]
pub(crate) struct GateArguments {
    /// The service that the change is made to
    pub(crate) service: String,
    /// What the change is
    #[arg(long, value_name = "KIND", default_value = "feature", value_parser = parse_change)]
    pub(crate) change: Change,
    /// The gate to ask [default: `deploy` if there is one, else all policies]
    #[arg(long, value_name = "NAME")]
    pub(crate) gate: Option<String>,
    /// End with exit code 4 when the verdict is `warn`
    #[arg(long)]
    pub(crate) fail_on_warn: bool,
    /// Where decision records are kept [default: as weir.toml says, else .weir/records]
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) formats: FormatArguments,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// The arguments of `weir check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The service to check
    pub(crate) service: String,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) formats: FormatArguments,
}

/// The arguments of `weir slo status`.
#[derive(Debug, Args)]
pub(crate) struct SloShowArguments {
    /// Only this service
    pub(crate) service: Option<String>,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The instant to look at, such as 2026-11-24T12:00:00Z [default: the project's `as-of`, else now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) at: Option<Timestamp>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = StatusFormat::Human)]
    pub(crate) format: StatusFormat,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// How the status of SLOs is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    /// Tables and sentences
    Human,
    /// One JSON document
    Json,
    /// Metrics, for Prometheus to collect
    #[value(name = "openmetrics")]
    OpenMetrics,
}

/// The arguments of `weir slo suggest`.
#[derive(Debug, Args)]
pub(crate) struct SloSuggestArguments {
    #[command(flatten)]
    pub(crate) status: SloStatusArguments,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// What `weir slo suggest` and `weir slo lint` look at.
#[derive(Debug, Args)]
pub(crate) struct SloStatusArguments {
    /// Only this service
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// The arguments of `weir slo lint`.
#[derive(Debug, Args)]
pub(crate) struct SloLintArguments {
    /// End with exit code 4 when there are warnings and no errors
    #[arg(long)]
    pub(crate) fail_on_warn: bool,
    #[command(flatten)]
    pub(crate) status: SloStatusArguments,
    #[command(flatten)]
    pub(crate) formats: FormatArguments,
}

/// The arguments of `weir toil`.
#[derive(Debug, Args)]
pub(crate) struct ToilArguments {
    /// How far back to look
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = parse_duration)]
    pub(crate) period: u64,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) formats: FormatArguments,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// The arguments of `weir backtest`.
#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    /// The services to test
    #[arg(required_unless_present = "all")]
    pub(crate) services: Vec<String>,
    /// Test all services that a policy judges
    #[arg(long, conflicts_with = "services")]
    pub(crate) all: bool,
    /// The first step, such as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Timestamp,
    /// The end, at which no step stands [default: the project's `as-of`, else now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) to: Option<Timestamp>,
    /// From one step to the next, in whole minutes
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub(crate) step: u64,
    /// Hold the policies of this folder, or of this other project, against the project's own
    #[arg(long, value_name = "DIR")]
    pub(crate) against: Option<PathBuf>,
    /// What kind of change the gate is asked about
    #[arg(long, value_name = "KIND", default_value = "feature", value_parser = parse_change)]
    pub(crate) change: Change,
    /// The gate to ask [default: `deploy` if there is one, else all policies]
    #[arg(long, value_name = "NAME")]
    pub(crate) gate: Option<String>,
    /// Keep what was counted in this file; when it is there, take the counts from it and don't read events
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// How soon after a deploy an incident follows it, and how soon after an alert it explains it
    #[arg(long, value_name = "DURATION", default_value = "4h", value_parser = parse_duration)]
    pub(crate) incident_within: u64,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// The arguments of `weir watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The services to watch [default: all that a policy judges by budgets]
    pub(crate) services: Vec<String>,
    /// What kind of change the gate is asked about
    #[arg(long, value_name = "KIND", default_value = "feature", value_parser = parse_change)]
    pub(crate) change: Change,
    /// The gate to ask [default: `deploy` if there is one, else all policies]
    #[arg(long, value_name = "NAME")]
    pub(crate) gate: Option<String>,
    /// Count what happened before this instant, and tell nothing of it [default: the first event]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Option<Timestamp>,
    /// How long after a minute its events may still come before it is judged
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration)]
    pub(crate) lateness: u64,
    /// Tell when this share of an error budget is left; several with commas
    #[arg(long, value_name = "SHARE", default_value = "50%,25%,10%,0%", value_delimiter = ',', value_parser = parse_share)]
    pub(crate) budget_levels: Vec<Decimal>,
    /// Go on from this snapshot if it is there, and keep it up to date
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// How often the snapshot is brought up to date
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_pause, requires = "snapshot")]
    pub(crate) snapshot_every: Duration,
    /// Stop when all that is there has been read, instead of waiting for more
    #[arg(long)]
    pub(crate) stop_at_end: bool,
    /// Append the news to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How news are written
    #[arg(long, value_enum, default_value_t = NewsFormat::Text)]
    pub(crate) format: NewsFormat,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// How news are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewsFormat {
    /// A sentence a line
    Text,
    /// A CloudEvent a line, as JSON
    Cloudevents,
}

/// The arguments of `weir report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The services to tell of [default: all of the project]
    pub(crate) services: Vec<String>,
    /// What kind of change the gate is asked about
    #[arg(long, value_name = "KIND", default_value = "feature", value_parser = parse_change)]
    pub(crate) change: Change,
    /// The gate to ask [default: `deploy` if there is one, else all policies]
    #[arg(long, value_name = "NAME")]
    pub(crate) gate: Option<String>,
    /// The file to write the report to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The instant to look at, such as 2026-11-24T12:00:00Z [default: the project's `as-of`, else now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) at: Option<Timestamp>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = PageFormat::Html)]
    pub(crate) format: PageFormat,
    #[command(flatten)]
    pub(crate) events: EventArguments,
}

/// The form of a report on a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// One HTML page, which needs nothing else
    Html,
    /// One JSON document
    Json,
}

/// The arguments of `weir test`.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The project's folder [default: the nearest folder upwards that holds a weir.toml]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) formats: FormatArguments,
}

/// How the outcome of a plugin's cases is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CaseFormat {
    /// Lines and a table
    Human,
    /// One JSON document
    Json,
    /// JUnit XML
    Junit,
}

/// The arguments of `weir replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The record's file
    pub(crate) record: PathBuf,
    /// Show what the policies of this project would have said instead
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and sentences
    Human,
    /// One JSON document
    Json,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Tables and sentences
    Human,
    /// One JSON document
    Json,
    /// One HTML page, which needs nothing else
    Html,
}

fn parse_instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        let whole = Pieces::parse(text);
        if whole.is_ok_and(|whole| whole.time().is_some() && whole.offset().is_some()) {
            format!("out of range: instants lie between {} and {}", Timestamp::MIN, Timestamp::MAX)
        } else {
            "expected an instant with its offset from UTC, such as 2026-11-24T12:00:00Z".to_owned()
        }
    })
}

fn parse_duration(text: &str) -> Result<u64, String> {
    weir_math::parse_duration(text).map_err(|error| error.to_string())
}

/// Unlike durations that judgements depend on, a pause may be shorter than a second.
fn parse_pause(text: &str) -> Result<Duration, String> {
    let pause: SignedDuration =
        text.parse().map_err(|_| "expected a time such as `10s` or `500ms`".to_owned())?;
    Duration::try_from(pause).map_err(|_| "it can't be negative".to_owned())
}

fn parse_share(text: &str) -> Result<Decimal, String> {
    let wrong = || "expected a share such as `25%` or `0.25`".to_owned();
    let share = Decimal::parse(text).map_err(|_| wrong())?;
    if share < Decimal::ZERO || share > Decimal::ONE { Err(wrong()) } else { Ok(share) }
}

fn parse_change(text: &str) -> Result<Change, String> {
    let known = Change::ALL.iter().find(|change| change.to_string() == text);
    known.copied().ok_or_else(|| {
        let names: Vec<String> = Change::ALL.iter().map(|change| format!("`{change}`")).collect();
        format!("a change is one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        command().debug_assert();
    }
}
