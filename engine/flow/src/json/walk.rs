//! Walks along a line, reads what is wanted and learns the line's shape.

use super::scan;
use super::shape::Shape;
use crate::columns::Scalar;
use crate::projection::{Node, Projection, SlotIdx};

/// Objects and lists within each other. Events are flat; what is deeper goes to the full parser.
const DEEPEST: usize = 16;

/// Reads the line that starts at `start` into `slots`, which are empty. Gives its shape and the position of its end; none,
/// with something in the slots, when the full parser has to read it.
pub(super) fn walk<'e>(
    text: &'e str,
    start: usize,
    projection: &Projection,
    slots: &mut [Option<Scalar<&'e str>>],
) -> Option<(Shape, usize)> {
    let mut walk = Walk { text, at: start, fixed_from: start, shape: Shape::default(), slots };
    walk.skip_blanks();
    walk.object(Some(projection.root()), 0)?;
    let Walk { at, fixed_from, mut shape, .. } = walk;
    shape.push_fixed(text.as_bytes().get(fixed_from..at)?);
    shape.finish();
    Some((shape, scan::line_end(text.as_bytes(), at)?))
}

struct Walk<'s, 'e> {
    text: &'e str,
    at: usize,
    /// Where the text starts that has not gone into the shape yet.
    fixed_from: usize,
    shape: Shape,
    slots: &'s mut [Option<Scalar<&'e str>>],
}

impl<'e> Walk<'_, 'e> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// An object of which `node` says what is wanted.
    fn object(&mut self, node: Option<&Node>, depth: usize) -> Option<()> {
        self.expect(b'{')?;
        self.skip_blanks();
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.key()?;
            self.skip_blanks();
            self.expect(b':')?;
            self.value(node.and_then(|node| node.child(key)), depth)?;
            if self.expect(b',').is_none() {
                return self.expect(b'}');
            }
            self.skip_blanks();
        }
    }

    fn key(&mut self) -> Option<&'e str> {
        self.expect(b'"')?;
        let end = scan::string_end(self.text.as_bytes(), self.at)?;
        let key = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(key)
    }

    /// A list, of which nothing is wanted.
    fn list(&mut self, depth: usize) -> Option<()> {
        self.expect(b'[')?;
        self.skip_blanks();
        if self.expect(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(None, depth)?;
            if self.expect(b',').is_none() {
                return self.expect(b']');
            }
        }
    }

    /// A value with the blanks around it.
    fn value(&mut self, node: Option<&Node>, depth: usize) -> Option<()> {
        self.skip_blanks();
        let slot = node.and_then(Node::slot);
        match self.peek()? {
            b'{' | b'[' if depth == DEEPEST || slot.is_some() => return None,
            // The full parser looks closer at a value where it expects an object.
            byte if byte != b'{' && slot.is_none() && node.is_some() => return None,
            b'{' => self.object(node, depth + 1)?,
            b'[' => self.list(depth + 1)?,
            _ => self.hole(slot)?,
        }
        self.skip_blanks();
        Some(())
    }

    /// A value that may differ in the next line. One that is wanted and given twice is a matter for the full parser.
    fn hole(&mut self, slot: Option<SlotIdx>) -> Option<()> {
        if slot.is_some_and(|slot| self.shape.fills(slot)) {
            return None;
        }
        self.shape.push_fixed(self.text.as_bytes().get(self.fixed_from..self.at)?);
        let end = scan::scalar(self.text, self.at, slot.and_then(|slot| self.slots.get_mut(slot)))?;
        self.shape.push_hole(slot, self.text.as_bytes().get(self.at..end)?);
        self.at = end;
        self.fixed_from = end;
        Some(())
    }
}
