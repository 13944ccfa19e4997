//! `weir plugin inspect`: what is this file?

use serde::Serialize;
use weir::Inspection;

use super::super::{Failure, json};
use crate::args::{Format, PluginInspectArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the JSON form.
const INSPECTION_VERSION: u32 = 1;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Form<'i> {
    schema_version: u32,
    plugin: &'i Inspection,
}

pub(super) fn run(arguments: &PluginInspectArguments) -> Result<Exit, Failure> {
    let (_, inspection) = super::inspected(&arguments.file)?;
    output::result(&match arguments.format {
        Format::Human => render::plugin::inspection(&inspection),
        Format::Json => json(&Form { schema_version: INSPECTION_VERSION, plugin: &inspection })?,
    })?;
    Ok(Exit::Go)
}
