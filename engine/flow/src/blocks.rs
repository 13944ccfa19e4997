//! Streams, cut into blocks of whole lines.

use std::io::{self, Chain, Cursor, Read};

/// The longest line that is looked at, in bytes. Past it the line is refused: no event is that large, and a file without
/// line ends must not fill the memory.
pub const LONGEST_LINE: usize = 4 << 20;

/// Bytes that are looked through as one text, and a line more.
const STRETCH: usize = 64 << 10;

/// The mark by which some programs say that what follows is UTF-8. It is no part of the first line.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// A stream without the mark that says it is UTF-8.
///
/// # Errors
/// When its first bytes can't be read.
pub(crate) fn without_mark<R: Read>(mut stream: R) -> io::Result<Chain<Cursor<Vec<u8>>, R>> {
    let mut head = Vec::with_capacity(UTF8_MARK.len());
    stream.by_ref().take(UTF8_MARK.len() as u64).read_to_end(&mut head)?;
    Ok(Cursor::new(unmarked(&head).to_vec()).chain(stream))
}

/// The beginning of a stream without the mark that says it is UTF-8.
pub(crate) fn unmarked(head: &[u8]) -> &[u8] {
    head.strip_prefix(UTF8_MARK).unwrap_or(head)
}

/// How the bytes of a block end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the end of a line.
    #[default]
    Line,
    /// With the stream, in the middle of a line.
    Broken,
    /// The block has no bytes: it stands for one line that is longer than [`LONGEST_LINE`] and was skipped.
    TooLong,
}

/// Cuts a stream. Where the cuts are depends on the bytes alone, not on how the stream hands them out.
#[derive(Debug)]
pub(crate) struct Cutter<R> {
    stream: R,
    size: usize,
    /// What has been read past the last cut.
    rest: Vec<u8>,
    ended: bool,
    /// Why the stream broke, to be told once the lines before have been handed out.
    failure: Option<io::Error>,
}

impl<R: Read> Cutter<R> {
    /// Blocks of about `size` bytes.
    pub(crate) fn new(stream: R, size: usize) -> Cutter<R> {
        let size = size.clamp(1, LONGEST_LINE);
        Cutter { stream, size, rest: Vec::new(), ended: false, failure: None }
    }

    /// Fills `block` with the next lines; none at the end of the stream. What it held before is written over.
    pub(crate) fn next(&mut self, block: &mut Vec<u8>) -> io::Result<Option<Ending>> {
        // Bytes that are there already need not be cleared before they are read into.
        let mut filled = self.rest.len();
        block.resize(block.len().max(filled), 0);
        block.iter_mut().zip(self.rest.drain(..)).for_each(|(place, byte)| *place = byte);
        let ending = self.cut(block, &mut filled);
        block.truncate(filled);
        ending
    }

    /// Fills `block` from `filled` on, and cuts it behind the last line's end.
    fn cut(&mut self, block: &mut Vec<u8>, filled: &mut usize) -> io::Result<Option<Ending>> {
        loop {
            let searched = if *filled < self.size { 0 } else { *filled };
            self.fill(block, filled);
            let fresh = block.get(searched..*filled).unwrap_or_default();
            if searched > 0 {
                // A line that is longer than a block: only its own end can be of interest.
                let end = memchr::memchr(b'\n', fresh).map(|end| searched + end);
                if end.unwrap_or(*filled) > LONGEST_LINE {
                    self.skip_line(block, filled, end);
                    return Ok(Some(Ending::TooLong));
                }
            }
            if let Some(end) = memchr::memrchr(b'\n', fresh) {
                self.keep_rest(block, filled, searched + end + 1);
                return Ok(Some(Ending::Line));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.ended {
                return Ok((*filled > 0).then_some(Ending::Broken));
            }
        }
    }

    /// Reads up to `size` bytes more, or to the end of the stream.
    fn fill(&mut self, block: &mut Vec<u8>, filled: &mut usize) {
        let until = if *filled < self.size { self.size } else { *filled + self.size };
        if block.len() < until {
            block.resize(until, 0);
        }
        while *filled < until && !self.ended {
            match self.stream.read(block.get_mut(*filled..until).unwrap_or_default()) {
                Ok(0) => self.ended = true,
                Ok(read) => *filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(failure) => {
                    self.failure = Some(failure);
                    self.ended = true;
                }
            }
        }
    }

    /// Passes over a line whose beginning is in `block`, and its end, too, if `end` says where.
    fn skip_line(&mut self, block: &mut Vec<u8>, filled: &mut usize, mut end: Option<usize>) {
        while end.is_none() && !self.ended {
            *filled = 0;
            self.fill(block, filled);
            end = memchr::memchr(b'\n', block.get(..*filled).unwrap_or_default());
        }
        if let Some(end) = end {
            self.keep_rest(block, filled, end + 1);
        }
        *filled = 0;
    }

    /// Leaves what stands from `end` on for the next block.
    fn keep_rest(&mut self, block: &[u8], filled: &mut usize, end: usize) {
        self.rest.extend_from_slice(block.get(end..*filled).unwrap_or_default());
        *filled = end;
    }
}

/// A part of a block, of whole lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stretch<'b> {
    /// Lines that are UTF-8.
    Text(&'b str),
    /// One line that is not.
    Line(&'b [u8]),
}

/// The stretches of a block. What is UTF-8 is found out for many lines at once, but not for so many that the processor has
/// put the first away again when they are decoded.
pub(crate) fn stretches(mut bytes: &[u8]) -> impl Iterator<Item = Stretch<'_>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let end = bytes.get(STRETCH..).and_then(|far| memchr::memchr(b'\n', far));
        let near = bytes.get(..end.map_or(bytes.len(), |end| STRETCH + end + 1))?;
        let valid = match std::str::from_utf8(near) {
            Ok(text) => {
                bytes = bytes.get(near.len()..)?;
                return Some(Stretch::Text(text));
            }
            Err(error) => near.get(..error.valid_up_to())?,
        };
        let text = valid.get(..memchr::memrchr(b'\n', valid).map_or(0, |end| end + 1))?;
        if text.is_empty() {
            let mut lines = Lines::new(bytes);
            let line = lines.next()?;
            bytes = lines.rest;
            return Some(Stretch::Line(line));
        }
        bytes = bytes.get(text.len()..)?;
        std::str::from_utf8(text).ok().map(Stretch::Text)
    })
}

/// The lines of a block, without their ends.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'b> {
    rest: &'b [u8],
}

impl<'b> Lines<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Lines<'b> {
        Lines { rest: bytes }
    }
}

impl<'b> Iterator for Lines<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr(b'\n', self.rest) else { return Some(std::mem::take(&mut self.rest)) };
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The lines of a text, without their ends.
pub(crate) fn text_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else {
            from = text.len();
            return Some(rest);
        };
        from += end + 1;
        let line = rest.get(..end)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// Whether nothing stands on a line.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out its bytes in pieces of these lengths, over and over.
    struct Trickle<'b> {
        bytes: &'b [u8],
        lengths: std::iter::Cycle<std::vec::IntoIter<usize>>,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.lengths.next().unwrap().min(buffer.len()).min(self.bytes.len());
            let (now, later) = self.bytes.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.bytes = later;
            Ok(length)
        }
    }

    fn blocks(stream: impl Read, size: usize) -> Vec<(Vec<u8>, Ending)> {
        let mut cutter = Cutter::new(stream, size);
        let mut blocks = Vec::new();
        let mut block = Vec::new();
        while let Some(ending) = cutter.next(&mut block).unwrap() {
            blocks.push((block.clone(), ending));
        }
        blocks
    }

    #[test]
    fn lines_come_without_their_ends() {
        let lines: Vec<_> = Lines::new(b"one\r\n\ntwo\r").collect();
        assert_eq!(lines, [&b"one"[..], b"", b"two\r"]);
        assert_eq!(Lines::new(b"").next(), None);
    }

    #[test]
    fn a_line_that_is_not_utf8_stands_alone() {
        let check = |bytes: &[u8], expected: &[Stretch<'_>]| {
            assert_eq!(stretches(bytes).collect::<Vec<_>>(), expected);
        };
        check(b"", &[]);
        check("one\nzwölf".as_bytes(), &[Stretch::Text("one\nzwölf")]);
        check(
            b"one\ntwo\nth\xffee\r\nfour\nf\xfe",
            &[
                Stretch::Text("one\ntwo\n"),
                Stretch::Line(b"th\xffee"),
                Stretch::Text("four\n"),
                Stretch::Line(b"f\xfe"),
            ],
        );
        check(b"\xff\n\xff", &[Stretch::Line(b"\xff"), Stretch::Line(b"\xff")]);
    }

    #[test]
    fn a_block_has_whole_lines() {
        let text = b"first\nsecond\nthird";
        assert_eq!(
            blocks(&text[..], 14),
            [(b"first\nsecond\n".to_vec(), Ending::Line), (b"third".to_vec(), Ending::Broken)]
        );
        assert_eq!(blocks(&b""[..], 14), []);
    }

    proptest! {
        #[test]
        fn lines_of_texts_are_lines_of_bytes(text in "[aä\n\r]{0,40}") {
            let lines: Vec<&[u8]> = text_lines(&text).map(str::as_bytes).collect();
            prop_assert_eq!(lines, Lines::new(text.as_bytes()).collect::<Vec<_>>());
        }

        #[test]
        fn stretches_hold_all_lines(bytes in prop::collection::vec(prop::sample::select(vec![b'a', b'\n', 0xc3, 0xa4]), 0..40)) {
            let mut lines = Vec::new();
            for stretch in stretches(&bytes) {
                match stretch {
                    Stretch::Text(text) => lines.extend(text_lines(text).map(str::as_bytes)),
                    Stretch::Line(line) => lines.push(line),
                }
            }
            prop_assert_eq!(lines, Lines::new(&bytes).collect::<Vec<_>>());
        }

        #[test]
        fn cuts_lose_nothing_and_depend_on_the_bytes_alone(
            text in "[ab\n\r]{0,200}",
            size in 1_usize..50,
            lengths in prop::collection::vec(1_usize..20, 1..5),
        ) {
            let whole = blocks(text.as_bytes(), size);
            let trickle = Trickle { bytes: text.as_bytes(), lengths: lengths.into_iter().cycle() };
            prop_assert_eq!(&whole, &blocks(trickle, size));
            let bytes: Vec<u8> = whole.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            prop_assert_eq!(bytes, text.as_bytes());
            for (idx, (bytes, ending)) in whole.iter().enumerate() {
                let broken = idx + 1 == whole.len() && !text.ends_with('\n');
                prop_assert_eq!(*ending, if broken { Ending::Broken } else { Ending::Line });
                prop_assert_eq!(bytes.ends_with(b"\n"), !broken);
            }
        }
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        for size in [1000, 1 << 20, LONGEST_LINE] {
            let endless = io::repeat(b'x').take(LONGEST_LINE as u64 * 3).chain(&b"\nok\n"[..]);
            let mut cutter = Cutter::new(endless, size);
            let mut block = Vec::new();
            assert_eq!(cutter.next(&mut block).unwrap(), Some(Ending::TooLong));
            assert!(block.capacity() <= LONGEST_LINE * 3, "{}", block.capacity());
            assert_eq!(cutter.next(&mut block).unwrap(), Some(Ending::Line));
            assert_eq!(block, b"ok\n");
            assert_eq!(cutter.next(&mut block).unwrap(), None);
        }
    }

    #[test]
    fn the_longest_line_is_still_read() {
        let line = |length: usize| [vec![b'x'; length], b"\n".to_vec()].concat();
        for size in [1000, 1 << 20, LONGEST_LINE] {
            let longest = blocks(&line(LONGEST_LINE)[..], size);
            assert!(longest.iter().all(|(_, ending)| *ending == Ending::Line), "{size}");
            let longer = [line(3), line(LONGEST_LINE + 1), line(3)].concat();
            let endings: Vec<Ending> = blocks(&longer[..], size).iter().map(|(_, ending)| *ending).collect();
            assert_eq!(endings, [Ending::Line, Ending::TooLong, Ending::Line], "{size}");
        }
        assert_eq!(blocks(&vec![b'x'; LONGEST_LINE + 1][..], 1 << 20), [(vec![], Ending::TooLong)]);
    }

    #[test]
    fn lines_before_a_break_are_handed_out_first() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let mut cutter = Cutter::new((&b"one\ntw"[..]).chain(Broken), 100);
        let mut block = Vec::new();
        assert_eq!(cutter.next(&mut block).unwrap(), Some(Ending::Line));
        assert_eq!(block, b"one\n");
        assert_eq!(cutter.next(&mut block).unwrap_err().to_string(), "broken");
    }
}
