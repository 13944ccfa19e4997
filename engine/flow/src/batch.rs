//! JSON in other shapes than one event a line: batches of events on a line, and values that go over many lines.

use std::io::{self, Cursor, Read};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::blocks::LONGEST_LINE;
use crate::decode::Format;
use crate::fault;

/// How many bytes are taken from a stream at once.
const CHUNK: usize = 64 << 10;

/// Whether a line holds a batch of events, which is a list.
pub(crate) fn is_batch(line: &[u8]) -> bool {
    line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// The events of a batch, as they are written.
///
/// # Errors
/// When the line is no list in JSON.
pub(crate) fn events(line: &[u8]) -> Result<Vec<&RawValue>, String> {
    serde_json::from_slice(line).map_err(|error| format!("no batch of events: {}", fault::told(&error)))
}

/// The stream with one value of JSON a line, where the format has values that may go over many lines. What has one a line
/// already is handed on as it is.
pub(crate) fn one_a_line<R: Read>(format: &Format, stream: R) -> Regular<R> {
    let may_be = match format {
        Format::CloudEvents => Some(is_batch as fn(&[u8]) -> bool),
        Format::Alertmanager { .. } => Some((|_| true) as fn(&[u8]) -> bool),
        Format::AccessLog { .. } | Format::Csv { .. } | Format::OtlpSpans => None,
    };
    let mut stream = Opened { head: Cursor::default(), failure: None, stream };
    match may_be {
        Some(may_be) if stream.goes_over_lines(may_be) => Regular::Gathered(Box::new(Gathered::new(stream))),
        Some(_) | None => Regular::AsItIs(stream),
    }
}

/// A stream with one value a line.
#[derive(Debug)]
pub(crate) enum Regular<R> {
    AsItIs(Opened<R>),
    Gathered(Box<Gathered<Opened<R>>>),
}

/// A stream whose beginning has been looked at.
#[derive(Debug)]
pub(crate) struct Opened<R> {
    head: Cursor<Vec<u8>>,
    /// Why the stream broke, to be told once the beginning has been handed out.
    failure: Option<io::Error>,
    stream: R,
}

/// Puts the values of a stream on one line each: those of lists at the top, and others at the top as a whole. Each is on the
/// line on which it begins in the stream, as far as two are not on the same one.
#[derive(Debug)]
pub(crate) struct Gathered<R> {
    stream: R,
    taken: Vec<u8>,
    /// What has been made of it, and not been handed out yet.
    made: Cursor<Vec<u8>>,
    state: State,
    ended: bool,
}

/// Where in its JSON a stream is.
#[derive(Debug, Default)]
struct State {
    /// How many lists and objects are open.
    depth: usize,
    /// 1 within a list at the top, whose elements are the values; else 0.
    base: usize,
    in_text: bool,
    after_backslash: bool,
    /// In a value that is neither a list nor an object.
    in_scalar: bool,
    /// Whether there is a value on the line that is being written.
    filled: bool,
    /// Ends of lines within a value, which follow it.
    owed: usize,
    /// Ends of lines that were written and not read.
    ahead: usize,
}

impl<R: Read> Read for Regular<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Regular::AsItIs(stream) => stream.read(buffer),
            Regular::Gathered(stream) => stream.read(buffer),
        }
    }
}

impl<R: Read> Opened<R> {
    /// Whether values go over many lines: the first line that is not blank is none by itself, or is longer than any event,
    /// and begins as they may.
    fn goes_over_lines(&mut self, may_be: fn(&[u8]) -> bool) -> bool {
        let mut head = Vec::new();
        let goes_on = loop {
            let read = self.stream.by_ref().take(CHUNK as u64).read_to_end(&mut head);
            let has_ended = !matches!(read, Ok(1..));
            self.failure = read.err();
            match first_line(&head) {
                Some((line, _)) if !may_be(line) => break false,
                Some((line, _)) if line.len() > LONGEST_LINE => break true,
                Some((line, is_whole)) if is_whole || has_ended => {
                    break serde_json::from_slice::<IgnoredAny>(line).is_err();
                }
                None if has_ended => break false,
                Some(_) | None => {}
            }
        };
        self.head = Cursor::new(head);
        goes_on
    }
}

/// The first line that is not blank, and whether its end has been read.
fn first_line(head: &[u8]) -> Option<(&[u8], bool)> {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = head.get(start..)?;
    match memchr::memchr(b'\n', rest) {
        Some(end) => Some((rest.get(..end)?, true)),
        None => Some((rest, false)),
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.stream.read(buffer),
        }
    }
}

impl<R: Read> Gathered<R> {
    fn new(stream: R) -> Gathered<R> {
        Gathered {
            stream,
            taken: vec![0; CHUNK],
            made: Cursor::default(),
            state: State::default(),
            ended: false,
        }
    }
}

impl<R: Read> Read for Gathered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.made.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.ended {
                return Ok(read);
            }
            let taken = self.stream.read(&mut self.taken)?;
            let mut made = std::mem::take(self.made.get_mut());
            made.clear();
            self.made.set_position(0);
            let taken = self.taken.get(..taken).unwrap_or_default();
            taken.iter().for_each(|byte| self.state.take(*byte, &mut made));
            self.ended = taken.is_empty();
            // A list that nobody has closed is refused as what it is.
            if self.ended && self.state.base > 0 && self.state.depth == self.state.base {
                made.extend(b"\n[");
            }
            *self.made.get_mut() = made;
        }
    }
}

impl State {
    fn take(&mut self, byte: u8, made: &mut Vec<u8>) {
        if self.in_text {
            made.push(byte);
            let closes = byte == b'"' && !self.after_backslash;
            self.after_backslash = byte == b'\\' && !self.after_backslash;
            self.in_text = !closes;
            return;
        }
        let between = self.depth == self.base;
        match byte {
            b'\n' if between => self.end_line(made),
            b'\n' => {
                made.push(b' ');
                self.owed += 1;
            }
            b' ' | b'\t' | b'\r' if between => self.in_scalar = false,
            b',' if between => self.in_scalar = false,
            b'[' if self.depth == 0 => (self.base, self.depth, self.in_scalar) = (1, 1, false),
            b']' if between && self.base == 1 => (self.base, self.depth, self.in_scalar) = (0, 0, false),
            b'{' | b'[' => {
                if between {
                    self.begin(made);
                    self.in_scalar = false;
                }
                self.depth += 1;
                made.push(byte);
            }
            b'}' | b']' if !between => {
                self.depth -= 1;
                made.push(byte);
            }
            _ => {
                if between && !self.in_scalar {
                    self.begin(made);
                    self.in_scalar = true;
                }
                self.in_text = byte == b'"';
                made.push(byte);
            }
        }
    }

    /// Ends a line between values.
    fn end_line(&mut self, made: &mut Vec<u8>) {
        self.in_scalar = false;
        self.owed += 1;
        self.pay(made);
    }

    /// Writes the ends of lines that are owed.
    fn pay(&mut self, made: &mut Vec<u8>) {
        let advanced = self.owed.min(self.ahead);
        self.ahead -= advanced;
        let owed = std::mem::take(&mut self.owed) - advanced;
        made.extend(std::iter::repeat_n(b'\n', owed));
        self.filled &= owed == 0;
    }

    /// Begins a value on a line of its own.
    fn begin(&mut self, made: &mut Vec<u8>) {
        self.pay(made);
        if self.filled {
            made.push(b'\n');
            self.ahead += 1;
        }
        self.filled = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// What a stream becomes, however it hands out its bytes.
    fn regular(format: &Format, text: &str) -> String {
        struct Trickle<'t>(&'t [u8]);
        impl Read for Trickle<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = 3.min(buffer.len()).min(self.0.len());
                let (now, later) = self.0.split_at(length);
                buffer[..length].copy_from_slice(now);
                self.0 = later;
                Ok(length)
            }
        }
        let mut whole = String::new();
        one_a_line(format, text.as_bytes()).read_to_string(&mut whole).unwrap();
        let mut trickled = String::new();
        one_a_line(format, Trickle(text.as_bytes())).read_to_string(&mut trickled).unwrap();
        assert_eq!(whole, trickled);
        whole
    }

    #[test]
    fn what_has_one_value_a_line_stays_as_it_is() {
        let check = |format: &Format, text: &str| assert_eq!(regular(format, text), text);
        let alerts = Format::Alertmanager { service: None };
        check(&Format::CloudEvents, "");
        check(&Format::CloudEvents, "\n\n{\"a\":\n1}");
        check(&Format::CloudEvents, "\n[{\"a\":1},\r\n{}]".replace("\r\n", "").as_str());
        check(&Format::CloudEvents, "[{}]\n[\n]");
        check(&Format::OtlpSpans, "[\n{}]");
        check(&alerts, "\n{\"a\":1}\n{");
        check(&alerts, " \n");
    }

    #[test]
    fn values_get_a_line_each_and_keep_theirs() {
        let check = |text: &str, expected: &str| assert_eq!(regular(&Format::CloudEvents, text), expected);
        check(
            "[\n  {\"a\": [1,\n 2]},\n  {\"b\": \"],\\\"\\n\"}\n]\n",
            "\n{\"a\": [1,  2]}\n\n{\"b\": \"],\\\"\\n\"}\n\n",
        );
        // Two on a line take two, and the next one is where it was again.
        check("[{}, {},\n\n{}]", "{}\n{}\n{}");
        check("[{\n}, {\n},\n7, [\n]]", "{ }\n{ }\n\n7\n[ ]");
        check("[{},\n{}", "{}\n{}\n[");
        check("[\n\"a\nb\", {}]", "\n\"a\nb\"\n{}");
        let whole = regular(&Format::Alertmanager { service: None }, "{\n\"a\": {\n}\n}\n{}\n[{},\n{}]\n}\n");
        assert_eq!(whole, "{ \"a\": { } }\n\n\n\n{}\n{}\n{}\n}\n");
    }

    #[test]
    fn a_long_line_of_many_events_is_no_long_line() {
        let event = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
        let count = LONGEST_LINE / 1000 + 10;
        let text = format!("[{}]", vec![event.as_str(); count].join(","));
        let regular = regular(&Format::CloudEvents, &text);
        assert!(regular.lines().count() == count && regular.lines().all(|line| line == event));
    }

    #[test]
    fn a_stream_that_breaks_is_handed_out_first() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        for text in ["", "{\"a\"", "[{}\n", "{}\n"] {
            let mut read = Vec::new();
            let mut stream = one_a_line(&Format::CloudEvents, text.as_bytes().chain(Broken));
            let error = stream.read_to_end(&mut read).unwrap_err();
            assert_eq!(error.to_string(), "broken");
            assert_eq!(read, text.replace('[', "").as_bytes());
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from)];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{1,3}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_elements_of_a_list_are_the_values_of_lines(elements in prop::collection::vec(value(), 1..8)) {
            let pretty = serde_json::to_string_pretty(&elements).unwrap();
            let regular = regular(&Format::CloudEvents, &pretty);
            let lines: Vec<(usize, Value)> = regular.lines().enumerate().filter(|(_, line)| !line.is_empty())
                .map(|(number, line)| (number, serde_json::from_str(line).unwrap())).collect();
            let values: Vec<Value> = lines.iter().map(|(_, value)| value.clone()).collect();
            prop_assert_eq!(&values, &elements);
            // Each is on the line on which it begins.
            let begins: Vec<usize> = pretty.lines().enumerate()
                .filter(|(_, line)| line.starts_with("  ") && !line.starts_with("   ") && !line.starts_with("  }") && !line.starts_with("  ]"))
                .map(|(number, _)| number).collect();
            prop_assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), begins);
        }
    }
}
