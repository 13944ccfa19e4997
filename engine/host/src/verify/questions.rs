//! Made-up questions: small, the same every time, with something of everything in them.

use crate::contract::budget::{Counts, Needs, Situation, SloStatus};
use crate::contract::calculator::{Batch, Column, Plan, Slices};
use crate::contract::checker::Subject;
use crate::contract::scorer::WorkItem;
use crate::contract::types::Fact;

/// How many rows there are to mark.
pub(crate) const ROWS: u32 = 97;
/// The instant that all questions are about: 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
/// The period in which work is done.
pub(crate) const PERIOD: (i64, i64) = (NOW - 30 * DAY, NOW);

const INTEGERS: [i64; 9] = [200, 0, 503, 404, -1, 12, i64::MAX, i64::MIN, 1000];
const NUMBERS: [f64; 7] = [0.012, 0.0, 0.25, 1.5, -1.0, 1e300, 5e-324];
const TEXTS: [&str; 7] = ["GET", "", "/pay", "/healthz", "200", "übergroß", "a b\nc"];

/// The kinds of columns in the contract.
mod kind {
    pub(super) const INTEGER: u32 = 1;
    pub(super) const NUMBER: u32 = 2;
    pub(super) const TEXT: u32 = 3;
    pub(super) const FLAG: u32 = 4;
    pub(super) const INSTANT: u32 = 5;
}

/// Some of the rows, as the columns that a plan asks for.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: u32,
    columns: Vec<Column>,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    bytes: Vec<u8>,
}

impl Rows {
    /// The rows from `from` to before `to`. A row has the same values in whatever piece it is.
    pub(crate) fn new(plan: &Plan, from: u32, to: u32) -> Rows {
        let mut rows = Rows { rows: to.saturating_sub(from), ..Rows::default() };
        for (number, field) in (0_u32..).zip(&plan.fields) {
            rows.column(field.kind, number, from, to);
        }
        rows
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        let Rows { rows, columns, integers, numbers, codes, bytes } = self;
        Batch { rows: *rows, columns, integers, numbers, codes, bytes }
    }

    fn column(&mut self, kind: u32, number: u32, from: u32, to: u32) {
        let validity = position(&self.bytes);
        // Most values are there, some are missing, some are of another kind; columns differ in which.
        let valid = |row: u32| match (row + 3 * number) % 11 {
            5 => 0,
            8 => 2,
            _ => 1,
        };
        self.bytes.extend((from..to).map(valid));
        let value = |row: u32| if valid(row) == 1 { Some(row + number) } else { None };
        let mut column = Column { kind, start: 0, validity, dictionary: 0, terms: 0 };
        match kind {
            kind::INTEGER => {
                column.start = position(&self.integers);
                self.integers.extend((from..to).map(|row| pick(&INTEGERS, value(row))));
            }
            kind::INSTANT => {
                column.start = position(&self.integers);
                let instant = |row: u32| (NOW - i64::from(row) * 61) * 1000;
                self.integers.extend((from..to).map(|row| value(row).map(instant).unwrap_or_default()));
            }
            kind::NUMBER => {
                column.start = position(&self.numbers);
                self.numbers.extend((from..to).map(|row| pick(&NUMBERS, value(row))));
            }
            kind::FLAG => {
                column.start = position(&self.bytes);
                self.bytes
                    .extend((from..to).map(|row| u8::from(value(row).is_some_and(|value| value % 3 == 0))));
            }
            kind::TEXT => self.texts(&mut column, (from..to).map(value)),
            // A kind that the host does not know.
            _ => column = Column { kind: 0, start: 0, validity, dictionary: 0, terms: 0 },
        }
        self.columns.push(column);
    }

    fn texts(&mut self, column: &mut Column, values: impl Iterator<Item = Option<u32>>) {
        let codes: Vec<u32> = (0..).take(TEXTS.len()).collect();
        column.start = position(&self.codes);
        self.codes.extend(values.map(|value| pick(&codes, value)));
        column.dictionary = position(&self.codes);
        column.terms = position(&codes);
        self.codes.push(position(&self.bytes));
        for text in TEXTS {
            self.bytes.extend(text.as_bytes());
            self.codes.push(position(&self.bytes));
        }
    }
}

/// Where the next value of a pool will stand.
fn position<T>(pool: &[T]) -> u32 {
    u32::try_from(pool.len()).unwrap_or(u32::MAX)
}

/// One of some values; nothing where there is none.
fn pick<T: Copy + Default>(values: &[T], which: Option<u32>) -> T {
    let which = which.and_then(|which| usize::try_from(which).ok());
    which.and_then(|which| values.iter().cycle().nth(which).copied()).unwrap_or_default()
}

/// Has some merged slices settled: with events, without, with bad ones only.
pub(crate) fn with_slices<T>(settle: impl FnOnce(&Slices<'_>) -> T) -> T {
    let first = NOW - 300;
    let millisecond = |slice: i64| (first + slice * 60 + 30) * 1000;
    settle(&Slices {
        first,
        seconds: 60,
        good: &[10, 0, 0, 1_000_000, 3],
        bad: &[1, 0, 7, 0, 3],
        unknown: &[0, 0, 2, 0, 0],
        latest: &[millisecond(0), i64::MIN, i64::MIN, millisecond(3), millisecond(1)],
    })
}

/// Two SLOs, one in the best of health and one whose budget is spent.
/// Three situations that have little in common.
pub(crate) fn situations(needs: &Needs) -> Vec<Situation> {
    let worse = |situation: &Situation| {
        let mut worse = situation.clone();
        (worse.service, worse.change, worse.now) = ("cart".to_owned(), "fix".to_owned(), NOW + DAY);
        for slo in &mut worse.slos {
            slo.total.bad *= 3;
            slo.windows.iter_mut().for_each(|window| window.bad = window.good);
            slo.latched.iter_mut().for_each(|latched| *latched = !*latched);
        }
        worse
    };
    let usual = situation(needs);
    let nothing = Situation { slos: Vec::new(), ..usual.clone() };
    vec![worse(&usual), nothing, usual]
}

pub(crate) fn situation(needs: &Needs) -> Situation {
    let slo = |name: &str, good: u64, bad: u64, latched: bool| SloStatus {
        name: name.to_owned(),
        objective: "0.999".to_owned(),
        window: 30 * 86_400,
        total: Counts { good, bad },
        windows: needs.windows.iter().map(|_| Counts { good: good / 100, bad: bad / 100 }).collect(),
        latched: needs.latches.iter().map(|_| latched).collect(),
        facts: vec![fact("coverage", "0.98")],
    };
    Situation {
        service: "shop".to_owned(),
        change: "feature".to_owned(),
        now: NOW,
        slos: vec![slo("availability", 1_000_000, 10, false), slo("latency", 900_000, 5_000, true)],
        facts: facts(),
    }
}

pub(crate) fn subject() -> Subject {
    Subject {
        service: "shop".to_owned(),
        change: "feature".to_owned(),
        now: NOW,
        slos: vec!["availability".to_owned()],
        dependencies: vec!["catalog".to_owned()],
        facts: facts(),
    }
}

/// Work of two teams, some of it again and again.
pub(crate) fn work() -> Vec<WorkItem> {
    let item = |(number, (title, team)): (i64, (&str, &str))| WorkItem {
        id: number.to_string(),
        title: title.to_owned(),
        team: team.to_owned(),
        at: PERIOD.0 + number * DAY,
        minutes: 30,
        stated: 31,
        holds: 15,
        facts: Vec::new(),
    };
    let items =
        [("restart worker 3", "payments"), ("restart worker 4", "payments"), ("design review", "web")];
    (0..).zip(items.into_iter().cycle().take(9)).map(item).collect()
}

fn facts() -> Vec<Fact> {
    vec![
        fact("owner", "payments"),
        fact("tier", "critical"),
        fact("lifecycle", "production"),
        fact("engagement", "full"),
    ]
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}
