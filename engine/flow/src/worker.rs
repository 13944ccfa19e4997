//! One thread's part of the flow: a block becomes rows, rows become marks, marks become ledgers.

use std::io;
use std::sync::Arc;

use weir_model::event::Event;
use weir_model::{EventCounts, Refused};

use crate::blocks::{Ending, LONGEST_LINE, Lines};
use crate::classify::{Classifier, Findings};
use crate::crew::Work;
use crate::decode::{Decoders, Layout};
use crate::dedupe::Seen;
use crate::plan::Plan;
use crate::rows::{Fate, Refusal, Rows};

/// Events whose places in the memory of duplicates are fetched together.
const FETCHED_AHEAD: usize = 64;

/// A piece of a stream.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ending: Ending,
    /// How many bytes at its beginning are no events: a header.
    pub(crate) header: usize,
    /// Where the stream is no row of bytes: the number of its part.
    #[cfg(feature = "parquet")]
    pub(crate) part: usize,
    /// Whether it is the first one of its stream.
    pub(crate) is_first: bool,
    /// The stream; none only before the block is first filled.
    pub(crate) stream: Option<Arc<Stream>>,
}

/// What the blocks of a stream have in common.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The file, as the source names it.
    pub(crate) file: String,
    pub(crate) layout: Layout,
    /// Whether no line takes the fast way.
    pub(crate) full_parsers: bool,
}

/// What depends on the order of the stream.
#[derive(Debug, Default)]
pub(crate) struct Ordered {
    pub(crate) seen: Seen,
    /// The lines of the present stream that have been gone through.
    pub(crate) lines: u64,
    /// All counts but those of rows.
    pub(crate) counts: EventCounts,
    /// The events that are kept whole.
    pub(crate) kept: Vec<Event<'static>>,
    /// What is wrong with the file whose part could not be read. The rest of it is passed over.
    pub(crate) broken: Option<io::Error>,
    /// The refused line that has ended a strict run. Whatever comes after it is passed over.
    pub(crate) stopped_by: Option<Refused>,
}

/// The state of one thread.
#[derive(Debug)]
pub(crate) struct Worker {
    plan: Arc<Plan>,
    decoders: Decoders,
    rows: Rows,
    /// Why the part at hand can't be read.
    broken: Option<io::Error>,
    classifier: Classifier,
}

impl Worker {
    pub(crate) fn new(plan: &Arc<Plan>) -> Worker {
        Worker {
            plan: Arc::clone(plan),
            decoders: Decoders::default(),
            rows: Rows::default(),
            broken: None,
            classifier: Classifier::new(plan),
        }
    }

    /// When the newest of the rows at hand happened, in milliseconds since 1970.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.rows.batches().flat_map(|batch| &batch.times).max().copied()
    }

    /// What the thread has found so far.
    pub(crate) fn findings(&mut self) -> &mut Findings {
        self.classifier.findings()
    }

    /// What the thread has found.
    pub(crate) fn into_findings(self) -> Findings {
        self.classifier.into_findings()
    }
}

impl Work for Worker {
    type Piece = Block;
    type Ordered = Ordered;

    fn prepare(&mut self, block: &mut Block) {
        self.rows.clear();
        let Some(stream) = &block.stream else { return };
        if block.ending == Ending::TooLong {
            self.rows.lines += 1;
            self.rows.refuse(format!("the line is longer than {LONGEST_LINE} bytes"));
            return;
        }
        #[cfg(feature = "parquet")]
        if let Layout::Parquet(layout) = &stream.layout {
            self.broken = self.decoders.parquet(layout, block.part, &self.plan, &mut self.rows).err();
            if self.broken.is_some() {
                self.rows.clear();
            }
            return;
        }
        let (header, lines) = block.bytes.split_at_checked(block.header).unwrap_or_default();
        self.rows.lines += Lines::new(header).count() as u64;
        self.decoders.decode(stream, lines, &self.plan, &mut self.rows);
        if block.ending == Ending::Broken {
            self.rows.say_that_the_last_line_breaks_off();
        }
    }

    fn in_order(&mut self, block: &Block, ordered: &mut Ordered) {
        let Some(stream) = &block.stream else { return };
        if block.is_first {
            ordered.lines = 0;
        }
        let mut entries = std::mem::take(&mut self.rows.entries);
        let understood = entries.len();
        for idx in 0..understood {
            // Ahead, but not so far that the processor has put it away again.
            if idx.is_multiple_of(FETCHED_AHEAD) {
                let next = entries.iter().skip(idx).take(FETCHED_AHEAD);
                ordered.seen.fetch(next.filter_map(|entry| entry.fingerprint));
            }
            let Some(entry) = entries.get_mut(idx) else { break };
            let passed_over = ordered.stopped_by.is_some() || ordered.broken.is_some();
            let repeated = !passed_over
                && entry.fingerprint.is_some_and(|fingerprint| !ordered.seen.is_new(fingerprint));
            if passed_over || repeated {
                ordered.counts.duplicate += u64::from(repeated);
                if let Fate::Row(row) | Fate::Whole(_, Some(row)) = entry.fate {
                    self.rows.drop_row(row);
                }
                continue;
            }
            match std::mem::replace(&mut entry.fate, Fate::Late) {
                Fate::Row(_) => {}
                Fate::Whole(event, row) => {
                    ordered.kept.push(*event);
                    ordered.counts.used += u64::from(row.is_none());
                }
                Fate::Late => ordered.counts.late += 1,
                Fate::Elsewhere => ordered.counts.not_valid += 1,
                Fate::Refused(refusal) => ordered.refuse(&stream.file, *refusal, self.plan.options.strict),
            }
        }
        entries.clear();
        self.rows.entries = entries;
        if ordered.broken.is_none() {
            ordered.lines += self.rows.lines;
            ordered.broken = self.broken.take();
        }
        if let Some(progress) = &self.plan.options.progress {
            progress.add_events(understood);
        }
    }

    fn complete(&mut self, number: u64) {
        self.rows.batches().for_each(|batch| {
            self.classifier.classify(&self.plan, batch, &self.rows.kinds, number);
        });
    }
}

impl Ordered {
    fn refuse(&mut self, file: &str, refusal: Refusal, strict: bool) {
        let line = self.lines + refusal.line;
        let refused = Refused { file: file.to_owned(), line, reason: refusal.reason };
        if strict {
            self.stopped_by = Some(refused.clone());
        }
        self.counts.refuse(refused);
    }
}
