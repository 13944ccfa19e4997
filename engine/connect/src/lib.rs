//! Sources and sinks of other systems, each a module of its own behind its own feature.
//!
//! Everything here takes values or texts and gives values or texts: no file is opened, nothing is sent, no clock is read.
//! What another system knows and Weir does not, or the other way round, is never lost silently: readers give a
//! [`Diagnostic`](weir_model::Diagnostic) with its place for each such item, and writers a [`LeftOut`].
//!
//! - `prometheus` writes recording and alerting rules from SLOs, and test cases for them.

mod alerts;
mod left;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod yaml;

pub use alerts::{Alert, Urgency, alerts_for, usual_alerts};
pub use left::{Generated, LeftOut};
