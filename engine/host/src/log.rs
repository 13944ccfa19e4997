//! What plugins write to the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{TEXT_BYTES, tidy_line};

/// What a line costs beside its text, so that a flood of empty lines comes to an end too.
const LINE_BYTES: usize = 16;

/// What a plugin answered, and what it wrote to the log on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer<T> {
    /// The answer, checked.
    pub value: T,
    /// The lines, first to last. When some had to be left out, the last line says how many.
    pub log: Vec<LogLine>,
    /// Whether lines were left out, because they exceeded [`Limits::log_bytes`](crate::Limits::log_bytes).
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
    limit: usize,
    left: usize,
    cut: Cut,
    /// What the streams have written since their last line end.
    unended: [Vec<u8>; Stream::ALL.len()],
}

/// What was left out.
#[derive(Debug, Default)]
struct Cut {
    lines: u64,
    bytes: u64,
}

/// A stream of bytes whose lines are lines of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

impl Stream {
    const ALL: [Stream; 2] = [Stream::Output, Stream::Error];

    fn level(self) -> Level {
        match self {
            Stream::Output => Level::Information,
            Stream::Error => Level::Warning,
        }
    }
}

impl Log {
    pub(crate) fn new(limit: usize) -> Log {
        Log { lines: Vec::new(), limit, left: limit, cut: Cut::default(), unended: Default::default() }
    }

    /// Adds a line, or counts it as left out. After the first that is left out, so are all that follow.
    pub(crate) fn write(&mut self, level: Level, mut text: String) {
        tidy_line(&mut text);
        let left =
            if self.is_cut() { None } else { self.left.checked_sub(text.len().saturating_add(LINE_BYTES)) };
        match left {
            Some(left) => {
                self.left = left;
                self.lines.push(LogLine { level, text });
            }
            None => {
                self.cut.lines = self.cut.lines.saturating_add(1);
                self.cut.bytes = self.cut.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
            }
        }
    }

    /// Adds what a stream writes, line by line; a line that has not ended yet waits for its end.
    pub(crate) fn stream(&mut self, stream: Stream, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        // Always there: even of nothing, something is split off.
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.wait(stream, piece);
            self.end(stream);
        }
        self.wait(stream, last);
    }

    /// Keeps the beginning of a line. What is too long for a line would be cut off its end anyway.
    fn wait(&mut self, stream: Stream, piece: &[u8]) {
        let unended = self.unended(stream);
        let room = (TEXT_BYTES + 1).saturating_sub(unended.len());
        unended.extend(piece.iter().take(room));
    }

    /// Ends the line that a stream has begun.
    fn end(&mut self, stream: Stream) {
        let line = std::mem::take(self.unended(stream));
        self.write(stream.level(), String::from_utf8_lossy(&line).into_owned());
    }

    fn unended(&mut self, stream: Stream) -> &mut Vec<u8> {
        let [output, error] = &mut self.unended;
        match stream {
            Stream::Output => output,
            Stream::Error => error,
        }
    }

    fn is_cut(&self) -> bool {
        self.cut.lines > 0
    }

    /// The lines, and whether some were left out. Leaves the log empty.
    pub(crate) fn take(&mut self) -> (Vec<LogLine>, bool) {
        for stream in Stream::ALL {
            if !self.unended(stream).is_empty() {
                self.end(stream);
            }
        }
        let mut taken = std::mem::replace(self, Log::new(self.limit));
        if taken.is_cut() {
            taken.lines.push(LogLine { level: Level::Warning, text: taken.cut.to_string() });
        }
        (taken.lines, taken.cut.lines > 0)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { lines, bytes } = self;
        let were = if *lines == 1 { "line was" } else { "lines were" };
        write!(
            formatter,
            "{lines} more {were} cut off ({bytes} bytes); to see more, raise `log` in the limits"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(log: &mut Log) -> Vec<String> {
        log.take().0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_cut_off_is_counted_and_said() {
        let mut log = Log::new(40);
        for text in ["four", "five!", "this one is far too long", "six"] {
            log.write(Level::Detail, text.to_owned());
        }
        let mark = "warning: 3 more lines were cut off (32 bytes); to see more, raise `log` in the limits";
        assert_eq!(shown(&mut log), ["detail: four", mark]);
        log.write(Level::Error, "anew".to_owned());
        assert_eq!(log.take(), (vec![LogLine { level: Level::Error, text: "anew".to_owned() }], false));
    }

    #[test]
    fn streams_are_lines_whatever_the_pieces() {
        let check = |pieces: &[&[u8]], expected: &[&str]| {
            let mut log = Log::new(1 << 20);
            pieces.iter().for_each(|piece| log.stream(Stream::Output, piece));
            assert_eq!(shown(&mut log), expected, "{pieces:?}");
        };
        check(&[b"one\ntwo\n"], &["information: one", "information: two"]);
        check(&[b"o", b"ne\nt", b"", b"wo"], &["information: one", "information: two"]);
        check(&[b"\n\n"], &["information: ", "information: "]);
        check(&[b"", b""], &[]);
        check(&[b"\xff\x1b[2J"], &["information: \u{fffd}[2J"]);
    }

    #[test]
    fn streams_do_not_mix_and_an_endless_line_takes_no_memory() {
        let mut log = Log::new(1 << 20);
        log.stream(Stream::Error, b"er");
        log.stream(Stream::Output, b"out");
        log.stream(Stream::Error, b"ror\n");
        for _ in 0..10_000 {
            log.stream(Stream::Output, &[b'x'; 1000]);
        }
        assert!(log.unended(Stream::Output).capacity() < 4 * TEXT_BYTES);
        let lines = shown(&mut log);
        assert_eq!(lines[0], "warning: error");
        assert!(lines[1].starts_with("information: outxxx") && lines[1].ends_with('…'), "{}", lines[1]);
    }
}
