//! `weir.toml`: the project.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::connection::Connection;
use crate::diagnostic::{Code, quote};
use crate::file::{Content, File, Problems};
use crate::limits::Limits;
use crate::overrule::LONGEST_OVERRIDE_DAYS;
use crate::slo::either;
use crate::trust::Trust;
use crate::value::{Duration, Instant, Name, PathPattern, RelativePath, Text, TimeZone};
use crate::waiver::LONGEST_WAIVER_DAYS;
use crate::word::words;

/// A valid `weir.toml`.
pub type ProjectFile = File<Project>;

/// The project: where its events and counts come from, where its records go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Project {
    /// What the project is.
    #[serde(rename = "project")]
    pub about: About,
    /// Where events and counts come from.
    #[serde(rename = "source", default)]
    pub sources: Vec<EventSource>,
    /// Where decision records go.
    #[serde(default)]
    pub records: Records,
    /// What plugins may use, where their policy doesn't say.
    #[serde(default)]
    pub limits: Limits,
    /// How long waivers may last.
    #[serde(default)]
    pub waivers: WaiverTerms,
    /// How long overrides may last.
    #[serde(default)]
    pub overrides: OverrideTerms,
    /// What it demands of the plugins that it brings.
    #[serde(rename = "plugins", default)]
    pub trust: Trust,
}

/// What the project is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "ProjectAbout")]
pub struct About {
    /// The project's name.
    pub name: Name,
    /// The instant that decisions are made for when no other is given: where a recorded project stands.
    pub as_of: Option<Instant>,
    /// The time zone in which people are shown instants; UTC unless said otherwise. JSON, decision records and the
    /// sentences in them keep UTC.
    pub time_zone: Option<TimeZone>,
    /// The environments whose deploys and incidents count, where CDEvents say which one they are about; all unless said
    /// otherwise.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// A set of files with events, or a server that knows of some or counts them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("allOf" = [either("paths", "url")]))]
pub struct EventSource {
    /// The source's name.
    pub name: Name,
    /// What the files hold, or what the server is or knows.
    pub format: EventFormat,
    /// The files.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub paths: Vec<PathPattern>,
    /// Servers (Prometheus, Alertmanager): the address, up to where the server's own paths begin.
    pub url: Option<Text>,
    /// Servers: how it is reached, and what tells it who asks.
    pub connection: Option<Connection>,
    /// Access logs: the service whose log it is. CSV and Parquet: the service that rows without a `subject` are about.
    /// Alertmanager: the service that alerts are about whose labels name none.
    pub service: Option<Name>,
    /// Access logs only: the names of the fields that follow those of the combined format.
    #[serde(default)]
    pub fields_after: Vec<Name>,
}

words! {
    /// What a file of events holds.
    pub enum EventFormat {
        /// CloudEvents 1.0 as JSON, one a line.
        CloudEvents = "cloudevents",
        /// The access log of a web server in the combined format.
        AccessLog = "access-log",
        /// Comma-separated values, one event a line, with the names of fields in a header.
        Csv = "csv",
        /// Spans of OpenTelemetry: OTLP in its JSON form, one export a line.
        OtlpSpans = "otlp-spans",
        /// Alerts of Alertmanager: notifications of its webhook, one a line, or answers of its API; or those that a server
        /// knows of now.
        Alertmanager = "alertmanager",
        /// Tables in Parquet, one event a row, with the names of fields for columns.
        Parquet = "parquet",
        /// A server with the query API of Prometheus: Prometheus itself, Mimir, Thanos, VictoriaMetrics. It has no events;
        /// SLIs that name it as their `source` take their counts from it.
        Prometheus = "prometheus",
    }
}

/// Where decision records go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Records {
    /// The folder, relative to the project.
    #[serde(default = "RelativePath::usual_records")]
    pub folder: RelativePath,
}

impl Default for Records {
    fn default() -> Records {
        Records { folder: RelativePath::usual_records() }
    }
}

const DAY: u64 = 86_400;

/// How long waivers may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct WaiverTerms {
    /// The longest time from the day on which a waiver is granted to the day on which it expires.
    pub longest: Duration,
    /// How long before its end a waiver is said to end soon.
    pub notice: Duration,
}

impl WaiverTerms {
    /// The longest time that any project can allow.
    pub const LONGEST: Duration = Duration::from_seconds(LONGEST_WAIVER_DAYS.unsigned_abs() as u64 * DAY);
}

impl Default for WaiverTerms {
    fn default() -> WaiverTerms {
        WaiverTerms { longest: WaiverTerms::LONGEST, notice: Duration::from_seconds(14 * DAY) }
    }
}

/// How long overrides may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OverrideTerms {
    /// The longest time from the instant at which an override begins to hold to its end.
    pub longest: Duration,
    /// How long before its end an override is said to end soon.
    pub notice: Duration,
}

impl OverrideTerms {
    /// The longest time that any project can allow.
    pub const LONGEST: Duration = Duration::from_seconds(LONGEST_OVERRIDE_DAYS.unsigned_abs() * DAY);
}

impl Default for OverrideTerms {
    fn default() -> OverrideTerms {
        OverrideTerms { longest: OverrideTerms::LONGEST, notice: Duration::from_seconds(DAY) }
    }
}

/// Reports a longest time that is longer than any project can allow.
fn within(problems: &mut Problems<'_>, table: &str, what: &str, asked: Duration, longest: Duration) {
    if asked > longest {
        let message = format!("{what} can't last longer than `{longest}`, and `longest` is `{asked}`");
        let diagnostic = problems
            .at(Code::OutOfRange, &format!("{table}/longest"), message)
            .label(format!("must be `{longest}` or less"))
            .help("what has to be excused for longer than that belongs into the policy");
        problems.push(diagnostic);
    }
}

impl Content for Project {
    fn check(&self, problems: &mut Problems<'_>) {
        within(problems, "/waivers", "a waiver", self.waivers.longest, WaiverTerms::LONGEST);
        within(problems, "/overrides", "an override", self.overrides.longest, OverrideTerms::LONGEST);
        self.trust.check(problems);
        problems.unique_names("/source", self.sources.iter().map(|source| source.name.as_str()));
        for (index, source) in self.sources.iter().enumerate() {
            let table = format!("/source/{index}");
            source.check_place(&table, problems);
            match source.format {
                EventFormat::Prometheus => {
                    let help = "remove it: the SLIs of services say what is counted";
                    let what = "a server";
                    needless(problems, &table, "service", source.service.is_some(), what, help);
                    needless(problems, &table, "fields-after", !source.fields_after.is_empty(), what, help);
                }
                EventFormat::AccessLog if source.service.is_none() => {
                    let diagnostic = problems
                        .at(Code::MissingService, &table, "an access log doesn't say whose it is")
                        .label("`service` belongs here")
                        .help("add `service = \"…\"` with the name of the service that wrote the log");
                    problems.push(diagnostic);
                }
                EventFormat::AccessLog => {}
                EventFormat::Csv => {
                    let help = "remove it: the header of the file names its fields";
                    needless(problems, &table, "fields-after", !source.fields_after.is_empty(), "CSV", help);
                }
                EventFormat::Alertmanager => {
                    let help = "remove it: alerts have labels";
                    needless(
                        problems,
                        &table,
                        "fields-after",
                        !source.fields_after.is_empty(),
                        "alerts",
                        help,
                    );
                }
                EventFormat::Parquet => {
                    let help = "remove it: the file names its columns";
                    needless(
                        problems,
                        &table,
                        "fields-after",
                        !source.fields_after.is_empty(),
                        "Parquet",
                        help,
                    );
                }
                EventFormat::CloudEvents => not_of_access_logs(problems, &table, source, "CloudEvents"),
                EventFormat::OtlpSpans => not_of_access_logs(problems, &table, source, "spans"),
            }
        }
    }
}

impl EventSource {
    /// Reports a place that the format has none of: files of a server, or the address of files.
    fn check_place(&self, table: &str, problems: &mut Problems<'_>) {
        let is_server = match self.format {
            EventFormat::Prometheus => true,
            EventFormat::Alertmanager => self.url.is_some(),
            EventFormat::CloudEvents
            | EventFormat::AccessLog
            | EventFormat::Csv
            | EventFormat::OtlpSpans
            | EventFormat::Parquet => false,
        };
        if let Some(connection) = &self.connection {
            connection.check(&format!("{table}/connection"), problems);
        }
        if is_server {
            let help = "remove it: a server has an address, and files are a source of their own";
            needless(
                problems,
                table,
                "paths",
                problems.is_written(&format!("{table}/paths")),
                "a server",
                help,
            );
        } else {
            let help = "remove it: these events lie in files";
            needless(problems, table, "url", self.url.is_some(), "files", help);
            needless(problems, table, "connection", self.connection.is_some(), "files", help);
        }
        let (key, is_missing) =
            if is_server { ("url", self.url.is_none()) } else { ("paths", self.paths.is_empty()) };
        if is_missing {
            let message = format!("the source {} lacks `{key}`", quote(self.name.as_str()));
            let help = if is_server { "add `url = \"…\"`" } else { "add `paths = [\"…\"]`" };
            problems.push(problems.at(Code::MissingKey, table, message).help(help));
        }
        let is_address =
            |url: &Text| url.as_str().starts_with("http://") || url.as_str().starts_with("https://");
        if let Some(url) =
            self.url.as_ref().filter(|url| !is_address(url) || url.as_str().contains(['@', '?', '#']))
        {
            // A name or a password may stand in it, so it isn't quoted.
            let message = if is_address(url) {
                "the address holds more than a host and a path"
            } else {
                "the address begins neither with `http://` nor with `https://`"
            };
            let diagnostic = problems
                .at(Code::InvalidValue, &format!("{table}/url"), message)
                .help("write it like `https://prometheus.example.org/path`; credentials go to `[source.connection]`");
            problems.push(diagnostic);
        }
    }
}

/// Reports the keys that say what an access log doesn't, in a source whose events say it themselves.
fn not_of_access_logs(problems: &mut Problems<'_>, table: &str, source: &EventSource, what: &str) {
    let help = "remove it: each event says itself what it is about";
    needless(problems, table, "service", source.service.is_some(), what, help);
    needless(problems, table, "fields-after", !source.fields_after.is_empty(), what, help);
}

/// Reports a key that the source's format does not have.
fn needless(problems: &mut Problems<'_>, table: &str, key: &str, is_there: bool, what: &str, help: &str) {
    if is_there {
        let message = format!("`{key}` has no meaning for {what}");
        let diagnostic = problems
            .at(Code::NeedlessKey, &format!("{table}/{key}"), message)
            .help(help)
            .related(problems.span(&format!("{table}/format")), "the format");
        problems.push(diagnostic);
    }
}
