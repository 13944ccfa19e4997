//! Holds the values of a file against a JSON Schema and says of each violation where it stands in the text.
//!
//! The same code serves the files themselves and the parameters that they give to plugins.

use std::ops::Range;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::diagnostic::{self, Code, Diagnostic, nearest_word, printable, quote};
use crate::source::{Source, member};
use crate::value::{FORMATS, Name};

mod bound;
mod example;

/// Everything in which the value at `pointer` violates `schema`, in the order of the text. A value that the text doesn't
/// hold counts as an empty table.
///
/// A schema that can't be used is one diagnostic, at the same place.
#[must_use]
pub fn validate(source: &Source, pointer: &str, schema: &Value) -> Vec<Diagnostic> {
    let validator = match validator(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("the schema can't be used: {}", printable(&error));
            return vec![source.error(Code::UnusableSchema, source.key_span(pointer), message)];
        }
    };
    let empty = Value::Object(serde_json::Map::new());
    let instance = source.value().pointer(pointer).unwrap_or(&empty);
    let mut translator = Translator { source, schema, base: pointer, diagnostics: Vec::new() };
    for error in validator.iter_errors(instance) {
        translator.translate(&error);
    }
    let mut diagnostics = translator.diagnostics;
    diagnostic::sort(&mut diagnostics);
    diagnostics.dedup();
    diagnostics
}

/// Whether a schema can be used to validate anything, which a plugin's own schema has to prove: it is a schema of draft
/// 2020-12, its references stay within it, its patterns can be matched in linear time, and it is not too large once its
/// references are followed.
///
/// # Errors
///
/// Why it can't.
pub fn check_schema(schema: &Value) -> Result<(), String> {
    validator(schema).map(drop)
}

fn validator(schema: &Value) -> Result<Validator, String> {
    bound::check(schema)?;
    let mut options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        // Schemas come from plugins, too: their patterns must not be able to take forever.
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true);
    for format in FORMATS {
        options = options.with_format(format.name, |text: &str| (format.check)(text).is_ok());
    }
    options.build(schema).map_err(|error| error.to_string())
}

struct Translator<'a> {
    source: &'a Source,
    schema: &'a Value,
    base: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Translator<'a> {
    fn translate(&mut self, error: &ValidationError<'_>) {
        let pointer = format!("{}{}", self.base, error.instance_path().as_str());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let valid = self.siblings(error);
                for key in unexpected {
                    self.unknown_key(&pointer, key, &valid);
                }
            }
            ValidationErrorKind::FalseSchema => self.unknown_place(&pointer),
            ValidationErrorKind::Required { property } => {
                self.missing_key(&pointer, property.as_str().unwrap_or_default());
            }
            ValidationErrorKind::Type { kind } => {
                self.wrong_type(&pointer, error.instance(), &types(kind), self.schema_of(error));
            }
            ValidationErrorKind::Enum { options } => {
                let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                self.unknown_word(&pointer, error.instance(), options.iter());
            }
            ValidationErrorKind::Constant { expected_value } => {
                self.unknown_word(&pointer, error.instance(), [&**expected_value]);
            }
            ValidationErrorKind::Format { format } => self.format(&pointer, error.instance(), format),
            ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
                self.branches(&pointer, error.instance(), context);
            }
            kind => {
                let (code, message) = other(kind, error.instance());
                let mut diagnostic = self.source.error(code, self.source.span(&pointer), message);
                if let (ValidationErrorKind::Pattern { .. }, Value::String(text)) =
                    (kind, error.instance().as_ref())
                {
                    let right = self.schema_of(error).and_then(|schema| example::text(schema, text));
                    diagnostic.help = right.map(|right| format!("write a text such as `\"{right}\"`"));
                }
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn push(&mut self, code: Code, range: Range<usize>, message: String) {
        self.diagnostics.push(self.source.error(code, range, message));
    }

    /// The keys that a schema knows which refuses all others.
    fn siblings(&self, error: &ValidationError<'_>) -> Vec<String> {
        let schema =
            error.schema_path().as_str().rsplit_once('/').and_then(|(parent, _)| self.schema.pointer(parent));
        let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
    }

    fn unknown_key(&mut self, table: &str, key: &str, valid: &[String]) {
        let range = self.source.key_span(&member(table, key));
        let message = format!("unknown key {}{}", quote(key), within(table));
        let mut diagnostic = self.source.error(Code::UnknownKey, range, message);
        diagnostic.help = nearest_word(key, valid.iter().map(String::as_str));
        self.diagnostics.push(diagnostic);
    }

    fn unknown_place(&mut self, pointer: &str) {
        let (table, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let message = format!("{} is not allowed{}", quote(key), within(table));
        self.push(Code::UnknownKey, self.source.key_span(pointer), message);
    }

    fn missing_key(&mut self, table: &str, key: &str) {
        let message = format!("missing key {}{}", quote(key), within(table));
        let diagnostic = self
            .source
            .error(Code::MissingKey, self.source.span(table), message)
            .label(format!("{} belongs here", quote(key)));
        self.diagnostics.push(diagnostic);
    }

    fn missing_one_of(&mut self, table: &str, key: &str, others: &[&str]) {
        self.missing_key(table, key);
        if let Some(diagnostic) = self.diagnostics.last_mut().filter(|_| !others.is_empty()) {
            let others: Vec<String> = others.iter().map(|other| quote(other)).collect();
            diagnostic.help = Some(format!("{} can stand in its place", others.join(" or ")));
        }
    }

    /// The schema that one of its own keywords finds wrong.
    fn schema_of(&self, error: &ValidationError<'_>) -> Option<&'a Value> {
        let (path, _) = error.schema_path().as_str().rsplit_once('/')?;
        example::schema_at(self.schema, path)
    }

    fn wrong_type(&mut self, pointer: &str, found: &Value, expected: &[JsonType], of_text: Option<&Value>) {
        let mut expected: Vec<&str> =
            expected.iter().filter(|kind| **kind != JsonType::Null).map(|kind| type_name(*kind)).collect();
        expected.dedup();
        let message = format!("expected {}, found {}", expected.join(" or "), found_name(found));
        let mut diagnostic = self.source.error(Code::WrongType, self.source.span(pointer), message);
        diagnostic.help = match (found, expected.as_slice()) {
            (Value::Object(_), [LIST]) => {
                heading(pointer).map(|key| format!("write `[[{key}]]`: there may be several"))
            }
            (Value::Array(_), [TABLE]) => {
                heading(pointer).map(|key| format!("write `[{key}]`: there is only one"))
            }
            (Value::Number(_) | Value::Bool(_), [TEXT, ..]) => {
                let found = found.to_string();
                of_text.and_then(|schema| example::text(schema, &found)).map(|right| {
                    let such = if right == found { ":" } else { ", such as" };
                    format!("write it as a text{such} `\"{right}\"`")
                })
            }
            _ => None,
        };
        self.diagnostics.push(diagnostic);
    }

    fn unknown_word<'v>(&mut self, pointer: &str, found: &Value, valid: impl IntoIterator<Item = &'v Value>) {
        let valid: Vec<String> = valid.into_iter().filter(|word| !word.is_null()).map(shown).collect();
        let word = shown(found);
        let key = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
        let message = format!("{} is no value of {}", quote(&word), quote(key));
        let mut diagnostic = self.source.error(Code::UnknownWord, self.source.span(pointer), message);
        diagnostic.help = nearest_word(&word, valid.iter().map(String::as_str));
        self.diagnostics.push(diagnostic);
    }

    fn format(&mut self, pointer: &str, found: &Value, name: &str) {
        let text = found.as_str().unwrap_or_default();
        let range = self.source.span(pointer);
        let known = FORMATS.iter().find(|format| format.name == name);
        let diagnostic = match known.map(|format| (format.check)(text)) {
            Some(Err(error)) => {
                let diagnostic = self.source.error(error.code, range, error.message);
                if error.help.is_empty() { diagnostic } else { diagnostic.help(error.help) }
            }
            Some(Ok(())) | None => {
                let message = format!("{} is not in the format {}", quote(text), quote(name));
                self.source.error(Code::InvalidValue, range, message)
            }
        };
        self.diagnostics.push(diagnostic);
    }

    /// A value fits none of the forms that it may have: reports what separates it from the form that was meant.
    fn branches(&mut self, pointer: &str, found: &Value, branches: &[Vec<ValidationError<'static>>]) {
        let own_type = |error: &ValidationError<'_>| match error.kind() {
            ValidationErrorKind::Type { kind }
                if error.instance_path().as_str() == self.relative(pointer) =>
            {
                Some(types(kind))
            }
            _ => None,
        };
        let fitting: Vec<&Vec<ValidationError<'_>>> =
            branches.iter().filter(|errors| !errors.iter().any(|error| own_type(error).is_some())).collect();
        let [first, ..] = fitting.as_slice() else {
            let expected: Vec<JsonType> = branches.iter().flatten().filter_map(own_type).flatten().collect();
            let texts = |error: &&ValidationError<'_>| {
                own_type(error).is_some_and(|kinds| kinds.contains(&JsonType::String))
            };
            let of_text = branches.iter().flatten().find(texts).and_then(|error| self.schema_of(error));
            return self.wrong_type(pointer, found, &expected, of_text);
        };
        // Forms that differ in a word: what is wrong is the word.
        let words: Vec<_> = fitting.iter().filter_map(|errors| errors.iter().find_map(words_of)).collect();
        if let Some((path, word, _)) = words.first()
            && words.len() == fitting.len()
            && words.iter().all(|(other, _, _)| other == path)
        {
            let pointer = format!("{}{path}", self.base);
            let valid = words.iter().flat_map(|(_, _, valid)| valid.iter().copied());
            return self.unknown_word(&pointer, word, valid);
        }
        // Forms that lack a key each: any of the keys would do.
        let lacking: Vec<&str> =
            fitting.iter().filter_map(|errors| lacking(errors, self.relative(pointer))).collect();
        if let [key, others @ ..] = lacking.as_slice()
            && lacking.len() == fitting.len()
        {
            return self.missing_one_of(pointer, key, others);
        }
        let meant = fitting
            .iter()
            .min_by_key(|errors| (errors.iter().any(|error| words_of(error).is_some()), errors.len()))
            .unwrap_or(first);
        for error in *meant {
            self.translate(error);
        }
    }

    fn relative<'p>(&self, pointer: &'p str) -> &'p str {
        pointer.strip_prefix(self.base).unwrap_or(pointer)
    }
}

/// The one key that a table lacks; none where something else is wrong.
fn lacking<'e>(errors: &'e [ValidationError<'_>], table: &str) -> Option<&'e str> {
    match errors {
        [error] if error.instance_path().as_str() == table => match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str(),
            _ => None,
        },
        _ => None,
    }
}

/// Where a word was expected, what stands there, and the words that would be right.
fn words_of<'e>(error: &'e ValidationError<'_>) -> Option<(&'e str, &'e Value, Vec<&'e Value>)> {
    let valid = match error.kind() {
        ValidationErrorKind::Constant { expected_value } => vec![&**expected_value],
        ValidationErrorKind::Enum { options } => options.as_array()?.iter().collect(),
        _ => return None,
    };
    Some((error.instance_path().as_str(), error.instance(), valid))
}

/// The violations that need no more than a sentence.
fn other(kind: &ValidationErrorKind, found: &Value) -> (Code, String) {
    let found = || quote(&shown(found));
    match kind {
        ValidationErrorKind::Minimum { limit } => {
            (Code::OutOfRange, format!("{} is less than {limit}", found()))
        }
        ValidationErrorKind::Maximum { limit } => {
            (Code::OutOfRange, format!("{} is more than {limit}", found()))
        }
        ValidationErrorKind::ExclusiveMinimum { limit } => {
            (Code::OutOfRange, format!("{} is not more than {limit}", found()))
        }
        ValidationErrorKind::ExclusiveMaximum { limit } => {
            (Code::OutOfRange, format!("{} is not less than {limit}", found()))
        }
        ValidationErrorKind::MinLength { limit } => {
            (Code::OutOfRange, format!("{} has too few characters: the least is {limit}", found()))
        }
        ValidationErrorKind::MaxLength { limit } => {
            (Code::OutOfRange, format!("{} has too many characters: the most is {limit}", found()))
        }
        ValidationErrorKind::MinItems { limit } => {
            (Code::OutOfRange, format!("too few elements: the least is {limit}"))
        }
        ValidationErrorKind::MaxItems { limit } => {
            (Code::OutOfRange, format!("too many elements: the most is {limit}"))
        }
        ValidationErrorKind::MinProperties { limit } => {
            (Code::OutOfRange, format!("too few keys: the least is {limit}"))
        }
        ValidationErrorKind::MaxProperties { limit } => {
            (Code::OutOfRange, format!("too many keys: the most is {limit}"))
        }
        ValidationErrorKind::Pattern { pattern } => {
            (Code::InvalidValue, format!("{} does not match the pattern {}", found(), quote(pattern)))
        }
        ValidationErrorKind::MultipleOf { multiple_of } => {
            (Code::InvalidValue, format!("{} is not a multiple of {multiple_of}", found()))
        }
        ValidationErrorKind::UniqueItems => (Code::InvalidValue, "two elements are the same".to_owned()),
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            (Code::InvalidValue, format!("{} fits more than one of the forms that are allowed", found()))
        }
        ValidationErrorKind::PropertyNames { error } => {
            (Code::UnknownKey, format!("the key {} is not allowed", quote(&shown(error.instance()))))
        }
        kind => (
            Code::InvalidValue,
            format!("{} breaks the rule {} of the schema", found(), quote(kind.keyword())),
        ),
    }
}

/// ` in `slo`` for the place of a table; nothing for the whole file.
fn within(pointer: &str) -> String {
    let keys: Vec<&str> =
        pointer.split('/').filter(|key| !key.is_empty() && key.parse::<usize>().is_err()).collect();
    if keys.is_empty() { String::new() } else { format!(" in {}", quote(&keys.join("."))) }
}

/// A value as the user would recognise it: a string without its quotation marks.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn types(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(single) => vec![*single],
        TypeKind::Multiple(set) => set.iter().collect(),
    }
}

/// What stands in the text, as TOML calls it.
fn found_name(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_f64() => "a float",
        Value::Number(_) => type_name(JsonType::Integer),
        value => type_name(JsonType::from(value)),
    }
}

/// The name of a table at the top of the file, which has a heading of its own as a rule.
fn heading(pointer: &str) -> Option<&str> {
    pointer.strip_prefix('/').filter(|key| Name::parse(key).is_ok())
}

const TEXT: &str = "a string";
const LIST: &str = "a list";
const TABLE: &str = "a table";

/// A type as TOML calls it.
fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "nothing",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => TEXT,
        JsonType::Array => LIST,
        JsonType::Object => TABLE,
    }
}
