//! From the samples of counters to tallies by slice. No server, no clock: samples in, counts out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weir_math::Tally;
use weir_model::{SliTallies, SourceError};

use super::Stretch;

/// How long nothing must have been known of a series before it counts as new, in milliseconds: as long as Prometheus itself
/// looks back for a sample.
const ABSENT: i64 = 300_000;

/// What is counted beside the valid events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Good,
    Bad,
}

/// What the samples of a series count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    /// Valid events.
    Valid,
    /// The good or the bad ones among them.
    Part,
    /// Both at once: two counters of one process, which begin anew together.
    Both,
}

/// What counters stood at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) valid: u64,
    pub(super) part: u64,
}

/// A series with a piece of its samples, the oldest first.
#[derive(Debug, Clone)]
pub(super) struct Samples {
    pub(super) stream: Stream,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) samples: Vec<Sample>,
}

/// Counts what happened between samples. Pieces of time are added one after the other; how they are cut changes nothing.
#[derive(Debug)]
pub(super) struct Counters {
    part: Part,
    /// In milliseconds.
    slice: i64,
    /// The start of the first slice that matters, in milliseconds since 1970.
    from: i64,
    until: i64,
    /// Where samples begin to be known.
    known_from: i64,
    /// The last sample of each series.
    last: BTreeMap<(Stream, BTreeMap<String, String>), Sample>,
    /// When something was first known of each target.
    targets: BTreeMap<Target, i64>,
    slices: BTreeMap<i64, SliceCount>,
    newest: Option<i64>,
}

/// What is scraped at once: the `job` and the `instance` of series.
type Target = (Option<String>, String);

#[derive(Debug, Default)]
struct SliceCount {
    valid: u64,
    part: u64,
}

impl Counters {
    /// Nothing counted yet. Samples are known from `look_back` milliseconds before the stretch.
    pub(super) fn new(part: Part, stretch: &Stretch, look_back: i64) -> Counters {
        let slice = i64::from(stretch.slice_seconds.max(1)).saturating_mul(1000);
        let from = stretch.from.as_millisecond();
        Counters {
            part,
            slice,
            from: from.div_euclid(slice).saturating_mul(slice),
            until: stretch.until.as_millisecond(),
            known_from: from.saturating_sub(look_back),
            last: BTreeMap::new(),
            targets: BTreeMap::new(),
            slices: BTreeMap::new(),
            newest: None,
        }
    }

    /// Takes in a later piece of time. Samples that are known already, at its beginning, are passed over.
    pub(super) fn add(&mut self, pieces: Vec<Samples>) {
        for piece in &pieces {
            if let (Some(target), Some(first)) = (target(&piece.labels), piece.samples.first()) {
                let known = self.targets.entry(target).or_insert(first.at);
                *known = first.at.min(*known);
            }
        }
        for Samples { stream, labels, samples } in pieces {
            let mut last = self.last.get(&(stream, labels.clone())).copied();
            for sample in samples {
                if sample.at > self.until || last.is_some_and(|last| sample.at <= last.at) {
                    continue;
                }
                let before = match last {
                    Some(last) => Some((last.valid, last.part)),
                    None => self.is_new(&labels, sample.at).then_some((0, 0)),
                };
                self.count(stream, before, &sample);
                last = Some(sample);
            }
            if let Some(last) = last {
                self.last.insert((stream, labels), last);
            }
        }
    }

    /// Whether a series began to exist after its target had been looked at: then it began at zero. Otherwise nobody knows
    /// since when it has counted.
    fn is_new(&self, labels: &BTreeMap<String, String>, at: i64) -> bool {
        let earlier =
            target(labels).and_then(|target| self.targets.get(&target)).is_some_and(|first| *first < at);
        earlier && at.saturating_sub(self.known_from) > ABSENT
    }

    fn count(&mut self, stream: Stream, before: Option<(u64, u64)>, sample: &Sample) {
        // What a sample shows had happened before it: one on the border of two slices belongs to the first of them.
        let seen = sample.at.saturating_sub(1);
        let start = seen.div_euclid(self.slice).saturating_mul(self.slice);
        if start < self.from {
            return;
        }
        if stream != Stream::Part {
            self.newest = self.newest.max(Some(seen));
        }
        let (valid, part) = match before {
            // The first sample of a series says where it stands, and not since when.
            None => (0, 0),
            // A counter that is lower than before began anew at zero. So did a histogram of which any part is lower.
            Some((valid, part))
                if sample.valid < valid
                    || sample.part < part
                    || sample.valid.saturating_sub(sample.part) < valid.saturating_sub(part) =>
            {
                (sample.valid, sample.part)
            }
            Some((valid, part)) => (sample.valid.saturating_sub(valid), sample.part.saturating_sub(part)),
        };
        if stream == Stream::Part && part == 0 {
            // Only valid events say that a slice is known.
            return;
        }
        let slice = self.slices.entry(start).or_default();
        slice.valid = slice.valid.saturating_add(valid);
        slice.part = slice.part.saturating_add(part);
    }

    /// The tallies.
    ///
    /// # Errors
    /// When more events were good, or bad, than were valid.
    pub(super) fn finish(self) -> Result<SliTallies, SourceError> {
        let mut slices = BTreeMap::new();
        for (start, SliceCount { valid, part }) in self.slices {
            let start = start.div_euclid(1000);
            let Some(rest) = valid.checked_sub(part) else {
                return Err(self_contradiction(self.part, start, valid, part));
            };
            let (good, bad) = match self.part {
                Part::Good => (part, rest),
                Part::Bad => (rest, part),
            };
            slices.insert(start, Tally { good, bad, unknown: 0 });
        }
        let newest = self.newest.and_then(|newest| Timestamp::from_millisecond(newest).ok());
        Ok(SliTallies { slices, newest })
    }
}

fn self_contradiction(part: Part, start: i64, valid: u64, count: u64) -> SourceError {
    let word = match part {
        Part::Good => "good",
        Part::Bad => "bad",
    };
    let at = Timestamp::from_second(start).map(|at| at.to_string()).unwrap_or_default();
    let message = format!(
        "in the slice of {at}, {count} events are {word} and only {valid} are valid; `valid` has to count all events that \
         `{word}` counts, and both have to be scraped at once"
    );
    SourceError::Unknown(message)
}

/// The target of a series. One that doesn't say its instance may have come from anywhere.
fn target(labels: &BTreeMap<String, String>) -> Option<Target> {
    Some((labels.get("job").cloned(), labels.get("instance")?.clone()))
}

#[cfg(test)]
mod tests;
