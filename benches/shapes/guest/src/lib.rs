//! The guest of the benchmark: reads each shape as its bindings hand it over, and judges by the same loops.

#[path = "../../judge.rs"]
mod judge;

use std::str;

use exports::weir::shapes::shapes::{Batch, Column, Guest, Row, View};

wit_bindgen::generate!({ path: "../wit", world: "shapes-guest" });

struct Shapes;

export!(Shapes);

impl Guest for Shapes {
    fn classify_records(rows: Vec<Row>) -> Vec<u8> {
        rows.iter().map(|row| judge::mark(row.status, row.duration, row.path.as_deref())).collect()
    }

    fn classify_columns(columns: Vec<Column>) -> Vec<u8> {
        let [status, duration, path] = &columns[..] else { return Vec::new() };
        judge::marks(
            judge::Column { values: &status.integers, validity: &status.validity },
            judge::Column { values: &duration.numbers, validity: &duration.validity },
            judge::Column { values: &path.codes, validity: &path.validity },
            path.dictionary.iter().map(String::as_str),
        )
    }

    fn classify_pools(batch: Batch) -> Vec<u8> {
        marks(&batch).unwrap_or_default()
    }
}

/// The marks of a batch; None when a view leads out of its pool.
fn marks(batch: &Batch) -> Option<Vec<u8>> {
    let [status, duration, path] = &batch.columns[..] else { return None };
    Some(judge::marks(
        column(batch, status, &batch.integers)?,
        column(batch, duration, &batch.numbers)?,
        column(batch, path, &batch.codes)?,
        terms(batch, path)?,
    ))
}

fn column<'a, T>(batch: &'a Batch, view: &View, pool: &'a [T]) -> Option<judge::Column<'a, T>> {
    Some(judge::Column {
        values: part(pool, view.start, batch.rows)?,
        validity: part(&batch.bytes, view.validity, batch.rows)?,
    })
}

fn terms<'a>(batch: &'a Batch, view: &View) -> Option<impl Iterator<Item = &'a str>> {
    let offsets = part(&batch.codes, view.dictionary, view.terms.checked_add(1)?)?;
    Some(offsets.windows(2).map(|ends| {
        let text = batch.bytes.get(ends[0] as usize..ends[1] as usize);
        text.and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }))
}

fn part<T>(pool: &[T], start: u32, length: u32) -> Option<&[T]> {
    pool.get(start as usize..start.checked_add(length)? as usize)
}
