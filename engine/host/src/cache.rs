//! The cache of compiled code: a folder of this user, whose every entry is authenticated before it is used.
//!
//! An entry is a message authentication code followed by the code. The key lies in the folder too: it does not keep this
//! user from anything, but an entry that was damaged, or that somebody slipped in from elsewhere, is found out.
//!
//! The folder is bounded. What goes first is what was used longest ago, which is also what becomes of the code of another
//! version of Weir, and of a file that a process left half-written.

use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::digest::Digest;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// How much the folder may hold.
#[derive(Debug, Clone, Copy)]
struct Room {
    entries: usize,
    bytes: u64,
}

/// Enough for the plugins of many projects, some of them large: an interpreter with its libraries comes to 40 MiB.
const ROOM: Room = Room { entries: 200, bytes: 1 << 30 };

/// An open cache folder. All access goes through the handle that was looked at when it was opened.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Dir,
    key: Key,
    /// What distinguishes code of this engine from that of others.
    engine: [u8; 32],
    room: Room,
}

/// What entries are authenticated with, the key in it. Never shown.
struct Key(Hmac<Sha256>);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key")
    }
}

impl Cache {
    /// Opens a cache folder, and makes it when it is missing. Refused is one that others can write to.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Cache, String> {
        make(folder).map_err(|error| format!("it can't be made: {error}"))?;
        let folder = Dir::open_ambient_dir(folder, ambient_authority())
            .map_err(|error| format!("it can't be opened: {error}"))?;
        let metadata = folder.dir_metadata().map_err(|error| format!("it can't be looked at: {error}"))?;
        check_private(&metadata, OTHERS_WRITE, "it")?;
        let key = key(&folder)?;
        let mut fingerprint = Fingerprint(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut fingerprint);
        env!("CARGO_PKG_VERSION").hash(&mut fingerprint);
        Ok(Cache { folder, key, engine: fingerprint.0.finalize().into(), room: ROOM })
    }

    /// The code of a component. None when there is none yet; an error when there was and it was dropped.
    pub(crate) fn read(&self, component: &Digest) -> Result<Option<Vec<u8>>, String> {
        let name = self.entry(component);
        let bytes = match self.folder.open(&name).and_then(used) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("the cached code can't be read: {error}; it is compiled anew")),
        };
        if let Some((mac, code)) = bytes.split_at_checked(MAC_BYTES)
            && self.mac(&name, code).verify_slice(mac).is_ok()
        {
            return Ok(Some(code.to_vec()));
        }
        let dropped = self.folder.remove_file(&name);
        let dropped =
            dropped.map_or_else(|error| format!("could not be dropped ({error})"), |()| "was dropped".into());
        Err(format!("the cached code is damaged or not of this cache; it {dropped}, and it is compiled anew"))
    }

    /// Keeps the code of a component, and makes room for it. A reader sees all of it or nothing.
    ///
    /// # Errors
    /// When the code is not kept, or the room is not made; neither is in the way of using the code.
    pub(crate) fn write(&self, component: &Digest, code: &[u8]) -> Result<(), String> {
        let name = self.entry(component);
        let mac = self.mac(&name, code).finalize().into_bytes();
        let written = write_aside(&self.folder, &name, &[mac.as_slice(), code]).and_then(|aside| {
            let renamed = self.folder.rename(&aside, &self.folder, &name);
            if renamed.is_err() {
                drop(self.folder.remove_file(&aside));
            }
            renamed
        });
        written.map_err(|error| format!("its code can't be cached: {error}"))?;
        self.tidy(&name).map_err(|error| format!("the code cache can't be tidied: {error}"))
    }

    /// Removes what was used longest ago until the rest fits, but not the entry that has just been written.
    fn tidy(&self, newest: &str) -> io::Result<()> {
        let (mut entries, mut bytes) = (Vec::new(), 0_u64);
        for entry in self.folder.entries()? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name == KEY_FILE {
                continue;
            }
            let metadata = entry.metadata()?;
            bytes = bytes.saturating_add(metadata.len());
            entries.push((metadata.modified()?, name, metadata.len()));
        }
        entries.sort();
        let mut count = entries.len();
        for (_, name, size) in entries {
            if count <= self.room.entries && bytes <= self.room.bytes {
                break;
            }
            if name == newest {
                continue;
            }
            match self.folder.remove_file(&name) {
                Ok(()) => {}
                // Another process tidies, too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            count = count.saturating_sub(1);
            bytes = bytes.saturating_sub(size);
        }
        Ok(())
    }

    /// The name of an entry is all that its code depends on.
    fn entry(&self, component: &Digest) -> String {
        let key = [component.as_bytes().as_slice(), &self.engine].concat();
        format!("{}.code", Digest::of(&key))
    }

    /// The authentication code of an entry, which can't be moved to another name.
    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.0.clone();
        mac.update(name.as_bytes());
        mac.update(code);
        mac
    }
}

/// The content of an entry, which is marked as used.
fn used(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    touch(&file);
    Ok(bytes)
}

/// Has the system note that a file was used now. When it does not, the file goes earlier; nothing else depends on it.
#[cfg(unix)]
fn touch(file: &File) {
    use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
    let time = |nanoseconds| Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    let times = Timestamps { last_access: time(UTIME_OMIT), last_modification: time(UTIME_NOW) };
    rustix::fs::futimens(file, &times).unwrap_or_default();
}

/// Elsewhere the entries written first go first.
#[cfg(not(unix))]
fn touch(_: &File) {}

/// The key of a folder; a new one where there is none.
fn key(folder: &Dir) -> Result<Key, String> {
    let trouble = |what: &str, error: io::Error| format!("its key can't be {what}: {error}");
    let file = match folder.open(KEY_FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_key(folder).map_err(|error| trouble("made", error))?;
            folder.open(KEY_FILE).map_err(|error| trouble("read", error))?
        }
        Err(error) => return Err(trouble("read", error)),
    };
    let metadata = file.metadata().map_err(|error| trouble("looked at", error))?;
    check_private(&metadata, OTHERS_READ, "its key")?;
    read_key(file).map(Key).map_err(|_| "its key is damaged; remove the folder".to_owned())
}

fn read_key(mut file: File) -> io::Result<Hmac<Sha256>> {
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key)?;
    Hmac::new_from_slice(&key).map_err(io::Error::other)
}

/// Writes a new key. When another process was faster, its key stays.
fn make_key(folder: &Dir) -> io::Result<()> {
    let aside = write_aside(folder, KEY_FILE, &[&random::<KEY_BYTES>()?])?;
    let linked = folder.hard_link(&aside, folder, KEY_FILE);
    folder.remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a new file of this user's own beside `name`, down to the disk, and says what it is called.
fn write_aside(folder: &Dir, name: &str, parts: &[&[u8]]) -> io::Result<String> {
    let suffix = u64::from_ne_bytes(random()?);
    let aside = format!("{name}.{suffix:016x}.part");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = folder.open_with(&aside, &options)?;
    let written = parts.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    if let Err(error) = written {
        drop(folder.remove_file(&aside));
        return Err(error);
    }
    Ok(aside)
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The permission bits with which others can write.
const OTHERS_WRITE: u32 = 0o022;
/// The permission bits with which others can read or write.
const OTHERS_READ: u32 = 0o066;

/// Refuses what belongs to somebody else, or what the permissions open to others.
#[cfg(unix)]
fn check_private(metadata: &Metadata, forbidden: u32, what: &str) -> Result<(), String> {
    use cap_std::fs::MetadataExt;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("{what} belongs to another user; name a folder of your own"));
    }
    if metadata.mode() & forbidden != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(format!("{what} is open to other users (mode {mode:o}); close it with `chmod go-rwx`"));
    }
    Ok(())
}

/// Elsewhere a user's folders are private by where they are.
#[cfg(not(unix))]
fn check_private(_: &Metadata, _: u32, _: &str) -> Result<(), String> {
    Ok(())
}

/// Takes what the runtime would hash. Its own hasher is too short to rely on.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;
    use crate::engine;
    use crate::sandbox::{Allocation, Compiler};

    #[test]
    fn engines_with_other_settings_have_entries_of_their_own() {
        let folder = tempfile::TempDir::new().unwrap();
        let folder = folder.path().join("code");
        let ours =
            Cache::open(&folder, &engine::new(Allocation::OnDemand, Compiler::Optimizing).unwrap()).unwrap();
        let foreign = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let theirs = Cache::open(&folder, &foreign).unwrap();
        let component = Digest::of(b"component");

        theirs.write(&component, b"their code").unwrap();
        assert_eq!(ours.read(&component), Ok(None));
        ours.write(&component, b"our code").unwrap();

        assert_eq!(ours.read(&component), Ok(Some(b"our code".to_vec())));
        assert_eq!(theirs.read(&component), Ok(Some(b"their code".to_vec())));
    }

    /// A cache with little room, and the names that stand for its components.
    fn small(room: Room) -> (tempfile::TempDir, Cache) {
        let folder = tempfile::TempDir::new().unwrap();
        let engine = engine::new(Allocation::OnDemand, Compiler::Optimizing).unwrap();
        let cache = Cache::open(&folder.path().join("code"), &engine).unwrap();
        (folder, Cache { room, ..cache })
    }

    /// Says when an entry was used last, in seconds since 1970.
    fn age(cache: &Cache, component: &Digest, second: u64) {
        let file = cache.folder.open(cache.entry(component)).unwrap().into_std();
        let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
        file.set_modified(then).unwrap();
    }

    fn kept(cache: &Cache, components: &[Digest]) -> Vec<bool> {
        components.iter().map(|component| cache.folder.exists(cache.entry(component))).collect()
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let (_folder, cache) = small(Room { entries: 3, bytes: 1 << 20 });
        let all = [b"a", b"b", b"c", b"d"].map(|name| Digest::of(name));
        for (component, second) in all.iter().zip(1..4) {
            cache.write(component, b"code").unwrap();
            age(&cache, component, second);
        }
        assert_eq!(kept(&cache, &all), [true, true, true, false]);

        assert_eq!(cache.read(&all[0]), Ok(Some(b"code".to_vec())));
        cache.write(&all[3], b"code").unwrap();

        let first_stays = cfg!(unix);
        assert_eq!(kept(&cache, &all), [first_stays, !first_stays, true, true]);
    }

    #[test]
    fn bytes_are_bounded_leftovers_go_and_the_newest_stays_whatever_its_size() {
        let (_folder, cache) = small(Room { entries: 10, bytes: 200 });
        let all = [b"a", b"b"].map(|name| Digest::of(name));
        cache.write(&all[0], &[0; 100]).unwrap();
        age(&cache, &all[0], 2);
        cache.folder.write("half.part", [0; 50]).unwrap();
        cache.folder.open("half.part").unwrap().into_std().set_modified(std::time::UNIX_EPOCH).unwrap();

        cache.write(&all[1], &[0; 30]).unwrap();
        assert!(!cache.folder.exists("half.part"));
        assert_eq!(kept(&cache, &all), [true, true]);

        cache.write(&all[1], &[0; 1000]).unwrap();
        assert_eq!(kept(&cache, &all), [false, true]);
        assert!(cache.folder.exists(KEY_FILE));
    }

    #[test]
    fn a_folder_that_cant_be_tidied_is_said_so_and_the_code_is_kept() {
        let (_folder, cache) = small(Room { entries: 1, bytes: 1 << 20 });
        cache.folder.create_dir("in-the-way").unwrap();
        let component = Digest::of(b"a");
        let note = cache.write(&component, b"code").unwrap_err();
        assert!(note.starts_with("the code cache can't be tidied: "), "{note}");
        assert_eq!(cache.read(&component), Ok(Some(b"code".to_vec())));
    }
}
