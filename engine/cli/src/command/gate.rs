//! `weir gate`: may this change go out now?

use weir::{GateRequest, Records};

use super::outputs::{Answer, Outputs};
use super::{Failure, clock, engine, instant, json, notes, project, reading, shown};
use crate::args::GateArguments;
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &GateArguments) -> Result<Exit, Failure> {
    let outputs = Outputs::open(&arguments.formats)?;
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
    let exit = Exit::of_verdict(verdict, arguments.fail_on_warn);
    let mut listing = project.list_gate(verdict);
    listing.facts.push(("record", stored.path.display().to_string()));
    let answer = Answer {
        human: render::verdict::verdict(&shown(verdict)?, &clock(&project)),
        json: json(verdict)?,
        junit: None,
        listing,
    };
    outputs.write(answer, &project, exit)?;
    output::message(&format!("recorded in {}\n", stored.path.display()))?;
    Ok(exit)
}
