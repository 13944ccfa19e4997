//! Which events count, by the definitions that counted them.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

/// How many rows which definitions have counted.
///
/// A calculator may fail in the middle of the stream, and then what it had counted before does not make an event used. On
/// which thread and after how many rows it fails must not show; so the sets of definitions are kept until the end, when it
/// is known which ones have failed.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Rows by the set of definitions that counted them: a bit a definition.
    sets: Sets,
    /// Rows that are used whatever any definition says.
    always: u64,
    /// The sets of the rows at hand: for each 64 definitions one word a row.
    words: Vec<Vec<u64>>,
    set: Vec<u64>,
}

impl Uses {
    /// Begins with so many rows that no definition has counted yet.
    pub(crate) fn begin(&mut self, rows: usize, definitions: usize) {
        self.words.resize(definitions.div_ceil(64), Vec::new());
        for words in &mut self.words {
            words.clear();
            words.resize(rows, 0);
        }
    }

    /// The words in which a definition notes the rows that it counts, with the bit that is its own.
    pub(crate) fn of(&mut self, definition: usize) -> Option<(&mut [u64], u64)> {
        Some((self.words.get_mut(definition / 64)?, 1 << (definition % 64)))
    }

    /// Adds the rows at hand, of each of which `rows` says whether it counts.
    pub(crate) fn end(&mut self, rows: impl Iterator<Item = Standing>) {
        let Uses { sets, always, words, set } = self;
        let mut run = 0;
        for (row, standing) in rows.enumerate() {
            match standing {
                Standing::Out => continue,
                Standing::Always => {
                    *always += 1;
                    continue;
                }
                Standing::IfCounted => {}
            }
            let next = words.iter().map(|words| words.get(row).copied().unwrap_or_default());
            if run > 0 && next.clone().eq(set.iter().copied()) {
                run += 1;
                continue;
            }
            count(sets, set, run);
            set.clear();
            set.extend(next);
            run = 1;
        }
        count(sets, set, run);
    }

    /// What has been counted, to go on from.
    pub(crate) fn saved(&self) -> SavedUses {
        let mut sets: Vec<(Vec<u64>, u64)> =
            self.sets.iter().map(|(set, rows)| (set.to_vec(), *rows)).collect();
        sets.sort_unstable();
        SavedUses { sets, always: self.always }
    }

    /// Goes on from what had been counted.
    pub(crate) fn restore(&mut self, saved: SavedUses) {
        self.sets = saved.sets.into_iter().map(|(set, rows)| (set.into_boxed_slice(), rows)).collect();
        self.always = saved.always;
    }

    /// How many rows were used and how many were not, when some definitions have failed.
    pub(crate) fn total(&self, failed: &[bool]) -> (u64, u64) {
        let mut alive = vec![0_u64; failed.len().div_ceil(64)];
        for (definition, _) in failed.iter().enumerate().filter(|(_, failed)| !**failed) {
            if let Some(word) = alive.get_mut(definition / 64) {
                *word |= 1 << (definition % 64);
            }
        }
        let (mut used, mut not_valid) = (self.always, 0);
        for (set, rows) in &self.sets {
            let counted = set.iter().zip(&alive).any(|(set, alive)| set & alive != 0);
            *(if counted { &mut used } else { &mut not_valid }) += rows;
        }
        (used, not_valid)
    }
}

/// Counts by sets of definitions, in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedUses {
    sets: Vec<(Vec<u64>, u64)>,
    always: u64,
}

type Sets = HashMap<Box<[u64]>, u64, FixedState>;

/// Adds so many rows that one set of definitions has counted.
fn count(sets: &mut Sets, set: &[u64], rows: u64) {
    if rows == 0 {
        return;
    }
    match sets.get_mut(set) {
        Some(counted) => *counted += rows,
        None => {
            sets.insert(set.into(), rows);
        }
    }
}

/// Whether a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is counted elsewhere.
    Out,
    /// It is used in any case.
    Always,
    /// It is used if a definition has counted it.
    IfCounted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_used_if_a_definition_that_has_not_failed_counted_it() {
        let mut uses = Uses::default();
        uses.begin(5, 70);
        for (definition, rows) in [(0, vec![0, 1]), (69, vec![1, 2, 4])] {
            let (words, bit) = uses.of(definition).unwrap();
            rows.into_iter().for_each(|row: usize| words[row] |= bit);
        }
        let standings =
            [Standing::IfCounted, Standing::IfCounted, Standing::IfCounted, Standing::Always, Standing::Out];
        uses.end(standings.into_iter());
        let total = |failed: &[usize]| {
            let failed: Vec<bool> = (0..70).map(|definition| failed.contains(&definition)).collect();
            uses.total(&failed)
        };
        assert_eq!(total(&[]), (4, 0));
        assert_eq!(total(&[0]), (3, 1));
        assert_eq!(total(&[69]), (3, 1));
        assert_eq!(total(&[0, 69]), (1, 3));
    }

    #[test]
    fn without_definitions_nothing_is_used() {
        let mut uses = Uses::default();
        uses.begin(2, 0);
        uses.end([Standing::IfCounted, Standing::IfCounted].into_iter());
        assert_eq!(uses.total(&[]), (0, 2));
    }
}
