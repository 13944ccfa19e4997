//! What a source that is no file hands in: counts by slice, or why it has nothing to say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weir_math::Tally;

/// The counts of an SLI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliTallies {
    /// What is known, by the instant at which a slice starts, in seconds since 1970: a multiple of the slice's length. A
    /// slice that is not there is unknown.
    pub slices: BTreeMap<i64, Tally>,
    /// The newest instant that something is known of.
    pub newest: Option<Timestamp>,
}

/// Why a source has nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// It could not be had now: what depends on it is undecided, and this is why.
    #[error("{0}")]
    Unknown(String),
    /// What the project says of the source, or asks of it, is wrong, and will be wrong the next time.
    #[error("{message}")]
    Wrong {
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

impl SourceError {
    /// Something is wrong, with what to do about it.
    #[must_use]
    pub fn wrong(message: impl Into<String>, help: impl Into<String>) -> SourceError {
        SourceError::Wrong { message: message.into(), help: Some(help.into()) }
    }
}
