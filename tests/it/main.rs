//! The whole program, as its users run it: the command line in, text and exit code out.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod author;
mod backtest;
mod bad_input;
mod cases;
mod connect;
mod docs;
mod gate;
#[expect(dead_code, reason = "the tests of the sandbox itself use more of it")]
#[path = "../../engine/host/tests/it/guest.rs"]
mod guest;
mod hostile;
mod objectives;
mod page;
mod plugin;
#[cfg(target_os = "linux")]
mod progress;
mod records;
mod report;
mod servers;
mod support;
mod topics;
mod watch;
