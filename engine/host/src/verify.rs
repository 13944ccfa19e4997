//! Verifying a plugin: what can be found out about it without a project.
//!
//! A plugin is put through made-up questions, and must answer them the same way however they are put: in an instance of
//! its own or in one that has answered before, in one batch or in several, once or again.

pub(crate) mod questions;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::calculator::Calculator;
use crate::contract::budget::{Decision, Situation};
use crate::contract::calculator::Plan;
use crate::error::{CallError, LoadError};
use crate::evidence::Evidence;
use crate::info::Info;
use crate::inspect::Inspection;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::log::Answer;
use crate::outline::Outline;
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
    /// What the component is.
    pub component: Inspection,
    /// What was tried, in order. What comes after a rule that keeps the plugin from being loaded was not tried.
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
    /// It was built for the contract that the host speaks.
    Contract,
    /// It imports what its kind may, and WASI only where that is allowed.
    Imports,
    /// It is no larger than its limit.
    Size,
    /// It can be compiled, and fits the contract.
    Compiles,
    /// It says what it is.
    Describes,
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
    /// A decision depends on no other situation of the call.
    OneByOne,
}

impl Rule {
    /// The rule in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Imports => "imports",
            Rule::Contract => "contract",
            Rule::Size => "size",
            Rule::Compiles => "compiles",
            Rule::Describes => "describes",
            Rule::Schema => "schema",
            Rule::Prepare => "prepare",
            Rule::Answer => "answer",
            Rule::Repeatable => "repeatable",
            Rule::Stateless => "stateless",
            Rule::RowByRow => "row-by-row",
            Rule::OneByOne => "one-by-one",
        }
    }

    /// What a plugin that keeps to it does.
    pub fn meaning(self) -> &'static str {
        match self {
            Rule::Imports => "imports nothing but what its kind may",
            Rule::Contract => "was built for the contract of this Weir",
            Rule::Size => "is no larger than it may be",
            Rule::Compiles => "compiles, and fits the contract",
            Rule::Describes => "says what it is",
            Rule::Schema => "has a schema that its parameters can be held against",
            Rule::Prepare => "says what it needs",
            Rule::Answer => "answers within its limits, as the contract says",
            Rule::Repeatable => "answers the same way in another instance",
            Rule::Stateless => "answers the same way after other questions",
            Rule::RowByRow => "marks each row for itself, however the batch is split",
            Rule::OneByOne => {
                "decides on each situation for itself, whichever others are asked about at once"
            }
        }
    }

    /// What to do about a plugin that does not keep to it; none where the problem itself says so.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Rule::Imports | Rule::Contract | Rule::Size | Rule::Compiles | Rule::Describes => None,
            Rule::Schema => Some(
                "write it in JSON Schema, draft 2020-12, without references to other documents; it is the \
                 `parameters` of `describe`",
            ),
            Rule::Prepare => Some("`prepare` has to answer for all parameters that the schema lets through"),
            Rule::Answer => Some("the contract's files in `wit/` say what an answer is made of"),
            Rule::Repeatable => Some(
                "an answer may depend on nothing but the arguments: look for addresses, for the order of hash \
                 tables and for random numbers",
            ),
            Rule::Stateless => {
                Some("an answer may depend on nothing but the arguments: keep nothing between two calls")
            }
            Rule::RowByRow => Some(
                "a mark may depend on its own row alone: what is about several rows belongs into `settle`",
            ),
            Rule::OneByOne => {
                Some("a decision may depend on its own situation alone: keep nothing from one to the next")
            }
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
    /// When it is no component, or not a plugin of one kind. Everything that is wrong with a plugin is in the
    /// [`Verification`].
    pub fn verify(&self, name: &str, component: &[u8], trial: &Trial<'_>) -> Result<Verification, LoadError> {
        let outline = Outline::read(name, component)?;
        let (kind, contract) = outline.exported(name)?;
        let info = outline.info.and_then(|section| Info::from_section(section).ok());
        let mut found = Inspection { info, ..Inspection::of(&outline, component, kind, contract) };
        let mut checks = admitted(name, &outline, component, trial);
        if checks.iter().all(|check| check.problem.is_none()) {
            match self.load_with_wasi(name, component, trial.wasi, &trial.limits) {
                Ok(plugin) => {
                    found.info = Some(plugin.info().clone());
                    checks.extend([Rule::Compiles, Rule::Describes].map(|rule| Check::new(rule, Ok(()))));
                    checks.push(Check::new(Rule::Schema, (trial.check_schema)(&plugin.info().parameters)));
                    checks.extend(asked(&plugin, trial));
                }
                Err(error @ LoadError::Sandbox { .. }) => return Err(error),
                Err(error @ (LoadError::Info { .. } | LoadError::Describe { .. })) => {
                    checks.push(Check::new(Rule::Describes, Err(error.to_string())));
                }
                Err(error) => checks.push(Check::new(Rule::Compiles, Err(error.to_string()))),
            }
        }
        Ok(Verification { component: found, checks })
    }
}

/// What is looked at before anything is compiled.
fn admitted(name: &str, outline: &Outline<'_>, component: &[u8], trial: &Trial<'_>) -> Vec<Check> {
    let admitted = outline.kind(name, trial.wasi);
    let wrong = |of_rule: fn(&LoadError) -> bool| match &admitted {
        Err(error) if of_rule(error) => Err(error.to_string()),
        Err(_) | Ok(_) => Ok(()),
    };
    let (size, allowed) = (component.len(), trial.limits.component_bytes);
    let small_enough = if size > allowed {
        Err(LoadError::TooLarge { plugin: name.to_owned(), size, allowed }.to_string())
    } else {
        Ok(())
    };
    let contract = wrong(|error| matches!(error, LoadError::ContractVersion { .. }));
    let imports = wrong(|error| !matches!(error, LoadError::ContractVersion { .. }));
    vec![
        Check::new(Rule::Contract, contract),
        Check::new(Rule::Imports, imports),
        Check::new(Rule::Size, small_enough),
    ]
}

/// Puts the questions of its kind to a plugin.
fn asked(plugin: &Plugin, trial: &Trial<'_>) -> Vec<Check> {
    match plugin.kind() {
        Kind::SliCalculator => calculator(plugin, trial),
        Kind::BudgetPolicy => budget_policy(plugin, trial),
        Kind::Check => repeated(|| {
            plugin.assess(POLICY, &trial.limits, trial.params, &questions::subject(), &Evidence::none())
        }),
        Kind::ToilScorer => repeated(|| {
            let (since, until) = questions::PERIOD;
            plugin.score(POLICY, &trial.limits, trial.params, since, until, &questions::work())
        }),
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
    let situations = questions::situations(&needs);
    let decide = |situations: &[Situation]| {
        plugin.decide_each(POLICY, &trial.limits, trial.params, situations).map(|answer| answer.value)
    };
    let mut checks = vec![Check::new(Rule::Prepare, Ok(()))];
    checks.extend(repeated(|| plugin.decide_each(POLICY, &trial.limits, trial.params, &situations)));
    if let Ok(together) = decide(&situations) {
        let alone: Result<Vec<Vec<Decision>>, CallError> = situations.chunks(1).map(decide).collect();
        let outcome = match alone.map(|decisions| decisions.concat() == together) {
            Ok(true) => Ok(()),
            Ok(false) => Err("a situation is decided otherwise when it is asked about alone".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        checks.push(Check::new(Rule::OneByOne, outcome));
    }
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
