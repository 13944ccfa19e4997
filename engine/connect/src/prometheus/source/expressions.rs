//! From the values of expressions to tallies by slice: estimates, in whole events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weir_math::Tally;
use weir_model::{PromQuery, SliTallies, SourceError, Unit};

use super::Stretch;
use super::answer::Series;
use super::counters::Part;
use super::server::Server;

/// How many values are asked for at once; a server gives 11,000 of a series.
const POINTS: i64 = 10_000;

/// The parts of an event that are counted, so that rounding gets lost in the noise of an estimate.
const MILLIONTHS: i128 = 1_000_000;

/// Takes the counts of two expressions over each slice: of the good or the bad events, and of the valid ones.
pub(super) fn counts(
    server: &Server<'_>,
    part: Part,
    (query, valid): (&PromQuery, &PromQuery),
    unit: Unit,
    stretch: &Stretch,
) -> Result<SliTallies, SourceError> {
    let slice = i64::from(stretch.slice_seconds);
    let factor = match unit {
        Unit::EventsPerSecond => i128::from(slice),
        Unit::Events => 1,
    };
    let window = format!("{slice}s");
    let (query, valid) = (query.over(&window), valid.over(&window));
    // Only slices that have ended; the value at the end of a slice is that of the slice.
    let last = stretch.until.as_second().div_euclid(slice).saturating_mul(slice);
    let mut first = (stretch.from.as_second().div_euclid(slice) + 1).saturating_mul(slice);
    let mut rounding = Rounding::default();
    let mut slices = BTreeMap::new();
    while first <= last {
        let end = first.saturating_add((POINTS - 1).saturating_mul(slice)).min(last);
        let values = |expression: &str| {
            let series = server.values(expression, first, end, slice).map_err(super::Trouble::into_error)?;
            single(series, expression, factor)
        };
        let (all, parts) = (values(&valid)?, values(&query)?);
        for (at, all) in all {
            // Before the first of its kind, there is no counter for it.
            let counted = parts.get(&at).copied().unwrap_or(0);
            let start = at.div_euclid(1000).saturating_sub(slice);
            slices.insert(
                start,
                rounding.tally(part, all, counted).ok_or_else(|| too_many(at, &query, &valid))?,
            );
        }
        first = end.saturating_add(slice);
    }
    let newest = slices.keys().next_back().map(|start| (start + slice).saturating_mul(1000) - 1);
    Ok(SliTallies { slices, newest: newest.and_then(|newest| Timestamp::from_millisecond(newest).ok()) })
}

/// The values of the one series that an expression gives, in millionths of an event, by instant in milliseconds.
fn single(series: Vec<Series>, expression: &str, factor: i128) -> Result<BTreeMap<i64, i128>, SourceError> {
    if series.len() > 1 {
        let message = format!("`{expression}` gives {} series, and one is wanted", series.len());
        return Err(SourceError::wrong(message, "put `sum(…)` around it"));
    }
    let mut values = BTreeMap::new();
    for (at, text) in series.into_iter().flat_map(|series| series.values) {
        match text.parse::<f64>() {
            // Of nothing divided by nothing, nothing is known.
            Ok(value) if value.is_nan() => {}
            Ok(value) if (0.0..1e15).contains(&value) => {
                values.insert(at.0, ((value * 1e6).round() as i128).saturating_mul(factor));
            }
            _ => {
                let message = format!("`{expression}` gives {text}, which is no number of events");
                return Err(SourceError::wrong(message, "write an expression that counts events"));
            }
        }
    }
    Ok(values)
}

fn too_many(at: i64, part: &str, valid: &str) -> SourceError {
    let at = Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default();
    SourceError::wrong(
        format!("at {at}, `{part}` gives more than `{valid}`"),
        "let `valid` count all events that the other expression counts",
    )
}

/// Rounds sums instead of single values, so that what is small adds up and nothing is lost.
#[derive(Debug, Default)]
struct Rounding {
    good: i128,
    bad: i128,
}

impl Rounding {
    /// The tally of one more slice. None where the part is more than the whole, by more than estimates differ.
    fn tally(&mut self, part: Part, all: i128, counted: i128) -> Option<Tally> {
        if counted > all.saturating_add(all / 100).saturating_add(1) {
            return None;
        }
        let counted = counted.min(all);
        let (good, bad) = match part {
            Part::Good => (counted, all.saturating_sub(counted)),
            Part::Bad => (all.saturating_sub(counted), counted),
        };
        let tally = Tally { good: add(&mut self.good, good), bad: add(&mut self.bad, bad), unknown: 0 };
        Some(tally)
    }
}

/// Adds to a sum, and tells by how many whole events it has grown.
fn add(sum: &mut i128, millionths: i128) -> u64 {
    let whole = |sum: i128| sum.saturating_add(MILLIONTHS / 2).div_euclid(MILLIONTHS);
    let before = whole(*sum);
    *sum = sum.saturating_add(millionths);
    u64::try_from(whole(*sum).saturating_sub(before)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_by_rounding(slices in prop::collection::vec((0_u32..5_000_000, 0_u32..5_000_000), 1..200)) {
            let mut rounding = Rounding::default();
            let (mut good, mut bad, mut all, mut counted) = (0, 0, 0, 0);
            for (one, other) in slices {
                let (whole, part) = (i128::from(one.max(other)), i128::from(one.min(other)));
                let tally = rounding.tally(Part::Bad, whole, part).unwrap();
                (good, bad) = (good + i128::from(tally.good), bad + i128::from(tally.bad));
                (all, counted) = (all + whole, counted + part);
            }
            prop_assert!((bad * MILLIONTHS - counted).abs() <= MILLIONTHS / 2);
            prop_assert!((good * MILLIONTHS - (all - counted)).abs() <= MILLIONTHS / 2);
        }
    }

    #[test]
    fn a_part_is_no_more_than_the_whole() {
        let mut rounding = Rounding::default();
        assert_eq!(
            rounding.tally(Part::Bad, 1_000_000, 1_005_000),
            Some(Tally { good: 0, bad: 1, unknown: 0 })
        );
        assert_eq!(rounding.tally(Part::Bad, 1_000_000, 1_100_000), None);
    }
}
