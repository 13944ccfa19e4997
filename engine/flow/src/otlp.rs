//! Spans of OpenTelemetry as OTLP in its JSON form: one export request a line, with any number of spans, each of which is
//! an event of type `weir.otel.span`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};
use weir_model::event::OTEL_SPAN;

use crate::blocks::{Lines, is_blank};
use crate::columns::{Scalar, Slots};
use crate::dedupe::Fingerprint;
use crate::fault;
use crate::plan::Plan;
use crate::projection::SlotIdx;
use crate::rows::{Arrival, Rows};

/// The service of spans that name none, as OpenTelemetry says.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Spans as a plan reads them.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The slots of fields that all spans have.
    id: SlotIdx,
    source: SlotIdx,
    subject: SlotIdx,
    kind: SlotIdx,
    time: Option<SlotIdx>,
    name: Option<SlotIdx>,
    span_kind: Option<SlotIdx>,
    status: Option<SlotIdx>,
    duration: Option<SlotIdx>,
    /// The slots of the attributes of spans, and of resources, by their keys.
    attributes: HashMap<String, SlotIdx>,
    resource: HashMap<String, SlotIdx>,
    slots: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export<'e> {
    #[serde(borrow)]
    resource_spans: Vec<ResourceSpans<'e>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'e> {
    #[serde(borrow)]
    resource: Option<Resource<'e>>,
    #[serde(borrow)]
    scope_spans: Option<Vec<ScopeSpans<'e>>>,
}

#[derive(Default, Deserialize)]
struct Resource<'e> {
    #[serde(borrow)]
    attributes: Option<Vec<Attribute<'e>>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'e> {
    #[serde(borrow)]
    spans: Option<Vec<Span<'e>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span<'e> {
    #[serde(borrow)]
    trace_id: Option<Text<'e>>,
    #[serde(borrow)]
    span_id: Option<Text<'e>>,
    #[serde(borrow)]
    name: Option<Text<'e>>,
    #[serde(borrow)]
    kind: Option<Word<'e>>,
    #[serde(borrow)]
    start_time_unix_nano: Option<Word<'e>>,
    #[serde(borrow)]
    end_time_unix_nano: Option<Word<'e>>,
    #[serde(borrow)]
    attributes: Option<Vec<Attribute<'e>>>,
    #[serde(borrow)]
    status: Option<Status<'e>>,
}

#[derive(Deserialize)]
struct Status<'e> {
    #[serde(borrow)]
    code: Option<Word<'e>>,
}

#[derive(Deserialize)]
struct Attribute<'e> {
    #[serde(borrow)]
    key: Cow<'e, str>,
    #[serde(borrow)]
    value: Option<AnyValue<'e>>,
}

/// A value of an attribute: one of these is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue<'e> {
    #[serde(borrow)]
    string_value: Option<Text<'e>>,
    bool_value: Option<bool>,
    #[serde(borrow)]
    int_value: Option<Word<'e>>,
    #[serde(borrow)]
    double_value: Option<Word<'e>>,
    array_value: Option<IgnoredAny>,
    kvlist_value: Option<IgnoredAny>,
    bytes_value: Option<IgnoredAny>,
}

/// A text, borrowed from the line unless it has escapes.
#[derive(Deserialize)]
struct Text<'e>(#[serde(borrow)] Cow<'e, str>);

/// A number, or a text in its place: 64 bits are written as text, and so are enums by some programs.
enum Word<'e> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'e, str>),
}

impl<'de: 'e, 'e> Deserialize<'de> for Word<'e> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<'e>, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Word<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, or a text in its place")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Word<'de>, E> {
                Ok(Word::Unsigned(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Word<'de>, E> {
                Ok(Word::Signed(value))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Word<'de>, E> {
                Ok(Word::Float(value))
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Word<'de>, E> {
                Ok(Word::Text(Cow::Borrowed(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Word<'de>, E> {
                Ok(Word::Text(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

impl<'e> Word<'e> {
    fn unsigned(&self) -> Option<u64> {
        match self {
            Word::Unsigned(value) => Some(*value),
            Word::Text(text) => text.parse().ok(),
            Word::Signed(_) | Word::Float(_) => None,
        }
    }

    /// The value of an enum: its position among `names`, or the name behind `prefix` in capitals.
    fn name(&self, prefix: &str, names: &[&'static str]) -> Option<&'static str> {
        match self {
            Word::Unsigned(value) => names.get(usize::try_from(*value).ok()?).copied(),
            Word::Text(text) => {
                let name = text.strip_prefix(prefix)?;
                names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
            }
            Word::Signed(_) | Word::Float(_) => None,
        }
    }

    fn integer(&self) -> Scalar<&'e str> {
        let value = match self {
            Word::Signed(value) => Some(*value),
            Word::Unsigned(value) => i64::try_from(*value).ok(),
            Word::Text(text) => text.parse().ok(),
            Word::Float(_) => None,
        };
        value.map_or(Scalar::Other, Scalar::Integer)
    }

    fn number(&self) -> Scalar<&'e str> {
        match self {
            Word::Float(value) => Scalar::Number(*value),
            Word::Signed(_) | Word::Unsigned(_) => self.integer(),
            // `NaN` and the infinities are written as text; no column holds them.
            Word::Text(text) => text.parse().map_or(Scalar::Other, Scalar::Number),
        }
    }
}

impl<'e> AnyValue<'e> {
    fn scalar(&self) -> Option<Scalar<&str>> {
        if let Some(Text(text)) = &self.string_value {
            return Some(Scalar::Text(text));
        }
        if let Some(flag) = self.bool_value {
            return Some(Scalar::Flag(flag));
        }
        if let Some(value) = &self.int_value {
            return Some(value.integer());
        }
        if let Some(value) = &self.double_value {
            return Some(value.number());
        }
        let there = self.array_value.is_some() || self.kvlist_value.is_some() || self.bytes_value.is_some();
        there.then_some(Scalar::Other)
    }
}

impl Layout {
    pub(crate) fn new(plan: &Plan) -> Layout {
        let at = plan.attributes;
        let names = plan.projection.names();
        let slot = |wanted: &str| names.iter().position(|name| name == wanted);
        let below = |prefix: &str| {
            let keys = names.iter().enumerate();
            keys.filter_map(|(slot, name)| Some((name.strip_prefix(prefix)?.to_owned(), slot))).collect()
        };
        Layout {
            id: at.id,
            source: at.source,
            subject: at.subject,
            kind: at.kind,
            time: plan.columns.iter().map(|(slot, _)| *slot).find(|slot| *slot == at.time),
            name: slot("data.name"),
            span_kind: slot("data.kind"),
            status: slot("data.status"),
            duration: slot("data.duration"),
            attributes: below("data.attributes."),
            resource: below("data.resource."),
            slots: names.len(),
        }
    }

    /// Reads whole lines.
    pub(crate) fn decode(&self, bytes: &[u8], plan: &Plan, rows: &mut Rows) {
        for line in Lines::new(bytes) {
            rows.lines += 1;
            if is_blank(line) {
                continue;
            }
            match serde_json::from_slice::<Export<'_>>(line) {
                Ok(export) => export.resource_spans.iter().for_each(|spans| self.spans(spans, plan, rows)),
                Err(error) => rows.refuse(format!("no spans in OTLP: {}", fault::told(&error))),
            }
        }
    }

    /// Takes in the spans of one resource.
    fn spans(&self, spans: &ResourceSpans<'_>, plan: &Plan, rows: &mut Rows) {
        let resource = spans.resource.as_ref().and_then(|resource| resource.attributes.as_deref());
        let resource = resource.unwrap_or_default();
        let of_scopes = spans.scope_spans.iter().flatten().flat_map(|scope| scope.spans.iter().flatten());
        for span in of_scopes {
            if let Err(reason) = self.span(span, resource, plan, rows) {
                rows.refuse(format!("span `{}`: {reason}", span.span_id.as_ref().map_or("", |id| &id.0)));
            }
        }
    }

    fn span(
        &self,
        span: &Span<'_>,
        resource: &[Attribute<'_>],
        plan: &Plan,
        rows: &mut Rows,
    ) -> Result<(), String> {
        let id = format!(
            "{}/{}",
            given(span.trace_id.as_ref(), "traceId")?,
            given(span.span_id.as_ref(), "spanId")?
        );
        let end = span.end_time_unix_nano.as_ref().ok_or("`endTimeUnixNano` is missing")?;
        let end =
            end.unsigned().filter(|end| *end > 0).ok_or("`endTimeUnixNano` is no time in nanoseconds")?;
        let time = i64::try_from(end / 1_000_000).unwrap_or(i64::MAX);
        let service = service_name(resource);
        let mut slots: Slots<'_> = vec![None; self.slots];
        self.attributes(resource, &self.resource, &mut slots)?;
        self.attributes(span.attributes.as_deref().unwrap_or_default(), &self.attributes, &mut slots)?;
        let source = service.unwrap_or(UNKNOWN_SERVICE);
        let fingerprint = Some(Fingerprint::new(source.as_bytes(), id.as_bytes()));
        let mut put = |slot: Option<SlotIdx>, value| {
            if let Some(place) = slot.and_then(|slot| slots.get_mut(slot)) {
                *place = value;
            }
        };
        put(Some(self.id), text(&id));
        put(Some(self.source), text(source));
        put(Some(self.subject), service.and_then(text));
        put(Some(self.kind), text(OTEL_SPAN));
        put(self.time, jiff::Timestamp::from_millisecond(time).is_ok().then_some(Scalar::Instant(time)));
        put(self.name, span.name.as_ref().and_then(|name| text(&name.0)));
        let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
        let kind = span.kind.as_ref().and_then(|kind| kind.name("SPAN_KIND_", &kinds));
        put(self.span_kind, kind.and_then(text));
        let code = span.status.as_ref().and_then(|status| status.code.as_ref());
        let status = code.map_or(Some("unset"), |code| code.name("STATUS_CODE_", &["unset", "ok", "error"]));
        put(self.status, status.and_then(text));
        put(self.duration, duration(span, end).map(Scalar::Number));
        let service = service.and_then(|service| plan.service(service));
        rows.arrive(plan, &Arrival { fingerprint, time, kind: OTEL_SPAN, service }, &slots, || {
            Err(format!("events of type `{OTEL_SPAN}` are kept whole, and only CloudEvents are whole events"))
        });
        Ok(())
    }

    /// Puts the attributes that are wanted into their slots.
    fn attributes<'e>(
        &self,
        attributes: &'e [Attribute<'e>],
        wanted: &HashMap<String, SlotIdx>,
        slots: &mut [Option<Scalar<&'e str>>],
    ) -> Result<(), String> {
        if wanted.is_empty() {
            return Ok(());
        }
        for attribute in attributes {
            let Some(place) = wanted.get(&*attribute.key).and_then(|slot| slots.get_mut(*slot)) else {
                continue;
            };
            if place.is_some() {
                return Err(format!("the attribute `{}`, which is read here, is given twice", attribute.key));
            }
            *place = attribute.value.as_ref().and_then(AnyValue::scalar);
        }
        Ok(())
    }
}

fn text(text: &str) -> Option<Scalar<&str>> {
    Some(Scalar::Text(text))
}

/// A text that must be there.
fn given<'s>(text: Option<&'s Text<'_>>, name: &str) -> Result<&'s str, String> {
    match text {
        Some(Text(text)) if !text.is_empty() => Ok(text),
        Some(_) | None => Err(format!("`{name}` is missing")),
    }
}

/// The name of the service that a resource is.
fn service_name<'e>(resource: &'e [Attribute<'e>]) -> Option<&'e str> {
    let name = resource.iter().find(|attribute| attribute.key == "service.name")?;
    name.value.as_ref()?.string_value.as_ref().map(|name| &*name.0).filter(|name| !name.is_empty())
}

/// How long a span took in seconds; none when it does not say when it began, or began after its end.
#[expect(clippy::cast_precision_loss, reason = "a duration is a measured value, which is a float anyway")]
fn duration(span: &Span<'_>, end: u64) -> Option<f64> {
    let start = span.start_time_unix_nano.as_ref()?.unsigned().filter(|start| *start > 0)?;
    Some(end.checked_sub(start)? as f64 / 1e9)
}
