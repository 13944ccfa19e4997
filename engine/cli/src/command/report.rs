//! `weir report`: how do all services stand?

use weir::ReportRequest;

use super::{Failure, clock, engine, events, instant_of, json, notes, project_in};
use crate::args::{PageFormat, ReportArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ReportArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let request = ReportRequest {
        services: arguments.services.clone(),
        change: arguments.change,
        gate: arguments.gate.clone(),
        at: instant_of(arguments.at, &project),
        events: events(&arguments.events),
    };
    let engine = engine()?;
    let report = engine.report(&project, &request)?;
    notes(&engine)?;
    let text = match arguments.format {
        PageFormat::Html => render::report::page(&report, &clock(&project)),
        PageFormat::Json => json(&report)?,
    };
    match &arguments.output {
        None => output::result(&text)?,
        Some(file) => {
            fs_err::write(file, text)?;
            output::message(&format!("wrote {}\n", file.display()))?;
        }
    }
    Ok(Exit::Go)
}
