//! The records of the contract, as `wit/` defines them.

/// What all kinds of plugins share.
pub mod types {
    pub use crate::bindings::check::weir::policy::types::{Fact, Info, Problem};
}

/// The records of SLI calculators. Those that go in borrow from the caller, so that a batch is copied once, into the
/// memory of the plugin.
pub mod calculator {
    pub use crate::bindings::sli_calculator::exports::weir::policy::calculator::{
        Batch, Column, Field, Plan, Slices, Tallies,
    };
}

/// The records of budget policies.
pub mod budget {
    pub use crate::bindings::budget_policy::exports::weir::policy::budget::{
        Clause, Counts, Decision, Latch, Needs, Situation, SloStatus,
    };
}

/// The records of checks.
pub mod checker {
    pub use crate::bindings::check::exports::weir::policy::checker::{Finding, Report, Subject};
}

/// The records of toil scorers.
pub mod scorer {
    pub use crate::bindings::toil_scorer::exports::weir::policy::scorer::{Report, Task, TeamLoad, WorkItem};
}
