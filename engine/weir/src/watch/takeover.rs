//! A project that changes while it is watched: plugins with other pins, other policies, other objectives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;

use super::{Watch, saved};
use crate::engine::{Engine, EngineError};
use crate::project::Project;
use crate::signature::signature_path;

/// The folders of a project whose files say how it judges.
const FOLDERS: [&str; 5] = ["services", "policies", "gates", "waivers", "overrides"];

impl Engine {
    /// Goes on with another state of the project: its policies, objectives and plugins judge from the next minute on. What
    /// was read, counted and told stays. `watch` is of no more use then.
    ///
    /// # Errors
    /// When the other state is wrong, a plugin of it is not the one that is pinned or not signed as the project requires, or
    /// something is measured otherwise than before: counts of two calculators are no count of either. Then `watch` goes on
    /// as it was.
    pub fn take_over<'n>(
        &self,
        project: &'n Project,
        watch: &mut Watch<'_>,
    ) -> Result<Watch<'n>, EngineError> {
        let mut next = self.new_watch(project, &watch.request)?;
        saved::hand_over(watch, &mut next).map_err(|reason| {
            let help = "to count anew, end the watch and start it again, without its snapshot if it has one";
            EngineError::question(format!("other things are to be measured: {reason}"), Some(help.to_owned()))
        })?;
        Ok(next)
    }
}

/// The files of a project as they stand: two that are equal say the same, as far as names, sizes and times tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFiles(BTreeMap<PathBuf, Standing>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    length: u64,
    changed: Option<SystemTime>,
    /// A file that took the place of another one has another number.
    number: u64,
    /// Whether it is a plugin or its signature: which of those there are depends on the state of the project.
    of_plugin: bool,
}

impl Project {
    /// How the project's files stand: those that it is read from, its plugins and their signatures. Events and documents are
    /// none of them.
    pub fn files(&self) -> ProjectFiles {
        let mut paths = vec![self.root().join("weir.toml"), self.root().join("weir.lock")];
        for folder in FOLDERS {
            // What can't be listed is looked at again, and said when it is read.
            let entries = fs::read_dir(self.root().join(folder)).into_iter().flatten().flatten();
            let files = entries.map(|entry| entry.path());
            paths.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")));
        }
        let mut plugins = Vec::new();
        for plugin in self.lock.iter().flat_map(|lock| &lock.plugins) {
            let component = plugin.path.as_ref().map(|path| self.root().join(path.as_str()));
            plugins.extend(component.iter().map(|path| signature_path(path)));
            plugins.extend(component);
        }
        let paths = paths.into_iter().map(|path| (path, false));
        let plugins = plugins.into_iter().map(|path| (path, true));
        let standing =
            |(path, of_plugin): (PathBuf, bool)| Some((path.clone(), Standing::of(&path, of_plugin)?));
        ProjectFiles(paths.chain(plugins).filter_map(standing).collect())
    }
}

impl ProjectFiles {
    /// Whether both are of files that stand alike. Plugins that only one of them has make no difference.
    pub fn agrees_with(&self, other: &ProjectFiles) -> bool {
        let alike = |path: &PathBuf, standing: &Standing| match other.0.get(path) {
            Some(known) => known == standing,
            None => standing.of_plugin,
        };
        let is_there = |path: &PathBuf, known: &Standing| known.of_plugin || self.0.contains_key(path);
        self.0.iter().all(|(path, standing)| alike(path, standing))
            && other.0.iter().all(|(path, known)| is_there(path, known))
    }
}

impl Standing {
    fn of(path: &Path, of_plugin: bool) -> Option<Standing> {
        let about = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(&about);
        #[cfg(not(unix))]
        let number = 0;
        Some(Standing { length: about.len(), changed: about.modified().ok(), number, of_plugin })
    }
}
