//! The parameters of a plugin as its schema tells them.

use serde_json::{Map, Value};

use crate::render::table::{table as new_table, text};

/// How deep types are spelt out: a list of tables is enough to know.
const DEPTH: usize = 4;

/// How many parameters a schema names.
pub(crate) fn count(schema: &Value) -> usize {
    properties(schema).map_or(0, Map::len)
}

/// One row a parameter: name, type, default, description.
pub(crate) fn table(schema: &Value) -> String {
    let Some(properties) = properties(schema).filter(|properties| !properties.is_empty()) else {
        return "  parameters   none\n".to_owned();
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut table = new_table(["parameter", "type", "default", "description"], &["description", "type"]);
    for (name, property) in properties {
        let default = match property.get("default") {
            Some(default) => default.to_string(),
            None if required.contains(&name.as_str()) => "(required)".to_owned(),
            None => "-".to_owned(),
        };
        table.add_row([name.clone(), kind(property, schema, DEPTH), default, description(property)]);
    }
    format!("\n{}", text(&table))
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

/// The description in one line; a table has no room for paragraphs.
fn description(property: &Value) -> String {
    let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type in words: what the author of a policy may write.
fn kind(property: &Value, schema: &Value, depth: usize) -> String {
    let any = || "anything".to_owned();
    let Some(depth) = depth.checked_sub(1) else { return "...".to_owned() };
    if let Some(target) = property.get("$ref").and_then(Value::as_str) {
        let target = target.strip_prefix('#').and_then(|pointer| schema.pointer(pointer));
        return target.map_or_else(any, |target| kind(target, schema, depth));
    }
    if let Some(words) = property.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    if let Some(word) = property.get("const") {
        return word.to_string();
    }
    for branches in ["anyOf", "oneOf"] {
        if let Some(branches) = property.get(branches).and_then(Value::as_array) {
            let mut kinds: Vec<String> = branches
                .iter()
                .map(|branch| kind(branch, schema, depth))
                .filter(|kind| kind != "null")
                .collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    let of_type = |name: &str| match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "object" => "table".to_owned(),
        "array" => property
            .get("items")
            .map_or_else(|| "list".to_owned(), |items| format!("list of {}", kind(items, schema, depth))),
        other => other.to_owned(),
    };
    match property.get("type") {
        Some(Value::String(name)) => of_type(name),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.map(of_type).collect::<Vec<_>>().join(" or ")
        }
        Some(_) | None => any(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_words() {
        let schema =
            json!({ "$defs": { "stage": { "type": "object" }, "loop": { "$ref": "#/$defs/loop" } } });
        let check = |property: Value, expected: &str| assert_eq!(kind(&property, &schema, DEPTH), expected);
        check(json!({ "type": "string" }), "text");
        check(json!({ "type": ["integer", "null"] }), "whole number");
        check(json!({ "type": "array", "items": { "$ref": "#/$defs/stage" } }), "list of table");
        check(json!({ "anyOf": [{ "type": "boolean" }, { "type": "null" }] }), "true or false");
        check(json!({ "enum": ["hold", "freeze"] }), "\"hold\" or \"freeze\"");
        check(json!({ "$ref": "#/$defs/loop" }), "...");
        check(json!({ "$ref": "https://example.com" }), "anything");
        check(json!(true), "anything");
    }
}
