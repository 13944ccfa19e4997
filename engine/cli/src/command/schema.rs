//! `weir schema`: the JSON Schemas of all kinds of files.

use weir_model::diagnostic::nearest_word;
use weir_model::schema::{FileKind, schema};

use super::{Failure, json};
use crate::exit::Exit;
use crate::output;

pub(super) fn run(name: Option<&str>) -> Result<Exit, Failure> {
    let Some(name) = name else {
        let names: Vec<String> = FileKind::ALL.iter().map(|kind| format!("{kind}\n")).collect();
        output::result(&names.concat())?;
        return Ok(Exit::Go);
    };
    let kind: FileKind = name.parse().map_err(|error| {
        let help = nearest_word(name, FileKind::ALL.iter().map(|kind| kind.as_str()));
        Failure::Usage(format!("{error}\nhelp: {}", help.unwrap_or_default()))
    })?;
    output::result(&json(&schema(kind))?)?;
    Ok(Exit::Go)
}
