//! `weir explain`: what does a rule mean?

use weir::{Explanation, explain_own};

use super::{Failure, engine, instant, json, notes, project};
use crate::args::{ExplainArguments, Format};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let own = explain_own(&arguments.rule);
    let explained = match of_project(arguments) {
        // What Weir itself says needs no project: who asks about it may have one that is broken, or none at all.
        Err(_) if !own.is_empty() => own,
        explained => explained?,
    };
    output::result(&match arguments.format {
        Format::Human => explained.iter().map(render::explain::explanation).collect::<Vec<_>>().join("\n"),
        Format::Json => json(&explained)?,
    })?;
    Ok(Exit::Go)
}

/// What the rule means in the project, whose checks may have one of the same name.
fn of_project(arguments: &ExplainArguments) -> Result<Vec<Explanation>, Failure> {
    let project = project(&arguments.project)?;
    let at = instant(&arguments.project, &project);
    let engine = engine()?;
    let explained = engine.explain(&project, &arguments.rule, at)?;
    notes(&engine)?;
    Ok(explained)
}
