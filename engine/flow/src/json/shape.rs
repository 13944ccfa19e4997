//! The shape of a line: what is the same in every line that a program writes, with holes where the values are.

use super::scan;
use crate::columns::Scalar;
use crate::projection::SlotIdx;

/// A line with its simple values taken out.
///
/// A line that has the same text outside of the holes, and simple values in them, is JSON as much as the line that the
/// shape was learned from, and its values stand under the same keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// All of the line but the values.
    fixed: Vec<u8>,
    holes: Vec<Hole>,
}

/// A value that differs from line to line.
#[derive(Debug, PartialEq, Eq)]
struct Hole {
    /// Where it belongs in the fixed text.
    at: usize,
    /// Where its value goes, when it is wanted.
    slot: Option<SlotIdx>,
}

impl Shape {
    /// Appends text that is the same in every line.
    pub(super) fn push_fixed(&mut self, text: &[u8]) {
        self.fixed.extend_from_slice(text);
    }

    /// Appends a hole.
    pub(super) fn push_hole(&mut self, slot: Option<SlotIdx>) {
        self.holes.push(Hole { at: self.fixed.len(), slot });
    }

    /// Whether there is a hole whose value goes into this slot.
    pub(super) fn fills(&self, slot: SlotIdx) -> bool {
        self.holes.iter().any(|hole| hole.slot == Some(slot))
    }

    /// Reads a line of this shape into slots that are empty. Gives the position of its end; none, with something in the
    /// slots, when it has another shape.
    pub(super) fn read<'e>(
        &self,
        text: &'e str,
        start: usize,
        slots: &mut [Option<Scalar<'e>>],
    ) -> Option<usize> {
        let mut at = start;
        let mut from = 0;
        for hole in &self.holes {
            at = fixed(text.as_bytes(), at, self.fixed.get(from..hole.at)?)?;
            from = hole.at;
            at = scan::scalar(text, at, hole.slot.and_then(|slot| slots.get_mut(slot)))?;
        }
        at = fixed(text.as_bytes(), at, self.fixed.get(from..)?)?;
        scan::line_end(text.as_bytes(), at)
    }
}

/// The position behind the fixed text, when it stands at `at`.
#[inline]
fn fixed(bytes: &[u8], at: usize, expected: &[u8]) -> Option<usize> {
    let end = at + expected.len();
    (bytes.get(at..end)? == expected).then_some(end)
}
