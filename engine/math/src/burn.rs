//! Alerts on burn rates over two windows.

use crate::budget::Budget;
use crate::counts::Counts;
use crate::decimal::{Decimal, UNIT};
use crate::objective::Objective;
use crate::ratio::Ratio;

/// An alert that fires while a long and a short window both burn at or above a factor.
///
/// The long window keeps a short blip from alerting; the short one ends the alert soon after the trouble. See *The Site
/// Reliability Workbook*, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"; unlike there, a burn rate of exactly the
/// factor fires.
///
/// ```
/// use weir_math::{BurnAlert, Counts, Decimal, Objective};
///
/// let alert = BurnAlert { long: 3_600, short: 300, factor: Decimal::parse("14.4")? };
/// let objective = Objective::parse("99.9 %")?;
/// // 144 of 10 000 is 14.4 times the budget of 0.1 %.
/// let burning = Counts { good: 9_856, bad: 144 };
/// assert!(alert.holds(&objective, burning, burning));
/// assert!(!alert.holds(&objective, burning, Counts { good: 100, bad: 0 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BurnAlert {
    /// The long window in seconds.
    pub long: u64,
    /// The short window in seconds.
    pub short: u64,
    /// The burn rate from which on it fires.
    pub factor: Decimal,
}

impl BurnAlert {
    /// Whether both windows burn at or above the factor. A window without counts doesn't.
    #[must_use]
    pub fn holds(&self, objective: &Objective, long: Counts, short: Counts) -> bool {
        [long, short].into_iter().all(|counts| {
            let burn = Budget::new(objective, counts).burn();
            burn.is_some_and(|burn| burn.cmp_decimal(&self.factor).is_ge())
        })
    }

    /// Whether the alert can fire at all: even when everything fails, the burn rate is `1 / (1 - objective)`.
    #[must_use]
    pub fn reachable(&self, objective: &Objective) -> bool {
        let everything_fails = Counts { good: 0, bad: 1 };
        self.holds(objective, everything_fails, everything_fails)
    }

    /// How many seconds after errors set in at a constant ratio the alert fires, with constant traffic and none before:
    /// `factor * (1 - objective) * long / error_ratio`, from the workbook's chapter 5.
    ///
    /// None when this ratio never fires the alert, or the number can't be held exactly.
    #[must_use]
    pub fn detection_seconds(&self, objective: &Objective, error_ratio: Ratio) -> Option<Ratio> {
        self.filled_share(objective, error_ratio)?.checked_mul(self.long.max(self.short).into())
    }

    /// How many seconds after the errors end the alert does too, when both windows were full of errors at a constant
    /// ratio: `short * (1 - factor * (1 - objective) / error_ratio)`, from the workbook's chapter 5.
    ///
    /// None when this ratio never fires the alert, or the number can't be held exactly.
    #[must_use]
    pub fn reset_seconds(&self, objective: &Objective, error_ratio: Ratio) -> Option<Ratio> {
        let left = Ratio::ONE.checked_sub(self.filled_share(objective, error_ratio)?)?;
        left.checked_mul(self.long.min(self.short).into())
    }

    /// The share of a window that errors at this ratio must fill to fire the alert; none above 1.
    fn filled_share(&self, objective: &Objective, error_ratio: Ratio) -> Option<Ratio> {
        if error_ratio <= Ratio::ZERO {
            return None;
        }
        let factor = Ratio::from(self.factor.max(Decimal::ZERO));
        let share = factor.checked_mul(objective.budget().into())?.checked_div(error_ratio)?;
        (share <= Ratio::ONE).then_some(share)
    }
}

/// The burn rate that spends a share of the period's budget within the long window: `budget_share * period / long`.
///
/// 2 % of a 30-day budget within an hour is a burn rate of 14.4. A window of zero seconds counts as one second. Exact
/// for shares up to 4; a numerator beyond 127 bits stays at the greatest one.
#[must_use]
pub fn factor_for(budget_share: Decimal, long: u64, period: u64) -> Ratio {
    scaled(budget_share, period, long)
}

/// The share of the period's budget that a burn rate of `factor` spends within the long window:
/// `factor * long / period`.
///
/// A period of zero seconds counts as one second. Exact for factors up to 4 and all that have a short decimal; a
/// numerator beyond 127 bits stays at the greatest one.
#[must_use]
pub fn share_for(factor: Decimal, long: u64, period: u64) -> Ratio {
    scaled(factor, long, period)
}

/// `number * upper / lower`.
fn scaled(number: Decimal, upper: u64, lower: u64) -> Ratio {
    let number = Ratio::from(number);
    let numerator = number.numerator().saturating_mul(i128::from(upper));
    // INVARIANT: the denominator of a decimal is at most 10^18, below 2^60.
    debug_assert!(number.denominator() <= UNIT.unsigned_abs());
    Ratio::new(numerator, number.denominator() * u128::from(lower.max(1))).unwrap_or(Ratio::ZERO)
}
