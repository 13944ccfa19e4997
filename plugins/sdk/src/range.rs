//! Ranges of whole numbers as policies write them.

use std::borrow::Cow;

use serde::Deserialize;

/// A whole number (`404`), a range with both its ends (`200-399`), or a range without an upper end (`500-`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "Cow<'_, str>")]
#[cfg_attr(
    feature = "testing",
    derive(schemars::JsonSchema),
    schemars(inline, extend("pattern" = "^[0-9]+(-[0-9]*)?$"))
)]
pub struct Range {
    /// The least number in it.
    pub first: i64,
    /// The greatest number in it.
    pub last: i64,
}

impl Range {
    /// Whether the number is in the range. Free of branches, for loops over rows.
    pub fn contains(self, number: i64) -> bool {
        (self.first <= number) & (number <= self.last)
    }

    /// Whether some number is in both ranges.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl TryFrom<Cow<'_, str>> for Range {
    type Error = String;

    fn try_from(text: Cow<'_, str>) -> Result<Self, String> {
        let (first, last) = match text.split_once('-') {
            None => (number(&text), number(&text)),
            Some((first, "")) => (number(first), Some(i64::MAX)),
            Some((first, last)) => (number(first), number(last)),
        };
        match (first, last) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            (Some(first), Some(last)) => {
                Err(format!("the range `{text}` is empty: {first} is greater than {last}; swap the two"))
            }
            (None, _) | (_, None) => Err(format!(
                "`{text}` is neither a number nor a range: write for example `404`, `200-399` or `500-`"
            )),
        }
    }
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_read() {
        let check = |text: &str, expected: Option<(i64, i64)>| {
            let read = Range::try_from(Cow::from(text)).ok().map(|range| (range.first, range.last));
            assert_eq!(read, expected, "{text}");
        };
        check("404", Some((404, 404)));
        check("200-399", Some((200, 399)));
        check("500-", Some((500, i64::MAX)));
        check("0-0", Some((0, 0)));
        check("399-200", None);
        check("-5", None);
        check("", None);
        check("-", None);
        check("+5", None);
        check("5xx", None);
        check("200 - 399", None);
        check("1-2-3", None);
        check("9223372036854775808", None);
    }

    #[test]
    fn ends_belong_to_the_range() {
        let range = Range { first: 200, last: 399 };
        let inside: Vec<bool> = [199, 200, 399, 400].map(|number| range.contains(number)).into();
        assert_eq!(inside, [false, true, true, false]);
        assert!(range.overlaps(Range { first: 399, last: 500 }));
        assert!(!range.overlaps(Range { first: 400, last: 500 }));
    }
}
