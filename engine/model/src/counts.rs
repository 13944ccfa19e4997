//! What became of the events: nothing that was read is lost silently.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many refused lines are kept as samples.
const SAMPLES: usize = 5;

/// What became of the events that were read. The five counts add up to what was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct EventCounts {
    /// Counted by at least one SLI as good, bad or unknown, or kept as a document-like event (work, deploys).
    pub used: u64,
    /// Understood, and of no concern to any SLI in use.
    pub not_valid: u64,
    /// The same `source` and `id` had been read before.
    pub duplicate: u64,
    /// Outside the time that the ledgers keep: too old, or after the instant of the decision.
    pub late: u64,
    /// Lines that could not be understood.
    pub refused: u64,
    /// The first refused lines, for people.
    pub samples: Vec<Refused>,
}

/// A line that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Refused {
    /// The file, as the source names it.
    pub file: String,
    /// The line's number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl EventCounts {
    /// All events that were read.
    pub fn read(&self) -> u64 {
        self.used + self.not_valid + self.duplicate + self.late + self.refused
    }

    /// Counts a refused line and keeps it when it is among the first.
    pub fn refuse(&mut self, refused: Refused) {
        self.refused += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(refused);
        }
    }
}
