//! Adding a plugin to a project: its component goes into the project's folder, its digest into `weir.lock`.

use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use fs_err as fs;
use weir_host::Digest;
use weir_model::diagnostic::quote;
use weir_model::file::File;
use weir_model::lock::{Lock, LockFile, Wasi};
use weir_model::source::Source;
use weir_model::value::Name;

use super::name_of;
use crate::bundled::BUNDLED;
use crate::engine::EngineError;
use crate::plugins;
use crate::project::Project;
use crate::signature::signature_path;

/// The file of a project's pins.
const LOCK: &str = "weir.lock";
/// The folder of a project's plugins.
const FOLDER: &str = "plugins";
/// What a lock begins with that was made here.
const HEADER: &str =
    "# The plugins of this project, each pinned by its content: `weir plugin add` writes them here.\n";

/// A plugin that a project is to use.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// The name that policies and services will use.
    pub name: &'a str,
    /// The component.
    pub component: &'a [u8],
    /// What it gets if it imports WASI.
    pub wasi: Wasi,
    /// Its signature, which the project keeps beside it.
    pub signature: Option<&'a str>,
    /// Whether it may take the place of another plugin of that name.
    pub replace: bool,
}

/// What became of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The name in the project.
    pub name: Name,
    /// Where the component lies, relative to the project.
    pub path: String,
    /// What is pinned.
    pub digest: Digest,
    /// What was pinned before, when that was another one.
    pub replaced: Option<String>,
    /// Whether anything had to be written.
    pub changed: bool,
}

impl Project {
    /// Holds a component against what the project demands of signatures, before anything of it is run. `path` is where the
    /// component lies, for the message.
    ///
    /// # Errors
    /// When the project requires a signature, and this is none by a key that it trusts.
    pub fn check_signature(
        &self,
        name: &str,
        path: &Path,
        component: &[u8],
        signature: Option<&str>,
    ) -> Result<(), EngineError> {
        Ok(plugins::check_signature(self, name, path, component, signature)?)
    }

    /// Copies a component into the project, with its signature, and pins it in `weir.lock`, whose other lines stay as they
    /// are.
    ///
    /// # Errors
    /// When the project requires a signature that the component does not have, the name is taken and nothing is to be replaced (then nothing is written), or a file can't be written.
    pub fn add_plugin(&self, addition: &Addition<'_>) -> Result<Added, EngineError> {
        let name = name_of(addition.name)?;
        let digest = Digest::of(addition.component);
        let index = self.lock.iter().flat_map(|lock| &lock.plugins).position(|pinned| pinned.name == name);
        let pinned = index.and_then(|index| self.lock.as_ref()?.plugins.get(index));
        let usual = format!("{FOLDER}/{name}.wasm");
        let path = pinned.and_then(|pinned| pinned.path.as_ref());
        let path = path.map_or_else(|| usual.clone(), |path| path.as_str().to_owned());
        let file = self.root().join(&path);
        let pins_this = pinned.is_some_and(|pinned| {
            pinned.sha256 == digest.to_string() && pinned.wasi == addition.wasi && pinned.path.is_some()
        });
        self.check_signature(name.as_str(), Path::new(&path), addition.component, addition.signature)?;
        let is_there = fs::read(&file).is_ok_and(|bytes| bytes == addition.component);
        let signature = signature_path(&file);
        // What is added without a signature says nothing about one that is there already and of the same content.
        let keeps_signature = is_there && addition.signature.is_none();
        let is_signed =
            keeps_signature || fs::read_to_string(&signature).ok().as_deref() == addition.signature;
        if pins_this && is_there && is_signed {
            return Ok(Added { name, path, digest, replaced: None, changed: false });
        }
        // A file that was damaged or lost is put back.
        if !addition.replace && !pins_this {
            check_free(&name, pinned.is_some(), &file, addition.component)?;
        }
        let text = match (&self.lock, index) {
            (Some(lock), Some(index)) => repinned(lock, index, &path, &digest, addition.wasi),
            (Some(lock), None) => {
                lock.source().text().to_string() + &entry(&name, &path, &digest, addition.wasi)
            }
            (None, _) => HEADER.to_owned() + &entry(&name, &path, &digest, addition.wasi),
        };
        check_lock(&text, &name, &digest)?;
        let replaced = pinned.map(|pinned| pinned.sha256.clone()).filter(|old| *old != digest.to_string());
        // The old signature goes first: it is none of the new component.
        if !keeps_signature && signature.exists() {
            fs::remove_file(&signature).map_err(EngineError::File)?;
        }
        write(&file, addition.component)?;
        if let Some(text) = addition.signature {
            write(&signature, text.as_bytes())?;
        }
        write(&self.root().join(LOCK), text.as_bytes())?;
        Ok(Added { name, path, digest, replaced, changed: true })
    }
}

/// Refuses a name that means something else already.
fn check_free(name: &Name, is_pinned: bool, file: &Path, component: &[u8]) -> Result<(), EngineError> {
    let taken = |by: String, help: &str| Err(EngineError::question(by, Some(help.to_owned())));
    let name = quote(name.as_str());
    if is_pinned {
        let help = "use another one with `--name`, or pin this plugin in its place with `--replace`";
        return taken(format!("the project has a plugin {name} already, with other content"), help);
    }
    if BUNDLED.iter().any(|bundled| quote(bundled.name) == name) {
        let help =
            "use another one with `--name`, or have the project run this plugin instead with `--replace`";
        return taken(format!("{name} is the name of a plugin that comes with Weir"), help);
    }
    if file.exists() && fs::read(file).map_err(EngineError::File)? != component {
        let help = "move it away, use another name with `--name`, or overwrite it with `--replace`";
        return taken(format!("`{}` is there already, and no plugin of the lock", file.display()), help);
    }
    Ok(())
}

/// A table for the end of the lock.
fn entry(name: &Name, path: &str, digest: &Digest, wasi: Wasi) -> String {
    let wasi = if wasi == Wasi::Inert { "wasi = \"inert\"\n" } else { "" };
    format!("\n[[plugin]]\nname = \"{name}\"\npath = \"{path}\"\nsha256 = \"{digest}\"\n{wasi}")
}

/// The text of a lock with another plugin pinned in one of its tables. All else stays as it is, comments too.
fn repinned(lock: &LockFile, index: usize, path: &str, digest: &Digest, wasi: Wasi) -> String {
    let source = lock.source();
    let at = |key: &str| {
        let pointer = format!("/plugin/{index}/{key}");
        source.value().pointer(&pointer).map(|_| source.span(&pointer))
    };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    if let Some(sha256) = at("sha256") {
        // Keys that are not there yet get lines of their own below, so that a comment stays beside its value.
        let rest = source.text().get(sha256.end..).unwrap_or_default();
        let line_end = sha256.end + rest.find('\n').unwrap_or(rest.len());
        let mut below = |line: String| edits.push((line_end..line_end, format!("\n{line}")));
        if at("path").is_none() {
            below(format!("path = \"{path}\""));
        }
        match at("wasi") {
            Some(range) => {
                let word = if wasi == Wasi::Inert { "inert" } else { "refused" };
                edits.push((range, format!("\"{word}\"")));
            }
            None if wasi == Wasi::Inert => below("wasi = \"inert\"".to_owned()),
            None => {}
        }
        edits.push((sha256, format!("\"{digest}\"")));
    }
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = source.text().to_string();
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    text
}

/// Holds that the new text is a lock which pins the plugin. A lock may be written in ways that can't be added to, such as
/// with all plugins in one line.
fn check_lock(text: &str, name: &Name, digest: &Digest) -> Result<(), EngineError> {
    let lock: Option<File<Lock>> = Source::parse(LOCK, text).and_then(File::parse).ok();
    let digest = digest.to_string();
    let pins =
        |lock: &File<Lock>| lock.plugins.iter().any(|pinned| pinned.name == *name && pinned.sha256 == digest);
    if lock.is_some_and(|lock| pins(&lock)) {
        return Ok(());
    }
    Err(EngineError::question(
        format!("{LOCK} is written in a way that nothing can be added to"),
        Some("write each of its plugins as a `[[plugin]]` table of its own lines".to_owned()),
    ))
}

/// Writes a file so that it is there as a whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    written(path, bytes).map_err(EngineError::File)
}

fn written(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}
