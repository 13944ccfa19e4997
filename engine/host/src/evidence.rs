//! The documents that a policy grants to a plugin, and what the plugin was given of them.

mod folder;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use self::folder::Folder;
pub(crate) use crate::bindings::check::weir::policy::evidence::Refusal;
use crate::text::line;

/// How many bytes the documents of one evidence may have, all together.
const TOTAL_BYTES: usize = 64 << 20;
/// How long a path may be.
const PATH_BYTES: usize = 1024;

/// The codes of the contract's refusals.
pub(crate) mod refusal {
    pub(crate) const MISSING: u32 = 1;
    pub(crate) const FORBIDDEN: u32 = 2;
    pub(crate) const TOO_LARGE: u32 = 3;
    pub(crate) const NOT_TEXT: u32 = 4;
    pub(crate) const NOT_A_FILE: u32 = 5;
    pub(crate) const FAILED: u32 = 6;
}

/// The documents that a check may read.
///
/// Clones share everything and cost next to nothing; threads may share them. Each answer is kept: who asks again is
/// given the same, whatever has happened to the file since, and [`transcript`](Evidence::transcript) holds what a
/// decision rested on. So make an evidence for one decision of one policy.
///
/// No path leaves a granted folder, be it by `..`, an absolute path or a symbolic link. A name that begins with a dot is
/// neither listed nor read unless a grant names it. A document is a plain file of UTF-8 text of at most 1 MiB.
#[derive(Debug, Clone)]
pub struct Evidence(Arc<Inner>);

/// Another form in which documents are shown to plugins that could not read the one they are in. A plugin asks for it with
/// the path of the document, `#` and the name of the view: `alerts/shop.yml#rules`.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// Makes the other form of a document from its path, which is only shown, and its text. What is wrong with the document
    /// is a part of it: the same text gives the same form.
    pub show: fn(path: &str, text: &str) -> String,
}

#[derive(Debug)]
struct Inner {
    source: Source,
    views: Vec<View>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
enum Source {
    None,
    Folder(Folder),
    Recorded(BTreeMap<String, Given>),
}

#[derive(Debug, Default)]
struct Seen {
    given: BTreeMap<String, Given>,
    bytes: usize,
}

/// What a plugin was given when it asked for a document or for the documents of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    /// The document's text.
    Text(String),
    /// The paths of the folder's documents.
    Paths(Vec<String>),
    /// A refusal.
    Refused {
        /// The contract's code.
        code: u32,
        /// What happened.
        text: String,
    },
}

impl Evidence {
    /// No documents at all.
    pub fn none() -> Evidence {
        Evidence::from(Source::None)
    }

    /// The documents below the granted folders of a project. `grants` are relative to `root`, with `/` between their
    /// parts; `.` grants the whole project.
    ///
    /// Nothing fails here: a folder that is missing or can't be opened is what the plugin will be told.
    pub fn folder(root: &Path, grants: &[String]) -> Evidence {
        Evidence::folder_with(root, grants, &[])
    }

    /// The same with other forms of the documents beside them.
    pub fn folder_with(root: &Path, grants: &[String], views: &[View]) -> Evidence {
        if grants.is_empty() {
            return Evidence::none();
        }
        let source = Source::Folder(Folder::open(root, grants));
        Evidence(Arc::new(Inner { source, views: views.to_vec(), seen: Mutex::default() }))
    }

    /// What a plugin was given before: the same answers to the same questions, and a refusal for every other one.
    pub fn recorded(transcript: BTreeMap<String, Given>) -> Evidence {
        Evidence::from(Source::Recorded(transcript))
    }

    /// What has been asked and given so far, by path. The path of a folder ends with `/`.
    pub fn transcript(&self) -> BTreeMap<String, Given> {
        self.seen().given.clone()
    }

    pub(crate) fn read(&self, path: &str) -> Result<String, Refusal> {
        if !is_within(path) {
            return Err(outside(path));
        }
        let given = self.given(path, |folder| match self.view(path) {
            Some((document, view)) => {
                folder.read(document).map(|text| Given::Text((view.show)(document, &text)))
            }
            None => folder.read(path).map(Given::Text),
        });
        match given {
            Given::Text(text) => Ok(text),
            Given::Refused { code, text } => Err(Refusal { code, text }),
            Given::Paths(_) => Err(refuse(refusal::NOT_A_FILE, path, "is a folder")),
        }
    }

    pub(crate) fn documents(&self, folder: &str) -> Result<Vec<String>, Refusal> {
        let path = folder.strip_suffix('/').unwrap_or(folder);
        let path = if path == "." { "" } else { path };
        if !path.is_empty() && !is_within(path) {
            return Err(outside(folder));
        }
        let given = self.given(&format!("{path}/"), |folder| folder.documents(path).map(Given::Paths));
        match given {
            Given::Paths(paths) => Ok(paths),
            Given::Refused { code, text } => Err(Refusal { code, text }),
            Given::Text(_) => Err(refuse(refusal::NOT_A_FILE, path, "is not a folder")),
        }
    }

    /// The document and its view that a path asks for.
    fn view<'p>(&self, path: &'p str) -> Option<(&'p str, &View)> {
        let (document, name) = path.rsplit_once('#')?;
        Some((document, self.0.views.iter().find(|view| view.name == name)?))
    }

    /// What was given before under this key, or what the source gives now.
    fn given(&self, key: &str, look: impl FnOnce(&Folder) -> Result<Given, Refusal>) -> Given {
        let mut seen = self.seen();
        if let Some(given) = seen.given.get(key) {
            return given.clone();
        }
        let looked = match &self.0.source {
            Source::None => Err(refuse(refusal::FORBIDDEN, key, "is not granted by the policy")),
            Source::Folder(folder) => look(folder),
            Source::Recorded(recorded) => match recorded.get(key) {
                Some(given) => Ok(given.clone()),
                None => Err(refuse(refusal::MISSING, key, "is not in the record")),
            },
        };
        let given = looked.and_then(|given| seen.count(key, given));
        let given = given.unwrap_or_else(|Refusal { code, text }| Given::Refused { code, text });
        seen.given.insert(key.to_owned(), given.clone());
        given
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // A thread that panicked here has left whole answers behind.
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Source> for Evidence {
    fn from(source: Source) -> Evidence {
        Evidence(Arc::new(Inner { source, views: Vec::new(), seen: Mutex::default() }))
    }
}

impl Seen {
    /// Counts what is given against the total.
    fn count(&mut self, key: &str, given: Given) -> Result<Given, Refusal> {
        let size = match &given {
            Given::Text(text) => text.len(),
            Given::Paths(paths) => paths.iter().map(String::len).sum(),
            Given::Refused { text, .. } => text.len(),
        };
        let bytes = self.bytes.saturating_add(size);
        if bytes > TOTAL_BYTES {
            return Err(refuse(refusal::TOO_LARGE, key, "would make the evidence larger than 64 MiB"));
        }
        self.bytes = bytes;
        Ok(given)
    }
}

/// A refusal that names the path.
fn refuse(code: u32, path: &str, what: &str) -> Refusal {
    Refusal { code, text: format!("`{}` {what}", line(path)) }
}

fn outside(path: &str) -> Refusal {
    refuse(refusal::FORBIDDEN, path, "is not a path within the project")
}

/// Whether a path is relative and stays where it is, as far as its text can tell.
fn is_within(path: &str) -> bool {
    let part_is_name = |part: &str| !matches!(part, "" | "." | "..");
    path.len() <= PATH_BYTES
        && !path.contains(|character: char| character.is_control() || character == '\\')
        && path.split('/').all(part_is_name)
}
