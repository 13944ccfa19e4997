//! Lines of a stream, read in blocks, without an allocation a line.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is looked at, in bytes. Past it the line is refused: no event is that large, and a file without
/// line ends must not fill the memory.
pub(crate) const LONGEST_LINE: usize = 4 << 20;

/// What reading a line came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The line is in the buffer, without its end. `ended` is false when the stream stops before the line does.
    Line { ended: bool },
    /// The line is longer than [`LONGEST_LINE`] and was skipped.
    TooLong,
    /// The stream is over.
    End,
}

/// Reads lines one by one and counts them.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(stream: R) -> Lines<R> {
        Lines { reader: BufReader::with_capacity(1 << 20, stream), number: 0 }
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next line into `line`.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Next> {
        line.clear();
        let mut too_long = false;
        loop {
            let block = self.reader.fill_buf()?;
            if block.is_empty() {
                return Ok(if too_long {
                    Next::TooLong
                } else if line.is_empty() {
                    Next::End
                } else {
                    self.number += 1;
                    Next::Line { ended: false }
                });
            }
            let end = memchr::memchr(b'\n', block);
            let (part, _) = block.split_at(end.unwrap_or(block.len()));
            too_long |= line.len() + part.len() > LONGEST_LINE;
            if !too_long {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                self.number += 1;
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(if too_long { Next::TooLong } else { Next::Line { ended: true } });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_their_ends() {
        let mut lines = Lines::new(&b"one\r\n\ntwo"[..]);
        let mut line = Vec::new();
        let mut read = Vec::new();
        while let Next::Line { ended } = lines.next(&mut line).unwrap() {
            read.push((lines.number(), String::from_utf8(line.clone()).unwrap(), ended));
        }
        assert_eq!(
            read,
            [(1, "one".to_owned(), true), (2, String::new(), true), (3, "two".to_owned(), false)]
        );
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let endless = io::repeat(b'x').take(LONGEST_LINE as u64 * 2).chain(&b"\nok\n"[..]);
        let mut lines = Lines::new(endless);
        let mut line = Vec::new();
        assert_eq!(lines.next(&mut line).unwrap(), Next::TooLong);
        assert!(line.capacity() <= LONGEST_LINE * 2);
        assert_eq!(lines.next(&mut line).unwrap(), Next::Line { ended: true });
        assert_eq!(line, b"ok");
    }
}
