//! The same `source` and `id` count once, within a horizon that bounds the memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

/// Events of one generation.
const GENERATION: usize = 1 << 18;

/// How many generations before the present one are remembered. So a repeat within so many generations' events is always
/// recognised, and one after a generation more never.
const REMEMBERED: u64 = 4;

/// How many fingerprints stand together. They fill one line of a processor's cache, so that a look-up waits for memory once.
const TOGETHER: usize = 8;

/// Groups of fingerprints. With five of eight places taken at most on average, one event in twenty finds its group full.
const GROUPS: usize = 1 << 18;

/// The part of a place that says of which generation its event is: the number of the generation, as far as it fits.
const TAG: u64 = 15;

/// After how many generations places are emptied whose events have been forgotten: before their tags come again.
const SWEEP: u64 = 8;

/// `source` and `id` of an event, as 128 bits of which the table compares 78: 60 of them are stored and 18 say where. A
/// look-up meets eight stored fingerprints at most, so among a billion different events the chance that one is taken for
/// the repeat of another is below 10⁻⁸.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    place: u64,
    /// Its lowest bits are zero, the others are not.
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
        Fingerprint { place: half(0), stored: (half(1) & !TAG).max(TAG + 1) }
    }

    /// The number of the group that it stands in.
    fn group(self) -> usize {
        // The remainder is below the number of groups, which fits.
        usize::try_from(self.place % GROUPS as u64).unwrap_or(0)
    }
}

/// The events seen lately: those of the present generation and of some before it. What is remembered depends on an event's
/// position among all that were looked up, and on nothing else.
///
/// A table of groups, each with places for a few fingerprints and their generations. Nothing is taken out when a generation
/// is forgotten: its places count as free. What finds its group full is kept elsewhere, so that ids which were made to
/// collide are told apart as well.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Empty before the first event.
    places: Vec<u64>,
    /// Where the first group starts, so that each lies within one line of the cache.
    start: usize,
    /// What found its group full, with its generation.
    overflow: HashMap<Fingerprint, u64, FixedState>,
    /// The groups that something of the overflow belongs to: a bit each.
    crowded: Vec<u64>,
    /// The number of the present generation.
    present: u64,
    /// Events looked up in the present generation.
    events: usize,
}

impl Seen {
    /// Looks at where these events will be looked up, so that the processor has it at hand then: fetching many places at
    /// once takes little longer than fetching one.
    pub(crate) fn fetch(&self, events: impl Iterator<Item = Fingerprint>) {
        let first = |event: Fingerprint| self.places.get(self.start + event.group() * TOGETHER);
        let fetched = events.fold(0, |fetched, event| fetched ^ first(event).copied().unwrap_or_default());
        std::hint::black_box(fetched);
    }

    /// Whether this event is new. Remembers it.
    pub(crate) fn is_new(&mut self, event: Fingerprint) -> bool {
        if self.places.is_empty() {
            self.lay_out();
        }
        if self.events == GENERATION {
            self.begin_generation();
        }
        self.events += 1;
        let Seen { present, .. } = *self;
        let entry = event.stored | (present & TAG);
        let from = self.start + event.group() * TOGETHER;
        let group = self.places.get_mut(from..from + TOGETHER).unwrap_or_default();
        // Remembered anew even when it is a repeat, so that the horizon is measured from the last time it was seen.
        if let Some(place) = group.iter_mut().find(|place| **place & !TAG == event.stored) {
            return is_forgotten(std::mem::replace(place, entry), present);
        }
        let is_crowded =
            self.crowded.get(event.group() / 64).is_some_and(|bits| bits >> (event.group() % 64) & 1 == 1);
        if is_crowded && let Some(generation) = self.overflow.get_mut(&event) {
            *generation = present;
            return false;
        }
        match group.iter_mut().find(|place| is_forgotten(**place, present)) {
            Some(place) => *place = entry,
            None => self.overflow(event, present),
        }
        true
    }

    fn lay_out(&mut self) {
        self.places = vec![0; GROUPS * TOGETHER + TOGETHER - 1];
        self.start = self.places.as_ptr().align_offset(TOGETHER * size_of::<u64>()).min(TOGETHER - 1);
        self.crowded = vec![0; GROUPS / 64];
    }

    /// Forgets the oldest generation.
    fn begin_generation(&mut self) {
        self.events = 0;
        self.present += 1;
        let Seen { present, .. } = *self;
        if present.is_multiple_of(SWEEP) {
            self.places
                .iter_mut()
                .filter(|place| is_forgotten(**place, present))
                .for_each(|place| *place = 0);
        }
        self.overflow.retain(|_, generation| present - *generation <= REMEMBERED);
        self.crowded.fill(0);
        self.overflow.keys().for_each(|event| note(&mut self.crowded, *event));
    }

    fn overflow(&mut self, event: Fingerprint, generation: u64) {
        self.overflow.insert(event, generation);
        note(&mut self.crowded, event);
    }
}

/// Notes that something of the overflow belongs to the group of this event.
fn note(crowded: &mut [u64], event: Fingerprint) {
    if let Some(bits) = crowded.get_mut(event.group() / 64) {
        *bits |= 1 << (event.group() % 64);
    }
}

/// Whether a place is free: there is nothing, or something that is no longer remembered.
fn is_forgotten(place: u64, present: u64) -> bool {
    place == 0 || present.wrapping_sub(place) & TAG > REMEMBERED
}

/// What has been seen lately, to go on from: the same events are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedSeen {
    /// The fingerprint of a known event: another build may make others.
    known: Fingerprint,
    /// What stands in the table: how many places after the one before, and what.
    places: Vec<(u32, u64)>,
    /// What found its group full, with its generation, in a fixed order.
    overflow: Vec<(Fingerprint, u64)>,
    present: u64,
    events: u64,
}

impl Seen {
    pub(crate) fn saved(&self) -> SavedSeen {
        let mut before = 0;
        let places = self.places.iter().skip(self.start).zip(0_u32..);
        let taken = places.filter(|(entry, _)| !is_forgotten(**entry, self.present));
        let places =
            taken.map(|(entry, place)| (place - std::mem::replace(&mut before, place), *entry)).collect();
        let mut overflow: Vec<_> = self.overflow.iter().map(|(event, at)| (*event, *at)).collect();
        overflow.sort_unstable();
        SavedSeen {
            known: Fingerprint::new(b"weir", b"known"),
            places,
            overflow,
            present: self.present,
            events: self.events as u64,
        }
    }

    /// None when it can't be what [`saved`](Seen::saved) gave.
    pub(crate) fn restored(saved: SavedSeen) -> Option<Seen> {
        let events = usize::try_from(saved.events).ok().filter(|events| *events <= GENERATION)?;
        if saved.known != Seen::default().saved().known {
            return None;
        }
        let mut seen = Seen { present: saved.present, events, ..Seen::default() };
        if saved.places.is_empty() {
            return Some(seen);
        }
        seen.lay_out();
        let table = seen.places.get_mut(seen.start..seen.start + GROUPS * TOGETHER)?;
        let mut place = 0_usize;
        for (after, entry) in saved.places {
            place = place.checked_add(usize::try_from(after).ok()?)?;
            *table.get_mut(place)? = entry;
        }
        for (event, generation) in saved.overflow {
            if generation > seen.present {
                return None;
            }
            seen.overflow(event, generation);
        }
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: usize = GENERATION * REMEMBERED as usize;

    fn event(number: usize) -> Fingerprint {
        Fingerprint::new(b"/edge", &number.to_le_bytes())
    }

    /// Different fingerprints that belong into the same group.
    fn crowd() -> impl Iterator<Item = Fingerprint> + Clone {
        (1..1000).map(|number| Fingerprint { place: GROUPS as u64 - 1, stored: number * (TAG + 1) })
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
        assert!(!new_after(0, HORIZON - 1));
        assert!(!new_after(GENERATION - 1, HORIZON - 1));
        assert!(!new_after(GENERATION / 2, HORIZON - 1));
    }

    #[test]
    fn a_repeat_past_the_horizon_counts_again() {
        assert!(new_after(GENERATION - 1, HORIZON));
        assert!(new_after(0, HORIZON + GENERATION));
    }

    #[test]
    fn a_tag_that_comes_again_revives_nothing() {
        let mut seen = Seen::default();
        let mut others = (0..).map(event);
        // As many generations later as there are tags, and some around.
        let early = [14, 15, 16, 17].map(|generation| (generation, event(usize::MAX - generation)));
        assert!(early.iter().all(|(_, event)| seen.is_new(*event)));
        for present in 0..18 {
            let asked = early.iter().filter(|(generation, _)| *generation == present);
            asked.for_each(|(_, event)| assert!(seen.is_new(*event), "{present}"));
            others.by_ref().take(GENERATION).for_each(|event| assert!(seen.is_new(event)));
        }
    }

    #[test]
    fn the_horizon_is_measured_from_the_last_repeat() {
        let mut seen = Seen::default();
        assert!(seen.is_new(event(0)));
        for round in 0..2 {
            for number in 1..HORIZON {
                assert!(seen.is_new(event(round * HORIZON + number)));
            }
            assert!(!seen.is_new(event(0)));
        }
    }

    #[test]
    fn fingerprints_that_were_made_to_collide_are_told_apart() {
        let mut seen = Seen::default();
        let mut others = (0..).map(event);
        let mut pass = |seen: &mut Seen, events: usize| {
            others.by_ref().take(events).for_each(|event| assert!(seen.is_new(event)));
        };
        assert!(crowd().all(|event| seen.is_new(event)));
        for _ in 0..3 {
            pass(&mut seen, HORIZON - 1000);
            assert!(crowd().all(|event| !seen.is_new(event)));
        }
        pass(&mut seen, HORIZON + GENERATION);
        assert!(seen.overflow.len() < HORIZON / 16, "{}", seen.overflow.len());
        assert!(crowd().all(|event| seen.is_new(event)));
    }

    #[test]
    fn what_was_saved_is_still_known() {
        for events in [0, 10, GENERATION + 1, HORIZON * 3] {
            let mut seen = Seen::default();
            (0..events).for_each(|number| assert!(seen.is_new(event(number))));
            crowd().for_each(|event| assert!(seen.is_new(event)));
            let saved = seen.saved();
            let mut restored = Seen::restored(saved.clone()).unwrap();
            assert_eq!(restored.saved(), saved, "{events}");
            assert!(crowd().all(|event| !restored.is_new(event)));
            let lately = events.saturating_sub(HORIZON / 2)..events;
            assert!(lately.clone().all(|number| !restored.is_new(event(number))), "{events}");
            assert!(restored.is_new(event(events)));
            // A generation ends after the same number of events.
            crowd().for_each(|event| assert!(!seen.is_new(event)));
            lately.for_each(|number| assert!(!seen.is_new(event(number))));
            assert!(seen.is_new(event(events)));
            assert_eq!(restored.saved(), seen.saved());
        }
    }

    #[test]
    fn nonsense_is_not_restored() {
        let fresh = || SavedSeen { places: vec![(0, 16)], ..Seen::default().saved() };
        let refused = |saved: SavedSeen| assert!(Seen::restored(saved).is_none());
        assert!(Seen::restored(fresh()).is_some());
        refused(SavedSeen { places: vec![(u32::MAX, 16)], ..fresh() });
        refused(SavedSeen { places: vec![((GROUPS * TOGETHER) as u32, 16)], ..fresh() });
        refused(SavedSeen { places: vec![((GROUPS * TOGETHER) as u32 - 1, 16), (1, 16)], ..fresh() });
        refused(SavedSeen { events: GENERATION as u64 + 1, ..fresh() });
        refused(SavedSeen { overflow: vec![(event(0), 1)], ..fresh() });
        refused(SavedSeen { known: event(0), ..fresh() });
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
