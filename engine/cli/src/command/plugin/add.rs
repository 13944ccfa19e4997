//! `weir plugin add`: a plugin of somebody else's, or of one's own, becomes a part of the project.

use weir::Addition;

use super::super::{Failure, engine, notes, project_in};
use super::Tried;
use crate::args::PluginAddArguments;
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &PluginAddArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.trial.project.as_deref())?;
    let tried = Tried::read(&arguments.trial)?;
    let signature = weir::read_signature(&arguments.trial.file)?;
    // Verifying runs the plugin: what is not trusted does not get that far.
    let name = arguments.name.as_deref().unwrap_or(&tried.name);
    project.check_signature(name, &arguments.trial.file, &tried.component, signature.as_deref())?;
    let engine = engine()?;
    // Verifying compiles the plugin, and the code stays in the user's cache: its first use finds it there.
    let verification = engine.verify_plugin(&tried.candidate(project.limits()))?;
    notes(&engine)?;
    if !verification.passed() {
        output::result(&render::plugin::verification(&verification))?;
        output::message("error: the plugin was not added\n")?;
        return Ok(Exit::Stop);
    }
    let itself = verification.component.info.as_ref().map(|info| info.name.as_str());
    let added = project.add_plugin(&Addition {
        name: arguments.name.as_deref().or(itself).unwrap_or_default(),
        component: &tried.component,
        wasi: tried.wasi,
        signature: signature.as_deref(),
        replace: arguments.replace,
    })?;
    output::result(&render::plugin::added(&added, &verification))?;
    Ok(Exit::Go)
}
