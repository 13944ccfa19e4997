//! What is wrong with a file, and where.
//!
//! A diagnostic carries the text it speaks of, so that whoever shows it needs nothing else. It is shown elsewhere: here
//! it has only a plain one-line form.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Whether a diagnostic stops the file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file can't be used.
    Error,
    /// The file can be used, and probably doesn't say what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $description:literal;)*) => {
        /// The stable name of one kind of diagnostic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $description] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The kebab-case name, which never changes once released.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// One line for people: what is wrong when this code is reported.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Code::$variant => $description,)* }
            }
        }
    };
}

codes! {
    TomlSyntax "toml-syntax" "The text is not TOML.";
    UnknownKey "unknown-key" "A table has a key that means nothing there.";
    MissingKey "missing-key" "A table lacks a key that it must have.";
    WrongType "wrong-type" "A value is of another type than the key takes.";
    UnknownWord "unknown-word" "A value is none of the words that the key takes.";
    OutOfRange "out-of-range" "A number is too large or too small, or a list or text too long or too short.";
    InvalidValue "invalid-value" "A value breaks another rule of the schema.";
    UnusableSchema "unusable-schema" "The schema of a plugin's parameters can't be used.";
    RefusedParameters "refused-parameters" "A plugin refuses its parameters.";
    WrongPluginKind "wrong-plugin-kind" "A plugin is of another kind than is wanted in its place.";
    InvalidName "invalid-name" "A name is not in kebab-case.";
    InvalidDuration "invalid-duration" "A text is not a duration.";
    InvalidSize "invalid-size" "A text is not a number of bytes.";
    InvalidPercentage "invalid-percentage" "A text is not a percentage.";
    InvalidObjective "invalid-objective" "A text is not an objective.";
    InvalidTimeZone "invalid-time-zone" "There is no time zone of this name.";
    InvalidInstant "invalid-instant" "A text is not an instant with its offset from UTC.";
    InvalidDate "invalid-date" "A text is not a date.";
    InvalidPath "invalid-path" "A path doesn't stay within the project.";
    InvalidPattern "invalid-pattern" "A text is not a pattern of names.";
    Objective100Percent "objective-100-percent" "An objective of 100 % leaves no error budget.";
    DuplicateName "duplicate-name" "Two things of one kind have the same name.";
    UnknownReference "unknown-reference" "A name refers to something that the file doesn't define.";
    MissingSliceTarget "missing-slice-target" "An SLO budgets by time slices and doesn't say when a slice is good.";
    NeedlessSliceTarget "needless-slice-target" "An SLO says when a slice is good and doesn't budget by time slices.";
    WindowShorterThanSlice "window-shorter-than-slice" "The window of an SLO is shorter than one of its slices.";
    SlaStricterThanSlo "sla-stricter-than-slo" "An agreement promises more than the SLO aims for.";
    SliAndComposite "sli-and-composite" "An SLO measures an SLI and is made of other SLOs.";
    NestedComposite "nested-composite" "A composite is made of itself or of another composite.";
    SlicesDiffer "slices-differ" "The parts of a composite have slices of different length.";
    NoCounts "no-counts" "Something needs the counts of a weighted composite, which has none.";
    MissingService "missing-service" "An access log doesn't say whose log it is.";
    NeedlessKey "needless-key" "A key has no meaning beside another one.";
    SelfApproval "self-approval" "A person approves what the same person asked for.";
    EmptyText "empty-text" "A text that people need is empty.";
    EndsBeforeStart "ends-before-start" "Something ends before it starts.";
    LastsTooLong "lasts-too-long" "A waiver or an override lasts longer than it may.";
    InvalidQuery "invalid-query" "A text is neither a counter of Prometheus nor an expression with `$window`.";
    YamlSyntax "yaml-syntax" "The text is not YAML.";
    UnknownFormat "unknown-format" "A file of another system is of a kind or version that isn't read.";
    NotCarriedOver "not-carried-over" "Something in a file of another system has no place in a Weir project.";
    Assumed "assumed" "A file of another system leaves something open, and something was assumed.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Another place in the same file that belongs to a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The bytes of the text that it marks.
    pub range: Range<usize>,
    /// What is there.
    pub label: String,
}

/// One thing that is wrong with a file.
///
/// Cloning costs a few small strings; the text itself is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the file can still be used.
    pub severity: Severity,
    /// What kind of thing is wrong.
    pub code: Code,
    /// The file's path, as it was given to [`Source::parse`](crate::source::Source::parse).
    pub file: String,
    /// The whole text of the file.
    pub text: Arc<str>,
    /// The bytes of the text that the diagnostic points at.
    pub range: Range<usize>,
    /// What is wrong: a lower-case fragment with what the user wrote in backticks.
    pub message: String,
    /// What to say at the place itself; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// The line that the diagnostic points at, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        position(&self.text, self.range.start).0
    }

    /// The column that the diagnostic points at, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> usize {
        position(&self.text, self.range.start).1
    }

    /// The diagnostic with something to say at its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The diagnostic with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The diagnostic with one more place.
    #[must_use]
    pub fn related(mut self, range: Range<usize>, label: impl Into<String>) -> Diagnostic {
        self.related.push(Related { range, label: label.into() });
        self
    }
}

/// One line: `file:line:column: error[code]: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = position(&self.text, self.range.start);
        write!(f, "{}:{line}:{column}: {}[{}]: {}", self.file, self.severity, self.code, self.message)
    }
}

/// Line and column of a byte of a text, both from 1, the column in characters. A byte past the end counts as the end.
#[must_use]
pub fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(byte)).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Sorts diagnostics as the places stand in the file.
pub(crate) fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| (a.range.start, a.code, &a.message).cmp(&(b.range.start, b.code, &b.message)));
}

/// What a user wrote, in backticks: one line, no control characters, and cut where it is too long to be read.
pub fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", printable(text.get(..end).unwrap_or_default())),
        None => format!("`{}`", printable(text)),
    }
}

/// A text with its control characters escaped, so that it stays on its line and gives a terminal no orders.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Words in backticks, the way a sentence lists them.
pub(crate) fn quote_list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(", ")
}

/// Advice on a word that is not among the valid ones: the nearest of them, or all of them when none is near.
pub fn nearest_word<'a>(word: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let valid: Vec<&str> = valid.into_iter().collect();
    let nearest = valid
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(word.chars().count()) / 3);
    match nearest {
        Some((_, candidate)) => Some(format!("did you mean {}?", quote(candidate))),
        None if valid.is_empty() => None,
        None => Some(format!("valid here: {}", quote_list(valid))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_kebab_case_and_described() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(crate::value::Name::parse(code.as_str()).is_ok(), "{code}");
            assert!(code.description().ends_with('.') && !code.description().contains('\n'), "{code}");
        }
    }

    #[test]
    fn columns_count_characters() {
        let text = "a\nüö = 1\n";
        let check = |byte, expected| assert_eq!(position(text, byte), expected, "byte {byte}");
        check(0, (1, 1));
        check(1, (1, 2));
        check(2, (2, 1));
        check(4, (2, 2));
        check(7, (2, 4));
        check(999, (3, 1));
    }

    #[test]
    fn quotes_hide_control_characters_and_length() {
        assert_eq!(quote("a\u{1b}[2Jb\n"), "`a\\u{1b}[2Jb\\n`");
        assert_eq!(quote(&"x".repeat(81)).chars().count(), 83);
    }

    #[test]
    fn the_nearest_word_is_named_and_far_ones_are_listed() {
        let words = ["hold", "freeze"];
        assert_eq!(nearest_word("freze", words).unwrap(), "did you mean `freeze`?");
        assert_eq!(nearest_word("block", words).unwrap(), "valid here: `hold`, `freeze`");
        assert_eq!(nearest_word("block", []), None);
    }
}
