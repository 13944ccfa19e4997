//! What Weir reads and writes: project files, events, findings, verdicts, decision records.
//!
//! Everything here is a type with its form in a file. Nothing reads a file, the clock or the environment: a caller hands
//! over a path, to be shown, and a text.
//!
//! A file is read in three steps, and each reports all that it finds, at its place in the text:
//!
//! 1. [`Source::parse`] reads TOML and remembers where each value stands.
//! 2. [`validate()`] holds the values against a JSON Schema, which is generated from the type. Parameters of plugins go the
//!    same way, with the plugin's own schema.
//! 3. [`File::parse`] makes the type and looks at what values mean to one another.
//!
//! ```
//! use weir_model::{ServiceFile, Source};
//!
//! let text = "[service]\nname = \"shop\"\nowner = \"team-shop\"\nteir = \"critical\"\n";
//! let diagnostics = ServiceFile::parse(Source::parse("services/shop.toml", text)?).unwrap_err();
//! let shown: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
//! assert_eq!(shown, ["services/shop.toml:4:1: error[unknown-key]: unknown key `teir` in `service`"]);
//! assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean `tier`?"));
//! # Ok::<(), Vec<weir_model::Diagnostic>>(())
//! ```

pub mod cases;
pub mod connection;
mod counts;
pub mod diagnostic;
pub mod effect;
pub mod event;
pub mod file;
pub mod finding;
pub mod gate;
pub mod limits;
pub mod lock;
pub mod overrule;
pub mod plugin;
pub mod plugin_cases;
pub mod policy;
pub mod project;
pub mod prometheus;
pub mod record;
pub mod schema;
pub mod service;
pub mod slo;
pub mod source;
mod tallies;
pub mod transition;
pub mod trust;
pub mod validate;
pub mod value;
pub mod verdict;
pub mod waiver;
mod word;

pub use cases::{CaseFile, Cases};
pub use connection::Connection;
pub use counts::{CalculatorLog, EventCounts, NoFiles, Refused};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use effect::{Change, Effect, Mode};
pub use event::{Event, WorkItem};
pub use file::File;
pub use finding::Finding;
pub use gate::{Gate, GateFile};
pub use limits::Limits;
pub use lock::{Lock, LockFile};
pub use overrule::{Override, OverrideFile, Overrides};
pub use policy::{Policy, PolicyFile};
pub use project::{EventFormat, EventSource, Project, ProjectFile};
pub use prometheus::{Bound, Counting, Histogram, PromQuery, Prometheus, Unit};
pub use record::DecisionRecord;
pub use schema::{FileKind, schema};
pub use service::{Engagement, Lifecycle, MeasuredAt, Service, ServiceFile, Sli, Tier};
pub use slo::{Composite, Sla, Slo};
pub use source::Source;
pub use tallies::{SliTallies, SourceError};
pub use trust::{PublicKey, Signatures, Trust};
pub use validate::validate;
pub use value::Name;
pub use verdict::Verdict;
pub use waiver::{Waiver, WaiverFile, Waivers};
