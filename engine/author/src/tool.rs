//! Programs that are run: compilers and what they need.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::AuthorError;

/// Runs a program to its end. What it says goes to standard error, where it does not mix with results.
pub(crate) fn run(command: &mut Command) -> Result<(), AuthorError> {
    let program = program(command);
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    let status = command.status().map_err(|source| AuthorError::Run { program: program.clone(), source })?;
    if status.success() { Ok(()) } else { Err(AuthorError::Refused { program }) }
}

/// What a program writes to standard output, without the line end.
pub(crate) fn answer(command: &mut Command) -> Result<String, AuthorError> {
    let program = program(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| AuthorError::Run { program: program.clone(), source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(AuthorError::Component(format!("`{program}` failed: {}", said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program lies: beside the project, as the package managers of languages put it, else on the search path.
pub(crate) fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&path));
    all.map(|folder| folder.join(name)).find(|program| is_program(program))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
