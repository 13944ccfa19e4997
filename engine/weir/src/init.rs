//! A project to start from.

use std::path::{Path, PathBuf};

use fs_err as fs;

/// Where each file goes, and what it says. The texts lie in `starter/`, so that they can be read and tested as they are.
const FILES: [(&str, &str); 6] = [
    ("weir.toml", include_str!("../starter/weir.toml")),
    ("services/my-service.toml", include_str!("../starter/services/my-service.toml")),
    ("policies/error-budget.toml", include_str!("../starter/policies/error-budget.toml")),
    ("policies/burn-rate.toml", include_str!("../starter/policies/burn-rate.toml")),
    ("gates/deploy.toml", include_str!("../starter/gates/deploy.toml")),
    ("events/example.jsonl", include_str!("../starter/events/example.jsonl")),
];

/// Why a project could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The folder holds a file of that name already.
    #[error("`{}` is there already; nothing was written", .0.display())]
    Exists(PathBuf),
    /// A file can't be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Writes a project to start from and gives the paths of its files.
///
/// # Errors
/// When one of the files is there already (then nothing is written), or a file can't be written.
pub fn init(folder: &Path) -> Result<Vec<PathBuf>, InitError> {
    let paths: Vec<PathBuf> = FILES.iter().map(|(path, _)| folder.join(path)).collect();
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        return Err(InitError::Exists(taken.clone()));
    }
    for ((_, text), path) in FILES.iter().zip(&paths) {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(paths)
}
