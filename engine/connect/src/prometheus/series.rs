//! Made-up series that counters select: which labels an event has that is good, and one that is bad.

use std::collections::BTreeMap;

use regex::Regex;
use weir_model::Counting;

/// How many combinations of labels are looked at before giving up.
const MOST_COMBINATIONS: usize = 20_000;
/// Values that a label may have when nothing more is known of it.
const LIKELY: [&str; 5] = ["200", "500", "other", "", "GET"];

/// A series, and how many of the good and of the bad events it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// Name and labels: `requests_total{code="500"}`.
    pub(super) name: String,
    /// Whether it counts the good events.
    pub(super) good: bool,
    /// Whether it counts the bad events.
    pub(super) bad: bool,
}

/// Series such that the counters count good and bad events apart. None for expressions, and for labels that no series was
/// found for.
pub(super) fn series(counting: Counting<'_>) -> Option<Vec<Series>> {
    let (chosen, valid, is_good) = match counting {
        Counting::Good { good, valid } => (good, valid, true),
        Counting::Bad { bad, valid } => (bad, valid, false),
        Counting::ErrorRatio(_) => return None,
    };
    if !chosen.is_counter() || !valid.is_counter() {
        return None;
    }
    let (chosen, valid) = (Selector::parse(chosen.as_str())?, Selector::parse(valid.as_str())?);
    if chosen.name == valid.name {
        let both = labels(&[&chosen, &valid], |labels| chosen.selects(labels) && valid.selects(labels))?;
        let rest = labels(&[&chosen, &valid], |labels| !chosen.selects(labels) && valid.selects(labels))?;
        return Some(vec![
            Series { name: valid.series(&both), good: is_good, bad: !is_good },
            Series { name: valid.series(&rest), good: !is_good, bad: is_good },
        ]);
    }
    let of_chosen = labels(&[&chosen], |labels| chosen.selects(labels))?;
    let of_valid = labels(&[&valid], |labels| valid.selects(labels))?;
    Some(vec![
        Series { name: chosen.series(&of_chosen), good: is_good, bad: !is_good },
        Series { name: valid.series(&of_valid), good: true, bad: true },
    ])
}

type Labels = BTreeMap<String, String>;

/// A counter, taken apart.
struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

/// What a selector asks of a label.
struct Matcher {
    label: String,
    /// The value as it is written, for values to try.
    text: String,
    /// What the value has to match as a whole.
    pattern: Regex,
    /// Whether it must not.
    negated: bool,
}

impl Selector {
    /// Takes a selector apart; none for one that is written in a form that is not understood here.
    fn parse(text: &str) -> Option<Selector> {
        let (name, labels) = match text.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}')?),
            None => (text, ""),
        };
        let (name, mut rest) = (name.trim(), labels.trim());
        if name.is_empty() {
            return None;
        }
        let mut matchers = Vec::new();
        while !rest.is_empty() {
            let (matcher, after) = Matcher::parse(rest)?;
            matchers.push(matcher);
            rest = after.trim_start();
            rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')?.trim_start() };
        }
        Some(Selector { name: name.to_owned(), matchers })
    }

    fn selects(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| {
            let value = labels.get(&matcher.label).map_or("", String::as_str);
            matcher.pattern.is_match(value) != matcher.negated
        })
    }

    fn series(&self, labels: &Labels) -> String {
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels: Vec<String> = labels.map(|(label, value)| format!("{label}={value:?}")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

impl Matcher {
    /// Takes the first matcher of a list, and gives the rest.
    fn parse(text: &str) -> Option<(Matcher, &str)> {
        let operator = text.find(['=', '!'])?;
        let (label, rest) = text.split_at_checked(operator)?;
        let (operator, rest) = ["=~", "!~", "!=", "="]
            .into_iter()
            .find_map(|operator| Some((operator, rest.strip_prefix(operator)?.trim_start())))?;
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let mut value = String::new();
        let mut characters = rest.char_indices().skip(1);
        let end = loop {
            match characters.next()? {
                (at, end) if end == quote => break at,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    plain => value.push(plain),
                },
                (_, plain) => value.push(plain),
            }
        };
        let is_pattern = operator.ends_with('~');
        let pattern = if is_pattern { value.clone() } else { regex::escape(&value) };
        let matcher = Matcher {
            label: label.trim().to_owned(),
            text: value,
            pattern: Regex::new(&format!("^(?s:{pattern})$")).ok()?,
            negated: operator.starts_with('!'),
        };
        Some((matcher, rest.get(end + 1..)?))
    }

    /// Values that are likely to match: the alternatives of a pattern with the least that they ask for.
    fn alternatives(&self) -> impl Iterator<Item = String> {
        self.text.split(['|', '(', ')']).map(|part| {
            let plain = part.chars().filter(|c| !matches!(c, '^' | '$' | '\\' | '*' | '+' | '?'));
            plain.map(|c| if c == '.' { '0' } else { c }).collect()
        })
    }
}

/// Labels for which `fits` holds, out of the values that the selectors name and a few likely ones.
fn labels(selectors: &[&Selector], fits: impl Fn(&Labels) -> bool) -> Option<Labels> {
    let matchers = || selectors.iter().flat_map(|selector| &selector.matchers);
    let mut candidates: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for matcher in matchers() {
        candidates.entry(&matcher.label).or_default().extend(matcher.alternatives());
    }
    for values in candidates.values_mut() {
        values.extend(LIKELY.map(str::to_owned));
    }
    for matcher in matchers() {
        candidates.entry(&matcher.label).or_default().push(matcher.text.clone());
    }
    for values in candidates.values_mut() {
        let mut seen = Vec::new();
        values.retain(|value| {
            let is_new = !seen.contains(value);
            seen.push(value.clone());
            is_new
        });
    }
    let combinations = candidates.values().map(Vec::len).try_fold(1_usize, usize::checked_mul)?;
    (0..combinations.min(MOST_COMBINATIONS)).find_map(|mut number| {
        let mut chosen = Labels::new();
        for (label, values) in &candidates {
            let value = values.get(number % values.len())?;
            number /= values.len();
            chosen.insert((*label).to_owned(), value.clone());
        }
        fits(&chosen).then_some(chosen)
    })
}

#[cfg(test)]
mod tests {
    use weir_model::{PromQuery, Prometheus};

    use super::*;

    #[test]
    fn series_keep_good_and_bad_events_apart() {
        let check = |bad: &str, valid: &str, expected: Option<[(&str, bool, bool); 2]>| {
            let query = |text| Some(PromQuery::parse(text).unwrap());
            let queries = Prometheus {
                good: None,
                bad: query(bad),
                valid: query(valid),
                error_ratio: None,
                histogram: None,
                unit: None,
            };
            let found = series(queries.counting().unwrap());
            let found = found.as_ref().map(|found| {
                found.iter().map(|series| (series.name.as_str(), series.good, series.bad)).collect::<Vec<_>>()
            });
            assert_eq!(found, expected.map(Vec::from), "{bad}");
        };
        check(
            "requests_total{code=~\"5..\"}",
            "requests_total{}",
            Some([
                ("requests_total{code=\"500\"}", false, true),
                ("requests_total{code=\"200\"}", true, false),
            ]),
        );
        check(
            "x{job='a', code=~\"(5..|429)\", path!=\"/\"}",
            "x{job=\"a\"}",
            Some([
                ("x{code=\"500\",job=\"a\",path=\"200\"}", false, true),
                ("x{job=\"a\",path=\"/\"}", true, false),
            ]),
        );
        check(
            "errors_total",
            "requests_total{verb!~\"G.*\"}",
            Some([("errors_total{}", false, true), ("requests_total{verb=\"200\"}", true, true)]),
        );
        check("x{a=\"1\",b=\"2\"}", "x{a=\"2\"}", None);
        check("sum(rate(x[$window]))", "x", None);
    }
}
