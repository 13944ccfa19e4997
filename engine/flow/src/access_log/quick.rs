//! The fast way through access logs: lines as servers write them, with one space between fields and nothing escaped.
//!
//! What it understands, it reads exactly as [`parse`](super::parse) does; for all else it gives no answer.

use super::{Line, parse_time};
use crate::search;

/// Reads one line; `following` is an empty list for the fields behind the combined format, taken from the line before to
/// save the allocation. None when the full parser has to read the line.
pub(super) fn parse<'e>(
    line: &'e str,
    after: usize,
    following: &mut Vec<&'e str>,
    stamps: &mut Stamps,
) -> Option<Line<'e>> {
    let mut rest = Rest { line, at: 0 };
    let remote = rest.word()?;
    rest.word()?;
    let user = rest.word()?;
    let time = stamps.time(rest.between(b'[', b']')?)?;
    rest.space()?;
    let request = rest.quoted()?;
    rest.space()?;
    let status = rest.word()?;
    let bytes = rest.word()?;
    let referer = rest.quoted()?;
    rest.space()?;
    let user_agent = rest.quoted()?;
    following.clear();
    for _ in 0..after {
        rest.space()?;
        following.push(rest.last_or_next()?);
    }
    if rest.at != line.len() {
        return None;
    }
    let after = std::mem::take(following);
    Some(Line { time, remote, user, request, status, bytes, referer, user_agent, after })
}

/// What of the line is still to be read.
struct Rest<'e> {
    line: &'e str,
    at: usize,
}

impl<'e> Rest<'e> {
    fn left(&self) -> &'e [u8] {
        self.line.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.left().first().copied()
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn space(&mut self) -> Option<()> {
        self.byte(b' ')
    }

    /// Takes so many bytes, and one behind them.
    fn take(&mut self, length: usize) -> Option<&'e str> {
        let text = self.line.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    /// A word that is not empty, with the space behind it.
    fn word(&mut self) -> Option<&'e str> {
        let length = search::find(self.left(), 0, [b' '])?;
        if length == 0 { None } else { self.take(length) }
    }

    fn between(&mut self, open: u8, close: u8) -> Option<&'e str> {
        self.byte(open)?;
        self.take(search::find(self.left(), 0, [close])?)
    }

    /// Text in double quotes, without escapes.
    fn quoted(&mut self) -> Option<&'e str> {
        self.byte(b'"')?;
        let length = search::find(self.left(), 0, [b'"', b'\\'])?;
        if self.left().get(length) == Some(&b'"') { self.take(length) } else { None }
    }

    /// A field behind the combined format, at the end of the line or before a space.
    fn last_or_next(&mut self) -> Option<&'e str> {
        if self.peek()? == b'"' {
            return self.quoted();
        }
        let left = self.left();
        let length = search::find(left, 0, [b' ']).unwrap_or(left.len());
        let text = self.line.get(self.at..self.at + length)?;
        self.at += length;
        if text.is_empty() { None } else { Some(text) }
    }
}

/// Reads the time of a line, and remembers the minute of the last one: the next line is mostly of the same minute.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    /// `24/Nov/2026:11:58:`
    minute: [u8; 18],
    /// ` +0000`
    zone: [u8; 6],
    /// When the minute begins, in milliseconds since 1970.
    begin: i64,
}

impl Stamps {
    /// `24/Nov/2026:11:58:03 +0000` in milliseconds since 1970; none when it is anything else, right or wrong.
    fn time(&mut self, text: &str) -> Option<i64> {
        let (minute, rest) = text.as_bytes().split_first_chunk::<18>()?;
        let ([tens @ b'0'..=b'5', ones @ b'0'..=b'9'], zone) = rest.split_first_chunk::<2>()? else {
            return None;
        };
        let second = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
        if *minute != self.minute || zone != self.zone {
            self.begin = parse_time(text).ok()? - second * 1000;
            self.zone = zone.try_into().ok()?;
            self.minute = *minute;
        }
        Some(self.begin + second * 1000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a line both ways, with what was remembered from the lines before. Whether the fast way understood it.
    fn check(line: &str, after: usize, stamps: &mut Stamps) -> bool {
        match parse(line, after, &mut Vec::new(), stamps) {
            Some(quick) => {
                assert_eq!(super::super::parse(line, after).as_ref(), Ok(&quick), "{line}");
                true
            }
            None => false,
        }
    }

    #[test]
    fn usual_lines_take_the_fast_way() {
        let mut stamps = Stamps::default();
        for (line, after) in [
            (r#"10.0.0.7 - - [24/Nov/2026:11:58:03 +0100] "GET / HTTP/1.1" 503 512 "-" "-""#, 0),
            (r#"::1 - ada [24/Nov/2026:11:58:59 +0100] "ü" 200 - "" "x y" 0.250"#, 1),
            (r#"::1 - ada [24/Nov/2026:11:58:00 -0100] "" 200 - "" "x y" 0.250 "a b" c"#, 3),
        ] {
            assert!(check(line, after, &mut stamps), "{line}");
        }
    }

    #[test]
    fn unusual_lines_are_left_to_the_full_parser() {
        let mut stamps = Stamps::default();
        for (line, after) in [
            ("", 0),
            (r#"a  - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:60 +0100] "x" 1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +01000] "x" 1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:3 +0100] "x" 1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "\"" 1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x"1 1 "-" "-""#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-" "#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-" 5"#, 0),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-""#, 1),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-" "#, 1),
            (r#"a - - [24/Nov/2026:11:58:03 +0100] "x" 1 1 "-" "-"#, 0),
        ] {
            assert!(!check(line, after, &mut stamps), "{line}");
        }
    }

    fn lines() -> impl Strategy<Value = String> {
        let line = "[a-z:0-9]{0,4} {1,2}- (ada|-) \\[(24/Nov|29/Feb|5/Mai)/202[0-9]:1[12]:[0-7][0-9]:[0-6][0-9] [+-]0[0-9][03]0\\] \"(GET /[a-zä?]{0,5} HTTP/1|\\\\x16|[ -~]{0,8})\" [0-9]{0,3} [0-9-]{1,4} \"-?\" \"[a-zé ]{0,5}\"( 0\\.[0-9]{3})?( \"[a-z \\\\]{0,3}\")? {0,1}";
        (line, any::<prop::sample::Index>(), any::<bool>()).prop_map(|(line, at, cut)| {
            if cut { line.chars().take(at.index(line.len())).collect() } else { line }
        })
    }

    proptest! {
        #[test]
        fn what_the_fast_way_reads_the_full_parser_reads_alike(
            lines in prop::collection::vec(lines(), 1..12),
            after in 0_usize..3,
        ) {
            let mut stamps = Stamps::default();
            for line in &lines {
                check(line, after, &mut stamps);
            }
        }
    }
}
