//! `weir slo`: what is left of the error budgets, and are they worth having?

use serde::Serialize;
use weir_model::verdict::SloStatus;
use weir_model::{CalculatorLog, EventCounts, NoFiles, Severity};

use super::outputs::{Answer, Outputs};
use super::{Failure, clock, engine, instant, json, notes, now, project, project_in, reading};
use crate::args::{Format, SloLintArguments, SloShowArguments, SloSuggestArguments, StatusFormat};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the status's JSON form.
const STATUS_VERSION: u32 = 2;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Status<'s> {
    schema_version: u32,
    at: String,
    services: Vec<OfService<'s>>,
    events: &'s EventCounts,
}

#[derive(Debug, Serialize)]
struct OfService<'s> {
    service: &'s str,
    slos: &'s [SloStatus],
}

pub(super) fn status(arguments: &SloShowArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let at = arguments.at.or_else(|| project.as_of()).unwrap_or_else(now);
    let service = arguments.service.as_deref();
    let engine = engine()?;
    let (services, counts) =
        reading(&project, &arguments.events, |events| engine.slo_status(&project, service, at, &events))?;
    notes(&engine)?;
    output::result(&match arguments.format {
        StatusFormat::Human => {
            let clock = clock(&project);
            let table = render::verdict::statuses(&services, &clock);
            format!("SLOs at {}\n\n{table}\n{}", clock.show(at), render::events(&counts))
        }
        StatusFormat::Json => {
            let services = services
                .iter()
                .map(|status| OfService { service: &status.service, slos: &status.slos })
                .collect();
            json(&Status { schema_version: STATUS_VERSION, at: at.to_string(), services, events: &counts })?
        }
        StatusFormat::OpenMetrics => {
            // Its form has no place for them.
            let logs = counts.calculators.iter().flat_map(CalculatorLog::told);
            for line in counts.no_files.iter().map(NoFiles::told).chain(logs) {
                output::message(&format!("note: {line}\n"))?;
            }
            let services = services.iter().map(|status| (status.service.as_str(), status.slos.as_slice()));
            weir_connect::openmetrics::write(at.as_second(), services)
        }
    })?;
    Ok(Exit::Go)
}

pub(super) fn lint(arguments: &SloLintArguments) -> Result<Exit, Failure> {
    let SloLintArguments { fail_on_warn, status, formats } = arguments;
    let outputs = Outputs::open(formats)?;
    let project = project(&status.project)?;
    let at = instant(&status.project, &project);
    let engine = engine()?;
    let service = status.service.as_deref();
    let lint = reading(&project, &status.events, |events| engine.slo_lint(&project, service, at, &events))?;
    notes(&engine)?;
    let has = |severity| lint.findings.iter().any(|finding| finding.code.severity() == severity);
    let exit = if has(Severity::Error) {
        Exit::Stop
    } else if *fail_on_warn && has(Severity::Warning) {
        Exit::Warned
    } else {
        Exit::Go
    };
    let answer = Answer {
        human: render::lint::lint(&lint, &clock(&project)),
        json: json(&lint)?,
        junit: None,
        listing: project.list_lint(&lint),
    };
    outputs.write(answer, &project, exit)?;
    Ok(exit)
}

pub(super) fn suggest(arguments: &SloSuggestArguments) -> Result<Exit, Failure> {
    let SloSuggestArguments { status: arguments, format } = arguments;
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let service = arguments.service.as_deref();
    let suggestions =
        reading(&project, &arguments.events, |events| engine.slo_suggest(&project, service, at, &events))?;
    notes(&engine)?;
    output::result(&match format {
        Format::Human => render::lint::suggestions(&suggestions, &clock(&project)),
        Format::Json => json(&suggestions)?,
    })?;
    Ok(Exit::Go)
}
