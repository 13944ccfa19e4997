//! CloudEvents 1.0 as JSON lines: one event a line, of which only the wanted fields are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use weir_model::event::Event;

use crate::columns::Scalar;
use crate::dedupe::Fingerprint;
use crate::plan::Plan;
use crate::projection::{Node, Projection, SlotIdx};
use crate::rows::{Arrival, Rows};
use crate::time::Clock;

/// Reads one line with the full parser.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn arrive<'e>(
    line: &'e [u8],
    plan: &Plan,
    slots: &mut Vec<Option<Scalar<'e>>>,
    clock: &mut Clock,
    rows: &mut Rows,
) -> Result<(), String> {
    decode(line, &plan.projection, slots).map_err(|error| error.to_string())?;
    take_in(line, plan, slots, clock, rows)
}

/// Checks the attributes of an event and takes it in.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn take_in(
    line: &[u8],
    plan: &Plan,
    slots: &[Option<Scalar<'_>>],
    clock: &mut Clock,
    rows: &mut Rows,
) -> Result<(), String> {
    let at = plan.attributes;
    match text(slots, at.specversion, "specversion")? {
        "1.0" => {}
        other => return Err(format!("`specversion` is `{other}`; only `1.0` is understood")),
    }
    let (id, source) = (text(slots, at.id, "id")?, text(slots, at.source, "source")?);
    let kind = text(slots, at.kind, "type")?;
    let stamp = text(slots, at.time, "time")?;
    let time = instant(stamp, clock)?;
    let service = match slots.get(at.subject).and_then(Option::as_ref) {
        Some(Scalar::Text(subject)) => plan.service(subject),
        _ => None,
    };
    let fingerprint = Some(Fingerprint::new(source.as_bytes(), id.as_bytes()));
    rows.arrive(plan, &Arrival { fingerprint, time, kind, service }, slots, || {
        let text = String::from_utf8_lossy(line);
        Ok(Event::parse(&text).map_err(|error| error.to_string())?.into_owned())
    });
    Ok(())
}

/// The attribute `time` in milliseconds since 1970.
///
/// # Errors
/// When it is no instant.
pub(crate) fn instant(stamp: &str, clock: &mut Clock) -> Result<i64, String> {
    clock
        .instant(stamp)
        .ok_or_else(|| format!("`time` is `{stamp}`, which is not a time such as `2026-11-24T11:58:03Z`"))
}

/// An attribute that must be there.
///
/// # Errors
/// When it is not, or is empty or no text.
pub(crate) fn text<'s>(
    slots: &'s [Option<Scalar<'_>>],
    slot: SlotIdx,
    name: &str,
) -> Result<&'s str, String> {
    match slots.get(slot).and_then(Option::as_ref) {
        Some(Scalar::Text(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(format!("`{name}` must be a text that is not empty")),
        None => Err(format!("`{name}` is missing")),
    }
}

/// Decodes one line into `slots`, which has one place a field of the projection.
///
/// A key that is wanted and given twice refuses the line: which of the two values counts would be a guess.
pub(crate) fn decode<'e>(
    line: &'e [u8],
    projection: &Projection,
    slots: &mut Vec<Option<Scalar<'e>>>,
) -> Result<(), serde_json::Error> {
    slots.clear();
    slots.resize(projection.names().len(), None);
    let mut json = serde_json::Deserializer::from_slice(line);
    Object { node: projection.root(), slots }.deserialize(&mut json)?;
    json.end()
}

/// Reads a number by itself as [`decode`] does within a line; none when it is out of range.
pub(crate) fn number(token: &str) -> Option<Scalar<'static>> {
    let number: serde_json::Number = serde_json::from_str(token).ok()?;
    if let Some(value) = number.as_i64() {
        return Some(Scalar::Integer(value));
    }
    if number.is_u64() { Some(Scalar::Other) } else { number.as_f64().map(Scalar::Number) }
}

/// Reads an object (or whatever stands in its place) and keeps what the node wants of it.
struct Object<'p, 's, 'e> {
    node: &'p Node,
    slots: &'s mut Vec<Option<Scalar<'e>>>,
}

impl<'e> DeserializeSeed<'e> for Object<'_, '_, 'e> {
    type Value = ();

    fn deserialize<D: Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'e> Visitor<'e> for Object<'_, '_, 'e> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event, which is a JSON object")
    }

    fn visit_map<A: MapAccess<'e>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            match self.node.child(&key) {
                Some(node) => map.next_value_seed(Value { node, slots: &mut *self.slots })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A key, borrowed from the line unless it has escapes.
struct Key;

impl<'e> DeserializeSeed<'e> for Key {
    type Value = Cow<'e, str>;

    fn deserialize<D: Deserializer<'e>>(self, deserializer: D) -> Result<Cow<'e, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'e> Visitor<'e> for Key {
    type Value = Cow<'e, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'e str) -> Result<Cow<'e, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Cow<'e, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// Reads a value at or above a wanted field.
struct Value<'p, 's, 'e> {
    node: &'p Node,
    slots: &'s mut Vec<Option<Scalar<'e>>>,
}

impl<'e> Value<'_, '_, 'e> {
    fn keep<E: Error>(self, value: Scalar<'e>) -> Result<(), E> {
        let Some(slot) = self.node.slot().and_then(|idx| self.slots.get_mut(idx)) else { return Ok(()) };
        if slot.is_some() {
            return Err(E::custom("a key that is read here is given twice"));
        }
        *slot = Some(value);
        Ok(())
    }
}

impl<'e> DeserializeSeed<'e> for Value<'_, '_, 'e> {
    type Value = ();

    fn deserialize<D: Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'e> Visitor<'e> for Value<'_, '_, 'e> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    // A null is the absence of a value, as CloudEvents says.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.keep(Scalar::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.keep(Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.keep(i64::try_from(value).map_or(Scalar::Other, Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.keep(Scalar::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'e str) -> Result<(), E> {
        self.keep(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.keep(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'e>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.keep(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'e>>(self, mut map: A) -> Result<(), A::Error> {
        if self.node.has_children() {
            Object { node: self.node, slots: &mut *self.slots }.visit_map(map)?;
        } else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        }
        self.keep(Scalar::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, fields: &[&str], expected: Result<Vec<Option<Scalar<'_>>>, &str>) {
        let mut projection = Projection::default();
        for field in fields {
            projection.slot(field);
        }
        let mut slots = Vec::new();
        match (decode(line.as_bytes(), &projection, &mut slots), expected) {
            (Ok(()), Ok(expected)) => assert_eq!(slots, expected, "{line}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{line}: {error}"),
            (found, expected) => panic!("{line}: found {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn only_the_wanted_fields_are_kept() {
        let line =
            r#"{"id":"1","data":{"status":200,"http":{"route":"\/a"},"other":[1,{"status":5}]},"status":7}"#;
        check(
            line,
            &["id", "data.status", "data.http.route", "data.none"],
            Ok(vec![
                Some(Scalar::Text("1".into())),
                Some(Scalar::Integer(200)),
                Some(Scalar::Text("/a".into())),
                None,
            ]),
        );
    }

    #[test]
    fn values_keep_their_kind() {
        let line = r#"{"a":1.5,"b":true,"c":null,"d":[1],"e":{"x":1},"f":18446744073709551615}"#;
        check(
            line,
            &["a", "b", "c", "d", "e", "f"],
            Ok(vec![
                Some(Scalar::Number(1.5)),
                Some(Scalar::Flag(true)),
                None,
                Some(Scalar::Other),
                Some(Scalar::Other),
                Some(Scalar::Other),
            ]),
        );
    }

    #[test]
    fn wrong_lines_are_refused() {
        check("[]", &["id"], Err("expected an event"));
        check(r#"{"id":"1"} x"#, &["id"], Err("trailing characters"));
        check(r#"{"id":"1","id":"2"}"#, &["id"], Err("given twice"));
        check(r#"{"id":"1","data":{"a":1"#, &["id"], Err("EOF"));
        check("{\"id\":\"\u{fffd}\"", &["id"], Err("EOF"));
    }
}
