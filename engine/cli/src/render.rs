//! Results as people read them.

pub(crate) mod cases;
pub(crate) mod check;
pub(crate) mod diagnostics;
pub(crate) mod table;
pub(crate) mod toil;
pub(crate) mod verdict;

use weir_model::EventCounts;

/// What became of the events, in a line, and the first of those that could not be understood.
pub(crate) fn events(counts: &EventCounts) -> String {
    let mut out = format!(
        "  events: {} read = {} used + {} not valid + {} duplicate + {} late + {} refused\n",
        counts.read(),
        counts.used,
        counts.not_valid,
        counts.duplicate,
        counts.late,
        counts.refused,
    );
    for sample in &counts.samples {
        out.push_str(&format!("    refused {}:{}: {}\n", sample.file, sample.line, sample.reason));
    }
    out
}
