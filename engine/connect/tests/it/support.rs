//! Service files, and the tools of other systems.

use std::path::Path;
use std::process::Command;

use weir_connect::Imported;
use weir_model::{ServiceFile, Source};

/// A service file of this text.
pub(crate) fn service(text: &str) -> ServiceFile {
    let shown = |diagnostics: Vec<weir_model::Diagnostic>| {
        let shown: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        format!("{}\n{text}", shown.join("\n"))
    };
    let parsed = Source::parse("services/test.toml", text).and_then(ServiceFile::parse);
    parsed.unwrap_or_else(|wrong| panic!("{}", shown(wrong)))
}

/// Runs a tool of another system in a folder and gives what it says, unless it is not installed.
pub(crate) fn tool(name: &str, arguments: &[&str], folder: &Path) -> Option<(bool, String)> {
    let output = Command::new(name).args(arguments).current_dir(folder).output();
    let Ok(output) = output else {
        eprintln!("{name} is not installed: what is written was not put to it");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// What an import gives, as people see it: the files, and what was not carried over.
pub(crate) fn shown(imported: &Imported) -> String {
    let files = imported.services.iter().map(|service| {
        let text = service.to_toml();
        // What is written is a service file.
        let _ = self::service(&text);
        format!("# services/{}.toml\n{text}\n", service.name)
    });
    let said = imported.diagnostics.iter().map(|diagnostic| match &diagnostic.help {
        Some(help) => format!("{diagnostic}\n  help: {help}\n"),
        None => format!("{diagnostic}\n"),
    });
    files.chain(said).collect()
}
