//! The sandbox against plugins that are honest, careless and hostile.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on panics"
)]

mod answers;
mod cache;
mod echo;
mod evidence;
mod guest;
mod hostile;
mod limits;
mod load;
mod mutants;
mod verify;
mod wasi;

use std::time::Duration;

use weir_host::contract::calculator::{Batch, Column};
use weir_host::{Calculator, Limits, Plugin, Sandbox, SandboxOptions};

use crate::guest::Guest;

fn sandbox() -> Sandbox {
    Sandbox::new(SandboxOptions::default()).unwrap()
}

fn load(guest: &Guest) -> Plugin {
    sandbox().load("guest", &guest.component(), &Limits::default()).unwrap()
}

fn calculator(guest: &Guest, limits: &Limits) -> Calculator {
    load(guest).calculator("policy", limits).unwrap()
}

/// Limits with a deadline that no honest test plugin comes near, even on a busy machine.
fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(30), ..Limits::default() }
}

/// A batch of so many rows, without columns.
fn rows(rows: u32) -> Batch<'static> {
    const NONE: &[Column] = &[];
    Batch { rows, columns: NONE, integers: &[], numbers: &[], codes: &[], bytes: &[] }
}
