//! The whole program, as its users run it: the command line in, text and exit code out.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and one that can't begin says so"
)]

mod author;
mod backtest;
mod bad_input;
mod cases;
mod connect;
mod docs;
mod excuses;
mod foreign;
mod formats;
mod gate;
#[expect(dead_code, reason = "the tests of the sandbox itself use more of it")]
#[path = "../../engine/host/tests/it/guest.rs"]
mod guest;
mod hostile;
mod objectives;
mod page;
mod pipelines;
mod plugin;
#[cfg(target_os = "linux")]
mod progress;
mod records;
mod registry;
mod reload;
mod report;
mod servers;
mod shell;
mod signing;
mod support;
mod topics;
mod watch;
