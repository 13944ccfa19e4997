//! Objectives made of parts.

use std::collections::BTreeMap;
use std::fmt;

use crate::budget::Budget;
use crate::decimal::{Decimal, UNIT};
use crate::ratio::{Ratio, scale_floor};
use crate::series::{Series, SeriesError};
use crate::tally::Tally;

/// A part of an objective that asks for all its parts at once.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The part's ledger.
    pub series: &'a Series,
    /// The share of good events that makes a slice good.
    pub target: Decimal,
}

/// The ledger of an objective that holds while all its parts do.
///
/// Each slice in which any part has data counts once: bad when any part is bad, else unknown when any part has no good
/// or bad event, else good. A slice in which no part has data stays without data. To be budgeted by events
/// ([`crate::Budgeting::Occurrences`]), or by time slices with a target of 1, where gaps count as unknown too.
///
/// # Errors
///
/// When there are no parts, or their slices differ in length.
pub fn all_hold(parts: &[Part<'_>]) -> Result<Series, CompositeError> {
    let slice_seconds = parts.first().ok_or(CompositeError::NoParts)?.series.slice_seconds();
    // Of each slice: how many parts are good, and whether one is bad.
    let mut slices: BTreeMap<i64, (usize, bool)> = BTreeMap::new();
    for part in parts {
        if part.series.slice_seconds() != slice_seconds {
            return Err(CompositeError::SlicesDiffer {
                one: slice_seconds,
                other: part.series.slice_seconds(),
            });
        }
        for (start, tally) in part.series.all() {
            let (good, bad) = slices.entry(start).or_default();
            let valid = u128::from(tally.good) + u128::from(tally.bad);
            if let Some(share) = Ratio::new(i128::from(tally.good), valid) {
                let holds = share.cmp_decimal(&part.target).is_ge();
                *good += usize::from(holds);
                *bad |= !holds;
            }
        }
    }
    let tallies = slices.into_iter().map(|(start, state)| {
        let tally = match state {
            (_, true) => Tally { good: 0, bad: 1, unknown: 0 },
            (good, false) if good == parts.len() => Tally { good: 1, bad: 0, unknown: 0 },
            (_, false) => Tally { good: 0, bad: 0, unknown: 1 },
        };
        (start, tally)
    });
    Series::new(slice_seconds, tallies).map_err(CompositeError::Series)
}

/// The weighted mean of several budgets.
///
/// Each part is rounded down, so what remains is never overstated: it lies below the exact mean by less than twice the
/// number of parts times 10^-18, and `burn` above it by as much. `remaining + burn` is exactly 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// The share of the budget that is left.
    pub remaining: Ratio,
    /// The burn rate.
    pub burn: Ratio,
    /// The share of the weight whose parts have counts. Parts without counts are left out of the mean, so anything
    /// below 1 belongs beside the other two numbers.
    pub judged: Ratio,
}

/// The weighted mean of what remains of several budgets, and of their burn rates.
///
/// None when a weight is negative, when no part with a weight has counts, or when the weights exceed 10^20 together.
#[must_use]
pub fn weighted(parts: &[(Decimal, Budget)]) -> Option<Weighted> {
    let mut total: i128 = 0;
    let mut judged: i128 = 0;
    let mut remaining = Vec::with_capacity(parts.len());
    for (weight, budget) in parts {
        if *weight < Decimal::ZERO {
            return None;
        }
        total = total.checked_add(weight.units())?;
        if let Some(share) = budget.remaining() {
            judged = judged.checked_add(weight.units())?;
            remaining.push((weight.units().unsigned_abs(), share.floor_units()?));
        }
    }
    let mut mean: i128 = 0;
    for (weight, share) in remaining {
        mean = mean.checked_add(scale_floor(share, weight, judged.unsigned_abs())?)?;
    }
    Some(Weighted {
        remaining: Ratio::new(mean, UNIT.unsigned_abs())?,
        burn: Ratio::new(UNIT.checked_sub(mean)?, UNIT.unsigned_abs())?,
        judged: Ratio::new(judged, total.unsigned_abs()).filter(|share| *share > Ratio::ZERO)?,
    })
}

/// Why parts make no ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompositeError {
    /// There is no part.
    NoParts,
    /// Two parts with slices of different length.
    SlicesDiffer {
        /// Seconds of a slice of the first part.
        one: u32,
        /// Seconds of a slice of the part that differs.
        other: u32,
    },
    /// The slices make no series.
    Series(SeriesError),
}

impl fmt::Display for CompositeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoParts => formatter.write_str("a composite objective has no parts; name at least one"),
            Self::SlicesDiffer { one, other } => write!(
                formatter,
                "the parts of a composite objective have slices of {one} and of {other} seconds; give them the same"
            ),
            Self::Series(error) => write!(formatter, "{error}"),
        }
    }
}

// The text of `Series` is that of its cause, so the cause isn't offered as a source a second time.
impl std::error::Error for CompositeError {}
