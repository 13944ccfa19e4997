//! The flow itself: lines become rows, rows become marks, marks become ledgers.

use std::collections::HashMap;
use std::io::{self, Read};

use weir_model::event::{Event, HTTP_REQUEST};
use weir_model::{EventCounts, Refused};

use crate::access_log;
use crate::cloudevents;
use crate::columns::{Column, FieldKind, Pools, Scalar};
use crate::dedupe::Seen;
use crate::definition::{Definition, Request, definitions};
use crate::ledger::Ledger;
use crate::lines::{LONGEST_LINE, Lines, Next};
use crate::projection::{Projection, SlotIdx};

/// Rows that cross into the sandbox at once. Past some ten thousand the boundary costs nothing more, and the columns
/// still fit the processor's second-level cache.
const BATCH_ROWS: usize = 16_384;

/// How the lines of a stream are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// CloudEvents 1.0, one JSON object a line.
    CloudEvents,
    /// An access log in the combined format.
    AccessLog {
        /// The service whose log it is.
        service: String,
        /// The names of the fields that follow the combined format.
        fields_after: Vec<String>,
    },
}

/// What the flow keeps and what it passes over.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events before this instant are late (milliseconds since 1970).
    pub from: i64,
    /// Events at or after this instant are late (milliseconds since 1970).
    pub until: i64,
    /// Types of events that are few and kept whole: work, deploys, incidents. No SLI measures them unless it names them.
    pub keep_whole: Vec<String>,
    /// Stop at the first line that can't be understood.
    pub strict: bool,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The stream broke.
    #[error("`{file}` can't be read past line {line}")]
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
#[derive(Debug)]
pub struct Flow {
    options: Options,
    services: HashMap<String, usize>,
    definitions: Vec<Definition>,
    projection: Projection,
    attributes: Attributes,
    batch: Batch,
    pools: Pools,
    seen: Seen,
    counts: EventCounts,
    kept: Vec<Event<'static>>,
}

/// Where the attributes of an event stand among the slots.
#[derive(Debug, Clone, Copy)]
struct Attributes {
    specversion: SlotIdx,
    id: SlotIdx,
    source: SlotIdx,
    kind: SlotIdx,
    subject: SlotIdx,
    time: SlotIdx,
}

/// The rows that have not been classified yet.
#[derive(Debug, Default)]
struct Batch {
    /// Which slot each column is filled from.
    slots: Vec<SlotIdx>,
    columns: Vec<Column>,
    times: Vec<i64>,
    services: Vec<usize>,
    kinds: Vec<u32>,
    kind_names: Vec<String>,
}

impl Flow {
    /// A flow for these requests. A calculator that can't be prepared makes its own ledgers fail, and no others.
    pub fn new(requests: Vec<Request>, options: Options) -> Flow {
        let mut services = HashMap::new();
        for request in &requests {
            let next = services.len();
            services.entry(request.service.clone()).or_insert(next);
        }
        let mut projection = Projection::default();
        let attributes = Attributes {
            specversion: projection.slot("specversion"),
            id: projection.slot("id"),
            source: projection.slot("source"),
            kind: projection.slot("type"),
            subject: projection.slot("subject"),
            time: projection.slot("time"),
        };
        let mut batch = Batch::default();
        let mut column_of = HashMap::new();
        let mut definitions = definitions(requests, &services);
        for definition in &mut definitions {
            for field in definition.wanted() {
                let column = FieldKind::from_code(field.kind).map(|kind| {
                    let slot = projection.slot(&field.name);
                    *column_of.entry((slot, kind)).or_insert_with(|| {
                        batch.slots.push(slot);
                        batch.columns.push(Column::new(kind));
                        batch.columns.len() - 1
                    })
                });
                definition.columns.push(column);
            }
        }
        Flow {
            options,
            services,
            definitions,
            projection,
            attributes,
            batch,
            pools: Pools::default(),
            seen: Seen::default(),
            counts: EventCounts::default(),
            kept: Vec::new(),
        }
    }

    /// Reads one stream to its end. `file` names it in errors and samples.
    ///
    /// # Errors
    /// When the stream can't be read, or, under `strict`, at the first line that can't be understood. What was read
    /// before stays counted.
    pub fn read(&mut self, file: &str, format: &Format, stream: impl Read) -> Result<(), FlowError> {
        let mut lines = Lines::new(stream);
        let mut line = Vec::new();
        loop {
            let next = lines.next(&mut line).map_err(|source| FlowError::Unreadable {
                file: file.to_owned(),
                line: lines.number(),
                source,
            })?;
            let result = match next {
                Next::End => return Ok(()),
                Next::TooLong => Err(format!("the line is longer than {LONGEST_LINE} bytes")),
                Next::Line { .. } if line.iter().all(u8::is_ascii_whitespace) => continue,
                Next::Line { ended } => self.line(file, format, &line).map_err(|reason| {
                    if ended { reason } else { format!("{reason}; the file ends in the middle of this line") }
                }),
            };
            if let Err(reason) = result {
                let refused = Refused { file: file.to_owned(), line: lines.number(), reason };
                self.counts.refuse(refused.clone());
                if self.options.strict {
                    return Err(FlowError::Refused(refused));
                }
            }
            if self.batch.times.len() == BATCH_ROWS {
                self.classify();
            }
        }
    }

    /// Classifies what is left and settles the ledgers.
    pub fn finish(mut self) -> Outcome {
        self.classify();
        let mut ledgers: Vec<(usize, Result<Ledger, String>)> = Vec::new();
        for definition in self.definitions {
            ledgers.extend(definition.settle(self.options.from, self.options.until));
        }
        ledgers.sort_by_key(|(request, _)| *request);
        Outcome {
            ledgers: ledgers.into_iter().map(|(_, ledger)| ledger).collect(),
            counts: self.counts,
            kept: self.kept,
        }
    }

    fn line(&mut self, file: &str, format: &Format, line: &[u8]) -> Result<(), String> {
        match format {
            Format::CloudEvents => self.cloudevent(line),
            Format::AccessLog { service, fields_after } => {
                // Bytes beyond ASCII that are no UTF-8 do occur in user agents; they lose nothing that is counted.
                let text = String::from_utf8_lossy(line);
                self.request(file, &text, service, fields_after)
            }
        }
    }

    fn cloudevent(&mut self, line: &[u8]) -> Result<(), String> {
        let mut slots = Vec::new();
        cloudevents::decode(line, &self.projection, &mut slots).map_err(|error| error.to_string())?;
        let text = |slot: SlotIdx, name: &str| match slots.get(slot).and_then(Option::as_ref) {
            Some(Scalar::Text(text)) if !text.is_empty() => Ok(text.as_ref()),
            Some(_) => Err(format!("`{name}` must be a text that is not empty")),
            None => Err(format!("`{name}` is missing")),
        };
        let at = self.attributes;
        match text(at.specversion, "specversion")? {
            "1.0" => {}
            other => return Err(format!("`specversion` is `{other}`; only `1.0` is understood")),
        }
        let (id, source, kind) = (text(at.id, "id")?, text(at.source, "source")?, text(at.kind, "type")?);
        let stamp = text(at.time, "time")?;
        let time = stamp
            .parse::<jiff::Timestamp>()
            .map_err(|_| format!("`time` is `{stamp}`, which is not a time such as `2026-11-24T11:58:03Z`"))?
            .as_millisecond();
        if !self.seen.is_new(source, id) {
            self.counts.duplicate += 1;
            return Ok(());
        }
        if !self.on_time(time) {
            return Ok(());
        }
        if self.options.keep_whole.iter().any(|keep| keep == kind) {
            let text = String::from_utf8_lossy(line);
            self.kept.push(Event::parse(&text).map_err(|error| error.to_string())?.into_owned());
        }
        let subject = match slots.get(at.subject).and_then(Option::as_ref) {
            Some(Scalar::Text(subject)) => self.services.get(subject.as_ref()).copied(),
            _ => None,
        };
        let kept = self.options.keep_whole.iter().any(|keep| keep == kind);
        match subject {
            Some(service) => self.batch.push(time, service, kind, |slot| slots.get(slot).cloned().flatten()),
            None if kept => self.counts.used += 1,
            None => self.counts.not_valid += 1,
        }
        Ok(())
    }

    fn request(&mut self, file: &str, line: &str, service: &str, names: &[String]) -> Result<(), String> {
        let line = access_log::parse(line, names.len())?;
        if !self.on_time(line.time) {
            return Ok(());
        }
        let Some(service_idx) = self.services.get(service).copied() else {
            self.counts.not_valid += 1;
            return Ok(());
        };
        let fields = self.projection.names();
        self.batch.push(line.time, service_idx, HTTP_REQUEST, |slot| match fields.get(slot)?.as_str() {
            "type" => Some(Scalar::Text(HTTP_REQUEST.into())),
            "source" => Some(Scalar::Text(file.into())),
            "subject" => Some(Scalar::Text(service.into())),
            "time" => jiff::Timestamp::from_millisecond(line.time)
                .ok()
                .map(|time| Scalar::Text(time.to_string().into())),
            field => line.data(field.strip_prefix("data.")?, names),
        });
        Ok(())
    }

    /// Counts an event as late when it lies outside the time that the ledgers keep.
    fn on_time(&mut self, time: i64) -> bool {
        let on_time = (self.options.from..self.options.until).contains(&time);
        self.counts.late += u64::from(!on_time);
        on_time
    }

    /// Has every definition mark the rows of the batch, and empties it.
    fn classify(&mut self) {
        let rows = self.batch.times.len();
        let mut used = vec![false; rows];
        for definition in &mut self.definitions {
            let columns = definition.columns.iter().map(|column| self.batch.columns.get((*column)?));
            self.pools.lay_out(columns);
            let latest = definition.latest_column().and_then(|idx| self.batch.columns.get(idx));
            let measured: Vec<bool> = self
                .batch
                .kind_names
                .iter()
                .map(|kind| definition.measures(kind, &self.options.keep_whole))
                .collect();
            let Some(marks) = definition.marks(&self.pools.batch(rows)) else { continue };
            let places = self.batch.times.iter().zip(&self.batch.services).zip(&self.batch.kinds);
            for (row, ((mark, used), ((time, service), kind))) in
                marks.iter().zip(&mut used).zip(places).enumerate()
            {
                let measured = usize::try_from(*kind).is_ok_and(|kind| measured.get(kind) == Some(&true));
                if measured {
                    let latest = latest.map_or(Some(*time), |column| column.instant(row));
                    *used |= definition.add(*service, *time, *mark, latest);
                }
            }
        }
        for (used, kind) in used.iter().zip(&self.batch.kinds) {
            let name = usize::try_from(*kind).ok().and_then(|kind| self.batch.kind_names.get(kind));
            let kept = name.is_some_and(|name| self.options.keep_whole.contains(name));
            if *used || kept {
                self.counts.used += 1;
            } else {
                self.counts.not_valid += 1;
            }
        }
        self.batch.clear();
    }
}

impl Batch {
    fn push<'e>(
        &mut self,
        time: i64,
        service: usize,
        kind: &str,
        value: impl Fn(SlotIdx) -> Option<Scalar<'e>>,
    ) {
        self.times.push(time);
        self.services.push(service);
        let known = self.kind_names.iter().position(|name| name == kind);
        let code = known.unwrap_or_else(|| {
            self.kind_names.push(kind.to_owned());
            self.kind_names.len() - 1
        });
        self.kinds.push(u32::try_from(code).unwrap_or(u32::MAX));
        for (slot, column) in self.slots.iter().zip(&mut self.columns) {
            column.push(value(*slot).as_ref());
        }
    }

    fn clear(&mut self) {
        self.times.clear();
        self.services.clear();
        self.kinds.clear();
        self.kind_names.clear();
        for column in &mut self.columns {
            column.clear();
        }
    }
}
