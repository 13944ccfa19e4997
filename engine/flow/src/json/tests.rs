use proptest::prelude::*;

use super::*;
use crate::cloudevents;

/// What the lines below may be asked for, some of it nested, and one field above others.
const FIELDS: [&str; 7] = ["id", "time", "data.status", "data.duration", "data.http.route", "flag", "both.x"];

fn projection(fields: &[&str]) -> Projection {
    let mut projection = Projection::default();
    for field in fields {
        projection.slot(field);
    }
    projection
}

/// A way to read lines: as they come, with what was learned from the lines before.
struct Reader {
    json: Json,
    projection: Projection,
    /// Lines that were understood without the full parser.
    fast: usize,
}

impl Reader {
    fn new(fields: &[&str]) -> Reader {
        Reader { json: Json::default(), projection: projection(fields), fast: 0 }
    }

    /// Reads a line that may stand anywhere in a text, and holds what it gives against the full parser.
    fn check(&mut self, before: &str, line: &str, after: &str) {
        let text = format!("{before}{line}{after}");
        let mut slots = Vec::new();
        let Some(end) = self.json.read(&text, before.len(), &self.projection, &mut slots) else { return };
        self.fast += 1;
        let full = cloudevents::decode(line.as_bytes(), &self.projection);
        let expected = full.unwrap_or_else(|error| panic!("only the fast way accepts {line:?}: {error}"));
        let line_end = memchr::memchr_iter(b'\n', text.as_bytes()).find(|end| *end >= before.len());
        let line_end = line_end.unwrap_or(text.len());
        assert_eq!(end, line_end, "{line:?}");
        assert_eq!(format!("{slots:?}"), format!("{expected:?}"), "{line:?}");
    }
}

/// A line must be understood by the fast way, or must not be.
fn check(line: &str, fast: bool) {
    let mut reader = Reader::new(&FIELDS);
    reader.check("", line, "");
    assert_eq!(reader.fast, usize::from(fast), "{line}");
    // Again, now that its shape is known.
    reader.check("x\n", line, "\n{}");
    assert_eq!(reader.fast, usize::from(fast) * 2, "{line}");
}

#[test]
fn usual_lines_take_the_fast_way() {
    check(
        r#"{"id":"1","time":"t","data":{"status":200,"duration":0.25,"http":{"route":"/a"}},"flag":true}"#,
        true,
    );
    check(r#"{ "id" : "ä" , "other" : [ 1 , "x" , { "id" : [ ] } ] , "data" : { "status" : -5 } } "#, true);
    check(r#"{"id":null,"data":{"status":1.5,"duration":0.12345678901234567,"x":1e999}}"#, true);
    check("{}", true);
    check("{\"\":{\"\":\"\u{7f}\"}}", true);
}

#[test]
fn unusual_lines_are_left_to_the_full_parser() {
    for line in [
        r#"{"id":"a\nb"}"#,
        r#"{"i\u0064":"1"}"#,
        r#"{"id":"1","id":"2"}"#,
        r#"{"id":null,"id":"2"}"#,
        r#"{"data":{"status":1},"data":{"status":1}}"#,
        r#"{"id":{}}"#,
        r#"{"id":[]}"#,
        r#"{"data":1e999}"#,
        r#"{"data":{"status":1e999}}"#,
        r#"{"x":01}"#,
        r#"{"x":1.}"#,
        r#"{"x":-}"#,
        r#"{"x":.5}"#,
        r#"{"x":+5}"#,
        r#"{"x":nul}"#,
        r#"{"x":truex}"#,
        r#"{"x":1,}"#,
        r#"{"x":[1,]}"#,
        r#"{"x" 1}"#,
        r#"{"x":1"#,
        r#"{"x":1}}"#,
        r#"{"x":1} x"#,
        r#"[]"#,
        "",
        "{\"x\":\"\u{1}\"}",
        "{\"x\u{1}\":1}",
        "{\u{b}}",
    ] {
        check(line, false);
    }
    check(&format!("{}1{}", "{\"x\":".repeat(40), "}".repeat(40)), false);
}

#[test]
fn a_shape_does_not_take_in_what_is_no_json() {
    let mut reader = Reader::new(&FIELDS);
    reader.check("", r#"{"id":"1","x":5,"data":{"status":200}}"#, "");
    assert_eq!(reader.fast, 1);
    for line in [
        r#"{"id":"1","x":05,"data":{"status":200}}"#,
        r#"{"id":"1","x":5.,"data":{"status":200}}"#,
        r#"{"id":"1","x":5,"data":{"status":200}"#,
        r#"{"id":"1","x":5,"data":{"status":200}}}"#,
        r#"{"id":"1","x":5,"data":{"status":2 00}}"#,
        r#"{"id":"1"1","x":5,"data":{"status":200}}"#,
        r#"{"id":1"","x":5,"data":{"status":200}}"#,
        r#"{"id":,"x":5,"data":{"status":200}}"#,
        r#"{"id":"1","x":{},"data":{"status":200}} ,"#,
    ] {
        reader.check("", line, "\n");
    }
    assert_eq!(reader.fast, 1);
    reader.check("", r#"{"id":null,"x":"","data":{"status":false}}"#, "\n");
    assert_eq!(reader.fast, 2);
}

#[test]
fn more_shapes_than_are_remembered() {
    let mut reader = Reader::new(&FIELDS);
    for round in 0..3 {
        for shape in 0..SHAPES * 2 {
            reader.check("", &format!(r#"{{"k{shape}":{round},"id":"{round}"}}"#), "\n");
        }
    }
    assert_eq!(reader.fast, SHAPES * 6);
    assert_eq!(reader.json.shapes.len(), SHAPES);
}

/// Values of all sorts, wanted or not, plain or odd.
fn values() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[0-9]{1,20}",
        4 => "-?[0-9]{1,17}\\.[0-9]{1,20}",
        1 => "-?[0-9]{0,3}\\.?[0-9]{0,3}[eE]?[+-]?[0-9]{0,3}",
        1 => Just("-0".to_owned()),
        3 => prop_oneof!["true", "false", "null", "nul", "True"],
        6 => "[a-z0-9 /:.äß\u{1f600}]{0,20}".prop_map(|text| format!("\"{text}\"")),
        1 => r#"([a-z]|\\[nu"\\/]|\\u00e9|[\u{1}\u{7f}"]){0,6}"#.prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            objects(inner),
        ]
    })
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec![
            "id", "time", "data", "status", "duration", "http", "route", "flag", "both", "x", "",
        ]).prop_map(str::to_owned),
        1 => "[a-zé]{1,5}",
        1 => Just(r"\u0069d".to_owned()),
    ]
}

fn objects(values: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let blank = || prop::sample::select(vec!["", "", "", " ", "\t"]);
    let pair = (keys(), values, blank(), blank())
        .prop_map(|(key, value, before, after)| format!("{before}\"{key}\"{after}:{before}{value}{after}"));
    prop::collection::vec(pair, 0..7).prop_map(|pairs| format!("{{{}}}", pairs.join(",")))
}

/// A usual line, whose values differ from one to the next.
fn usual() -> impl Strategy<Value = String> {
    (0_u32..1000, "[a-z]{0,12}", any::<bool>(), 0_u32..1_000_000).prop_map(|(status, route, flag, micros)| {
        format!(
            r#"{{"id":"{micros}","x":[{status},"{route}"],"data":{{"status":{status},"duration":{}.{micros:06},"http":{{"route":"/{route}"}}}},"flag":{flag}}}"#,
            status % 10
        )
    })
}

/// Lines as streams have them, and worse: cut off, with bytes replaced, put in or taken out.
fn lines() -> impl Strategy<Value = String> {
    let good = prop_oneof![2 => usual(), 3 => objects(values())].boxed();
    let mutated = (good.clone(), any::<prop::sample::Index>(), 0_u8..4, any::<u8>()).prop_map(
        |(line, place, how, byte)| {
            let mut bytes = line.into_bytes();
            let place = place.index(bytes.len());
            match how {
                0 => bytes.truncate(place),
                1 => bytes[place] = byte % 128,
                2 => bytes.insert(place, byte % 128),
                _ => drop(bytes.remove(place)),
            }
            String::from_utf8_lossy(&bytes).into_owned()
        },
    );
    prop_oneof![3 => good, 2 => mutated, 1 => "\\PC{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_the_fast_way_reads_the_full_parser_reads_alike(
        lines in prop::collection::vec(lines(), 1..12),
        fields in prop::sample::subsequence(FIELDS.to_vec(), 0..=FIELDS.len()),
    ) {
        let mut reader = Reader::new(&fields);
        for line in lines.iter().filter(|line| !line.contains('\n')) {
            reader.check("{}\n", line, "\n{\"id\":1}\n");
            reader.check("", line, "");
        }
    }

    #[test]
    fn usual_lines_never_need_the_full_parser(lines in prop::collection::vec(usual(), 1..12)) {
        let mut reader = Reader::new(&FIELDS);
        lines.iter().for_each(|line| reader.check("\n", line, "\r\n"));
        prop_assert_eq!(reader.fast, lines.len());
    }
}
