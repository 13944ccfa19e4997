//! The classification, in one place: the guest and the native baseline compile the same loops.

/// The path whose rows do not count.
pub(crate) const PROBE: &str = "/healthz";

const NOT_VALID: u8 = 0;
const GOOD: u8 = 1;
const BAD: u8 = 2;
const UNKNOWN: u8 = 3;

/// The validity byte of a row whose value is there.
const VALID: u8 = 1;

/// One value a row, and one validity byte a row.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) validity: &'a [u8],
}

/// The mark of one row.
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "only the guest sees rows one by one"))]
pub(crate) fn mark(status: Option<i64>, duration: Option<f64>, path: Option<&str>) -> u8 {
    if path == Some(PROBE) {
        return NOT_VALID;
    }
    match (status, duration) {
        (Some(status), Some(duration)) => judge(status, duration),
        (None, _) | (_, None) => UNKNOWN,
    }
}

/// The marks of all rows. `terms` are the texts that the codes of `path` stand for.
pub(crate) fn marks<'t>(
    status: Column<'_, i64>,
    duration: Column<'_, f64>,
    path: Column<'_, u32>,
    terms: impl Iterator<Item = &'t str>,
) -> Vec<u8> {
    // Masks and `&` on flags, no branch on data: loops without branches work on several rows at once, and a processor
    // can't foresee which rows are good.
    let values = status.values.iter().zip(duration.values);
    let validity = status.validity.iter().zip(duration.validity);
    let mut marks: Vec<u8> = values
        .zip(validity)
        .map(|((status, duration), (has_status, has_duration))| {
            let known = mask((*has_status == VALID) & (*has_duration == VALID));
            (judge(*status, *duration) & known) | (UNKNOWN & !known)
        })
        .collect();
    let counts: Vec<u8> = terms.map(|term| mask(term != PROBE)).collect();
    for ((mark, code), has_path) in marks.iter_mut().zip(path.values).zip(path.validity) {
        let counts = counts.get(*code as usize).copied().unwrap_or(u8::MAX);
        *mark &= counts | mask(*has_path != VALID);
    }
    marks
}

fn judge(status: i64, duration: f64) -> u8 {
    BAD - (GOOD & mask((status < 500) & (duration <= 0.3)))
}

fn mask(condition: bool) -> u8 {
    0_u8.wrapping_sub(u8::from(condition))
}
