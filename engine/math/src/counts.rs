//! What a budget is computed from.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Good and bad ones, in the unit that the objective budgets by: events, time slices, or billionths of time slices.
///
/// What is unknown has been resolved already. Counts add like tallies: a count that would pass `u64::MAX` stays there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Good ones.
    pub good: u64,
    /// Bad ones.
    pub bad: u64,
}

impl Counts {
    /// Good and bad ones together, `u64::MAX` at most.
    #[must_use]
    pub fn valid(&self) -> u64 {
        self.good.saturating_add(self.bad)
    }

    /// Good and bad ones together, exactly: below 2^65.
    pub(crate) fn exact_valid(self) -> u128 {
        u128::from(self.good) + u128::from(self.bad)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { good: self.good.saturating_add(other.good), bad: self.bad.saturating_add(other.bad) }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}
