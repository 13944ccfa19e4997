//! `weir plugin new`: a plugin to start from.

use weir_author::{NewPlugin, create};
use weir_model::value::Name;

use super::super::Failure;
use crate::args::PluginNewArguments;
use crate::exit::Exit;
use crate::output;

pub(super) fn run(arguments: &PluginNewArguments) -> Result<Exit, Failure> {
    let name = Name::parse(&arguments.name)
        .map_err(|error| Failure::Usage(format!("{}\nhelp: {}", error.message, error.help)))?;
    let folder = arguments.folder.clone().unwrap_or_else(|| name.as_str().into());
    let written = create(&NewPlugin {
        folder: &folder,
        name: &name,
        kind: arguments.kind,
        language: arguments.lang,
        sdk: arguments.sdk.as_deref(),
    })?;
    let list: String = written.iter().map(|path| format!("wrote {}\n", path.display())).collect();
    output::result(&list)?;
    output::message(&format!("next: README.md in `{}` has the commands\n", folder.display()))?;
    Ok(Exit::Go)
}
