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
    /// What calculators wrote to their logs meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calculators: Vec<CalculatorLog>,
    /// Sources of events that have no files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_files: Vec<NoFiles>,
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

/// A source of events whose patterns match no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NoFiles {
    /// The source.
    pub source: String,
    /// Its patterns, as weir.toml says them.
    pub patterns: Vec<String>,
}

impl NoFiles {
    /// It in words for people.
    pub fn told(&self) -> String {
        format!("no file matches `{}` (source `{}`)", self.patterns.join("`, `"), self.source)
    }
}

/// What a calculator wrote to its log while events were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CalculatorLog {
    /// The calculator.
    pub plugin: String,
    /// The service and the SLI that it was asked for: the first ones of those that share calculator and parameters.
    pub service: String,
    /// The SLI.
    pub sli: String,
    /// The first lines that differ, in the order of the events, each as `level: text`.
    pub lines: Vec<String>,
    /// Whether it wrote more lines than these that differ.
    pub is_cut: bool,
}

impl CalculatorLog {
    /// The lines for people, each with calculator and SLI, and whether that was all.
    pub fn told(&self) -> impl Iterator<Item = String> {
        let CalculatorLog { plugin, service, sli, lines, is_cut } = self;
        let rest = is_cut.then_some("more lines that differ were left out");
        let lines = lines.iter().map(String::as_str).chain(rest);
        lines.map(move |line| format!("log of plugin `{plugin}` for `{service}/{sli}`: {line}"))
    }
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
