//! The sandbox: loads, checks, compiles, limits and calls plugins.
//!
//! A [`Sandbox`] turns the bytes of a WebAssembly component into a [`Plugin`], and a plugin answers calls. Whatever a
//! plugin does, a call ends: with an [`Answer`] whose every text, code and length has been checked, or with a
//! [`CallError`] that names the plugin, the policy and what went wrong. Nothing here reads a clock but the deadline, and
//! a plugin reads nothing but its arguments, the time-zone database and the [`Evidence`] of the call.
//!
//! ```no_run
//! use weir_host::contract::budget::Situation;
//! use weir_host::{Limits, Sandbox, SandboxOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let situation = Situation {
//! #     service: "checkout".into(), change: "feature".into(), now: 0, slos: vec![], facts: vec![],
//! # };
//! let sandbox = Sandbox::new(SandboxOptions::default())?;
//! let limits = Limits::default();
//! let plugin = sandbox.load("error-budget", &std::fs::read("error-budget.wasm")?, &limits)?;
//! let answer = plugin.decide("freeze-when-spent", &limits, "{}", &situation)?;
//! println!("{}", answer.value.effect);
//! # Ok(())
//! # }
//! ```
//!
//! This is the only crate that knows the WebAssembly runtime, and no type of the runtime shows in its interface.

mod answer;
mod bindings;
mod cache;
mod calculator;
mod call;
mod code;
pub mod contract;
mod digest;
mod effort;
mod engine;
mod error;
mod evidence;
mod exercise;
mod info;
mod inspect;
mod kind;
mod limits;
mod log;
mod outline;
mod plugin;
mod sandbox;
mod state;
mod text;
mod verify;
mod wasi;
mod zones;

pub use calculator::Calculator;
pub use digest::{Digest, DigestError};
pub use error::{CallError, LoadError};
pub use evidence::{Evidence, Given, View};
pub use exercise::Exercise;
pub use info::{Info, read_info, read_kind};
pub use inspect::{Admission, Import, Inspection, inspect};
pub use kind::Kind;
pub use limits::{LimitKind, Limits};
pub use log::{Answer, Level, LogLine};
pub use plugin::Plugin;
pub use sandbox::{Allocation, Compiler, Sandbox, SandboxOptions};
pub use verify::{Check, Rule, Trial, Verification};
pub use wasi::Wasi;
