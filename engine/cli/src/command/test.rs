//! `weir test`: do the project's policies say what its cases expect?

use super::outputs::{Answer, Outputs};
use super::{Failure, engine, json, notes, project_in};
use crate::args::TestArguments;
use crate::exit::Exit;
use crate::render;

pub(super) fn run(arguments: &TestArguments) -> Result<Exit, Failure> {
    let outputs = Outputs::open(&arguments.formats)?;
    let project = project_in(arguments.project.as_deref())?;
    let files = project.cases()?;
    let engine = engine()?;
    let report = engine.test(&project, &files)?;
    notes(&engine)?;
    let exit = if report.failed() == 0 { Exit::Go } else { Exit::Stop };
    let answer = Answer {
        human: render::cases::cases(&report),
        json: json(&report)?,
        junit: Some(render::cases::junit(&report)),
        listing: project.list_cases(&report),
    };
    outputs.write(answer, &project, exit)?;
    Ok(exit)
}
