//! The flow itself: lines become rows, rows become marks, marks become ledgers.

#[cfg(feature = "parquet")]
use std::io::Seek;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use weir_model::event::Event;
use weir_model::{EventCounts, Refused};

use crate::batch;
#[cfg(feature = "parquet")]
use crate::blocks::Ending;
use crate::blocks::{Cutter, without_mark};
use crate::crew::{Crew, CrewError};
use crate::decode::{Format, Layout};
use crate::definition::{Judge, Request};
use crate::ledger::Ledger;
#[cfg(feature = "parquet")]
use crate::parquet;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::worker::{Ordered, Stream, Worker};

/// Bytes that a thread works on at once: enough rows for a batch, and few enough to stay near the processor.
const BLOCK_SIZE: usize = 2 << 20;

/// What the flow keeps and what it passes over.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events before this instant are late (milliseconds since 1970).
    pub from: i64,
    /// Events at or after this instant are late (milliseconds since 1970).
    pub until: i64,
    /// Types of events that are few and kept whole: work, deploys, incidents. No SLI measures them unless it names them.
    pub keep_whole: Vec<String>,
    /// The environments whose deploys and incidents count, where events say which one they are about; all when it is empty.
    pub environments: Vec<String>,
    /// Stop at the first line that can't be understood.
    pub strict: bool,
    /// How many threads decode and classify; none for as many as the machine has processors. No result depends on it.
    pub threads: Option<NonZeroUsize>,
    /// Where the flow notes how many events it has read.
    pub progress: Option<Arc<Progress>>,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The stream broke.
    #[error("`{file}` can't be read past line {line}: {source}")]
    Unreadable {
        /// The file, as the source names it.
        file: String,
        /// How many lines had been read.
        line: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line was refused, and the run is strict.
    #[error("{}:{}: {}", .0.file, .0.line, .0.reason)]
    Refused(Refused),
    /// The threads that read did not get to the end.
    #[error("events can't be read any further: {0}")]
    Threads(String),
}

/// What has been read.
#[derive(Debug)]
pub struct Outcome {
    /// A ledger for each request, in the order of the requests, or why there is none.
    pub ledgers: Vec<Result<Ledger, String>>,
    /// What became of the events.
    pub counts: EventCounts,
    /// The events of the types that are kept whole, in the order in which they were read.
    pub kept: Vec<Event<'static>>,
}

/// Reads streams of events into ledgers.
///
/// Threads decode and classify blocks of the streams side by side. Whatever depends on the order of the events is done in
/// that order, so that the outcome is the same however many threads there are.
#[derive(Debug)]
pub struct Flow {
    plan: Arc<Plan>,
    crew: Crew<Worker>,
    block_size: usize,
    full_parsers: bool,
}

impl Flow {
    /// A flow for these requests. A calculator that can't be prepared makes its own ledgers fail, and no others.
    pub fn new(requests: Vec<Request>, options: Options) -> Flow {
        let threads = options.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from);
        let plan = Arc::new(Plan::new(requests, options));
        let workers = (0..threads).map(|_| Worker::new(&plan)).collect();
        Flow {
            plan,
            crew: Crew::new(workers, Ordered::default()),
            block_size: BLOCK_SIZE,
            full_parsers: false,
        }
    }

    /// Has streams cut into blocks of about so many bytes. It changes nothing but the speed.
    #[doc(hidden)]
    pub fn set_block_size(&mut self, bytes: usize) {
        self.block_size = bytes;
    }

    /// Has every line of the streams to come read by a full parser. It changes nothing but the speed.
    #[doc(hidden)]
    pub fn use_full_parsers(&mut self) {
        self.full_parsers = true;
    }

    /// Reads one stream to its end. `file` names it in errors and samples. Some of what it has read may still be at work
    /// when this returns.
    ///
    /// # Errors
    /// When the stream can't be read, or, under `strict`, at the first line that can't be understood. What was read
    /// before stays counted. When a thread can't be started or has panicked, there is no outcome any more.
    pub fn read(&mut self, file: &str, format: &Format, stream: impl Read) -> Result<(), FlowError> {
        let stream = without_mark(stream).map_err(|source| {
            let file = file.to_owned();
            FlowError::Unreadable { file, line: 0, source }
        })?;
        let mut cutter = Cutter::new(batch::one_a_line(format, stream), self.block_size);
        let mut of_stream: Option<Arc<Stream>> = None;
        loop {
            let mut block = self.crew.emptied().unwrap_or_default();
            let is_first = of_stream.is_none();
            match cutter.next(&mut block.bytes) {
                Ok(Some(ending)) => {
                    block.header = 0;
                    if of_stream.as_ref().is_none_or(|stream| matches!(stream.layout, Layout::Blank)) {
                        let layout = Layout::new(format, file, &block.bytes, ending, &self.plan);
                        block.header = layout.header_end();
                        of_stream = Some(Arc::new(Stream {
                            file: file.to_owned(),
                            layout,
                            full_parsers: self.full_parsers,
                        }));
                    }
                    (block.ending, block.is_first) = (ending, is_first);
                    block.stream.clone_from(&of_stream);
                    self.crew.hand(block)?;
                }
                Ok(None) => return self.check_strictly(),
                Err(source) => {
                    self.check_strictly()?;
                    let lines = self.crew.look_after_all(|ordered| ordered.lines)?;
                    let line = if is_first { 0 } else { lines };
                    return Err(FlowError::Unreadable { file: file.to_owned(), line, source });
                }
            }
            if self.plan.options.strict && self.crew.look(|ordered| ordered.stopped_by.is_some())? {
                return self.check_strictly();
            }
        }
    }

    /// Reads a Parquet file to its end. `file` names it in errors and samples, in which rows count as lines; `service` is
    /// the service that rows without a `subject` are about. The columns that are wanted are read from `table`, group of rows
    /// by group of rows, and memory grows with the largest group.
    ///
    /// # Errors
    /// As with [`read`](Flow::read), and when the file is damaged. What was read of the groups before stays counted.
    #[cfg(feature = "parquet")]
    pub fn read_parquet(
        &mut self,
        file: &str,
        service: Option<&str>,
        table: impl Read + Seek + Send + 'static,
    ) -> Result<(), FlowError> {
        let unreadable = |line, source| FlowError::Unreadable { file: file.to_owned(), line, source };
        let layout = parquet::Layout::open(table, file, service, &self.plan);
        let layout = layout.map_err(|source| unreadable(0, source))?;
        let groups = layout.groups();
        let stream =
            Arc::new(Stream { file: file.to_owned(), layout: Layout::Parquet(layout), full_parsers: false });
        for (part, bytes) in groups.into_iter().enumerate() {
            if let Some(progress) = &self.plan.options.progress {
                progress.add_bytes(bytes);
            }
            let mut block = self.crew.emptied().unwrap_or_default();
            block.bytes.clear();
            (block.ending, block.header) = (Ending::Line, 0);
            (block.part, block.is_first) = (part, part == 0);
            block.stream = Some(Arc::clone(&stream));
            self.crew.hand(block)?;
            if self.plan.options.strict && self.crew.look(|ordered| ordered.stopped_by.is_some())? {
                break;
            }
        }
        self.check_strictly()?;
        match self
            .crew
            .look_after_all(|ordered| ordered.broken.take().map(|source| (ordered.lines, source)))?
        {
            Some((line, source)) => Err(unreadable(line, source)),
            None => Ok(()),
        }
    }

    /// Waits for what is at work and settles the ledgers.
    ///
    /// # Errors
    /// When a thread has panicked, which is a mistake in the program.
    pub fn finish(self) -> Result<Outcome, FlowError> {
        let Flow { plan, crew, .. } = self;
        let (workers, ordered) = crew.finish()?;
        let mut judges: Vec<Vec<Judge>> = plan.definitions.iter().map(|_| Vec::new()).collect();
        let mut uses = Vec::new();
        for findings in workers.into_iter().map(Worker::into_findings) {
            judges.iter_mut().zip(findings.judges).for_each(|(judges, judge)| judges.push(judge));
            uses.push(findings.uses);
        }
        let failed: Vec<bool> = judges.iter().map(|judges| judges.iter().any(Judge::has_failed)).collect();
        let mut counts = ordered.counts;
        for (used, not_valid) in uses.iter().map(|uses| uses.total(&failed)) {
            counts.used += used;
            counts.not_valid += not_valid;
        }
        let (from, until) = (plan.options.from, plan.options.until);
        let mut ledgers: Vec<(usize, Result<Ledger, String>)> = Vec::new();
        for (definition, judges) in plan.definitions.iter().zip(judges) {
            let (settled, log) = definition.settle(judges, from, until);
            ledgers.extend(settled);
            counts.calculators.extend(log);
        }
        ledgers.sort_by_key(|(request, _)| *request);
        let ledgers = ledgers.into_iter().map(|(_, ledger)| ledger).collect();
        Ok(Outcome { ledgers, counts, kept: ordered.kept })
    }

    /// Under `strict`, waits for what is at work and tells of the first line that was refused.
    fn check_strictly(&self) -> Result<(), FlowError> {
        if !self.plan.options.strict {
            return Ok(());
        }
        match self.crew.look_after_all(|ordered| ordered.stopped_by.take())? {
            Some(refused) => Err(FlowError::Refused(refused)),
            None => Ok(()),
        }
    }
}

impl From<CrewError> for FlowError {
    fn from(error: CrewError) -> FlowError {
        FlowError::Threads(error.to_string())
    }
}
