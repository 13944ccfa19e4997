//! The templates for Rust are compiled here as they are, with their own tests: what `weir plugin new` writes, builds.

#![expect(unreachable_pub, reason = "templates are written for their readers")]

#[path = "../../templates/rust/budget-policy/src/lib.rs"]
mod budget_policy;
#[path = "../../templates/rust/check/src/lib.rs"]
mod check;
#[path = "../../templates/rust/sli-calculator/src/lib.rs"]
mod sli_calculator;
#[path = "../../templates/rust/toil-scorer/src/lib.rs"]
mod toil_scorer;
