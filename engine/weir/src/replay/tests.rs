//! One record, whatever the compiler and its cache have done before.

use std::path::Path;

use fs_err as fs;
use tempfile::TempDir;
use weir_host::{Compiler, Digest};
use weir_model::Change;

use super::*;
use crate::engine::{EngineOptions, GateRequest};
use crate::measure::Events;

/// The sample project, with its plugins as files that are pinned: those that come with Weir were compiled ahead of time, and
/// would not meet the compiler.
fn sample() -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = TempDir::new().unwrap();
    copy(&root.join("policies/sample"), folder.path());
    fs::create_dir_all(folder.path().join("plugins")).unwrap();
    let mut lock = String::new();
    for entry in fs::read_dir(root.join("plugins/built")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let (name, bytes) = (path.file_stem().unwrap().to_string_lossy(), fs::read(&path).unwrap());
            let digest = Digest::of(&bytes);
            lock += &format!(
                "[[plugin]]\nname = \"{name}\"\npath = \"plugins/{name}.wasm\"\nsha256 = \"{digest}\"\n"
            );
            fs::write(folder.path().join(format!("plugins/{name}.wasm")), bytes).unwrap();
        }
    }
    fs::write(folder.path().join("weir.lock"), lock).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The records that an engine leaves of two decisions, byte for byte.
fn records(engine: &Engine, project: &Project, folder: &Path) -> Vec<Vec<u8>> {
    let decided = ["checkout", "catalog"].map(|service| {
        let request = GateRequest {
            service: service.to_owned(),
            change: Change::Feature,
            gate: None,
            at: project.as_of().unwrap(),
            events: Events::default(),
        };
        let stored = engine.gate(project, &request, &Records::in_folder(folder)).unwrap();
        fs::read(stored.path).unwrap()
    });
    decided.into()
}

#[test]
fn records_do_not_depend_on_the_compiler_or_its_cache() {
    let (sample, caches) = (sample(), TempDir::new().unwrap());
    let project = Project::load(sample.path()).unwrap();
    let cache = |name: &str| Some(caches.path().join(name));
    let (optimizing, quick) = (Compiler::Optimizing, Compiler::Quick);
    let mut first: Option<(TempDir, Vec<Vec<u8>>)> = None;
    for (code_cache, compiler) in [
        (None, optimizing),
        (cache("code"), optimizing),
        // What was put there is found there now.
        (cache("code"), optimizing),
        (None, quick),
        (cache("code"), quick),
        (cache("code"), quick),
    ] {
        let options = EngineOptions { code_cache, compiler, ..EngineOptions::default() };
        let engine = Engine::new(options).unwrap();
        let folder = TempDir::new().unwrap();
        let made = records(&engine, &project, folder.path());
        assert_eq!(engine.notes(), Vec::<String>::new());
        let (origin, expected) = first.get_or_insert((folder, made.clone()));
        assert!(made == *expected, "{compiler:?}");
        // And what another engine recorded comes out the same here.
        for entry in fs::read_dir(origin.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                assert!(engine.replay(&path).unwrap().same, "{compiler:?}: {}", path.display());
            }
        }
    }
    // Each compiler has entries of its own, for each plugin that judged.
    let entries = fs::read_dir(caches.path().join("code")).unwrap().count();
    assert!(entries >= 2 * 4, "{entries} entries");
}
