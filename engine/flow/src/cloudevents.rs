//! CloudEvents 1.0 as JSON lines: one event a line, of which only the wanted fields are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use weir_model::event::Event;

use crate::cdevents;
use crate::columns::{Scalar, Slots};
use crate::dedupe::Fingerprint;
use crate::fault;
use crate::plan::{Attributes, Plan};
use crate::projection::{Node, Projection, SlotIdx};
use crate::rows::{Arrival, Rows};
use crate::time::Clock;

/// The values of one event as the full parser finds them: a text with escapes is no piece of the line.
type Found<'e> = Vec<Option<Scalar<Cow<'e, str>>>>;

/// Reads one line with the full parser.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn arrive(line: &[u8], plan: &Plan, clock: &mut Clock, rows: &mut Rows) -> Result<(), String> {
    let found = decode(line, &plan.projection).map_err(|error| fault::told(&error))?;
    let slots: Slots<'_> = found.iter().map(|value| value.as_ref().map(Scalar::borrowed)).collect();
    take_in(line, plan, &slots, clock, rows)
}

/// Checks the attributes of an event and takes it in.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn take_in(
    line: &[u8],
    plan: &Plan,
    slots: &[Option<Scalar<&str>>],
    clock: &mut Clock,
    rows: &mut Rows,
) -> Result<(), String> {
    let at = plan.attributes;
    let given = [at.specversion, at.id, at.source, at.kind, at.time].map(|slot| text(slots, slot));
    let ["1.0", id, source, kind, stamp] = given else { return Err(wrong_attribute(slots, at)) };
    if id.is_empty() || source.is_empty() || kind.is_empty() || stamp.is_empty() {
        return Err(wrong_attribute(slots, at));
    }
    let time = instant(stamp, clock)?;
    let service = match slots.get(at.subject).and_then(Option::as_ref) {
        Some(Scalar::Text(subject)) => plan.service(subject),
        _ => None,
    };
    let fingerprint = Some(Fingerprint::new(source.as_bytes(), id.as_bytes()));
    rows.arrive(plan, &Arrival { fingerprint, time, kind, service }, slots, || {
        let text = String::from_utf8_lossy(line);
        let event = Event::parse(&text).map_err(|error| error.to_string())?.into_owned();
        cdevents::translated(event, &plan.options.environments)
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

/// The text in a slot; empty when there is none.
#[inline]
fn text<'s>(slots: &[Option<Scalar<&'s str>>], slot: SlotIdx) -> &'s str {
    match slots.get(slot) {
        Some(Some(Scalar::Text(text))) => text,
        _ => "",
    }
}

/// What is wrong with the first attribute that is missing, is no text or is an empty one, or is another version than ours.
#[cold]
fn wrong_attribute(slots: &[Option<Scalar<&str>>], at: Attributes) -> String {
    let version = text(slots, at.specversion);
    if !version.is_empty() && version != "1.0" {
        return format!("`specversion` is `{version}`; only `1.0` is understood");
    }
    let needed = [
        (at.specversion, "specversion"),
        (at.id, "id"),
        (at.source, "source"),
        (at.kind, "type"),
        (at.time, "time"),
    ];
    let wrong = needed.into_iter().find(|(slot, _)| text(slots, *slot).is_empty());
    let (slot, name) = wrong.unwrap_or_default();
    match slots.get(slot) {
        Some(Some(_)) => format!("`{name}` must be a text that is not empty"),
        Some(None) | None => format!("`{name}` is missing"),
    }
}

/// Decodes one line: one place a field of the projection.
///
/// A key that is wanted and given twice refuses the line: which of the two values counts would be a guess.
pub(crate) fn decode<'e>(line: &'e [u8], projection: &Projection) -> Result<Found<'e>, serde_json::Error> {
    let mut slots = vec![None; projection.names().len()];
    let mut json = serde_json::Deserializer::from_slice(line);
    Object { node: projection.root(), slots: &mut slots }.deserialize(&mut json)?;
    json.end()?;
    Ok(slots)
}

/// Reads a number by itself as [`decode`] does within a line; none when it is out of range.
pub(crate) fn number(token: &str) -> Option<Scalar<&'static str>> {
    let number: serde_json::Number = serde_json::from_str(token).ok()?;
    if let Some(value) = number.as_i64() {
        return Some(Scalar::Integer(value));
    }
    if number.is_u64() { Some(Scalar::Other) } else { number.as_f64().map(Scalar::Number) }
}

/// Reads an object (or whatever stands in its place) and keeps what the node wants of it.
struct Object<'p, 's, 'e> {
    node: &'p Node,
    slots: &'s mut Found<'e>,
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
    slots: &'s mut Found<'e>,
}

impl<'e> Value<'_, '_, 'e> {
    fn keep<E: Error>(self, value: Scalar<Cow<'e, str>>) -> Result<(), E> {
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

    fn check(line: &str, fields: &[&str], expected: Result<Found<'_>, &str>) {
        let mut projection = Projection::default();
        for field in fields {
            projection.slot(field);
        }
        match (decode(line.as_bytes(), &projection), expected) {
            (Ok(slots), Ok(expected)) => assert_eq!(slots, expected, "{line}"),
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
