//! `weir toil`: where does people's time go, and what should be automated first?

use super::outputs::{Answer, Outputs};
use super::{Failure, clock, engine, instant, json, notes, project, reading};
use crate::args::ToilArguments;
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ToilArguments) -> Result<Exit, Failure> {
    let outputs = Outputs::open(&arguments.formats)?;
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let toil =
        reading(&project, &arguments.events, |events| engine.toil(&project, at, arguments.period, &events))?;
    notes(&engine)?;
    let clock = clock(&project);
    let answer = Answer {
        human: toil.reports.iter().map(|report| render::toil::report(report, &clock)).collect(),
        json: json(&toil.reports)?,
        junit: None,
        listing: project.list_toil(&toil.reports),
    };
    let exit = if toil.failures.is_empty() { Exit::Go } else { Exit::Undecided };
    outputs.write(answer, &project, exit)?;
    for failure in &toil.failures {
        output::message(&format!("error: {failure}\n"))?;
        for line in failure.log() {
            output::message(&format!("  log: {line}\n"))?;
        }
    }
    Ok(exit)
}
