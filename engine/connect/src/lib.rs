//! Sources and sinks of other systems, each a module of its own behind its own feature.
//!
//! Everything here takes values or texts and gives values or texts: no file is opened but those of secrets and
//! certificates, and no calendar clock is read. Only [`http`] sends anything, to the servers that it is told to ask.
//! What another system knows and Weir does not, or the other way round, is never lost silently: readers give a
//! [`Diagnostic`](weir_model::Diagnostic) with its place for each such item, and writers a [`LeftOut`].
//!
//! - [`prometheus`] writes recording and alerting rules from SLOs, and test cases for them.
//! - [`alertmanager`] writes routes for their alerts, [`grafana`] a dashboard.
//! - [`openmetrics`] writes what is left of error budgets as metrics.
//! - [`http`] asks servers, within limits.
//! - [`openslo`] reads and writes OpenSLO v1.
//! - [`sloth`] reads Sloth's specifications, [`pyrra`] Pyrra's objectives.

#[cfg(feature = "alertmanager")]
pub mod alertmanager;
mod alerts;
#[cfg(any(feature = "openslo", feature = "pyrra", feature = "sloth"))]
mod draft;
#[cfg(feature = "grafana")]
pub mod grafana;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "openslo", feature = "pyrra", feature = "sloth"))]
mod import;
mod left;
#[cfg(feature = "openmetrics")]
pub mod openmetrics;
#[cfg(feature = "openslo")]
pub mod openslo;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "pyrra")]
pub mod pyrra;
#[cfg(feature = "sloth")]
pub mod sloth;
mod yaml;

pub use alerts::{Alert, Urgency, alerts_for, usual_alerts};
#[cfg(any(feature = "openslo", feature = "pyrra", feature = "sloth"))]
pub use draft::{Imported, ServiceDraft};
pub use left::{Generated, LeftOut};
