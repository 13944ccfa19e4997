//! `weir plugin build`: from a plugin's sources to a component.

use std::path::Path;

use serde::Serialize;
use weir::{Candidate, Engine, Inspection};
use weir_author::{Built, PluginProject, component};
use weir_model::lock::Wasi;

use super::super::{Failure, engine, json, notes};
use crate::args::{Format, PluginBuildArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the JSON form.
const BUILD_VERSION: u32 = 1;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Form<'b> {
    schema_version: u32,
    path: &'b str,
    plugin: &'b Inspection,
}

pub(super) fn run(arguments: &PluginBuildArguments) -> Result<Exit, Failure> {
    let project = PluginProject::load(&arguments.folder)?;
    let engine = engine()?;
    let (component, inspection) = built(&engine, &project)?;
    notes(&engine)?;
    project.write(&component)?;
    let path = shown(&arguments.folder, &project);
    output::result(&match arguments.format {
        Format::Human => render::plugin::built(&path, &inspection),
        Format::Json => json(&Form { schema_version: BUILD_VERSION, path: &path, plugin: &inspection })?,
    })?;
    Ok(Exit::Go)
}

/// Builds a plugin into a component that carries its description, and holds that it can be loaded and is what plugin.toml
/// says.
pub(super) fn built(engine: &Engine, project: &PluginProject) -> Result<(Vec<u8>, Inspection), Failure> {
    let about = &project.plugin().about;
    let component = match project.build()? {
        Built::Described(component) => {
            engine.describe_plugin(&candidate(project, &component))?;
            component
        }
        Built::Undescribed(component) => {
            let info = engine.describe_plugin(&candidate(project, &component))?;
            let info = serde_json::to_vec(&info).map_err(std::io::Error::other)?;
            component::with_info(&component, &info)?
        }
    };
    let inspection = engine.inspect_plugin(&candidate(project, &component))?;
    if inspection.kind.as_str() != about.kind.as_str() {
        return Err(Failure::Usage(format!(
            "the plugin is a {}, and plugin.toml says {}; make one of them say what the other does",
            inspection.kind, about.kind
        )));
    }
    Ok((component, inspection))
}

/// The path of the component as the user would type it, from where the command was called.
fn shown(folder: &Path, project: &PluginProject) -> String {
    let built = project.built();
    let path = folder.join(built.strip_prefix(project.folder()).unwrap_or(&built));
    path.strip_prefix(".").unwrap_or(&path).display().to_string()
}

/// A component of the plugin, as it is tried.
pub(super) fn candidate<'c>(project: &'c PluginProject, component: &'c [u8]) -> Candidate<'c> {
    let plugin = project.plugin();
    Candidate {
        name: plugin.about.name.as_str(),
        component,
        wasi: Wasi::Refused,
        params: None,
        limits: &plugin.limits,
    }
}
