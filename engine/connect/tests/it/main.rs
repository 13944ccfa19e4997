//! What the connections write is what the other systems read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on has failed")]

mod fixtures;
mod openslo;
mod prometheus;
mod pyrra;
mod sloth;
mod support;
