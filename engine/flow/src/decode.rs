//! Lines become events, by the format of their stream.

#[cfg(feature = "parquet")]
use std::io;

use crate::access_log::{self, Stamps};
use crate::alertmanager;
use crate::batch;
use crate::blocks::{Ending, Lines, Stretch, is_blank, stretches};
use crate::cloudevents;
use crate::columns::Slots;
use crate::csv;
use crate::json::Json;
use crate::otlp;
#[cfg(feature = "parquet")]
use crate::parquet;
use crate::plan::Plan;
use crate::rows::Rows;
use crate::time::Clock;
use crate::worker::Stream;

/// How the lines of a stream are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CloudEvents 1.0 as JSON: an object a line, a batch a line, or one batch as a whole.
    CloudEvents,
    /// An access log in the combined format.
    AccessLog {
        /// The service whose log it is.
        service: String,
        /// The names of the fields that follow the combined format.
        fields_after: Vec<String>,
    },
    /// Comma-separated values with a header that names fields of events.
    Csv {
        /// The service that lines without a `subject` are about.
        service: Option<String>,
    },
    /// Spans of OpenTelemetry: OTLP in its JSON form, one export request a line.
    OtlpSpans,
    /// Alerts of Alertmanager: notifications of its webhook, one a line, or answers of its API.
    Alertmanager {
        /// The service that alerts are about whose labels name none.
        service: Option<String>,
    },
}

/// A format, made ready for the fields that a plan reads.
#[derive(Debug)]
pub(crate) enum Layout {
    CloudEvents,
    AccessLog(access_log::Layout),
    Csv(csv::Layout),
    OtlpSpans(otlp::Layout),
    Alertmanager(Option<String>),
    #[cfg(feature = "parquet")]
    Parquet(parquet::Layout),
    /// There has been nothing but blank lines yet, and no header.
    Blank,
}

impl Layout {
    /// The layout of a stream that begins with `block`.
    pub(crate) fn new(format: &Format, file: &str, block: &[u8], ending: Ending, plan: &Plan) -> Layout {
        match format {
            Format::CloudEvents => Layout::CloudEvents,
            Format::AccessLog { service, fields_after } => {
                Layout::AccessLog(access_log::Layout::new(plan, file, service, fields_after))
            }
            Format::Csv { .. } if ending == Ending::TooLong => {
                Layout::Csv(csv::Layout::without_header("the header is too long"))
            }
            Format::Csv { service } => {
                csv::Layout::new(block, file, service.as_deref(), plan).map_or(Layout::Blank, Layout::Csv)
            }
            Format::OtlpSpans => Layout::OtlpSpans(otlp::Layout::new(plan)),
            Format::Alertmanager { service } => Layout::Alertmanager(service.clone()),
        }
    }

    /// How many bytes of the block that it was made from are no events.
    pub(crate) fn header_end(&self) -> usize {
        match self {
            Layout::Csv(layout) => layout.header_end,
            Layout::CloudEvents
            | Layout::AccessLog(_)
            | Layout::OtlpSpans(_)
            | Layout::Alertmanager(_)
            | Layout::Blank => 0,
            #[cfg(feature = "parquet")]
            Layout::Parquet(_) => 0,
        }
    }
}

/// What the decoders of one thread remember from line to line. None of it changes a result.
#[derive(Debug, Default)]
pub(crate) struct Decoders {
    json: Json,
    clock: Clock,
    stamps: Stamps,
}

impl Decoders {
    /// Decodes whole lines.
    pub(crate) fn decode(&mut self, stream: &Stream, bytes: &[u8], plan: &Plan, rows: &mut Rows) {
        match &stream.layout {
            Layout::CloudEvents if stream.full_parsers => {
                Lines::new(bytes).for_each(|line| self.cloudevent(line, plan, rows));
            }
            Layout::CloudEvents => self.cloudevents(bytes, plan, rows),
            Layout::AccessLog(layout) => {
                let stamps = (!stream.full_parsers).then_some(&mut self.stamps);
                layout.decode(bytes, plan, stamps, rows);
            }
            Layout::Csv(layout) => {
                layout.decode(bytes, plan, !stream.full_parsers, &mut self.clock, rows);
            }
            Layout::OtlpSpans(layout) => layout.decode(bytes, plan, rows),
            Layout::Alertmanager(service) => {
                alertmanager::decode(bytes, service.as_deref(), plan, &mut self.clock, rows);
            }
            Layout::Blank => rows.lines += Lines::new(bytes).count() as u64,
            // It has no lines: its parts are read as they are.
            #[cfg(feature = "parquet")]
            Layout::Parquet(_) => {}
        }
    }

    /// Decodes a part of a Parquet file.
    ///
    /// # Errors
    /// When it is damaged.
    #[cfg(feature = "parquet")]
    pub(crate) fn parquet(
        &mut self,
        layout: &parquet::Layout,
        part: usize,
        plan: &Plan,
        rows: &mut Rows,
    ) -> io::Result<()> {
        layout.decode(part, plan, &mut self.clock, rows)
    }

    fn cloudevents(&mut self, bytes: &[u8], plan: &Plan, rows: &mut Rows) {
        let mut slots = Vec::new();
        for stretch in stretches(bytes) {
            match stretch {
                Stretch::Text(text) => self.text_of_cloudevents(text, plan, &mut slots, rows),
                Stretch::Line(line) => self.cloudevent(line, plan, rows),
            }
        }
    }

    fn text_of_cloudevents<'e>(
        &mut self,
        text: &'e str,
        plan: &Plan,
        slots: &mut Slots<'e>,
        rows: &mut Rows,
    ) {
        let mut at = 0;
        while at < text.len() {
            let end = self.json.read(text, at, &plan.projection, slots);
            if let Some(end) = end {
                rows.lines += 1;
                let line = text.as_bytes().get(at..end).unwrap_or_default();
                if let Err(reason) = cloudevents::take_in(line, plan, slots, &mut self.clock, rows) {
                    rows.refuse(reason);
                }
                at = end + 1;
            } else {
                let rest = text.as_bytes().get(at..).unwrap_or_default();
                let line = Lines::new(rest).next().unwrap_or_default();
                self.cloudevent(line, plan, rows);
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()) + 1;
            }
        }
    }

    /// Reads one line with the full parser.
    fn cloudevent(&mut self, line: &[u8], plan: &Plan, rows: &mut Rows) {
        rows.lines += 1;
        if is_blank(line) {
            return;
        }
        if batch::is_batch(line) {
            return self.batch(line, plan, rows);
        }
        if let Err(reason) = cloudevents::arrive(line, plan, &mut self.clock, rows) {
            rows.refuse(reason);
        }
    }

    /// Reads a batch of events, which is on one line.
    fn batch(&mut self, line: &[u8], plan: &Plan, rows: &mut Rows) {
        let events = match batch::events(line) {
            Ok(events) => events,
            Err(reason) => return rows.refuse(reason),
        };
        for (idx, event) in events.iter().enumerate() {
            let read = cloudevents::arrive(event.get().as_bytes(), plan, &mut self.clock, rows);
            if let Err(reason) = read {
                rows.refuse(format!("event {} of the batch: {reason}", idx + 1));
            }
        }
    }
}
