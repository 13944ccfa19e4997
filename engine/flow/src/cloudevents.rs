//! CloudEvents 1.0 as JSON lines: one event a line, of which only the wanted fields are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::columns::Scalar;
use crate::projection::{Node, Projection};

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
