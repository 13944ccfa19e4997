//! `plugins/plugins.lock`: which sources and which compiler the built plugins come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;
use serde::{Deserialize, Serialize};

const HEADER: &str = "# Made by `cargo xtask plugins`: which sources and which compiler the plugins in `built/` come from.\n\n";

/// The lock file.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Lock {
    /// The compiler that built all of them.
    pub(crate) compiler: String,
    /// The plugins by name.
    pub(crate) plugins: BTreeMap<String, Built>,
}

/// One built plugin.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Built {
    /// Digest of the component.
    pub(crate) digest: String,
    /// Size of the component in bytes.
    pub(crate) size: usize,
    /// Digest of the sources.
    pub(crate) sources: String,
}

impl Lock {
    /// Reads the file; an empty lock when there is none yet.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = path(root);
        if !path.exists() {
            return Ok(Self::default());
        }
        toml::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("can't read `{}`", path.display()))
    }

    /// Writes the file.
    pub(crate) fn write(&self, root: &Path) -> Result<()> {
        Ok(fs::write(path(root), HEADER.to_owned() + &toml::to_string(self)?)?)
    }
}

fn path(root: &Path) -> PathBuf {
    root.join("plugins/plugins.lock")
}
