//! What an objective allows, and what is left of it.

use crate::counts::Counts;
use crate::decimal::UNIT;
use crate::objective::Objective;
use crate::ratio::Ratio;

/// The error budget of an objective over some counts.
///
/// `spent = bad / ((1 - objective) * valid)` and `remaining = 1 - spent`, exactly, for all counts.
///
/// ```
/// use weir_math::{Budget, Counts, Objective};
///
/// let objective = Objective::parse("99.9 %")?;
/// let budget = Budget::new(&objective, Counts { good: 9_985, bad: 15 });
/// // 10 of 10 000 may fail; 15 did.
/// assert_eq!(budget.remaining().map(|share| share.percent_string(0)).as_deref(), Some("-50 %"));
/// assert_eq!(budget.bad_left(), -5);
/// assert_eq!(Budget::new(&objective, Counts::default()).remaining(), None);
/// # Ok::<(), weir_math::ObjectiveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    // INVARIANT: both are below 2^125, as counts make less than 2^65 together and 10^18 is below 2^60; and the
    // allowance is zero only when there are no counts.
    /// `(1 - objective) * valid`, times 10^18.
    allowance: i128,
    /// `bad`, times 10^18.
    spent: i128,
}

impl Budget {
    /// The budget that the objective leaves over these counts.
    #[must_use]
    pub fn new(objective: &Objective, counts: Counts) -> Self {
        let valid = i128::from(counts.good) + i128::from(counts.bad);
        Self { allowance: objective.budget().units() * valid, spent: i128::from(counts.bad) * UNIT }
    }

    /// The share of the budget that is left: 1 when nothing is spent, 0 when all is, less when more is than there was.
    /// None without counts.
    #[must_use]
    pub fn remaining(&self) -> Option<Ratio> {
        Ratio::new(self.allowance - self.spent, self.allowance.unsigned_abs())
    }

    /// The share of the budget that is spent; none without counts.
    ///
    /// Over one and the same stretch of time this is the burn rate.
    #[must_use]
    pub fn spent(&self) -> Option<Ratio> {
        Ratio::new(self.spent, self.allowance.unsigned_abs())
    }

    /// The burn rate, `(bad / valid) / (1 - objective)`: at 1, the budget lasts exactly as long as the window. None
    /// without counts.
    #[must_use]
    pub fn burn(&self) -> Option<Ratio> {
        self.spent()
    }

    /// How many bad ones these counts allow, rounded down.
    #[must_use]
    pub fn allowed_bad(&self) -> u64 {
        u64::try_from(self.allowance / UNIT).unwrap_or(u64::MAX)
    }

    /// How many of the allowed bad ones are left; negative when there were more.
    #[must_use]
    pub fn bad_left(&self) -> i128 {
        (self.allowance - self.spent).div_euclid(UNIT)
    }
}
