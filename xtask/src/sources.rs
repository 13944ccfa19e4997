//! What a plugin is built from, as one digest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use weir_author::rust;

use crate::workspace::{Package, Workspace};

#[derive(Deserialize)]
struct CargoLock {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// Digests sources of plugins.
pub(crate) struct Sources<'w> {
    workspace: &'w Workspace,
    /// By name, version and source.
    checksums: BTreeMap<(String, String, Option<String>), String>,
    /// What all plugins are built from: name and content.
    shared: BTreeMap<String, Vec<u8>>,
}

impl<'w> Sources<'w> {
    pub(crate) fn new(workspace: &'w Workspace) -> Result<Self> {
        let lock: CargoLock = toml::from_str(&fs::read_to_string(workspace.root.join("Cargo.lock"))?)
            .context("can't read `Cargo.lock`")?;
        let checksums = lock
            .package
            .into_iter()
            .map(|package| {
                ((package.name, package.version, package.source), package.checksum.unwrap_or_default())
            })
            .collect();
        let mut shared = BTreeMap::new();
        shared.insert("compiler flags".to_owned(), rust::FLAGS.join(" ").into_bytes());
        shared.insert("profiles".to_owned(), profiles(&workspace.root)?.into_bytes());
        add_folder(&workspace.root, &workspace.root.join("wit"), &mut shared)?;
        Ok(Self { workspace, checksums, shared })
    }

    /// The digest of the sources of all that goes into the plugin. Files outside `src`, but for the manifest and the
    /// schema, do not.
    pub(crate) fn digest(&self, plugin: &Package) -> Result<String> {
        let mut parts = self.shared.clone();
        for package in self.workspace.closure(plugin) {
            let locked = (package.name.clone(), package.version.clone(), package.source.clone());
            let checksum = self.checksums.get(&locked).map_or("", String::as_str);
            parts.insert(format!("package {} {}", package.name, package.version), checksum.into());
            if package.source.is_none() {
                self.add_crate(package.folder(), &mut parts)?;
            }
        }
        let mut digest = Sha256::new();
        for (name, content) in &parts {
            // With their lengths, so that no two sets of parts look the same.
            digest.update(format!("{name}\0{}\0", content.len()));
            digest.update(content);
        }
        Ok(hex(&digest.finalize()))
    }

    fn add_crate(&self, folder: &Path, parts: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
        let root = &self.workspace.root;
        add_folder(root, &folder.join("src"), parts)?;
        for file in ["Cargo.toml", "build.rs", "parameters.schema.json"] {
            let path = folder.join(file);
            if path.is_file() {
                add_file(root, &path, parts)?;
            }
        }
        Ok(())
    }
}

/// The digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The build profile of the plugins, and the one that it inherits from, as text. The rest of the manifest may change
/// without changing a plugin.
fn profiles(root: &Path) -> Result<String> {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(root.join("Cargo.toml"))?).context("can't read `Cargo.toml`")?;
    let mut profiles = manifest.get("profile").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    profiles.retain(|name, _| name == "plugin" || name == "release");
    Ok(profiles.to_string())
}

fn add_folder(root: &Path, folder: &Path, parts: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            add_folder(root, &path, parts)?;
        } else {
            add_file(root, &path, parts)?;
        }
    }
    Ok(())
}

fn add_file(root: &Path, path: &Path, parts: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let name = path.strip_prefix(root).unwrap_or(path).components();
    let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.insert(format!("file {}", name.join("/")), fs::read(path)?);
    Ok(())
}
