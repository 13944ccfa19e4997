//! The instants that a back-test looks at.

use jiff::Timestamp;

use super::recording::MINUTE;
use crate::engine::EngineError;

/// More steps than this are not taken.
const MOST_STEPS: u64 = 1_000_000;

/// The steps of a stretch of time: the first instant, then one every so many seconds, up to the end, which is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) seconds: u64,
}

impl Steps {
    /// Steps that begin minutes.
    ///
    /// # Errors
    /// When the stretch is empty, an instant or the length of a step is no whole minute, or there are more than a million.
    pub(super) fn new(from: Timestamp, until: Timestamp, seconds: u64) -> Result<Steps, EngineError> {
        let steps = Steps { from, until, seconds };
        let wrong = |message: String, help: &str| Err(EngineError::question(message, Some(help.to_owned())));
        for at in [from, until] {
            let minute = i128::from(MINUTE) * 1_000_000_000;
            if at.as_nanosecond().rem_euclid(minute) != 0 {
                return wrong(format!("`{at}` is no whole minute"), "a back-test looks at whole minutes");
            }
        }
        if seconds == 0 || !seconds.is_multiple_of(MINUTE) {
            let length = weir_math::format_duration(seconds);
            return wrong(
                format!("a step of `{length}` is no whole number of minutes"),
                "write `1h`, or `5m` for more detail",
            );
        }
        if until <= from {
            return wrong(format!("`{until}` is not after `{from}`"), "swap the two ends of the back-test");
        }
        if steps.count() > MOST_STEPS {
            return wrong(
                format!("there are {} steps, and {MOST_STEPS} are the most", steps.count()),
                "take longer steps, or a shorter time",
            );
        }
        Ok(steps)
    }

    /// How many steps there are.
    pub(super) fn count(&self) -> u64 {
        let length = self.until.as_second().saturating_sub(self.from.as_second());
        length.unsigned_abs().div_ceil(self.seconds.max(1))
    }

    /// The instant of a step, by its number from 0; the end for those after the last one.
    pub(super) fn at(&self, number: usize) -> Timestamp {
        let ahead = u64::try_from(number).unwrap_or(u64::MAX).saturating_mul(self.seconds);
        let second = self.from.as_second().saturating_add_unsigned(ahead);
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX).min(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn steps(from: &str, until: &str, seconds: u64) -> Result<Steps, String> {
        Steps::new(instant(from), instant(until), seconds).map_err(|error| error.to_string())
    }

    #[test]
    fn the_end_is_no_step() {
        let check = |until: &str, expected: &[&str]| {
            let steps = steps("2026-01-01T00:30:00Z", until, 3600).unwrap();
            let instants: Vec<Timestamp> =
                (0..usize::try_from(steps.count()).unwrap()).map(|step| steps.at(step)).collect();
            assert_eq!(instants, expected.iter().map(|at| instant(at)).collect::<Vec<_>>(), "{until}");
        };
        check("2026-01-01T01:30:00Z", &["2026-01-01T00:30:00Z"]);
        check("2026-01-01T01:31:00Z", &["2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z"]);
    }

    #[test]
    fn what_makes_no_steps_is_refused() {
        let check = |from: &str, until: &str, seconds: u64, expected: &str| {
            assert_eq!(steps(from, until, seconds).unwrap_err(), expected);
        };
        let (from, until) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        check(until, from, 3600, "`2026-01-01T00:00:00Z` is not after `2026-01-02T00:00:00Z`");
        check(from, from, 3600, "`2026-01-01T00:00:00Z` is not after `2026-01-01T00:00:00Z`");
        check("2026-01-01T00:00:30Z", until, 3600, "`2026-01-01T00:00:30Z` is no whole minute");
        check("2026-01-01T00:00:00.5Z", until, 3600, "`2026-01-01T00:00:00.5Z` is no whole minute");
        check(from, until, 90, "a step of `1m30s` is no whole number of minutes");
        check(from, "2046-01-01T00:00:00Z", 60, "there are 10519200 steps, and 1000000 are the most");
    }
}
