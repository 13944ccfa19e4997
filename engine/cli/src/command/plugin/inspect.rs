//! `weir plugin inspect`: what is this file?

use serde::Serialize;
use weir::{Candidate, Inspection};
use weir_model::Limits;
use weir_model::lock::Wasi;

use super::super::{Failure, engine, json, notes};
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
    let (name, component) = (super::name(&arguments.file), super::component(&arguments.file)?);
    let engine = engine()?;
    let inspection = engine.inspect_plugin(&Candidate {
        name: &name,
        component: &component,
        // To look at a plugin decides nothing about what a project allows it.
        wasi: Wasi::Inert,
        params: None,
        limits: &Limits::default(),
    })?;
    notes(&engine)?;
    output::result(&match arguments.format {
        Format::Human => render::plugin::inspection(&inspection),
        Format::Json => json(&Form { schema_version: INSPECTION_VERSION, plugin: &inspection })?,
    })?;
    Ok(Exit::Go)
}
