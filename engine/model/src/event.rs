//! Events: CloudEvents 1.0 in their JSON form.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::value::Instant;
use crate::word::words;

mod alert;
mod form;
mod happened;

pub use alert::{ALERT_CLEARED, ALERT_FIRED, AlertNews, AlertUrgency};
pub use happened::{
    DEPLOY, Deployed, INCIDENT_DECLARED, INCIDENT_MITIGATED, INCIDENT_RESOLVED, IncidentNews,
};

/// The type of an event about a request that a service answered.
pub const HTTP_REQUEST: &str = "weir.http.request";

/// The type of an event about a span: something that a service did, as OpenTelemetry traces it.
pub const OTEL_SPAN: &str = "weir.otel.span";

/// The type of an event about a piece of work that somebody did. Its data is a [`WorkItem`].
pub const WORK_ITEM: &str = "weir.work.item";

/// Whether a type of events is what a pattern names: a type, or the beginning of types with a `*` after it.
#[must_use]
pub fn is_of_type(kind: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == pattern,
    }
}

/// One event. What it borrows, it borrows from the text that it was read from, which must be in memory as a whole.
///
/// Two events are the same when `source` and `id` are the same.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Identity of the event among those of its source.
    pub id: Cow<'a, str>,
    /// Where the event comes from.
    pub source: Cow<'a, str>,
    /// What happened, for example [`HTTP_REQUEST`]. It is `type` in JSON.
    pub kind: Cow<'a, str>,
    /// What it happened to: the name of a service.
    pub subject: Option<Cow<'a, str>>,
    /// When it happened.
    pub time: Option<Instant>,
    /// The media type of the data.
    pub content_type: Option<Cow<'a, str>>,
    /// The schema of the data.
    pub schema: Option<Cow<'a, str>>,
    /// What is known about it.
    pub data: Option<Data<'a>>,
    /// Further attributes, in the order of the text.
    pub extensions: Vec<(Cow<'a, str>, Extension<'a>)>,
}

/// The data of an event.
#[derive(Clone, Debug)]
pub enum Data<'a> {
    /// A JSON value, not looked into.
    Json(Cow<'a, RawValue>),
    /// Bytes in base64, not decoded.
    Base64(Cow<'a, str>),
}

/// The value of a further attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extension<'a> {
    /// True or false.
    Boolean(bool),
    /// A whole number of 32 bits.
    Integer(i32),
    /// A text.
    String(Cow<'a, str>),
}

/// Why a text is not an event: what the JSON parser or the rules of CloudEvents say, with line and column.
#[derive(Debug, thiserror::Error)]
#[error("not a CloudEvent: {0}")]
pub struct EventError(serde_json::Error);

impl<'a> Event<'a> {
    /// Reads one event.
    ///
    /// # Errors
    ///
    /// A text that is not JSON; an attribute that is missing, twice there, of the wrong type or wrong in itself; data both
    /// as JSON and in base64.
    pub fn parse(json: &'a str) -> Result<Event<'a>, EventError> {
        serde_json::from_str(json).map_err(EventError)
    }

    /// The same event with nothing borrowed.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        fn own(text: Cow<'_, str>) -> Cow<'static, str> {
            Cow::Owned(text.into_owned())
        }
        Event {
            id: own(self.id),
            source: own(self.source),
            kind: own(self.kind),
            subject: self.subject.map(own),
            time: self.time,
            content_type: self.content_type.map(own),
            schema: self.schema.map(own),
            data: self.data.map(|data| match data {
                Data::Json(json) => Data::Json(Cow::Owned(json.into_owned())),
                Data::Base64(text) => Data::Base64(own(text)),
            }),
            extensions: self
                .extensions
                .into_iter()
                .map(|(name, value)| {
                    let value = match value {
                        Extension::Boolean(flag) => Extension::Boolean(flag),
                        Extension::Integer(number) => Extension::Integer(number),
                        Extension::String(text) => Extension::String(own(text)),
                    };
                    (own(name), value)
                })
                .collect(),
        }
    }
}

impl JsonSchema for Event<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |description: &str| json_schema!({ "type": "string", "minLength": 1, "description": description });
        json_schema!({
            "description": "One event: CloudEvents 1.0 in its JSON form.",
            "type": "object",
            "required": ["specversion", "id", "source", "type"],
            "properties": {
                "specversion": { "const": "1.0", "description": "The version of CloudEvents." },
                "id": text("Identity of the event among those of its source."),
                "source": text("Where the event comes from."),
                "type": text("What happened, for example `weir.http.request`."),
                "subject": text("What it happened to: the name of a service."),
                "time": { "type": "string", "format": "date-time", "description": "When it happened." },
                "datacontenttype": text("The media type of the data."),
                "dataschema": text("The schema of the data."),
                "data": { "description": "What is known about it." },
                "data_base64": { "type": "string", "description": "The same as bytes in base64." },
            },
            "not": { "required": ["data", "data_base64"] },
            "propertyNames": { "pattern": "^([a-z0-9]+|data_base64)$" },
            "additionalProperties": { "type": ["boolean", "integer", "string"] },
        })
    }
}

words! {
    /// What a piece of work is.
    pub enum WorkClass {
        /// Work that running the service takes, and that leaves it as it was.
        Toil = "toil",
        /// Work that belongs to no service: meetings, hiring, paperwork.
        Overhead = "overhead",
        /// Work that makes the service better for good.
        Engineering = "engineering",
    }
}

/// The data of an event of the type [`WORK_ITEM`]: a piece of work that somebody did.
///
/// What is not stated is unknown, which is not the same as false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WorkItem {
    /// What was done, in the words of the person who did it.
    pub title: String,
    /// The team that did it.
    pub team: String,
    /// Hands-on time in minutes.
    pub minutes: u64,
    /// Whether a person did it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<bool>,
    /// Whether it is done over and over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetitive: Option<bool>,
    /// Whether a machine could do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatable: Option<bool>,
    /// Whether it answered an interruption and leaves nothing of enduring value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tactical: Option<bool>,
    /// Whether there is more of it as the service grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grows: Option<bool>,
    /// What it is, where the team says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<WorkClass>,
    /// Estimated effort of automating it, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automation_minutes: Option<u64>,
    /// Hands-on time of one run that would be left, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual_minutes: Option<u64>,
}
