use mark::{BAD, GOOD, NOT_VALID, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_plugin::testing::{Rows, assert_schema};

use super::*;

fn params(value: Value) -> Params {
    serde_json::from_value(value).unwrap()
}

fn check_numbers(value: Value, expected: &[(Option<i64>, u8)]) {
    let batch = Rows::new(expected.len()).integers(expected.iter().map(|(status, _)| *status)).batch();
    let label = value.to_string();
    let marks = Availability::classify(&params(value), &batch).unwrap();
    let expected: Vec<u8> = expected.iter().map(|(_, mark)| *mark).collect();
    assert_eq!(marks, expected, "{label}");
}

#[test]
fn server_errors_are_bad_unless_the_policy_says_otherwise() {
    check_numbers(
        json!({}),
        &[(Some(200), GOOD), (Some(499), GOOD), (Some(500), BAD), (Some(599), BAD), (None, UNKNOWN)],
    );
}

#[test]
fn what_is_not_named_is_the_opposite_of_what_is() {
    check_numbers(
        json!({ "good": ["200-399", "404"] }),
        &[(Some(200), GOOD), (Some(404), GOOD), (Some(403), BAD)],
    );
    check_numbers(
        json!({ "bad": ["429", "500-"] }),
        &[(Some(429), BAD), (Some(503), BAD), (Some(404), GOOD)],
    );
    check_numbers(
        json!({ "good": ["200-399"], "bad": ["500-"] }),
        &[(Some(200), GOOD), (Some(500), BAD), (Some(404), NOT_VALID), (None, UNKNOWN)],
    );
}

#[test]
fn outcomes_in_words_and_flags_are_judged_by_value() {
    let check = |value: Value, rows: &[(Option<&str>, Option<bool>, u8)]| {
        let batch = Rows::new(rows.len())
            .texts(rows.iter().map(|(text, _, _)| *text))
            .flags(rows.iter().map(|(_, flag, _)| *flag))
            .batch();
        let marks = Availability::classify(&params(value.clone()), &batch).unwrap();
        let expected: Vec<u8> = rows.iter().map(|(_, _, mark)| *mark).collect();
        assert_eq!(marks, expected, "{value}");
    };
    check(
        json!({ "field": "data.outcome", "good-values": ["ok", "degraded"] }),
        &[
            (Some("ok"), None, GOOD),
            (Some("degraded"), None, GOOD),
            (Some("lost"), None, BAD),
            (None, None, UNKNOWN),
        ],
    );
    check(
        json!({ "field": "data.success", "good-values": ["true"] }),
        &[(None, Some(true), GOOD), (None, Some(false), BAD), (None, None, UNKNOWN)],
    );
    check(
        json!({ "field": "data.outcome", "good-values": ["ok"], "bad-values": ["lost"] }),
        &[(Some("ok"), None, GOOD), (Some("lost"), None, BAD), (Some("cancelled"), None, NOT_VALID)],
    );
}

#[test]
fn a_column_that_the_host_lacks_is_unknown() {
    let batch = Rows::new(2).absent().batch();
    assert_eq!(Availability::classify(&params(json!({})), &batch).unwrap(), [UNKNOWN, UNKNOWN]);
}

#[test]
fn the_filter_reads_the_columns_after_the_outcome() {
    let params =
        params(json!({ "only": { "data.path": ["/api/*"] }, "except": { "data.agent": ["probe"] } }));
    let names: Vec<String> =
        Availability::prepare(&params).unwrap().fields.into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["data.status", "data.path", "data.agent"]);

    let batch = Rows::new(3)
        .integers([Some(200), Some(500), None])
        .texts([Some("/api/a"), Some("/api/a"), Some("/")])
        .texts([Some("browser"), Some("probe"), None])
        .batch();
    assert_eq!(Availability::classify(&params, &batch).unwrap(), [GOOD, NOT_VALID, NOT_VALID]);
}

#[test]
fn contradictions_are_refused() {
    let check = |value: Value, expected: &str| match Availability::prepare(&params(value)) {
        Err(Problem::InvalidParams(text)) => assert!(text.contains(expected), "{text}"),
        other => panic!("{other:?}"),
    };
    check(json!({ "good": ["200-500"], "bad": ["500-"] }), "overlap");
    check(json!({ "good": ["200"], "good-values": ["ok"] }), "use one pair");
    check(json!({ "good-values": ["ok"], "bad-values": ["ok"] }), "`ok` is in");
}

#[test]
fn the_schema_file_says_what_the_parameters_are() {
    assert_schema::<Params>(Availability::ABOUT.parameters, "parameters.schema.json");
}

proptest! {
    #[test]
    fn marks_do_not_depend_on_how_rows_are_batched(
        rows in prop::collection::vec((prop::option::of(190_i64..510), prop::option::of("/(api|web)/[ab]")), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let params = params(json!({ "good": ["200-399", "404"], "except": { "data.path": ["/web/*"] } }));
        let marks = |rows: &[(Option<i64>, Option<String>)]| {
            let batch = Rows::new(rows.len())
                .integers(rows.iter().map(|(status, _)| *status))
                .texts(rows.iter().map(|(_, path)| path.as_deref()))
                .batch();
            Availability::classify(&params, &batch).unwrap()
        };
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        prop_assert_eq!(marks(&rows), [marks(before), marks(after)].concat());
    }
}
