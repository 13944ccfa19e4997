//! The same `source` and `id` count once, within a horizon that bounds the memory.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

/// Events of one generation. What was seen in the present generation or in the one before is remembered, so a repeat
/// within this many events is always recognised, and one more than twice as many events later never.
pub(crate) const GENERATION: usize = 1 << 20;

/// Places of a generation's table: twice as many as fingerprints, so that most are found at the first look.
const PLACES: usize = GENERATION * 2;

/// Fingerprints from which on a generation takes a table: a small input should not have to wait for 16 MiB of zeros.
const MANY: usize = 1 << 14;

/// How many places are looked at before a fingerprint goes into the overflow. Ids that were made to collide must not turn
/// every look-up into a search of the whole table.
const LONGEST_SEARCH: usize = 64;

/// `source` and `id` of an event, as 128 bits of which the table compares 85: 64 of them are stored and 21 say where. A
/// look-up meets a handful of stored fingerprints, so among a billion different events the chance that one is taken for
/// the repeat of another is below 10⁻⁹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    place: u64,
    stored: u64,
}

impl Fingerprint {
    /// The fingerprint of an event. It is the same on every machine and in every run of one build.
    pub(crate) fn new(source: &[u8], id: &[u8]) -> Fingerprint {
        // With the length between them, so that no two pairs run together to the same bytes.
        let half = |seed: u64| {
            let mut hasher = FixedState::with_seed(seed).build_hasher();
            hasher.write(source);
            hasher.write_usize(source.len());
            hasher.write(id);
            hasher.finish()
        };
        // Zero marks an empty place.
        Fingerprint { place: half(0), stored: half(1).max(1) }
    }
}

/// The events seen lately: those of the present generation and those of the one before it. What is remembered depends on
/// an event's position among all that were looked up, and on nothing else.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    present: Generation,
    before: Generation,
    /// Events looked up in the present generation.
    events: usize,
}

impl Seen {
    /// Looks at where these events will be looked up, so that the processor has it at hand then: fetching many places at
    /// once takes little longer than fetching one.
    pub(crate) fn fetch(&self, events: impl Iterator<Item = Fingerprint>) {
        let fetched = events.fold(0, |fetched, event| {
            fetched ^ self.present.first_choice(event) ^ self.before.first_choice(event)
        });
        std::hint::black_box(fetched);
    }

    /// Whether this event is new. Remembers it.
    pub(crate) fn is_new(&mut self, event: Fingerprint) -> bool {
        if self.events == GENERATION {
            std::mem::swap(&mut self.present, &mut self.before);
            self.present.clear();
            self.events = 0;
        }
        self.events += 1;
        let known_before = self.before.holds(event);
        // Remembered anew even when it is a repeat, so that the horizon is measured from the last time it was seen.
        self.present.insert(event) && !known_before
    }
}

/// What has been seen lately, to go on from: the same events are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedSeen {
    /// The fingerprint of a known event: another build may make others.
    known: Fingerprint,
    present: SavedGeneration,
    before: SavedGeneration,
    events: u64,
}

/// The fingerprints of one generation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SavedGeneration {
    /// What stands in the table: how many places after the one before, and what. Empty as long as there are few.
    places: Vec<(u32, u64)>,
    /// What stands nowhere in the table, in a fixed order.
    others: Vec<Fingerprint>,
}

impl Seen {
    pub(crate) fn saved(&self) -> SavedSeen {
        SavedSeen {
            known: Fingerprint::new(b"weir", b"known"),
            present: self.present.saved(),
            before: self.before.saved(),
            events: self.events as u64,
        }
    }

    /// None when it can't be what [`saved`](Seen::saved) gave.
    pub(crate) fn restored(saved: SavedSeen) -> Option<Seen> {
        if saved.known != Seen::default().saved().known {
            return None;
        }
        Some(Seen {
            present: Generation::restored(saved.present)?,
            before: Generation::restored(saved.before)?,
            events: usize::try_from(saved.events).ok().filter(|events| *events <= GENERATION)?,
        })
    }
}

/// A set of fingerprints: a table with linear search, from which nothing is ever taken out but all.
#[derive(Debug, Default)]
struct Generation {
    /// Empty as long as there are few.
    places: Vec<u64>,
    few: HashSet<Fingerprint, FixedState>,
    /// What found no place near its own.
    overflow: BTreeSet<Fingerprint>,
}

impl Generation {
    fn clear(&mut self) {
        self.places.fill(0);
        self.few.clear();
        self.overflow.clear();
    }

    fn saved(&self) -> SavedGeneration {
        let mut before = 0;
        let taken = self.places.iter().zip(0_u32..).filter(|(stored, _)| **stored != 0);
        let places =
            taken.map(|(stored, place)| (place - std::mem::replace(&mut before, place), *stored)).collect();
        let mut others: Vec<Fingerprint> = self.few.iter().chain(&self.overflow).copied().collect();
        others.sort_unstable();
        SavedGeneration { places, others }
    }

    fn restored(saved: SavedGeneration) -> Option<Generation> {
        let mut generation = Generation::default();
        if saved.places.is_empty() {
            generation.few = saved.others.into_iter().collect();
            return (generation.few.len() <= MANY).then_some(generation);
        }
        generation.places = vec![0; PLACES];
        let mut place = 0_usize;
        for (after, stored) in saved.places {
            place = place.checked_add(usize::try_from(after).ok()?)?;
            *generation.places.get_mut(place)? = stored;
        }
        generation.overflow = saved.others.into_iter().collect();
        Some(generation)
    }

    /// The places that a fingerprint may stand at, first choice first.
    fn search(event: Fingerprint) -> impl Iterator<Item = usize> {
        // The remainder is below the number of places, which fits.
        let first = usize::try_from(event.place % PLACES as u64).unwrap_or(0);
        (first..first + LONGEST_SEARCH).map(|place| place % PLACES)
    }

    /// What stands at the first place of a fingerprint.
    fn first_choice(&self, event: Fingerprint) -> u64 {
        let place = Generation::search(event).next();
        place.and_then(|place| self.places.get(place)).copied().unwrap_or_default()
    }

    fn holds(&self, event: Fingerprint) -> bool {
        if self.places.is_empty() {
            return self.few.contains(&event);
        }
        for place in Generation::search(event) {
            match self.places.get(place) {
                Some(stored) if *stored == event.stored => return true,
                Some(0) | None => return false,
                Some(_) => {}
            }
        }
        self.overflow.contains(&event)
    }

    /// Adds a fingerprint. Whether it was not there.
    fn insert(&mut self, event: Fingerprint) -> bool {
        if self.places.is_empty() {
            if self.few.len() < MANY {
                return self.few.insert(event);
            }
            self.places = vec![0; PLACES];
            for early in std::mem::take(&mut self.few) {
                self.insert(early);
            }
        }
        for place in Generation::search(event) {
            match self.places.get_mut(place) {
                Some(stored) if *stored == event.stored => return false,
                Some(stored) if *stored == 0 => {
                    *stored = event.stored;
                    return true;
                }
                Some(_) | None => {}
            }
        }
        self.overflow.insert(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize) -> Fingerprint {
        Fingerprint::new(b"/edge", number.to_string().as_bytes())
    }

    /// Sees event 0, then `between` others, and says whether event 0 is new again.
    fn new_after(before: usize, between: usize) -> bool {
        let mut seen = Seen::default();
        for number in 0..before {
            assert!(seen.is_new(event(usize::MAX - number)));
        }
        assert!(seen.is_new(event(0)));
        for number in 1..=between {
            assert!(seen.is_new(event(number)), "{number} is new");
        }
        seen.is_new(event(0))
    }

    #[test]
    fn a_repeat_within_the_horizon_is_recognised() {
        assert!(!new_after(0, 0));
        assert!(!new_after(0, GENERATION - 1));
        assert!(!new_after(GENERATION - 1, GENERATION - 1));
        assert!(!new_after(GENERATION / 2, GENERATION - 1));
    }

    #[test]
    fn a_repeat_past_the_horizon_counts_again() {
        assert!(new_after(0, GENERATION * 2));
        assert!(new_after(GENERATION - 1, GENERATION * 2));
    }

    #[test]
    fn the_horizon_is_measured_from_the_last_repeat() {
        let mut seen = Seen::default();
        assert!(seen.is_new(event(0)));
        for round in 0..4 {
            for number in 1..GENERATION {
                assert!(seen.is_new(event(round * GENERATION + number)));
            }
            assert!(!seen.is_new(event(0)));
        }
    }

    #[test]
    fn few_and_many_are_remembered_alike() {
        let mut seen = Seen::default();
        for number in 0..MANY * 2 {
            assert!(seen.is_new(event(number)), "{number}");
            assert!(!seen.is_new(event(number / 2)), "{number}");
        }
        assert!((0..MANY * 2).all(|number| !seen.is_new(event(number))));
    }

    #[test]
    fn fingerprints_that_were_made_to_collide_are_told_apart() {
        let mut seen = Seen::default();
        (0..MANY).for_each(|number| assert!(seen.is_new(event(number))));
        let crowd: Vec<Fingerprint> =
            (1..=1000).map(|stored| Fingerprint { place: (PLACES - 3) as u64, stored }).collect();
        assert!(crowd.iter().all(|event| seen.is_new(*event)));
        assert!(crowd.iter().all(|event| !seen.is_new(*event)));
    }

    #[test]
    fn what_was_saved_is_still_known() {
        for events in [0, 10, MANY + 1, GENERATION + MANY * 2] {
            let mut seen = Seen::default();
            let crowd = (1..100).map(|stored| Fingerprint { place: (PLACES - 3) as u64, stored });
            (0..events).for_each(|number| assert!(seen.is_new(event(number))));
            crowd.clone().for_each(|event| assert!(seen.is_new(event)));
            let saved = seen.saved();
            let mut restored = Seen::restored(saved.clone()).unwrap();
            assert_eq!(restored.saved(), saved, "{events}");
            assert!(crowd.clone().all(|event| !restored.is_new(event)));
            let lately = events.saturating_sub(GENERATION / 2)..events;
            assert!(lately.clone().all(|number| !restored.is_new(event(number))), "{events}");
            assert!(restored.is_new(event(events)));
            // A generation ends after the same number of events.
            lately.for_each(|number| assert!(!seen.is_new(event(number))));
            assert_eq!(restored.events, seen.events + crowd.count() + 1);
        }
    }

    #[test]
    fn nonsense_is_not_restored() {
        let check = |places: Vec<(u32, u64)>, events: u64| {
            let present = SavedGeneration { places, others: Vec::new() };
            let saved = SavedSeen { present, events, ..Seen::default().saved() };
            assert!(Seen::restored(saved).is_none());
        };
        check(vec![(u32::MAX, 1)], 1);
        check(vec![(PLACES as u32 - 1, 1), (1, 1)], 2);
        check(Vec::new(), GENERATION as u64 + 1);
        let known = Fingerprint { place: 1, stored: 1 };
        assert!(Seen::restored(SavedSeen { known, ..Seen::default().saved() }).is_none());
    }

    #[test]
    fn source_and_id_do_not_run_together() {
        let different = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("bc", "a")];
        for (idx, (source, id)) in different.iter().enumerate() {
            for (source_too, id_too) in different.iter().skip(idx + 1) {
                assert_ne!(
                    Fingerprint::new(source.as_bytes(), id.as_bytes()),
                    Fingerprint::new(source_too.as_bytes(), id_too.as_bytes())
                );
            }
        }
    }
}
