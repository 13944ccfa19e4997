//! What plugins write to the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::tidy_line;

/// What a line costs beside its text, so that a flood of empty lines comes to an end too.
const LINE_BYTES: usize = 16;

/// What a plugin answered, and what it wrote to the log on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer<T> {
    /// The answer, checked.
    pub value: T,
    /// The lines, first to last.
    pub log: Vec<LogLine>,
    /// Whether lines are missing at the end, because they exceeded [`Limits::log_bytes`](crate::Limits::log_bytes).
    pub log_cut: bool,
}

/// A line of a plugin's log: one line, without control characters. Shown as `level: text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// What the plugin wrote.
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.level, self.text)
    }
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Something failed.
    Error,
    /// Something looks wrong.
    Warning,
    /// Worth knowing.
    Information,
    /// For the plugin's author.
    Detail,
}

impl Level {
    /// The level that a code of the contract means.
    pub(crate) fn from_code(code: u32) -> Level {
        match code {
            1 => Level::Error,
            2 => Level::Warning,
            3 => Level::Information,
            _ => Level::Detail,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Information => "information",
            Level::Detail => "detail",
        })
    }
}

/// The lines of one call, as far as the limit lets them.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Vec<LogLine>,
    left: usize,
    cut: bool,
}

impl Log {
    pub(crate) fn new(limit: usize) -> Log {
        Log { lines: Vec::new(), left: limit, cut: false }
    }

    /// Adds a line, or leaves out this and all that follow.
    pub(crate) fn write(&mut self, level: Level, mut text: String) {
        if self.cut {
            return;
        }
        tidy_line(&mut text);
        match self.left.checked_sub(text.len().saturating_add(LINE_BYTES)) {
            Some(left) => {
                self.left = left;
                self.lines.push(LogLine { level, text });
            }
            None => self.cut = true,
        }
    }

    /// The lines, and whether some were left out. Leaves the log empty.
    pub(crate) fn take(&mut self) -> (Vec<LogLine>, bool) {
        (std::mem::take(&mut self.lines), self.cut)
    }
}
