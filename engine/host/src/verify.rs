//! Verifying a plugin: what can be found out about it without a project.
//!
//! A plugin is put through made-up questions, and must answer them the same way however they are put: in an instance of
//! its own or in one that has answered before, in one batch or in several, once or again.

mod questions;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::calculator::Calculator;
use crate::contract::calculator::Plan;
use crate::digest::Digest;
use crate::error::{CallError, LoadError};
use crate::evidence::Evidence;
use crate::info::Info;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::log::Answer;
use crate::outline::{Outline, SPOKEN};
use crate::plugin::Plugin;
use crate::sandbox::Sandbox;
use crate::wasi::Wasi;

use self::questions::{ROWS, Rows};

/// The name under which calls of a verification appear in errors.
const POLICY: &str = "verification";

/// What a verification goes by.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'t> {
    /// Parameters that the plugin accepts, as a JSON object. With others, what it does with them is all that is learnt.
    pub params: &'t str,
    /// What the plugin gets if it imports WASI.
    pub wasi: Wasi,
    /// What it may use.
    pub limits: Limits,
    /// Whether a value is a JSON Schema that parameters can be held against; the sandbox knows none.
    pub check_schema: fn(&Value) -> Result<(), String>,
}

/// What came of a verification.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verification {
    /// What the plugin says of itself.
    pub info: Info,
    /// What it is for.
    pub kind: Kind,
    /// The version of the contract that it is called by.
    pub contract: String,
    /// The SHA-256 of its component.
    pub digest: Digest,
    /// The size of its component in bytes.
    pub size: usize,
    /// What it imports, in the order of the component.
    pub imports: Vec<String>,
    /// What was tried, in order.
    pub checks: Vec<Check>,
}

impl Verification {
    /// Whether nothing was found.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.problem.is_none())
    }
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// What it was.
    pub rule: Rule,
    /// What is wrong; none when all is well.
    pub problem: Option<String>,
}

/// What a plugin must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The schema of its parameters is one.
    Schema,
    /// It says what it needs.
    Prepare,
    /// It answers, within its limits, as the contract says.
    Answer,
    /// It answers the same question the same way in another instance.
    Repeatable,
    /// It answers the same way in an instance that has answered other questions before.
    Stateless,
    /// A row's mark depends on no other row of the batch.
    RowByRow,
}

impl Rule {
    /// The rule in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Schema => "schema",
            Rule::Prepare => "prepare",
            Rule::Answer => "answer",
            Rule::Repeatable => "repeatable",
            Rule::Stateless => "stateless",
            Rule::RowByRow => "row-by-row",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Sandbox {
    /// Verifies a component.
    ///
    /// # Errors
    /// As [`load`](Sandbox::load). Everything that the plugin does wrong afterwards is in the [`Verification`].
    pub fn verify(&self, name: &str, component: &[u8], trial: &Trial<'_>) -> Result<Verification, LoadError> {
        let plugin = self.load_with_wasi(name, component, trial.wasi, &trial.limits)?;
        let checks = match plugin.kind() {
            Kind::SliCalculator => calculator(&plugin, trial),
            Kind::BudgetPolicy => budget_policy(&plugin, trial),
            Kind::Check => repeated(|| {
                plugin.assess(POLICY, &trial.limits, trial.params, &questions::subject(), &Evidence::none())
            }),
            Kind::ToilScorer => repeated(|| {
                let (since, until) = questions::PERIOD;
                plugin.score(POLICY, &trial.limits, trial.params, since, until, &questions::work())
            }),
        };
        let schema = Check::new(Rule::Schema, (trial.check_schema)(&plugin.info().parameters));
        Ok(Verification {
            info: plugin.info().clone(),
            kind: plugin.kind(),
            contract: SPOKEN.to_owned(),
            digest: plugin.digest(),
            size: component.len(),
            imports: Outline::read(name, component)?.imports(),
            checks: [vec![schema], checks].concat(),
        })
    }
}

impl Check {
    fn new(rule: Rule, outcome: Result<(), String>) -> Check {
        Check { rule, problem: outcome.err() }
    }
}

fn failed(rule: Rule, error: &CallError) -> Vec<Check> {
    vec![Check::new(rule, Err(error.to_string()))]
}

/// An answer, and whether it comes again.
fn repeated<T: PartialEq>(ask: impl Fn() -> Result<Answer<T>, CallError>) -> Vec<Check> {
    match ask() {
        Err(error) => failed(Rule::Answer, &error),
        Ok(answer) => vec![
            Check::new(Rule::Answer, Ok(())),
            Check::new(Rule::Repeatable, same(&answer, &ask(), "another instance answers something else")),
        ],
    }
}

/// Compares what was answered and logged.
fn same<T: PartialEq>(
    first: &Answer<T>,
    other: &Result<Answer<T>, CallError>,
    otherwise: &str,
) -> Result<(), String> {
    match other {
        Ok(answer) if answer == first => Ok(()),
        Ok(_) => Err(otherwise.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn budget_policy(plugin: &Plugin, trial: &Trial<'_>) -> Vec<Check> {
    let needs = match plugin.prepare_budget(POLICY, &trial.limits, trial.params) {
        Ok(needs) => needs.value,
        Err(error) => return failed(Rule::Prepare, &error),
    };
    let situation = questions::situation(&needs);
    let mut checks = vec![Check::new(Rule::Prepare, Ok(()))];
    checks.extend(repeated(|| plugin.decide(POLICY, &trial.limits, trial.params, &situation)));
    checks
}

fn calculator(plugin: &Plugin, trial: &Trial<'_>) -> Vec<Check> {
    let fresh = || plugin.calculator(POLICY, &trial.limits);
    let plan = match fresh().and_then(|mut calculator| calculator.prepare(trial.params)) {
        Ok(plan) => plan.value,
        Err(error) => return failed(Rule::Prepare, &error),
    };
    let mut checks = vec![Check::new(Rule::Prepare, Ok(()))];
    checks.extend(classified(&fresh, trial.params, &plan));
    if plan.settles {
        checks.extend(settled(&fresh, trial.params));
    }
    checks
}

/// Has made-up rows marked in every way that a run may.
fn classified(fresh: &dyn Fn() -> Result<Calculator, CallError>, params: &str, plan: &Plan) -> Vec<Check> {
    let mark = |calculator: &mut Calculator, from: u32, to: u32| {
        let rows = Rows::new(plan, from, to);
        calculator.classify(params, &rows.batch())
    };
    let whole = || mark(&mut fresh()?, 0, ROWS);
    let marks = match whole() {
        Ok(marks) => marks,
        Err(error) => return failed(Rule::Answer, &error),
    };
    let used = fresh().and_then(|mut used| {
        // Other questions first, one of them twice.
        for (from, to) in [(ROWS / 2, ROWS), (0, 1), (0, 0), (0, 1)] {
            mark(&mut used, from, to)?;
        }
        mark(&mut used, 0, ROWS)
    });
    let row_by_row = fresh().and_then(|mut calculator| {
        let mut marks = Vec::new();
        for (from, to) in split() {
            marks.extend(mark(&mut calculator, from, to)?.value);
        }
        Ok(marks)
    });
    let row_by_row = match row_by_row {
        Ok(pieces) if pieces == marks.value => Ok(()),
        Ok(pieces) => {
            let row = pieces.iter().zip(&marks.value).take_while(|(one, other)| one == other).count();
            Err(format!("row {row} is marked otherwise when the batch is split"))
        }
        Err(error) => Err(error.to_string()),
    };
    vec![
        Check::new(Rule::Answer, Ok(())),
        Check::new(Rule::Repeatable, same(&marks, &whole(), "another instance marks rows otherwise")),
        Check::new(
            Rule::Stateless,
            same(&marks, &used, "an instance that marked before marks rows otherwise"),
        ),
        Check::new(Rule::RowByRow, row_by_row),
    ]
}

/// All rows, in pieces of one, two, three and so on.
fn split() -> Vec<(u32, u32)> {
    let mut pieces = Vec::new();
    let (mut from, mut length) = (0, 1);
    while from < ROWS {
        let to = ROWS.min(from + length);
        pieces.push((from, to));
        (from, length) = (to, length + 1);
    }
    pieces
}

fn settled(fresh: &dyn Fn() -> Result<Calculator, CallError>, params: &str) -> Vec<Check> {
    let settle =
        |calculator: &mut Calculator| questions::with_slices(|slices| calculator.settle(params, slices));
    let tallies = match fresh().and_then(|mut calculator| settle(&mut calculator)) {
        Ok(tallies) => tallies,
        Err(error) => return failed(Rule::Answer, &error),
    };
    let again = fresh().and_then(|mut calculator| settle(&mut calculator));
    let used = fresh().and_then(|mut calculator| {
        settle(&mut calculator)?;
        settle(&mut calculator)
    });
    vec![
        Check::new(Rule::Repeatable, same(&tallies, &again, "another instance settles slices otherwise")),
        Check::new(
            Rule::Stateless,
            same(&tallies, &used, "an instance that settled before settles slices otherwise"),
        ),
    ]
}
