//! Where a result goes: to standard output in one format, and to files in others.
//!
//! Everything that will be written to is opened before anything is asked: a pipeline learns of a wrong path before a
//! decision is made, and not after it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use weir::{Listing, Project};

use super::{Failure, json};
use crate::args::{FormatArguments, OutputFile, PipelineFormat};
use crate::exit::Exit;
use crate::{output, render};

/// A result, in the forms that formats are made from.
pub(super) struct Answer {
    /// The text for people, with colours.
    pub(super) human: String,
    /// The JSON document.
    pub(super) json: String,
    /// JUnit XML, where it is not that of the listing.
    pub(super) junit: Option<String>,
    /// The result item by item.
    pub(super) listing: Listing,
}

/// The places that a result goes to, all of them open.
pub(super) struct Outputs {
    format: PipelineFormat,
    files: Vec<(PipelineFormat, Draft)>,
    /// The files that GitHub Actions reads after a step.
    github: Option<StepFiles>,
}

struct StepFiles {
    summary: Option<(PathBuf, File)>,
    outputs: Option<(PathBuf, File)>,
}

impl Outputs {
    /// Opens what the arguments name.
    pub(super) fn open(arguments: &FormatArguments) -> Result<Outputs, Failure> {
        let mut files: Vec<(PipelineFormat, Draft)> = Vec::new();
        for OutputFile { format, path } in &arguments.outputs {
            let draft = Draft::open(path)?;
            if files.iter().any(|(_, other)| other.path == draft.path) {
                return Err(Failure::Usage(format!("`{}` is named by two of --output", path.display())));
            }
            files.push((*format, draft));
        }
        let mut formats = arguments.outputs.iter().map(|output| output.format).chain([arguments.format]);
        let github =
            formats.any(|format| format == PipelineFormat::Github).then(StepFiles::open).transpose()?;
        Ok(Outputs { format: arguments.format, files, github })
    }

    /// Writes the result everywhere.
    pub(super) fn write(self, answer: Answer, project: &Project, exit: Exit) -> Result<(), Failure> {
        let Answer { human, json, junit, listing } = answer;
        let listing = listing.beneath(&folder_of(project));
        let answer = Answer { human, json, junit, listing };
        output::result(&text(self.format, &answer, exit, Colours::Kept)?)?;
        for (format, draft) in self.files {
            draft.finish(&text(format, &answer, exit, Colours::Dropped)?)?;
        }
        if let Some(files) = self.github {
            files.write(&answer.listing, exit)?;
        }
        Ok(())
    }
}

/// Whether a text keeps its colours; standard output drops them itself where there is no terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    Kept,
    Dropped,
}

fn text(format: PipelineFormat, answer: &Answer, exit: Exit, colours: Colours) -> Result<String, Failure> {
    let plain = || anstream::adapter::strip_str(&answer.human).to_string();
    Ok(match format {
        PipelineFormat::Human if colours == Colours::Kept => answer.human.clone(),
        PipelineFormat::Human => plain(),
        PipelineFormat::Json => answer.json.clone(),
        PipelineFormat::Sarif => json(&render::sarif::log(&answer.listing, exit))?,
        PipelineFormat::Junit => {
            answer.junit.clone().unwrap_or_else(|| render::junit::listing(&answer.listing, exit))
        }
        PipelineFormat::Github => render::github::log(&answer.listing, &plain()),
        PipelineFormat::Gitlab => json(&render::gitlab::report(&answer.listing))?,
        PipelineFormat::Markdown => render::markdown::document(&answer.listing),
        PipelineFormat::Tap => render::tap::document(&answer.listing, exit),
    })
}

/// The project's folder as pipelines see it: relative to the checkout, else to the current folder, with `/`. Empty when the
/// project is neither within the one nor the other, and when it is the folder itself.
fn folder_of(project: &Project) -> String {
    let Ok(root) = project.root().canonicalize() else { return String::new() };
    let checkout = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(std::env::var_os);
    let bases = checkout.map(PathBuf::from).chain(std::env::current_dir()).filter(|base| base.is_absolute());
    for base in bases.filter_map(|base| base.canonicalize().ok()) {
        if let Ok(folder) = root.strip_prefix(&base) {
            let parts = folder.components().map(|part| part.as_os_str().to_string_lossy());
            return parts.collect::<Vec<_>>().join("/");
        }
    }
    String::new()
}

/// A file that is there in whole or not at all: it is written beside its place and put there at the end.
struct Draft {
    /// The file's place, links followed.
    path: PathBuf,
    /// The file that is written.
    file: File,
    /// Where it lies until it is finished; none for a pipe or a device, which is written as it is.
    beside: Option<PathBuf>,
}

impl Draft {
    fn open(path: &Path) -> Result<Draft, Failure> {
        let failed = |error: io::Error| {
            let help = match error.kind() {
                io::ErrorKind::NotFound => "\nhelp: make its folder first",
                _ => "",
            };
            Failure::Usage(format!("`{}` can't be written: {error}{help}", path.display()))
        };
        if path.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let path_before = path;
        let path = if path.exists() {
            // A file that must not be written must not be replaced either.
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            if !file.metadata().map_err(failed)?.is_file() {
                return Ok(Draft { path: path.to_owned(), file, beside: None });
            }
            path.canonicalize().map_err(failed)?
        } else {
            path_before.to_owned()
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}.draft", std::process::id()));
        let file = File::create(&beside).map_err(failed)?;
        Ok(Draft { path, file, beside: Some(beside) })
    }

    fn finish(mut self, text: &str) -> Result<(), Failure> {
        let failed =
            |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display()));
        self.file.write_all(text.as_bytes()).map_err(failed)?;
        if let Some(beside) = &self.beside {
            std::fs::rename(beside, &self.path).map_err(failed)?;
        }
        self.beside = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // There is no answer, so there is nothing to keep; whether that succeeds changes nothing for anybody.
        if let Some(beside) = &self.beside {
            let _ = std::fs::remove_file(beside);
        }
    }
}

impl StepFiles {
    /// Opens the files that the runner names. Outside of a runner there are none.
    fn open() -> Result<StepFiles, Failure> {
        let named = |variable: &str| {
            let path = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
            path.map(|path| match OpenOptions::new().append(true).create(true).open(&path) {
                Ok(file) => Ok((path, file)),
                Err(error) => Err(Failure::Usage(format!(
                    "`{}`, which {variable} names, can't be written: {error}",
                    path.display()
                ))),
            })
            .transpose()
        };
        Ok(StepFiles { summary: named("GITHUB_STEP_SUMMARY")?, outputs: named("GITHUB_OUTPUT")? })
    }

    fn write(self, listing: &Listing, exit: Exit) -> Result<(), Failure> {
        let append = |(path, mut file): (PathBuf, File), text: &str| {
            file.write_all(text.as_bytes())
                .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))
        };
        if let Some(summary) = self.summary {
            let used = summary.1.metadata()?.len();
            append(summary, &render::github::summary(listing, used))?;
        }
        if let Some(outputs) = self.outputs {
            append(outputs, &render::github::outputs(listing, exit))?;
        }
        Ok(())
    }
}
