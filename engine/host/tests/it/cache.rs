//! Compiled code is kept for the next process, and never trusted unseen.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use weir_host::{Plugin, Sandbox, SandboxOptions};

use crate::guest::Guest;
use crate::{patient, rows};

fn sandbox(folder: &Path) -> Sandbox {
    Sandbox::new(SandboxOptions { cache: Some(folder.to_owned()), ..SandboxOptions::default() }).unwrap()
}

/// Loads through the cache and says what the cache had to say.
fn load(folder: &Path, guest: &Guest) -> Vec<String> {
    let sandbox = sandbox(folder);
    let plugin = sandbox.load("guest", &guest.component(), &patient()).unwrap();
    works(&plugin);
    sandbox.cache_notes()
}

fn works(plugin: &Plugin) {
    let answer = plugin.calculator("policy", &patient()).unwrap().classify("{}", &rows(2)).unwrap();
    assert_eq!(answer.value, [1, 1]);
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "code")).collect();
    entries.sort();
    entries
}

/// A cache folder that does not exist yet.
fn fresh() -> (TempDir, PathBuf) {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("weir/code");
    (parent, folder)
}

const NOTHING: [String; 0] = [];

#[test]
fn code_is_kept_and_used_again() {
    let (_parent, folder) = fresh();
    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);
    let [entry] = &entries(&folder)[..] else { panic!("one entry is wanted") };
    #[cfg(unix)]
    let number = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(entry).unwrap());
    #[cfg(unix)]
    let written = number();

    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);

    #[cfg(unix)]
    assert_eq!(number(), written, "written anew, it would be another file");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "the entry and the key, and nothing left behind");
}

#[test]
fn a_damaged_entry_is_dropped_compiled_anew_and_reported() {
    let (_parent, folder) = fresh();
    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);
    let entry = entries(&folder).remove(0);
    let good = fs::read(&entry).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&entry, bytes).unwrap();
        let notes = load(&folder, &Guest::calculator());
        assert_eq!(
            notes,
            [
                "plugin `guest`: the cached code is damaged or not of this cache; it was dropped, and it is compiled anew"
            ]
        );
        assert_eq!(load(&folder, &Guest::calculator()), NOTHING, "the new entry is good");
    };
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    check(&flipped);
    check(&good[..good.len() - 1]);
    check(b"");
}

#[test]
fn entries_of_another_key_or_another_plugin_are_not_used() {
    let (_parent, folder) = fresh();
    let (_other_parent, other) = fresh();
    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);
    assert_eq!(load(&other, &Guest::calculator()), NOTHING);
    let (mine, theirs) = (entries(&folder).remove(0), entries(&other).remove(0));
    assert_eq!(mine.file_name(), theirs.file_name());
    fs::copy(&theirs, &mine).unwrap();
    assert_eq!(load(&folder, &Guest::calculator()).len(), 1);

    let changed = Guest::calculator().core(r#"(data (i32.const 0) "x")"#);
    assert_eq!(load(&folder, &changed), NOTHING);
    let [first, second] = &entries(&folder)[..] else { panic!("two entries are wanted") };
    fs::copy(first, second).unwrap();
    let notes = [load(&folder, &Guest::calculator()), load(&folder, &changed)].concat();
    assert_eq!(notes.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;

    let (_parent, folder) = fresh();
    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);
    let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    for open in [0o777, 0o720, 0o702] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(open)).unwrap();
        let notes = load(&folder, &Guest::calculator());
        let expected = format!(
            "compiled code is not cached in `{}`: it is open to other users (mode {open:o}); close it with `chmod go-rwx`",
            folder.display()
        );
        assert_eq!(notes, [expected]);
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_or_that_is_damaged_turns_the_cache_off() {
    use std::os::unix::fs::PermissionsExt;

    let (_parent, folder) = fresh();
    assert_eq!(load(&folder, &Guest::calculator()), NOTHING);
    let key = folder.join("key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(load(&folder, &Guest::calculator())[0].contains("its key is open to other users (mode 644)"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, b"short").unwrap();
    assert!(load(&folder, &Guest::calculator())[0].contains("its key is damaged; remove the folder"));
}

#[test]
fn a_folder_that_cant_be_made_keeps_no_plugin_from_loading() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let notes = load(&file.join("code"), &Guest::calculator());
    assert!(notes[0].contains("it can't be made"), "{notes:?}");
}
