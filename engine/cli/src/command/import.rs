//! `weir import`: SLOs of another system as service files.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use weir_connect::{Imported, ServiceDraft};
use weir_model::Severity;
use weir_model::diagnostic::quote;

use super::{Failure, read_text};
use crate::args::{ImportArguments, ImportPyrraArguments, ImportSloGeneratorArguments, ImportSlothArguments};
use crate::exit::Exit;
use crate::output;
use crate::render::diagnostics::lines;

pub(super) fn openslo(arguments: &ImportArguments) -> Result<Exit, Failure> {
    import(arguments, "OpenSLO", weir_connect::openslo::read)
}

pub(super) fn sloth(arguments: &ImportSlothArguments) -> Result<Exit, Failure> {
    import(&arguments.what, "Sloth", |files| weir_connect::sloth::read(files, arguments.window))
}

pub(super) fn pyrra(arguments: &ImportPyrraArguments) -> Result<Exit, Failure> {
    import(&arguments.what, "Pyrra", |files| weir_connect::pyrra::read(files, arguments.service.as_ref()))
}

pub(super) fn slo_generator(arguments: &ImportSloGeneratorArguments) -> Result<Exit, Failure> {
    import(&arguments.what, "slo-generator", |files| {
        weir_connect::slo_generator::read(files, arguments.window)
    })
}

/// Reads the files and writes what becomes of them. What could not be carried over is listed; an SLO that is missing makes
/// the input wrong, and what could be read is written all the same.
fn import(
    arguments: &ImportArguments,
    system: &str,
    read: impl Fn(&[(&str, &str)]) -> Imported,
) -> Result<Exit, Failure> {
    let texts = arguments.files.iter().map(|path| Ok((path.display().to_string(), read_text(path)?)));
    let texts: Vec<(String, String)> = texts.collect::<Result<_, Failure>>()?;
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut imported = read(&files);
    let is_missing = imported.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if imported.services.is_empty() && !is_missing {
        output::message(&lines(&imported.diagnostics))?;
        let files: Vec<String> = files.iter().map(|(path, _)| quote(path)).collect();
        let message = format!("there is no SLO of {system} in {}", files.join(", "));
        return Err(Failure::Usage(message));
    }
    let uncounted = arguments.source.as_ref().map(|source| imported.count_by(source)).unwrap_or_default();
    match &arguments.out {
        Some(folder) => write(folder, &imported.services)?,
        None => {
            let files = imported.services.iter();
            let files =
                files.map(|service| format!("# services/{}.toml\n{}\n", service.name, service.to_toml()));
            output::result(&files.collect::<String>())?;
        }
    }
    output::message(&lines(&imported.diagnostics))?;
    for left in &uncounted {
        output::message(&format!("left out: {left}\n"))?;
    }
    Ok(if is_missing { Exit::Input } else { Exit::Go })
}

/// Writes service files into a folder, none over another one.
fn write(folder: &Path, services: &[ServiceDraft]) -> Result<(), Failure> {
    let paths: Vec<_> =
        services.iter().map(|service| folder.join(format!("{}.toml", service.name))).collect();
    if let Some(path) = paths.iter().find(|path| path.exists()) {
        return Err(Failure::Usage(format!("`{}` is there already; nothing was written", path.display())));
    }
    fs::create_dir_all(folder)?;
    for (path, service) in paths.iter().zip(services) {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(service.to_toml().as_bytes())?;
        output::result(&format!("wrote {}\n", path.display()))?;
    }
    Ok(())
}
