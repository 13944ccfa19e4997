//! Calculators that fail, settle and share.

use weir_flow::Format;

use crate::guest::{Guest, marks};
use crate::{Cut, Summary, load, load_bytes, options, request, requests, run};

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

/// Writes one letter for the number of rows of each batch; breaks down at a batch of `breaks_at` rows.
fn talkative(breaks_at: u32) -> Guest {
    let words = "(i32.store8 (i32.const 3000) (i32.add (i32.const 65) (local.get $rows)))
        (call $write (i32.const 2) (i32.const 3000) (i32.const 1))";
    let breaks = format!("(if (i32.eq (local.get $rows) (i32.const {breaks_at})) (then unreachable))");
    Guest::calculator().body("classify", &format!("{words} {breaks} {}", marks("(local.get $rows)", 1)))
}

/// Requests whose lines grow longer, so that the blocks of the stream have fewer and fewer rows.
fn growing_lines() -> Vec<(Format, Vec<u8>)> {
    let line = |id: u32| {
        let (hour, minute, rest) = (id / 60, id % 60, "x".repeat(id as usize * 2));
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"weir.http.request","subject":"a","time":"2026-11-24T{hour:02}:{minute:02}:00Z","data":{{"status":200,"x":"{rest}"}}}}"#
        ) + "\n"
    };
    vec![(Format::CloudEvents, (0..400).map(line).collect::<String>().into_bytes())]
}

fn listen(breaks_at: u32, threads: usize) -> Summary {
    let plugin = load_bytes("talkative", &talkative(breaks_at).component());
    let requests = vec![request("a", plugin, "{}")];
    run(requests, options(threads, false), Cut { threads, block_size: 4000 }, &growing_lines())
}

#[test]
fn what_calculators_write_to_their_logs_is_told_in_the_order_of_the_stream() {
    let one = listen(0, 1);
    let [log] = one.counts.calculators.as_slice() else { panic!("{:?}", one.counts.calculators) };
    assert_eq!((log.plugin.as_str(), log.service.as_str(), log.sli.as_str()), ("talkative", "a", "sli"));
    // Fewer and fewer rows, and of more than ten different lines the first ten.
    assert_eq!(log.lines.len(), 10);
    assert!(log.lines.iter().all(|line| line.starts_with("warning: ")), "{:?}", log.lines);
    assert!(log.lines.iter().rev().is_sorted() && log.is_cut, "{log:?}");
    for threads in [2, 3, 4, 4, 4] {
        assert_eq!(listen(0, threads), one);
    }
}

#[test]
fn what_a_calculator_wrote_before_it_broke_down_does_not_depend_on_threads() {
    let all = listen(0, 1).counts.calculators.remove(0).lines;
    // The rows of a batch that comes early in the stream.
    let third = u32::from(all[2].as_bytes()["warning: ".len()] - b'A');
    let one = listen(third, 1);
    assert!(one.ledgers[0].is_err());
    let log = &one.counts.calculators[0];
    assert_eq!((log.lines.as_slice(), log.is_cut), (&all[..3], false));
    for threads in [2, 3, 4, 4, 4] {
        assert_eq!(listen(third, threads), one);
    }
}
