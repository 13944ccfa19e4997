//! What was promised.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{Decimal, DecimalError};

/// The share of good ones that is promised: above 0 and below 1.
///
/// ```
/// use weir_math::Objective;
///
/// let objective = Objective::parse("error rate < 0.1 %")?;
/// assert_eq!(objective, Objective::parse("0.999")?);
/// assert_eq!((objective.to_string().as_str(), objective.budget().to_string().as_str()), ("99.9 %", "0.001"));
/// assert!(Objective::parse("100 %").is_err());
/// # Ok::<(), weir_math::ObjectiveError>(())
/// ```
// INVARIANT: strictly between 0 and 1, so that the budget is never zero and no division by it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Objective {
    target: Decimal,
}

/// What people call the share of bad ones, and what they say before its bound.
const ERROR_RATES: [&str; 4] = ["error rate", "error ratio", "failure rate", "errors"];
const BELOW: [&str; 5] = ["<=", "<", "≤", "below", "under"];

impl Objective {
    /// Takes a share of good ones, for example 0.999.
    ///
    /// # Errors
    ///
    /// When the share isn't above 0 and below 1.
    pub fn new(target: Decimal) -> Result<Self, ObjectiveError> {
        if target == Decimal::ONE {
            Err(ObjectiveError::NoBudget)
        } else if target == Decimal::ZERO {
            Err(ObjectiveError::NoPromise)
        } else if target > Decimal::ONE || target < Decimal::ZERO {
            Err(ObjectiveError::OutOfRange(target))
        } else {
            Ok(Self { target })
        }
    }

    /// Reads `99.9 %`, `99.9%` or `0.999`, or the bad side of it: `error rate < 0.1 %`.
    ///
    /// # Errors
    ///
    /// When the text holds no decimal, or one that isn't above 0 and below 1.
    pub fn parse(text: &str) -> Result<Self, ObjectiveError> {
        let lower = text.trim().to_lowercase();
        let Some(bound) = ERROR_RATES.iter().find_map(|name| lower.strip_prefix(name)) else {
            return Self::new(Decimal::parse(text).map_err(ObjectiveError::Number)?);
        };
        let bound = bound.trim_start();
        let Some(share) = BELOW.iter().find_map(|word| bound.strip_prefix(word)) else {
            return Err(ObjectiveError::Direction(text.trim().to_owned()));
        };
        let share = Decimal::parse(share).map_err(ObjectiveError::Number)?;
        if share < Decimal::ZERO || share > Decimal::ONE {
            return Err(ObjectiveError::OutOfRange(share));
        }
        Self::new(share.complement())
    }

    /// The share of good ones, for example 0.999.
    #[must_use]
    pub fn as_decimal(&self) -> Decimal {
        self.target
    }

    /// The share of bad ones that is allowed: 1 minus the objective.
    #[must_use]
    pub fn budget(&self) -> Decimal {
        self.target.complement()
    }
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        Self::parse(text)
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.target.percent())
    }
}

/// Why something is no objective.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectiveError {
    /// The number can't be read.
    Number(DecimalError),
    /// An objective of 100 %.
    NoBudget,
    /// An objective of 0 %.
    NoPromise,
    /// A share below 0 or above 1.
    OutOfRange(Decimal),
    /// The text, which names an error rate without saying that it stays below something.
    Direction(String),
}

impl fmt::Display for ObjectiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(error) => write!(formatter, "{error}"),
            Self::NoBudget => formatter.write_str(
                "an objective of 100 % leaves no error budget, so every failure would break it; \
                 write one below 100 %, for example `99.9 %`",
            ),
            Self::NoPromise => formatter.write_str(
                "an objective of 0 % promises nothing, as every failure is allowed; write one above 0 %, for example `99.9 %`",
            ),
            Self::OutOfRange(share) => {
                write!(formatter, "`{share}` is no share between 0 and 1")?;
                if *share > Decimal::ONE && *share <= Decimal::from(100) {
                    write!(formatter, "; for a percentage write `{share} %`")
                } else {
                    formatter.write_str("; write an objective such as `99.9 %` or `0.999`")
                }
            }
            Self::Direction(text) => {
                write!(formatter, "`{text}` gives the error rate no upper bound; write for example `error rate < 0.1 %`")
            }
        }
    }
}

// The text of `Number` is that of its cause, so the cause isn't offered as a source a second time.
impl std::error::Error for ObjectiveError {}
