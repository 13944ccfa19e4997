//! How Prometheus counts what an SLI measures.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use weir_math::Decimal;

use crate::diagnostic::{Code, quote};
use crate::file::Problems;
use crate::value::{ValueError, text_value};
use crate::word::words;

/// What stands in an expression for the stretch of time that it looks at.
const WINDOW: &str = "$window";

/// How Prometheus counts what an SLI measures: the valid events and either the good or the bad ones among them, or the
/// share of bad ones where nothing else is known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Prometheus {
    /// The good events.
    pub good: Option<PromQuery>,
    /// The bad events, in place of the good ones.
    pub bad: Option<PromQuery>,
    /// The events that count.
    pub valid: Option<PromQuery>,
    /// The share of bad events, where they can't be counted.
    pub error_ratio: Option<PromQuery>,
    /// A histogram, in place of all others: what it observed are the events.
    pub histogram: Option<Histogram>,
    /// What expressions give, where counts are taken from them. Counters count events.
    pub unit: Option<Unit>,
}

words! {
    /// What an expression gives.
    #[derive(Default)]
    pub enum Unit {
        /// Events a second, as `rate` does.
        #[default]
        EventsPerSecond = "events-per-second",
        /// Events, as `increase` does.
        Events = "events",
    }
}

/// A histogram of Prometheus, and the bound up to which an observation is a good event.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The histogram by name and labels, without `_bucket`.
    pub metric: PromQuery,
    /// The greatest observation that is good, in the histogram's own unit, mostly seconds: the bound of a bucket.
    pub threshold: Bound,
    /// Whether it is a native histogram rather than one with a series for each bucket.
    pub native: bool,
    good: PromQuery,
    valid: PromQuery,
}

/// A histogram as files write it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Histogram")]
struct HistogramText {
    /// The histogram by name and labels, without `_bucket`.
    metric: PromQuery,
    /// The greatest observation that is good, in the histogram's own unit, mostly seconds: the bound of a bucket.
    threshold: Bound,
    /// Whether it is a native histogram rather than one with a series for each bucket.
    #[serde(default)]
    native: bool,
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Histogram, D::Error> {
        let HistogramText { metric, threshold, native } = HistogramText::deserialize(deserializer)?;
        let rate = metric.over(WINDOW);
        let (good, valid) = if native {
            let valid = format!("histogram_count({rate})");
            (format!("histogram_fraction(-Inf, {threshold}, {rate}) * {valid}"), valid)
        } else {
            let text = threshold.to_string();
            // Prometheus writes the bound of a whole number as `1` or as `1.0`, depending on its version.
            let bound = if text.contains('.') {
                format!("le=\"{text}\"")
            } else {
                format!("le=~\"{text}|{text}[.]0\"")
            };
            (metric.part("_bucket", Some(&bound)), metric.part("_count", None))
        };
        Ok(Histogram { metric, threshold, native, good: PromQuery(good), valid: PromQuery(valid) })
    }
}

impl JsonSchema for Histogram {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        HistogramText::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        HistogramText::json_schema(generator)
    }
}

/// The bound of a histogram's bucket, an exact decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound(Decimal);
text_value!(Bound, "weir-bound", "The bound of a histogram's bucket, such as `0.25`; an exact decimal.");

impl Bound {
    /// Parses a bound.
    ///
    /// # Errors
    ///
    /// Anything else than a plain decimal.
    pub fn parse(text: &str) -> Result<Bound, ValueError> {
        let help = "write the bound of a bucket in the histogram's own unit, such as `0.25`";
        match Decimal::parse(text) {
            Ok(bound) if !text.contains('%') => Ok(Bound(bound)),
            _ => Err(ValueError {
                code: Code::InvalidValue,
                message: format!("{} is no bound of a bucket", quote(text)),
                help: help.to_owned(),
            }),
        }
    }

    /// The bound as a number.
    #[must_use]
    pub fn as_decimal(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What of [`Prometheus`] is written, in a valid file.
#[derive(Clone, Copy, Debug)]
pub enum Counting<'a> {
    /// Good events and valid ones.
    Good {
        /// The good events.
        good: &'a PromQuery,
        /// The events that count.
        valid: &'a PromQuery,
    },
    /// Bad events and valid ones.
    Bad {
        /// The bad events.
        bad: &'a PromQuery,
        /// The events that count.
        valid: &'a PromQuery,
    },
    /// The share of bad events.
    ErrorRatio(&'a PromQuery),
}

impl Prometheus {
    /// What is counted. None for what no valid file has: nothing, or more than one way.
    #[must_use]
    pub fn counting(&self) -> Option<Counting<'_>> {
        if let Some(Histogram { good, valid, .. }) = &self.histogram {
            return Some(Counting::Good { good, valid });
        }
        match (&self.good, &self.bad, &self.valid, &self.error_ratio) {
            (Some(good), None, Some(valid), None) => Some(Counting::Good { good, valid }),
            (None, Some(bad), Some(valid), None) => Some(Counting::Bad { bad, valid }),
            (None, None, None, Some(ratio)) => Some(Counting::ErrorRatio(ratio)),
            _ => None,
        }
    }

    /// Reports what makes no sense together. `table` is the pointer to the queries, and `counts` says whether counts are
    /// taken from them.
    pub(crate) fn check(&self, table: &str, counts: bool, problems: &mut Problems<'_>) {
        self.check_unit(table, problems);
        if let Some(histogram) = &self.histogram {
            for key in ["good", "bad", "valid", "error-ratio"] {
                needless(problems, table, key, "histogram", "a histogram says all there is to say");
            }
            if histogram.metric.name().is_none() {
                let message = format!("{} is no histogram with a name", quote(histogram.metric.as_str()));
                let diagnostic = problems
                    .at(Code::InvalidQuery, &format!("{table}/histogram/metric"), message)
                    .help("write its name without `_bucket` and its labels, such as `request_seconds{job=\"shop\"}`");
                problems.push(diagnostic);
            }
            return;
        }
        if counts && self.error_ratio.is_some() {
            let message = "a share of bad events is nothing that can be counted";
            let diagnostic = problems
                .at(Code::NoCounts, &format!("{table}/error-ratio"), message)
                .help("write `bad` and `valid`, or measure the SLI from events");
            problems.push(diagnostic);
        }
        if let Some(ratio) = &self.error_ratio {
            for key in ["good", "bad", "valid"] {
                needless(problems, table, key, "error-ratio", "an error ratio says all there is to say");
            }
            if ratio.is_counter() {
                let message = format!("{} counts, and a ratio is wanted", quote(ratio.as_str()));
                let diagnostic = problems
                    .at(Code::InvalidQuery, &format!("{table}/error-ratio"), message)
                    .help("write an expression with `$window`, or `bad` and `valid`");
                problems.push(diagnostic);
            }
            return;
        }
        if self.good.is_some() && self.bad.is_some() {
            needless(problems, table, "bad", "good", "what is valid and not good is bad");
        }
        self.check_alike(table, counts, problems);
        let missing = match (self.good.is_some() || self.bad.is_some(), self.valid.is_some()) {
            (true, true) => return,
            (true, false) => "`valid`, the events that count, is missing",
            (false, _) => "nothing says which events are good; add `good` or `bad`",
        };
        let (message, help) = missing.split_once("; ").unwrap_or((missing, "add `valid`"));
        problems.push(problems.at(Code::MissingKey, table, message).help(help));
    }
}

impl Prometheus {
    /// Reports a unit where nothing has one of its own.
    fn check_unit(&self, table: &str, problems: &mut Problems<'_>) {
        let queries = [&self.good, &self.bad, &self.valid];
        let gives = queries.into_iter().flatten().any(|query| !query.is_counter());
        if self.unit.is_some() && !gives {
            let diagnostic = problems
                .at(Code::NeedlessKey, &format!("{table}/unit"), "`unit` has no meaning without expressions")
                .help("remove it: counters and histograms count events");
            problems.push(diagnostic);
        }
    }

    /// Reports a counter beside an expression where counts are taken from both: they would not count alike.
    fn check_alike(&self, table: &str, counts: bool, problems: &mut Problems<'_>) {
        let one = [("good", &self.good), ("bad", &self.bad)]
            .into_iter()
            .find_map(|(key, query)| Some((key, query.as_ref()?)));
        if let (true, Some((key, one)), Some(valid)) = (counts, one, &self.valid)
            && one.is_counter() != valid.is_counter()
        {
            let message = format!("of `{key}` and `valid`, one is a counter and one an expression");
            let diagnostic = problems
                .at(Code::InvalidQuery, &format!("{table}/{key}"), message)
                .help("write two counters, which are counted exactly, or two expressions")
                .related(problems.span(&format!("{table}/valid")), "the other one");
            problems.push(diagnostic);
        }
    }
}

/// Reports a key that has no meaning beside another one.
fn needless(problems: &mut Problems<'_>, table: &str, key: &str, beside: &str, why: &str) {
    let place = format!("{table}/{key}");
    if problems.is_written(&place) {
        let message = format!("`{key}` has no meaning beside `{beside}`");
        let diagnostic = problems
            .at(Code::NeedlessKey, &place, message)
            .help(format!("remove it: {why}"))
            .related(problems.span(&format!("{table}/{beside}")), "this one");
        problems.push(diagnostic);
    }
}

/// What Prometheus is asked: a counter, such as `http_requests_total{code=~"5.."}`, or an expression with `$window` for the
/// stretch of time that it looks at, such as `sum(rate(http_requests_total[$window]))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromQuery(String);
text_value!(
    PromQuery,
    "weir-promql",
    "A counter of Prometheus by name and labels, or an expression of PromQL with `$window` for the stretch of time."
);

impl PromQuery {
    /// Takes a query, without the white space around it.
    ///
    /// Only its form is looked at: that quotes and brackets are closed, and that it says either a counter or where its
    /// stretch of time goes.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<PromQuery, ValueError> {
        let query = text.trim();
        let refuse = |why: &str, help: &str| {
            let message = format!("{} {why}", quote(query));
            ValueError { code: Code::InvalidQuery, message, help: help.to_owned() }
        };
        if let Err(why) = check_brackets(query) {
            return Err(refuse(&why, "write an expression of PromQL"));
        }
        if !query.contains(WINDOW) && !is_counter(query) {
            return Err(refuse(
                "is neither a counter nor an expression with `$window`",
                "write `$window` where the stretch of time goes, such as `sum(rate(requests_total[$window]))`",
            ));
        }
        Ok(PromQuery(query.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a counter, which is known to count events.
    #[must_use]
    pub fn is_counter(&self) -> bool {
        !self.0.contains(WINDOW)
    }

    /// The metric's name, of a counter that is written with one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let name = self.0.split_once('{').map_or(self.0.as_str(), |(name, _)| name).trim_end();
        (self.is_counter() && !name.is_empty()).then_some(name)
    }

    /// The series of a histogram or summary that belong together with a counter: its name with a suffix, its labels, and
    /// another matcher.
    #[must_use]
    pub fn part(&self, suffix: &str, matcher: Option<&str>) -> String {
        let (name, labels) = self.0.split_once('{').unwrap_or((&self.0, "}"));
        let labels = labels.strip_suffix('}').unwrap_or(labels).trim().trim_end_matches(',');
        let labels: Vec<&str> =
            [Some(labels), matcher].into_iter().flatten().filter(|text| !text.is_empty()).collect();
        format!("{}{suffix}{{{}}}", name.trim_end(), labels.join(","))
    }

    /// The PromQL of events a second over a stretch of time, such as `5m`; of an expression, whatever it gives.
    #[must_use]
    pub fn over(&self, window: &str) -> String {
        if self.is_counter() {
            format!("sum(rate({}[{window}]))", self.0)
        } else {
            self.0.replace(WINDOW, window)
        }
    }
}

impl fmt::Display for PromQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the text is a metric's name, labels in braces, or both, one after the other. Its brackets are closed.
fn is_counter(query: &str) -> bool {
    let name = query.find('{').and_then(|brace| query.get(..brace)).unwrap_or(query);
    let labels = query.get(name.len()..).unwrap_or_default();
    let is_name = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
            && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    let ends_once = labels.is_empty() || closes_at_end(labels);
    !query.is_empty() && is_name(name.trim_end()) && ends_once
}

/// Whether the first bracket of the text is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0_u32;
    let mut characters = Significant::of(text).peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return characters.peek().is_none();
        }
    }
    false
}

/// Says why quotes and brackets are not closed.
fn check_brackets(query: &str) -> Result<(), String> {
    let mut open: Vec<char> = Vec::new();
    let mut characters = Significant::of(query);
    for character in characters.by_ref() {
        let closes = match character {
            '(' | '[' | '{' => {
                open.push(character);
                continue;
            }
            ')' => '(',
            ']' => '[',
            '}' => '{',
            _ => continue,
        };
        if open.pop() != Some(closes) {
            return Err(format!("closes `{character}` without having opened it"));
        }
    }
    if characters.unclosed {
        return Err("doesn't close a quote".to_owned());
    }
    match open.last() {
        Some(bracket) => Err(format!("doesn't close `{bracket}`")),
        None => Ok(()),
    }
}

/// The characters of PromQL that are not within quotes.
struct Significant<'q> {
    rest: std::str::Chars<'q>,
    unclosed: bool,
}

impl Significant<'_> {
    fn of(query: &str) -> Significant<'_> {
        Significant { rest: query.chars(), unclosed: false }
    }
}

impl Iterator for Significant<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if matches!(character, '"' | '\'' | '`') {
            loop {
                match self.rest.next() {
                    Some(end) if end == character => break,
                    // In raw strings, a backslash is a backslash.
                    Some('\\') if character != '`' => drop(self.rest.next()),
                    Some(_) => {}
                    None => {
                        self.unclosed = true;
                        break;
                    }
                }
            }
        }
        Some(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_a_counter_or_has_a_window() {
        let check = |text: &str, expected: Result<bool, &str>| {
            let parsed = PromQuery::parse(text);
            let parsed = parsed.as_ref().map(PromQuery::is_counter).map_err(|error| error.message.as_str());
            assert_eq!(parsed, expected, "{text}");
        };
        check(" requests_total ", Ok(true));
        check("job:requests:total{code=~\"5..\", path=\"}\"}", Ok(true));
        check("{__name__=\"requests_total\"}", Ok(true));
        check("sum(rate(requests_total[$window]))", Ok(false));
        check("sum(x)", Err("`sum(x)` is neither a counter nor an expression with `$window`"));
        check("a{} / b{}", Err("`a{} / b{}` is neither a counter nor an expression with `$window`"));
        check("1x", Err("`1x` is neither a counter nor an expression with `$window`"));
        check("", Err("`` is neither a counter nor an expression with `$window`"));
        check("rate(x[$window]", Err("`rate(x[$window]` doesn't close `(`"));
        check("rate(x[$window)]", Err("`rate(x[$window)]` closes `)` without having opened it"));
        check("x{a=\"\\\"}", Err("`x{a=\"\\\"}` doesn't close a quote"));
        check("x{a=`\\`}", Ok(true));
    }

    #[test]
    fn the_parts_of_a_histogram_have_its_labels() {
        let check = |text: &str, expected: &str| {
            let query = PromQuery::parse(text).unwrap();
            assert_eq!(query.part("_bucket", Some("le=\"1\"")), expected);
        };
        check("seconds", "seconds_bucket{le=\"1\"}");
        check("seconds{}", "seconds_bucket{le=\"1\"}");
        check("seconds {a=\"}\", }", "seconds_bucket{a=\"}\",le=\"1\"}");
        assert_eq!(PromQuery::parse("s{a=\"1\"}").unwrap().part("_count", None), "s_count{a=\"1\"}");
        assert_eq!(PromQuery::parse("{a=\"1\"}").unwrap().name(), None);
        assert_eq!(PromQuery::parse("s {a=\"1\"}").unwrap().name(), Some("s"));
    }

    #[test]
    fn a_counter_becomes_a_rate() {
        let check = |text: &str, expected: &str| {
            assert_eq!(PromQuery::parse(text).unwrap().over("1h"), expected);
        };
        check("requests_total", "sum(rate(requests_total[1h]))");
        check("sum(increase(x[$window])) / sum(x offset $window)", "sum(increase(x[1h])) / sum(x offset 1h)");
    }
}
