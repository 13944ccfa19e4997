//! A project to start from.

use std::path::{Path, PathBuf};

use fs_err as fs;
use jiff::{SignedDuration, Timestamp};

/// Where each file goes, and what it says. The texts lie in `starter/`, so that they can be read and tested as they are.
const FILES: [(&str, &str); 6] = [
    ("weir.toml", include_str!("../starter/weir.toml")),
    ("services/my-service.toml", include_str!("../starter/services/my-service.toml")),
    ("policies/error-budget.toml", include_str!("../starter/policies/error-budget.toml")),
    ("policies/burn-rate.toml", include_str!("../starter/policies/burn-rate.toml")),
    ("gates/deploy.toml", include_str!("../starter/gates/deploy.toml")),
    ("cases/deploy.toml", include_str!("../starter/cases/deploy.toml")),
];

/// Where the example events go.
const EVENTS: &str = "events/example.jsonl";

/// How many example events there are, one a minute.
const MINUTES: i64 = 60;

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

/// Writes a project to start from and gives the paths of its files. Its example events are of the hour before `now`, so
/// that the first question has an answer.
///
/// # Errors
/// When one of the files is there already (then nothing is written), or a file can't be written.
pub fn init(folder: &Path, now: Timestamp) -> Result<Vec<PathBuf>, InitError> {
    let events = example_events(now);
    let files = || FILES.into_iter().chain([(EVENTS, events.as_str())]);
    let paths: Vec<PathBuf> = files().map(|(path, _)| folder.join(path)).collect();
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        return Err(InitError::Exists(taken.clone()));
    }
    for ((_, text), path) in files().zip(&paths) {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(paths)
}

/// Requests that went well, one a minute of the last hour, as CloudEvents.
fn example_events(now: Timestamp) -> String {
    let event = |number: i64| {
        let time = now.saturating_sub(SignedDuration::from_mins(MINUTES + 1 - number)).unwrap_or(now);
        format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"/edge/eu-1","type":"weir.http.request","subject":"my-service","time":"{time:.0}","data":{{"status":200,"duration":0.012,"path":"/"}}}}"#
        )
    };
    (1..=MINUTES).map(|number| event(number) + "\n").collect()
}
