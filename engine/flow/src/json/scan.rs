//! Where strings and numbers end, and what simple values are.

use std::borrow::Cow;

use crate::cloudevents;
use crate::columns::Scalar;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = LOW << 7;

/// The position of the quote that ends a string whose text starts at `from`. None when an escape or a control character
/// comes first, or no quote at all.
///
/// Looks at eight bytes at once. `x.wrapping_sub(LOW) & !x` has the high bit of the lowest byte of `x` that is zero; above
/// that byte it may err, which does not matter, since the lowest one is what counts. Subtracting more than one finds bytes
/// that are less.
pub(super) fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*window);
        let quote = word ^ (LOW * b'"' as u64);
        let backslash = word ^ (LOW * b'\\' as u64);
        let found = (quote.wrapping_sub(LOW) & !quote)
            | (backslash.wrapping_sub(LOW) & !backslash)
            | (word.wrapping_sub(LOW * 0x20) & !word);
        let found = found & HIGH;
        if found != 0 {
            at += (found.trailing_zeros() / 8) as usize;
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
    (rest.get(found) == Some(&b'"')).then_some(at + found)
}

/// Reads the value at `at` that is no object and no list, and gives the position behind it. Puts it into `slot`, if it is
/// wanted. None when there is no such value, or one that the full parser has to read.
pub(super) fn scalar<'e>(text: &'e str, at: usize, slot: Option<&mut Option<Scalar<'e>>>) -> Option<usize> {
    let bytes = text.as_bytes();
    let (end, value) = match bytes.get(at)? {
        b'"' => {
            let end = string_end(bytes, at + 1)?;
            if let Some(slot) = slot {
                *slot = Some(Scalar::Text(Cow::Borrowed(text.get(at + 1..end)?)));
            }
            return Some(end + 1);
        }
        b'-' | b'0'..=b'9' => match slot {
            Some(_) => number(text, at)?,
            None => return number_end(bytes, at),
        },
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

/// The powers of ten that a float holds exactly, as far as they are needed.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Digits that a float holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;

/// The digits from `at` on: their value, which is right for up to 19 of them, and where they end.
fn digits(bytes: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    (value, at)
}

/// Reads a number: where it ends, and what it is. Those with few digits are read here: a whole number, or a fraction whose
/// digits and power of ten a float holds exactly, so that one division rounds rightly. All others go to the full parser.
fn number(text: &str, from: usize) -> Option<(usize, Option<Scalar<'_>>)> {
    let bytes = text.as_bytes();
    let negative = bytes.get(from) == Some(&b'-');
    let first = from + usize::from(negative);
    let (whole, point) = digits(bytes, first, 0);
    let follows = bytes.get(point).copied();
    let leading_zero = bytes.get(first) == Some(&b'0') && point > first + 1;
    if !leading_zero && (1..=18).contains(&(point - first)) {
        let value = i64::try_from(whole).ok()?;
        let is_float = matches!(follows, Some(b'.' | b'e' | b'E'));
        // -0 is a float for the full parser.
        let is_minus_zero = negative && whole == 0;
        if !is_float && !is_minus_zero {
            return Some((point, Some(Scalar::Integer(if negative { -value } else { value }))));
        }
        if follows == Some(b'.') {
            let (mantissa, end) = digits(bytes, point + 1, whole);
            let decimals = end - point - 1;
            let simple = decimals > 0 && point - first + decimals <= EXACT_DIGITS;
            if let (true, Some(power), false) =
                (simple, POWERS.get(decimals), matches!(bytes.get(end), Some(b'e' | b'E')))
            {
                #[expect(clippy::cast_precision_loss, reason = "so few digits are exact")]
                let value = mantissa as f64 / power;
                return Some((end, Some(Scalar::Number(if negative { -value } else { value }))));
            }
        }
    }
    let end = number_end(bytes, from)?;
    Some((end, Some(cloudevents::number(text.get(from..end)?)?)))
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
fn some_digits(bytes: &[u8], from: usize) -> Option<usize> {
    let mut end = from;
    while matches!(bytes.get(end), Some(b'0'..=b'9')) {
        end += 1;
    }
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
