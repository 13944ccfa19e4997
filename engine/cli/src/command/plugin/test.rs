//! `weir plugin test`: does the plugin answer as its author expects?

use weir::plugin_cases;
use weir_author::PluginProject;

use super::super::{Failure, engine, json, notes};
use super::build::{built, candidate};
use crate::args::{CaseFormat, PluginTestArguments};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &PluginTestArguments) -> Result<Exit, Failure> {
    let project = PluginProject::load(&arguments.folder)?;
    let files = plugin_cases(&arguments.folder)?;
    let engine = engine()?;
    let component = match &arguments.component {
        Some(file) => super::component(file)?,
        None => {
            let (component, _) = built(&engine, &project)?;
            project.write(&component)?;
            component
        }
    };
    let report = engine.test_plugin(&candidate(&project, &component), &files)?;
    notes(&engine)?;
    output::result(&match arguments.format {
        CaseFormat::Human => render::cases::plugin_cases(&report),
        CaseFormat::Json => json(&report)?,
        CaseFormat::Junit => render::cases::plugin_junit(&report),
    })?;
    Ok(if report.failed() == 0 { Exit::Go } else { Exit::Stop })
}
