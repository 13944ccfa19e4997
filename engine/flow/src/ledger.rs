//! The tallies of one SLI of one service, by slice.

use std::collections::BTreeMap;

use weir_math::Tally;

/// A mark that a calculator gives a row. The codes are those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The row does not count.
    NotValid,
    /// The row counts and was good.
    Good,
    /// The row counts and was bad.
    Bad,
    /// The row counts, and nobody knows whether it was good.
    Unknown,
}

impl Mark {
    /// The mark of a code of the contract; codes above 3 count as unknown, which the sandbox has excluded already.
    pub fn from_code(code: u8) -> Mark {
        match code {
            0 => Mark::NotValid,
            1 => Mark::Good,
            2 => Mark::Bad,
            _ => Mark::Unknown,
        }
    }
}

/// What a slice holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The counts.
    pub tally: Tally,
    /// The greatest value of the calculator's `latest` among good rows, in milliseconds since 1970.
    pub latest: Option<i64>,
}

/// The tallies of one SLI of one service, by slice. Merging is associative and commutative, so neither the order of
/// events nor of threads changes a ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    slice_seconds: u32,
    /// The slices in the order of time, each with the instant at which it starts, in seconds since 1970. In leaves that are
    /// not empty and have at most [`LEAF`] slices: what comes in order is put at the end, and what comes late moves few.
    leaves: Vec<Vec<(i64, Slice)>>,
    /// The slice that was added to last. Events come roughly in order, so the next one mostly belongs there, too.
    recent: Recent,
    newest: Option<i64>,
}

/// The slices of a leaf at most.
const LEAF: usize = 64;

/// The leaf of a slice, and where it stands in it.
type Place = (usize, usize);

/// One slice of a ledger, found without looking it up. Empty for an empty ledger.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    /// The instants of the slice, in milliseconds since 1970.
    from: i64,
    until: i64,
    place: Place,
}

impl Ledger {
    /// An empty ledger with slices of so many seconds (at least one).
    pub fn new(slice_seconds: u32) -> Ledger {
        Ledger {
            slice_seconds: slice_seconds.max(1),
            leaves: Vec::new(),
            recent: Recent::default(),
            newest: None,
        }
    }

    /// A ledger of slices that are known already, each by the instant at which it starts.
    pub fn from_slices(slice_seconds: u32, slices: BTreeMap<i64, Slice>, newest: Option<i64>) -> Ledger {
        Ledger { leaves: leaves(slices), newest, ..Ledger::new(slice_seconds) }
    }

    /// The length of a slice in seconds.
    pub fn slice_seconds(&self) -> u32 {
        self.slice_seconds
    }

    /// When the newest event happened that counted, in milliseconds since 1970.
    pub fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// The slices that hold something, oldest first, each with the instant at which it starts (seconds since 1970).
    pub fn slices(&self) -> impl Iterator<Item = (i64, Slice)> + Clone + '_ {
        self.leaves.iter().flatten().copied()
    }

    /// Counts one event that happened at `time` (milliseconds since 1970).
    pub fn add(&mut self, time: i64, mark: Mark, latest: Option<i64>) {
        if mark == Mark::NotValid {
            return;
        }
        if !(self.recent.from..self.recent.until).contains(&time) {
            self.recent = self.find(time);
        }
        let (leaf, idx) = self.recent.place;
        let slice = self.leaves.get_mut(leaf).and_then(|leaf| leaf.get_mut(idx));
        if let Some((_, Slice { tally, latest: latest_good })) = slice {
            match mark {
                Mark::NotValid => {}
                Mark::Good => {
                    tally.good += 1;
                    *latest_good = latest.max(*latest_good);
                }
                Mark::Bad => tally.bad += 1,
                Mark::Unknown => tally.unknown += 1,
            }
        }
        self.newest = self.newest.max(Some(time));
    }

    /// Adds what another ledger of the same slices holds.
    pub fn merge(&mut self, other: &Ledger) {
        let mut slices: Vec<_> = self.slices().chain(other.slices()).collect();
        // Both are in order, which makes it short work.
        slices.sort_by_key(|(start, _)| *start);
        slices.dedup_by(|(start, slice), (start_before, slice_before)| {
            let same = start == start_before;
            if same {
                slice_before.add(*slice);
            }
            same
        });
        self.leaves = leaves(slices);
        self.recent = Recent::default();
        self.newest = self.newest.max(other.newest);
    }

    /// The slice that `time` (milliseconds since 1970) belongs to.
    fn find(&mut self, time: i64) -> Recent {
        let length = i64::from(self.slice_seconds);
        let start = time.div_euclid(1000).div_euclid(length) * length;
        let from = start.saturating_mul(1000);
        Recent { from, until: from.saturating_add(length * 1000), place: self.place(start) }
    }

    /// Where the slice that starts at `start` stands; it is added when it is new.
    fn place(&mut self, start: i64) -> Place {
        let new = (start, Slice { tally: Tally::default(), latest: None });
        // The newest first, without a look at the others, which are far from the processor.
        let newest = self.leaves.last().and_then(|leaf| leaf.last());
        if newest.is_none_or(|(newest, _)| *newest < start) {
            return self.append(new);
        }
        let begins_by = |leaf: &Vec<(i64, Slice)>| leaf.first().is_some_and(|(first, _)| *first <= start);
        let number = self.leaves.partition_point(begins_by).saturating_sub(1);
        let Some(leaf) = self.leaves.get_mut(number) else { return self.append(new) };
        match leaf.binary_search_by_key(&start, |(start, _)| *start) {
            Ok(idx) => (number, idx),
            Err(idx) if leaf.len() < LEAF => {
                leaf.insert(idx, new);
                (number, idx)
            }
            Err(_) => {
                let later = leaf.split_off(LEAF / 2);
                self.leaves.insert(number + 1, later);
                self.place(start)
            }
        }
    }

    /// Puts a slice behind all others.
    fn append(&mut self, new: (i64, Slice)) -> Place {
        match self.leaves.last_mut() {
            Some(leaf) if leaf.len() < LEAF => leaf.push(new),
            Some(_) | None => self.leaves.push(vec![new]),
        }
        (self.leaves.len() - 1, self.leaves.last().map_or(0, |leaf| leaf.len() - 1))
    }
}

/// Puts slices, which are in order, into leaves.
fn leaves(slices: impl IntoIterator<Item = (i64, Slice)>) -> Vec<Vec<(i64, Slice)>> {
    let mut slices = slices.into_iter();
    let leaves = std::iter::from_fn(|| Some(slices.by_ref().take(LEAF).collect()));
    leaves.take_while(|leaf: &Vec<_>| !leaf.is_empty()).collect()
}

impl Slice {
    fn add(&mut self, other: Slice) {
        self.tally += other.tally;
        self.latest = self.latest.max(other.latest);
    }
}

impl PartialEq for Ledger {
    fn eq(&self, other: &Ledger) -> bool {
        self.slice_seconds == other.slice_seconds
            && self.newest == other.newest
            && self.slices().eq(other.slices())
    }
}

impl Eq for Ledger {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks() -> impl Strategy<Value = Vec<(i64, u8, i64)>> {
        prop::collection::vec((-200_000_i64..200_000, 0_u8..4, any::<i64>()), 0..60)
    }

    fn ledger<'m>(marks: impl IntoIterator<Item = &'m (i64, u8, i64)>) -> Ledger {
        let mut ledger = Ledger::new(60);
        for (time, mark, latest) in marks {
            ledger.add(*time, Mark::from_code(*mark), Some(*latest));
        }
        ledger
    }

    proptest! {
        #[test]
        fn neither_order_nor_division_of_the_work_changes_a_ledger(marks in marks(), cut in 0_usize..60) {
            let (one, other) = marks.split_at(cut.min(marks.len()));
            let mut merged = ledger(other);
            merged.merge(&ledger(one));
            prop_assert_eq!(&merged, &ledger(&marks));
            prop_assert_eq!(merged, ledger(marks.iter().rev()));
        }

        #[test]
        fn every_mark_but_not_valid_is_counted_once_in_its_own_slice(marks in marks()) {
            let counted = marks.iter().filter(|(_, mark, _)| *mark != 0).count();
            let total: Tally = ledger(&marks).slices().map(|(_, slice)| slice.tally).sum();
            prop_assert_eq!(usize::try_from(total.events()).unwrap(), counted);
            for (start, slice) in ledger(&marks).slices() {
                let here = marks.iter().filter(|(time, mark, _)| *mark == 2 && time.div_euclid(60_000) * 60 == start);
                prop_assert_eq!(usize::try_from(slice.tally.bad).unwrap(), here.count());
            }
        }
    }

    #[test]
    fn slices_stand_in_order_in_whatever_order_they_come() {
        let rising: Vec<i64> = (0..1000).collect();
        let falling = rising.iter().rev().copied().collect();
        let scattered = rising.iter().map(|number| number * 619 % 1000).collect();
        let late = rising.iter().map(|number| number ^ 1).collect();
        for order in [rising, falling, scattered, late] {
            let mut ledger = Ledger::new(60);
            for number in order.iter().chain(&order) {
                ledger.add(number * 60_000, Mark::Good, None);
            }
            assert!(
                ledger
                    .slices()
                    .map(|(start, slice)| (start, slice.tally.good))
                    .eq((0..1000).map(|n| (n * 60, 2)))
            );
            assert!(ledger.leaves.iter().all(|leaf| (1..=LEAF).contains(&leaf.len())));
            assert!(ledger.leaves.len() < 1000 / 16, "{}", ledger.leaves.len());
        }
    }

    #[test]
    fn the_latest_is_that_of_good_rows() {
        let ledger = ledger(&[(0, 1, 5), (1, 1, 9), (2, 2, 50), (3, 3, 60)]);
        let slices: Vec<_> = ledger.slices().map(|(start, slice)| (start, slice.latest)).collect();
        assert_eq!(slices, [(0, Some(9))]);
        assert_eq!(ledger.newest(), Some(3));
    }
}
