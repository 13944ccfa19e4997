//! What cargo knows about the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The workspace: its folder, its packages and how they depend on each other.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    packages: BTreeMap<String, Package>,
    dependencies: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

/// One package of the workspace or of a registry.
#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// None for a package of the workspace.
    pub(crate) source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None for a normal dependency.
    kind: Option<String>,
}

/// Where plugins lie: those that come with Weir, and those that tests run.
pub(crate) const FOLDERS: [&str; 2] = ["plugins", "tests/guests"];

/// A plugin that is kept built.
pub(crate) struct Plugin<'w> {
    /// The name of its folder.
    pub(crate) name: String,
    pub(crate) package: &'w Package,
    /// The built component.
    pub(crate) built: PathBuf,
}

impl Workspace {
    /// Asks cargo, without changing the lock file. What only other targets than the plugins' need is left out.
    pub(crate) fn read() -> Result<Self> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "metadata",
                "--locked",
                "--format-version=1",
                "--filter-platform",
                weir_author::rust::TARGET,
            ])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()
            .context("can't run cargo")?;
        ensure!(
            output.status.success(),
            "`cargo metadata --locked` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("can't read what `cargo metadata` says")?;
        Ok(Self {
            root: metadata.workspace_root,
            packages: metadata.packages.into_iter().map(|package| (package.id.clone(), package)).collect(),
            dependencies: metadata.resolve.nodes.into_iter().map(|node| (node.id, node.deps)).collect(),
        })
    }

    /// The packages in the folders of plugins that make a dynamic library, by name.
    pub(crate) fn plugins(&self) -> Vec<Plugin<'_>> {
        let folders = FOLDERS.map(|folder| self.root.join(folder));
        let plugin = |package: &'_ Package| {
            let folder = folders.iter().find(|folder| package.folder().parent() == Some(folder))?;
            let name = package.folder().file_name()?.to_str()?.to_owned();
            package.library()?;
            let built = folder.join("built").join(format!("{name}.wasm"));
            Some((name, built))
        };
        let plugin = |package| plugin(package).map(|(name, built)| Plugin { name, package, built });
        let mut plugins: Vec<_> = self.packages.values().filter_map(plugin).collect();
        plugins.sort_by(|one, other| one.name.cmp(&other.name));
        plugins
    }

    /// The package and all that it needs to be built, directly or not.
    pub(crate) fn closure<'w>(&'w self, package: &'w Package) -> Vec<&'w Package> {
        let mut found = BTreeSet::from([package.id.as_str()]);
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let dependencies = self.dependencies.get(id).into_iter().flatten();
            for dependency in dependencies.filter(|dependency| dependency.builds()) {
                if found.insert(&dependency.pkg) {
                    open.push(&dependency.pkg);
                }
            }
        }
        found.into_iter().filter_map(|id| self.packages.get(id)).collect()
    }
}

impl Package {
    /// The folder of its manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// The name of its dynamic library.
    pub(crate) fn library(&self) -> Option<&str> {
        let library =
            self.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))?;
        Some(&library.name)
    }
}

impl Dependency {
    fn builds(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
    }
}
