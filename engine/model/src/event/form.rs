//! The JSON form of events.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Data, Event, Extension};
use crate::diagnostic::quote;
use crate::value::Instant;

/// The version of CloudEvents that is read and written.
const VERSION: &str = "1.0";

/// A text that is borrowed where the JSON has no escapes in it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event<'a>, D::Error> {
        deserializer.deserialize_map(Attributes::default())
    }
}

/// The attributes read so far.
#[derive(Default)]
struct Attributes<'a> {
    version: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    content_type: Option<Cow<'a, str>>,
    schema: Option<Cow<'a, str>>,
    json: Option<&'a RawValue>,
    base64: Option<Cow<'a, str>>,
    extensions: Vec<(Cow<'a, str>, Extension<'a>)>,
}

impl<'de: 'a, 'a> Visitor<'de> for Attributes<'a> {
    type Value = Event<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the attributes of an event")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Event<'a>, A::Error> {
        while let Some(Borrowed(name)) = map.next_key()? {
            match &*name {
                "specversion" => text(&mut map, &name, &mut self.version)?,
                "id" => text(&mut map, &name, &mut self.id)?,
                "source" => text(&mut map, &name, &mut self.source)?,
                "type" => text(&mut map, &name, &mut self.kind)?,
                "subject" => text(&mut map, &name, &mut self.subject)?,
                "time" => text(&mut map, &name, &mut self.time)?,
                "datacontenttype" => text(&mut map, &name, &mut self.content_type)?,
                "dataschema" => text(&mut map, &name, &mut self.schema)?,
                "data_base64" => {
                    let value = map.next_value::<Option<Borrowed<'a>>>()?.map(|Borrowed(value)| value);
                    set(&name, &mut self.base64, value)?;
                }
                "data" => {
                    let value = map.next_value::<Option<&'a RawValue>>()?;
                    set(&name, &mut self.json, value)?;
                }
                _ => self.extension(name, &mut map)?,
            }
        }
        self.event()
    }
}

impl<'a> Attributes<'a> {
    fn extension<'de: 'a, A: MapAccess<'de>>(
        &mut self,
        name: Cow<'a, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            let message =
                format!("attribute {} has a name with other characters than `a-z` and `0-9`", quote(&name));
            return Err(A::Error::custom(message));
        }
        if self.extensions.iter().any(|(other, _)| *other == name) {
            return Err(A::Error::custom(format!("attribute {} is there twice", quote(&name))));
        }
        // What is null is as good as not there.
        if let Some(value) = map.next_value::<Option<Extension<'a>>>()? {
            self.extensions.push((name, value));
        }
        Ok(())
    }

    fn event<E: Error>(self) -> Result<Event<'a>, E> {
        let version = required("specversion", self.version)?;
        if version != VERSION {
            return Err(E::custom(format!(
                "`specversion` is {}, and only `{VERSION}` is read",
                quote(&version)
            )));
        }
        let time = self.time.map(|text| {
            Instant::parse(&text).map_err(|error| E::custom(format!("{error} in the attribute `time`")))
        });
        let data = match (self.json, self.base64) {
            (Some(_), Some(_)) => {
                return Err(E::custom("`data` and `data_base64` are both there; leave one out"));
            }
            (Some(json), None) => Some(Data::Json(Cow::Borrowed(json))),
            (None, Some(text)) if is_base64(&text) => Some(Data::Base64(text)),
            (None, Some(_)) => return Err(E::custom("`data_base64` is not in base64")),
            (None, None) => None,
        };
        Ok(Event {
            id: required("id", self.id)?,
            source: required("source", self.source)?,
            kind: required("type", self.kind)?,
            subject: self.subject,
            time: time.transpose()?,
            content_type: self.content_type,
            schema: self.schema,
            data,
            extensions: self.extensions,
        })
    }
}

/// Reads an attribute that is a text with something in it.
fn text<'de: 'a, 'a, A: MapAccess<'de>>(
    map: &mut A,
    name: &str,
    slot: &mut Option<Cow<'a, str>>,
) -> Result<(), A::Error> {
    let value = map.next_value::<Option<Borrowed<'a>>>()?.map(|Borrowed(value)| value);
    if value.as_ref().is_some_and(|value| value.is_empty()) {
        return Err(A::Error::custom(format!("attribute `{name}` is empty")));
    }
    set(name, slot, value)
}

fn set<T, E: Error>(name: &str, slot: &mut Option<T>, value: Option<T>) -> Result<(), E> {
    if slot.is_some() && value.is_some() {
        return Err(E::custom(format!("attribute `{name}` is there twice")));
    }
    *slot = value.or(slot.take());
    Ok(())
}

fn required<T, E: Error>(name: &str, value: Option<T>) -> Result<T, E> {
    value.ok_or_else(|| E::custom(format!("attribute `{name}` is missing")))
}

/// Whether a text has the alphabet, the padding and the length of base64.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

impl<'de: 'a, 'a> Deserialize<'de> for Extension<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Extension<'a>, D::Error> {
        struct Values;

        impl<'de> Visitor<'de> for Values {
            type Value = Extension<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean, an integer of 32 bits or a string")
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Extension<'de>, E> {
                Ok(Extension::Boolean(flag))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Extension<'de>, E> {
                let too_large = |_| E::custom(format!("`{number}` is not an integer of 32 bits"));
                i32::try_from(number).map(Extension::Integer).map_err(too_large)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Extension<'de>, E> {
                let too_large = |_| E::custom(format!("`{number}` is not an integer of 32 bits"));
                i32::try_from(number).map(Extension::Integer).map_err(too_large)
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Extension<'de>, E> {
                Ok(Extension::String(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Extension<'de>, E> {
                Ok(Extension::String(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_any(Values)
    }
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", VERSION)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("type", &self.kind)?;
        let optional = [
            ("subject", &self.subject),
            ("datacontenttype", &self.content_type),
            ("dataschema", &self.schema),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(time) = &self.time {
            map.serialize_entry("time", time)?;
        }
        for (name, value) in &self.extensions {
            match value {
                Extension::Boolean(flag) => map.serialize_entry(name, flag)?,
                Extension::Integer(number) => map.serialize_entry(name, number)?,
                Extension::String(text) => map.serialize_entry(name, text)?,
            }
        }
        match &self.data {
            Some(Data::Json(json)) => map.serialize_entry("data", json)?,
            Some(Data::Base64(text)) => map.serialize_entry("data_base64", text)?,
            None => {}
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"{"specversion":"1.0","id":"1","source":"/web","type":"weir.http.request""#;

    fn check(rest: &str, expected: Result<&str, &str>) {
        let text = format!("{MINIMAL}{rest}}}");
        let written = Event::parse(&text).map(|event| serde_json::to_string(&event).unwrap());
        let written = written.map_err(|error| error.to_string());
        let expected = expected.map(|rest| format!("{MINIMAL}{rest}}}"));
        match (written, expected) {
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (written, expected) => assert_eq!(written, expected.map_err(str::to_owned), "{rest}"),
        }
    }

    #[test]
    fn events_are_written_as_they_were_read() {
        check("", Ok(""));
        let all = r#","subject":"shop","datacontenttype":"application/json","dataschema":"/s","time":"2026-03-01T09:30:00Z","region":"eu","retry":true,"try2":-5,"data":{"status": 200}"#;
        check(all, Ok(all));
        check(r#","data_base64":"aGk=""#, Ok(r#","data_base64":"aGk=""#));
        check(r#","subject":null,"region":null,"data":null"#, Ok(""));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        check(r#","id":"2""#, Err("attribute `id` is there twice"));
        check(r#","region":1,"region":2"#, Err("attribute `region` is there twice"));
        check(r#","subject":"""#, Err("attribute `subject` is empty"));
        check(r#","time":"today""#, Err("`today` is not an instant in the attribute `time`"));
        check(r#","data":1,"data_base64":"aGk=""#, Err("`data` and `data_base64` are both there"));
        check(r#","data_base64":"a""#, Err("`data_base64` is not in base64"));
        check(r#","Region":1"#, Err("attribute `Region` has a name"));
        check(r#","re_gion":1"#, Err("attribute `re_gion` has a name"));
        check(r#","region":{}"#, Err("expected a boolean, an integer of 32 bits or a string"));
        check(r#","retry":3000000000"#, Err("`3000000000` is not an integer of 32 bits"));
        check(r#","retry":1.5"#, Err("expected a boolean, an integer of 32 bits or a string"));
    }

    #[test]
    fn required_attributes_are_named() {
        let check = |text: &str, part: &str| {
            let error = Event::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("{}", "attribute `specversion` is missing");
        check(r#"{"specversion":"0.3"}"#, "`specversion` is `0.3`, and only `1.0` is read");
        check(r#"{"specversion":"1.0","id":"1","source":"/web"}"#, "attribute `type` is missing");
        check(r#"{"specversion":"1.0","id":null,"source":"/web","type":"x"}"#, "attribute `id` is missing");
        check("[]", "an object with the attributes of an event");
        check("", "not a CloudEvent");
    }

    #[test]
    fn texts_are_borrowed_and_can_be_owned() {
        let text = format!("{MINIMAL},\"subject\":\"sh\\u006fp\",\"data\":[1]}}");
        let event = Event::parse(&text).unwrap();
        assert!(matches!(event.id, Cow::Borrowed(_)));
        assert!(matches!(event.data, Some(Data::Json(Cow::Borrowed(_)))));
        assert_eq!(event.subject.as_deref(), Some("shop"));
        let owned = serde_json::to_string(&event.into_owned()).unwrap();
        assert!(owned.contains("\"subject\":\"shop\""), "{owned}");
    }
}
