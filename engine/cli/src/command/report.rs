//! `weir report`: how do all services stand?

use weir::ReportRequest;

use super::{Failure, clock, engine, instant_of, json, notes, project_in, reading};
use crate::args::{PageFormat, ReportArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ReportArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let engine = engine()?;
    let report = reading(&project, &arguments.events, |events| {
        let request = ReportRequest {
            services: arguments.services.clone(),
            change: arguments.change,
            gate: arguments.gate.clone(),
            at: instant_of(arguments.at, &project),
            events,
        };
        engine.report(&project, &request)
    })?;
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
