//! Made-up requests, the same ones in every run, in every shape.

use crate::judge;
use crate::sandbox::shapes::{Batch, Column, Row, View};

/// The paths of the requests, in the order of their codes.
const PATHS: [&str; 16] = [
    "/",
    "/cart",
    "/cart/items",
    "/checkout",
    "/checkout/payment",
    judge::PROBE,
    "/login",
    "/logout",
    "/orders",
    "/orders/recent",
    "/products",
    "/products/featured",
    "/products/reviews",
    "/profile",
    "/profile/addresses",
    "/search",
];

/// One request in so many lacks a field.
const LACKING: u64 = 64;

/// Kinds of columns, as the contract numbers them.
const INTEGER: u32 = 1;
const NUMBER: u32 = 2;
const TEXT: u32 = 3;

/// Requests as columns, and as the contract's pools.
pub(crate) struct Traffic {
    rows: u32,
    status: Field<i64>,
    duration: Field<f64>,
    path: Field<u32>,
    views: [View; 3],
    /// The codes of the paths, then the offsets of the dictionary.
    codes: Vec<u32>,
    /// The validity of all fields, then the text of the dictionary.
    bytes: Vec<u8>,
}

struct Field<T> {
    values: Vec<T>,
    validity: Vec<u8>,
}

impl Traffic {
    pub(crate) fn new(rows: u32) -> Self {
        let mut draws = Draws(0);
        let status = Field::new(rows, &mut draws, |draw| match draw % 100 {
            0..3 => 503,
            3..8 => 404,
            _ => 200,
        });
        // Three in four are quick enough, in no order: the worst case for a branch.
        let duration = Field::new(rows, &mut draws, |draw| (draw % 400_000) as f64 / 1e6);
        let path = Field::new(rows, &mut draws, |draw| (draw % PATHS.len() as u64) as u32);

        let mut codes = path.values.clone();
        let mut bytes = [&status.validity[..], &duration.validity, &path.validity].concat();
        codes.push(bytes.len() as u32);
        for term in PATHS {
            bytes.extend_from_slice(term.as_bytes());
            codes.push(bytes.len() as u32);
        }
        let view = View { kind: INTEGER, start: 0, validity: 0, dictionary: 0, terms: 0 };
        let views = [
            view,
            View { kind: NUMBER, validity: rows, ..view },
            View { kind: TEXT, validity: 2 * rows, dictionary: rows, terms: PATHS.len() as u32, ..view },
        ];
        Self { rows, status, duration, path, views, codes, bytes }
    }

    /// The marks of all rows by the loops that the guest has, compiled for this machine.
    pub(crate) fn marks(&self) -> Vec<u8> {
        judge::marks(self.status.column(), self.duration.column(), self.path.column(), PATHS.iter().copied())
    }

    /// The requests one after the other.
    pub(crate) fn records(&self) -> Vec<Row<'static>> {
        let paths = self.path.iter().map(|code| PATHS.get(code? as usize).copied());
        let rows = self.status.iter().zip(self.duration.iter()).zip(paths);
        rows.map(|((status, duration), path)| Row { status, duration, path }).collect()
    }

    /// The requests as columns with lists of their own.
    pub(crate) fn columns(&self) -> [Column<'_>; 3] {
        let empty =
            Column { integers: &[], numbers: &[], codes: &[], flagged: &[], validity: &[], dictionary: &[] };
        [
            Column { integers: &self.status.values, validity: &self.status.validity, ..empty },
            Column { numbers: &self.duration.values, validity: &self.duration.validity, ..empty },
            Column { codes: &self.path.values, validity: &self.path.validity, dictionary: &PATHS, ..empty },
        ]
    }

    /// The requests as the contract's batch.
    pub(crate) fn pools(&self) -> Batch<'_> {
        Batch {
            rows: self.rows,
            columns: &self.views,
            integers: &self.status.values,
            numbers: &self.duration.values,
            codes: &self.codes,
            bytes: &self.bytes,
        }
    }
}

impl<T: Copy + Default> Field<T> {
    fn new(rows: u32, draws: &mut Draws, value: impl Fn(u64) -> T) -> Self {
        let validity: Vec<u8> = (0..rows).map(|_| u8::from(!draws.draw().is_multiple_of(LACKING))).collect();
        let values = validity
            .iter()
            .map(|valid| {
                let value = value(draws.draw());
                if *valid == 1 { value } else { T::default() }
            })
            .collect();
        Self { values, validity }
    }

    fn column(&self) -> judge::Column<'_, T> {
        judge::Column { values: &self.values, validity: &self.validity }
    }

    fn iter(&self) -> impl Iterator<Item = Option<T>> {
        self.values.iter().zip(&self.validity).map(|(value, valid)| (*valid == 1).then_some(*value))
    }
}

/// The generator SplitMix64, by Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct Draws(u64);

impl Draws {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
