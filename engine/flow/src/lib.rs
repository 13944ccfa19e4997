//! Streams: decode events to columns, have calculators classify them, add them up in ledgers.
//!
//! Data flows one way: bytes ([`decompressed`]) become lines, lines become rows of columns that hold only the fields that
//! the SLIs in use read, a calculator in the sandbox marks the rows, and the marks are added to the ledger of their
//! service, SLI and slice. Nothing is lost silently: [`weir_model::EventCounts`] says what became of every event.
//!
//! This crate owns the state of a run and opens no file: streams come in from outside.

mod access_log;
mod alertmanager;
mod batch;
mod blocks;
mod cdevents;
mod classify;
mod cloudevents;
mod columns;
mod crew;
mod csv;
mod decode;
mod dedupe;
mod definition;
mod fault;
mod flow;
mod input;
mod json;
mod ledger;
mod live;
mod log;
mod number;
mod otlp;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod progress;
mod projection;
mod rows;
mod search;
mod table;
mod tallying;
mod time;
mod worker;

pub use blocks::LONGEST_LINE;
pub use decode::Format;
pub use definition::Request;
pub use flow::{Flow, FlowError, Options, Outcome};
pub use input::decompressed;
pub use ledger::{Ledger, Mark, Slice};
pub use live::{Live, LiveStream, SavedLive, SavedStream};
pub use progress::Progress;
