//! `weir check`: how does a service stand against the rules?

use super::{Failure, clock, engine, instant, json, notes, project};
use crate::args::{CheckArguments, Format};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let verdict = engine.check(&project, &arguments.service, at)?;
    notes(&engine)?;
    output::result(&match arguments.project.format {
        Format::Human => render::check::checks(&verdict, &clock(&project)),
        Format::Json => json(&verdict)?,
    })?;
    Ok(Exit::of_verdict(&verdict, false))
}
