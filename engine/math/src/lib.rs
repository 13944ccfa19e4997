//! Exact arithmetic of service level objectives: tallies, windows, budgets, burn rates, toil.
//!
//! Everything here is a pure function of its arguments: nothing reads the clock, the locale, a file or the
//! environment, so a number is the same in the engine and in a plugin, today and in a replay next year. Counts are
//! integers, objectives and thresholds exact decimals, and comparisons integer cross-multiplications; floats occur only
//! where a number is shown or is an estimate anyway. No input panics.
//!
//! The parts, in the order in which a ledger becomes a decision:
//!
//! 1. [`Tally`] counts the events of one slice of time, [`Series`] holds the tallies of a ledger.
//! 2. [`Account`] turns them into [`Counts`] in the unit that the objective budgets by ([`Budgeting`], [`Unknown`]).
//! 3. [`Window`] says which [`Span`] of time counts, [`Objective`] what was promised.
//! 4. [`Budget`], [`BurnAlert`], [`Latch`] and [`objective_missed`] judge the counts; [`exhausts_at`] and
//!    [`recovers_at`] look ahead.
//!
//! ```
//! use weir_math::{Account, Budget, Budgeting, Decimal, Objective, Series, Tally, Unknown, Window};
//!
//! let minutes = [(0, Tally { good: 2_998, bad: 2, unknown: 0 }), (60, Tally { good: 2_000, bad: 0, unknown: 0 })];
//! let series = Series::new(60, minutes)?;
//! let account = Account::new(&series, Budgeting::Occurrences, Unknown::Bad);
//! let objective = Objective::parse("99.9 %")?;
//! let window = Window::rolling("30d")?;
//!
//! let budget = Budget::new(&objective, account.counts(window.elapsed(120)));
//! // 5000 events allow 5 bad ones; 2 are spent.
//! assert_eq!(budget.remaining().map(|share| share.percent_string(1)).as_deref(), Some("60 %"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod budget;
mod burn;
mod calendar;
mod composite;
mod confidence;
mod counts;
mod decimal;
mod duration;
mod grid;
mod latch;
mod objective;
mod projection;
mod ratio;
mod series;
mod span;
mod tally;
mod toil;
mod wide;
mod window;

pub use account::{Account, Budgeting, Merged, Past, Unknown};
pub use budget::Budget;
pub use burn::{BurnAlert, factor_for, share_for};
pub use calendar::{CalendarUnit, time_zone};
pub use composite::{CompositeError, Part, Weighted, all_hold, weighted};
pub use confidence::objective_missed;
pub use counts::Counts;
pub use decimal::{Decimal, DecimalError};
pub use duration::{DurationError, format_duration, parse_duration};
pub use latch::Latch;
pub use objective::{Objective, ObjectiveError};
pub use projection::{Pace, exhausts_at, recovers_at};
pub use ratio::Ratio;
pub use series::{Series, SeriesError};
pub use span::Span;
pub use tally::Tally;
pub use toil::{Attribute, WorkClass, break_even_days, toil_budget, toil_score, work_class};
pub use window::{Window, WindowError};
