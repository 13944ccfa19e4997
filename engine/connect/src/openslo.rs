//! OpenSLO v1: reading it, and writing it so that reading gives the same SLOs again.
//!
//! What OpenSLO has no word for goes into annotations that begin with `weir/`, which other readers pass over.

mod indicator;
mod read;
mod window;
mod write;

pub use read::read;
pub use write::write;

/// The version that is read and written.
const VERSION: &str = "openslo/v1";
/// What annotations of Weir begin with.
const PREFIX: &str = "weir/";
/// The type of a metric source that stands for Weir's own measuring.
const OWN_SOURCE: &str = "weir";
