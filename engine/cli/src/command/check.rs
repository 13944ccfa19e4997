//! `weir check`: how does a service stand against the rules?

use super::outputs::{Answer, Outputs};
use super::{Failure, clock, engine, instant, json, notes, project, shown};
use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::render;

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let outputs = Outputs::open(&arguments.formats)?;
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let verdict = engine.check(&project, &arguments.service, at)?;
    notes(&engine)?;
    let exit = Exit::of_verdict(&verdict, false);
    let answer = Answer {
        human: render::check::checks(&shown(&verdict)?, &clock(&project)),
        json: json(&verdict)?,
        junit: None,
        listing: project.list_check(&verdict),
    };
    outputs.write(answer, &project, exit)?;
    Ok(exit)
}
