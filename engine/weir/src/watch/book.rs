//! The slices of one SLI while they are looked at one by one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_flow::{Ledger, Slice};
use weir_math::{Span, Tally};

/// The slices of one SLI, in stretches of which old ones are given up as a whole.
///
/// Thousands of SLIs have thousands of slices each, so they are kept in as few bytes as will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    /// The length of a slice in seconds.
    grain: u32,
    /// The length of a stretch in seconds: a multiple of the grain.
    stretch: u32,
    /// The stretches that hold something, by the instant at which they start, in seconds since 1970.
    stretches: BTreeMap<i64, Cells>,
    /// The greatest `latest` of the slices that were given up.
    latest: Option<i64>,
    /// The start of the newest slice that was given up.
    newest: Option<i64>,
}

/// The slices of a stretch, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Cells {
    /// Good, bad and unknown of each: counts that fit 16 bits, and no `latest`.
    Tiny(Vec<[u16; 3]>),
    /// The same with counts that fit 32 bits.
    Small(Vec<[u32; 3]>),
    /// The same and the `latest` of each.
    Large(Vec<([u64; 3], Option<i64>)>),
}

impl Book {
    /// An empty book of slices of `grain` seconds in stretches of `stretch` seconds, which is a multiple of it.
    pub(super) fn new(grain: u32, stretch: u32) -> Book {
        Book { grain: grain.max(1), stretch, stretches: BTreeMap::new(), latest: None, newest: None }
    }

    /// Adds what has been counted since. `with_latest` says whether anyone will ask for the `latest` of slices.
    pub(super) fn add(&mut self, ledger: &Ledger, with_latest: bool) {
        for (start, mut slice) in ledger.slices() {
            if !with_latest {
                slice.latest = None;
            }
            let stretch = start.div_euclid(i64::from(self.stretch)) * i64::from(self.stretch);
            let cell = (start - stretch).div_euclid(i64::from(self.grain));
            let cells = usize::try_from(self.stretch / self.grain).unwrap_or_default();
            let stretch = self.stretches.entry(stretch).or_insert_with(|| Cells::Tiny(vec![[0; 3]; cells]));
            if let Ok(cell) = usize::try_from(cell) {
                stretch.add(cell, slice);
            }
        }
    }

    /// The slices that hold something, oldest first, each with the instant at which it starts (seconds since 1970).
    pub(super) fn slices(&self) -> impl Iterator<Item = (i64, Slice)> + Clone + '_ {
        self.slices_in(Span { start: i64::MIN, end: i64::MAX })
    }

    /// Those of them that start within a span.
    pub(super) fn slices_in(&self, span: Span) -> impl Iterator<Item = (i64, Slice)> + Clone + '_ {
        let (grain, stretch) = (i64::from(self.grain), i64::from(self.stretch));
        let first = span.start.saturating_sub(span.start.rem_euclid(stretch));
        self.stretches.range(first..span.end.max(first)).flat_map(move |(start, cells)| {
            (0..cells.len()).filter_map(move |cell| {
                let start = start.checked_add(i64::try_from(cell).ok()?.checked_mul(grain)?)?;
                Some((start, cells.slice(cell).filter(|_| span.contains(start))?))
            })
        })
    }

    /// What the slices hold together that start within a span.
    pub(super) fn sum(&self, span: Span) -> Tally {
        self.slices_in(span).map(|(_, slice)| slice.tally).sum()
    }

    /// The slices as a ledger for a calculator that judges slices. It begins with an empty one that only tells how new the
    /// newest data before it was.
    pub(super) fn ledger(&self) -> Ledger {
        let mut slices: BTreeMap<i64, Slice> = self.slices().collect();
        if let (Some(latest), Some(start)) = (self.latest, self.newest) {
            slices.insert(start, Slice { tally: Tally::default(), latest: Some(latest) });
        }
        Ledger::from_slices(self.grain, slices, None)
    }

    /// The start of the newest slice that was given up, in seconds since 1970.
    pub(super) fn newest_given_up(&self) -> Option<i64> {
        self.newest
    }

    /// The start of the oldest stretch that holds something.
    pub(super) fn first_stretch(&self) -> Option<i64> {
        self.stretches.keys().next().copied()
    }

    /// Gives up all stretches that start before an instant (seconds since 1970).
    pub(super) fn give_up(&mut self, before: i64) {
        let kept = self.stretches.split_off(&before);
        let gone = Book { stretches: std::mem::replace(&mut self.stretches, kept), ..self.clone_empty() };
        if let Some((start, _)) = gone.slices().last() {
            self.newest = self.newest.max(Some(start));
        }
        self.latest = gone.slices().map(|(_, slice)| slice.latest).max().flatten().max(self.latest);
    }

    fn clone_empty(&self) -> Book {
        Book::new(self.grain, self.stretch)
    }
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Tiny(cells) => cells.len(),
            Cells::Small(cells) => cells.len(),
            Cells::Large(cells) => cells.len(),
        }
    }

    /// None when it holds nothing.
    fn slice(&self, cell: usize) -> Option<Slice> {
        self.content(cell).filter(|slice| !slice.tally.is_empty())
    }

    /// What is in a cell, which may be a `latest` without a tally. None when there is no such cell.
    fn content(&self, cell: usize) -> Option<Slice> {
        let ([good, bad, unknown], latest) = match self {
            Cells::Tiny(cells) => (cells.get(cell)?.map(u64::from), None),
            Cells::Small(cells) => (cells.get(cell)?.map(u64::from), None),
            Cells::Large(cells) => *cells.get(cell)?,
        };
        Some(Slice { tally: Tally { good, bad, unknown }, latest })
    }

    fn add(&mut self, cell: usize, slice: Slice) {
        let Some(before) = self.content(cell) else { return };
        let sum = Slice { tally: before.tally + slice.tally, latest: before.latest.max(slice.latest) };
        while !self.put(cell, sum) && self.widen() {}
    }

    /// Puts a slice into its cell. Whether it fits.
    fn put(&mut self, cell: usize, slice: Slice) -> bool {
        let Slice { tally: Tally { good, bad, unknown }, latest } = slice;
        match self {
            Cells::Tiny(cells) => narrow(slice).is_some_and(|narrow| replace(cells, cell, narrow)),
            Cells::Small(cells) => narrow(slice).is_some_and(|narrow| replace(cells, cell, narrow)),
            Cells::Large(cells) => replace(cells, cell, ([good, bad, unknown], latest)),
        }
    }

    /// Makes room for more in each cell. Whether there was any to make.
    fn widen(&mut self) -> bool {
        *self = match self {
            Cells::Tiny(cells) => Cells::Small(cells.iter().map(|counts| counts.map(u32::from)).collect()),
            Cells::Small(cells) => {
                Cells::Large(cells.iter().map(|counts| (counts.map(u64::from), None)).collect())
            }
            Cells::Large(_) => return false,
        };
        true
    }
}

/// The counts of a slice in so many bits, where they fit and there is no `latest`.
fn narrow<N: TryFrom<u64>>(slice: Slice) -> Option<[N; 3]> {
    let Slice { tally: Tally { good, bad, unknown }, latest: None } = slice else { return None };
    Some([good.try_into().ok()?, bad.try_into().ok()?, unknown.try_into().ok()?])
}

/// Whether there is such a cell.
fn replace<T>(cells: &mut [T], cell: usize, value: T) -> bool {
    match cells.get_mut(cell) {
        Some(place) => {
            *place = value;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_flow::Mark;

    use super::*;

    fn ledgers() -> impl Strategy<Value = Vec<Ledger>> {
        let slice = (
            0..3_u64,
            prop_oneof![0..9_u64, Just(u64::from(u16::MAX)), Just(u64::from(u32::MAX))],
            0..2_u64,
            any::<Option<i64>>(),
        );
        // Only good rows have a `latest`.
        let slice = slice.prop_map(|(good, bad, unknown, latest)| Slice {
            tally: Tally { good, bad, unknown },
            latest: latest.filter(|_| good > 0),
        });
        let ledger = prop::collection::btree_map((-9..40_i64).prop_map(|slice| slice * 60), slice, 0..9);
        prop::collection::vec(ledger.prop_map(|slices| Ledger::from_slices(60, slices, None)), 0..6)
    }

    proptest! {
        #[test]
        fn a_book_holds_what_the_ledgers_hold_together(ledgers in ledgers(), with_latest in any::<bool>()) {
            let (mut book, mut whole) = (Book::new(60, 600), Ledger::new(60));
            for ledger in &ledgers {
                book.add(ledger, with_latest);
                whole.merge(ledger);
            }
            let expected = whole
                .slices()
                .filter(|(_, slice)| !slice.tally.is_empty())
                .map(|(start, slice)| (start, Slice { latest: slice.latest.filter(|_| with_latest), ..slice }));
            prop_assert_eq!(book.slices().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            let span = Span { start: 180, end: 1500 };
            let within = whole.slices().filter(|(start, _)| span.contains(*start));
            prop_assert_eq!(book.sum(span), within.map(|(_, slice)| slice.tally).sum());
        }

        #[test]
        fn what_is_given_up_is_told_by_its_newest(ledgers in ledgers(), before in 0..4_i64) {
            let mut book = Book::new(60, 600);
            ledgers.iter().for_each(|ledger| book.add(ledger, true));
            let (gone, kept): (Vec<_>, Vec<_>) = book.slices().partition(|(start, _)| *start < before * 600);
            book.give_up(before * 600);
            prop_assert_eq!(book.slices().collect::<Vec<_>>(), kept);
            prop_assert_eq!(book.newest_given_up(), gone.last().map(|(start, _)| *start));
            prop_assert_eq!(book.latest, gone.iter().filter_map(|(_, slice)| slice.latest).max());
        }
    }

    #[test]
    fn few_bytes_hold_a_slice() {
        let mut book = Book::new(60, 3600);
        let mut ledger = Ledger::new(60);
        (0..60).for_each(|minute| ledger.add(minute * 60_000, Mark::Good, Some(5)));
        book.add(&ledger, false);
        assert!(matches!(book.stretches.get(&0), Some(Cells::Tiny(cells)) if cells.len() == 60));
    }
}
