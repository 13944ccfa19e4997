//! A TOML text, parsed once, that knows where each of its values stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::diagnostic::{self, Code, Diagnostic, Severity, position, quote};

/// A file that a user wrote: its text, its values as JSON, and the place of each value.
///
/// Values are addressed by JSON pointers (RFC 6901): `/slo/0/objective` is the objective of the first `[[slo]]`.
#[derive(Debug)]
pub struct Source {
    path: String,
    text: Arc<str>,
    value: Value,
    places: BTreeMap<String, Place>,
}

#[derive(Clone, Debug)]
struct Place {
    /// The key, or the value itself for an element of a list.
    key: Range<usize>,
    /// The value; for a table with a header, the header.
    value: Range<usize>,
}

impl Source {
    /// Parses `text`, the content of the file at `path`. The path is only shown, never opened.
    ///
    /// Dates and times become strings, as they stand in the text.
    ///
    /// # Errors
    ///
    /// Every place where the text is not TOML, or holds a number that JSON does not know: not a number, infinite, or an
    /// integer of more than 64 bits.
    pub fn parse(path: &str, text: &str) -> Result<Source, Vec<Diagnostic>> {
        let empty = Value::Object(serde_json::Map::new());
        let mut source =
            Source { path: path.to_owned(), text: Arc::from(text), value: empty, places: BTreeMap::new() };
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let mut diagnostics = errors.iter().map(|error| source.syntax(error)).collect::<Vec<_>>();
            diagnostic::sort(&mut diagnostics);
            return Err(diagnostics);
        }
        let mut reader = Reader { source: &source, places: BTreeMap::new(), diagnostics: Vec::new() };
        let value = reader.table(root.get_ref(), "");
        let Reader { places, mut diagnostics, .. } = reader;
        if !diagnostics.is_empty() {
            diagnostic::sort(&mut diagnostics);
            return Err(diagnostics);
        }
        source.value = value;
        source.places = places;
        Ok(source)
    }

    /// Parses the content of a file as [`parse`](Source::parse) does.
    ///
    /// # Errors
    ///
    /// As there, and the first byte that is no part of a text.
    pub fn parse_bytes(path: &str, content: &[u8]) -> Result<Source, Vec<Diagnostic>> {
        match std::str::from_utf8(content) {
            Ok(text) => Source::parse(path, text),
            Err(error) => {
                // What stands before the wrong byte keeps its place.
                let text = Arc::from(String::from_utf8_lossy(content));
                let empty = Value::Object(serde_json::Map::new());
                let source = Source { path: path.to_owned(), text, value: empty, places: BTreeMap::new() };
                let start = error.valid_up_to();
                let message = "this is not TOML: here is a byte that is not UTF-8";
                let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
                let wrong = source.error(Code::TomlSyntax, start..end, message);
                Err(vec![wrong.help("write the file as UTF-8")])
            }
        }
    }

    /// The path that the text was given with.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// All values, as one JSON object.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The bytes of a value: for a table with a header, those of the header. What the text does not hold is placed where
    /// the nearest table or list around it is, and the whole file at its start.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Range<usize> {
        self.place(pointer).map_or(0..0, |place| place.value.clone())
    }

    /// The bytes of the key that a value belongs to; for an element of a list, those of the element.
    #[must_use]
    pub fn key_span(&self, pointer: &str) -> Range<usize> {
        self.place(pointer).map_or(0..0, |place| place.key.clone())
    }

    /// The line, from 1, on which the value at `pointer` starts.
    #[must_use]
    pub fn line(&self, pointer: &str) -> usize {
        position(&self.text, self.key_span(pointer).start).0
    }

    /// An error of this file, pointing at `range`.
    #[must_use]
    pub fn error(&self, code: Code, range: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            file: self.path.clone(),
            text: Arc::clone(&self.text),
            range,
            message: message.into(),
            label: String::new(),
            help: None,
            related: Vec::new(),
        }
    }

    fn place(&self, mut pointer: &str) -> Option<&Place> {
        loop {
            if let Some(place) = self.places.get(pointer) {
                return Some(place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> Diagnostic {
        let range = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or_default();
        self.error(Code::TomlSyntax, range, format!("this is not TOML: {message}"))
    }
}

/// The JSON pointer of a member of the value at `pointer`.
pub(crate) fn member(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Turns TOML into JSON and notes where everything stands. The parser bounds the depth, so recursion is safe.
struct Reader<'a> {
    source: &'a Source,
    places: BTreeMap<String, Place>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, pointer: &str) -> Value {
        let mut object = serde_json::Map::new();
        for (key, value) in table {
            let pointer = member(pointer, key.get_ref());
            self.places.insert(pointer.clone(), Place { key: key.span(), value: value.span() });
            object.insert(key.get_ref().to_string(), self.value(value, &pointer));
        }
        Value::Object(object)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, pointer: &str) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
            DeValue::Integer(integer) => self.integer(integer, value.span()),
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                self.number(number, float.as_str(), value.span())
            }
            DeValue::Array(elements) => Value::Array(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, element)| {
                        let pointer = format!("{pointer}/{index}");
                        let place = Place { key: element.span(), value: element.span() };
                        self.places.insert(pointer.clone(), place);
                        self.value(element, &pointer)
                    })
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table, pointer),
        }
    }

    fn integer(&mut self, integer: &DeInteger<'_>, span: Range<usize>) -> Value {
        let number =
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(serde_json::Number::from);
        self.number(number, integer.as_str(), span)
    }

    fn number(&mut self, number: Option<serde_json::Number>, text: &str, span: Range<usize>) -> Value {
        if let Some(number) = number {
            return Value::Number(number);
        }
        let message = format!("{} is not a finite number of 64 bits", quote(text));
        self.diagnostics.push(self.source.error(Code::OutOfRange, span, message));
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "\
[service]
name = \"shop\" # comment
a.b = { c = [1, 0x1F, 2.5] }

[[slo]]
\"x/y~z\" = 2026-01-02
[[slo]]
from = 2026-01-02 03:04:05Z
";

    fn check(pointer: &str, key: &str, value: &str) {
        let source = Source::parse("weir.toml", TEXT).unwrap();
        assert_eq!(TEXT.get(source.key_span(pointer)), Some(key), "key of {pointer}");
        assert_eq!(TEXT.get(source.span(pointer)), Some(value), "value of {pointer}");
    }

    #[test]
    fn values_become_json() {
        let source = Source::parse("weir.toml", TEXT).unwrap();
        let expected = json!({
            "service": {"name": "shop", "a": {"b": {"c": [1, 31, 2.5]}}},
            "slo": [{"x/y~z": "2026-01-02"}, {"from": "2026-01-02T03:04:05Z"}],
        });
        assert_eq!(source.value(), &expected);
    }

    #[test]
    fn every_value_knows_its_place() {
        check("/service", "service", "[service]");
        check("/service/name", "name", "\"shop\"");
        check("/service/a/b", "b", "{ c = [1, 0x1F, 2.5] }");
        check("/service/a/b/c/1", "0x1F", "0x1F");
        check("/slo/1", "[[slo]]", "[[slo]]");
        check("/slo/0/x~1y~0z", "\"x/y~z\"", "2026-01-02");
    }

    #[test]
    fn what_is_not_there_is_placed_around_it() {
        check("/service/owner", "service", "[service]");
        check("/slo/1/params/0", "[[slo]]", "[[slo]]");
        check("/nothing/at/all", "", "");
    }

    #[test]
    fn numbers_that_json_lacks_are_refused_all_at_once() {
        let errors = Source::parse("weir.toml", "a = nan\nb = 9223372036854775808\nc = -inf\n").unwrap_err();
        assert_eq!(errors.iter().map(Diagnostic::line).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn depth_is_bounded() {
        assert!(Source::parse("weir.toml", &format!("a = {}1", "[".repeat(100_000))).is_err());
        assert!(Source::parse("weir.toml", &format!("a{} = 1", ".a".repeat(100_000))).is_err());
        assert!(Source::parse("weir.toml", &format!("[a{}]", ".a".repeat(100_000))).is_err());
    }
}
