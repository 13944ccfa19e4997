//! Where strings and numbers end, and what simple values are.

use crate::cloudevents;
use crate::columns::Scalar;
use crate::{number, search};

/// The position of the quote that ends a string whose text starts at `from`. None when an escape or a control character
/// comes first, or no quote at all.
#[inline]
pub(super) fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let end = search::find_or_control(bytes, from, [b'"', b'\\'])?;
    (bytes.get(end) == Some(&b'"')).then_some(end)
}

/// Reads the value at `at` that is no object and no list, and gives the position behind it. Puts it into `slot`, if it is
/// wanted. None when there is no such value, or one that the full parser has to read.
#[inline(always)]
pub(super) fn scalar<'e>(
    text: &'e str,
    at: usize,
    slot: Option<&mut Option<Scalar<&'e str>>>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    if *bytes.get(at)? != b'"' {
        return bare(text, at, slot);
    }
    let end = string_end(bytes, at + 1)?;
    if let Some(slot) = slot {
        *slot = Some(Scalar::Text(text.get(at + 1..end)?));
    }
    Some(end + 1)
}

/// Reads a value that stands without quotes.
fn bare<'e>(text: &'e str, at: usize, slot: Option<&mut Option<Scalar<&'e str>>>) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = *bytes.get(at)?;
    if first == b'-' || first.is_ascii_digit() {
        let Some(slot) = slot else { return number_end(bytes, at) };
        let (end, number) = match number::usual(bytes, at) {
            Some(usual) => usual,
            None => any_number(text, at)?,
        };
        *slot = Some(number);
        return Some(end);
    }
    let (end, value) = match first {
        b't' => (word(bytes, at, b"true")?, Some(Scalar::Flag(true))),
        b'f' => (word(bytes, at, b"false")?, Some(Scalar::Flag(false))),
        // A null is the absence of a value, as CloudEvents says.
        b'n' => (word(bytes, at, b"null")?, None),
        _ => return None,
    };
    if let Some(slot) = slot {
        *slot = value;
    }
    Some(end)
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// Has the full parser read a number: where it ends, and what it is.
#[cold]
fn any_number(text: &str, from: usize) -> Option<(usize, Scalar<&'static str>)> {
    let end = number_end(text.as_bytes(), from)?;
    Some((end, cloudevents::number(text.get(from..end)?)?))
}

/// Where the number at `from` ends, if it is one.
fn number_end(bytes: &[u8], from: usize) -> Option<usize> {
    let first = from + usize::from(bytes.get(from) == Some(&b'-'));
    let mut end = some_digits(bytes, first)?;
    if bytes.get(first) == Some(&b'0') && end > first + 1 {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = some_digits(bytes, end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1;
        end += usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
        end = some_digits(bytes, end)?;
    }
    Some(end)
}

/// Where the digits at `from` end; at least one must be there.
#[inline]
fn some_digits(bytes: &[u8], from: usize) -> Option<usize> {
    let (_, end) = number::digits(bytes, from, 0);
    (end > from).then_some(end)
}

/// The end of the line when nothing but blanks comes before it: the position of its line feed, or the end of the text.
pub(super) fn line_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return Some(at),
            Some(b' ' | b'\t' | b'\r') => at += 1,
            Some(_) => return None,
        }
    }
}
