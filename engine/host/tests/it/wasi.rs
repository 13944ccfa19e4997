//! A WASI in which nothing happens, for plugins that are allowed one; everything beyond it is refused by name.

use weir_host::contract::calculator::Slices;
use weir_host::{Answer, CallError, LimitKind, Limits, LoadError, Plugin, Wasi};

use crate::guest::{Guest, marks};
use crate::{patient, rows, sandbox};

/// The interfaces of WASI 0.2 that the inert WASI has.
const INERT: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Those that it does not have, and others that a plugin might hope for.
const BEYOND: [&str; 24] = [
    "wasi:cli/command@0.2.0",
    "wasi:cli/run@0.2.0",
    "wasi:clocks/timezone@0.2.0",
    "wasi:config/store@0.2.0",
    "wasi:filesystem/types@0.3.0",
    "wasi:http/incoming-handler@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/streams@0.2.0-rc-2023-11-10",
    "wasi:io/streams@1.0.0",
    "wasi:io/streams@0.2.",
    "wasi:io/streams",
    "wasi:keyvalue/store@0.2.0",
    "wasi:logging/logging@0.2.0",
    "wasi:nn/tensor@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi-evil:cli/environment@0.2.0",
    "evil:wasi/environment@0.2.0",
];

/// The interfaces with streams, and what tests use of the others, as WASI 0.2 defines them.
const IO: &str = r#"
    (import "wasi:io/error@0.2.3" (instance $error
        (export "error" (type (sub resource)))))
    (alias export $error "error" (type $error-resource))
    (import "wasi:io/poll@0.2.3" (instance $poll
        (export "pollable" (type $pollable (sub resource)))
        (export "[method]pollable.ready" (func (param "self" (borrow $pollable)) (result bool)))
        (export "[method]pollable.block" (func (param "self" (borrow $pollable))))
        (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
    (alias export $poll "pollable" (type $pollable-resource))
    (import "wasi:io/streams@0.2.3" (instance $streams
        (alias outer 1 $error-resource (type $error-outer))
        (export "error" (type $error-type (eq $error-outer)))
        (alias outer 1 $pollable-resource (type $pollable-outer))
        (export "pollable" (type $pollable-type (eq $pollable-outer)))
        (export "input-stream" (type $input (sub resource)))
        (export "output-stream" (type $output (sub resource)))
        (type $stream-error-type (variant (case "last-operation-failed" (own $error-type)) (case "closed")))
        (export "stream-error" (type $stream-error (eq $stream-error-type)))
        (export "[method]input-stream.read" (func (param "self" (borrow $input)) (param "len" u64)
            (result (result (list u8) (error $stream-error)))))
        (export "[method]output-stream.check-write" (func (param "self" (borrow $output))
            (result (result u64 (error $stream-error)))))
        (export "[method]output-stream.write" (func (param "self" (borrow $output)) (param "contents" (list u8))
            (result (result (error $stream-error)))))
        (export "[method]output-stream.flush" (func (param "self" (borrow $output))
            (result (result (error $stream-error)))))
        (export "[method]output-stream.subscribe" (func (param "self" (borrow $output))
            (result (own $pollable-type))))))
    (alias export $streams "input-stream" (type $input-resource))
    (alias export $streams "output-stream" (type $output-resource))"#;

const STANDARD: &str = r#"
    (import "wasi:cli/stdin@0.2.3" (instance $stdin
        (alias outer 1 $input-resource (type $input-outer))
        (export "input-stream" (type $input (eq $input-outer)))
        (export "get-stdin" (func (result (own $input))))))
    (import "wasi:cli/stdout@0.2.3" (instance $stdout
        (alias outer 1 $output-resource (type $output-outer))
        (export "output-stream" (type $output (eq $output-outer)))
        (export "get-stdout" (func (result (own $output))))))
    (import "wasi:cli/stderr@0.2.3" (instance $stderr
        (alias outer 1 $output-resource (type $output-outer))
        (export "output-stream" (type $output (eq $output-outer)))
        (export "get-stderr" (func (result (own $output))))))"#;

const REST: &str = r#"
    (import "wasi:cli/environment@0.2.0" (instance $environment
        (export "get-environment" (func (result (list (tuple string string)))))
        (export "get-arguments" (func (result (list string))))
        (export "initial-cwd" (func (result (option string))))))
    (import "wasi:cli/exit@0.2.0" (instance $exit
        (export "exit" (func (param "status" (result))))))
    (import "wasi:clocks/monotonic-clock@0.2.1" (instance $monotonic
        (export "now" (func (result u64)))
        (export "resolution" (func (result u64)))))
    (import "wasi:clocks/wall-clock@0.2.1" (instance $wall
        (type $datetime-type (record (field "seconds" u64) (field "nanoseconds" u32)))
        (export "datetime" (type $datetime (eq $datetime-type)))
        (export "now" (func (result $datetime)))
        (export "resolution" (func (result $datetime)))))
    (import "wasi:random/random@0.2.0" (instance $random
        (export "get-random-bytes" (func (param "len" u64) (result (list u8))))
        (export "get-random-u64" (func (result u64)))))
    (import "wasi:random/insecure-seed@0.2.0" (instance $seed
        (export "insecure-seed" (func (result (tuple u64 u64))))))
    (import "wasi:filesystem/types@0.2.0" (instance $types
        (export "descriptor" (type $descriptor (sub resource)))
        (type $code-type (enum "access" "would-block" "exist"))
        (export "error-code" (type $code (eq $code-type)))
        (export "[method]descriptor.sync" (func (param "self" (borrow $descriptor)) (result (result (error $code)))))))
    (alias export $types "descriptor" (type $descriptor-resource))
    (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
        (alias outer 1 $descriptor-resource (type $descriptor-outer))
        (export "descriptor" (type $descriptor (eq $descriptor-outer)))
        (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
    (core func $lowered-drop (canon resource.drop $output-resource))"#;

/// A calculator that may call the inert WASI.
fn guest() -> Guest {
    let guest = [IO, STANDARD, REST].into_iter().fold(Guest::calculator(), Guest::import);
    [
        ("stdin", "(result i32)", "$stdin", "get-stdin"),
        ("stdout", "(result i32)", "$stdout", "get-stdout"),
        ("stderr", "(result i32)", "$stderr", "get-stderr"),
        ("input", "(param i32 i64 i32)", "$streams", "[method]input-stream.read"),
        ("room", "(param i32 i32)", "$streams", "[method]output-stream.check-write"),
        ("output", "(param i32 i32 i32 i32)", "$streams", "[method]output-stream.write"),
        ("flush", "(param i32 i32)", "$streams", "[method]output-stream.flush"),
        ("subscribe", "(param i32) (result i32)", "$streams", "[method]output-stream.subscribe"),
        ("ready", "(param i32) (result i32)", "$poll", "[method]pollable.ready"),
        ("block", "(param i32)", "$poll", "[method]pollable.block"),
        ("poll", "(param i32 i32 i32)", "$poll", "poll"),
        ("environment", "(param i32)", "$environment", "get-environment"),
        ("cwd", "(param i32)", "$environment", "initial-cwd"),
        ("exit", "(param i32)", "$exit", "exit"),
        ("now", "(result i64)", "$monotonic", "now"),
        ("resolution", "(result i64)", "$monotonic", "resolution"),
        ("wall", "(param i32)", "$wall", "now"),
        ("wall-resolution", "(param i32)", "$wall", "resolution"),
        ("random", "(param i64 i32)", "$random", "get-random-bytes"),
        ("integer", "(result i64)", "$random", "get-random-u64"),
        ("seed", "(param i32)", "$seed", "insecure-seed"),
        ("directories", "(param i32)", "$preopens", "get-directories"),
        ("sync", "(param i32 i32)", "$types", "[method]descriptor.sync"),
    ]
    .into_iter()
    .fold(guest, |guest, (name, signature, instance, function)| {
        guest.provide(name, signature, instance, function)
    })
    .provided("drop", "(param i32)")
}

fn load(guest: &Guest) -> Plugin {
    sandbox().load_with_wasi("guest", &guest.component(), Wasi::Inert, &Limits::default()).unwrap()
}

/// Runs the body once, and marks each row with the 0 or 1 that it leaves.
fn run(body: &str, limits: &Limits) -> Result<Answer<Vec<u8>>, CallError> {
    let body = body_of(body);
    load(&guest().body("classify", &body)).calculator("policy", limits).unwrap().classify("{}", &rows(1))
}

fn body_of(body: &str) -> String {
    let mark =
        marks("(local.get $rows)", 1).replace("$list) (i32.const 1)", "$list) (i32.load (i32.const 900))");
    format!("(i32.store (i32.const 900) {body}) {mark}")
}

/// The body leaves a 1.
#[track_caller]
fn holds(body: &str) -> Vec<String> {
    let answer = run(body, &patient()).unwrap();
    assert_eq!(answer.value, [1], "{body}");
    answer.log.iter().map(ToString::to_string).collect()
}

fn refused(import: &str, wasi: Wasi) -> Option<String> {
    let component = Guest::calculator().import(&format!("(import \"{import}\" (instance))")).component();
    match sandbox().load_with_wasi("guest", &component, wasi, &Limits::default()) {
        Ok(_) => None,
        Err(error @ LoadError::ForbiddenImport { .. }) => Some(error.to_string()),
        Err(other) => panic!("{import}: {other}"),
    }
}

#[test]
fn every_interface_is_refused_by_name_unless_wasi_is_inert() {
    for interface in INERT {
        for version in ["0.2.0", "0.2.3", "0.2.12"] {
            let import = format!("{interface}@{version}");
            let message = refused(&import, Wasi::Refused).unwrap();
            assert!(
                message.contains(&format!("imports `{import}`, which no sli-calculator may")),
                "{message}"
            );
            assert!(message.ends_with("`wasi = \"inert\"` in weir.lock"), "{message}");
            assert_eq!(refused(&import, Wasi::Inert), None, "{import}");
        }
    }
}

#[test]
fn what_reaches_further_is_refused_by_name_even_then() {
    for import in BEYOND {
        for wasi in [Wasi::Refused, Wasi::Inert] {
            let Some(message) = refused(import, wasi) else { panic!("{import} is not refused") };
            assert!(message.contains(&format!("imports `{import}`, ")), "{message}");
            assert!(message.ends_with("; build it without"), "{message}");
        }
    }
}

#[test]
fn clocks_stand_still() {
    holds("(i64.eqz (call $now))");
    holds("(i64.eq (call $resolution) (i64.const 1))");
    let zero = "(i32.and (i64.eqz (i64.load (i32.const 800))) (i32.eqz (i32.load (i32.const 808))))";
    holds(&format!("(block (result i32) (call $wall (i32.const 800)) {zero})"));
    let one =
        "(i32.and (i64.eqz (i64.load (i32.const 800))) (i32.eq (i32.load (i32.const 808)) (i32.const 1)))";
    holds(&format!("(block (result i32) (call $wall-resolution (i32.const 800)) {one})"));
}

#[test]
fn there_is_no_environment_and_no_folder_and_no_input() {
    let empty = |call: &str| {
        // The place is not empty before.
        holds(&format!(
            "(block (result i32) (i32.store (i32.const 804) (i32.const 7)) (call {call} (i32.const 800))
                (i32.eqz (i32.load (i32.const 804))))"
        ));
    };
    empty("$environment");
    empty("$directories");
    holds(
        "(block (result i32) (i32.store8 (i32.const 800) (i32.const 7)) (call $cwd (i32.const 800))
        (i32.eqz (i32.load8_u (i32.const 800))))",
    );
    // The result is an error, and the error is `closed`.
    holds(
        "(block (result i32) (call $input (call $stdin) (i64.const 10) (i32.const 800))
        (i32.and (i32.eq (i32.load8_u (i32.const 800)) (i32.const 1))
            (i32.eq (i32.load8_u (i32.const 804)) (i32.const 1))))",
    );
}

/// Writes 9 bytes, "described", `times` over, and then a line end if asked to.
fn say(stream: &str, times: u32) -> String {
    format!(
        "(local.set $list (i32.const {times}))
        (loop $more
            (call $output (local.get $stream) (i32.const 2048) (i32.const 9) (i32.const 800))
            (local.set $list (i32.sub (local.get $list) (i32.const 1)))
            (br_if $more (local.get $list)))"
    )
    .replace("(local.get $stream)", stream)
}

#[test]
fn output_becomes_lines_of_the_log() {
    let end = "(i32.store8 (i32.const 700) (i32.const 10))";
    let new_line = |stream: &str| {
        format!("(call $output (call {stream}) (i32.const 700) (i32.const 1) (i32.const 800))")
    };
    let body = format!(
        "(block (result i32) {end} {} {} {} {} (i32.eqz (i32.load8_u (i32.const 800))))",
        say("(call $stdout)", 2),
        new_line("$stdout"),
        say("(call $stderr)", 1),
        say("(call $stdout)", 1),
    );
    let lines = holds(&body);
    assert_eq!(lines, ["information: describeddescribed", "information: described", "warning: described"]);
    // The stream says how much it takes, and that it has taken it.
    holds(
        "(block (result i32) (call $room (call $stdout) (i32.const 800))
        (i64.eq (i64.load (i32.const 808)) (i64.const 4096)))",
    );
    holds("(block (result i32) (i32.store8 (i32.const 800) (i32.const 7)) (call $flush (call $stdout) (i32.const 800))
        (i32.eqz (i32.load8_u (i32.const 800))))");
}

#[test]
fn a_flood_of_output_is_cut_like_any_other() {
    let end = "(i32.store8 (i32.const 2057) (i32.const 10))";
    let flood = say("(local.get $rows)", 1000).replace("(i32.const 9)", "(i32.const 10)");
    let body = format!(
        "(block (result i32) {end} (local.set $rows (call $stdout)) {flood} (local.set $rows (i32.const 1)) (i32.const 1))"
    );
    let answer = run(&body, &Limits { log_bytes: 100, ..patient() }).unwrap();
    let lines: Vec<String> = answer.log.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[4].contains("996 more lines were cut off (8964 bytes)"), "{lines:?}");
}

#[test]
fn what_is_waited_for_has_happened() {
    holds("(call $ready (call $subscribe (call $stdout)))");
    holds("(block (result i32) (call $block (call $subscribe (call $stdout))) (i32.const 1))");
    // Both of two are ready: a list of 0 and 1.
    holds(
        "(block (result i32)
        (i32.store (i32.const 700) (call $subscribe (call $stdout)))
        (i32.store (i32.const 704) (call $subscribe (call $stderr)))
        (call $poll (i32.const 700) (i32.const 2) (i32.const 800))
        (i32.and (i32.eq (i32.load (i32.const 804)) (i32.const 2))
            (i64.eq (i64.load (i32.load (i32.const 800))) (i64.const 0x100000000))))",
    );
}

#[test]
fn randomness_is_the_same_in_every_call_and_not_all_zero() {
    let first = "(call $random (i64.const 40) (i32.const 800))";
    let length = "(i32.eq (i32.load (i32.const 804)) (i32.const 40))";
    holds(&format!("(block (result i32) {first} {length})"));
    let differ =
        "(i64.ne (i64.load (i32.load (i32.const 800))) (i64.load offset=32 (i32.load (i32.const 800))))";
    holds(&format!("(block (result i32) {first} {differ})"));
    holds("(i64.ne (call $integer) (call $integer))");
    holds(
        "(block (result i32) (call $seed (i32.const 800))
        (i64.ne (i64.load (i32.const 800)) (i64.load (i32.const 808))))",
    );

    // Each row is marked with two bits of what the call was given.
    let bits = "(i32.and (i32.wrap_i64 (i64.shr_u (call $integer) (i64.const 20))) (i32.const 3))";
    let plugin = load(&guest().body("classify", &body_of(bits)));
    let mut calculator = plugin.calculator("policy", &patient()).unwrap();
    let mut mark = || calculator.classify("{}", &rows(1)).unwrap().value[0];
    let marks = [mark(), mark(), mark(), mark(), mark(), mark()];
    assert_eq!(marks, [marks[0]; 6], "used instances are given the same");
    let mut other = plugin.calculator("policy", &patient()).unwrap();
    assert_eq!(other.classify("{}", &rows(1)).unwrap().value, [marks[0]], "new instances are given the same");
}

#[test]
fn what_has_no_answer_ends_the_call_by_name() {
    let check = |body: &str, expected: &str| {
        let error = run(body, &patient()).unwrap_err();
        assert_eq!(error.code(), "plugin-wasi");
        assert_eq!(
            error.to_string(),
            format!("plugin `guest` of policy `policy` called {expected}; build it without")
        );
    };
    check(
        "(block (result i32) (call $exit (i32.const 0)) (i32.const 1))",
        "`wasi:cli/exit@0.2.0#exit`, and a plugin has no process that could end: it answers",
    );
    check(
        "(block (result i32) (call $poll (i32.const 0) (i32.const 0) (i32.const 800)) (i32.const 1))",
        "`wasi:io/poll@0.2.3#poll`, which waits for nothing",
    );
    check(
        "(block (result i32) (call $random (i64.const 0x7fffffffffffffff) (i32.const 800)) (i32.const 1))",
        "`wasi:random/random@0.2.0#get-random-bytes`, for 9223372036854775807 random bytes, and there are at most 65536 \
         at once",
    );
    let error = run(
        &format!(
            "(block (result i32) {} (call $exit (i32.const 1)) (i32.const 1))",
            say("(call $stderr)", 1)
        ),
        &patient(),
    );
    assert_eq!(error.unwrap_err().log()[0].to_string(), "warning: described", "its last words are kept");
}

#[test]
fn handles_that_are_none_are_refused() {
    for body in [
        "(block (result i32) (call $sync (i32.const 1) (i32.const 800)) (i32.const 1))",
        "(block (result i32) (call $flush (i32.const 77) (i32.const 800)) (i32.const 1))",
        // One of another kind.
        "(block (result i32) (call $flush (call $stdin) (i32.const 800)) (i32.const 1))",
        // One that was given back.
        "(block (result i32) (local.set $list (call $stdout)) (call $drop (local.get $list))
            (call $flush (local.get $list) (i32.const 800)) (i32.const 1))",
    ] {
        let error = run(body, &patient()).unwrap_err();
        assert!(matches!(error, CallError::Answer { .. } | CallError::Trap { .. }), "{body}: {error}");
    }
}

#[test]
fn inert_functions_are_calls_to_the_host() {
    let forever = "(block (result i32) (loop $forever (drop (call $now)) (br $forever)) (i32.const 1))";
    let check = |limits: &Limits, expected: LimitKind| match run(forever, limits) {
        Err(CallError::Limit { limit, .. }) => assert_eq!(limit, expected),
        other => panic!("{other:?}"),
    };
    check(&Limits { host_calls: 1000, ..patient() }, LimitKind::HostCalls);
    let brief = std::time::Duration::from_millis(30);
    check(&Limits { deadline: brief, host_calls: u64::MAX, ..Limits::default() }, LimitKind::Deadline);
    // Handles that are never given back come to an end, too.
    let hoard = forever.replace("$now", "$stdout");
    let error = run(&hoard, &Limits { host_calls: u64::MAX, ..patient() }).unwrap_err();
    let expected = "called `wasi:cli/stdout@0.2.3#get-stdout`, and never gives its handles back";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn interfaces_with_other_types_than_wasi_s_do_no_harm() {
    let check = |import: &str, signature: &str, instance: &str, function: &str, call: &str| {
        let body =
            format!("(drop (block (result i32) {call} (i32.const 1))) {}", marks("(local.get $rows)", 1));
        let guest = Guest::calculator().import(import).provide("odd", signature, instance, function);
        let component = guest.body("classify", &body).component();
        match sandbox().load_with_wasi("guest", &component, Wasi::Inert, &Limits::default()) {
            Ok(plugin) => plugin
                .calculator("policy", &patient())
                .unwrap()
                .classify("{}", &rows(1))
                .map_or_else(|error| error.to_string(), |answer| format!("{:?}", answer.value)),
            Err(error) => error.to_string(),
        }
    };
    let odd = |types: &str, function: &str| {
        format!(
            "(import \"wasi:random/random@0.2.0\" (instance $odd {types} (export \"get-random-bytes\" (func {function}))))"
        )
    };
    let shown = check(
        &odd("", "(param \"len\" string) (result (list u8))"),
        "(param i32 i32 i32)",
        "$odd",
        "get-random-bytes",
        "(call $odd (i32.const 0) (i32.const 0) (i32.const 800))",
    );
    assert!(
        shown.contains("called `wasi:random/random@0.2.0#get-random-bytes`, with arguments that WASI"),
        "{shown}"
    );
    let shown = check(
        &odd("", "(param \"len\" u64) (result u32)"),
        "(param i64) (result i32)",
        "$odd",
        "get-random-bytes",
        "(drop (call $odd (i64.const 8)))",
    );
    assert!(shown.contains("broke the contract"), "{shown}");
    let shown = check(
        &odd("", "(param \"len\" u64)"),
        "(param i64)",
        "$odd",
        "get-random-bytes",
        "(call $odd (i64.const 8))",
    );
    assert_eq!(shown, "[1]");

    // A function that nobody knows answers with nothing, as long as that is little.
    let wide = format!("(result (tuple {}))", "u64 ".repeat(200));
    let import =
        format!("(import \"wasi:cli/environment@0.2.0\" (instance $odd (export \"wide\" (func {wide}))))");
    let shown = check(&import, "(param i32)", "$odd", "wide", "(call $odd (i32.const 800))");
    assert!(shown.contains("which has no answer that says nothing"), "{shown}");
    let import =
        "(import \"wasi:cli/environment@0.2.0\" (instance $odd (export \"evil\" (type $evil (sub resource)))
        (export \"make\" (func (result (own $evil))))))";
    let shown = check(import, "(result i32)", "$odd", "make", "(drop (call $odd))");
    assert!(shown.contains("does not fit the contract"), "{shown}");
}

#[test]
fn every_kind_may_have_it() {
    for guest in [Guest::calculator(), Guest::budget(), Guest::reader(), Guest::scorer()] {
        let guest = [IO, STANDARD, REST].into_iter().fold(guest, Guest::import);
        let component = guest.component();
        assert!(matches!(
            sandbox().load("guest", &component, &patient()),
            Err(LoadError::ForbiddenImport { .. })
        ));
        sandbox().load_with_wasi("guest", &component, Wasi::Inert, &patient()).unwrap();
    }
    let none = Slices { first: 0, seconds: 60, good: &[], bad: &[], unknown: &[], latest: &[] };
    assert!(load(&guest()).calculator("policy", &patient()).unwrap().settle("{}", &none).is_ok());
}
