//! `weir test`: do the project's policies say what its cases expect?

use super::{Failure, engine, json, notes, project_in};
use crate::args::{CaseFormat, TestArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &TestArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let files = project.cases()?;
    let engine = engine()?;
    let report = engine.test(&project, &files)?;
    notes(&engine)?;
    output::result(&match arguments.format {
        CaseFormat::Human => render::cases::cases(&report),
        CaseFormat::Json => json(&report)?,
        CaseFormat::Junit => render::cases::junit(&report),
    })?;
    Ok(if report.failed() == 0 { Exit::Go } else { Exit::Stop })
}
