//! Streams that break, stop, repeat and are watched.

use std::io::{self, Read, Write as _};
use std::sync::Arc;

use weir_flow::{Flow, FlowError, Format, Progress, decompressed};

use crate::{Cut, Summary, WHOLE, options, read, requests};

fn line(id: u32, status: u16) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"weir.http.request","subject":"a","time":"2026-11-24T01:00:00Z","data":{{"status":{status}}}}}"#
    ) + "\n"
}

const CUTS: [Cut; 4] = [
    WHOLE,
    Cut { threads: 1, block_size: 1 },
    Cut { threads: 3, block_size: 1 },
    Cut { threads: 4, block_size: 700 },
];

#[test]
fn refused_lines_are_sampled_with_their_numbers() {
    let text: String =
        (1..=20).map(|id| if id % 3 == 0 { "x\n".to_owned() } else { line(id, 200) }).collect();
    for cut in CUTS {
        let summary = read(cut, false, &["\n".to_owned(), text.clone()]);
        let lines: Vec<(&str, u64)> =
            summary.counts.samples.iter().map(|sample| (sample.file.as_str(), sample.line)).collect();
        assert_eq!(lines, [("1", 3), ("1", 6), ("1", 9), ("1", 12), ("1", 15)], "{cut:?}");
        assert_eq!((summary.counts.refused, summary.counts.used), (6, 14));
    }
}

#[test]
fn a_strict_run_stops_at_the_first_wrong_line() {
    let text: String =
        (1..=40).map(|id| if id % 9 == 0 { "x\n".to_owned() } else { line(id, 503) }).collect();
    for cut in CUTS {
        let summary = read(cut, true, &[line(0, 200), text.clone(), line(100, 200)]);
        assert_eq!(summary.errors, ["1:9: not JSON: expected value at column 1"], "{cut:?}");
        assert_eq!((summary.counts.used, summary.counts.refused, summary.counts.read()), (10, 1, 11));
        // What was read before stays counted, and another stream may be read.
        assert_eq!(summary.total(0), (2, 8, 0), "{cut:?}");
    }
}

#[test]
fn a_stream_that_breaks_says_where() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    for cut in CUTS {
        let text = (1..=7).map(|id| line(id, 200)).collect::<String>();
        let mut flow = Flow::new(requests(), options(cut.threads, false));
        flow.set_block_size(cut.block_size);
        let broken =
            flow.read("log", &Format::CloudEvents, text.as_bytes().chain(&b"{\"spec"[..]).chain(Broken));
        assert!(matches!(broken, Err(FlowError::Unreadable { line: 7, .. })), "{broken:?}");
        let at_once = flow.read("other", &Format::CloudEvents, Broken).unwrap_err();
        assert_eq!(at_once.to_string(), "`other` can't be read past line 0: the disk is gone");
        let summary = Summary::new(flow.finish().unwrap(), &[]);
        assert_eq!(summary.total(0), (7, 0, 0), "{cut:?}");
    }
}

#[test]
fn a_line_that_breaks_off_is_refused() {
    for cut in CUTS {
        let summary = read(cut, false, &[line(1, 200) + "{\"specversion\":"]);
        let [sample] = summary.counts.samples.as_slice() else { panic!("one line is refused") };
        assert_eq!(sample.line, 2);
        assert!(sample.reason.ends_with("; the file ends in the middle of this line"), "{}", sample.reason);
    }
}

#[test]
fn a_line_that_is_too_long_is_refused_with_its_number() {
    let long = "x".repeat((4 << 20) + 1) + "\n";
    for threads in [1, 3] {
        let text = line(1, 200) + &long + &line(2, 200) + &long;
        let summary = read(Cut { threads, block_size: 1 << 20 }, false, &[text]);
        let lines: Vec<u64> = summary.counts.samples.iter().map(|sample| sample.line).collect();
        assert_eq!(lines, [2, 4]);
        assert_eq!(summary.counts.samples[0].reason, "the line is longer than 4194304 bytes");
        assert_eq!(summary.total(0), (2, 0, 0));
    }
}

#[test]
fn bytes_that_are_no_utf8_harm_their_own_line_only() {
    let mut bytes = line(1, 200).into_bytes();
    bytes.extend_from_slice(b"{\"id\":\"\xff\"}\n");
    // Where nobody looks, they do no harm.
    bytes.extend(
        line(2, 503)
            .replace("\"id\"", "\"x\":\"?\",\"id\"")
            .bytes()
            .map(|b| if b == b'?' { 0xff } else { b }),
    );
    bytes.extend(line(3, 200).bytes());
    for cut in CUTS {
        let streams = [(Format::CloudEvents, bytes.clone())];
        let summary = crate::run(requests(), options(cut.threads, false), cut, &streams);
        assert_eq!(summary.counts.samples.iter().map(|sample| sample.line).collect::<Vec<_>>(), [2]);
        assert_eq!(summary.total(0), (2, 1, 0), "{cut:?}");
    }
}

#[test]
fn events_kept_whole_stay_in_order() {
    let item = |id: u32| line(id, 200).replace("weir.http.request", "weir.work.item");
    let text: String = (0..50).map(|id| if id % 2 == 0 { item(id) } else { line(id, 200) }).collect();
    for cut in CUTS {
        let summary = read(cut, false, std::slice::from_ref(&text));
        let expected: Vec<String> = (0..50).step_by(2).map(|id| format!("/s/{id}")).collect();
        assert_eq!(summary.kept, expected, "{cut:?}");
        assert_eq!(summary.counts.used, 50);
    }
}

#[test]
fn progress_is_noted() {
    let progress = Arc::new(Progress::default());
    let options = weir_flow::Options { progress: Some(Arc::clone(&progress)), ..options(2, false) };
    let mut flow = Flow::new(requests(), options);
    flow.set_block_size(300);
    let text: String = (0..30).map(|id| line(id, 200)).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    progress.expect(packed.len() as u64);
    let stream = decompressed(Progress::counting(&progress, &packed[..])).unwrap();
    flow.read("log", &Format::CloudEvents, stream).unwrap();
    flow.finish().unwrap();
    // Of what is packed, the packed bytes count: they come to what was to be expected.
    assert_eq!(Some(progress.bytes()), progress.total());
    assert_eq!(progress.events(), 30);
}

#[test]
fn no_input_is_an_empty_outcome() {
    for cut in CUTS {
        let summary = read(cut, true, &[String::new()]);
        assert_eq!(summary, read(WHOLE, false, &[]));
        assert_eq!(summary.counts.read(), 0);
    }
}

#[test]
fn a_mark_that_says_it_is_utf8_is_passed_over_at_the_beginning_only() {
    let log = r#"192.0.2.1 - - [24/Nov/2026:01:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#;
    let logged = Format::AccessLog { service: "a".to_owned(), fields_after: Vec::new() };
    for cut in CUTS {
        let check = |format: Format, text: &str, used: u64, refused: &[u64]| {
            let streams = [(format, format!("\u{feff}{text}").into_bytes())];
            let summary = crate::run(requests(), options(cut.threads, false), cut, &streams);
            let lines: Vec<u64> = summary.counts.samples.iter().map(|sample| sample.line).collect();
            assert_eq!((summary.counts.used, lines.as_slice()), (used, refused), "{cut:?}: {text}");
        };
        check(Format::CloudEvents, "", 0, &[]);
        check(Format::CloudEvents, &line(1, 200), 1, &[]);
        check(Format::CloudEvents, &format!("{}\u{feff}{}", line(1, 200), line(2, 200)), 1, &[2]);
        check(Format::CloudEvents, &format!("[\n{}]", line(1, 200)), 1, &[]);
        check(logged.clone(), log, 1, &[]);
    }
}
