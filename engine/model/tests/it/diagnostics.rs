//! Wrong files, and what people read about them.

use std::fs;

use weir_model::{
    Diagnostic, File, Gate, Lock, Overrides, Policy, Project, Service, Source, Waivers, file::Content,
};

use crate::render::render;
use crate::{data, text};

/// Snapshots what is said about each file of a folder. The file `valid.toml` has nothing said about it.
fn check<T: Content>(folder: &str) {
    let mut names: Vec<String> = fs::read_dir(data().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 1, "{folder} has files");
    for name in names {
        let path = format!("{folder}/{name}");
        let diagnostics = diagnostics::<T>(&path, &text(&path));
        if name == "valid.toml" {
            assert_eq!(render(&diagnostics), "", "{path}");
        } else {
            assert!(!diagnostics.is_empty(), "{path} has nothing wrong with it");
            insta::assert_snapshot!(path.replace('/', "-").trim_end_matches(".toml"), render(&diagnostics));
        }
    }
}

fn diagnostics<T: Content>(path: &str, text: &str) -> Vec<Diagnostic> {
    Source::parse(path, text).and_then(File::<T>::parse).err().unwrap_or_default()
}

#[test]
fn project() {
    check::<Project>("project");
}

#[test]
fn service() {
    check::<Service>("service");
}

#[test]
fn policy() {
    check::<Policy>("policy");
}

#[test]
fn gate() {
    check::<Gate>("gate");
}

#[test]
fn lock() {
    check::<Lock>("lock");
}

#[test]
fn waiver() {
    check::<Waivers>("waiver");
}

#[test]
fn overrides() {
    check::<Overrides>("override");
}

#[test]
fn diagnostics_come_in_the_order_of_the_text() {
    let diagnostics = diagnostics::<Service>("service.toml", &text("service/several-problems.toml"));
    let lines: Vec<usize> = diagnostics.iter().map(Diagnostic::line).collect();
    assert_eq!(lines, [2, 3, 4, 6, 9, 10]);
}
