//! Snapshots: one file that is written as a whole or not at all, and the one before it.

use std::fs::TryLockError;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A watch at rest.
    Watch,
    /// What was counted for a back-test.
    Counts,
}

impl Kind {
    /// What every snapshot of the kind begins with.
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Kind::Watch => b"WEIRSNAP",
            Kind::Counts => b"WEIRCNTS",
        }
    }
}

/// The version of what is in a snapshot.
const VERSION: u32 = 2;

/// Why there is nothing to go on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It can't be read or written.
    #[error("the snapshot can't be read or written: {0}")]
    Io(#[from] io::Error),
    /// It is something else, or broken; and so is the one before it, or there is none.
    #[error(
        "`{file}` is no snapshot to go on from: {reason}; there is none before it to use instead. Move it away to begin anew"
    )]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process goes on from it, and writes it.
    #[error(
        "another `weir watch` uses the snapshot `{file}`: end that one, or name another snapshot and output"
    )]
    InUse {
        /// The file.
        file: String,
    },
    /// It was taken of something else.
    #[error("the snapshot `{file}` was taken of other SLOs: {reason}. Move it away to begin anew")]
    Foreign {
        /// The file.
        file: String,
        /// What differs.
        reason: String,
    },
}

/// A snapshot that was read back.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file that it came from.
    pub(crate) file: PathBuf,
    pub(crate) content: Vec<u8>,
    /// Why it is not the newest one.
    pub(crate) note: Option<String>,
}

/// The name under which the snapshot before the newest one is kept.
fn before(path: &Path) -> PathBuf {
    with_ending(path, ".before")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Keeps a snapshot to this process for as long as the file that is handed back stays open.
///
/// # Errors
/// When another process has it, or files can't be written.
pub(crate) fn lock(path: &Path) -> Result<fs::File, SnapshotError> {
    make_folder(path)?;
    let lock = fs::File::create(with_ending(path, ".lock"))?;
    match lock.file().try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SnapshotError::InUse { file: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    }
}

/// Writes a snapshot in place of the one that is there, which is kept as the one before. Whenever the machine stops, there is
/// a whole one under one of the two names.
///
/// # Errors
/// When files can't be written.
pub(crate) fn write(path: &Path, kind: Kind, content: &[u8]) -> Result<(), SnapshotError> {
    make_folder(path)?;
    let fresh = with_ending(path, ".new");
    let mut file = fs::File::create(&fresh)?;
    file.write_all(kind.magic())?;
    file.write_all(&VERSION.to_le_bytes())?;
    file.write_all(&(content.len() as u64).to_le_bytes())?;
    file.write_all(&Sha256::digest(content))?;
    file.write_all(content)?;
    file.sync_all()?;
    match fs::rename(path, before(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(fs::rename(&fresh, path)?)
}

/// Reads the newest snapshot that is whole; none when there has never been one.
///
/// # Errors
/// When there is one, and neither it nor the one before it can be used.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Option<Found>, SnapshotError> {
    let reason = match read_one(path, kind)? {
        One::Whole(content) => return Ok(Some(Found { file: path.to_owned(), content, note: None })),
        One::Missing => None,
        One::Broken(reason) => Some(reason),
    };
    let earlier = before(path);
    match (read_one(&earlier, kind)?, reason) {
        (One::Whole(content), reason) => {
            let reason = reason.unwrap_or_else(|| "it is not there".to_owned());
            let note = format!(
                "the snapshot `{}` can't be used: {reason}; going on from the one before, `{}`",
                path.display(),
                earlier.display()
            );
            Ok(Some(Found { file: earlier, content, note: Some(note) }))
        }
        (One::Missing, None) => Ok(None),
        (One::Missing | One::Broken(_), Some(reason)) => {
            Err(SnapshotError::Unusable { file: path.display().to_string(), reason })
        }
        (One::Broken(reason), None) => {
            Err(SnapshotError::Unusable { file: earlier.display().to_string(), reason })
        }
    }
}

enum One {
    Whole(Vec<u8>),
    Missing,
    Broken(String),
}

fn read_one(path: &Path, kind: Kind) -> io::Result<One> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(One::Missing),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(checked(&bytes, kind).map_or_else(One::Broken, One::Whole))
}

/// The content of a snapshot's bytes, or what is wrong with them.
fn checked(bytes: &[u8], kind: Kind) -> Result<Vec<u8>, String> {
    let magic = kind.magic();
    let Some(rest) = bytes.strip_prefix(magic) else {
        return Err(if magic.starts_with(bytes) {
            "it is empty".to_owned()
        } else {
            "it is another kind of file".to_owned()
        });
    };
    let torn = || "it ends too early".to_owned();
    let (version, rest) = rest.split_first_chunk().ok_or_else(torn)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(format!("it has version {version}, and this Weir reads version {VERSION}"));
    }
    let (length, rest) = rest.split_first_chunk().ok_or_else(torn)?;
    let (digest, content) = rest.split_first_chunk::<32>().ok_or_else(torn)?;
    let length = u64::from_le_bytes(*length);
    if (content.len() as u64) < length {
        return Err(torn());
    }
    if content.len() as u64 != length || Sha256::digest(content).as_slice() != digest {
        return Err("its content is not what was written".to_owned());
    }
    Ok(content.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(path: &Path) -> Result<Option<(Vec<u8>, bool)>, String> {
        match read(path, Kind::Watch) {
            Ok(found) => Ok(found.map(|found| (found.content, found.note.is_some()))),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_newest_whole_snapshot_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/watch.snapshot");
        assert_eq!(read_back(&path), Ok(None));
        write(&path, Kind::Watch, b"one").unwrap();
        assert_eq!(read_back(&path), Ok(Some((b"one".to_vec(), false))));
        write(&path, Kind::Watch, b"two").unwrap();
        assert_eq!(read_back(&path), Ok(Some((b"two".to_vec(), false))));
        // Between the two renames of the next one.
        fs::rename(&path, before(&path)).unwrap();
        assert_eq!(read_back(&path), Ok(Some((b"two".to_vec(), true))));
    }

    #[test]
    fn a_torn_or_changed_snapshot_gives_way_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.snapshot");
        write(&path, Kind::Watch, b"one").unwrap();
        write(&path, Kind::Watch, b"two").unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, whole.get(..length).unwrap()).unwrap();
            assert_eq!(read_back(&path), Ok(Some((b"one".to_vec(), true))), "cut after {length} bytes");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert_eq!(read_back(&path), Ok(Some((b"one".to_vec(), true))), "changed at {place}");
        }
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.snapshot");
        let check = |bytes: &[u8], expected: &str| {
            fs::write(&path, bytes).unwrap();
            let error = read(&path, Kind::Watch).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(b"", "it is empty");
        check(b"[project]\nname = \"shop\"\n", "it is another kind of file");
        check(b"WEIRSNAP\x09\0\0\0", "it has version 9, and this Weir reads version 2");
        check(b"WEIRSNAP\x02\0\0\0", "it ends too early");
    }
}
