//! Streams that go on: what has been counted is handed out piece by piece, and a run can go on where another stopped.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use weir_model::{CalculatorLog, EventCounts, Refused};

use crate::blocks::{Ending, unmarked};
use crate::crew::Work as _;
use crate::decode::{Format, Layout};
use crate::dedupe::{SavedSeen, Seen};
use crate::definition::{Definition, Request};
use crate::flow::{FlowError, Options};
use crate::ledger::Ledger;
use crate::log::{Heard, Overheard, Told};
use crate::plan::Plan;
use crate::tallying::SavedUses;
use crate::worker::{Block, Ordered, Stream, Worker};

/// Reads streams that go on.
///
/// It does what [`Flow`](crate::Flow) does, in one thread and piece by piece: [`read`](Live::read) takes whole lines in, and
/// [`take`](Live::take) hands out what they came to.
#[derive(Debug)]
pub struct Live {
    plan: Arc<Plan>,
    worker: Worker,
    ordered: Ordered,
    /// How many blocks have been read.
    blocks: u64,
    /// The definition of each request.
    definitions: Vec<usize>,
    /// What calculators have written to their logs, by definition.
    told: Vec<Told>,
    /// What they wrote when they judged slices, which several threads may have them do.
    settling: Mutex<Overheard>,
}

/// A stream that is followed.
#[derive(Debug)]
pub struct LiveStream {
    file: String,
    format: Format,
    /// None as long as nothing but blank lines came.
    stream: Option<Arc<Stream>>,
    /// The lines that have been gone through.
    lines: u64,
    /// When its newest row happened, in milliseconds since 1970.
    newest: Option<i64>,
}

/// A [`Live`] at rest, to go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedLive {
    seen: SavedSeen,
    /// Used, not valid, duplicate, late and refused.
    counts: [u64; 5],
    samples: Vec<Refused>,
    uses: SavedUses,
    /// Why calculators have failed, by definition.
    failures: Vec<Option<String>>,
}

/// A [`LiveStream`] at rest, to go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedStream {
    lines: u64,
    newest: Option<i64>,
}

impl LiveStream {
    /// A stream of which nothing has been read yet. `file` names it in samples and errors.
    pub fn new(file: String, format: Format) -> LiveStream {
        LiveStream { file, format, stream: None, lines: 0, newest: None }
    }

    /// How it stands.
    pub fn saved(&self) -> SavedStream {
        SavedStream { lines: self.lines, newest: self.newest }
    }

    /// Goes on from where it stood.
    pub fn restore(&mut self, saved: &SavedStream) {
        (self.lines, self.newest) = (saved.lines, saved.newest);
    }

    /// Begins anew, as after the file was replaced: lines count from 1, and a header is expected where the format has one.
    /// Its time goes on.
    pub fn begin(&mut self) {
        (self.stream, self.lines) = (None, 0);
    }

    /// Whether the format has a header at its beginning that says what the lines after it mean.
    pub fn has_header(&self) -> bool {
        matches!(self.format, Format::Csv { .. })
    }

    /// When its newest row happened, in milliseconds since 1970; none before the first.
    pub fn newest(&self) -> Option<i64> {
        self.newest
    }
}

impl Live {
    /// Readers for these requests. The time that is kept is said with each piece; that of the options does not matter.
    pub fn new(requests: Vec<Request>, options: Options) -> Live {
        let plan = Arc::new(Plan::new(requests, options));
        let worker = Worker::new(&plan);
        let of_requests = plan.definitions.iter().enumerate();
        let mut definitions: Vec<(usize, usize)> = of_requests
            .flat_map(|(idx, definition)| definition.requests().map(move |request| (request, idx)))
            .collect();
        definitions.sort_unstable();
        let definitions = definitions.into_iter().map(|(_, definition)| definition).collect();
        let told = plan.definitions.iter().map(|definition| Told::new(definition.prepared())).collect();
        Live {
            plan,
            worker,
            ordered: Ordered::default(),
            blocks: 0,
            definitions,
            told,
            settling: Mutex::default(),
        }
    }

    /// Takes in lines of a stream: whole ones, or a last one that will never get its end when `is_last`. Events outside of
    /// `kept` (milliseconds since 1970) count as late: their slices have been given up, or no clock is that far ahead.
    ///
    /// # Errors
    /// Under `strict`, at the first line that can't be understood. What was read before stays counted.
    pub fn read(
        &mut self,
        stream: &mut LiveStream,
        lines: Vec<u8>,
        is_last: bool,
        kept: &Range<i64>,
    ) -> Result<(), FlowError> {
        let ending = if is_last && !lines.ends_with(b"\n") { Ending::Broken } else { Ending::Line };
        self.plan.keep(kept);
        self.take_in(stream, Block { bytes: lines, ending, ..Block::default() })
    }

    /// Counts a line of a stream that is too long to be looked at.
    ///
    /// # Errors
    /// Under `strict`.
    pub fn refuse_long_line(&mut self, stream: &mut LiveStream) -> Result<(), FlowError> {
        self.take_in(stream, Block { ending: Ending::TooLong, ..Block::default() })
    }

    /// Reads the header of a stream again whose later lines come next.
    pub fn read_header(&self, stream: &mut LiveStream, header: &[u8]) {
        let header = unmarked(header);
        let layout = Layout::new(&stream.format, &stream.file, header, Ending::Line, &self.plan);
        stream.stream = Some(Arc::new(Stream { file: stream.file.clone(), layout, full_parsers: false }));
    }

    fn take_in(&mut self, stream: &mut LiveStream, mut block: Block) -> Result<(), FlowError> {
        if stream.lines == 0 && stream.stream.is_none() {
            let mark = block.bytes.len() - unmarked(&block.bytes).len();
            block.bytes.drain(..mark);
        }
        if stream.stream.as_ref().is_none_or(|stream| matches!(stream.layout, Layout::Blank)) {
            let layout = Layout::new(&stream.format, &stream.file, &block.bytes, block.ending, &self.plan);
            block.header = layout.header_end();
            stream.stream = Some(Arc::new(Stream { file: stream.file.clone(), layout, full_parsers: false }));
        }
        block.stream.clone_from(&stream.stream);
        self.worker.prepare(&mut block);
        stream.newest = stream.newest.max(self.worker.newest());
        self.ordered.lines = stream.lines;
        self.worker.in_order(&block, &mut self.ordered);
        stream.lines = self.ordered.lines;
        self.worker.complete(self.blocks);
        self.blocks += 1;
        // Nobody asks for them while a stream is followed.
        self.ordered.kept.clear();
        match self.ordered.stopped_by.take() {
            Some(refused) => Err(FlowError::Refused(refused)),
            None => Ok(()),
        }
    }

    /// Hands out what has been counted since this was last called: a ledger for each request, in the order of the requests,
    /// or why there is none. Calculators that judge slices have not judged them yet: see [`settle`](Live::settle).
    pub fn take(&mut self) -> Vec<Result<Ledger, String>> {
        let mut ledgers = Vec::new();
        for (definition, judge) in self.plan.definitions.iter().zip(&mut self.worker.findings().judges) {
            let failure = judge.failure().map(str::to_owned);
            let taken = definition.requests().zip(judge.take_ledgers());
            ledgers.extend(taken.map(|(number, ledger)| match &failure {
                Some(reason) => (number, Err(reason.clone())),
                None => (number, Ok(ledger)),
            }));
        }
        ledgers.sort_by_key(|(number, _)| *number);
        ledgers.into_iter().map(|(_, ledger)| ledger).collect()
    }

    /// Whether the calculator of a request judges slices rather than events.
    pub fn settles(&self, request: usize) -> bool {
        self.definition_of(request).is_some_and(Definition::settles)
    }

    /// Has the calculator of a request judge the slices of a ledger that lie within `span` (milliseconds since 1970), from the
    /// first one on that holds something. Of the slices before only the greatest `latest` counts.
    ///
    /// # Errors
    /// When the calculator fails.
    pub fn settle(&self, request: usize, ledger: &Ledger, span: &Range<i64>) -> Result<Ledger, String> {
        let Some(number) = self.definitions.get(request) else { return Ok(ledger.clone()) };
        let Some(definition) = self.plan.definitions.get(*number) else { return Ok(ledger.clone()) };
        let mut heard = Heard::default();
        let settled = definition.settled(ledger, span, &mut heard);
        if !heard.is_empty() {
            self.settling.lock().unwrap_or_else(PoisonError::into_inner).add(*number, heard);
        }
        settled
    }

    /// What calculators have written to their logs since this was last asked. Each line is told once, and of each calculator
    /// only the first ones.
    pub fn said(&mut self) -> Vec<CalculatorLog> {
        let mut settling = std::mem::take(self.settling.get_mut().unwrap_or_else(PoisonError::into_inner));
        let judges = &mut self.worker.findings().judges;
        let of_definitions = self.plan.definitions.iter().zip(judges).zip(&mut self.told).enumerate();
        let said = of_definitions.filter_map(|(number, ((definition, judge), told))| {
            told.hear(judge.take_heard());
            told.hear(settling.take(number));
            told.news().map(|(lines, is_cut)| definition.log(lines, is_cut))
        });
        said.collect()
    }

    fn definition_of(&self, request: usize) -> Option<&Definition> {
        self.plan.definitions.get(*self.definitions.get(request)?)
    }

    /// What became of the events so far.
    pub fn counts(&mut self) -> EventCounts {
        let mut counts = self.ordered.counts.clone();
        let findings = self.worker.findings();
        let failed: Vec<bool> = findings.judges.iter().map(|judge| judge.has_failed()).collect();
        let (used, not_valid) = findings.uses.total(&failed);
        counts.used += used;
        counts.not_valid += not_valid;
        counts
    }

    /// How it stands, for another run to go on from. All ledgers have been taken.
    pub fn saved(&mut self) -> SavedLive {
        let findings = self.worker.findings();
        let EventCounts { used, not_valid, duplicate, late, refused, samples, .. } =
            self.ordered.counts.clone();
        SavedLive {
            uses: findings.uses.saved(),
            failures: findings.judges.iter().map(|judge| judge.failure().map(str::to_owned)).collect(),
            seen: self.ordered.seen.saved(),
            counts: [used, not_valid, duplicate, late, refused],
            samples,
        }
    }

    /// Goes on from where another run stood that had the same requests. Whether it can: what was saved by another build may
    /// not fit.
    pub fn restore(&mut self, saved: SavedLive) -> bool {
        let Some(seen) = Seen::restored(saved.seen) else { return false };
        let [used, not_valid, duplicate, late, refused] = saved.counts;
        let samples = saved.samples;
        self.ordered.counts =
            EventCounts { used, not_valid, duplicate, late, refused, samples, ..EventCounts::default() };
        self.ordered.seen = seen;
        let findings = self.worker.findings();
        findings.uses.restore(saved.uses);
        for (judge, failure) in findings.judges.iter_mut().zip(saved.failures) {
            if let Some(reason) = failure {
                judge.fail(reason);
            }
        }
        true
    }
}
