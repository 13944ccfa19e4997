//! Counts taken from a server with the query API of Prometheus.
//!
//! Of counters and histograms the samples are fetched as they are stored, and what happened between two of them is their
//! difference: whole numbers, without the extrapolation of `rate` and `increase`. What was seen to have happened belongs to
//! the slice in which it was seen. A slice without a sample is not there at all: nobody knows what happened in it.
//!
//! Of expressions only the server knows the values, once for each slice; they are estimates.

mod answer;
mod bounds;
mod counters;
mod expressions;
mod server;

use jiff::Timestamp;
use weir_model::{Counting, Histogram, PromQuery, Prometheus, SliTallies, SourceError};

use crate::http::HttpClient;
use answer::Series;
use counters::{Counters, Part, Sample, Samples, Stream};
use server::{Server, Trouble};

/// How far before the stretch of time samples are looked at, in milliseconds: what a counter stood at before it.
const LOOK_BACK: i64 = 600_000;

/// How much time is asked about at once, in milliseconds: at first, at most, and at least when the server finds it too much.
const CHUNK: i64 = 6 * 3_600_000;
const LONGEST_CHUNK: i64 = 24 * 3_600_000;
const SHORTEST_CHUNK: i64 = 300_000;

/// So many samples are few: then more time is asked about at once.
const FEW_SAMPLES: usize = 200_000;

/// The time that counts are wanted of, and how finely.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// The length of a slice in seconds; at least 1.
    pub slice_seconds: u32,
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
}

/// Takes the counts of an SLI from the server at `url`.
///
/// # Errors
/// When the server can't be asked or gives no answer that makes sense, or when what it has is nothing that can be counted.
pub fn counts(
    client: &HttpClient,
    url: &str,
    prometheus: &Prometheus,
    stretch: &Stretch,
) -> Result<SliTallies, SourceError> {
    let server = Server::new(client, url);
    let stretch = Stretch { slice_seconds: stretch.slice_seconds.max(1), ..*stretch };
    if let Some(histogram) = &prometheus.histogram {
        return if histogram.native {
            native(&server, histogram, &stretch)
        } else {
            classic(&server, histogram, &stretch)
        };
    }
    let (part, query, valid) = match prometheus.counting() {
        Some(Counting::Good { good, valid }) => (Part::Good, good, valid),
        Some(Counting::Bad { bad, valid }) => (Part::Bad, bad, valid),
        Some(Counting::ErrorRatio(_)) | None => {
            let message = "nothing says how valid events and good or bad ones are counted";
            return Err(SourceError::wrong(message, "write `bad` and `valid`"));
        }
    };
    if query.is_counter() && valid.is_counter() {
        of_counters(&server, part, query, valid, &stretch)
    } else {
        expressions::counts(&server, part, (query, valid), prometheus.unit.unwrap_or_default(), &stretch)
    }
}

/// Counters of their own for the valid events, and for the good or the bad ones.
fn of_counters(
    server: &Server<'_>,
    part: Part,
    query: &PromQuery,
    valid: &PromQuery,
    stretch: &Stretch,
) -> Result<SliTallies, SourceError> {
    let mut counters = Counters::new(part, stretch, LOOK_BACK);
    in_chunks(stretch, |from, until| {
        let valid_series = server.samples(valid.as_str(), from, until)?;
        let part_series = server.samples(query.as_str(), from, until)?;
        let count = sample_count(&valid_series) + sample_count(&part_series);
        let mut samples = Vec::new();
        for (stream, series) in [(Stream::Valid, valid_series), (Stream::Part, part_series)] {
            for series in series {
                samples.push(of_counter(stream, series)?);
            }
        }
        counters.add(samples);
        Ok(count)
    })?;
    counters.finish()
}

/// A histogram with a series for each bucket.
fn classic(server: &Server<'_>, histogram: &Histogram, stretch: &Stretch) -> Result<SliTallies, SourceError> {
    let metric = &histogram.metric;
    let buckets = metric.part("_bucket", None);
    let found = server.label_values("le", &buckets, stretch).map_err(Trouble::into_error)?;
    if found.is_empty() {
        // There is no such histogram, or there was none at that time: nothing is known.
        return Ok(SliTallies::default());
    }
    let bounds = bounds::texts_of(histogram.threshold, &found, metric.as_str())?;
    let matcher = format!("le=~\"{}\"", bounds.join("|"));
    let (within, all) = (metric.part("_bucket", Some(&matcher)), metric.part("_count", None));
    let mut counters = Counters::new(Part::Good, stretch, LOOK_BACK);
    in_chunks(stretch, |from, until| {
        let all = server.samples(&all, from, until)?;
        let within = server.samples(&within, from, until)?;
        let count = sample_count(&all) + sample_count(&within);
        counters.add(bounds::joined(all, within, histogram)?);
        Ok(count)
    })?;
    counters.finish()
}

/// A native histogram.
fn native(server: &Server<'_>, histogram: &Histogram, stretch: &Stretch) -> Result<SliTallies, SourceError> {
    let mut counters = Counters::new(Part::Good, stretch, LOOK_BACK);
    in_chunks(stretch, |from, until| {
        let series = server.samples(histogram.metric.as_str(), from, until)?;
        let count = series.iter().map(|series| series.histograms.len()).sum();
        let samples = series.into_iter().map(|series| bounds::split(series, histogram));
        counters.add(samples.collect::<Result<_, _>>()?);
        Ok(count)
    })?;
    counters.finish()
}

/// The samples of a counter.
fn of_counter(stream: Stream, series: Series) -> Result<Samples, SourceError> {
    if !series.histograms.is_empty() {
        let message = format!("`{}` is a native histogram, and a counter is wanted", series.name());
        return Err(SourceError::wrong(message, "write `[sli.prometheus.histogram]` with `native = true`"));
    }
    let mut samples = Vec::with_capacity(series.values.len());
    for (at, value) in &series.values {
        let value = answer::count(value).map_err(|why| not_a_count(&series, &why))?;
        let (valid, part) = match stream {
            Stream::Valid | Stream::Both => (value, 0),
            Stream::Part => (0, value),
        };
        samples.push(Sample { at: at.0, valid, part });
    }
    Ok(Samples { stream, labels: series.labels, samples })
}

fn not_a_count(series: &Series, why: &str) -> SourceError {
    let message = format!("`{}` is no counter of events: {why}", series.name());
    SourceError::wrong(
        message,
        "name a counter that counts whole events, or write expressions with `$window`",
    )
}

fn sample_count(series: &[Series]) -> usize {
    series.iter().map(|series| series.values.len()).sum()
}

/// Asks about one piece of time after the other, about less at a time when it is too much for the server. `ask` tells how
/// many samples there were, and takes nothing in when it fails.
fn in_chunks(
    stretch: &Stretch,
    mut ask: impl FnMut(i64, i64) -> Result<usize, Trouble>,
) -> Result<(), SourceError> {
    let until = stretch.until.as_millisecond();
    let mut from = stretch.from.as_millisecond().saturating_sub(LOOK_BACK);
    let mut length = CHUNK;
    while from < until {
        let end = from.saturating_add(length).min(until);
        match ask(from, end) {
            Ok(samples) => {
                from = end;
                if samples < FEW_SAMPLES {
                    length = length.saturating_mul(2).min(LONGEST_CHUNK);
                }
            }
            Err(Trouble::TooMuch(_)) if length > SHORTEST_CHUNK => {
                length = (length / 2).max(SHORTEST_CHUNK);
            }
            Err(trouble) => return Err(trouble.into_error()),
        }
    }
    Ok(())
}
