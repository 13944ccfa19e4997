//! What the author of a Rust plugin depends on: one trait a kind, no glue.
//!
//! A plugin is a crate with `crate-type = ["cdylib", "rlib"]`, a type that implements one of the four traits, and one
//! line that exports it:
//!
//! ```
//! use serde::Deserialize;
//! use weir_plugin::calculator::{Field, Plan};
//! use weir_plugin::{About, Batch, Calculator, Problem, kind, mark};
//!
//! /// What the policy may say.
//! #[derive(Deserialize)]
//! #[serde(rename_all = "kebab-case", deny_unknown_fields)]
//! struct Params {}
//!
//! struct Cached;
//!
//! impl Calculator for Cached {
//!     type Params = Params;
//!
//!     const ABOUT: About = About {
//!         name: "cached",
//!         version: "1.0.0",
//!         summary: "share of requests that the cache answered",
//!         parameters: r#"{ "type": "object", "additionalProperties": false }"#,
//!         reads: &["data.cached"],
//!     };
//!
//!     fn prepare(_: &Params) -> Result<Plan, Problem> {
//!         Ok(Plan {
//!             fields: vec![Field { name: "data.cached".to_owned(), kind: kind::FLAG }],
//!             settles: false,
//!             latest: None,
//!             facts: Vec::new(),
//!         })
//!     }
//!
//!     fn classify(_: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
//!         Ok(batch.judge(batch.flags(0), mark::UNKNOWN, |hit| if hit == 1 { mark::GOOD } else { mark::BAD }))
//!     }
//! }
//!
//! weir_plugin::calculator!(Cached);
//! # fn main() {}
//! ```
//!
//! On `wasm32-unknown-unknown` the macro exports the plugin; elsewhere it only checks the type, so that a plugin's unit
//! tests run with plain `cargo test`.

mod batch;
mod codes;
#[doc(hidden)]
pub mod contract;
#[cfg(not(target_arch = "wasm32"))]
mod doubles;
mod duration;
pub mod evidence;
mod filter;
#[doc(hidden)]
pub mod glue;
#[doc(hidden)]
pub mod info;
pub mod log;
mod range;
#[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
pub mod testing;
pub mod zones;

pub use batch::{Batch, Column, Flags, Instants, Integers, Numbers, Texts};
pub use codes::{attribute, class, effect, kind, mark, metric, outcome, refusal, weight};
pub use contract::check::weir::policy::types::{Fact, Info, Problem};
pub use duration::Duration;
pub use filter::{Conditions, Filter, Pattern};
pub use range::Range;

/// The records of SLI calculators.
pub mod calculator {
    pub use crate::contract::sli_calculator::exports::weir::policy::calculator::{
        Field, Plan, Slices, Tallies,
    };
}

/// The records of budget policies.
pub mod budget {
    pub use crate::contract::budget_policy::exports::weir::policy::budget::{
        Clause, Counts, Decision, Latch, Needs, Situation, SloStatus,
    };
}

/// The records of checks.
pub mod checker {
    pub use crate::contract::check::exports::weir::policy::checker::{Finding, Report, Subject};
}

/// The records of toil scorers.
pub mod scorer {
    pub use crate::contract::toil_scorer::exports::weir::policy::scorer::{Report, Task, TeamLoad, WorkItem};
}

/// What a plugin says of itself.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Kebab-case name, for example `error-budget`.
    pub name: &'static str,
    /// Semantic version of the plugin.
    pub version: &'static str,
    /// One line for people: what the plugin judges.
    pub summary: &'static str,
    /// JSON Schema (draft 2020-12) of the parameters.
    pub parameters: &'static str,
    /// What the plugin reads, for people: event fields or folders of documents.
    pub reads: &'static [&'static str],
}

/// A plugin that turns events into marks. Export it with [`calculator!`].
pub trait Calculator {
    /// The parameters that a policy may set.
    type Params: serde::de::DeserializeOwned;

    /// What the plugin is.
    const ABOUT: About;

    /// Names the fields that the calculator needs.
    ///
    /// # Errors
    /// [`Problem::InvalidParams`] when the parameters make no sense together.
    fn prepare(params: &Self::Params) -> Result<calculator::Plan, Problem>;

    /// Says of each row what it counts as: one of [`mark`] a row. No answer may depend on other rows.
    ///
    /// # Errors
    /// [`Problem::Unprocessable`] when the batch can't be judged.
    fn classify(params: &Self::Params, batch: &Batch) -> Result<Vec<u8>, Problem>;

    /// Says what slices count as. Called only when the plan says that the calculator settles.
    ///
    /// # Errors
    /// [`Problem::Unprocessable`] when the slices can't be judged, and always unless overridden.
    fn settle(params: &Self::Params, slices: &calculator::Slices) -> Result<calculator::Tallies, Problem> {
        let _ = (params, slices);
        Err(Problem::Unprocessable(format!("`{}` judges events, not slices", Self::ABOUT.name)))
    }
}

/// A plugin that turns error budgets into decisions. Export it with [`budget_policy!`].
pub trait BudgetPolicy {
    /// The parameters that a policy may set.
    type Params: serde::de::DeserializeOwned;

    /// What the plugin is.
    const ABOUT: About;

    /// Names what the host has to compute before it asks for a decision.
    ///
    /// # Errors
    /// [`Problem::InvalidParams`] when the parameters make no sense together.
    fn prepare(params: &Self::Params) -> Result<budget::Needs, Problem>;

    /// Decides on one change, now.
    ///
    /// # Errors
    /// [`Problem::Unprocessable`] when the situation can't be judged.
    fn decide(params: &Self::Params, situation: &budget::Situation) -> Result<budget::Decision, Problem>;
}

/// A plugin that holds a service against rules. Export it with [`check!`].
pub trait Check {
    /// The parameters that a policy may set.
    type Params: serde::de::DeserializeOwned;

    /// What the plugin is.
    const ABOUT: About;

    /// Checks one service, on the documents in [`evidence`].
    ///
    /// # Errors
    /// [`Problem`] when the service can't be judged at all. What is wrong with the service is a finding.
    fn assess(params: &Self::Params, subject: &checker::Subject) -> Result<checker::Report, Problem>;
}

/// A plugin that scores work. Export it with [`toil_scorer!`].
pub trait ToilScorer {
    /// The parameters that a policy may set.
    type Params: serde::de::DeserializeOwned;

    /// What the plugin is.
    const ABOUT: About;

    /// Scores the work of the period from `since` (included) until `until` (not included), both in seconds since
    /// 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Problem`] when the work can't be scored.
    fn score(
        params: &Self::Params,
        since: i64,
        until: i64,
        items: &[scorer::WorkItem],
    ) -> Result<scorer::Report, Problem>;
}

/// The value of the first fact with this name.
///
/// ```
/// # use weir_plugin::{Fact, fact};
/// let facts = [Fact { name: "tier".to_owned(), value: "1".to_owned() }];
/// assert_eq!(fact(&facts, "tier"), Some("1"));
/// assert_eq!(fact(&facts, "owner"), None);
/// ```
pub fn fact<'a>(facts: &'a [Fact], name: &str) -> Option<&'a str> {
    facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
}
