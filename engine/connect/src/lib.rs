//! Sources and sinks of other systems, each a module of its own behind its own feature.
//!
//! Everything here takes values or texts and gives values or texts: no file is opened but those of secrets and
//! certificates, and no calendar clock is read. Only [`http`] sends anything, to the servers that it is told to ask, and
//! [`oci`] through it.
//! What another system knows and Weir does not, or the other way round, is never lost silently: readers give a
//! [`Diagnostic`](weir_model::Diagnostic) with its place for each such item, and writers a [`LeftOut`].
//!
//! - [`prometheus`] writes recording and alerting rules from SLOs, and test cases for them.
//! - [`alertmanager`] writes routes for their alerts and asks for those that fire, [`grafana`] writes a dashboard.
//! - [`openmetrics`] writes what is left of error budgets as metrics.
//! - [`http`] asks servers, within limits.
//! - [`oci`] fetches plugins from registries of containers, and sends them there.
//! - [`openslo`] reads and writes OpenSLO v1.
//! - [`sloth`] reads Sloth's specifications, [`pyrra`] Pyrra's objectives, [`slo_generator`] configurations of slo-generator.
//! - [`rule_files`] reads alerting rules of Prometheus, for checks to judge.

#[cfg(feature = "alertmanager")]
pub mod alertmanager;
mod alerts;
#[cfg(feature = "import")]
mod draft;
#[cfg(feature = "grafana")]
pub mod grafana;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "import")]
mod import;
mod left;
#[cfg(feature = "oci")]
pub mod oci;
#[cfg(feature = "openmetrics")]
pub mod openmetrics;
#[cfg(feature = "openslo")]
pub mod openslo;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "pyrra")]
pub mod pyrra;
#[cfg(feature = "rule-files")]
pub mod rule_files;
#[cfg(feature = "slo-generator")]
pub mod slo_generator;
#[cfg(feature = "sloth")]
pub mod sloth;
mod yaml;

pub use alerts::{Alert, Urgency, alerts_for, usual_alerts};
#[cfg(feature = "import")]
pub use draft::{Imported, ServiceDraft};
pub use left::{Generated, LeftOut};
