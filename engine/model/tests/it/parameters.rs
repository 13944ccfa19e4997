//! Parameters of plugins, held against schemas that plugins bring along.

use serde_json::{Value, json};
use weir_model::validate::check_schema;
use weir_model::{Source, validate};

use crate::render::render;

const TEXT: &str = "\
[policy]
name = \"budget\"

[params]
freeze-below = \"ten percent\"
windows = [\"1h\", \"6\"]
shape = { kind = \"crcle\", size = 3 }
size = 3
limit = 12
";

fn check(pointer: &str, schema: &Value) -> String {
    render(&validate(&Source::parse("policies/budget.toml", TEXT).unwrap(), pointer, schema))
}

#[test]
fn every_violation_is_shown_at_its_place() {
    let schema = json!({
        "type": "object",
        "properties": {
            "freeze-below": { "type": "string", "format": "weir-percentage" },
            "windows": { "type": "array", "items": { "$ref": "#/$defs/window" }, "minItems": 3 },
            "shape": { "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "circle" }, "size": { "type": "integer" } } },
                { "type": "object", "properties": { "kind": { "const": "square" }, "size": { "type": "integer" } } },
            ] },
            "size": { "enum": [1, 2] },
            "limit": { "type": "integer", "maximum": 10, "multipleOf": 5 },
            "factor": { "type": "number" },
        },
        "required": ["factor"],
        "additionalProperties": false,
        "$defs": { "window": { "type": "string", "format": "weir-duration" } },
    });
    insta::assert_snapshot!(check("/params", &schema));
}

#[test]
fn a_branch_is_chosen_by_what_it_shares_with_the_value() {
    let number_or_table = json!({ "anyOf": [
        { "type": "number" },
        { "type": "object", "properties": { "kind": { "enum": ["circle", "square"] } }, "required": ["kind"] },
    ] });
    let schema = json!({ "properties": { "shape": number_or_table, "windows": number_or_table } });
    insta::assert_snapshot!(check("/params", &schema));
}

#[test]
fn parameters_that_are_not_there_count_as_empty() {
    let schema = json!({ "type": "object", "required": ["factor"] });
    let source = Source::parse("policies/p.toml", "[policy]\nname = \"p\"\n").unwrap();
    insta::assert_snapshot!(render(&validate(&source, "/params", &schema)));
    assert!(validate(&source, "/params", &json!({ "type": "object" })).is_empty());
}

#[test]
fn a_schema_that_cannot_be_used_is_said_to_be_so() {
    let check = |schema: Value| {
        assert!(check_schema(&schema).is_err(), "{schema}");
        assert!(check("/params", &schema).contains("error[unusable-schema]"), "{schema}");
    };
    check(json!({ "type": "tabel" }));
    check(json!({ "$ref": "https://example.com/schema.json" }));
    check(json!({ "$ref": "#/$defs/nothing" }));
    check(json!({ "properties": { "limit": { "pattern": "(?=a)b" } } }));
    check(json!(7));
    check(json!({ "$dynamicRef": "#node" }));
    check(json!({ "properties": { "a": { "$id": "https://example.com/a" } } }));
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let any = json!({ "additionalProperties": { "$ref": "#/$defs/any" } });
    assert_eq!(check("/params", &json!({ "$ref": "#/$defs/any", "$defs": { "any": any } })), "");
    // What these mean is the validator's business, as long as it says so some time.
    let _ = check("/params", &json!({ "$ref": "#" }));
    let _ = check("/params", &json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] }));
}

#[test]
fn a_schema_that_would_take_forever_is_not_used() {
    let doubling = |levels: usize| {
        let level = |index: usize| match index {
            0 => json!({ "type": "string" }),
            _ => {
                let next = json!({ "$ref": format!("#/$defs/{}", index - 1) });
                json!({ "anyOf": [next, next] })
            }
        };
        let levels: serde_json::Map<String, Value> =
            (0..=levels).map(|n| (n.to_string(), level(n))).collect();
        json!({ "$ref": format!("#/$defs/{}", levels.len() - 1), "$defs": levels })
    };
    assert!(check_schema(&doubling(4)).is_ok());
    assert!(check_schema(&doubling(40)).is_err());
    let deep = (0..200).fold(json!({}), |inner, _| json!({ "not": inner }));
    assert!(check_schema(&deep).is_err());
}
