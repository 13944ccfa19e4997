//! What the query API answers, as far as it is looked at.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// The greatest whole number up to which all whole numbers are floats, which is what samples are.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The frame of every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<T> {
    pub(super) status: String,
    pub(super) data: Option<T>,
    #[serde(default, rename = "errorType")]
    pub(super) error_type: String,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
    /// What VictoriaMetrics says when a part of it did not answer.
    #[serde(default, rename = "isPartial")]
    pub(super) is_partial: bool,
}

/// Series with their samples.
#[derive(Debug, Deserialize)]
pub(super) struct Matrix {
    #[serde(rename = "resultType")]
    pub(super) kind: String,
    pub(super) result: Vec<Series>,
}

/// A series with its samples, the oldest first.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Series {
    #[serde(rename = "metric")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) values: Vec<(Instant, String)>,
    #[serde(default)]
    pub(super) histograms: Vec<(Instant, Observed)>,
}

/// A sample of a native histogram.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Observed {
    pub(super) count: String,
    /// How the bounds belong to it, the lower one, the upper one, and how many observations lie between them.
    #[serde(default)]
    pub(super) buckets: Vec<(u8, String, String, String)>,
}

/// An instant, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(pub(super) i64);

impl<'de> Deserialize<'de> for Instant {
    /// The API writes seconds with three digits behind the point: as a float, far more exact than that.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        let milliseconds = (f64::deserialize(deserializer)? * 1000.0).round();
        if milliseconds.abs() > EXACT {
            return Err(serde::de::Error::custom("an instant is out of range"));
        }
        Ok(Instant(milliseconds as i64))
    }
}

impl Series {
    /// The series as PromQL writes it.
    pub(super) fn name(&self) -> String {
        name(&self.labels)
    }
}

/// A series as PromQL writes it.
pub(super) fn name(labels: &BTreeMap<String, String>) -> String {
    let metric = labels.get("__name__").map(String::as_str).unwrap_or_default();
    let others = labels.iter().filter(|(label, _)| *label != "__name__");
    let labels: Vec<String> = others.map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{metric}{{{}}}", labels.join(","))
}

/// The value of a counter of events: a whole number.
pub(super) fn count(text: &str) -> Result<u64, String> {
    if let Ok(count) = text.parse::<u64>() {
        return if count <= EXACT as u64 {
            Ok(count)
        } else {
            Err(format!("{text} is more than a sample counts exactly"))
        };
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 && value.fract() == 0.0 && value <= EXACT => {
            Ok(value as u64)
        }
        Ok(value) if value.is_nan() => Err("a sample is NaN".to_owned()),
        Ok(_) => Err(format!("a sample is {text}")),
        Err(_) => Err(format!("a sample is {text:?}, which is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_count() {
        let check = |text: &str, expected: Result<u64, &str>| {
            assert_eq!(
                count(text).as_ref().map_err(String::as_str),
                expected.as_ref().map_err(|text| *text),
                "{text}"
            );
        };
        check("0", Ok(0));
        check("9007199254740992", Ok(9_007_199_254_740_992));
        check("1.5e+03", Ok(1500));
        check("18446744073709551615", Err("18446744073709551615 is more than a sample counts exactly"));
        check("0.5", Err("a sample is 0.5"));
        check("-1", Err("a sample is -1"));
        check("NaN", Err("a sample is NaN"));
        check("+Inf", Err("a sample is +Inf"));
        check("many", Err("a sample is \"many\", which is no number"));
    }

    #[test]
    fn instants_are_exact_to_the_millisecond() {
        let check = |text: &str, expected: i64| {
            assert_eq!(serde_json::from_str::<Instant>(text).unwrap(), Instant(expected), "{text}");
        };
        check("1790000000.123", 1_790_000_000_123);
        check("1790000000", 1_790_000_000_000);
        check("-0.001", -1);
        assert!(serde_json::from_str::<Instant>("1e300").is_err());
    }
}
