use mark::{BAD, GOOD, NOT_VALID, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_plugin::testing::{Rows, assert_schema};

use super::*;

fn params(value: Value) -> Params {
    serde_json::from_value(value).unwrap()
}

fn comparison() -> Params {
    params(json!({ "expected": "data.expected", "actual": "data.actual" }))
}

fn compare_texts(rows: &[(Option<String>, Option<String>)]) -> Vec<u8> {
    let batch = Rows::new(rows.len())
        .texts(rows.iter().map(|(expected, _)| expected.as_deref()))
        .texts(rows.iter().map(|(_, actual)| actual.as_deref()))
        .batch();
    Correctness::classify(&comparison(), &batch).unwrap()
}

#[test]
fn a_flag_says_whether_the_answer_was_right() {
    let batch = Rows::new(3).flags([Some(true), Some(false), None]).batch();
    assert_eq!(Correctness::classify(&params(json!({})), &batch).unwrap(), [GOOD, BAD, UNKNOWN]);
}

#[test]
fn equal_texts_are_right_whatever_their_codes() {
    let rows = [
        (Some("a"), Some("b"), BAD),
        (Some("b"), Some("b"), GOOD),
        (Some("a"), Some("a"), GOOD),
        (Some("a"), Some("never expected"), BAD),
        (None, Some("a"), UNKNOWN),
        (Some("a"), None, UNKNOWN),
        (Some(""), Some(""), GOOD),
    ];
    let texts = rows.map(|(expected, actual, _)| (expected.map(str::to_owned), actual.map(str::to_owned)));
    assert_eq!(compare_texts(&texts), rows.map(|(_, _, mark)| mark));
}

#[test]
fn without_one_of_the_columns_nothing_is_known() {
    let batch = Rows::new(1).texts([Some("a")]).absent().batch();
    assert_eq!(Correctness::classify(&comparison(), &batch).unwrap(), [UNKNOWN]);
}

#[test]
fn the_fields_are_one_flag_or_two_texts() {
    let check = |value: Value, expected: &[(&str, u32)]| {
        let fields = Correctness::prepare(&params(value)).unwrap().fields;
        let fields: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.kind)).collect();
        assert_eq!(fields, expected);
    };
    check(json!({}), &[("data.correct", kind::FLAG)]);
    check(json!({ "field": "data.ok" }), &[("data.ok", kind::FLAG)]);
    check(
        json!({ "expected": "data.e", "actual": "data.a", "only": { "data.path": ["*"] } }),
        &[("data.e", kind::TEXT), ("data.a", kind::TEXT), ("data.path", kind::TEXT)],
    );
    for contradiction in [
        json!({ "expected": "data.e" }),
        json!({ "actual": "data.a" }),
        json!({ "field": "data.ok", "expected": "data.e", "actual": "data.a" }),
    ] {
        assert!(Correctness::prepare(&params(contradiction)).is_err());
    }
}

#[test]
fn the_filter_reads_the_columns_after_the_outcome() {
    let params = params(json!({ "except": { "data.path": ["/healthz"] } }));
    let batch = Rows::new(2).flags([Some(true), Some(false)]).texts([Some("/healthz"), Some("/")]).batch();
    assert_eq!(Correctness::classify(&params, &batch).unwrap(), [NOT_VALID, BAD]);
}

#[test]
fn the_schema_file_says_what_the_parameters_are() {
    assert_schema::<Params>(Correctness::ABOUT.parameters, "parameters.schema.json");
}

proptest! {
    #[test]
    fn marks_do_not_depend_on_how_rows_are_batched(
        rows in prop::collection::vec((prop::option::of("[a-c]"), prop::option::of("[a-c]")), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        prop_assert_eq!(compare_texts(&rows), [compare_texts(before), compare_texts(after)].concat());
    }
}
