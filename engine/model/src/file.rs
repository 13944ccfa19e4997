//! How a file of any kind is read: schema first, then its type, then what only the kind itself knows.

use std::ops::{Deref, Range};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::diagnostic::{self, Code, Diagnostic, printable, quote};
use crate::schema::schema_of;
use crate::source::{Source, member};
use crate::validate::validate;

/// A valid file: what it says, and the text that says it.
///
/// Cloning costs a copy of the content; the text is shared.
#[derive(Clone, Debug)]
pub struct File<T> {
    source: Arc<Source>,
    content: T,
}

/// What a kind of file holds.
pub trait Content: DeserializeOwned + JsonSchema {
    /// Reports what the schema can't: names that refer to nothing, dates in the wrong order and the like.
    fn check(&self, problems: &mut Problems<'_>);
}

impl<T: Content> File<T> {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, as it stands in the file. What values mean to one another is looked at
    /// only when each of them is right.
    pub fn parse(source: impl Into<Arc<Source>>) -> Result<File<T>, Vec<Diagnostic>> {
        let source = source.into();
        let diagnostics = validate(&source, "", &schema_of::<T>());
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        let content: T = serde_path_to_error::deserialize(source.value())
            .map_err(|error| vec![mismatch(&source, &error)])?;
        let mut problems = Problems { source: &source, diagnostics: Vec::new() };
        content.check(&mut problems);
        let mut diagnostics = problems.diagnostics;
        if !diagnostics.is_empty() {
            diagnostic::sort(&mut diagnostics);
            return Err(diagnostics);
        }
        Ok(File { source, content })
    }
}

impl<T> File<T> {
    /// The text that the content comes from, with the places of all its values.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The content alone.
    #[must_use]
    pub fn into_content(self) -> T {
        self.content
    }
}

impl<T> Deref for File<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.content
    }
}

/// What the schema lets through and the type does not, such as an integer written `1.0`.
fn mismatch(source: &Source, error: &serde_path_to_error::Error<serde_json::Error>) -> Diagnostic {
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer = member(&pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let (code, range) = (Code::InvalidValue, source.span(&pointer));
    match source.value().pointer(&pointer) {
        Some(Value::Number(number)) if number.is_f64() => source
            .error(code, range, format!("{} is written with a fraction", quote(&number.to_string())))
            .help("write a whole number"),
        _ => source.error(code, range, printable(&error.inner().to_string())),
    }
}

/// Collects what is wrong with the meaning of a file.
#[derive(Debug)]
pub struct Problems<'a> {
    source: &'a Source,
    diagnostics: Vec<Diagnostic>,
}

impl Problems<'_> {
    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// An error at the value of `pointer`, not yet added.
    #[must_use]
    pub fn at(&self, code: Code, pointer: &str, message: impl Into<String>) -> Diagnostic {
        self.source.error(code, self.span(pointer), message)
    }

    /// The place of the value of `pointer`.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Range<usize> {
        self.source.span(pointer)
    }

    /// Whether the text holds a value at `pointer`.
    #[must_use]
    pub fn is_written(&self, pointer: &str) -> bool {
        self.source.value().pointer(pointer).is_some()
    }

    /// What the user wrote at `pointer`, in backticks.
    #[must_use]
    pub fn quoted(&self, pointer: &str) -> String {
        match self.source.value().pointer(pointer) {
            Some(Value::String(text)) => quote(text),
            Some(value) => quote(&value.to_string()),
            None => String::new(),
        }
    }

    /// Reports every name of the list at `pointer` that an earlier element has, too. The names are in the list's order.
    pub fn unique_names<'n>(&mut self, pointer: &str, names: impl IntoIterator<Item = &'n str>) {
        let mut seen: Vec<&str> = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            if let Some(first) = seen.iter().position(|earlier| *earlier == name) {
                let place = format!("{pointer}/{index}/name");
                let diagnostic = self
                    .at(Code::DuplicateName, &place, format!("the name {} is taken", quote(name)))
                    .label("used again")
                    .related(self.span(&format!("{pointer}/{first}/name")), "first used here");
                self.push(diagnostic);
            }
            seen.push(name);
        }
    }

    /// Reports approval by the person who asked. `pointer` is the table, and the two others are its keys.
    pub(crate) fn different_people(&mut self, pointer: &str, asked: &str, approved: &str) {
        let (asked, approved) = (format!("{pointer}/{asked}"), format!("{pointer}/{approved}"));
        let text = |pointer: &str| self.source.value().pointer(pointer).and_then(Value::as_str).map(person);
        if text(&asked) == text(&approved) {
            let message = format!("{} approves what the same person asked for", self.quoted(&approved));
            let diagnostic = self
                .at(Code::SelfApproval, &approved, message)
                .label("must be somebody else")
                .help("let a second person approve it")
                .related(self.span(&asked), "asked for here");
            self.push(diagnostic);
        }
    }
}

/// A person's name without what doesn't tell people apart.
fn person(name: &str) -> String {
    name.trim().to_lowercase()
}
