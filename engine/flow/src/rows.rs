//! What a block of a stream comes to: rows for the calculators, and for every event what becomes of it.

use weir_model::event::Event;

use crate::columns::{Column, Dictionary, Scalar};
use crate::dedupe::Fingerprint;
use crate::plan::Plan;

/// Rows that cross into the sandbox at once. Past some ten thousand the boundary costs nothing more, and the columns
/// still fit the processor's second-level cache.
const BATCH_ROWS: usize = 16_384;

/// The service of a row that turned out not to count: a duplicate.
pub(crate) const NOBODY: u32 = u32::MAX;

/// An event as far as all formats have it in common.
#[derive(Debug)]
pub(crate) struct Arrival<'e> {
    /// None for events that have no `id`, so that none of them is a duplicate.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    pub(crate) kind: &'e str,
    /// The number of the service that it is about, when some request is about that service, too.
    pub(crate) service: Option<u32>,
}

/// An event that was read, in its place among the others, with what becomes of it unless it is a duplicate.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) fate: Fate,
}

/// What becomes of an event that is no duplicate.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is this row.
    Row(u32),
    /// It is kept whole, and it is this row, too, when its service is asked about.
    Whole(Box<Event<'static>>, Option<u32>),
    /// It happened outside the time that the ledgers keep.
    Late,
    /// No request is about its service.
    Elsewhere,
    /// It was not understood.
    Refused(Box<Refusal>),
}

/// Why something on a line was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The number of the line in its block, from 1.
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// The rows and entries of one block. Emptied and filled again, so that a block allocates nothing once all has grown.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) entries: Vec<Entry>,
    /// The types of the rows' events.
    pub(crate) kinds: Kinds,
    batches: Vec<Batch>,
    /// How many of the batches are in use.
    filled: usize,
    /// The lines of the block so far.
    pub(crate) lines: u64,
}

/// The types of events that occur in a block.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    names: Dictionary,
    /// Of each type, what the plan says about it.
    known: Vec<KindNotes>,
}

/// What the plan says about a type of events.
#[derive(Debug)]
pub(crate) struct KindNotes {
    /// Whether its events are kept whole.
    pub(crate) kept_whole: bool,
    /// Which definitions measure it.
    measured_by: Vec<bool>,
}

/// The types of events that one definition measures, by their codes.
#[derive(Debug)]
pub(crate) struct Measured(Vec<bool>);

/// Rows that are classified together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<Column>,
    pub(crate) times: Vec<i64>,
    pub(crate) services: Vec<u32>,
    /// The codes of the types of the events.
    pub(crate) kinds: Vec<u32>,
}

impl Rows {
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.kinds.names.clear();
        self.kinds.known.clear();
        self.batches.iter_mut().take(self.filled).for_each(Batch::clear);
        self.filled = 0;
        self.lines = 0;
    }

    /// Takes an event in. `slots` are its fields by slot; `whole` makes the event in full, for those that are kept whole, or
    /// says that there is nothing to keep.
    pub(crate) fn arrive(
        &mut self,
        plan: &Plan,
        event: &Arrival<'_>,
        slots: &[Option<Scalar<&str>>],
        whole: impl FnOnce() -> Result<Option<Event<'static>>, String>,
    ) {
        let fate = if plan.on_time(event.time) {
            let kind = self.kinds.code(plan, event.kind);
            let kept_whole = self.kinds.notes(kind).is_some_and(|notes| notes.kept_whole);
            let whole = if kept_whole { whole() } else { Ok(None) };
            match (whole, event.service) {
                (Err(reason), _) => Fate::Refused(Box::new(Refusal { line: self.lines, reason })),
                (Ok(Some(whole)), service) => {
                    let row = service.map(|service| self.push(plan, event.time, service, kind, slots));
                    Fate::Whole(Box::new(whole), row)
                }
                (Ok(None), Some(service)) => Fate::Row(self.push(plan, event.time, service, kind, slots)),
                (Ok(None), None) => Fate::Elsewhere,
            }
        } else {
            Fate::Late
        };
        self.entries.push(Entry { fingerprint: event.fingerprint, fate });
    }

    /// Notes that something on the present line was not understood.
    pub(crate) fn refuse(&mut self, reason: String) {
        let refusal = Box::new(Refusal { line: self.lines, reason });
        self.entries.push(Entry { fingerprint: None, fate: Fate::Refused(refusal) });
    }

    /// Adds to what was refused of the last line that the stream ends in its middle.
    pub(crate) fn say_that_the_last_line_breaks_off(&mut self) {
        for entry in self.entries.iter_mut().rev() {
            match &mut entry.fate {
                Fate::Refused(refusal) if refusal.line == self.lines => {
                    refusal.reason.push_str("; the file ends in the middle of this line");
                }
                _ => break,
            }
        }
    }

    /// Takes a row out of the count.
    pub(crate) fn drop_row(&mut self, row: u32) {
        let Ok(row) = usize::try_from(row) else { return };
        let batch = self.batches.get_mut(row / BATCH_ROWS);
        if let Some(service) = batch.and_then(|batch| batch.services.get_mut(row % BATCH_ROWS)) {
            *service = NOBODY;
        }
    }

    /// The batches that hold rows.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().take(self.filled)
    }

    fn push(
        &mut self,
        plan: &Plan,
        time: i64,
        service: u32,
        kind: u32,
        slots: &[Option<Scalar<&str>>],
    ) -> u32 {
        let full = self.filled.checked_sub(1).and_then(|last| self.batches.get(last));
        if full.is_none_or(|batch| batch.times.len() == BATCH_ROWS) {
            if self.batches.len() == self.filled {
                self.batches.push(Batch::new(plan));
            }
            self.filled += 1;
        }
        let before = (self.filled - 1) * BATCH_ROWS;
        let Some(batch) = self.batches.get_mut(self.filled - 1) else { return NOBODY };
        batch.times.push(time);
        batch.services.push(service);
        batch.kinds.push(kind);
        for ((slot, _), column) in plan.columns.iter().zip(&mut batch.columns) {
            column.push(slots.get(*slot).copied().flatten());
        }
        // A block has fewer bytes than this type has values, and an event takes more than one.
        u32::try_from(before + batch.times.len() - 1).unwrap_or(NOBODY)
    }
}

impl Kinds {
    /// The code of a type of events.
    fn code(&mut self, plan: &Plan, kind: &str) -> u32 {
        let code = self.names.code(kind);
        if self.names.len() > self.known.len() {
            let kept_whole = plan.keeps_whole(kind);
            let measured_by =
                plan.definitions.iter().map(|definition| definition.measures(kind, kept_whole)).collect();
            self.known.push(KindNotes { kept_whole, measured_by });
        }
        code
    }

    /// The types that a definition measures.
    pub(crate) fn measured_by(&self, definition: usize) -> Measured {
        let measures = |notes: &KindNotes| notes.measured_by.get(definition) == Some(&true);
        Measured(self.known.iter().map(measures).collect())
    }

    /// What the plan says about the type with this code.
    pub(crate) fn notes(&self, code: u32) -> Option<&KindNotes> {
        self.known.get(usize::try_from(code).ok()?)
    }
}

impl Measured {
    /// Whether the type with this code is among them.
    pub(crate) fn contains(&self, kind: u32) -> bool {
        usize::try_from(kind).is_ok_and(|kind| self.0.get(kind) == Some(&true))
    }
}

impl Batch {
    fn new(plan: &Plan) -> Batch {
        Batch {
            columns: plan.columns.iter().map(|(_, kind)| Column::new(*kind)).collect(),
            times: Vec::new(),
            services: Vec::new(),
            kinds: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.times.clear();
        self.services.clear();
        self.kinds.clear();
        self.columns.iter_mut().for_each(Column::clear);
    }
}
