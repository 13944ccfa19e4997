//! Randomness that is none.

use sha2::{Digest, Sha256};

/// What all randomness comes from.
const SEED: &[u8] = b"weir: inert randomness";

/// Bytes that look random and are the same every time: the digests of the seed with a number.
#[derive(Debug, Default)]
pub(crate) struct Seeded {
    number: u64,
}

impl Seeded {
    fn block(&mut self) -> [u8; 32] {
        let number = self.number.to_le_bytes();
        self.number = self.number.wrapping_add(1);
        Sha256::new().chain_update(SEED).chain_update(number).finalize().into()
    }

    /// Fills a buffer.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            chunk.iter_mut().zip(self.block()).for_each(|(byte, random)| *byte = random);
        }
    }

    /// An integer.
    pub(super) fn integer(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
