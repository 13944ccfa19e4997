//! A plugin's folder: what its `plugin.toml` says.

use std::path::{Path, PathBuf};

use fs_err as fs;
use weir_model::file::File;
use weir_model::plugin::{Plugin, PluginFile};
use weir_model::source::Source;

use crate::error::AuthorError;

/// The file that makes a folder a plugin's.
pub(crate) const FILE: &str = "plugin.toml";
/// Where components go.
const BUILT: &str = "built";

/// The folder of a plugin that is being written.
#[derive(Debug)]
pub struct PluginProject {
    folder: PathBuf,
    file: PluginFile,
}

impl PluginProject {
    /// Reads the `plugin.toml` of a folder.
    ///
    /// # Errors
    /// When there is none, or it is wrong.
    pub fn load(folder: &Path) -> Result<PluginProject, AuthorError> {
        let path = folder.join(FILE);
        if !path.is_file() {
            return Err(AuthorError::NoProject(folder.to_owned()));
        }
        let text = fs::read_to_string(&path)?;
        let file = Source::parse(FILE, &text).and_then(File::parse).map_err(AuthorError::Wrong)?;
        // Compilers run in the folder, so that what is given to them has to hold from there.
        Ok(PluginProject { folder: fs::canonicalize(folder)?, file })
    }

    /// What its file says.
    pub fn plugin(&self) -> &Plugin {
        &self.file
    }

    /// The folder, as an absolute path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its component is put.
    pub fn built(&self) -> PathBuf {
        self.folder.join(BUILT).join(format!("{}.wasm", self.file.about.name))
    }

    /// Puts its component there.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, component: &[u8]) -> Result<PathBuf, AuthorError> {
        let path = self.built();
        fs::create_dir_all(self.folder.join(BUILT))?;
        fs::write(&path, component)?;
        Ok(path)
    }
}
