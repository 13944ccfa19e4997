//! The shape of a line: what is the same in every line that a program writes, with holes where the values are.

use super::scan;
use crate::columns::Scalar;
use crate::projection::SlotIdx;

/// The longest text that is taken for one that never changes, in bytes with its quotes.
const LONGEST_CONSTANT: usize = 64;

/// A line with its simple values taken out.
///
/// A line that has the same text outside of the holes, and simple values in them, is JSON as much as the line that the
/// shape was learned from, and its values stand under the same keys. Texts that have been the same in all lines so far
/// (`"type":"weir.http.request"`) are compared together with what stands around them, instead of being looked through.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// All of the line but the values.
    fixed: Vec<u8>,
    holes: Vec<Hole>,
    /// The same, with the constants put in: made anew when one of them turns out to change.
    pieces: Vec<Piece>,
}

/// A value that may differ from line to line.
#[derive(Debug)]
struct Hole {
    /// Where it belongs in the fixed text.
    at: usize,
    /// Where its value goes, when it is wanted.
    slot: Option<SlotIdx>,
    /// A text, with its quotes, that all lines so far have had here.
    constant: Option<Box<[u8]>>,
}

/// Text that all lines so far have had, up to a value that has changed, or to the end of the line.
#[derive(Debug, Default)]
struct Piece {
    text: Vec<u8>,
    /// The constants in it that are wanted: the slot of each, and where its text starts and ends.
    constants: Vec<(SlotIdx, usize, usize)>,
    /// Where the value behind it goes, when it is wanted.
    slot: Option<SlotIdx>,
}

impl Shape {
    /// Appends text that is the same in every line.
    pub(super) fn push_fixed(&mut self, text: &[u8]) {
        self.fixed.extend_from_slice(text);
    }

    /// Appends a hole, which has this value in the line that is learned from.
    pub(super) fn push_hole(&mut self, slot: Option<SlotIdx>, value: &[u8]) {
        let may_be_constant = value.starts_with(b"\"") && value.len() <= LONGEST_CONSTANT;
        let constant = may_be_constant.then(|| value.into());
        self.holes.push(Hole { at: self.fixed.len(), slot, constant });
    }

    /// Whether there is a hole whose value goes into this slot.
    pub(super) fn fills(&self, slot: SlotIdx) -> bool {
        self.holes.iter().any(|hole| hole.slot == Some(slot))
    }

    /// Makes the pieces. Without it, the shape is that of an empty line.
    pub(super) fn finish(&mut self) {
        let mut piece = Piece::default();
        let mut from = 0;
        self.pieces.clear();
        for hole in &self.holes {
            piece.text.extend_from_slice(self.fixed.get(from..hole.at).unwrap_or_default());
            from = hole.at;
            if let Some(constant) = &hole.constant {
                let start = piece.text.len();
                piece.text.extend_from_slice(constant);
                piece.constants.extend(hole.slot.map(|slot| (slot, start + 1, piece.text.len() - 1)));
            } else {
                piece.slot = hole.slot;
                self.pieces.push(std::mem::take(&mut piece));
            }
        }
        piece.text.extend_from_slice(self.fixed.get(from..).unwrap_or_default());
        self.pieces.push(piece);
    }

    /// Reads a line of this shape into slots that are empty. Gives the position of its end; none, with something in the
    /// slots, when it has another shape.
    pub(super) fn read<'e>(
        &mut self,
        text: &'e str,
        start: usize,
        slots: &mut [Option<Scalar<&'e str>>],
    ) -> Option<usize> {
        if let Some(end) = self.read_pieces(text, start, slots) {
            return Some(end);
        }
        slots.fill(None);
        let end = self.read_holes(text, start, slots)?;
        self.finish();
        Some(end)
    }

    /// Reads a line in which all constants are as before.
    fn read_pieces<'e>(
        &self,
        text: &'e str,
        start: usize,
        slots: &mut [Option<Scalar<&'e str>>],
    ) -> Option<usize> {
        let (last, pieces) = self.pieces.split_last()?;
        let mut at = start;
        for piece in pieces {
            at = piece.read(text, at, slots)?;
            at = scan::scalar(text, at, piece.slot.and_then(|slot| slots.get_mut(slot)))?;
        }
        scan::line_end(text.as_bytes(), last.read(text, at, slots)?)
    }

    /// Reads a line in which constants may have changed: those are constants no more.
    fn read_holes<'e>(
        &mut self,
        text: &'e str,
        start: usize,
        slots: &mut [Option<Scalar<&'e str>>],
    ) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut values = Vec::with_capacity(self.holes.len());
        let mut at = start;
        let mut from = 0;
        for hole in &self.holes {
            at = skip(bytes, at, self.fixed.get(from..hole.at)?)?;
            from = hole.at;
            let end = scan::scalar(text, at, hole.slot.and_then(|slot| slots.get_mut(slot)))?;
            values.push(bytes.get(at..end)?);
            at = end;
        }
        at = skip(bytes, at, self.fixed.get(from..)?)?;
        let end = scan::line_end(bytes, at)?;
        for (hole, value) in self.holes.iter_mut().zip(values) {
            hole.constant.take_if(|constant| **constant != *value);
        }
        Some(end)
    }
}

impl Piece {
    /// Goes past the text, and puts the constants into their slots.
    #[inline(always)]
    fn read<'e>(&self, text: &'e str, at: usize, slots: &mut [Option<Scalar<&'e str>>]) -> Option<usize> {
        let end = skip(text.as_bytes(), at, &self.text)?;
        for (slot, from, to) in &self.constants {
            if let Some(slot) = slots.get_mut(*slot) {
                *slot = Some(Scalar::Text(text.get(at + from..at + to)?));
            }
        }
        Some(end)
    }
}

/// The position behind the expected text, when it stands at `at`.
#[inline(always)]
fn skip(bytes: &[u8], at: usize, expected: &[u8]) -> Option<usize> {
    let end = at + expected.len();
    same(bytes.get(at..end)?, expected).then_some(end)
}

/// Whether two texts of the same length are equal. Most are short: two comparisons of a fixed size, which may overlap, take
/// less time than a call that works for any length.
#[inline(always)]
fn same(found: &[u8], expected: &[u8]) -> bool {
    #[inline(always)]
    fn ends<const N: usize>(found: &[u8], expected: &[u8]) -> bool {
        found.first_chunk::<N>() == expected.first_chunk::<N>()
            && found.last_chunk::<N>() == expected.last_chunk::<N>()
    }
    match expected.len() {
        2..4 => ends::<2>(found, expected),
        4..8 => ends::<4>(found, expected),
        8..16 => ends::<8>(found, expected),
        16..=32 => ends::<16>(found, expected),
        33..=64 => ends::<32>(found, expected),
        _ => found == expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_when_every_byte_is() {
        for length in 0..70 {
            let text = vec![b'x'; length];
            assert!(same(&text, &text));
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'y';
                assert!(!same(&text, &other) && !same(&other, &text), "{at} of {length}");
            }
        }
    }

    #[test]
    fn constants_are_what_has_never_changed() {
        let mut shape = Shape::default();
        for (fixed, slot, value) in [("{a:", Some(0), "\"x\""), (",b:", None, "\"y\""), (",c:", Some(1), "5")]
        {
            shape.push_fixed(fixed.as_bytes());
            shape.push_hole(slot, value.as_bytes());
        }
        shape.push_fixed(b"}");
        shape.finish();
        let mut check = |line: &'static str, pieces: usize, read: bool| {
            let mut slots = vec![None, None];
            assert_eq!(shape.read(line, 0, &mut slots), read.then_some(line.len()), "{line}");
            assert_eq!(shape.pieces.len(), pieces, "{line}");
            slots
        };
        let slots = check(r#"{a:"x",b:"y",c:6}"#, 2, true);
        assert_eq!(slots, [Some(Scalar::Text("x")), Some(Scalar::Integer(6))]);
        check(r#"{a:"x",b:"z",c:"6"}"#, 3, true);
        check(r#"{a:"x",b:5,c:6}"#, 3, true);
        // Another shape teaches nothing.
        check(r#"{a:"z",b:5,d:6}"#, 3, false);
        let slots = check(r#"{a:"xx",b:5,c:null}"#, 4, true);
        assert_eq!(slots, [Some(Scalar::Text("xx")), None]);
    }
}
