//! `weir explain`: what does a rule mean?

use super::{Failure, engine, instant, json, notes, project};
use crate::args::{ExplainArguments, Format};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let explained = engine.explain(&project, &arguments.rule, at)?;
    notes(&engine)?;
    output::result(&match arguments.format {
        Format::Human => explained.iter().map(render::explain::explanation).collect::<Vec<_>>().join("\n"),
        Format::Json => json(&explained)?,
    })?;
    Ok(Exit::Go)
}
