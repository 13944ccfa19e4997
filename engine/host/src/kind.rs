//! The kinds of plugins, and what each may import.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a plugin is for; each kind is a world of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Turns events into marks.
    SliCalculator,
    /// Turns error budgets into decisions.
    BudgetPolicy,
    /// Holds a service against rules, on the evidence of documents.
    Check,
    /// Tells toil from other work.
    ToilScorer,
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] =
        [Kind::SliCalculator, Kind::BudgetPolicy, Kind::Check, Kind::ToilScorer];

    /// The name of the kind's world, for example `budget-policy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::SliCalculator => "sli-calculator",
            Kind::BudgetPolicy => "budget-policy",
            Kind::Check => "check",
            Kind::ToilScorer => "toil-scorer",
        }
    }

    /// The interface that makes a component this kind of plugin.
    pub(crate) fn export(self) -> &'static str {
        match self {
            Kind::SliCalculator => "calculator",
            Kind::BudgetPolicy => "budget",
            Kind::Check => "checker",
            Kind::ToilScorer => "scorer",
        }
    }

    /// The kind that an interface makes of a component which exports it.
    pub(crate) fn of_export(interface: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.export() == interface)
    }

    /// The interfaces that this kind may import.
    pub(crate) fn imports(self) -> &'static [&'static str] {
        match self {
            Kind::SliCalculator | Kind::ToilScorer => &["types", "log"],
            Kind::BudgetPolicy => &["types", "log", "zones"],
            Kind::Check => &["types", "log", "zones", "evidence"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
