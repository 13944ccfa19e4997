//! The files of a project as people write them: what they mean, and what people read when they are wrong.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that goes wrong has to say where"
)]

mod diagnostics;
mod meaning;
mod parameters;
mod render;
mod robustness;
mod schemas;

use std::path::PathBuf;

/// The folder with the files of the tests.
fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The text of a file of the tests.
fn text(path: &str) -> String {
    std::fs::read_to_string(data().join(path)).unwrap()
}
