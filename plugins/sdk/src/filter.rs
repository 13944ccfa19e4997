//! Which events count, by what stands in their text fields.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::batch::over_blocks;
use crate::calculator::Field;
use crate::{Batch, kind};

/// A text in which `*` stands for any run of characters, even none: `/api/*`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
#[cfg_attr(feature = "testing", derive(schemars::JsonSchema), schemars(inline, transparent))]
pub struct Pattern(String);

/// Patterns a field. A field satisfies its conditions when one of its patterns matches.
pub type Conditions = BTreeMap<String, Vec<Pattern>>;

/// Takes events out of the count.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'p> {
    /// An event counts only if it satisfies the conditions of every field here. One that lacks the field does not.
    pub only: &'p Conditions,
    /// An event does not count if it satisfies the conditions of any field here.
    pub except: &'p Conditions,
}

impl Pattern {
    /// Whether the pattern matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        let Some((prefix, rest)) = self.0.split_once('*') else { return self.0 == text };
        let (middle, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut text) = text.strip_prefix(prefix).and_then(|text| text.strip_suffix(suffix)) else {
            return false;
        };
        // Each part at the first place where it fits: what follows then has the most room.
        middle.split('*').all(|part| match text.split_once(part) {
            Some((_, after)) => {
                text = after;
                true
            }
            None => false,
        })
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Filter<'_> {
    /// The fields that the filter reads, in the order in which [`Filter::apply`] expects their columns.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.only.keys().chain(self.except.keys()).map(|name| Field { name: name.clone(), kind: kind::TEXT })
    }

    /// Marks as not valid the rows that do not count. `first` is the index of the filter's first column.
    pub fn apply(&self, batch: &Batch, first: usize, marks: &mut [u8]) {
        let only = self.only.values().map(|patterns| (patterns, true));
        let except = self.except.values().map(|patterns| (patterns, false));
        for (index, (patterns, wanted)) in only.chain(except).enumerate() {
            keep(batch, first + index, patterns, wanted, marks);
        }
    }
}

/// Keeps the rows of which it is true that a pattern matches, or false, as `wanted` says.
fn keep(batch: &Batch, index: usize, patterns: &[Pattern], wanted: bool, marks: &mut [u8]) {
    const KEPT: u8 = u8::MAX;
    const DROPPED: u8 = 0;
    let missing = if wanted { DROPPED } else { KEPT };
    let texts = batch.texts(index);
    let terms = texts.map_or_else(Vec::new, |texts| {
        texts.each_term(|term| {
            let matched = patterns.iter().any(|pattern| pattern.matches(term));
            if matched == wanted { KEPT } else { DROPPED }
        })
    });
    let masks = batch.judge(texts.map(|texts| texts.codes), missing, |code| {
        terms.get(code as usize).copied().unwrap_or(missing)
    });
    over_blocks(marks, &masks, |mark, mask| *mark &= mask);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mark;
    use crate::testing::Rows;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Pattern::from(pattern).matches(text), expected, "{pattern} on {text}");
        };
        check("/healthz", "/healthz", true);
        check("/healthz", "/healthz/live", false);
        check("/api/*", "/api/", true);
        check("/api/*", "/api/a/b", true);
        check("/api/*", "/app/a", false);
        check("*.png", "a.png", true);
        check("*", "", true);
        check("a*a", "a", false);
        check("a*a", "aa", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("**", "anything", true);
        check("*ab*ab*", "abab", true);
        check("*ab*ab*", "aba", false);
        check("", "", true);
        check("", "a", false);
        check("ü*", "über", true);
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_it_was_made_from(parts in prop::collection::vec("[ab]{0,3}", 1..5), fill in "[ab]{0,4}") {
            prop_assert!(Pattern(parts.join("*")).matches(&parts.join(&fill)));
        }

        #[test]
        fn matching_agrees_with_the_definition(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(Pattern(pattern.clone()).matches(&text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }
    }

    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|skipped| by_definition(rest, &text[skipped..])),
            [letter, rest @ ..] => text.first() == Some(letter) && by_definition(rest, &text[1..]),
        }
    }

    #[test]
    fn events_outside_the_filter_do_not_count() {
        let only: Conditions = [("data.path".to_owned(), vec!["/api/*".into(), "/login".into()])].into();
        let except: Conditions = [("data.agent".to_owned(), vec!["probe*".into()])].into();
        let filter = Filter { only: &only, except: &except };
        let rows = [
            (Some("/api/a"), None, mark::GOOD),
            (Some("/login"), Some("browser"), mark::GOOD),
            (Some("/about"), Some("browser"), mark::NOT_VALID),
            (Some("/api/a"), Some("probe/1"), mark::NOT_VALID),
            (None, Some("browser"), mark::NOT_VALID),
        ];
        let batch = Rows::new(rows.len())
            .texts(rows.map(|(path, _, _)| path))
            .texts(rows.map(|(_, agent, _)| agent))
            .batch();
        let mut marks = vec![mark::GOOD; rows.len()];

        filter.apply(&batch, 0, &mut marks);

        assert_eq!(marks, rows.map(|(_, _, expected)| expected));
        let fields: Vec<String> = filter.fields().map(|field| field.name).collect();
        assert_eq!(fields, ["data.path", "data.agent"]);
    }
}
