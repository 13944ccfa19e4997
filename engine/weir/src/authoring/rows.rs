//! The events of a case as the columns that a calculator asks for, by the rules that streams of CloudEvents are read by.

use jiff::Timestamp;
use serde_json::{Map, Value};
use weir_host::contract::calculator::{Batch, Column, Field, Plan};

/// The validity of a value.
const MISSING: u8 = 0;
const PRESENT: u8 = 1;
const OF_ANOTHER_KIND: u8 = 2;

/// Up to here a float says which whole number it means.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Rows as pools of columns.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: u32,
    columns: Vec<Column>,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    bytes: Vec<u8>,
}

impl Rows {
    /// One row an event, one column a field.
    pub(super) fn new(plan: &Plan, events: &[Map<String, Value>]) -> Rows {
        let mut rows = Rows { rows: position(events), ..Rows::default() };
        for field in &plan.fields {
            rows.column(field, events);
        }
        rows
    }

    pub(super) fn batch(&self) -> Batch<'_> {
        let Rows { rows, columns, integers, numbers, codes, bytes } = self;
        Batch { rows: *rows, columns, integers, numbers, codes, bytes }
    }

    fn column(&mut self, field: &Field, events: &[Map<String, Value>]) {
        let values: Vec<Option<&Value>> = events.iter().map(|event| value(event, &field.name)).collect();
        let mut column = Column { kind: field.kind, start: 0, validity: 0, dictionary: 0, terms: 0 };
        let fits = match field.kind {
            1 => fill(&mut self.integers, &mut column, &values, integer),
            2 => fill(&mut self.numbers, &mut column, &values, number),
            3 => self.texts(&mut column, &values),
            4 => fill(&mut self.bytes, &mut column, &values, |value| value.as_bool().map(u8::from)),
            5 => fill(&mut self.integers, &mut column, &values, instant),
            // A kind that this version of the host does not know.
            _ => {
                column.kind = 0;
                vec![false; values.len()]
            }
        };
        column.validity = position(&self.bytes);
        self.bytes.extend(values.iter().zip(fits).map(|(value, fits)| match (value, fits) {
            (None, _) => MISSING,
            (Some(_), true) => PRESENT,
            (Some(_), false) => OF_ANOTHER_KIND,
        }));
        self.columns.push(column);
    }

    fn texts(&mut self, column: &mut Column, values: &[Option<&Value>]) -> Vec<bool> {
        let mut terms: Vec<&str> = Vec::new();
        column.start = position(&self.codes);
        let texts: Vec<Option<&str>> = values.iter().map(|value| value.and_then(Value::as_str)).collect();
        for text in &texts {
            let code = text.map(|text| {
                let known = terms.iter().position(|term| *term == text);
                known.unwrap_or_else(|| {
                    terms.push(text);
                    terms.len() - 1
                })
            });
            self.codes.push(u32::try_from(code.unwrap_or_default()).unwrap_or(u32::MAX));
        }
        column.dictionary = position(&self.codes);
        column.terms = position(&terms);
        self.codes.push(position(&self.bytes));
        for term in terms {
            self.bytes.extend(term.as_bytes());
            self.codes.push(position(&self.bytes));
        }
        texts.iter().map(Option::is_some).collect()
    }
}

/// Appends the values of a column to their pool, and says which of them the pool can hold.
fn fill<T: Default>(
    pool: &mut Vec<T>,
    column: &mut Column,
    values: &[Option<&Value>],
    read: impl Fn(&Value) -> Option<T>,
) -> Vec<bool> {
    column.start = position(pool);
    let mut fits = Vec::new();
    for value in values {
        let value = value.and_then(&read);
        fits.push(value.is_some());
        pool.push(value.unwrap_or_default());
    }
    fits
}

/// The value of a field: each dot is a step into an object.
fn value<'e>(event: &'e Map<String, Value>, name: &str) -> Option<&'e Value> {
    let mut steps = name.split('.');
    let first = event.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

fn integer(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, so the cast is exact")]
    let whole = |value: f64| (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64);
    value.as_i64().or_else(|| value.as_f64().filter(|_| value.is_f64()).and_then(whole))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|value| value.is_finite())
}

fn instant(value: &Value) -> Option<i64> {
    Some(value.as_str()?.parse::<Timestamp>().ok()?.as_millisecond())
}

/// Where the next value of a pool will stand.
fn position<T>(pool: &[T]) -> u32 {
    u32::try_from(pool.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The values and their validity, as one field of one kind sees them.
    fn column(kind: u32, values: &[Value]) -> Rows {
        let fields = vec![Field { name: "data.x".to_owned(), kind }];
        let plan = Plan { fields, settles: false, latest: None, facts: Vec::new() };
        let event = |value: &Value| match json!({ "data": { "x": value } }) {
            Value::Object(event) => event,
            other => panic!("{other}"),
        };
        let mut events: Vec<_> = values.iter().map(event).collect();
        events.push(Map::new());
        Rows::new(&plan, &events)
    }

    #[test]
    fn values_are_read_as_streams_read_them() {
        let validity = |rows: &Rows| rows.bytes[rows.columns[0].validity as usize..].to_vec();
        let rows = column(1, &[json!(200), json!(200.0), json!(0.5), json!("200")]);
        assert_eq!(
            (rows.integers.as_slice(), validity(&rows)),
            (&[200, 200, 0, 0, 0][..], vec![1, 1, 2, 2, 0])
        );
        let rows = column(2, &[json!(1), json!(0.5), json!(true)]);
        assert_eq!((rows.numbers.as_slice(), validity(&rows)), (&[1.0, 0.5, 0.0, 0.0][..], vec![1, 1, 2, 0]));
        let rows = column(3, &[json!("a"), json!("b"), json!("a"), json!(1)]);
        assert_eq!(
            (rows.codes.as_slice(), validity(&rows)),
            (&[0, 1, 0, 0, 0, 0, 1, 2][..], vec![1, 1, 1, 2, 0])
        );
        assert_eq!((rows.columns[0].terms, &rows.bytes[..2]), (2, &b"ab"[..]));
        let rows = column(5, &[json!("1970-01-01T00:00:01Z"), json!("today")]);
        assert_eq!((rows.integers.as_slice(), validity(&rows)), (&[1000, 0, 0][..], vec![1, 2, 0]));
        let rows = column(4, &[json!(true), json!(1)]);
        assert_eq!(rows.bytes, [1, 0, 0, 1, 2, 0]);
        assert_eq!(column(9, &[json!(1)]).columns[0].kind, 0);
    }
}
