//! From the project's sources to the ledgers of its SLOs.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use jiff::Timestamp;
use weir_flow::{Flow, Format, Ledger, Options, Progress, Request, decompressed};
use weir_host::Kind;
use weir_model::event::{Event, WORK_ITEM};
use weir_model::limits::Limits;
use weir_model::project::{EventFormat, EventSource};
use weir_model::service::Service;
use weir_model::{EventCounts, Name, NoFiles, Slo};

use crate::alerts::Alerts;
use crate::engine::{EngineError, wrong_kind};
use crate::glob;
use crate::plugins::{self, Plugins};
use crate::project::Project;
use crate::servers::Servers;
use crate::tallies;

/// The types of events that are few, and kept whole instead of measured.
pub(crate) const KEPT_WHOLE: [&str; 5] =
    [WORK_ITEM, "weir.deploy", "weir.incident.declared", "weir.incident.mitigated", "weir.incident.resolved"];

/// Which events are read, and who has counted others.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Files of CloudEvents to read instead of the project's sources; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Whether the first event that can't be understood stops the run.
    pub strict: bool,
    /// Who asks the servers that the project's sources name. Nobody is asked where files are read instead of the sources.
    pub servers: Option<Arc<dyn Servers>>,
    /// Where it is noted how far reading has come, for whoever shows it.
    pub progress: Option<Arc<Progress>>,
}

/// Where the counts of an SLO come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From events, by this calculator.
    Calculator(weir_host::Digest),
    /// From a source that had counted already.
    Source(String),
}

/// The ledger of one SLO, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct SloLedger {
    pub(crate) slo: String,
    pub(crate) origin: Origin,
    pub(crate) ledger: Result<Ledger, String>,
    pub(crate) slice_seconds: u32,
}

/// What was read for some services.
#[derive(Debug)]
pub(crate) struct Reading {
    /// For each service asked for, in that order, its SLOs in the order of its file.
    pub(crate) services: Vec<Vec<SloLedger>>,
    pub(crate) counts: EventCounts,
    pub(crate) kept: Vec<Event<'static>>,
}

/// Reads what concerns these services, up to `at`.
pub(crate) fn read(
    project: &Project,
    plugins: &Plugins,
    services: &[&Service],
    at: Timestamp,
    events: &Events,
) -> Result<Reading, EngineError> {
    let stretch = Stretch { from: at, until: at, slice_seconds: &|_, slo| slo.slice_seconds() };
    read_stretch(project, plugins, services, &stretch, events)
}

/// What is read beyond one instant.
pub(crate) struct Stretch<'s> {
    /// The first instant that somebody looks from.
    pub(crate) from: Timestamp,
    /// The last one.
    pub(crate) until: Timestamp,
    /// The length of slices in which an SLO of a service is measured, in seconds.
    pub(crate) slice_seconds: &'s dyn Fn(&Service, &Slo) -> u32,
}

/// Reads what concerns these services, as far as it matters to any instant of a stretch of time.
pub(crate) fn read_stretch(
    project: &Project,
    plugins: &Plugins,
    services: &[&Service],
    stretch: &Stretch<'_>,
    events: &Events,
) -> Result<Reading, EngineError> {
    let wanted = wanted(project, plugins, services, stretch.slice_seconds)?;
    let options = Options {
        from: horizon(services, stretch.from),
        until: stretch.until.as_millisecond(),
        keep_whole: KEPT_WHOLE.map(str::to_owned).to_vec(),
        environments: project.file.about.environments.clone(),
        strict: events.strict,
        threads: None,
        progress: events.progress.clone(),
    };
    let requests = wanted.iter().flatten().map(|wanted| wanted.request.clone()).collect();
    let mut flow = Flow::new(requests, options);
    let alerts = Alerts::asked(project, services, events)?;
    let EventFiles { files, without } = event_files(project, services, events)?;
    read_all(&files, &mut flow, events.progress.as_ref())?;
    alerts.read(&mut flow)?;
    let outcome = flow.finish()?;
    let mut ledgers = outcome.ledgers.into_iter();
    let of_slo = |(wanted, ledger): (Wanted, Result<Ledger, String>)| SloLedger {
        slo: wanted.slo,
        origin: Origin::Calculator(wanted.request.plugin.digest()),
        ledger,
        slice_seconds: wanted.request.slice_seconds,
    };
    let taken = tallies::taken(project, services, stretch, events)?;
    let mut measured = Vec::new();
    for ((service, slos), taken) in services.iter().zip(wanted).zip(taken) {
        let read = slos.into_iter().zip(ledgers.by_ref()).map(of_slo);
        let mut of_service: Vec<SloLedger> = read.chain(taken).collect();
        alerts.leave_unknown(service, &mut of_service);
        of_service.sort_by_key(|ledger| service.slos.iter().position(|slo| slo.name.as_str() == ledger.slo));
        measured.push(of_service);
    }
    let counts = EventCounts { no_files: without, ..outcome.counts };
    Ok(Reading { services: measured, counts, kept: outcome.kept })
}

/// The ledger that an SLO needs.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The SLO's name.
    pub(crate) slo: String,
    pub(crate) request: Request,
}

/// The ledgers that services need from events: of each service, one for every SLO that measures an SLI by a plugin.
pub(crate) fn wanted(
    project: &Project,
    plugins: &Plugins,
    services: &[&Service],
    slice_seconds: &dyn Fn(&Service, &Slo) -> u32,
) -> Result<Vec<Vec<Wanted>>, EngineError> {
    let limits = plugins::limits(&Limits::default().or(&project.file.limits));
    let mut wanted = Vec::new();
    for service in services {
        let mut slos = Vec::new();
        for slo in &service.slos {
            // Composites are derived from other SLOs. Those that name an SLI have been checked: it is there.
            let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { continue };
            let Some(name) = &sli.plugin else { continue };
            let plugin = plugins.named(project, name.as_str(), &limits)?;
            if plugin.kind() != Kind::SliCalculator {
                let (message, help) = wrong_kind("SLI", &sli.name, plugin.name(), plugin.kind());
                return Err(EngineError::question(message, Some(help)));
            }
            let request = Request {
                service: service.about.name.to_string(),
                sli: sli.name.to_string(),
                slice_seconds: slice_seconds(service, slo),
                plugin,
                limits,
                params: serde_json::Value::Object(sli.params.clone()).to_string(),
                event_types: sli.event_types.iter().map(ToString::to_string).collect(),
            };
            slos.push(Wanted { slo: slo.name.to_string(), request });
        }
        wanted.push(slos);
    }
    Ok(wanted)
}

/// The oldest instant that matters, in milliseconds: two of the longest windows back, because whether a freeze has been
/// lifted depends on how the window before the present one ended.
pub(crate) fn horizon(services: &[&Service], at: Timestamp) -> i64 {
    let slos = services.iter().flat_map(|service| &service.slos);
    let longest = slos.map(|slo| slo.window.nominal_seconds(at.as_second())).max().unwrap_or(90 * 86_400);
    let back = i64::try_from(longest).unwrap_or(i64::MAX).saturating_mul(2);
    at.as_second().saturating_sub(back).saturating_mul(1000)
}

/// The files that events come from.
#[derive(Debug, Default)]
pub(crate) struct EventFiles {
    pub(crate) files: Vec<SourceFile>,
    /// The sources that have none.
    pub(crate) without: Vec<NoFiles>,
}

/// A file that events come from.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// `-` is standard input.
    pub(crate) path: PathBuf,
    /// How messages name it, the same way on every machine.
    pub(crate) shown: PathBuf,
    pub(crate) format: FileFormat,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) enum FileFormat {
    /// Lines, which are read from the first to the last.
    Stream(Format),
    /// A table, which is read here and there. The service is that of rows that name none.
    Parquet { service: Option<String> },
}

/// The files that events come from: those that were asked for, else those of the project's sources that are there now.
pub(crate) fn event_files(
    project: &Project,
    services: &[&Service],
    events: &Events,
) -> Result<EventFiles, EngineError> {
    if events.files.is_empty() {
        return source_files(project, services);
    }
    let file = |path: &PathBuf| SourceFile {
        path: path.clone(),
        shown: if path == Path::new("-") { "standard input".into() } else { path.clone() },
        format: FileFormat::Stream(Format::CloudEvents),
    };
    Ok(EventFiles { files: events.files.iter().map(file).collect(), without: Vec::new() })
}

/// The files of the project's sources: all of them but access logs of services that nobody asks for.
fn source_files(project: &Project, services: &[&Service]) -> Result<EventFiles, EngineError> {
    let EventFiles { mut files, mut without } = EventFiles::default();
    for source in &project.file.sources {
        let about = |name: &Name| services.iter().any(|service| service.about.name == *name);
        if source.format == EventFormat::AccessLog && !source.service.as_ref().is_none_or(about) {
            continue;
        }
        let others = files.len();
        for pattern in &source.paths {
            let found = glob::files(project.root(), pattern.as_str())
                .map_err(|source| EngineError::Events { file: pattern.to_string(), source })?;
            files.extend(found.into_iter().map(|path| SourceFile {
                shown: path.strip_prefix(project.root()).unwrap_or(&path).to_owned(),
                path,
                format: format(source),
            }));
        }
        // Servers have no patterns.
        if files.len() == others && !source.paths.is_empty() {
            let patterns = source.paths.iter().map(ToString::to_string).collect();
            without.push(NoFiles { source: source.name.to_string(), patterns });
        }
    }
    Ok(EventFiles { files, without })
}

fn format(source: &EventSource) -> FileFormat {
    let service = source.service.as_ref().map(ToString::to_string);
    FileFormat::Stream(match (source.format, service) {
        (EventFormat::Parquet, service) => return FileFormat::Parquet { service },
        (EventFormat::AccessLog, Some(service)) => Format::AccessLog {
            service,
            fields_after: source.fields_after.iter().map(ToString::to_string).collect(),
        },
        (EventFormat::Csv, service) => Format::Csv { service },
        (EventFormat::OtlpSpans, _) => Format::OtlpSpans,
        (EventFormat::Alertmanager, service) => Format::Alertmanager { service },
        // A server has no files, so its format is never asked for.
        (EventFormat::AccessLog, None) | (EventFormat::CloudEvents | EventFormat::Prometheus, _) => {
            Format::CloudEvents
        }
    })
}

/// Reads one file after the other, and notes how far it has come.
fn read_all(
    files: &[SourceFile],
    flow: &mut Flow,
    progress: Option<&Arc<Progress>>,
) -> Result<(), EngineError> {
    if let Some(progress) = progress {
        progress.expect(stored_bytes(files));
    }
    for file in files {
        match &file.format {
            FileFormat::Stream(format) => read_stream(file, format, flow, progress)?,
            FileFormat::Parquet { service } => read_parquet(file, service.as_deref(), flow)?,
        }
    }
    if let Some(progress) = progress {
        progress.end();
    }
    Ok(())
}

#[cfg(feature = "parquet")]
fn read_parquet(file: &SourceFile, service: Option<&str>, flow: &mut Flow) -> Result<(), EngineError> {
    let shown = file.shown.to_string_lossy().into_owned();
    let broken = |source: io::Error| EngineError::Events { file: shown.clone(), source };
    let table = fs::File::open(&file.path).map_err(broken)?;
    Ok(flow.read_parquet(&shown, service, table.into_parts().0)?)
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(file: &SourceFile, _: Option<&str>, _: &mut Flow) -> Result<(), EngineError> {
    Err(EngineError::Question {
        message: format!("`{}` can't be read: this build of Weir reads no Parquet", file.shown.display()),
        help: Some("build it with `--features parquet`".to_owned()),
    })
}

fn read_stream(
    file: &SourceFile,
    format: &Format,
    flow: &mut Flow,
    progress: Option<&Arc<Progress>>,
) -> Result<(), EngineError> {
    let shown = file.shown.to_string_lossy().into_owned();
    let broken = |source: io::Error| EngineError::Events { file: shown.clone(), source };
    let stream: Box<dyn Read> = if file.path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(&file.path).map_err(broken)?.into_parts().0)
    };
    let stream = match progress {
        Some(progress) => decompressed(Progress::counting(progress, stream)),
        None => decompressed(stream),
    };
    Ok(flow.read(&shown, format, stream.map_err(broken)?)?)
}

/// How long the files are together; 0 when one of them has no length, as a pipe has none.
fn stored_bytes(files: &[SourceFile]) -> u64 {
    let length = |file: &SourceFile| {
        let stored = fs::metadata(&file.path).ok().filter(|stored| stored.is_file())?;
        Some(stored.len())
    };
    files.iter().map(length).sum::<Option<u64>>().unwrap_or(0)
}
