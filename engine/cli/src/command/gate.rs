//! `weir gate`: may this change go out now?

use weir::{GateRequest, Records};

use super::{Failure, clock, engine, instant, json, notes, project, reading};
use crate::args::{Format, GateArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &GateArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.project)?;
    let folder = arguments.records.clone().unwrap_or_else(|| project.records_folder());
    let engine = engine()?;
    let stored = reading(&project, &arguments.events, |events| {
        let request = GateRequest {
            service: arguments.service.clone(),
            change: arguments.change,
            gate: arguments.gate.clone(),
            at: instant(&arguments.project, &project),
            events,
        };
        engine.gate(&project, &request, &Records::in_folder(folder))
    })?;
    notes(&engine)?;
    let verdict = &stored.record.verdict;
    output::result(&match arguments.project.format {
        Format::Human => render::verdict::verdict(verdict, &clock(&project)),
        Format::Json => json(verdict)?,
    })?;
    output::message(&format!("recorded in {}\n", stored.path.display()))?;
    Ok(Exit::of_verdict(verdict, arguments.fail_on_warn))
}
