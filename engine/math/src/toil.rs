//! Toil: what it is, how much of it is too much, and when automating it pays.

use crate::decimal::{Decimal, UNIT};
use crate::wide::multiply_divide;

/// What makes work toil, after *Site Reliability Engineering*, chapter 5. Sets of attributes are sums of these numbers;
/// bits without a meaning are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// A person does it by hand.
    Manual = 1,
    /// It comes again and again.
    Repetitive = 2,
    /// A machine could do it.
    Automatable = 4,
    /// It reacts to something, and leaves nothing of lasting value behind.
    Tactical = 8,
    /// It grows with the service.
    Scaling = 16,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Manual, Self::Repetitive, Self::Automatable, Self::Tactical, Self::Scaling];

    /// Its number in a set.
    #[must_use]
    pub fn bit(self) -> u32 {
        self as u32
    }

    /// Whether it belongs to the set.
    #[must_use]
    pub fn is_in(self, set: u32) -> bool {
        set & self.bit() != 0
    }
}

/// What kind of work it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkClass {
    /// Work that keeps a service running and leaves it as it was.
    Toil,
    /// Work that is tied to no service: meetings, administration, training.
    Overhead,
    /// Work that leaves something of lasting value behind.
    Engineering,
}

/// How much of toil the work has: how many of the stated attributes hold, in thousandths, rounded down.
///
/// An attribute that nobody stated says nothing either way; one that holds without being stated doesn't count. 0 when
/// nothing is stated.
///
/// ```
/// // Of manual, repetitive and automatable, the first two hold.
/// assert_eq!(weir_math::toil_score(1 + 2 + 4, 1 + 2), 666);
/// ```
#[must_use]
pub fn toil_score(stated: u32, holds: u32) -> u32 {
    let stated_count = count(stated);
    (1000 * count(stated & holds)).checked_div(stated_count).unwrap_or(0)
}

/// What kind of work the attributes make it.
///
/// Toil when it is manual and repetitive and at least four of the five attributes are stated and hold. Else engineering
/// when it is stated not to be tactical, that is, to leave something of lasting value. Else overhead. A team's own word
/// on the class goes before this one.
#[must_use]
pub fn work_class(stated: u32, holds: u32) -> WorkClass {
    let certain = stated & holds;
    if Attribute::Manual.is_in(certain) && Attribute::Repetitive.is_in(certain) && count(certain) >= 4 {
        WorkClass::Toil
    } else if Attribute::Tactical.is_in(stated) && !Attribute::Tactical.is_in(holds) {
        WorkClass::Engineering
    } else {
        WorkClass::Overhead
    }
}

/// How many days after a task is automated the effort is won back, rounded up.
///
/// `runs` is how often the task was done in `period_days`, `minutes_per_run` what a run takes now, `residual_minutes`
/// what it would still take. None when nothing is saved, when the period is empty, or when it takes more days than a
/// `u64` holds.
///
/// ```
/// // Ten runs a month save 20 minutes each, so 400 minutes of work come back within 60 days.
/// assert_eq!(weir_math::break_even_days(400, 10, 30, 25, 5), Some(60));
/// assert_eq!(weir_math::break_even_days(400, 10, 30, 5, 5), None);
/// ```
#[must_use]
pub fn break_even_days(
    automation_minutes: u64,
    runs: u64,
    period_days: u64,
    minutes_per_run: u64,
    residual_minutes: u64,
) -> Option<u64> {
    let saved = u128::from(runs) * u128::from(minutes_per_run.checked_sub(residual_minutes)?);
    if saved == 0 || period_days == 0 {
        return None;
    }
    let effort = u128::from(automation_minutes) * u128::from(period_days);
    u64::try_from(effort.div_ceil(saved)).ok()
}

/// The minutes that the toil budget leaves, rounded down: the share `percent` of all minutes.
///
/// The share is a fraction as [`Decimal::parse`] reads it from `50 %`, that is 0.5. A negative one leaves nothing.
#[must_use]
pub fn toil_budget(total_minutes: u64, percent: Decimal) -> u64 {
    let share = percent.max(Decimal::ZERO).units().unsigned_abs();
    let minutes = multiply_divide(u128::from(total_minutes), share, UNIT.unsigned_abs());
    minutes.and_then(|(minutes, _)| u64::try_from(minutes).ok()).unwrap_or(u64::MAX)
}

/// How many of the five attributes are in the set.
fn count(set: u32) -> u32 {
    Attribute::ALL.into_iter().map(|attribute| u32::from(attribute.is_in(set))).sum()
}
