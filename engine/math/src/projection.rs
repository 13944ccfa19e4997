//! When a budget will be exhausted, or recovered, if things go on as they do.

use crate::account::Account;
use crate::budget::Budget;
use crate::counts::Counts;
use crate::decimal::Decimal;
use crate::objective::Objective;
use crate::ratio::Ratio;
use crate::window::Window;

/// More steps than this are not taken: a window of more slices is looked through in steps of several.
const STEPS: u64 = 1_000_000;

/// How good and bad ones came in over a recent stretch of time, in the account's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Good ones in that time.
    pub good: u64,
    /// Bad ones in that time.
    pub bad: u64,
    /// The length of that time in seconds. A pace over no time brings nothing.
    pub seconds: u64,
}

impl Pace {
    /// What comes in over a time: each count is `count * elapsed / seconds`, rounded down.
    fn over(self, elapsed: u64) -> Counts {
        let scaled = |count: u64| {
            // What fits 64 bits, which is nearly always, is divided much faster there.
            if let Some(product) = count.checked_mul(elapsed) {
                return product.checked_div(self.seconds).unwrap_or(0);
            }
            let product = u128::from(count) * u128::from(elapsed);
            product
                .checked_div(u128::from(self.seconds))
                .map_or(0, |count| u64::try_from(count).unwrap_or(u64::MAX))
        };
        Counts { good: scaled(self.good), bad: scaled(self.bad) }
    }
}

/// The first instant after `now` at which no budget remains, if the pace goes on.
///
/// Looks ahead in steps of one slice from `now`: over one length of a rolling window, whose old slices leave meanwhile,
/// or up to the end of a calendar period. None when the budget lasts that long. A window of more than a million slices
/// is looked through in a million steps at most.
#[must_use]
pub fn exhausts_at(
    account: &Account,
    objective: &Objective,
    window: &Window,
    now: i64,
    pace: Pace,
) -> Option<i64> {
    let outlook = Outlook::new(account, objective, window, now, pace)?;
    outlook.first(outlook.steps(), |left| *left <= Ratio::ZERO)
}

/// The first instant, `now` or later, at which at least `level` of the budget remains, if the pace goes on.
///
/// Looks ahead as [`exhausts_at`] does. The next period of a calendar window restores the whole budget, so for levels up
/// to 1 that is the latest answer; a rolling window that has become empty of counts has not recovered.
#[must_use]
pub fn recovers_at(
    account: &Account,
    objective: &Objective,
    window: &Window,
    now: i64,
    level: &Decimal,
    pace: Pace,
) -> Option<i64> {
    let outlook = Outlook::new(account, objective, window, now, pace)?;
    outlook
        .first(std::iter::once(now).chain(outlook.steps()), |left| left.cmp_decimal(level).is_ge())
        .or_else(|| outlook.next_period.filter(|_| *level <= Decimal::ONE))
}

/// The future as seen from `now`.
struct Outlook<'a> {
    account: &'a Account,
    objective: &'a Objective,
    now: i64,
    pace: Pace,
    /// The length of a rolling window; none for a calendar window.
    rolling: Option<u64>,
    /// Where the window of `now` starts.
    start: i64,
    /// When the next period of a calendar window starts.
    next_period: Option<i64>,
}

impl<'a> Outlook<'a> {
    /// None when the instant lies outside the calendar.
    fn new(
        account: &'a Account,
        objective: &'a Objective,
        window: &Window,
        now: i64,
        pace: Pace,
    ) -> Option<Self> {
        let span = window.span(now).ok()?;
        let (rolling, next_period) = match window {
            Window::Rolling { seconds } => (Some(*seconds), None),
            Window::Calendar { .. } => (None, Some(span.end)),
        };
        Some(Self { account, objective, now, pace, rolling, start: span.start, next_period })
    }

    /// The instants to look at, one or several slices apart, `now` excluded.
    fn steps(&self) -> impl Iterator<Item = i64> {
        // The last second of a calendar period is the last one that belongs to it.
        let rest = self.next_period.map_or(0, |next| next.abs_diff(self.now).saturating_sub(1));
        let ahead = self.rolling.unwrap_or(rest);
        let slice = u64::from(self.account.slice_seconds());
        let step = slice.saturating_mul((ahead / slice).div_ceil(STEPS).max(1));
        let now = self.now;
        (1..=ahead / step).map_while(move |count| now.checked_add_unsigned(count.checked_mul(step)?))
    }

    /// The first of some rising instants from `now` on at which what remains is as wanted. Without counts, nothing is.
    fn first(&self, instants: impl Iterator<Item = i64>, wanted: impl Fn(&Ratio) -> bool) -> Option<i64> {
        let mut known = self.account.tail(self.now);
        let mut is_wanted = |instant: i64| {
            let start = self.rolling.map_or(self.start, |seconds| instant.saturating_sub_unsigned(seconds));
            let expected = self.pace.over(instant.abs_diff(self.now));
            let remaining = Budget::new(self.objective, known.counts(start) + expected).remaining();
            remaining.is_some_and(|left| wanted(&left))
        };
        instants.into_iter().find(|instant| is_wanted(*instant))
    }
}
