use mark::{BAD, GOOD, NOT_VALID, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_plugin::testing::{Rows, assert_schema};

use super::*;

fn params(value: Value) -> Params {
    serde_json::from_value(value).unwrap()
}

fn check(value: Value, rows: &[(Option<f64>, u8)]) {
    let batch = Rows::new(rows.len()).numbers(rows.iter().map(|(duration, _)| *duration)).batch();
    let label = value.to_string();
    let marks = Latency::classify(&params(value), &batch).unwrap();
    assert_eq!(marks, rows.iter().map(|(_, mark)| *mark).collect::<Vec<u8>>(), "{label}");
}

#[test]
fn at_the_threshold_is_still_good() {
    check(
        json!({ "threshold": "300ms" }),
        &[(Some(0.3), GOOD), (Some(0.300_000_1), BAD), (Some(0.0), GOOD), (Some(2.0), BAD), (None, UNKNOWN)],
    );
    check(json!({ "threshold": "300ms", "unit": "ms" }), &[(Some(300.0), GOOD), (Some(300.5), BAD)]);
    check(json!({ "threshold": "300ms", "unit": "us" }), &[(Some(300_000.0), GOOD), (Some(300_001.0), BAD)]);
}

proptest! {
    #[test]
    fn a_decimal_equal_to_the_threshold_is_good(microseconds in 0_u64..10_000_000_000) {
        let written = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
        let read: f64 = written.parse().unwrap();
        let params = params(json!({ "threshold": format!("{microseconds}us") }));
        prop_assert_eq!(read.to_bits(), params.threshold_in_unit().to_bits());
    }
}

#[test]
fn failures_are_taken_out_or_bad_when_the_policy_wants_successes_only() {
    let check = |value: Value, expected: [u8; 4]| {
        let batch = Rows::new(4)
            .numbers([Some(0.1), Some(0.9), Some(0.1), Some(0.1)])
            .integers([Some(200), Some(200), Some(503), None])
            .batch();
        assert_eq!(Latency::classify(&params(value.clone()), &batch).unwrap(), expected, "{value}");
    };
    check(json!({ "threshold": "300ms" }), [GOOD, BAD, GOOD, GOOD]);
    check(json!({ "threshold": "300ms", "successful-only": true }), [GOOD, BAD, NOT_VALID, UNKNOWN]);
    check(
        json!({ "threshold": "300ms", "successful-only": true, "failed": "bad" }),
        [GOOD, BAD, BAD, UNKNOWN],
    );
    check(
        json!({ "threshold": "300ms", "successful-only": true, "failures": ["200"] }),
        [NOT_VALID, NOT_VALID, GOOD, UNKNOWN],
    );
}

#[test]
fn the_filter_reads_the_columns_after_those_of_the_event() {
    let check = |value: Value, expected: &[&str]| {
        let fields = Latency::prepare(&params(value)).unwrap().fields;
        assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), expected);
    };
    check(json!({ "threshold": "1s", "only": { "data.path": ["/api/*"] } }), &["data.duration", "data.path"]);
    check(
        json!({ "threshold": "1s", "successful-only": true, "except": { "data.path": ["/healthz"] } }),
        &["data.duration", "data.status", "data.path"],
    );
    let batch = Rows::new(2)
        .numbers([Some(0.1), Some(0.1)])
        .integers([Some(200), Some(200)])
        .texts([Some("/healthz"), Some("/")])
        .batch();
    let params = params(
        json!({ "threshold": "1s", "successful-only": true, "except": { "data.path": ["/healthz"] } }),
    );
    assert_eq!(Latency::classify(&params, &batch).unwrap(), [NOT_VALID, GOOD]);
}

#[test]
fn the_schema_file_says_what_the_parameters_are() {
    assert_schema::<Params>(Latency::ABOUT.parameters, "parameters.schema.json");
}

proptest! {
    #[test]
    fn marks_do_not_depend_on_how_rows_are_batched(
        rows in prop::collection::vec((prop::option::of(0.0_f64..1.0), prop::option::of(490_i64..510)), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let params = params(json!({ "threshold": "500ms", "successful-only": true, "failed": "bad" }));
        let marks = |rows: &[(Option<f64>, Option<i64>)]| {
            let batch = Rows::new(rows.len())
                .numbers(rows.iter().map(|(duration, _)| *duration))
                .integers(rows.iter().map(|(_, status)| *status))
                .batch();
            Latency::classify(&params, &batch).unwrap()
        };
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        prop_assert_eq!(marks(&rows), [marks(before), marks(after)].concat());
    }
}
