//! Laws that hold for any input.

use proptest::prelude::*;

use weir_flow::{Flow, Format};

use crate::{Cut, FROM, Summary, WHOLE, options, read, requests};

/// An event about a request.
#[derive(Debug, Clone)]
struct Seen {
    id: u16,
    service: &'static str,
    /// Seconds since the start of the day that is asked about; some are before or after it.
    second: i64,
    status: u16,
    path: &'static str,
}

impl Seen {
    fn line(&self) -> String {
        let time = jiff::Timestamp::from_millisecond(FROM + self.second * 1000).unwrap();
        format!(
            r#"{{"specversion":"1.0","id":"{}","source":"/s","type":"weir.http.request","subject":"{}","time":"{time}","data":{{"status":{},"path":"{}"}}}}"#,
            self.id, self.service, self.status, self.path
        )
    }
}

fn seen(ids: std::ops::Range<u16>) -> impl Strategy<Value = Seen> {
    (
        ids,
        prop::sample::select(vec!["a", "b", "elsewhere"]),
        prop_oneof![9 => 0_i64..7200, 1 => -7200_i64..100_000],
        prop::sample::select(vec![200_u16, 200, 404, 503]),
        prop::sample::select(vec!["/", "/pay", "/healthz"]),
    )
        .prop_map(|(id, service, second, status, path)| Seen { id, service, second, status, path })
}

/// Lines of all sorts: events of which some are repeated, work items, nonsense, blanks.
fn lines() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => seen(0..40).prop_map(|event| event.line()),
        2 => (0_u16..20, any::<bool>()).prop_map(|(id, whole)| format!(
            r#"{{"specversion":"1.0","id":"w{id}","source":"/w","type":"weir.work.item","subject":"a","time":"2026-11-24T01:00:00Z","data":{}}}"#,
            if whole { "{}" } else { "{},\"data_base64\":\"\"" },
        )),
        1 => seen(0..40).prop_map(|event| format!("{}\r", event.line())),
        1 => Just(String::new()),
        1 => Just("  \t".to_owned()),
        2 => prop::sample::select(vec!["{}", "nonsense", "{\"specversion\":\"0.3\"}"]).prop_map(str::to_owned),
        1 => seen(0..40).prop_map(|event| event.line().chars().take(60).collect()),
        1 => seen(0..40).prop_map(|event| event.line().replace("/s", "\\/s")),
    ]
}

/// Files of such lines, of which some end in the middle of one.
fn streams() -> impl Strategy<Value = Vec<String>> {
    let stream = (prop::collection::vec(lines(), 0..30), 0_usize..20);
    prop::collection::vec(stream, 1..4).prop_map(|streams| {
        let text = |(lines, cut): (Vec<String>, usize)| {
            let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            text.truncate(text.len().saturating_sub(cut.saturating_sub(10)));
            text
        };
        streams.into_iter().map(text).collect()
    })
}

fn cuts() -> impl Strategy<Value = Cut> {
    (1_usize..5, 1_usize..2000).prop_map(|(threads, block_size)| Cut { threads, block_size })
}

/// What does not depend on the order.
fn regardless_of_order(mut summary: Summary) -> Summary {
    summary.counts.samples.clear();
    summary.kept.sort();
    summary
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn neither_threads_nor_blocks_change_the_outcome(
        streams in streams(),
        cut in cuts(),
        strict in any::<bool>(),
    ) {
        prop_assert_eq!(read(cut, strict, &streams), read(WHOLE, strict, &streams));
    }

    #[test]
    fn the_fast_way_changes_nothing(streams in streams(), cut in cuts()) {
        let fast = read(cut, false, &streams);
        let mut flow = Flow::new(requests(), options(1, false));
        flow.use_full_parsers();
        for (number, text) in streams.iter().enumerate() {
            flow.read(&number.to_string(), &Format::CloudEvents, text.as_bytes()).unwrap();
        }
        prop_assert_eq!(fast, Summary::new(flow.finish().unwrap(), &[]));
    }

    #[test]
    fn the_counts_add_up_to_what_was_read(streams in streams(), cut in cuts()) {
        let lines = streams.iter().flat_map(|text| text.split('\n')).filter(|line| !line.trim().is_empty());
        prop_assert_eq!(read(cut, false, &streams).counts.read(), lines.count() as u64);
    }

    #[test]
    fn the_division_into_files_changes_nothing(
        lines in prop::collection::vec(lines(), 0..40),
        at in any::<prop::sample::Index>(),
        cut in cuts(),
    ) {
        let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let (one, other) = lines.split_at(at.index(lines.len() + 1));
        let divided = read(cut, false, &[text(one), text(other)]);
        let whole = read(WHOLE, false, &[text(&lines)]);
        prop_assert_eq!(&divided.kept, &whole.kept);
        prop_assert_eq!(regardless_of_order(divided), regardless_of_order(whole));
    }

    #[test]
    fn the_order_of_different_events_changes_nothing(
        (events, shuffled) in prop::collection::vec(seen(0..1), 0..60).prop_flat_map(|mut events| {
            events.iter_mut().zip(0..).for_each(|(event, id)| event.id = id);
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
        cut in cuts(),
    ) {
        let text = |events: &[Seen]| events.iter().map(|event| event.line() + "\n").collect::<String>();
        prop_assert_eq!(read(cut, false, &[text(&shuffled)]), read(WHOLE, false, &[text(&events)]));
    }

    #[test]
    fn repeats_change_nothing_but_their_own_count(
        events in prop::collection::vec(seen(0..1000), 1..40),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        cut in cuts(),
    ) {
        let mut events = events;
        events.iter_mut().zip(0..).for_each(|(event, id)| event.id = id);
        let mut lines: Vec<String> = events.iter().map(|event| event.line() + "\n").collect();
        let once = read(WHOLE, false, &[lines.concat()]);
        for repeat in &repeats {
            // The same line once more, somewhere behind.
            let from = repeat.index(events.len());
            lines.insert(lines.len() - repeat.index(lines.len() - from), lines[from].clone());
        }
        let mut repeated = read(cut, false, &[lines.concat()]);
        prop_assert_eq!(repeated.counts.duplicate, repeats.len() as u64);
        repeated.counts.duplicate = 0;
        prop_assert_eq!(repeated, once);
    }

    #[test]
    fn of_two_events_with_one_id_the_first_one_counts(
        events in prop::collection::vec(seen(0..15), 0..80),
        cut in cuts(),
    ) {
        let mut ids = std::collections::HashSet::new();
        let firsts: Vec<&Seen> = events.iter().filter(|event| ids.insert(event.id)).collect();
        let all = read(cut, false, &[events.iter().map(|event| event.line() + "\n").collect()]);
        let first = read(WHOLE, false, &[firsts.iter().map(|event| event.line() + "\n").collect()]);
        prop_assert_eq!(all.ledgers, first.ledgers);
        prop_assert_eq!(all.counts.duplicate, (events.len() - firsts.len()) as u64);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        format in crate::formats::formats(),
        cut in cuts(),
    ) {
        let streams = [(format, bytes)];
        let found = crate::run(crate::requests(), crate::options(cut.threads, false), cut, &streams);
        let whole = crate::run(crate::requests(), crate::options(1, false), WHOLE, &streams);
        prop_assert_eq!(found, whole);
    }
}

#[test]
fn an_event_counts_in_its_own_slice() {
    let event = |id, second, status| Seen { id, service: "a", second, status, path: "/" }.line() + "\n";
    let text = event(1, 0, 200) + &event(2, 59, 503) + &event(3, 60, 200) + &event(4, 61, 200);
    let summary = read(WHOLE, false, &[text]);
    let minute = FROM / 1000;
    let slices = vec![(minute, 1, 1, 0), (minute + 60, 2, 0, 0)];
    assert_eq!(summary.ledgers[0], Ok((slices, Some(FROM + 61_000))));
    assert_eq!(summary.ledgers[1], Ok((vec![], None)));
}
