//! An example of a text that a schema accepts: advice that is followed must not lead to the next error.

use serde_json::Value;
use weir_math::Decimal;

use super::validator;

/// What numbers in texts end with, the likeliest first.
const UNITS: [&str; 5] = [" %", "ms", "d", "s", "MiB"];
/// Texts of the shapes that parameters have mostly.
const USUAL: [&str; 6] = ["10%", "250ms", "30d", "16MiB", "2026-12-24", "2026-12-24T18:00"];
/// The keywords that say which texts are right.
const OF_TEXTS: [&str; 6] = ["type", "pattern", "format", "minLength", "maxLength", "enum"];

/// A text that the schema accepts: the nearest to what was written, else one that the schema itself names, else a usual one.
pub(super) fn text(schema: &Value, written: &str) -> Option<String> {
    let keywords = OF_TEXTS.iter().filter_map(|key| Some(((*key).to_owned(), schema.get(key)?.clone())));
    let validator = validator(&Value::Object(keywords.collect())).ok()?;
    let mut candidates = nearest(written);
    let own = [schema.get("examples"), schema.get("default")].into_iter().flatten();
    candidates.extend(own.flat_map(texts));
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    candidates.extend(description.split('`').skip(1).step_by(2).map(str::to_owned));
    candidates.extend(USUAL.map(str::to_owned));
    candidates.into_iter().find(|text| validator.is_valid(&Value::from(text.as_str())))
}

/// What somebody who wrote a number, or a word, may have meant.
fn nearest(written: &str) -> Vec<String> {
    let mut candidates = vec![written.to_owned()];
    if let Ok(number) = Decimal::parse(written) {
        // 0.1 is a tenth, and no tenth of a percent.
        if number > Decimal::ZERO && number < Decimal::ONE {
            candidates.push(number.percent());
        }
        candidates.extend(UNITS.iter().map(|unit| format!("{written}{unit}")));
    }
    candidates
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// The part of a schema at the path of a violation, which goes through references.
pub(super) fn schema_at<'s>(root: &'s Value, path: &str) -> Option<&'s Value> {
    let mut schema = root;
    for part in path.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        schema = match (part.as_str(), schema) {
            ("$ref", schema) => referred(root, schema)?,
            (part, Value::Array(schemas)) => schemas.get(part.parse::<usize>().ok()?)?,
            (part, schema) => match schema.get(part) {
                Some(schema) => schema,
                None => referred(root, schema)?.get(part)?,
            },
        };
    }
    Some(schema)
}

fn referred<'s>(root: &'s Value, schema: &Value) -> Option<&'s Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_is_what_the_schema_accepts_and_near_to_what_was_written() {
        let check = |schema: Value, written: &str, expected: Option<&str>| {
            assert_eq!(text(&schema, written).as_deref(), expected, "{schema} {written}");
        };
        let share = json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)? ?%$" });
        check(share.clone(), "0.1", Some("10 %"));
        check(share.clone(), "25", Some("25 %"));
        check(share, "a tenth", Some("10%"));
        let time = json!({ "type": "string", "pattern": "^[0-9]+(us|ms|s|m|h|d|w)$" });
        check(time.clone(), "250", Some("250ms"));
        check(time, "fast", Some("250ms"));
        check(json!({ "type": "string", "format": "weir-objective" }), "99.9", Some("99.9 %"));
        check(json!({ "type": "string" }), "7", Some("7"));
        let said = json!({ "pattern": "^[A-Z]+$", "description": "A key, such as `a` or `OPS`." });
        check(said, "ops", Some("OPS"));
        check(json!({ "pattern": "^[A-Z]+$", "examples": ["ABC"] }), "ops", Some("ABC"));
        check(json!({ "pattern": "^[A-Z]+$" }), "ops", None);
    }

    #[test]
    fn a_path_goes_through_references() {
        let root = json!({
            "properties": { "stages": { "items": { "$ref": "#/$defs/stage" } } },
            "$defs": { "stage": { "properties": { "below": { "type": "string" } } } },
        });
        let found = json!({ "type": "string" });
        for path in
            ["/properties/stages/items/$ref/properties/below", "/properties/stages/items/properties/below"]
        {
            assert_eq!(schema_at(&root, path), Some(&found), "{path}");
        }
        assert_eq!(schema_at(&root, "/properties/none"), None);
    }
}
