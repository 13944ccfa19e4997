//! What a plugin's unit tests need: stand-ins for the host, batches written by hand, and the check that a schema file
//! says what the parameters' type says. Behind the feature `testing`, for dev-dependencies.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;
use std::rc::Rc;

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
    let before = DOUBLES.with_borrow_mut(|doubles| doubles.zones.replace(Rc::new(offset)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{evidence, log, refusal, zones};

    #[test]
    fn documents_are_there_while_the_test_runs() {
        let documents = ["docs/a.md", "docs/b/c.md", "docs-old/d.md", "e.md"];
        let documents = documents.map(|path| (path.to_owned(), format!("text of {path}"))).into();
        with_documents(documents, || {
            assert_eq!(evidence::read("e.md").unwrap(), "text of e.md");
            assert_eq!(evidence::read("f.md").unwrap_err().code, refusal::MISSING);
            assert_eq!(evidence::documents("docs").unwrap(), ["docs/a.md", "docs/b/c.md"]);
            assert_eq!(evidence::documents("docs/").unwrap(), ["docs/a.md", "docs/b/c.md"]);
            assert_eq!(evidence::documents("").unwrap().len(), 4);
        });
        assert!(evidence::read("e.md").is_err());
    }

    #[test]
    fn zones_are_there_while_the_test_runs() {
        let summer = |zone: &str, at: i64| (zone == "Europe/Berlin" && at > 0).then_some(7200);
        with_zones(summer, || {
            assert_eq!(zones::offset("Europe/Berlin", 1), Some(7200));
            assert_eq!(zones::offset("Europe/Bern", 1), None);
        });
        assert_eq!(zones::offset("Europe/Berlin", 1), None);
    }

    #[test]
    fn what_is_logged_can_be_read() {
        log::info("outside");
        let (answer, lines) = logged(|| {
            log::error("one");
            log::detail("two");
            42
        });
        assert_eq!(answer, 42);
        assert_eq!(lines, [(1, "one".to_owned()), (4, "two".to_owned())]);
    }
}
