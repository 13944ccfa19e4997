//! Calculators that fail, settle and share.

use weir_flow::Format;

use crate::{Cut, Summary, load, options, request, requests, run};

/// Requests to `a` and `b`, a minute apart each. The first line is long, so that the first block has fewer rows than the
/// others, and what is wrong with its marks is another thing.
fn traffic() -> Vec<(Format, Vec<u8>)> {
    let line = |id: u32| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"weir.http.request","subject":"{}","time":"2026-11-24T{:02}:{:02}:00Z","data":{{"status":200,"x":"{}"}}}}"#,
            if id.is_multiple_of(2) { "a" } else { "b" },
            id / 60,
            id % 60,
            if id == 0 { "x".repeat(1500) } else { String::new() },
        ) + "\n"
    };
    vec![(Format::CloudEvents, (0..300).map(line).collect::<String>().into_bytes())]
}

#[test]
fn a_calculator_that_fails_takes_only_its_own_events_with_it() {
    let hostile = load("tests/guests/built/hostile-calculator.wasm");
    let with = |mood: &str, threads: usize| -> Summary {
        let mut requests = requests();
        requests.remove(0);
        requests.push(request("a", hostile.clone(), &format!(r#"{{"mood":"{mood}"}}"#)));
        run(requests, options(threads, false), Cut { threads, block_size: 2000 }, &traffic())
    };
    let fine = with("fine", 1);
    assert_eq!((fine.total(0), fine.total(1)), ((150, 0, 0), (150, 0, 0)));
    assert_eq!((fine.counts.used, fine.counts.not_valid), (300, 0));
    for mood in ["trap", "nonsense", "rows"] {
        let one = with(mood, 1);
        assert_eq!(one.total(0), (150, 0, 0));
        assert!(one.ledgers[1].is_err());
        // Events that only the failed SLI counted are not used.
        assert_eq!((one.counts.used, one.counts.not_valid), (150, 150), "{mood}");
        for threads in 2..5 {
            assert_eq!(with(mood, threads), one, "{mood}");
        }
    }
}

#[test]
fn calculators_that_settle_see_the_slices_of_all_threads() {
    let throughput = load("plugins/built/throughput.wasm");
    let with = |cut: Cut| {
        let params = r#"{"at-least":1,"per":"1m"}"#;
        let requests =
            vec![request("a", throughput.clone(), params), request("b", throughput.clone(), params)];
        run(requests, options(cut.threads, false), cut, &traffic())
    };
    let whole = with(crate::WHOLE);
    assert_eq!(whole.total(0).0, 150);
    for threads in 1..4 {
        assert_eq!(with(Cut { threads, block_size: 1000 }), whole);
    }
}
