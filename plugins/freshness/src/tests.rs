use mark::{GOOD, NOT_VALID, UNKNOWN};
use proptest::prelude::*;
use serde_json::{Value, json};
use weir_plugin::testing::{Rows, assert_schema};

use super::*;

fn params(value: Value) -> Params {
    serde_json::from_value(value).unwrap()
}

fn settle(threshold: &str, first: i64, latest: &[i64]) -> Tallies {
    let none = vec![0; latest.len()];
    let slices = Slices {
        first,
        seconds: 60,
        good: none.clone(),
        bad: none.clone(),
        unknown: none,
        latest: latest.to_vec(),
    };
    Freshness::settle(&params(json!({ "threshold": threshold })), &slices).unwrap()
}

#[test]
fn the_age_at_the_end_of_a_slice_decides() {
    // Per slice: good, bad, unknown. The slices end at 1060 s, 1120 s, 1180 s.
    let check = |threshold: &str, latest: &[i64], expected: [&[u64]; 3]| {
        let tallies = settle(threshold, 1000, latest);
        assert_eq!([tallies.good, tallies.bad, tallies.unknown], expected, "{threshold} {latest:?}");
    };
    check("60s", &[1_000_000], [&[1], &[0], &[0]]);
    check("60s", &[999_999], [&[0], &[1], &[0]]);
    // Unknown until the first data, and then as old as the newest so far.
    check("90s", &[NONE, 1_100_000, NONE], [&[0, 1, 1], &[0, 0, 0], &[1, 0, 0]]);
    check("70s", &[NONE, 1_100_000, NONE], [&[0, 1, 0], &[0, 0, 1], &[1, 0, 0]]);
    // Data that comes late and is old does not take back what was known.
    check("90s", &[1_050_000, 1_000_000], [&[1, 1], &[0, 0], &[0, 0]]);
    // A clock that is ahead.
    check("0s", &[2_000_000], [&[1], &[0], &[0]]);
    check("1s", &[], [&[], &[], &[]]);
}

#[test]
fn instants_at_the_ends_of_their_range_are_judged() {
    assert_eq!(settle("1w", i64::MIN, &[i64::MAX]).good, [1]);
    assert_eq!(settle("1w", i64::MAX, &[i64::MIN + 1]).bad, [1]);
}

#[test]
fn the_field_is_the_latest_of_the_plan() {
    let plan = Freshness::prepare(&params(json!({ "threshold": "5m" }))).unwrap();
    assert_eq!((plan.fields.len(), plan.latest, plan.settles), (0, None, true));

    let params = params(json!({
        "threshold": "5m", "field": "data.watermark", "only": { "data.table": ["orders"] },
    }));
    let plan = Freshness::prepare(&params).unwrap();
    assert_eq!(plan.latest, Some(0));
    assert_eq!(plan.fields[0], Field { name: "data.watermark".to_owned(), kind: kind::INSTANT });

    let batch = Rows::new(3)
        .instants([Some(1), None, Some(3)])
        .texts([Some("orders"), Some("orders"), Some("users")])
        .batch();
    assert_eq!(Freshness::classify(&params, &batch).unwrap(), [GOOD, UNKNOWN, NOT_VALID]);
}

#[test]
fn the_schema_file_says_what_the_parameters_are() {
    assert_schema::<Params>(Freshness::ABOUT.parameters, "parameters.schema.json");
}

proptest! {
    #[test]
    fn each_slice_counts_once(latest in prop::collection::vec(any::<i64>(), 0..20), first in any::<i64>()) {
        let tallies = settle("5m", first, &latest);
        for slice in 0..latest.len() {
            prop_assert_eq!(tallies.good[slice] + tallies.bad[slice] + tallies.unknown[slice], 1);
        }
    }

    #[test]
    fn marks_do_not_depend_on_how_rows_are_batched(
        rows in prop::collection::vec(prop::option::of(any::<i64>()), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let params = params(json!({ "threshold": "5m", "field": "data.watermark" }));
        let marks = |rows: &[Option<i64>]| {
            let batch = Rows::new(rows.len()).instants(rows.iter().copied()).batch();
            Freshness::classify(&params, &batch).unwrap()
        };
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        prop_assert_eq!(marks(&rows), [marks(before), marks(after)].concat());
    }
}
