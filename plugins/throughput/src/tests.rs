use proptest::prelude::*;
use serde_json::{Value, json};
use weir_plugin::testing::{Rows, assert_schema};

use super::*;

fn params(value: Value) -> Params {
    serde_json::from_value(value).unwrap()
}

fn slices(seconds: u32, good: &[u64]) -> Slices {
    let none = vec![0; good.len()];
    Slices {
        first: 0,
        seconds,
        good: good.to_vec(),
        bad: none.clone(),
        unknown: none,
        latest: vec![i64::MIN; good.len()],
    }
}

#[test]
fn a_slice_is_good_when_it_had_its_share_of_events() {
    // Per slice: good, bad, unknown.
    let check = |value: Value, seconds: u32, events: &[u64], expected: [&[u64]; 3]| {
        let tallies = Throughput::settle(&params(value.clone()), &slices(seconds, events)).unwrap();
        assert_eq!([tallies.good, tallies.bad, tallies.unknown], expected, "{value}");
    };
    check(json!({ "at-least": 10 }), 60, &[9, 10, 11, 0], [&[0, 1, 1, 0], &[1, 0, 0, 0], &[0, 0, 0, 1]]);
    check(json!({ "at-least": 10, "empty": "bad" }), 60, &[10, 0], [&[1, 0], &[0, 1], &[0, 0]]);
    // 10 a minute are 50 in five minutes.
    check(json!({ "at-least": 10 }), 300, &[49, 50], [&[0, 1], &[1, 0], &[0, 0]]);
    // 10 an hour are a sixth of one a minute: one event satisfies a minute.
    check(json!({ "at-least": 10, "per": "1h" }), 60, &[1, 0], [&[1, 0], &[0, 0], &[0, 1]]);
    // 100 a minute are 1 2/3 a second.
    check(json!({ "at-least": 100 }), 1, &[1, 2], [&[0, 1], &[1, 0], &[0, 0]]);
    check(json!({ "at-least": 1 }), 60, &[], [&[], &[], &[]]);
}

#[test]
fn events_outside_the_filter_do_not_count() {
    let params = params(json!({ "at-least": 1, "only": { "data.queue": ["orders-*"] } }));
    let batch = Rows::new(3).texts([Some("orders-eu"), Some("mail"), None]).batch();
    let marks = Throughput::classify(&params, &batch).unwrap();
    assert_eq!(marks, [mark::GOOD, mark::NOT_VALID, mark::NOT_VALID]);
}

#[test]
fn no_time_at_all_is_refused() {
    let problem = Throughput::prepare(&params(json!({ "at-least": 1, "per": "0s" }))).unwrap_err();
    assert_eq!(problem, Problem::InvalidParams("`per` is no time at all: write for example `1m`".to_owned()));
    assert!(serde_json::from_value::<Params>(json!({ "at-least": 0 })).is_err());
}

#[test]
fn the_schema_file_says_what_the_parameters_are() {
    assert_schema::<Params>(Throughput::ABOUT.parameters, "parameters.schema.json");
}

proptest! {
    #[test]
    fn more_events_never_make_a_slice_worse(
        at_least in 1_u64..,
        per in 1_u64..10_000,
        seconds in 1_u32..,
        events in 0_u64..u64::MAX,
    ) {
        let params = params(json!({ "at-least": at_least, "per": format!("{per}s"), "empty": "bad" }));
        let tallies = Throughput::settle(&params, &slices(seconds, &[events, events + 1])).unwrap();
        prop_assert!(tallies.good[0] <= tallies.good[1]);
        prop_assert_eq!(tallies.good[0] + tallies.bad[0], 1);
    }

    #[test]
    fn marks_do_not_depend_on_how_rows_are_batched(
        rows in prop::collection::vec(prop::option::of("[ab]{1,2}"), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let params = params(json!({ "at-least": 1, "except": { "data.queue": ["a*"] } }));
        let marks = |rows: &[Option<String>]| {
            let batch = Rows::new(rows.len()).texts(rows.iter().map(Option::as_deref)).batch();
            Throughput::classify(&params, &batch).unwrap()
        };
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        prop_assert_eq!(marks(&rows), [marks(before), marks(after)].concat());
    }
}
