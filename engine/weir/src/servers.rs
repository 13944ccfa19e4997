//! Servers that the project's sources name: what they have counted, and the alerts that they know of.
//!
//! The engine asks nobody over a network: whoever embeds it brings [`Servers`], and the engine tells them what it needs.

use std::fmt::Debug;

use jiff::Timestamp;
use weir_model::project::EventSource;
use weir_model::service::Service;
use weir_model::{Sli, SliTallies, SourceError};

/// Hands in what servers know. Any number of threads may ask.
pub trait Servers: Debug + Send + Sync {
    /// The tallies of an SLI that a source has counted.
    ///
    /// # Errors
    /// When they can't be had.
    fn tallies(&self, wanted: &WantedTallies<'_>) -> Result<SliTallies, SourceError>;

    /// The alerts that an Alertmanager knows of now: of a source of alerts with an address. One alert of its API a line.
    ///
    /// # Errors
    /// When they can't be had.
    fn alerts(&self, source: &EventSource) -> Result<Vec<u8>, SourceError>;
}

/// The counts that an SLI needs.
#[derive(Debug, Clone, Copy)]
pub struct WantedTallies<'p> {
    /// The service.
    pub service: &'p Service,
    /// One of its SLIs, which says what is counted.
    pub sli: &'p Sli,
    /// The source that counts it.
    pub source: &'p EventSource,
    /// The length of a slice in seconds.
    pub slice_seconds: u32,
    /// Where the first slice that matters starts, or before it.
    pub from: Timestamp,
    /// The instant of the question: what happens at it or later is not known yet.
    pub until: Timestamp,
}
