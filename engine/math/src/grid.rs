//! Where the slices of a ledger stand in time.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use crate::span::Span;

/// The starts of the slices that have data, among all multiples of the slice length. A clone shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    seconds: NonZeroU32,
    // INVARIANT: rising, and each a multiple of `seconds`.
    starts: Arc<Vec<i64>>,
    past: Option<Coarse>,
}

/// The stretches of the past: what stands at a start is all that began in so many seconds from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Coarse {
    seconds: NonZeroU32,
    /// Where it ends.
    until: i64,
}

impl Grid {
    /// The starts must rise and be multiples of `seconds`.
    pub(crate) fn new(seconds: NonZeroU32, starts: Vec<i64>) -> Self {
        Self { seconds, starts: Arc::new(starts), past: None }
    }

    /// As [`new`](Grid::new), where starts before `until` are those of stretches of `stretch` seconds.
    pub(crate) fn with_past(seconds: NonZeroU32, starts: Vec<i64>, stretch: NonZeroU32, until: i64) -> Self {
        Self { past: Some(Coarse { seconds: stretch, until }), ..Self::new(seconds, starts) }
    }

    /// The start of a span, moved back to that of the merged stretch that it lies in.
    pub(crate) fn whole(&self, start: i64) -> i64 {
        match self.past {
            Some(past) if start < past.until => {
                start.saturating_sub(start.rem_euclid(i64::from(past.seconds.get())))
            }
            Some(_) | None => start,
        }
    }

    pub(crate) fn seconds(&self) -> u32 {
        self.seconds.get()
    }

    pub(crate) fn length(&self) -> NonZeroU32 {
        self.seconds
    }

    pub(crate) fn starts(&self) -> &[i64] {
        &self.starts
    }

    /// Whether an instant lies before single slices begin.
    pub(crate) fn is_past(&self, instant: i64) -> bool {
        self.past.is_some_and(|past| instant < past.until)
    }

    /// Adds a start after the last one, which it must lie behind and be a multiple of `seconds`.
    pub(crate) fn push(&mut self, start: i64) {
        Arc::make_mut(&mut self.starts).push(start);
    }

    /// Which of the slices with data start within the span.
    pub(crate) fn range(&self, span: Span) -> Range<usize> {
        let from = self.whole(span.start);
        let lower = self.starts.partition_point(|start| *start < from);
        let upper = self.starts.partition_point(|start| *start < span.end);
        lower..upper.max(lower)
    }

    /// How many slices start within the span, with or without data.
    pub(crate) fn slots(&self, span: Span) -> u64 {
        if span.is_empty() {
            return 0;
        }
        // The number of multiples below an instant, up to a constant.
        let below = |instant: i64| -(-i128::from(instant)).div_euclid(i128::from(self.seconds.get()));
        u64::try_from(below(span.end) - below(self.whole(span.start))).unwrap_or(u64::MAX)
    }

    /// The latest slice with data that starts before the instant.
    pub(crate) fn latest_before(&self, instant: i128) -> Option<i64> {
        let index = self.starts.partition_point(|start| i128::from(*start) < instant);
        self.starts.get(index.checked_sub(1)?).copied()
    }
}
