//! `weir toil`: where does people's time go, and what should be automated first?

use super::outputs::{Answer, Outputs};
use super::{Failure, clock, engine, instant, json, notes, project, reading};
use crate::args::ToilArguments;
use crate::exit::Exit;
use crate::render;

pub(super) fn run(arguments: &ToilArguments) -> Result<Exit, Failure> {
    let outputs = Outputs::open(&arguments.formats)?;
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let reports =
        reading(&project, &arguments.events, |events| engine.toil(&project, at, arguments.period, &events))?;
    notes(&engine)?;
    let clock = clock(&project);
    let answer = Answer {
        human: reports.iter().map(|report| render::toil::report(report, &clock)).collect(),
        json: json(&reports)?,
        junit: None,
        listing: project.list_toil(&reports),
    };
    outputs.write(answer, &project, Exit::Go)?;
    Ok(Exit::Go)
}
