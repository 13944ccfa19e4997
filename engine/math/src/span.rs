//! Stretches of time.

/// A stretch of time from `start`, which belongs to it, to `end`, which does not; in seconds since
/// 1970-01-01T00:00:00Z. It is empty when it doesn't end after its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first instant that belongs to it.
    pub start: i64,
    /// The first instant after it.
    pub end: i64,
}

impl Span {
    /// Its length in seconds; 0 when it is empty.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        if self.is_empty() { 0 } else { self.end.abs_diff(self.start) }
    }

    /// Whether no instant belongs to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// Whether the instant belongs to it.
    #[must_use]
    pub fn contains(&self, instant: i64) -> bool {
        self.start <= instant && instant < self.end
    }
}
