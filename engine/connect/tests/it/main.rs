//! What the connections write is what the other systems read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on has failed")]

mod prometheus;
mod support;
