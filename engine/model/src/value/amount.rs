//! Sizes and shares.

use std::fmt;
use std::ops::Deref;

use weir_math::{Decimal, ObjectiveError};

use super::{ValueError, text_value};
use crate::diagnostic::{Code, quote};

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes: `512B`, `16MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);
text_value!(ByteSize, "weir-size", "A number of bytes: a whole number and `B`, `KiB`, `MiB` or `GiB`.");

impl ByteSize {
    /// Parses a size.
    ///
    /// # Errors
    ///
    /// Anything else, a size of nothing, and one of more than 64 bits.
    pub fn parse(text: &str) -> Result<ByteSize, ValueError> {
        let size = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
        size.filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|(number, factor)| number.parse::<u64>().ok()?.checked_mul(factor))
            .filter(|bytes| *bytes > 0)
            .map(ByteSize)
            .ok_or_else(|| {
                let message = format!("{} is not a size", quote(text));
                let help = "write a whole number and `B`, `KiB`, `MiB` or `GiB`, such as `16MiB`";
                ValueError::new(Code::InvalidSize, message, help)
            })
    }

    /// The size in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

/// In the largest unit that leaves no rest.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, factor)| self.0.is_multiple_of(*factor));
        let (unit, factor) = unit.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

/// A share of a whole, 0 % to 100 %: `95%`, `99.5 %`, `0.95`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentage(Decimal);
text_value!(Percentage, "weir-percentage", "A share of a whole, such as `95%`; an exact decimal.");

impl Percentage {
    /// Parses a percentage, or a share between 0 and 1.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Percentage, ValueError> {
        match Decimal::parse(text) {
            Ok(share) if Decimal::ZERO <= share && share <= Decimal::ONE => Ok(Percentage(share)),
            Ok(_) => {
                let message = format!("{} is not between 0 % and 100 %", quote(text));
                Err(ValueError::new(
                    Code::InvalidPercentage,
                    message,
                    "write a percentage with its sign, such as `95%`",
                ))
            }
            Err(error) => Err(ValueError::from_text(Code::InvalidPercentage, &error.to_string())),
        }
    }
}

impl Deref for Percentage {
    type Target = Decimal;

    fn deref(&self) -> &Decimal {
        &self.0
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.percent())
    }
}

/// The share of good events that is aimed for, above 0 % and below 100 %: `99.9%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Objective(weir_math::Objective);
text_value!(
    Objective,
    "weir-objective",
    "The share of good events that is aimed for, such as `99.9%`; an exact decimal below 100 %."
);

impl Objective {
    /// Parses an objective as [`weir_math::Objective::parse`] does.
    ///
    /// # Errors
    ///
    /// Anything else, and an objective of 100 %, which leaves no error budget.
    pub fn parse(text: &str) -> Result<Objective, ValueError> {
        weir_math::Objective::parse(text).map(Objective).map_err(|error| {
            let code = match error {
                ObjectiveError::NoBudget => Code::Objective100Percent,
                ObjectiveError::OutOfRange(_) => return out_of_range(text),
                _ => Code::InvalidObjective,
            };
            ValueError::from_text(code, &error.to_string())
        })
    }
}

/// A number is no share: what was written, and what was meant if it lacks its sign.
fn out_of_range(text: &str) -> ValueError {
    let message = format!("{} is not between 0 % and 100 %", quote(text));
    let signed = format!("{} %", text.trim());
    let help = match weir_math::Objective::parse(&signed) {
        Ok(_) => format!("for a percentage write {}", quote(&signed)),
        Err(_) => "write the share of good ones, such as `99.9 %`".to_owned(),
    };
    ValueError::new(Code::InvalidObjective, message, help)
}

impl Deref for Objective {
    type Target = weir_math::Objective;

    fn deref(&self) -> &weir_math::Objective {
        &self.0
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_and_not_zero() {
        let check = |text: &str, expected: Option<(u64, &str)>| {
            let parsed = ByteSize::parse(text).ok().map(|size| (size.bytes(), size.to_string()));
            assert_eq!(parsed, expected.map(|(bytes, shown)| (bytes, shown.to_owned())), "{text}");
        };
        check("16MiB", Some((16_777_216, "16MiB")));
        check("2048KiB", Some((2_097_152, "2MiB")));
        check("1000B", Some((1000, "1000B")));
        check("0B", None);
        check("16MB", None);
        check("16", None);
        check("MiB", None);
        check("1.5MiB", None);
        check("99999999999GiB", None);
    }

    #[test]
    fn percentages_lie_between_0_and_100() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = Percentage::parse(text).map(|share| share.to_string());
            let parsed = parsed.as_deref().map_err(|error| error.message.as_str());
            assert_eq!(parsed, expected, "{text}");
        };
        check("99.5%", Ok("99.5 %"));
        check("0.995", Ok("99.5 %"));
        check("100 %", Ok("100 %"));
        check("99.5", Err("`99.5` is not between 0 % and 100 %"));
        check("-1%", Err("`-1%` is not between 0 % and 100 %"));
        check("lots", Err("`lots` is not a plain decimal"));
    }

    #[test]
    fn an_objective_leaves_a_budget() {
        let check = |text: &str, expected: Result<&str, Code>| {
            let parsed = Objective::parse(text).map(|objective| objective.to_string());
            assert_eq!(parsed.as_deref().map_err(|error| error.code), expected, "{text}");
        };
        check("99.9%", Ok("99.9 %"));
        check("100%", Err(Code::Objective100Percent));
        check("99.9", Err(Code::InvalidObjective));
        check("high", Err(Code::InvalidObjective));
    }

    #[test]
    fn an_objective_that_is_no_share_is_quoted_as_it_was_written() {
        let check = |text: &str, message: &str, help: &str| {
            let error = Objective::parse(text).unwrap_err();
            assert_eq!((error.message.as_str(), error.help.as_str()), (message, help));
        };
        let usual = "write the share of good ones, such as `99.9 %`";
        check("101%", "`101%` is not between 0 % and 100 %", usual);
        check("error rate < 200 %", "`error rate < 200 %` is not between 0 % and 100 %", usual);
        check("99.9", "`99.9` is not between 0 % and 100 %", "for a percentage write `99.9 %`");
    }
}
