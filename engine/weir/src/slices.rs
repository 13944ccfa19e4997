//! Ledgers as they stand in a decision record: gzip over LEB128 numbers, in base64.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use weir_flow::{Ledger, Slice};
use weir_math::Tally;

/// No ledger is larger than this when unpacked: a hundred years of one-minute slices.
const LARGEST: u64 = 1 << 30;

/// Why text is no packed ledger.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    /// Not base64.
    #[error("the slices are not base64")]
    Base64(#[from] base64::DecodeError),
    /// Not gzip.
    #[error("the slices are not gzip")]
    Gzip(#[from] std::io::Error),
    /// The numbers end too early or are too large.
    #[error("the slices end in the middle of a number, or hold one that is too large")]
    Numbers,
}

/// Packs the slices of a ledger.
///
/// # Errors
/// Never in practice: the stream that is written to is memory.
pub(crate) fn pack(ledger: &Ledger) -> std::io::Result<String> {
    let length = i64::from(ledger.slice_seconds());
    let mut numbers = Vec::new();
    let mut before = 0;
    for (start, slice) in ledger.slices() {
        let index = start.div_euclid(length);
        // The first distance may be negative (before 1970), so distances are zigzag numbers.
        let distance = index - before;
        put(&mut numbers, zigzag(distance));
        put(&mut numbers, slice.tally.good);
        put(&mut numbers, slice.tally.bad);
        put(&mut numbers, slice.tally.unknown);
        before = index;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&numbers)?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// Unpacks what [`pack`] has packed.
///
/// # Errors
/// When the text is not what `pack` makes.
pub(crate) fn unpack(text: &str, slice_seconds: u32, newest: Option<i64>) -> Result<Ledger, UnpackError> {
    let packed = STANDARD.decode(text)?;
    let mut numbers = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).take(LARGEST).read_to_end(&mut numbers)?;
    let length = i64::from(slice_seconds.max(1));
    let mut slices = BTreeMap::new();
    let mut rest = numbers.as_slice();
    let mut index: i64 = 0;
    while !rest.is_empty() {
        let distance = unzigzag(take(&mut rest)?);
        let tally = Tally { good: take(&mut rest)?, bad: take(&mut rest)?, unknown: take(&mut rest)? };
        index = index.checked_add(distance).ok_or(UnpackError::Numbers)?;
        let start = index.checked_mul(length).ok_or(UnpackError::Numbers)?;
        slices.insert(start, Slice { tally, latest: None });
    }
    Ok(Ledger::from_slices(slice_seconds, slices, newest))
}

fn zigzag(value: i64) -> u64 {
    (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

fn put(numbers: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            numbers.push(low & 0x7f);
            return;
        }
        numbers.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Result<u64, UnpackError> {
    let mut value: u64 = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(UnpackError::Numbers)?;
        *rest = after;
        let part = u64::from(byte & 0x7f);
        if part.leading_zeros() < shift {
            return Err(UnpackError::Numbers);
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(UnpackError::Numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn unpacking_gives_back_what_was_packed(
            slices in prop::collection::btree_map(-1_000_000_i64..1_000_000, (any::<u64>(), any::<u64>(), any::<u64>()), 0..50)
        ) {
            let slices: BTreeMap<i64, Slice> = slices
                .into_iter()
                .map(|(index, (good, bad, unknown))| (index * 60, Slice { tally: Tally { good, bad, unknown }, latest: None }))
                .collect();
            let ledger = Ledger::from_slices(60, slices, Some(5));
            prop_assert_eq!(unpack(&pack(&ledger).unwrap(), 60, Some(5)).unwrap(), ledger);
        }

        #[test]
        fn no_text_panics(text in "[A-Za-z0-9+/]{0,64}", bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpack(&text, 60, None);
            let mut rest = bytes.as_slice();
            while !rest.is_empty() && take(&mut rest).is_ok() {}
        }
    }
}
