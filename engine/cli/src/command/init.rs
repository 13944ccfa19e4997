//! `weir init`: a project to start from.

use std::path::Path;

use super::Failure;
use crate::exit::Exit;
use crate::output;

pub(super) fn run(folder: &Path) -> Result<Exit, Failure> {
    let written = weir::init(folder)?;
    let list: String = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    output::result(&list)?;
    output::message("next: put your events where weir.toml says, and run `weir gate my-service`\n")?;
    Ok(Exit::Go)
}
