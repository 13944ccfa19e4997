//! Builds the plugins, and checks that what is in the repository was built from its sources.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;
use weir_author::component;
use weir_author::rust::{Order, Toolchain};

use crate::lock::{Built, Lock};
use crate::say;
use crate::sources::{self, Sources};
use crate::workspace::{FOLDERS, Package, Plugin, Workspace};

/// Builds the plugins into place and writes the lock. Without names, all; then what is no plugin any more goes.
pub(crate) fn build(names: &[&String]) -> Result<()> {
    let workspace = Workspace::read()?;
    let plugins = select(&workspace, names)?;
    let toolchain = toolchain()?;
    let sources = Sources::new(&workspace)?;
    let before = Lock::read(&workspace.root)?;
    let mut lock = Lock { compiler: toolchain.version.clone(), plugins: BTreeMap::new() };
    if !names.is_empty() {
        ensure!(
            before.compiler == lock.compiler || before.plugins.is_empty(),
            "the other plugins were built by `{}`, and here is `{}`: build all of them",
            before.compiler,
            lock.compiler
        );
        lock.plugins = before.plugins;
    }
    for folder in FOLDERS {
        fs::create_dir_all(workspace.root.join(folder).join("built"))?;
    }
    for plugin in &plugins {
        let bytes = built(&toolchain, &workspace, plugin.package)?;
        fs::write(&plugin.built, &bytes)?;
        say(&format!("{}: {} bytes", plugin.name, bytes.len()));
        let entry = Built {
            digest: sources::digest(&bytes),
            size: bytes.len(),
            sources: sources.digest(plugin.package)?,
        };
        lock.plugins.insert(plugin.name.clone(), entry);
    }
    lock.write(&workspace.root)?;
    if names.is_empty() {
        for stray in strays(&workspace)? {
            fs::remove_file(stray)?;
        }
    }
    Ok(())
}

/// Fails unless lock, sources and built plugins agree. When the compiler of the lock is here, the plugins are also built
/// again and compared byte by byte.
pub(crate) fn check(names: &[&String]) -> Result<()> {
    let workspace = Workspace::read()?;
    let plugins = select(&workspace, names)?;
    let lock = Lock::read(&workspace.root)?;
    let mut faults = disagreements(&workspace, &plugins, &lock)?;
    if names.is_empty() {
        let strays = strays(&workspace)?;
        faults
            .extend(strays.iter().map(|path| format!("`{}` is no plugin of the workspace", path.display())));
    }
    match toolchain() {
        Ok(toolchain) if toolchain.version == lock.compiler => {
            for plugin in &plugins {
                let bytes = built(&toolchain, &workspace, plugin.package)?;
                let digest = sources::digest(&bytes);
                if lock.plugins.get(&plugin.name).is_some_and(|built| built.digest != digest) {
                    faults.push(format!("`{}`: building it again gives other bytes", plugin.name));
                }
            }
        }
        Ok(toolchain) => say(&format!(
            "not built again: the lock is by `{}`, and here is `{}`",
            lock.compiler, toolchain.version
        )),
        Err(error) => say(&format!("not built again: {error:#}")),
    }
    ensure!(faults.is_empty(), "{}\nhelp: run `cargo xtask plugins`", faults.join("\n"));
    say(&format!("{} plugins agree with their sources", plugins.len()));
    Ok(())
}

/// The compiler, or what to install.
fn toolchain() -> Result<Toolchain> {
    Toolchain::find().map_err(|error| match error.help() {
        Some(help) => anyhow::anyhow!("{error}\nhelp: {help}"),
        None => error.into(),
    })
}

/// The component of a plugin of the workspace.
fn built(toolchain: &Toolchain, workspace: &Workspace, package: &Package) -> Result<Vec<u8>> {
    let module = toolchain.build(&Order {
        folder: &workspace.root,
        renamed: &[(workspace.root.clone(), "/weir".to_owned())],
        package: Some(&package.name),
        library: package.library().context("a plugin makes a dynamic library")?,
        profile: "plugin",
        target_dir: &workspace.root.join("target/plugins"),
        locked: true,
    })?;
    Ok(component::from_module(&module)?)
}

/// What is wrong with the lock, one line a fault.
fn disagreements(workspace: &Workspace, plugins: &[Plugin<'_>], lock: &Lock) -> Result<Vec<String>> {
    let sources = Sources::new(workspace)?;
    let mut faults = Vec::new();
    for Plugin { name, package, built } in plugins {
        let Some(entry) = lock.plugins.get(name) else {
            faults.push(format!("`{name}` was never built"));
            continue;
        };
        if entry.sources != sources.digest(package)? {
            faults.push(format!("`{name}`: its sources have changed since it was built"));
        }
        match built.is_file().then(|| fs::read(built)).transpose()? {
            Some(bytes) if sources::digest(&bytes) == entry.digest && bytes.len() == entry.size => {}
            Some(_) => faults.push(format!("`{name}`: the built file is not the one in the lock")),
            None => faults.push(format!("`{name}`: the built file is missing")),
        }
    }
    Ok(faults)
}

/// The plugins with these names; without names, all.
fn select<'w>(workspace: &'w Workspace, names: &[&String]) -> Result<Vec<Plugin<'w>>> {
    let mut plugins = workspace.plugins();
    if let Some(unknown) = names.iter().find(|name| plugins.iter().all(|plugin| plugin.name != ***name)) {
        let known: Vec<&str> = plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        bail!("there is no plugin `{unknown}`: there are {}", known.join(", "));
    }
    plugins.retain(|plugin| names.is_empty() || names.contains(&&plugin.name));
    Ok(plugins)
}

/// Built files of no plugin.
fn strays(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let plugins = workspace.plugins();
    let mut strays = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(workspace.root.join(folder).join("built"))? {
            let path = entry?.path();
            if plugins.iter().all(|plugin| plugin.built != path) {
                strays.push(path);
            }
        }
    }
    Ok(strays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_plugins_come_from_the_sources_beside_them() {
        let workspace = Workspace::read().unwrap();
        let lock = Lock::read(&workspace.root).unwrap();
        let faults = disagreements(&workspace, &workspace.plugins(), &lock).unwrap();
        assert!(faults.is_empty(), "{}\nhelp: run `cargo xtask plugins`", faults.join("\n"));
    }
}
