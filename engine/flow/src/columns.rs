//! Rows of events as columns that hold only the fields that the SLIs in use read.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use weir_host::contract::calculator;

use crate::number;
use crate::time::Clock;

/// How the values of a field are wanted. The codes are those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FieldKind {
    /// Whole numbers.
    Integer,
    /// Finite numbers.
    Number,
    /// Text, coded by a dictionary.
    Text,
    /// True or false.
    Flag,
    /// Instants, in milliseconds since 1970.
    Instant,
}

impl FieldKind {
    /// The kind of a code of the contract; none for a code that this version does not know.
    pub(crate) fn from_code(code: u32) -> Option<FieldKind> {
        Some(match code {
            1 => FieldKind::Integer,
            2 => FieldKind::Number,
            3 => FieldKind::Text,
            4 => FieldKind::Flag,
            5 => FieldKind::Instant,
            _ => return None,
        })
    }

    fn code(self) -> u32 {
        match self {
            FieldKind::Integer => 1,
            FieldKind::Number => 2,
            FieldKind::Text => 3,
            FieldKind::Flag => 4,
            FieldKind::Instant => 5,
        }
    }
}

/// The values of one event, one slot a field of the projection.
pub(crate) type Slots<'e> = Vec<Option<Scalar<&'e str>>>;

/// A value as it stands in an event. `T` is its text: a piece of the line, or something that may own what the line does not
/// hold literally.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<T> {
    Integer(i64),
    Number(f64),
    Text(T),
    Flag(bool),
    /// What formats without kinds hold: it is what it is wanted as.
    Untyped(T),
    /// Milliseconds since 1970, for a time that the format does not write as events do.
    Instant(i64),
    /// A list, an object, or a whole number beyond 64 bits: there is something, and no column can hold it.
    Other,
}

impl Scalar<Cow<'_, str>> {
    /// The same value with a borrowed text.
    pub(crate) fn borrowed(&self) -> Scalar<&str> {
        match self {
            Scalar::Integer(value) => Scalar::Integer(*value),
            Scalar::Number(value) => Scalar::Number(*value),
            Scalar::Text(text) => Scalar::Text(text),
            Scalar::Flag(value) => Scalar::Flag(*value),
            Scalar::Untyped(text) => Scalar::Untyped(text),
            Scalar::Instant(value) => Scalar::Instant(*value),
            Scalar::Other => Scalar::Other,
        }
    }
}

const MISSING: u8 = 0;
const PRESENT: u8 = 1;
const OF_ANOTHER_KIND: u8 = 2;

/// The validity of a column whose every row's value is there.
const ALL_PRESENT: u32 = u32::MAX;

/// One field of all rows of a batch.
#[derive(Debug)]
pub(crate) struct Column {
    kind: FieldKind,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    flags: Vec<u8>,
    rows: usize,
    /// Whether every row's value is there. Until one is not, nothing is noted of each.
    all_present: bool,
    validity: Vec<u8>,
    dictionary: Dictionary,
    clock: Clock,
}

/// Texts, each once, coded in the order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    /// The codes, found by the hash of their text.
    codes: HashTable<u32>,
    text: Vec<u8>,
    ends: Vec<u32>,
    /// The code that was given last, and where its text stands: texts repeat.
    last: u32,
    last_text: Range<usize>,
}

impl Dictionary {
    /// The code of a text, which is added when it is new.
    pub(crate) fn code(&mut self, term: &str) -> u32 {
        let Dictionary { codes, text, ends, last, last_text } = self;
        if text.get(last_text.clone()) == Some(term.as_bytes()) && !ends.is_empty() {
            return *last;
        }
        let hash = |term: &[u8]| FixedState::default().hash_one(term);
        let known =
            codes.find(hash(term.as_bytes()), |code| term_of(text, ends, *code) == Some(term.as_bytes()));
        *last = known.copied().unwrap_or_else(|| {
            let code = length(ends.len());
            text.extend_from_slice(term.as_bytes());
            ends.push(length(text.len()));
            codes.insert_unique(hash(term.as_bytes()), code, |code| {
                hash(term_of(text, ends, *code).unwrap_or_default())
            });
            code
        });
        *last_text = range_of(ends, *last).unwrap_or_default();
        *last
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn clear(&mut self) {
        self.codes.clear();
        self.text.clear();
        self.ends.clear();
        self.last = 0;
        self.last_text = 0..0;
    }
}

/// The text with this code.
fn term_of<'t>(text: &'t [u8], ends: &[u32], code: u32) -> Option<&'t [u8]> {
    text.get(range_of(ends, code)?)
}

/// Where the text with this code stands.
fn range_of(ends: &[u32], code: u32) -> Option<Range<usize>> {
    let code = usize::try_from(code).ok()?;
    let start = match code.checked_sub(1) {
        Some(before) => usize::try_from(*ends.get(before)?).ok()?,
        None => 0,
    };
    Some(start..usize::try_from(*ends.get(code)?).ok()?)
}

/// A length or position inside a batch. Batches are far smaller than 4 GiB: the flow bounds their rows and lines.
fn length(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Column {
    pub(crate) fn new(kind: FieldKind) -> Column {
        Column {
            kind,
            integers: Vec::new(),
            numbers: Vec::new(),
            codes: Vec::new(),
            flags: Vec::new(),
            rows: 0,
            all_present: true,
            validity: Vec::new(),
            dictionary: Dictionary::default(),
            clock: Clock::default(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.integers.clear();
        self.numbers.clear();
        self.codes.clear();
        self.flags.clear();
        self.rows = 0;
        self.all_present = true;
        self.validity.clear();
        self.dictionary.clear();
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, value: Option<Scalar<&str>>) {
        let fits = match self.kind {
            FieldKind::Integer => push_or_zero(&mut self.integers, value.and_then(to_integer)),
            FieldKind::Number => push_or_zero(&mut self.numbers, value.and_then(to_number)),
            FieldKind::Flag => push_or_zero(&mut self.flags, value.and_then(to_flag)),
            FieldKind::Instant => {
                let instant = value.and_then(|value| to_instant(value, &mut self.clock));
                push_or_zero(&mut self.integers, instant)
            }
            FieldKind::Text => {
                let code = match value {
                    Some(Scalar::Text(text) | Scalar::Untyped(text)) => Some(self.dictionary.code(text)),
                    Some(Scalar::Instant(instant)) => jiff::Timestamp::from_millisecond(instant)
                        .ok()
                        .map(|instant| self.dictionary.code(&instant.to_string())),
                    Some(Scalar::Integer(_) | Scalar::Number(_) | Scalar::Flag(_) | Scalar::Other) | None => {
                        None
                    }
                };
                push_or_zero(&mut self.codes, code)
            }
        };
        let validity = match (value, fits) {
            (None, _) => MISSING,
            (Some(_), true) => PRESENT,
            (Some(_), false) => OF_ANOTHER_KIND,
        };
        if self.all_present && validity != PRESENT {
            self.all_present = false;
            self.validity.resize(self.rows, PRESENT);
        }
        if !self.all_present {
            self.validity.push(validity);
        }
        self.rows += 1;
    }

    /// The value of an instant column, where the row has one.
    pub(crate) fn instant(&self, row: usize) -> Option<i64> {
        let present = self.all_present || self.validity.get(row) == Some(&PRESENT);
        let present = present && self.kind == FieldKind::Instant;
        if present { self.integers.get(row).copied() } else { None }
    }
}

fn push_or_zero<T: Default>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    values.push(value.unwrap_or_default());
    fits
}

fn to_integer(value: Scalar<&str>) -> Option<i64> {
    match value {
        Scalar::Integer(value) => Some(value),
        // `200.0` is how some encoders write a whole number; beyond 2⁵³ a float does not say which one it means.
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, so the cast is exact")]
        Scalar::Number(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
            Some(value as i64)
        }
        Scalar::Untyped(text) => match number::usual_text(text) {
            Some(number) => to_integer(number),
            None => text.parse().ok().or_else(|| to_integer(Scalar::Number(text.parse().ok()?))),
        },
        Scalar::Number(_) | Scalar::Text(_) | Scalar::Flag(_) | Scalar::Instant(_) | Scalar::Other => None,
    }
}

fn to_number(value: Scalar<&str>) -> Option<f64> {
    match value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "number columns hold measured values, which are floats anyway"
        )]
        Scalar::Integer(value) => Some(value as f64),
        Scalar::Number(value) if value.is_finite() => Some(value),
        Scalar::Untyped(text) => match number::usual_text(text) {
            Some(number) => to_number(number),
            None => text.parse().ok().filter(|value: &f64| value.is_finite()),
        },
        Scalar::Number(_) | Scalar::Text(_) | Scalar::Flag(_) | Scalar::Instant(_) | Scalar::Other => None,
    }
}

fn to_flag(value: Scalar<&str>) -> Option<u8> {
    match value {
        Scalar::Flag(value) => Some(u8::from(value)),
        Scalar::Untyped(text) => text.parse().ok().map(|value: bool| u8::from(value)),
        Scalar::Integer(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Instant(_) | Scalar::Other => None,
    }
}

fn to_instant(value: Scalar<&str>, clock: &mut Clock) -> Option<i64> {
    match value {
        Scalar::Text(text) | Scalar::Untyped(text) => clock.instant(text),
        Scalar::Instant(value) => Some(value),
        Scalar::Integer(_) | Scalar::Number(_) | Scalar::Flag(_) | Scalar::Other => None,
    }
}

/// The pools of one batch as one calculator gets them. Kept from batch to batch, so that a batch allocates nothing once
/// the pools have grown.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    columns: Vec<calculator::Column>,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    bytes: Vec<u8>,
}

impl Pools {
    /// Lays the columns out for one calculator; none stands for a field that can't be supplied.
    pub(crate) fn lay_out<'c>(&mut self, columns: impl Iterator<Item = Option<&'c Column>>) {
        self.columns.clear();
        self.integers.clear();
        self.numbers.clear();
        self.codes.clear();
        self.bytes.clear();
        for column in columns {
            let view = match column {
                Some(column) => self.view(column),
                None => {
                    calculator::Column { kind: 0, start: 0, validity: ALL_PRESENT, dictionary: 0, terms: 0 }
                }
            };
            self.columns.push(view);
        }
    }

    fn view(&mut self, column: &Column) -> calculator::Column {
        let start = match column.kind {
            FieldKind::Integer | FieldKind::Instant => append(&mut self.integers, &column.integers),
            FieldKind::Number => append(&mut self.numbers, &column.numbers),
            FieldKind::Text => append(&mut self.codes, &column.codes),
            FieldKind::Flag => append(&mut self.bytes, &column.flags),
        };
        let validity =
            if column.all_present { ALL_PRESENT } else { append(&mut self.bytes, &column.validity) };
        let (dictionary, terms) = match column.kind {
            FieldKind::Text => self.dictionary(&column.dictionary),
            FieldKind::Integer | FieldKind::Number | FieldKind::Flag | FieldKind::Instant => (0, 0),
        };
        calculator::Column { kind: column.kind.code(), start, validity, dictionary, terms }
    }

    fn dictionary(&mut self, dictionary: &Dictionary) -> (u32, u32) {
        let text = append(&mut self.bytes, &dictionary.text);
        let start = length(self.codes.len());
        self.codes.push(text);
        self.codes.extend(dictionary.ends.iter().map(|end| text.saturating_add(*end)));
        (start, length(dictionary.ends.len()))
    }

    /// The batch that crosses into the sandbox; it borrows the pools.
    pub(crate) fn batch(&self, rows: usize) -> calculator::Batch<'_> {
        calculator::Batch {
            rows: length(rows),
            columns: &self.columns,
            integers: &self.integers,
            numbers: &self.numbers,
            codes: &self.codes,
            bytes: &self.bytes,
        }
    }
}

fn append<T: Copy>(pool: &mut Vec<T>, values: &[T]) -> u32 {
    let start = length(pool.len());
    pool.extend_from_slice(values);
    start
}
