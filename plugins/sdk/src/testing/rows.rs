//! Batches written by hand.

use crate::Batch;
use crate::contract::sli_calculator::exports::weir::policy::calculator::{Batch as Pools, Column};
use crate::kind;

/// Builds a batch column by column, in the order of the plan's fields. None is a missing value.
#[derive(Clone, Debug)]
pub struct Rows {
    pools: Pools,
}

impl Rows {
    /// A batch of this many rows, without columns yet.
    pub fn new(rows: usize) -> Self {
        let pools = Pools {
            rows: position(rows),
            columns: Vec::new(),
            integers: Vec::new(),
            numbers: Vec::new(),
            codes: Vec::new(),
            bytes: Vec::new(),
        };
        Self { pools }
    }

    /// Adds a column of integers.
    pub fn integers(self, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.whole(kind::INTEGER, values)
    }

    /// Adds a column of instants.
    pub fn instants(self, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.whole(kind::INSTANT, values)
    }

    /// Adds a column of numbers.
    pub fn numbers(mut self, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        let start = position(self.pools.numbers.len());
        self.pools.numbers.extend(values.iter().map(|value| value.unwrap_or_default()));
        self.column(kind::NUMBER, start, &values)
    }

    /// Adds a column of flags.
    pub fn flags(mut self, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        let start = position(self.pools.bytes.len());
        self.pools.bytes.extend(values.iter().map(|value| u8::from(value.unwrap_or_default())));
        self.column(kind::FLAG, start, &values)
    }

    /// Adds a column of texts.
    pub fn texts<'t>(mut self, values: impl IntoIterator<Item = Option<&'t str>>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        let mut terms: Vec<&str> = Vec::new();
        let start = position(self.pools.codes.len());
        for value in &values {
            let code = value.map_or(0, |text| {
                terms.iter().position(|term| *term == text).unwrap_or_else(|| {
                    terms.push(text);
                    terms.len() - 1
                })
            });
            self.pools.codes.push(position(code));
        }
        let dictionary = position(self.pools.codes.len());
        self.pools.codes.push(position(self.pools.bytes.len()));
        for term in &terms {
            self.pools.bytes.extend_from_slice(term.as_bytes());
            self.pools.codes.push(position(self.pools.bytes.len()));
        }
        let mut rows = self.column(kind::TEXT, start, &values);
        if let Some(column) = rows.pools.columns.last_mut() {
            column.dictionary = dictionary;
            column.terms = position(terms.len());
        }
        rows
    }

    /// Adds a column that the host can't supply.
    pub fn absent(mut self) -> Self {
        self.pools.columns.push(Column { kind: 0, start: 0, validity: u32::MAX, dictionary: 0, terms: 0 });
        self
    }

    /// The batch.
    pub fn batch(self) -> Batch {
        Batch::new(self.pools)
    }

    fn whole(mut self, kind: u32, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        let start = position(self.pools.integers.len());
        self.pools.integers.extend(values.iter().map(|value| value.unwrap_or_default()));
        self.column(kind, start, &values)
    }

    fn column<T>(mut self, kind: u32, start: u32, values: &[Option<T>]) -> Self {
        assert_eq!(values.len(), self.pools.rows as usize, "a column has one value a row");
        let validity = if values.iter().all(Option::is_some) {
            u32::MAX
        } else {
            let validity = position(self.pools.bytes.len());
            self.pools.bytes.extend(values.iter().map(|value| u8::from(value.is_some())));
            validity
        };
        self.pools.columns.push(Column { kind, start, validity, dictionary: 0, terms: 0 });
        self
    }
}

/// A test has no batch of four thousand million rows.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
