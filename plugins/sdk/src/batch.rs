//! A batch of events as typed columns, without copying.

use crate::contract::sli_calculator::exports::weir::policy::calculator::Batch as Pools;
use crate::contract::sli_calculator::exports::weir::policy::calculator::Column as View;
use crate::{Range, kind};

/// The validity position of a column that lacks no value.
const ALL_VALID: u32 = u32::MAX;

/// The validity byte of a row whose value is there.
const VALID: u8 = 1;

/// How many rows are worked on between two looks at the deadline.
const BLOCK: usize = 64;

/// Rows of events as columns, in the order of the plan's fields.
///
/// A column is None when the host can't supply the field or when another kind was asked for.
#[derive(Clone, Debug)]
pub struct Batch {
    pools: Pools,
}

/// One column: a value a row.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a, T> {
    /// One value a row, 0 where it is not valid.
    pub values: &'a [T],
    /// One byte a row: 0 the event lacks the field, 1 the value is there, 2 there is a value of another kind. None when
    /// every value is there.
    pub validity: Option<&'a [u8]>,
}

/// Whole numbers.
pub type Integers<'a> = Column<'a, i64>;
/// Finite floating-point numbers.
pub type Numbers<'a> = Column<'a, f64>;
/// 0 false, 1 true.
pub type Flags<'a> = Column<'a, u8>;
/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Instants<'a> = Column<'a, i64>;

/// A column of text: each row a code, each code a term of the dictionary.
///
/// What depends on the text alone is found out once a term: see [`Texts::each_term`].
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// One code a row: a position in the dictionary.
    pub codes: Column<'a, u32>,
    offsets: &'a [u32],
    bytes: &'a [u8],
}

impl Batch {
    /// Takes what the host hands over.
    pub fn new(pools: Pools) -> Self {
        Self { pools }
    }

    #[cfg(test)]
    pub(crate) fn into_pools(self) -> Pools {
        self.pools
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.pools.rows as usize
    }

    /// The column of an integer field.
    pub fn integers(&self, index: usize) -> Option<Integers<'_>> {
        self.column(index, kind::INTEGER, &self.pools.integers)
    }

    /// The column of a number field.
    pub fn numbers(&self, index: usize) -> Option<Numbers<'_>> {
        self.column(index, kind::NUMBER, &self.pools.numbers)
    }

    /// The column of a flag field.
    pub fn flags(&self, index: usize) -> Option<Flags<'_>> {
        self.column(index, kind::FLAG, &self.pools.bytes)
    }

    /// The column of an instant field.
    pub fn instants(&self, index: usize) -> Option<Instants<'_>> {
        self.column(index, kind::INSTANT, &self.pools.integers)
    }

    /// The column of a text field.
    pub fn texts(&self, index: usize) -> Option<Texts<'_>> {
        let codes = self.column(index, kind::TEXT, &self.pools.codes)?;
        let view = self.view(index, kind::TEXT)?;
        let offsets = part(&self.pools.codes, view.dictionary, (view.terms as usize).checked_add(1)?)?;
        Some(Texts { codes, offsets, bytes: &self.pools.bytes })
    }

    /// One mark a row: what `judge` says of the value, `missing` where there is none.
    ///
    /// `judge` is called for every row, with 0 where the value is missing. Write it without `&&`, `||` and `if` on the
    /// value where you can: the loop then works on several rows at once.
    pub fn judge<T: Copy>(
        &self,
        column: Option<Column<'_, T>>,
        missing: u8,
        judge: impl Fn(T) -> u8,
    ) -> Vec<u8> {
        let Some(column) = column else { return vec![missing; self.rows()] };
        let mut marks = vec![missing; self.rows()];
        over_blocks(&mut marks, column.values, |mark, value| *mark = judge(value));
        column.blank(missing, &mut marks);
        marks
    }

    /// One mark a row: that of the last range that holds the value, `other` when none does, `missing` where there is
    /// no value.
    pub fn judge_ranges(
        &self,
        column: Option<Integers<'_>>,
        missing: u8,
        other: u8,
        ranges: impl Iterator<Item = (Range, u8)>,
    ) -> Vec<u8> {
        let Some(column) = column else { return vec![missing; self.rows()] };
        let mut marks = vec![other; self.rows()];
        // A loop over rows for each range, not the other way round: only so does it work on several rows at once.
        for (range, inside) in ranges {
            over_blocks(&mut marks, column.values, |mark, value| {
                *mark = select(range.contains(value), inside, *mark);
            });
        }
        column.blank(missing, &mut marks);
        marks
    }

    fn view(&self, index: usize, kind: u32) -> Option<&View> {
        self.pools.columns.get(index).filter(|view| view.kind == kind)
    }

    fn column<'a, T>(&'a self, index: usize, kind: u32, pool: &'a [T]) -> Option<Column<'a, T>> {
        let view = self.view(index, kind)?;
        let values = part(pool, view.start, self.rows())?;
        let validity = match view.validity {
            ALL_VALID => None,
            start => Some(part(&self.pools.bytes, start, self.rows())?),
        };
        Some(Column { values, validity })
    }
}

impl<T> Column<'_, T> {
    /// Gives rows without a value the mark `missing`.
    fn blank(&self, missing: u8, marks: &mut [u8]) {
        let Some(validity) = self.validity else { return };
        over_blocks(marks, validity, |mark, valid| *mark = select(valid == VALID, *mark, missing));
    }
}

impl<'a> Texts<'a> {
    /// What `of` says of each term of the dictionary: element c belongs to code c.
    pub fn each_term<T>(&self, of: impl FnMut(&'a str) -> T) -> Vec<T> {
        self.terms().map(of).collect()
    }

    /// The terms of the dictionary in the order of their codes.
    pub fn terms(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let bytes = self.bytes;
        self.offsets.windows(2).map(move |ends| match *ends {
            [from, to] => bytes
                .get(from as usize..to as usize)
                .and_then(|text| std::str::from_utf8(text).ok())
                .unwrap_or_default(),
            _ => "",
        })
    }
}

/// Has every mark made from the value of its row, a block of rows at a time.
///
/// The host stops a plugin that runs for too long, and for that the compiler adds a check to every turn of a loop. A
/// block is one turn: within it the length is known, and the rows are worked on without a check.
pub(crate) fn over_blocks<T: Copy>(marks: &mut [u8], values: &[T], make: impl Fn(&mut u8, T)) {
    let (mark_blocks, marks_left) = marks.as_chunks_mut::<BLOCK>();
    let (value_blocks, values_left) = values.as_chunks::<BLOCK>();
    for (marks, values) in mark_blocks.iter_mut().zip(value_blocks) {
        for (mark, value) in marks.iter_mut().zip(values) {
            make(mark, *value);
        }
    }
    for (mark, value) in marks_left.iter_mut().zip(values_left) {
        make(mark, *value);
    }
}

/// `yes` when `condition`, else `no`, by arithmetic: a branch on data that a processor can't foresee is slow.
fn select(condition: bool, yes: u8, no: u8) -> u8 {
    let mask = 0_u8.wrapping_sub(u8::from(condition));
    (yes & mask) | (no & !mask)
}

fn part<T>(pool: &[T], start: u32, length: usize) -> Option<&[T]> {
    let start = start as usize;
    pool.get(start..start.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::{BAD, GOOD, UNKNOWN};
    use crate::testing::Rows;

    #[test]
    fn a_column_holds_the_values_of_its_kind() {
        let batch = Rows::new(2)
            .integers([Some(7), None])
            .numbers([Some(0.5), Some(1.5)])
            .flags([None, Some(true)])
            .instants([Some(1_000), Some(2_000)])
            .absent()
            .batch();
        assert_eq!(batch.rows(), 2);
        let integers = batch.integers(0).unwrap();
        assert_eq!((integers.values, integers.validity), ([7, 0].as_slice(), Some([1, 0].as_slice())));
        assert_eq!(batch.numbers(1).unwrap().values, [0.5, 1.5]);
        assert!(batch.numbers(1).unwrap().validity.is_none());
        assert_eq!(batch.flags(2).unwrap().values, [0, 1]);
        assert_eq!(batch.instants(3).unwrap().values, [1_000, 2_000]);
        assert!(batch.integers(1).is_none(), "another kind");
        assert!(batch.integers(4).is_none(), "not supplied");
        assert!(batch.integers(5).is_none(), "not planned");
    }

    #[test]
    fn texts_are_read_once_a_term() {
        let batch = Rows::new(4).texts([Some("ü"), None, Some(""), Some("ü")]).batch();
        let texts = batch.texts(0).unwrap();
        assert_eq!(texts.terms().collect::<Vec<_>>(), ["ü", ""]);
        assert_eq!(texts.each_term(str::len), [2, 0]);
        assert_eq!(texts.codes.values, [0, 0, 1, 0]);
    }

    #[test]
    fn views_beyond_the_pools_are_no_columns() {
        let whole = Pools {
            rows: 2,
            columns: vec![View { kind: kind::TEXT, start: 0, validity: 4, dictionary: 2, terms: 1 }],
            integers: Vec::new(),
            numbers: Vec::new(),
            codes: vec![0, 0, 0, 4],
            bytes: b"text\x01\x01".to_vec(),
        };
        let read = |change: fn(&mut Pools)| {
            let mut pools = whole.clone();
            change(&mut pools);
            let batch = Batch::new(pools);
            batch.texts(0).map(|texts| texts.terms().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(read(|_| ()).unwrap(), ["text"]);
        assert_eq!(read(|pools| pools.rows = 5), None);
        assert_eq!(read(|pools| pools.rows = u32::MAX), None);
        assert_eq!(read(|pools| pools.columns[0].start = u32::MAX), None);
        assert_eq!(read(|pools| pools.columns[0].validity = 5), None);
        assert_eq!(read(|pools| pools.columns[0].terms = u32::MAX), None);
        assert_eq!(read(|pools| pools.codes[3] = 99).unwrap(), [""]);
        assert_eq!(read(|pools| pools.codes[2] = 5).unwrap(), [""]);
        assert_eq!(read(|pools| pools.bytes[0] = 0xff).unwrap(), [""]);
    }

    #[test]
    fn the_last_range_that_holds_the_value_gives_the_mark() {
        let batch = Rows::new(4).integers([Some(1), Some(5), Some(9), None]).batch();
        let ranges = [(Range { first: 0, last: 5 }, GOOD), (Range { first: 5, last: 7 }, BAD)];
        let marks = batch.judge_ranges(batch.integers(0), UNKNOWN, 0, ranges.into_iter());
        assert_eq!(marks, [GOOD, BAD, 0, UNKNOWN]);
        assert_eq!(batch.judge_ranges(None, UNKNOWN, 0, ranges.into_iter()), [UNKNOWN; 4]);
    }
}
