//! Finding bytes that are near: eight of them are looked at at once, without a call.
//!
//! For a byte `x` below 128, `x - 1` has its high bit set only when `x` is zero, and `x - n` only when it is less than `n`.
//! Done to all bytes of a word at once, a byte that borrows makes those above it wrong. That does not matter: what counts is
//! the lowest one that is found. Bytes from 128 on are none of those that are looked for, and are masked out.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = LOW << 7;

/// The position of the first of these bytes (ASCII) from `from` on.
#[inline]
pub(crate) fn find<const N: usize>(bytes: &[u8], from: usize, wanted: [u8; N]) -> Option<usize> {
    first(bytes, from, |byte| wanted.contains(&byte), |word| of(word, wanted))
}

/// The position of the first of these bytes (ASCII), or of a control character.
#[inline]
pub(crate) fn find_or_control<const N: usize>(bytes: &[u8], from: usize, wanted: [u8; N]) -> Option<usize> {
    let is_wanted = |byte| byte < 0x20 || wanted.contains(&byte);
    first(bytes, from, is_wanted, |word| of(word, wanted) | word.wrapping_sub(LOW * 0x20))
}

/// Has the high bit of the first byte of `word` that is wanted, and may have others.
#[inline]
fn of<const N: usize>(word: u64, wanted: [u8; N]) -> u64 {
    wanted.iter().fold(0, |found, byte| found | (word ^ (LOW * u64::from(*byte))).wrapping_sub(LOW))
}

/// The first position from `from` on where `in_word` finds something, eight bytes at a time, and `in_rest` in those that are
/// left at the end.
#[inline]
fn first(
    bytes: &[u8],
    from: usize,
    in_rest: impl Fn(u8) -> bool,
    in_word: impl Fn(u64) -> u64,
) -> Option<usize> {
    let mut at = from;
    while let Some(window) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*window);
        let found = in_word(word) & !word & HIGH;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Some(at + bytes.get(at..)?.iter().position(|byte| in_rest(*byte))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let wanted = matches!(byte, b'"' | b'\\');
                    assert_eq!(
                        find(&bytes, 0, [b'"', b'\\']),
                        wanted.then_some(at),
                        "{byte} at {at} of {length}"
                    );
                    let wanted = wanted || byte < 0x20;
                    assert_eq!(
                        find_or_control(&bytes, 0, [b'"', b'\\']),
                        wanted.then_some(at),
                        "{byte} at {at}"
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_first_is_found(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x1e_u8..0x24, Just(b'"' | 0x80), Just(b',')], 0..40),
            from in 0_usize..45,
        ) {
            let position = |wanted: &dyn Fn(u8) -> bool| {
                (from..bytes.len()).find(|at| wanted(bytes[*at]))
            };
            prop_assert_eq!(find(&bytes, from, [b'"', b',']), position(&|byte| matches!(byte, b'"' | b',')));
            prop_assert_eq!(find_or_control(&bytes, from, [b'"']), position(&|byte| byte == b'"' || byte < 0x20));
        }
    }
}
