//! `weir plugin add`: a plugin of somebody else's, or of one's own, becomes a part of the project.

use weir::{Addition, Candidate, Digest, Rule};

use super::super::{Failure, engine, notes, project_in};
use super::fetch::{Fetched, fetch};
use crate::args::PluginAddArguments;
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &PluginAddArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let params = super::params(arguments.params.as_deref())?;
    let mut candidate = Candidate {
        name: "plugin",
        component: &[],
        wasi: arguments.wasi.into(),
        params: params.as_ref(),
        limits: project.limits(),
    };
    let limit = candidate.sandbox_limits().component_bytes as u64;
    let fetched = fetch(&arguments.plugin, limit, arguments.plain_http)?;
    check_digest(arguments.sha256.as_deref(), &fetched)?;
    // Verifying runs the plugin: what is not trusted does not get that far.
    let name = arguments.name.as_deref().unwrap_or(&fetched.name);
    project.check_signature(name, &fetched.place, &fetched.component, fetched.signature.as_deref())?;
    (candidate.name, candidate.component) = (&fetched.name, &fetched.component);
    let engine = engine()?;
    // Verifying compiles the plugin, and the code stays in the user's cache: its first use finds it there.
    let verification = engine.verify_plugin(&candidate)?;
    notes(&engine)?;
    if !verification.passed() {
        output::result(&render::plugin::verification(&verification))?;
        output::message("error: the plugin was not added\n")?;
        if verification.checks.iter().any(|check| check.rule == Rule::Size && check.problem.is_some()) {
            let file = project.root().join("weir.toml");
            let size = fetched.component.len().div_ceil(1 << 20);
            output::message(&format!(
                "help: let plugins have more in `{}`: `component-size = \"{size}MiB\"` under `[limits]`; whatever else it \
                 needs, its `plugin.toml` says\n",
                file.display()
            ))?;
        }
        return Ok(Exit::Stop);
    }
    let itself = verification.component.info.as_ref().map(|info| info.name.as_str());
    let added = project.add_plugin(&Addition {
        name: arguments.name.as_deref().or(itself).unwrap_or_default(),
        component: &fetched.component,
        wasi: arguments.wasi.into(),
        signature: fetched.signature.as_deref(),
        replace: arguments.replace,
    })?;
    output::result(&render::plugin::added(&added, &verification, fetched.pinned.as_deref()))?;
    Ok(Exit::Go)
}

/// Holds a component against the digest that its author gives.
fn check_digest(stated: Option<&str>, fetched: &Fetched) -> Result<(), Failure> {
    let Some(stated) = stated else { return Ok(()) };
    let found = Digest::of(&fetched.component).to_string();
    if stated.strip_prefix("sha256:").unwrap_or(stated).eq_ignore_ascii_case(&found) {
        return Ok(());
    }
    let place = fetched.place.display();
    Err(Failure::Usage(format!(
        "`{place}` has the SHA-256 {found}, and {stated} was asked for; nothing was added"
    )))
}
