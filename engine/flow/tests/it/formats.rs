//! What the formats have in common, and what is their own.

use proptest::prelude::*;
use weir_flow::{Flow, Format};

use crate::{Cut, Summary, WHOLE, options, requests, run};

/// Any of the formats.
pub(crate) fn formats() -> impl Strategy<Value = Format> {
    let alertmanager = Format::Alertmanager { service: Some("a".to_owned()) };
    prop::sample::select(vec![Format::CloudEvents, access_log(), csv(), Format::OtlpSpans, alertmanager])
}

fn access_log() -> Format {
    Format::AccessLog { service: "a".to_owned(), fields_after: vec!["duration".to_owned()] }
}

fn csv() -> Format {
    Format::Csv { service: None }
}

/// Reads one stream, cut in many ways: the outcome must be the same.
fn read(format: &Format, text: &str) -> Summary {
    let streams = [(format.clone(), text.as_bytes().to_vec())];
    let whole = run(requests(), options(1, false), WHOLE, &streams);
    for (threads, block_size) in [(1, 1), (2, 100), (3, 250)] {
        let cut = Cut { threads, block_size };
        assert_eq!(run(requests(), options(threads, false), cut, &streams), whole, "{cut:?}");
    }
    let mut flow = Flow::new(requests(), options(1, false));
    flow.use_full_parsers();
    flow.read("0", format, text.as_bytes()).unwrap();
    assert_eq!(Summary::new(flow.finish().unwrap(), &[]), whole, "by the full parser alone");
    whole
}

fn reasons(summary: &Summary) -> Vec<(u64, &str)> {
    summary.counts.samples.iter().map(|sample| (sample.line, sample.reason.as_str())).collect()
}

#[test]
fn access_logs_are_requests_to_their_service() {
    let log = r#"10.0.0.7 - - [24/Nov/2026:11:58:03 +0000] "GET /pay HTTP/1.1" 200 512 "-" "x" 0.1
10.0.0.7 - - [24/Nov/2026:11:58:04 +0000] "GET /pay?x HTTP/1.1" 503 512 "-" "x" 0.1
10.0.0.7 - - [24/Nov/2026:11:58:04 +0000] "GET /healthz HTTP/1.1" 503 512 "-" "x" 0.1

10.0.0.7 - - [24/Nov/2026:11:58:04 +0000] "GET /a\"b HTTP/1.1" 200 512 "-" "x" 0.1
10.0.0.7 - - [24/Nov/2026:11:58:60 +0000]  "\x16" 200 512 "-" "x" 0.1
10.0.0.7 - - [25/Nov/2026:11:58:03 +0000] "GET /pay HTTP/1.1" 200 512 "-" "x" 0.1
10.0.0.7 - - [24/Nov/2026:11:58:03 +0000] "GET /pay HTTP/1.1" 200 512 "-" "x"
10.0.0.7 - - [24/Nov/2026:11:58:03 +0000] "GET"#;
    let summary = read(&access_log(), log);
    assert_eq!(summary.total(0), (3, 1, 0));
    assert_eq!((summary.counts.used, summary.counts.not_valid, summary.counts.late), (4, 1, 1));
    assert_eq!(
        reasons(&summary),
        [
            (8, "the line ends where a field after the combined format should be"),
            (9, "the line ends inside the request; the file ends in the middle of this line"),
        ]
    );
}

#[test]
fn csv_is_read_by_its_header() {
    let text = "\u{feff}\n\
        id,subject,type,time,data.status,data.path,note\r\n\
        1,a,weir.http.request,2026-11-24T01:00:00Z,200,/pay,\r\n\
        2,a,weir.http.request,2026-11-24T01:00:00Z,503,\"/pay, \"\"fast\"\"\",x\n\
        \n\
        2,a,weir.http.request,2026-11-24T01:00:00Z,200,/pay,again\n\
        3,a,weir.http.request,2026-11-24T01:00:00Z,,/pay,no status\n\
        4,a,weir.http.request,2026-11-24T01:00:00Z,x,/pay,no number\n\
        5,a,weir.http.request,2026-11-24T01:00:00Z,503,/healthz,does not count\n\
        6,b,weir.http.request,2026-11-24T01:00:00Z,200.0,,\n\
        7,,weir.http.request,2026-11-24T01:00:00Z,200,,\n\
        8,a,weir.http.request,2026-11-25T01:00:00Z,200,,late\n\
        9,a,weir.http.request,2026-11-24T01:00:00Z,200\n\
        10,a,weir.http.request,yesterday,200,,\n\
        ,a,weir.http.request,2026-11-24T01:00:00Z,200,,\n\
        11,a,weir.work.item,2026-11-24T01:00:00Z,200,,\n\
        12,a,weir.http.request,2026-11-24T01:00:00Z,200,\"/pay,";
    let summary = read(&csv(), text);
    assert_eq!((summary.total(0), summary.total(1)), ((1, 1, 2), (1, 0, 0)));
    let counts = &summary.counts;
    assert_eq!((counts.used, counts.not_valid, counts.duplicate, counts.late), (5, 2, 1, 1));
    assert_eq!(
        reasons(&summary),
        [
            (13, "the line has 5 fields, and the header 7"),
            (14, "`time` is `yesterday`, which is not a time such as `2026-11-24T11:58:03Z`"),
            (15, "`id` is missing"),
            (16, "events of type `weir.work.item` are kept whole, and only CloudEvents are whole events"),
            (17, "a quoted field does not end on its line; the file ends in the middle of this line"),
        ]
    );
}

#[test]
fn csv_without_ids_has_no_duplicates() {
    let line = "weir.http.request,2026-11-24T01:00:00Z,200\n";
    let text = format!("type,time,data.status\n{line}{line}");
    let summary = read(&Format::Csv { service: Some("b".to_owned()) }, &text);
    assert_eq!(summary.total(1), (2, 0, 0));
}

#[test]
fn a_header_that_does_not_do_refuses_all_lines() {
    let check = |header: &str, reason: &str| {
        let summary = read(&csv(), &format!("{header}\na\nb\n"));
        assert_eq!(reasons(&summary), [(2, reason), (3, reason)]);
    };
    check("id,time,subject", "the header has no column `type`");
    check("id,type,subject", "the header has no column `time`");
    check("type,time", "the header has no column `subject`, and the source no `service`");
    check("type,time,subject,id,id", "the header has two columns `id`");
    check("type,\"time", "in the header, a quoted field does not end on its line");
    assert_eq!(read(&csv(), "type,time,subject").counts.read(), 0);
}

/// An export request with these spans of service `a`.
fn export(spans: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"a"}}}}]}},"scopeSpans":[{{"scope":{{"name":"x"}},"spans":[{spans}]}}]}}]}}"#
    ) + "\n"
}

/// A span that ends a number of nanoseconds after the start of the day, with further fields.
fn span(id: u32, nanoseconds: u64, more: &str) -> String {
    let start = 1_795_478_400_000_000_000_u64;
    format!(
        r#"{{"traceId":"5b8e","spanId":"{id}","name":"GET /pay","kind":2,"startTimeUnixNano":"{start}","endTimeUnixNano":"{}"{more}}}"#,
        start + nanoseconds
    )
}

#[test]
fn spans_are_events() {
    let fields = r#"{"field":"data.attributes.http.response.status_code"}"#;
    let by_status = r#"{"field":"data.status","bad-values":["error"]}"#;
    let latency = crate::load("plugins/built/latency.wasm");
    let requests = || {
        vec![
            crate::request("a", crate::availability(), fields),
            crate::request("a", crate::availability(), by_status),
            crate::request("a", latency.clone(), r#"{"threshold":"250ms","only":{"data.kind":["server"]}}"#),
        ]
    };
    let code = |code: u32| {
        format!(r#","attributes":[{{"key":"http.response.status_code","value":{{"intValue":"{code}"}}}}]"#)
    };
    let text = [
        export(&[
            span(1, 250_000_000, &code(200)),
            span(2, 250_000_001, &(code(503) + r#","status":{"code":2}"#)),
            span(1, 250_000_000, &code(200)),
        ].join(",")),
        "\n".to_owned(),
        export(&span(3, 1, r#","status":{"code":"STATUS_CODE_ERROR"},"attributes":[{"key":"http.response.status_code","value":{"intValue":404}}]"#)),
        export(&span(4, 90_000_000_000_000, "")),
        export(r#"{"traceId":"5b8e","name":"x"}"#),
        export(&span(5, 1, "").replace("\"endTimeUnixNano\":\"1", "\"endTimeUnixNano\":\"x")),
        r#"{"resourceLogs":[]}"#.to_owned() + "\n",
        r#"{"resourceSpans":[{},{"scopeSpans":[{},{"spans":[]}]}]}"#.to_owned() + "\n",
        export(&span(6, 5, &code(200))).replace("service.name", "other"),
    ]
    .concat();
    let streams = [(Format::OtlpSpans, text.into_bytes())];
    let summary = run(requests(), options(1, false), WHOLE, &streams);
    for block_size in [1, 300, 700] {
        let cut = Cut { threads: 3, block_size };
        assert_eq!(run(requests(), options(3, false), cut, &streams), summary);
    }
    assert_eq!((summary.total(0), summary.total(1), summary.total(2)), ((2, 1, 0), (1, 2, 0), (2, 1, 0)));
    let counts = &summary.counts;
    assert_eq!((counts.used, counts.not_valid, counts.duplicate, counts.late), (3, 1, 1, 1));
    assert_eq!(
        reasons(&summary),
        [
            (5, "span ``: `spanId` is missing"),
            (6, "span `5`: `endTimeUnixNano` is no time in nanoseconds"),
            (7, "no spans in OTLP: missing field `resourceSpans` at column 19"),
        ]
    );
}
