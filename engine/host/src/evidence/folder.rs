//! Documents of a project, read through handles of the granted folders: the operating system has no way out of them.

use std::io::{self, Read};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::{Refusal, is_within, refusal, refuse};

/// How large a document may be, in bytes.
const DOCUMENT_BYTES: u64 = 1 << 20;
/// How many documents a listing may have.
const LISTED: usize = 10_000;
/// How many folders deep a listing goes.
const DEPTH: usize = 32;

/// The granted folders of a project.
#[derive(Debug)]
pub(super) struct Folder {
    grants: Vec<Grant>,
}

/// One granted folder.
#[derive(Debug)]
struct Grant {
    /// Its path in the project; empty for the project itself.
    path: String,
    opened: Result<Dir, Refusal>,
}

impl Folder {
    pub(super) fn open(root: &Path, grants: &[String]) -> Folder {
        let root = Dir::open_ambient_dir(root, ambient_authority());
        let open = |grant: &String| {
            let path = grant.strip_suffix('/').unwrap_or(grant);
            let path = if path == "." { "" } else { path };
            Grant { path: path.to_owned(), opened: open(&root, path) }
        };
        Folder { grants: grants.iter().map(open).collect() }
    }

    /// The text of a document.
    pub(super) fn read(&self, path: &str) -> Result<String, Refusal> {
        let (grant, rest) = self.nearest(path).ok_or_else(|| not_granted(path))?;
        if is_hidden(rest) {
            return Err(not_granted(path));
        }
        let folder = grant.opened.as_ref().map_err(Refusal::clone)?;
        read(folder, rest, path)
    }

    /// The paths of the documents below a folder of the project, in byte order.
    pub(super) fn documents(&self, path: &str) -> Result<Vec<String>, Refusal> {
        let mut listing = Listing::default();
        if let Some((grant, rest)) = self.nearest(path) {
            if is_hidden(rest) {
                return Err(not_granted(path));
            }
            let folder = grant.opened.as_ref().map_err(Refusal::clone)?;
            if rest.is_empty() {
                listing.add(folder, path, 0)?;
            } else {
                let below = folder.open_dir(rest).map_err(|error| failed(path, &error))?;
                listing.add(&below, path, 0)?;
            }
        } else {
            // A folder that holds granted ones shows those.
            let within: Vec<&Grant> =
                self.grants.iter().filter(|grant| below(&grant.path, path).is_some()).collect();
            if within.is_empty() {
                return Err(not_granted(path));
            }
            for grant in within {
                match &grant.opened {
                    Ok(folder) => listing.add(folder, &grant.path, 0)?,
                    Err(refused) if refused.code == refusal::MISSING => {}
                    Err(refused) => return Err(refused.clone()),
                }
            }
        }
        listing.paths.sort_unstable();
        listing.paths.dedup();
        Ok(listing.paths)
    }

    /// The innermost grant that a path lies in, and the path from there.
    fn nearest<'p>(&self, path: &'p str) -> Option<(&Grant, &'p str)> {
        let holding = self.grants.iter().filter_map(|grant| Some((grant, below(path, &grant.path)?)));
        holding.max_by_key(|(grant, _)| grant.path.len())
    }
}

fn open(root: &io::Result<Dir>, path: &str) -> Result<Dir, Refusal> {
    let root = root.as_ref().map_err(|error| failed(path, error))?;
    if path.is_empty() {
        return root.try_clone().map_err(|error| failed(path, &error));
    }
    if !is_within(path) {
        return Err(refuse(refusal::FORBIDDEN, path, "is granted, and is not a path within the project"));
    }
    root.open_dir(path).map_err(|error| failed(path, &error))
}

fn read(folder: &Dir, rest: &str, path: &str) -> Result<String, Refusal> {
    let too_large = || refuse(refusal::TOO_LARGE, path, "has more than 1 MiB");
    // Looked at before it is opened: to open a pipe is to wait for whoever writes to it.
    let metadata = folder.metadata(rest).map_err(|error| failed(path, &error))?;
    if !metadata.is_file() {
        return Err(refuse(refusal::NOT_A_FILE, path, "is not a plain file"));
    }
    if metadata.len() > DOCUMENT_BYTES {
        return Err(too_large());
    }
    let file = folder.open(rest).map_err(|error| failed(path, &error))?;
    let mut bytes = Vec::new();
    file.take(DOCUMENT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > DOCUMENT_BYTES) {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|_| refuse(refusal::NOT_TEXT, path, "is not UTF-8 text"))
}

/// Paths of documents, as they are found.
#[derive(Default)]
struct Listing {
    paths: Vec<String>,
}

impl Listing {
    /// Adds the documents below a folder. Links to folders are not followed; names that are not UTF-8 can't be asked for
    /// and are left out.
    fn add(&mut self, folder: &Dir, path: &str, depth: usize) -> Result<(), Refusal> {
        if depth > DEPTH {
            return Err(refuse(refusal::TOO_LARGE, path, "lies more than 32 folders deep"));
        }
        for entry in folder.entries().map_err(|error| failed(path, &error))? {
            let entry = entry.map_err(|error| failed(path, &error))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let full = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if is_hidden(&name) || !is_within(&full) {
                continue;
            }
            let kind = entry.file_type().map_err(|error| failed(&full, &error))?;
            if kind.is_dir() {
                let below = entry.open_dir().map_err(|error| failed(&full, &error))?;
                self.add(&below, &full, depth + 1)?;
            } else if kind.is_file() || folder.metadata(&name).is_ok_and(|linked| linked.is_file()) {
                if self.paths.len() >= LISTED {
                    return Err(refuse(refusal::TOO_LARGE, path, "holds more than 10,000 documents"));
                }
                self.paths.push(full);
            }
        }
        Ok(())
    }
}

/// The rest of a path below a folder; empty for the folder itself.
fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

fn not_granted(path: &str) -> Refusal {
    refuse(refusal::FORBIDDEN, path, "is not granted by the policy")
}

/// What an error of the operating system means. Its own words differ between systems and stay out.
fn failed(path: &str, error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            refuse(refusal::MISSING, path, "does not exist")
        }
        // The handle's own refusal carries no error of the system.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            refuse(refusal::FORBIDDEN, path, "leads out of the granted folder")
        }
        _ => refuse(refusal::FAILED, path, "can't be read"),
    }
}
