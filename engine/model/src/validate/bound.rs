//! Refuses schemas that would take forever.
//!
//! A schema of thirty lines can ask for a billion steps: `a` is one of two `b`, `b` one of two `c`, and so on. Schemas
//! come from plugins, and validation has no deadline, so what a schema asks for is counted before it is used.

use serde_json::Value;

/// How many values a schema may consist of once its references are replaced by what they refer to.
const MOST_VALUES: u32 = 10_000;

/// How deeply they may be nested.
const MOST_DEPTH: usize = 128;

/// Why a schema is not used, in words.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut walk = Walk { schema, values: 0, references: Vec::new() };
    walk.visit(schema, 0)
}

struct Walk<'a> {
    schema: &'a Value,
    values: u32,
    /// The references that led here. One that comes up again is a recursion, which ends where the validated value does.
    references: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, value: &'a Value, depth: usize) -> Result<(), String> {
        self.values += 1;
        if self.values > MOST_VALUES || depth > MOST_DEPTH {
            return Err("it is too large or too deep once its references are followed".to_owned());
        }
        match value {
            Value::Array(elements) => elements.iter().try_for_each(|element| self.visit(element, depth + 1)),
            Value::Object(members) => {
                members.iter().try_for_each(|(key, member)| match (key.as_str(), member) {
                    ("$ref", Value::String(reference)) => self.follow(reference, depth),
                    // These change what a reference means, which makes its target hard to know.
                    ("$dynamicRef" | "$recursiveRef", Value::String(_)) => Err(format!("it uses `{key}`")),
                    ("$id", Value::String(_)) if depth > 0 => Err("it has an `$id` within".to_owned()),
                    _ => self.visit(member, depth + 1),
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'a str, depth: usize) -> Result<(), String> {
        if self.references.contains(&reference) {
            return Ok(());
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
        let Some(target) = target else {
            return Err(format!("it refers to {reference}, which is not a place in the schema itself"));
        };
        self.references.push(reference);
        self.visit(target, depth + 1)?;
        self.references.pop();
        Ok(())
    }
}
