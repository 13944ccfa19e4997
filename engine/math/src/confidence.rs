//! How sure a sample makes us.

use std::f64::consts::PI;

use crate::counts::Counts;
use crate::decimal::UNIT;
use crate::objective::Objective;

/// Above this variance the binomial distribution is taken as a corrected normal one.
const LARGE_VARIANCE: f64 = 1e9;

/// How sure is it, given these counts, that the true success ratio lies below the objective? From 0 to 1; none without
/// counts.
///
/// Before the sample every ratio is held equally likely. Then the true ratio follows Beta(good + 1, bad + 1), and the
/// answer is the regularised incomplete beta function at the objective. With whole numbers that is a binomial sum (NIST
/// Digital Library of Mathematical Functions, 8.17.5): the chance of at most `bad` failures in `good + bad + 1` tries
/// that each fail with probability `1 - objective`.
///
/// The sum is taken outwards from its largest known term with positive terms only, so nothing cancels: the error stays
/// below 10^-10. Where its standard deviation passes 30 000, the normal distribution with the first term of its Edgeworth
/// series (Abramowitz and Stegun, *Handbook of Mathematical Functions*, section 26.2) takes its place, with an error below 10^-8.
///
/// ```
/// use weir_math::{Counts, Objective, objective_missed};
///
/// let objective = Objective::parse("50 %")?;
/// // One failure and no success: three quarters of the posterior lie below one half.
/// let sure = objective_missed(&objective, Counts { good: 0, bad: 1 }).expect("there are counts");
/// assert!((sure - 0.75).abs() < 1e-12);
/// # Ok::<(), weir_math::ObjectiveError>(())
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "an estimate; counts this large differ by less than it says")]
pub fn objective_missed(objective: &Objective, counts: Counts) -> Option<f64> {
    if counts.exact_valid() == 0 {
        return None;
    }
    let tries = counts.exact_valid() as f64 + 1.0;
    let (success, failure) = (objective.as_decimal().to_f64(), objective.budget().to_f64());
    let variance = tries * success * failure;
    let sure = if variance > LARGE_VARIANCE {
        normal(objective, counts, variance.sqrt())
    } else {
        binomial(counts, tries, failure / success)
    };
    Some(sure.clamp(0.0, 1.0))
}

/// The chance of at most `bad` failures, each term relative to that of exactly `bad`; `odds` are those of a failure.
#[expect(clippy::cast_precision_loss, reason = "an estimate; counts this large differ by less than it says")]
fn binomial(counts: Counts, tries: f64, odds: f64) -> f64 {
    let bad = counts.bad as f64;
    let fewer = relative_sum((0..counts.bad).map(|step| {
        let failures = bad - step as f64;
        failures / ((tries - failures + 1.0) * odds)
    }));
    let more = relative_sum((0..=counts.good).map(|step| {
        let failures = bad + step as f64;
        (tries - failures) * odds / (failures + 1.0)
    }));
    (1.0 + fewer) / (1.0 + fewer + more)
}

/// The sum of terms of which each is the one before, at first 1, times a ratio. The ratios must fall.
fn relative_sum(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        // Beyond either bound, nothing that follows changes the answer in its last digit.
        if sum > 1e30 || (ratio < 1.0 && term <= sum * 1e-18) {
            break;
        }
    }
    sum
}

/// The same chance by the normal distribution of that deviation, for large samples.
#[expect(clippy::cast_precision_loss, reason = "an estimate; counts this large differ by less than it says")]
fn normal(objective: &Objective, counts: Counts, deviation: f64) -> f64 {
    // Exact before it is rounded, as the two numbers nearly cancel: both are below 2^126.
    let expected = (i128::from(counts.good) + i128::from(counts.bad) + 1) * objective.budget().units();
    let distance = i128::from(counts.bad) * UNIT - expected;
    let skewness = (objective.as_decimal().to_f64() - objective.budget().to_f64()) / deviation;
    // The half makes up for the step from whole numbers to all numbers.
    corrected_normal((distance as f64 / UNIT as f64 + 0.5) / deviation, skewness)
}

/// The normal distribution function at `distance`, corrected for skewness.
fn corrected_normal(distance: f64, skewness: f64) -> f64 {
    // Out here the distribution is 0 or 1 to the last digit, and the square of the distance could overflow.
    if distance.abs() > 9.0 {
        return if distance > 0.0 { 1.0 } else { 0.0 };
    }
    let density = (-distance * distance / 2.0).exp() / (2.0 * PI).sqrt();
    // Abramowitz and Stegun, 26.2.11: all terms have one sign.
    let ratios = (1..).map(|step| distance * distance / (2.0 * f64::from(step) + 1.0));
    let distribution = 0.5 + density * distance * (1.0 + relative_sum(ratios));
    distribution - density * skewness * (distance * distance - 1.0) / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_methods_agree_where_one_takes_over() {
        // 10^11 tries at 1 % have a variance of 0.99 * 10^9.
        let objective = Objective::parse("99 %").unwrap();
        let tries = 100_000_000_000;
        let deviation = (1e11_f64 * 0.01 * 0.99).sqrt();
        for distance in [-120_000, -60_000, -31_464, -1_000, 0, 1, 31_464, 60_000, 120_000] {
            let bad = 1_000_000_000_u64.saturating_add_signed(distance);
            let counts = Counts { good: tries - 1 - bad, bad };
            let (summed, approximate) =
                (binomial(counts, 1e11, 0.01 / 0.99), normal(&objective, counts, deviation));
            assert!((summed - approximate).abs() < 1e-8, "{distance}: {summed} and {approximate}");
        }
    }
}
