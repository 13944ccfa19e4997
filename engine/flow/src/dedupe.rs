//! The same `source` and `id` count once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The events seen so far, by a fingerprint of 128 bits: two different events share one with a probability of less than
/// 10⁻²⁰ among a billion.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    fingerprints: HashSet<u128>,
}

impl Seen {
    /// Whether this event is new. Remembers it.
    pub(crate) fn is_new(&mut self, source: &str, id: &str) -> bool {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, source, id).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        self.fingerprints.insert((half(0) << 64) | half(1))
    }
}
