//! The fast way through JSON lines: only the wanted fields are looked at, and everything else is checked to be JSON, but
//! not kept.
//!
//! It understands the JSON that programs write: no escapes, no key twice that is wanted, numbers of usual length. What it
//! understands, it reads exactly as the full parser in `cloudevents.rs` does; for all else it gives no answer, and the full
//! parser decides. So it never refuses a line and never accepts one that the full parser refuses.
//!
//! Programs write one line like the other: the keys are the same, in the same order, and only the values differ. So the
//! shape of a line, once learned, is compared with the next line instead of being parsed again, and so are texts that
//! never seem to change.

mod scan;
mod shape;
mod walk;

use shape::Shape;

use crate::columns::Slots;
use crate::projection::Projection;

/// How many shapes are remembered. A stream mixes a few types of events, and each has its own.
const SHAPES: usize = 8;

/// Reads lines, and remembers their shapes.
#[derive(Debug, Default)]
pub(crate) struct Json {
    shapes: Vec<Shape>,
    /// The shape of the line before.
    recent: usize,
    /// The shape that makes room for the next one that is learned.
    oldest: usize,
}

impl Json {
    /// Reads the line that starts at `start` into `slots`, which has one place a field of the projection. Gives the
    /// position of its line end, or of the end of the text; none when the full parser has to read the line.
    pub(crate) fn read<'e>(
        &mut self,
        text: &'e str,
        start: usize,
        projection: &Projection,
        slots: &mut Slots<'e>,
    ) -> Option<usize> {
        slots.clear();
        slots.extend(std::iter::repeat_n(None, projection.names().len()));
        if let Some(end) = self.shapes.get_mut(self.recent).and_then(|shape| shape.read(text, start, slots)) {
            return Some(end);
        }
        for (idx, shape) in self.shapes.iter_mut().enumerate() {
            if idx == self.recent {
                continue;
            }
            slots.fill(None);
            if let Some(end) = shape.read(text, start, slots) {
                self.recent = idx;
                return Some(end);
            }
        }
        slots.fill(None);
        let (shape, end) = walk::walk(text, start, projection, slots)?;
        self.learn(shape);
        Some(end)
    }

    fn learn(&mut self, shape: Shape) {
        if self.shapes.len() < SHAPES {
            self.recent = self.shapes.len();
            self.shapes.push(shape);
        } else if let Some(place) = self.shapes.get_mut(self.oldest) {
            *place = shape;
            self.recent = self.oldest;
            self.oldest = (self.oldest + 1) % SHAPES;
        }
    }
}

#[cfg(test)]
mod tests;
