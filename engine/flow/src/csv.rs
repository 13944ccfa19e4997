//! Comma-separated values with a header: one event a line, quoted as RFC 4180 says, but with no line end in a field.
//!
//! The header's names are names of fields: `id`, `source`, `type`, `subject`, `time`, `data.status` and the like. What a
//! cell holds is read as the kind that it is wanted as; an empty one is a field that is not there.
//!
//! A line end within quotes would make one stray quote swallow the lines after it, and nobody could tell where a line
//! begins without reading all before it. So a quoted field that does not end on its line is refused.

use std::borrow::Cow;

use crate::blocks::{Lines, Stretch, is_blank, stretches, text_lines};
use crate::columns::{Scalar, Slots};
use crate::plan::Plan;
use crate::projection::SlotIdx;
use crate::rows::Rows;
use crate::search;
use crate::table::Table;
use crate::time::Clock;

/// The header of a stream as a plan reads it, or what is wrong with it: then every line is refused for that reason.
#[derive(Debug)]
pub(crate) struct Layout {
    header: Result<Header, String>,
    /// The bytes of the first block up to the end of the header, which are no event.
    pub(crate) header_end: usize,
}

/// Which cells are read.
#[derive(Debug)]
struct Header {
    /// For each cell of a line, where it goes when it is wanted.
    cells: Vec<Option<SlotIdx>>,
    table: Table,
}

impl Layout {
    /// Reads the header, which is the first line that is not blank. None when there is only blank in these bytes.
    /// `service` is the subject of lines that name none.
    pub(crate) fn new(bytes: &[u8], file: &str, service: Option<&str>, plan: &Plan) -> Option<Layout> {
        let mut header_end = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            header_end += line.len();
            if !is_blank(line) {
                let header = Lines::new(line).next().unwrap_or_default();
                return Some(Layout { header: Header::new(header, file, service, plan), header_end });
            }
        }
        None
    }

    /// A layout for a stream whose header can't be read.
    pub(crate) fn without_header(reason: &str) -> Layout {
        Layout { header: Err(reason.to_owned()), header_end: 0 }
    }

    /// Reads whole lines: the fast way where it can, if `fast`.
    pub(crate) fn decode(&self, bytes: &[u8], plan: &Plan, fast: bool, clock: &mut Clock, rows: &mut Rows) {
        let mut slots = Vec::new();
        for stretch in stretches(bytes) {
            match stretch {
                Stretch::Text(text) => {
                    for line in text_lines(text) {
                        rows.lines += 1;
                        if is_blank(line.as_bytes()) {
                            continue;
                        }
                        let taken_in = match &self.header {
                            Ok(header) if fast && header.fill(line, &mut slots).is_some() => {
                                header.table.take_in(&slots, plan, clock, rows)
                            }
                            Ok(header) => header.arrive(line, plan, clock, rows),
                            Err(reason) => Err(reason.clone()),
                        };
                        if let Err(reason) = taken_in {
                            rows.refuse(reason);
                        }
                    }
                }
                Stretch::Line(_) => {
                    rows.lines += 1;
                    rows.refuse("the line is not UTF-8".to_owned());
                }
            }
        }
    }
}

impl Header {
    fn new(line: &[u8], file: &str, service: Option<&str>, plan: &Plan) -> Result<Header, String> {
        let line = std::str::from_utf8(line).map_err(|_| "the header is not UTF-8".to_owned())?;
        let mut names: Vec<String> = Vec::new();
        for cell in Cells::new(line) {
            names.push(cell.map_err(|reason| format!("in the header, {reason}"))?.trim().to_owned());
        }
        let wanted = plan.projection.names();
        Ok(Header {
            cells: names.iter().map(|name| wanted.iter().position(|field| field == name)).collect(),
            table: Table::new(&names, "header", file, service, plan)?,
        })
    }

    /// Puts the cells of a line in which nothing is quoted into slots. None, with something in the slots, when the line has
    /// to be read cell by cell.
    fn fill<'e>(&'e self, line: &'e str, slots: &mut Slots<'e>) -> Option<()> {
        self.table.begin(slots);
        let bytes = line.as_bytes();
        let (last, cells) = self.cells.split_last()?;
        let mut at = 0;
        for slot in cells {
            let end = search::find(bytes, at, [b',', b'"'])?;
            put(slots, *slot, line.get(at..end)?);
            at = end + 1;
            if bytes.get(end) == Some(&b'"') {
                return None;
            }
        }
        put(slots, *last, line.get(at..)?);
        search::find(bytes, at, [b',', b'"']).is_none().then_some(())
    }

    /// Takes a line in, cell by cell.
    fn arrive(&self, line: &str, plan: &Plan, clock: &mut Clock, rows: &mut Rows) -> Result<(), String> {
        let cells = self.cells(line)?;
        let mut slots = Slots::new();
        self.table.begin(&mut slots);
        self.cells.iter().zip(&cells).for_each(|(slot, cell)| put(&mut slots, *slot, cell));
        self.table.take_in(&slots, plan, clock, rows)
    }

    /// The cells of a line: as many as the header has.
    fn cells<'e>(&self, line: &'e str) -> Result<Vec<Cow<'e, str>>, String> {
        let cells: Vec<_> = Cells::new(line).collect::<Result<_, _>>()?;
        if cells.len() == self.cells.len() {
            Ok(cells)
        } else {
            Err(format!("the line has {} fields, and the header {}", cells.len(), self.cells.len()))
        }
    }
}

/// Puts a cell into its slot, when it is wanted and there is something in it.
#[inline]
fn put<'e>(slots: &mut Slots<'e>, slot: Option<SlotIdx>, cell: &'e str) {
    if let Some(place) = slot.and_then(|slot| slots.get_mut(slot))
        && !cell.is_empty()
    {
        *place = Some(Scalar::Untyped(cell));
    }
}

/// The fields of a line.
struct Cells<'e> {
    /// What is still to be read; none past the last field.
    rest: Option<&'e str>,
}

impl<'e> Cells<'e> {
    fn new(line: &'e str) -> Cells<'e> {
        Cells { rest: Some(line) }
    }

    /// Goes on behind the comma at `end`, or to the end of the line when there is none.
    fn cut(&mut self, text: &'e str, end: Option<usize>) -> &'e str {
        let (cell, rest) = match end.and_then(|end| text.split_at_checked(end)) {
            Some((cell, rest)) => (cell, rest.strip_prefix(',')),
            None => (text, None),
        };
        self.rest = rest;
        cell
    }

    /// A field whose opening quote has been read. Two quotes in it stand for one.
    fn quoted(&mut self, text: &'e str) -> Result<Cow<'e, str>, String> {
        let mut whole = Cow::Borrowed("");
        let mut rest = text;
        loop {
            let Some((part, behind)) = rest.split_once('"') else {
                return Err("a quoted field does not end on its line".to_owned());
            };
            if whole.is_empty() {
                whole = Cow::Borrowed(part);
            } else {
                whole.to_mut().push_str(part);
            }
            if let Some(more) = behind.strip_prefix('"') {
                whole.to_mut().push('"');
                rest = more;
            } else {
                self.rest = behind.strip_prefix(',');
                return if self.rest.is_some() || behind.is_empty() {
                    Ok(whole)
                } else {
                    Err("text follows the closing quote of a field".to_owned())
                };
            }
        }
    }
}

impl<'e> Iterator for Cells<'e> {
    type Item = Result<Cow<'e, str>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        if let Some(quoted) = text.strip_prefix('"') {
            return Some(self.quoted(quoted));
        }
        let cell = self.cut(text, memchr::memchr(b',', text.as_bytes()));
        Some(if cell.contains('"') {
            Err("a quote stands inside a field that is not quoted".to_owned())
        } else {
            Ok(Cow::Borrowed(cell))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(line: &str, expected: Result<&[&str], &str>) {
        let found: Result<Vec<_>, String> = Cells::new(line).collect();
        match expected {
            Ok(cells) => assert_eq!(found.unwrap(), cells, "{line}"),
            Err(part) => assert!(found.as_ref().unwrap_err().contains(part), "{line}: {found:?}"),
        }
    }

    #[test]
    fn fields_are_quoted_as_the_standard_says() {
        check("a,b", Ok(&["a", "b"]));
        check("", Ok(&[""]));
        check(",", Ok(&["", ""]));
        check("a,", Ok(&["a", ""]));
        check(r#""a,b",c"#, Ok(&["a,b", "c"]));
        check(r#""say ""hi""","#, Ok(&[r#"say "hi""#, ""]));
        check(r#""""""#, Ok(&["\""]));
        check(r#""""a"#, Err("does not end"));
        check(r#""","""#, Ok(&["", ""]));
        check("\"\"\",\"\"\"", Ok(&["\",\""]));
        check(r#""a"b,c"#, Err("follows the closing quote"));
        check(r#""a"#, Err("does not end on its line"));
        check(r#"a"b"#, Err("inside a field that is not quoted"));
    }

    proptest! {
        #[test]
        fn what_was_quoted_is_read_back(cells in prop::collection::vec("[a\",ä ]{0,5}", 1..6)) {
            let quote = |cell: &String| match cell.contains(['"', ',']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.clone(),
            };
            let line = cells.iter().map(quote).collect::<Vec<_>>().join(",");
            let found: Result<Vec<_>, String> = Cells::new(&line).collect();
            prop_assert_eq!(found.unwrap(), cells);
        }

        #[test]
        fn any_line_is_read_or_refused(line in "\\PC{0,30}|[a\",]{0,12}") {
            let _: Vec<_> = Cells::new(&line).collect();
        }
    }
}
