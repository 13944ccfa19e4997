//! Events in batches and over many lines are the events that they are one a line.

use proptest::prelude::*;
use weir_flow::Format;

use crate::{Cut, FROM, Summary, WHOLE, options, requests, run};

/// A request, or another event.
fn event(number: usize, kind: u8) -> serde_json::Value {
    let time =
        jiff::Timestamp::from_millisecond(FROM + i64::try_from(number).unwrap() * 1000).unwrap().to_string();
    let mut event = serde_json::json!({
        "specversion": "1.0",
        "id": number.to_string(),
        "source": "/s",
        "type": "weir.http.request",
        "subject": if kind.is_multiple_of(2) { "a" } else { "b" },
        "time": time,
        "data": {"status": 200 + u32::from(kind) * 60, "path": "/[{\"\\\n"},
    });
    match kind {
        5 => event["time"] = "yesterday".into(),
        6 => event["type"] = "dev.cdevents.service.deployed.0.9".into(),
        7 => {
            event["type"] = "dev.cdevents.service.deployed.0.3.0".into();
            event["data"] = serde_json::json!({
                "context": {"version": "0.3.0", "type": event["type"]},
                "subject": {"id": "a", "content": {}},
            });
        }
        _ => {}
    }
    event
}

fn read(cut: Cut, text: &str) -> Summary {
    let mut options = options(cut.threads, false);
    options.keep_whole.push("weir.deploy".to_owned());
    run(requests(), options, cut, &[(Format::CloudEvents, text.as_bytes().to_vec())])
}

/// What was refused, without where it stood.
fn without_places(mut summary: Summary) -> Summary {
    for sample in &mut summary.counts.samples {
        sample.line = 0;
        if let Some((_, reason)) = sample.reason.split_once(" of the batch: ") {
            sample.reason = reason.to_owned();
        }
        // Where in its own text an event is wrong.
        if let Some((reason, _)) = sample.reason.split_once(" at line ") {
            sample.reason = reason.to_owned();
        }
    }
    summary
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn batches_hold_the_events_of_lines(kinds in prop::collection::vec(0_u8..8, 1..20), size in 1_usize..5) {
        let events: Vec<_> = kinds.iter().enumerate().map(|(number, kind)| event(number, *kind)).collect();
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        let batches: String =
            events.chunks(size).map(|batch| format!("{}\n", serde_json::json!(batch))).collect();
        let pretty = serde_json::to_string_pretty(&events).unwrap();
        let expected = without_places(read(WHOLE, &lines));
        for text in [&batches, &pretty] {
            for cut in [WHOLE, Cut { threads: 2, block_size: 100 }] {
                prop_assert_eq!(&without_places(read(cut, text)), &expected);
            }
        }
        // Of one list over many lines, each is on its own.
        let begins: Vec<u64> = (1..).zip(pretty.lines()).filter(|(_, line)| *line == "  {").map(|(line, _)| line).collect();
        let refused: Vec<u64> = (0..).zip(&kinds).filter(|(_, kind)| matches!(kind, 5 | 6)).map(|(idx, _): (usize, _)| begins[idx]).collect();
        let said: Vec<u64> = read(WHOLE, &pretty).counts.samples.iter().map(|sample| sample.line).collect();
        prop_assert!(refused.starts_with(&said) && said.is_empty() == refused.is_empty(), "{:?} {:?}", said, refused);
    }
}

#[test]
fn a_batch_that_breaks_off_is_refused() {
    let lines = format!("[{},\n{}", event(1, 0), event(2, 0));
    let summary = read(WHOLE, &lines);
    assert_eq!((summary.counts.used, summary.counts.refused), (2, 1));
    assert!(summary.counts.samples[0].reason.contains("EOF"), "{:?}", summary.counts);
    let summary = read(WHOLE, &format!("[{},{}\n", event(1, 0), event(2, 0)));
    assert_eq!((summary.counts.used, summary.counts.refused), (2, 1), "{:?}", summary.counts);
    let summary = read(WHOLE, &format!("{}\n[{},7]\n[\n", event(1, 0), event(2, 0)));
    assert_eq!((summary.counts.used, summary.counts.refused), (2, 2), "{:?}", summary.counts);
    assert!(summary.counts.samples[0].reason.starts_with("event 2 of the batch: "), "{:?}", summary.counts);
}
