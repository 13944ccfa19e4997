//! What a plugin's unit tests need: stand-ins for the host, batches written by hand, and the check that a schema file
//! says what the parameters' type says. Behind the feature `testing`, for dev-dependencies.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use crate::doubles::DOUBLES;

mod rows;

pub use rows::Rows;

/// Runs `test` with these documents as the evidence: path and text.
pub fn with_documents<R>(documents: BTreeMap<String, String>, test: impl FnOnce() -> R) -> R {
    let before = DOUBLES.with_borrow_mut(|doubles| mem::replace(&mut doubles.documents, documents));
    let result = test();
    DOUBLES.with_borrow_mut(|doubles| doubles.documents = before);
    result
}

/// Runs `test` with `offset` as the time zones.
pub fn with_zones<R>(offset: impl Fn(&str, i64) -> Option<i32> + 'static, test: impl FnOnce() -> R) -> R {
    let before = DOUBLES.with_borrow_mut(|doubles| doubles.zones.replace(Box::new(offset)));
    let result = test();
    DOUBLES.with_borrow_mut(|doubles| doubles.zones = before);
    result
}

/// Runs `test` and gives, beside its result, the lines that it logged: level and text.
pub fn logged<R>(test: impl FnOnce() -> R) -> (R, Vec<(u32, String)>) {
    let before = DOUBLES.with_borrow_mut(|doubles| mem::take(&mut doubles.log));
    let result = test();
    let lines = DOUBLES.with_borrow_mut(|doubles| mem::replace(&mut doubles.log, before));
    (result, lines)
}

/// Fails unless `text`, the plugin's schema file at `path`, is the JSON Schema of `Params`. With `BLESS=1` in the
/// environment it writes the file instead. A relative `path` counts from the plugin's folder.
///
/// # Panics
/// When the two differ, or the file can't be written.
#[expect(clippy::panic, reason = "a test helper speaks through panics")]
pub fn assert_schema<Params: schemars::JsonSchema>(text: &str, path: impl AsRef<Path>) {
    let mut schema = schemars::schema_for!(Params);
    // The name of a Rust type tells the author of a policy nothing.
    schema.remove("title");
    // Values, not texts: the order of keys depends on how other crates want their JSON.
    if serde_json::from_str(text).is_ok_and(|written: serde_json::Value| written == *schema.as_value()) {
        return;
    }
    let path = path.as_ref();
    if std::env::var_os("BLESS").is_none_or(|bless| bless != "1") {
        panic!("`{}` is not the schema of the parameters: run the tests once with BLESS=1", path.display());
    }
    if let Err(error) = std::fs::write(path, format!("{:#}\n", schema.as_value())) {
        panic!("can't write `{}`: {error}", path.display());
    }
}
