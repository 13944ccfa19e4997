//! What the connections write is what the other systems read.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and one that can't begin says so"
)]

mod alertmanager;
mod fixtures;
mod grafana;
mod hostile;
mod openmetrics;
mod openslo;
mod prometheus;
mod pyrra;
mod slo_generator;
mod sloth;
mod support;
