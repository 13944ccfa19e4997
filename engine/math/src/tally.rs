//! What was counted in a stretch of time.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Counts of events by outcome.
///
/// Tallies add. Adding is associative and commutative, and the default tally is its identity, so a stream can be split,
/// counted in pieces and put together in any order. A count that would pass `u64::MAX` stays there.
///
/// ```
/// use weir_math::Tally;
///
/// let day: Tally = [Tally { good: 9, bad: 1, unknown: 0 }, Tally { good: 5, bad: 0, unknown: 2 }].into_iter().sum();
/// assert_eq!(day, Tally { good: 14, bad: 1, unknown: 2 });
/// assert_eq!((day.valid(), day.events()), (15, 17));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Events that went well.
    pub good: u64,
    /// Events that did not.
    pub bad: u64,
    /// Events that count, but of which nobody can say how they went.
    pub unknown: u64,
}

impl Tally {
    /// Good and bad events together: those whose outcome is known.
    #[must_use]
    pub fn valid(&self) -> u64 {
        self.good.saturating_add(self.bad)
    }

    /// All events, whatever their outcome.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.valid().saturating_add(self.unknown)
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.good == 0 && self.bad == 0 && self.unknown == 0
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            good: self.good.saturating_add(other.good),
            bad: self.bad.saturating_add(other.bad),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), Add::add)
    }
}
