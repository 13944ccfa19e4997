//! A ledger in the unit that an objective budgets by.

use std::iter::Sum;
use std::num::NonZeroU32;
use std::ops::{Add, Range};

use crate::counts::Counts;
use crate::decimal::Decimal;
use crate::grid::Grid;
use crate::ratio::Ratio;
use crate::series::{Series, SeriesError};
use crate::span::Span;
use crate::tally::Tally;

/// What a slice contributes when it counts by its ratio: billionths.
const BILLION: u64 = 1_000_000_000;

/// What an error budget is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Budgeting {
    /// Events: a minute with much traffic weighs more.
    Occurrences,
    /// Time slices: one is good when its share of good events reaches the target, else bad.
    TimeSlices {
        /// The share of good events that makes a slice good.
        target: Decimal,
    },
    /// Time slices by degrees: each contributes its own share of good events, in billionths. Good ones are rounded
    /// down, and good and bad ones of a slice make a billion.
    RatioTimeSlices,
}

/// What something counts as whose outcome nobody knows.
///
/// Budgeting by events, it is the unknown events. Budgeting by time slices, it is the slices without a good or bad
/// event, with or without unknown ones; beside good and bad events, unknown ones don't matter there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// As bad.
    Bad,
    /// As good.
    Good,
    /// Not at all.
    Ignored,
}

/// A ledger in the unit that an objective budgets by, ready for counts over any span.
///
/// A slice belongs to a span when it *starts* within it.
///
/// ```
/// use weir_math::{Account, Budgeting, Counts, Decimal, Series, Span, Tally, Unknown};
///
/// let series = Series::new(60, [(0, Tally { good: 99, bad: 1, unknown: 0 }), (120, Tally { good: 9, bad: 1, unknown: 0 })])?;
/// let slices = Budgeting::TimeSlices { target: Decimal::parse("99 %")? };
/// let account = Account::new(&series, slices, Unknown::Bad);
/// // The first minute reaches the target, the second has no data, the third misses the target.
/// assert_eq!(account.counts(Span { start: 0, end: 180 }), Counts { good: 1, bad: 2 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    grid: Grid,
    // INVARIANT: one more than the grid has starts; element n is the sum of what stands at the first n.
    sums: Vec<Merged>,
    /// What a slice without data counts as.
    missing: Counts,
}

/// Slices that were merged: what they count as together, and how many of them had data.
///
/// Merging keeps every sum over whole stretches and gives up what happened within one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Merged {
    /// What the slices with data count as, in the unit that the objective budgets by.
    pub counts: Counts,
    /// Events of unknown outcome.
    pub unknown: u64,
    /// How many slices have data.
    pub slices: u64,
}

/// The time before some instant, in stretches whose slices were merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The length of a stretch in seconds.
    pub seconds: NonZeroU32,
    /// Where the past ends and single slices begin: seconds since 1970, a multiple of `seconds`.
    pub until: i64,
    /// Each stretch that has data, by its start in seconds since 1970, the oldest first.
    pub merged: Vec<(i64, Merged)>,
}

impl Merged {
    /// One slice. A slice without events is nothing at all.
    #[must_use]
    pub fn slice(tally: Tally, budgeting: Budgeting, unknown: Unknown) -> Self {
        if tally.is_empty() {
            return Self::default();
        }
        Self { counts: count(tally, budgeting, unknown), unknown: tally.unknown, slices: 1 }
    }
}

impl Add for Merged {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            counts: self.counts + other.counts,
            unknown: self.unknown.saturating_add(other.unknown),
            slices: self.slices.saturating_add(other.slices),
        }
    }
}

impl Sum for Merged {
    fn sum<I: Iterator<Item = Self>>(merged: I) -> Self {
        merged.fold(Self::default(), Add::add)
    }
}

impl Account {
    /// Counts every slice of the series once, O(n).
    #[must_use]
    pub fn new(series: &Series, budgeting: Budgeting, unknown: Unknown) -> Self {
        let slices = series.all().map(|(_, tally)| Merged::slice(tally, budgeting, unknown));
        Self {
            grid: series.grid().clone(),
            sums: sums(slices),
            missing: count(Tally::default(), budgeting, unknown),
        }
    }

    /// As [`new`](Account::new), with the time before the series, whose slices were merged.
    ///
    /// A span that starts within a merged stretch counts the whole of it: its start is moved back to that of the stretch.
    ///
    /// # Errors
    ///
    /// When stretches are not whole numbers of slices, or their starts no multiples of their length that rise; or when the
    /// series does not begin after them.
    pub fn with_past(
        past: &Past,
        series: &Series,
        budgeting: Budgeting,
        unknown: Unknown,
    ) -> Result<Self, SeriesError> {
        let (seconds, own) = (series.grid().length(), series.grid().starts());
        let length = i64::from(past.seconds.get());
        let misaligned = |instant: &&i64| instant.rem_euclid(length) != 0;
        let ends = past.merged.iter().map(|(start, _)| start).chain([&past.until]);
        let wrong = ends.clone().find(misaligned);
        if let Some(start) = wrong.or_else(|| (length % i64::from(seconds.get()) != 0).then_some(&length)) {
            return Err(SeriesError::Misaligned { start: *start, slice_seconds: past.seconds.get() });
        }
        let falling =
            ends.clone().zip(ends.skip(1)).find(|(start, next)| start >= next).map(|(_, next)| *next);
        if let Some(start) = falling.or_else(|| series.first().filter(|first| *first < past.until)) {
            return Err(SeriesError::OutOfOrder { start });
        }
        let starts = past.merged.iter().map(|(start, _)| *start).chain(own.iter().copied());
        let slices = series.all().map(|(_, tally)| Merged::slice(tally, budgeting, unknown));
        Ok(Self {
            grid: Grid::with_past(seconds, starts.collect(), past.seconds, past.until),
            sums: sums(past.merged.iter().map(|(_, merged)| *merged).chain(slices)),
            missing: count(Tally::default(), budgeting, unknown),
        })
    }

    /// Says what the last slice holds by now, or adds one behind it. O(1) in the mean, where nothing else shares the starts of
    /// the slices with this account.
    ///
    /// # Errors
    ///
    /// When the slice starts before the last one, or within the merged past, or at no multiple of the slice length.
    pub fn put(
        &mut self,
        start: i64,
        tally: Tally,
        budgeting: Budgeting,
        unknown: Unknown,
    ) -> Result<(), SeriesError> {
        let slice_seconds = self.grid.seconds();
        if start.rem_euclid(i64::from(slice_seconds)) != 0 {
            return Err(SeriesError::Misaligned { start, slice_seconds });
        }
        let last = self.last();
        if last.is_some_and(|last| start < last) || self.grid.is_past(start) {
            return Err(SeriesError::OutOfOrder { start });
        }
        if last == Some(start) {
            self.sums.pop();
        } else if tally.is_empty() {
            return Ok(());
        } else {
            self.grid.push(start);
        }
        let before = self.sums.last().copied().unwrap_or_default();
        self.sums.push(before + Merged::slice(tally, budgeting, unknown));
        Ok(())
    }

    /// Counts over the slices that start within the span, O(log n).
    ///
    /// Budgeting by time slices, those without data are part of it: before the first event and after the last one too.
    #[must_use]
    pub fn counts(&self, span: Span) -> Counts {
        self.counts_of(self.grid.range(span), span)
    }

    /// Counts over these slices with data, which are those that start within the span.
    fn counts_of(&self, range: Range<usize>, span: Span) -> Counts {
        let Merged { counts: known, slices, .. } = self.sum(range);
        if !self.counts_gaps() {
            return known;
        }
        let missing = self.grid.slots(span).saturating_sub(slices);
        known
            + Counts {
                good: self.missing.good.saturating_mul(missing),
                bad: self.missing.bad.saturating_mul(missing),
            }
    }

    /// The slices that start within the span, merged, O(log n).
    #[must_use]
    pub fn merged(&self, span: Span) -> Merged {
        self.sum(self.grid.range(span))
    }

    /// What stands at these starts.
    fn sum(&self, range: Range<usize>) -> Merged {
        let sum_of_first = |starts: usize| self.sums.get(starts).copied().unwrap_or_default();
        let (after, before) = (sum_of_first(range.end), sum_of_first(range.start));
        Merged {
            counts: Counts {
                good: after.counts.good.saturating_sub(before.counts.good),
                bad: after.counts.bad.saturating_sub(before.counts.bad),
            },
            unknown: after.unknown.saturating_sub(before.unknown),
            slices: after.slices.saturating_sub(before.slices),
        }
    }

    /// Counts up to an instant, from starts that rise: for looking at one span after the other, O(1) each in the mean.
    pub(crate) fn tail(&self, end: i64) -> Tail<'_> {
        let until = self.grid.range(Span { start: i64::MIN, end }).end;
        Tail { account: self, end, until, from: 0 }
    }

    /// The share of the span's slices that have data; none when no slice starts within the span.
    #[must_use]
    pub fn coverage(&self, span: Span) -> Option<Ratio> {
        let slots = self.grid.slots(span);
        // A merged stretch that starts within the span may reach beyond it.
        let covered = self.sum(self.grid.range(span)).slices.min(slots);
        Ratio::new(i128::from(covered), u128::from(slots))
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

    /// Whether slices without data count as anything.
    pub(crate) fn counts_gaps(&self) -> bool {
        self.missing != Counts::default()
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }
}

/// Counts from a start that rises up to an end that stays.
#[derive(Debug)]
pub(crate) struct Tail<'a> {
    account: &'a Account,
    end: i64,
    /// How many slices with data start before the end.
    until: usize,
    /// How many slices with data start before the last start that was asked for.
    from: usize,
}

impl Tail<'_> {
    /// Counts over the slices from `start` on. No start may lie before the one that was asked for last.
    pub(crate) fn counts(&mut self, start: i64) -> Counts {
        let start = self.account.grid.whole(start);
        let passed = self.account.grid.starts().iter().take(self.until).skip(self.from);
        self.from += passed.take_while(|slice| **slice < start).count();
        self.account.counts_of(self.from..self.until, Span { start, end: self.end })
    }
}

/// The sums of the first none, one, two and so on.
fn sums(slices: impl Iterator<Item = Merged>) -> Vec<Merged> {
    let mut sum = Merged::default();
    let running = slices.map(|slice| {
        sum = sum + slice;
        sum
    });
    std::iter::once(Merged::default()).chain(running).collect()
}

/// What one slice counts as.
fn count(tally: Tally, budgeting: Budgeting, unknown: Unknown) -> Counts {
    let resolved = |amount| match unknown {
        Unknown::Bad => Counts { good: 0, bad: amount },
        Unknown::Good => Counts { good: amount, bad: 0 },
        Unknown::Ignored => Counts::default(),
    };
    let known = Counts { good: tally.good, bad: tally.bad };
    // None without known events.
    let share = Ratio::new(i128::from(known.good), known.exact_valid());
    match (budgeting, share) {
        (Budgeting::Occurrences, _) => known + resolved(tally.unknown),
        (Budgeting::TimeSlices { .. }, None) => resolved(1),
        (Budgeting::TimeSlices { target }, Some(share)) if share.cmp_decimal(&target).is_ge() => {
            Counts { good: 1, bad: 0 }
        }
        (Budgeting::TimeSlices { .. }, Some(_)) => Counts { good: 0, bad: 1 },
        (Budgeting::RatioTimeSlices, None) => resolved(BILLION),
        (Budgeting::RatioTimeSlices, Some(_)) => {
            let billionths = u128::from(known.good) * u128::from(BILLION) / known.exact_valid();
            let good = u64::try_from(billionths).unwrap_or(BILLION);
            Counts { good, bad: BILLION.saturating_sub(good) }
        }
    }
}
