//! Values that files write as text: names, paths, times, sizes, shares.
//!
//! Each is parsed by one function, which also is the format that the schemas of all files refer to: what the schema
//! accepts is what the type accepts, and plugins may use the formats in the schemas of their parameters.

use std::fmt;

use crate::diagnostic::{Code, printable, quote};
use crate::prometheus::{Bound, PromQuery};
use crate::slo::Weight;
use crate::trust::PublicKey;

mod amount;
mod time;

pub use amount::{ByteSize, Objective, Percentage};
pub use time::{Day, Duration, Instant, Milliseconds, TimeZone};

/// Why a text is not the value that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// What kind of thing is wrong.
    pub code: Code,
    /// What is wrong, with the text in backticks.
    pub message: String,
    /// What to write instead; empty when there is nothing to say.
    pub help: String,
}

impl ValueError {
    fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> ValueError {
        ValueError { code, message: message.into(), help: help.into() }
    }

    /// Takes apart the text of an error of `weir_math`: what is wrong, a semicolon, what to do.
    fn from_text(code: Code, text: &str) -> ValueError {
        let text = printable(text);
        let (message, help) = text.rsplit_once("; ").unwrap_or((&text, ""));
        ValueError::new(code, message, help)
    }
}

/// A format of the schemas: its name, and what the type behind it says of a text.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&str) -> Result<(), ValueError>,
}

/// All formats that schemas may name beside those of JSON Schema itself.
pub(crate) const FORMATS: &[Format] = &[
    Name::FORMAT,
    NamePattern::FORMAT,
    Text::FORMAT,
    RelativePath::FORMAT,
    PathPattern::FORMAT,
    Duration::FORMAT,
    Milliseconds::FORMAT,
    Instant::FORMAT,
    Day::FORMAT,
    TimeZone::FORMAT,
    ByteSize::FORMAT,
    Percentage::FORMAT,
    Objective::FORMAT,
    Weight::FORMAT,
    PromQuery::FORMAT,
    PublicKey::FORMAT,
    Bound::FORMAT,
];

/// Gives a type with `parse` and `Display` its schema format, and lets files hold it.
macro_rules! text_value {
    ($type:ident, $format:literal, $description:literal) => {
        impl $type {
            pub(crate) const FORMAT: $crate::value::Format =
                $crate::value::Format { name: $format, check: |text| $type::parse(text).map(drop) };
        }

        impl std::str::FromStr for $type {
            type Err = $crate::value::ValueError;

            fn from_str(text: &str) -> Result<$type, $crate::value::ValueError> {
                $type::parse(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                $type::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format, "description": $description })
            }
        }
    };
}
pub(crate) use text_value;

/// Gives a type that is a checked string its `as_str` and `Display`.
macro_rules! string_value {
    ($type:ident) => {
        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use string_value;

/// The name of a service, SLO, policy, rule and the like, in kebab-case: `checkout-api`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);
text_value!(Name, "weir-name", "A name in kebab-case: lower-case letters and digits, words joined by `-`.");
string_value!(Name);

impl Name {
    /// Parses a name: lower-case letters and digits, in words joined by single hyphens, 63 characters at most.
    ///
    /// # Errors
    ///
    /// Anything else, with the nearest thing that is a name.
    pub fn parse(text: &str) -> Result<Name, ValueError> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.len() <= 63 && text.split('-').all(is_word) {
            return Ok(Name(text.to_owned()));
        }
        let help = match kebab_case(text) {
            Some(name) => format!("write {}", quote(&name)),
            None => "lower-case letters and digits, words joined by `-`, 63 characters at most".to_owned(),
        };
        Err(ValueError::new(Code::InvalidName, format!("{} is not a name in kebab-case", quote(text)), help))
    }
}

impl Name {
    /// The name that somebody who wrote `text` may have meant: `Checkout_API` becomes `checkout-api`. None where nothing is
    /// left of it, or too much.
    #[must_use]
    pub fn nearest(text: &str) -> Option<Name> {
        kebab_case(text).map(Name)
    }
}

/// The name that somebody who wrote `text` may have meant.
fn kebab_case(text: &str) -> Option<String> {
    let lower: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = lower.split('-').filter(|word| !word.is_empty()).collect();
    Some(words.join("-")).filter(|name| !name.is_empty() && name.len() <= 63)
}

/// A name, or a pattern of names in which `*` stands for any text: `checkout-*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamePattern(String);
text_value!(NamePattern, "weir-name-pattern", "A name, in which `*` stands for any text.");
string_value!(NamePattern);

impl NamePattern {
    /// Parses a pattern: what a name may consist of, and `*`.
    ///
    /// # Errors
    ///
    /// An empty text, or one with other characters.
    pub fn parse(text: &str) -> Result<NamePattern, ValueError> {
        let is_valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'*';
        if !text.is_empty() && text.len() <= 255 && text.bytes().all(is_valid) {
            return Ok(NamePattern(text.to_owned()));
        }
        let message = format!("{} is not a pattern of names", quote(text));
        Err(ValueError::new(
            Code::InvalidPattern,
            message,
            "lower-case letters, digits, `-`, and `*` for any text",
        ))
    }

    /// The list of patterns that every name matches.
    #[must_use]
    pub fn all() -> Vec<NamePattern> {
        vec![NamePattern("*".to_owned())]
    }

    /// Whether `name` matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else { return false };
        let Some(end) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            // The leftmost occurrence leaves the most for the parts that follow.
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(end)
    }
}

/// A text for people that says something: not empty, not blank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);
text_value!(Text, "weir-text", "A text for people, not blank.");
string_value!(Text);

impl Text {
    /// Takes the text without the white space around it.
    ///
    /// # Errors
    ///
    /// A blank text.
    pub fn parse(text: &str) -> Result<Text, ValueError> {
        match text.trim() {
            "" => Err(ValueError::new(
                Code::EmptyText,
                "this text is empty",
                "people rely on it: say something",
            )),
            trimmed => Ok(Text(trimmed.to_owned())),
        }
    }
}

/// The path of a file or folder of the project, relative to it, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);
text_value!(RelativePath, "weir-path", "A path relative to the project, with `/` between its parts.");
string_value!(RelativePath);

impl RelativePath {
    /// Parses a path that stays within the project.
    ///
    /// # Errors
    ///
    /// An empty or absolute path, one with `..`, and one with characters that no portable path has.
    pub fn parse(text: &str) -> Result<RelativePath, ValueError> {
        if text.contains(['*', '?', '[', ']', '{', '}']) {
            let message = format!("{} is a pattern, and one path is wanted", quote(text));
            return Err(ValueError::new(Code::InvalidPath, message, "name the folder itself"));
        }
        inner_path(text).map(RelativePath)
    }

    /// Where decision records go unless the project says otherwise.
    pub(crate) fn usual_records() -> RelativePath {
        RelativePath(".weir/records".to_owned())
    }
}

/// A pattern of paths within the project: `*` is any text without `/`, `**` any folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(String);
text_value!(
    PathPattern,
    "weir-path-pattern",
    "A pattern of paths relative to the project: `logs/*.log`, `events/**/*.json`."
);
string_value!(PathPattern);

impl PathPattern {
    /// Parses a pattern of paths that stay within the project.
    ///
    /// # Errors
    ///
    /// As for [`RelativePath::parse`], except that patterns are wanted.
    pub fn parse(text: &str) -> Result<PathPattern, ValueError> {
        inner_path(text).map(PathPattern)
    }
}

fn inner_path(text: &str) -> Result<String, ValueError> {
    let refuse = |why: &str| {
        let message = format!("{} {why}", quote(text));
        Err(ValueError::new(
            Code::InvalidPath,
            message,
            "write a path relative to the project, such as `docs/runbooks`",
        ))
    };
    let path = text.strip_suffix('/').unwrap_or(text);
    if text.starts_with('/') {
        refuse("is an absolute path")
    } else if path.split('/').any(|part| part == "..") {
        refuse("leaves the folder that it starts in")
    } else if path.split('/').any(str::is_empty) {
        refuse("has an empty part")
    } else if path.chars().any(|c| c.is_control() || c == '\\' || c == ':') {
        refuse("has a character that paths can't have everywhere")
    } else {
        Ok(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn names_are_kebab_case() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = Name::parse(text);
            let parsed = parsed.as_ref().map(Name::as_str).map_err(|error| error.help.as_str());
            assert_eq!(parsed, expected, "{text}");
        };
        check("checkout-api-2", Ok("checkout-api-2"));
        check("Checkout_API", Err("write `checkout-api`"));
        check("a--b", Err("write `a-b`"));
        check("-", Err("lower-case letters and digits, words joined by `-`, 63 characters at most"));
        check(
            &"x".repeat(64),
            Err("lower-case letters and digits, words joined by `-`, 63 characters at most"),
        );
    }

    #[test]
    fn patterns_match_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(NamePattern::parse(pattern).unwrap().matches(name), expected, "{pattern} {name}");
        };
        check("*", "shop", true);
        check("shop", "shop", true);
        check("shop", "shop-2", false);
        check("shop-*", "shop-2", true);
        check("shop-*", "a-shop-2", false);
        check("*-api", "shop-api", true);
        check("*-api", "shop-api-2", false);
        check("a*b*a", "aba", true);
        check("a*a", "a", false);
        check("*ab*ab*", "ab", false);
        check("**", "", true);
    }

    #[test]
    fn paths_stay_within_the_project() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = RelativePath::parse(text);
            let parsed = parsed.as_ref().map(RelativePath::as_str).map_err(|error| error.message.as_str());
            assert_eq!(parsed, expected, "{text}");
        };
        check("docs/runbooks/", Ok("docs/runbooks"));
        check(".", Ok("."));
        check("/etc", Err("`/etc` is an absolute path"));
        check("/", Err("`/` is an absolute path"));
        check("docs/../..", Err("`docs/../..` leaves the folder that it starts in"));
        check("", Err("`` has an empty part"));
        check("a//b", Err("`a//b` has an empty part"));
        check("C:\\docs", Err("`C:\\docs` has a character that paths can't have everywhere"));
        check("docs/*", Err("`docs/*` is a pattern, and one path is wanted"));
        assert!(PathPattern::parse("logs/**/*.log").is_ok());
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_one_built_piece_by_piece(pattern in "[ab*]{0,6}", name in "[ab]{0,6}") {
            fn matches(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern, name) {
                    ([], []) => true,
                    ([b'*', rest @ ..], _) => {
                        matches(rest, name) || name.split_first().is_some_and(|(_, tail)| matches(pattern, tail))
                    }
                    ([p, pattern @ ..], [n, name @ ..]) => p == n && matches(pattern, name),
                    _ => false,
                }
            }
            let expected = matches(pattern.as_bytes(), name.as_bytes());
            prop_assert_eq!(NamePattern(pattern).matches(&name), expected);
        }

        #[test]
        fn what_kebab_case_proposes_is_a_name(text in any::<String>()) {
            if let Some(name) = kebab_case(&text) {
                Name::parse(&name).unwrap();
            }
        }
    }
}
