//! The plainest possible second implementation, to hold the quick one against, and generators.

use proptest::prelude::*;
use weir_math::{Account, Budgeting, Counts, Decimal, Series, Span, Tally, Unknown};

/// A ledger as a list.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) slice_seconds: u32,
    pub(crate) slices: Vec<(i64, Tally)>,
    pub(crate) budgeting: Budgeting,
    pub(crate) unknown: Unknown,
}

impl Ledger {
    pub(crate) fn series(&self) -> Series {
        Series::new(self.slice_seconds, self.slices.clone()).unwrap()
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(&self.series(), self.budgeting, self.unknown)
    }

    /// Walks over every slot of the span, one by one.
    pub(crate) fn counts(&self, span: Span) -> Counts {
        slots(self.slice_seconds, span).map(|start| self.count(start)).sum()
    }

    fn count(&self, start: i64) -> Counts {
        let at = |(begin, tally): &(i64, Tally)| (*begin == start).then_some(*tally);
        let tally: Tally = self.slices.iter().filter_map(at).sum();
        let unknown = |amount| match self.unknown {
            Unknown::Bad => Counts { good: 0, bad: amount },
            Unknown::Good => Counts { good: amount, bad: 0 },
            Unknown::Ignored => Counts::default(),
        };
        let Budgeting::TimeSlices { target } = self.budgeting else {
            return Counts { good: tally.good, bad: tally.bad } + unknown(tally.unknown);
        };
        if tally.valid() == 0 {
            return unknown(1);
        }
        // Targets here have at most two places.
        let hundredths: u64 = (target.to_f64() * 100.0).round() as u64;
        let good = tally.good * 100 >= hundredths * tally.valid();
        Counts { good: u64::from(good), bad: u64::from(!good) }
    }
}

/// All slice starts within the span.
pub(crate) fn slots(slice_seconds: u32, span: Span) -> impl Iterator<Item = i64> {
    let length = i64::from(slice_seconds);
    let first = span.start.div_euclid(length) * length;
    (first..span.end).step_by(slice_seconds as usize).filter(move |start| *start >= span.start)
}

/// Compares the remaining budget with hundredths of it, by its definition: `1 - bad * 100 / (budget * valid)`.
pub(crate) fn remaining_in_hundredths(
    budget_percent: i128,
    counts: Counts,
    level: i128,
) -> Option<std::cmp::Ordering> {
    let (bad, valid) = (i128::from(counts.bad), i128::from(counts.good) + i128::from(counts.bad));
    let allowance = budget_percent * valid;
    (valid > 0).then(|| ((allowance - 100 * bad) * 100).cmp(&(level * allowance)))
}

pub(crate) fn hundredths(hundredths: i128) -> Decimal {
    Decimal::parse(&format!("{hundredths} %")).unwrap()
}

/// A small ledger whose slices start near 0, some of them before it.
pub(crate) fn ledgers(
    slice_seconds: impl Strategy<Value = u32>,
    slots: i64,
) -> impl Strategy<Value = Ledger> {
    let tally = (0..6_u64, 0..4_u64, 0..2_u64).prop_map(|(good, bad, unknown)| Tally { good, bad, unknown });
    // Few slices leave long gaps, many leave none.
    let sizes = prop_oneof![0..5_usize, 0..40_usize];
    let slices =
        sizes.prop_flat_map(move |size| prop::collection::vec((-slots / 4..slots, tally.clone()), size));
    (slice_seconds, slices, budgetings(), unknowns()).prop_map(
        |(slice_seconds, slices, budgeting, unknown)| {
            let slices =
                slices.into_iter().map(|(slot, tally)| (slot * i64::from(slice_seconds), tally)).collect();
            Ledger { slice_seconds, slices, budgeting, unknown }
        },
    )
}

fn budgetings() -> impl Strategy<Value = Budgeting> {
    prop_oneof![
        Just(Budgeting::Occurrences),
        (0..=100_i128).prop_map(|target| Budgeting::TimeSlices { target: hundredths(target) }),
    ]
}

fn unknowns() -> impl Strategy<Value = Unknown> {
    prop_oneof![Just(Unknown::Bad), Just(Unknown::Good), Just(Unknown::Ignored)]
}
