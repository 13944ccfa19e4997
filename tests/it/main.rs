//! The whole program, as its users run it: the command line in, text and exit code out.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod backtest;
mod bad_input;
mod cases;
mod docs;
mod gate;
mod objectives;
mod records;
mod support;
mod topics;
