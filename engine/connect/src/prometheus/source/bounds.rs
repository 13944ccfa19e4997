//! Histograms: which observations lie within a bound, exactly or not at all.

use std::collections::BTreeMap;

use weir_model::{Bound, Histogram, SourceError};

use super::answer::{self, Instant, Observed, Series};
use super::counters::{Sample, Samples, Stream};
use super::not_a_count;

/// The texts by which a bound stands among those of buckets, ready for a regular expression.
///
/// # Errors
/// When no bucket has the bound.
pub(super) fn texts_of(bound: Bound, found: &[String], metric: &str) -> Result<Vec<String>, SourceError> {
    let wanted = number(&bound.to_string());
    // Texts name floats: `0.5`, `0.50` and `5e-1` are one bucket to the server.
    let texts: Vec<String> =
        found.iter().filter(|text| number(text) == wanted).map(|text| escaped(text)).collect();
    if texts.is_empty() {
        let mut bounds: Vec<(f64, &str)> =
            found.iter().filter_map(|text| Some((number(text)?, text.as_str()))).collect();
        bounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let below = bounds.iter().rev().find(|(value, _)| Some(*value) < wanted).map(|(_, text)| *text);
        let above = bounds.iter().find(|(value, _)| Some(*value) > wanted).map(|(_, text)| *text);
        return Err(between(metric, bound, below, above));
    }
    Ok(texts)
}

/// Puts the counts of a histogram beside those of the bucket that ends at the bound.
///
/// # Errors
/// When a histogram has no such bucket, or a sample is no count.
pub(super) fn joined(
    all: Vec<Series>,
    within: Vec<Series>,
    histogram: &Histogram,
) -> Result<Vec<Samples>, SourceError> {
    let mut buckets: BTreeMap<BTreeMap<String, String>, Vec<(Instant, String)>> = BTreeMap::new();
    for series in within {
        let mut labels = series.labels;
        labels.remove("le");
        labels.remove("__name__");
        // A server that was upgraded may write the same bound in two ways, one after the other.
        let values = buckets.entry(labels).or_default();
        values.extend(series.values);
        values.sort_by_key(|(at, _)| *at);
    }
    let mut joined = Vec::new();
    for series in all {
        let mut labels = series.labels.clone();
        labels.remove("__name__");
        let values: BTreeMap<Instant, &str> =
            buckets.get(&labels).into_iter().flatten().map(|(at, value)| (*at, value.as_str())).collect();
        let mut samples = Vec::with_capacity(series.values.len());
        for (at, value) in &series.values {
            let Some(within) = values.get(at) else { return Err(no_bucket(&series, histogram)) };
            let valid = answer::count(value).map_err(|why| not_a_count(&series, &why))?;
            let part = answer::count(within).map_err(|why| not_a_count(&series, &why))?;
            samples.push(Sample { at: at.0, valid, part });
        }
        joined.push(Samples { stream: Stream::Both, labels: series.labels, samples });
    }
    Ok(joined)
}

/// Counts what lies within the bound in each sample of a native histogram.
///
/// # Errors
/// When observations lie in a bucket that the bound cuts, or the series is no native histogram that counts.
pub(super) fn split(series: Series, histogram: &Histogram) -> Result<Samples, SourceError> {
    if !series.values.is_empty() {
        let message = format!("`{}` is no native histogram", series.name());
        return Err(SourceError::wrong(message, "remove `native`, and name the histogram without `_bucket`"));
    }
    let mut samples = Vec::with_capacity(series.histograms.len());
    for (at, observed) in &series.histograms {
        let valid = answer::count(&observed.count).map_err(|why| not_a_count(&series, &why))?;
        samples.push(Sample { at: at.0, valid, part: within(observed, &series, histogram)? });
    }
    Ok(Samples { stream: Stream::Both, labels: series.labels, samples })
}

/// How many observations lie within the bound. Only buckets that hold something are there.
fn within(observed: &Observed, series: &Series, histogram: &Histogram) -> Result<u64, SourceError> {
    let bound = histogram.threshold;
    let wanted = number(&bound.to_string());
    let mut within: u64 = 0;
    for (_, lower, upper, count) in &observed.buckets {
        let count = answer::count(count).map_err(|why| not_a_count(series, &why))?;
        let (from, to) = (number(lower), number(upper));
        if from.is_none() || to.is_none() {
            return Err(not_a_count(series, &format!("a bucket reaches from {lower:?} to {upper:?}")));
        }
        if to <= wanted {
            within = within.saturating_add(count);
        } else if from < wanted && count > 0 {
            return Err(between(histogram.metric.as_str(), bound, Some(lower), Some(upper)));
        }
    }
    Ok(within)
}

/// No bucket ends at the bound, so nobody knows which observations lie within it.
fn between(metric: &str, bound: Bound, below: Option<&str>, above: Option<&str>) -> SourceError {
    let nearest: Vec<&str> = below.into_iter().chain(above).collect();
    let message = format!(
        "no bucket of `{metric}` ends at {bound}, so it can't be told what lies within; the nearest {} {}",
        if nearest.len() == 1 { "ends at" } else { "end at" },
        nearest.join(" and ")
    );
    SourceError::wrong(
        message,
        "write the bound of a bucket for `threshold`, or give the histogram such a bucket",
    )
}

fn no_bucket(series: &Series, histogram: &Histogram) -> SourceError {
    let message = format!("`{}` has no bucket that ends at {}", series.name(), histogram.threshold);
    SourceError::wrong(
        message,
        "give all series of the histogram the same buckets, or leave some out by their labels",
    )
}

/// A bound as the number that it names; none for what is none.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| !number.is_nan())
}

/// A text within a regular expression within quotes.
fn escaped(text: &str) -> String {
    text.replace('.', "[.]").replace('+', "[+]")
}
