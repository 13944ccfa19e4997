use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1000;

fn labels(code: &str) -> BTreeMap<String, String> {
    [("__name__", "requests_total"), ("job", "shop"), ("instance", "a:80"), ("code", code)]
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .into()
}

fn stretch(from: i64, until: i64) -> Stretch {
    let instant = |second| Timestamp::from_second(second).unwrap();
    Stretch { slice_seconds: 60, from: instant(from), until: instant(until) }
}

fn piece(stream: Stream, code: &str, samples: &[(i64, u64)]) -> Samples {
    let sample = |(second, value): &(i64, u64)| {
        let (valid, part) = if stream == Stream::Part { (0, *value) } else { (*value, 0) };
        Sample { at: second * SECOND, valid, part }
    };
    Samples { stream, labels: labels(code), samples: samples.iter().map(sample).collect() }
}

/// The good and bad events of each slice, by its start.
fn check(pieces: Vec<Samples>, expected: &[(i64, (u64, u64))]) {
    let mut counters = Counters::new(Part::Bad, &stretch(600, 6000), 600_000);
    counters.add(pieces);
    let counts = counters.finish().unwrap();
    let slices: Vec<_> =
        counts.slices.iter().map(|(start, tally)| (*start, (tally.good, tally.bad))).collect();
    assert_eq!(slices, expected);
}

#[test]
fn what_is_seen_on_a_border_happened_before_it() {
    check(
        vec![piece(Stream::Valid, "200", &[(600, 10), (660, 13), (661, 20)])],
        &[(600, (3, 0)), (660, (7, 0))],
    );
}

#[test]
fn a_counter_that_is_lower_began_anew() {
    check(
        vec![piece(Stream::Valid, "200", &[(590, 1000), (610, 1005), (620, 3), (630, 5)])],
        &[(600, (10, 0))],
    );
}

#[test]
fn slices_without_a_sample_are_not_there() {
    // The gap's events are counted where they are seen; a slice in which nothing happened is known.
    check(
        vec![piece(Stream::Valid, "200", &[(601, 0), (961, 50), (1021, 50)])],
        &[(600, (0, 0)), (960, (50, 0)), (1020, (0, 0))],
    );
}

#[test]
fn the_first_failure_counts() {
    let valid = piece(Stream::Valid, "200", &[(310, 100), (601, 100), (661, 110)]);
    let first = |stream| piece(stream, "500", &[(661, 2)]);
    check(vec![valid, first(Stream::Valid), first(Stream::Part)], &[(600, (0, 0)), (660, (10, 2))]);
}

#[test]
fn what_a_target_counted_before_anybody_looked_is_unknown() {
    check(vec![piece(Stream::Valid, "200", &[(1000, 7_000_000), (1010, 7_000_001)])], &[(960, (1, 0))]);
}

#[test]
fn a_series_without_an_instance_is_never_new() {
    let nameless = |code: &str, samples: &[(i64, u64)]| {
        let mut piece = piece(Stream::Valid, code, samples);
        piece.labels.remove("instance");
        piece
    };
    check(
        vec![nameless("200", &[(610, 5), (1000, 5)]), nameless("500", &[(1000, 99)])],
        &[(600, (0, 0)), (960, (0, 0))],
    );
}

#[test]
fn two_counters_of_a_histogram_begin_anew_together() {
    let sample = |second: i64, valid, part| Sample { at: second * SECOND, valid, part };
    // The bucket is higher than before, though it began at zero.
    let samples = vec![sample(590, 100, 10), sample(610, 50, 50)];
    let both = Samples { stream: Stream::Both, labels: labels(""), samples };
    check(vec![both], &[(600, (0, 50))]);
    // Both are higher than before, and what lies beyond the bucket is lower.
    let samples = vec![sample(590, 100, 10), sample(610, 903, 900)];
    let both = Samples { stream: Stream::Both, labels: labels(""), samples };
    check(vec![both], &[(600, (3, 900))]);
}

#[test]
fn more_bad_than_valid_events_are_a_contradiction() {
    let mut counters = Counters::new(Part::Bad, &stretch(600, 6000), 600_000);
    counters.add(vec![
        piece(Stream::Valid, "200", &[(590, 0), (610, 1)]),
        piece(Stream::Part, "500", &[(590, 0), (610, 2)]),
    ]);
    assert_eq!(
        counters.finish().unwrap_err().to_string(),
        "in the slice of 1970-01-01T00:10:00Z, 2 events are bad and only 1 are valid; `valid` has to count all events that \
         `bad` counts, and both have to be scraped at once"
    );
}

/// What happened to one process: how many events of each code came before each scrape, and whether it was restarted before
/// them, or the scrape failed.
#[derive(Debug, Clone)]
struct Happened {
    good: u64,
    bad: u64,
    restarted: bool,
    scraped: bool,
}

fn happened() -> impl Strategy<Value = Vec<Happened>> {
    // After a restart there is at least as much as shows that the counter is lower, or it can't be told.
    let one = (0_u64..50, 0_u64..5, prop::bool::weighted(0.1), prop::bool::weighted(0.9)).prop_map(
        |(good, bad, restarted, scraped)| Happened { good, bad, restarted, scraped: scraped || restarted },
    );
    prop::collection::vec(one, 1..200)
}

/// Samples, by their instants in seconds since 1970.
type Shown = Vec<(i64, u64)>;

/// The scrapes of a process, every 15 s from 300 s on, and what they show to have happened.
fn scrapes(happened: &[Happened]) -> (Shown, Shown, u64, u64) {
    let (mut all, mut bad) = (vec![(300, 0)], vec![(300, 0)]);
    let (mut valid_now, mut bad_now, mut valid_total, mut bad_total) = (0, 0, 0, 0);
    for (number, what) in happened.iter().enumerate() {
        let at = 315 + 15 * i64::try_from(number).unwrap();
        let (valid_last, bad_last) = (all.last().unwrap().1, bad.last().unwrap().1);
        if what.restarted {
            // Of what comes between the last scrape and a restart, nothing can be known.
            valid_total -= valid_now - valid_last;
            bad_total -= bad_now - bad_last;
            (valid_now, bad_now) = (0, 0);
        }
        // A restart can be seen where the counter is lower.
        let (good, failed) = if what.restarted { (0, 0) } else { (what.good, what.bad) };
        valid_now += good + failed;
        bad_now += failed;
        valid_total += good + failed;
        bad_total += failed;
        if what.scraped {
            all.push((at, valid_now));
            bad.push((at, bad_now));
        }
    }
    let (valid_last, bad_last) = (all.last().unwrap().1, bad.last().unwrap().1);
    (all, bad, valid_total - (valid_now - valid_last), bad_total - (bad_now - bad_last))
}

proptest! {
    #[test]
    fn counts_are_what_happened(happened in happened()) {
        let (all, bad, valid_total, bad_total) = scrapes(&happened);
        let mut counters = Counters::new(Part::Bad, &stretch(300, 6000), 600_000);
        counters.add(vec![piece(Stream::Valid, "all", &all), piece(Stream::Part, "all", &bad)]);
        let counts = counters.finish().unwrap();
        let total: Tally = counts.slices.values().copied().sum();
        prop_assert_eq!((total.good + total.bad, total.bad), (valid_total, bad_total));
        // A slice is known where, and only where, there is a sample.
        let seen: std::collections::BTreeSet<i64> =
            all.iter().map(|(at, _)| (at * SECOND - 1).div_euclid(60 * SECOND) * 60).filter(|start| *start >= 300).collect();
        prop_assert_eq!(counts.slices.keys().copied().collect::<std::collections::BTreeSet<_>>(), seen);
    }

    #[test]
    fn how_time_is_cut_changes_nothing(happened in happened(), cuts in prop::collection::btree_set(300_i64..3500, 0..8), closed: bool) {
        let (all, bad, ..) = scrapes(&happened);
        let whole = {
            let mut counters = Counters::new(Part::Bad, &stretch(300, 6000), 600_000);
            counters.add(vec![piece(Stream::Valid, "all", &all), piece(Stream::Part, "all", &bad)]);
            counters.finish().unwrap()
        };
        let mut counters = Counters::new(Part::Bad, &stretch(300, 6000), 600_000);
        let ends: Vec<i64> = [0].into_iter().chain(cuts).chain([10_000]).collect();
        for range in ends.windows(2) {
            // Some servers give the sample at the beginning of a piece again.
            let within = |samples: &[(i64, u64)]| -> Vec<(i64, u64)> {
                let starts = |at: i64| if closed { at >= range[0] } else { at > range[0] };
                samples.iter().copied().filter(|(at, _)| starts(*at) && *at <= range[1]).collect()
            };
            counters.add(vec![
                piece(Stream::Valid, "all", &within(&all)),
                piece(Stream::Part, "all", &within(&bad)),
            ]);
        }
        prop_assert_eq!(counters.finish().unwrap(), whole);
    }
}
