//! `weir init`: a project to start from.

use std::path::Path;

use super::{Failure, now};
use crate::exit::Exit;
use crate::output;

pub(super) fn run(folder: &Path) -> Result<Exit, Failure> {
    let written = weir::init(folder, now())?;
    let list: String = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    output::result(&list)?;
    output::message(
        "next: run `weir gate my-service` in that folder; then put events of your own where weir.toml says\n",
    )?;
    Ok(Exit::Go)
}
