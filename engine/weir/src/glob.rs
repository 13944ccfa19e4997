//! Paths of event files, written with `*`.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use globset::GlobBuilder;

/// The files below `root` that `pattern` names, in the order of their names. A part of the pattern between two slashes
/// may hold `*` and `?`, and a part that is `**` stands for any folders. A pattern without them names one file, which need
/// not exist.
///
/// # Errors
/// When a folder on the way can't be listed, or the pattern makes no sense.
pub(crate) fn files(root: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![root.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part == "**" {
            found = found
                .iter()
                .map(|folder| with_folders_below(folder))
                .collect::<io::Result<Vec<_>>>()?
                .concat();
            continue;
        }
        if !part.contains(['*', '?', '[', '{']) {
            let several = found.len() > 1;
            for path in &mut found {
                path.push(part);
            }
            // One path is a name, which is reported when it is not there; several come from a pattern.
            found.retain(|path| !several || path.exists());
            continue;
        }
        let matcher = GlobBuilder::new(part).build().map_err(io::Error::other)?.compile_matcher();
        let mut next = Vec::new();
        for folder in found.iter().filter(|folder| folder.is_dir()) {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if matcher.is_match(Path::new(&entry.file_name())) {
                    next.push(entry.path());
                }
            }
        }
        found = next;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// A folder and all folders below it. Symbolic links are not followed: they could lead in a circle.
fn with_folders_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(folder) = found.get(next).cloned() {
        if folder.is_dir() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    found.push(entry.path());
                }
            }
        }
        next += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_within_one_part() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a/x.log", "a/y.log.gz", "b/x.log"] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let check = |pattern: &str, expected: &[&str]| {
            let found = files(folder.path(), pattern).unwrap();
            let names: Vec<_> = found
                .iter()
                .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
                .collect();
            assert_eq!(names, expected, "{pattern}");
        };
        check("a/*.log*", &["a/x.log", "a/y.log.gz"]);
        check("*/x.log", &["a/x.log", "b/x.log"]);
        check("**/x.log", &["a/x.log", "b/x.log"]);
        check("a/**/*.gz", &["a/y.log.gz"]);
        check("c/*.log", &[]);
        check("c/none.log", &["c/none.log"]);
    }
}
