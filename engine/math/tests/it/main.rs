//! The laws of the arithmetic, and numbers worked out by hand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod brute;
mod budgets;
mod calendar;
mod composites;
mod confidence;
mod decimals;
mod durations;
mod extremes;
mod latches;
mod objectives;
mod projections;
mod ratios;
mod tallies;
mod toil;
