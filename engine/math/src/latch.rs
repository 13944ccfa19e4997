//! A freeze with hysteresis, worked out from history alone.

use crate::account::Account;
use crate::budget::Budget;
use crate::decimal::Decimal;
use crate::objective::Objective;
use crate::span::Span;
use crate::window::Window;

/// Two levels of remaining budget: the latch closes below `enter`, and once closed opens again at `leave`.
///
/// Between the levels it stays as it was. Nothing is stored: where it stands follows from the account, so that two
/// machines, or a replay, can't disagree. Levels are shares of the whole budget; `leave` is not below `enter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latch {
    /// The latch closes when the remaining budget falls below this.
    pub enter: Decimal,
    /// It opens when the remaining budget is at or above this.
    pub leave: Decimal,
}

impl Latch {
    /// Whether the latch is closed at `now`.
    ///
    /// It begins open before the first slice with data and then passes through every instant up to `now`, judging the
    /// window that each instant sees. An instant without counts leaves it as it is.
    ///
    /// Worked out backwards: the latest instant that lies outside the two levels decides, so that the cost is that of
    /// the time since then.
    #[must_use]
    pub fn closed(&self, account: &Account, objective: &Objective, window: &Window, now: i64) -> bool {
        self.closed_since(account, objective, window, now, None)
    }

    /// As [`closed`](Latch::closed), where it is known whether the latch was closed at an earlier instant: nothing before it has
    /// to be looked at again. The account must hold the same up to there as it did then.
    #[must_use]
    pub fn closed_since(
        &self,
        account: &Account,
        objective: &Objective,
        window: &Window,
        now: i64,
        known: Option<(i64, bool)>,
    ) -> bool {
        let Some(first) = account.first() else { return false };
        let mut history = History { account, window, period: None };
        let mut instant = now;
        // The first slice counts from the instant after its start.
        while instant > first {
            // The counts have not changed between this instant and the known one.
            if let Some((_, closed)) = known.filter(|(known, _)| instant <= *known) {
                return closed;
            }
            let counts = account.counts(history.elapsed(instant));
            if let Some(remaining) = Budget::new(objective, counts).remaining() {
                if remaining.cmp_decimal(&self.enter).is_lt() {
                    return true;
                }
                if remaining.cmp_decimal(&self.leave).is_ge() {
                    return false;
                }
            }
            let Some(earlier) = history.before(instant) else { return false };
            instant = earlier;
        }
        false
    }
}

/// The instants that must be judged, going back in time.
///
/// A slice that starts at `s` counts from `s + 1`, and leaves a rolling window of `w` seconds at `s + w + 1`. Where
/// neither the slice that enters nor the one that leaves has data, the counts are those of one slice length earlier, so
/// gaps of any length take a few steps.
struct History<'a> {
    account: &'a Account,
    window: &'a Window,
    /// The calendar period looked up last.
    period: Option<Span>,
}

impl History<'_> {
    /// The part of the window that has passed at the instant.
    fn elapsed(&mut self, instant: i64) -> Span {
        match self.window {
            Window::Rolling { .. } => self.window.elapsed(instant),
            Window::Calendar { .. } => {
                let start = self.period(instant).map_or(instant, |period| period.start);
                Span { start, end: instant }
            }
        }
    }

    /// The latest instant before the given one that must be judged.
    fn before(&mut self, instant: i64) -> Option<i64> {
        match self.window {
            Window::Rolling { seconds } => self.before_rolling(instant, *seconds),
            Window::Calendar { .. } => self.before_calendar(instant),
        }
    }

    fn before_rolling(&self, instant: i64, seconds: u64) -> Option<i64> {
        let grid = self.account.grid();
        let (window, slice) = (i128::from(seconds), i128::from(grid.seconds()));
        // When the window is no multiple of the slice, slices enter and leave at different instants, and the counts
        // between the two differ from those after both.
        let offset = window % slice;
        [1, 1 + offset, window + 1, window + 1 + (slice - offset) % slice]
            .into_iter()
            .filter_map(|delay| {
                grid.latest_before(i128::from(instant) - delay).map(|start| i128::from(start) + delay)
            })
            .max()
            .and_then(|earlier| i64::try_from(earlier).ok())
    }

    /// Within a period slices only enter. While those without data do, what remains moves one way, if at all: the ends
    /// of such a gap tell all that there is to know about it. Where gaps count as nothing, periods without data are
    /// passed over.
    fn before_calendar(&mut self, instant: i64) -> Option<i64> {
        let latest = self.account.grid().latest_before(i128::from(instant))?;
        let period_before =
            if self.account.counts_gaps() { self.period(instant)?.start.saturating_sub(1) } else { latest };
        [latest, latest.saturating_add(1), period_before]
            .into_iter()
            .filter(|earlier| *earlier < instant)
            .max()
    }

    fn period(&mut self, instant: i64) -> Option<Span> {
        let known = self.period.filter(|period| period.contains(instant));
        self.period = known.or_else(|| self.window.span(instant).ok());
        self.period
    }
}
