//! `weir toil`: where does people's time go, and what should be automated first?

use super::{Failure, clock, engine, instant, json, notes, project, reading};
use crate::args::{Format, ToilArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ToilArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let reports =
        reading(&project, &arguments.events, |events| engine.toil(&project, at, arguments.period, &events))?;
    notes(&engine)?;
    output::result(&match arguments.project.format {
        Format::Human => {
            let clock = clock(&project);
            reports.iter().map(|report| render::toil::report(report, &clock)).collect()
        }
        Format::Json => json(&reports)?,
    })?;
    Ok(Exit::Go)
}
