//! The tallies of a ledger over time.

use std::fmt;
use std::num::NonZeroU32;

use crate::grid::Grid;
use crate::span::Span;
use crate::tally::Tally;

/// The tallies of one ledger by slice, ready for sums over any span. It doesn't change once made.
///
/// A slice belongs to a span when it *starts* within it. Every sum takes two binary searches.
///
/// ```
/// use weir_math::{Series, Span, Tally};
///
/// let good = |good| Tally { good, bad: 0, unknown: 0 };
/// let series = Series::new(60, [(120, good(4)), (0, good(1)), (120, good(2))])?;
/// assert_eq!(series.sum(Span { start: 60, end: 180 }), good(6));
/// assert_eq!((series.covered(Span { start: 0, end: 180 }), series.slots(Span { start: 0, end: 180 })), (2, 3));
/// # Ok::<(), weir_math::SeriesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    grid: Grid,
    // INVARIANT: one more than the grid has starts; element n is the sum of the first n tallies. All of it together
    // fits a `u64`, so that differences of sums are exact.
    sums: Vec<Tally>,
}

impl Series {
    /// Takes slices in any order, adds those that start at the same instant and drops empty ones.
    ///
    /// # Errors
    ///
    /// When `slice_seconds` is zero, a start is no multiple of it, or all events together exceed `u64::MAX`.
    pub fn new(
        slice_seconds: u32,
        slices: impl IntoIterator<Item = (i64, Tally)>,
    ) -> Result<Self, SeriesError> {
        let seconds = NonZeroU32::new(slice_seconds).ok_or(SeriesError::NoLength)?;
        let mut slices: Vec<_> = slices.into_iter().filter(|(_, tally)| !tally.is_empty()).collect();
        slices.sort_unstable_by_key(|(start, _)| *start);
        let mut starts: Vec<i64> = Vec::with_capacity(slices.len());
        let mut sums = Vec::with_capacity(slices.len() + 1);
        let mut sum = Tally::default();
        sums.push(sum);
        for (start, tally) in slices {
            if start.rem_euclid(i64::from(slice_seconds)) != 0 {
                return Err(SeriesError::Misaligned { start, slice_seconds });
            }
            if exact_events(sum) + exact_events(tally) > u128::from(u64::MAX) {
                return Err(SeriesError::TooManyEvents);
            }
            sum += tally;
            if starts.last() == Some(&start) {
                sums.pop();
            } else {
                starts.push(start);
            }
            sums.push(sum);
        }
        Ok(Self { grid: Grid::new(seconds, starts), sums })
    }

    /// The sum over the slices that start within the span.
    #[must_use]
    pub fn sum(&self, span: Span) -> Tally {
        let range = self.grid.range(span);
        difference(self.sum_of_first(range.end), self.sum_of_first(range.start))
    }

    /// How many slices that start within the span have data.
    #[must_use]
    pub fn covered(&self, span: Span) -> u64 {
        u64::try_from(self.grid.range(span).len()).unwrap_or(u64::MAX)
    }

    /// How many slices start within the span, with or without data.
    #[must_use]
    pub fn slots(&self, span: Span) -> u64 {
        self.grid.slots(span)
    }

    /// Start and tally of each slice with data that starts within the span, the oldest first.
    pub fn slices(&self, span: Span) -> impl Iterator<Item = (i64, Tally)> {
        let range = self.grid.range(span);
        let (skipped, length) = (range.start, range.len());
        let starts = self.grid.starts().iter().skip(skipped).take(length);
        let tallies = self.sums.iter().skip(skipped).zip(self.sums.iter().skip(skipped + 1));
        starts.zip(tallies).map(|(start, (before, after))| (*start, difference(*after, *before)))
    }

    /// Start and tally of every slice with data, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (i64, Tally)> {
        let tallies = self.sums.iter().zip(self.sums.iter().skip(1));
        self.grid
            .starts()
            .iter()
            .zip(tallies)
            .map(|(start, (before, after))| (*start, difference(*after, *before)))
    }

    /// The start of the first slice with data.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.grid.starts().first().copied()
    }

    /// The start of the last slice with data.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.grid.starts().last().copied()
    }

    /// The length of a slice in seconds.
    #[must_use]
    pub fn slice_seconds(&self) -> u32 {
        self.grid.seconds()
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    fn sum_of_first(&self, slices: usize) -> Tally {
        self.sums.get(slices).copied().unwrap_or_default()
    }
}

/// The counts of `whole` less those of `part`, which is a part of it.
fn difference(whole: Tally, part: Tally) -> Tally {
    Tally {
        good: whole.good.saturating_sub(part.good),
        bad: whole.bad.saturating_sub(part.bad),
        unknown: whole.unknown.saturating_sub(part.unknown),
    }
}

fn exact_events(tally: Tally) -> u128 {
    u128::from(tally.good) + u128::from(tally.bad) + u128::from(tally.unknown)
}

/// Why slices make no series.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeriesError {
    /// Slices of zero seconds.
    NoLength,
    /// A slice that starts between two multiples of the slice length.
    Misaligned {
        /// Its start.
        start: i64,
        /// The length of a slice in seconds.
        slice_seconds: u32,
    },
    /// Merged stretches that do not rise in time, or that reach into the slices after them.
    OutOfOrder {
        /// The start that is not after the one before it.
        start: i64,
    },
    /// More events than 64 bits can count.
    TooManyEvents,
}

impl fmt::Display for SeriesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLength => formatter.write_str("a slice of 0 seconds holds nothing; write at least 1"),
            Self::Misaligned { start, slice_seconds } => write!(
                formatter,
                "the slice that starts at `{start}` starts between two multiples of {slice_seconds} seconds; \
                 round its start down to one"
            ),
            Self::OutOfOrder { start } => {
                write!(formatter, "what starts at `{start}` does not start after what stands before it")
            }
            Self::TooManyEvents => {
                write!(
                    formatter,
                    "the slices hold more than {} events together; count fewer of them",
                    u64::MAX
                )
            }
        }
    }
}

impl std::error::Error for SeriesError {}
