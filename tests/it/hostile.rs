//! Plugins that misbehave, as the people see it who run the gate: the verdict fails closed, says which plugin it was and
//! why, and every other policy is judged all the same.

use crate::guest::{Guest, marks, words};
use crate::support::{Project, Run, digest, weir};

const GATE: [&str; 4] = ["gate", "my-service", "--at", "2026-01-01T02:00:00Z"];

/// A project with two hours of healthy traffic and one more policy, whose plugin the guest is.
fn project(guest: &Guest, lock: &str, policy: &str) -> Project {
    let project = Project::new();
    let component = guest.component();
    let digest = digest(&component);
    project
        .requests(120, 100_000)
        .write("plugins/guest.wasm", component)
        .write(
            "weir.lock",
            format!(
                "[[plugin]]\nname = \"guest\"\npath = \"plugins/guest.wasm\"\nsha256 = \"{digest}\"\n{lock}\n"
            ),
        )
        .write("policies/guest.toml", format!("[policy]\nname = \"guest\"\nplugin = \"guest\"\n{policy}\n"));
    project
}

/// Runs the gate on a guest that can't be judged.
#[track_caller]
fn undecided(guest: &Guest, lock: &str, policy: &str, expected: &[&str]) {
    let run = project(guest, lock, policy).weir(&GATE);
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("HOLD (undecided)"), "{}", run.stdout);
    for expected in expected {
        assert!(run.stdout.contains(expected), "expected `{expected}` in\n{}", run.stdout);
    }
    // The other policies have been asked all the same.
    assert!(run.stdout.contains("burn-rate"), "{}", run.stdout);
}

fn refused(run: &Run) -> &str {
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    &run.stderr
}

/// A budget policy that imports WASI and may call it.
fn with_wasi() -> Guest {
    Guest::budget()
        .import(
            r#"(import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
            (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock (export "now" (func (result u64)))))"#,
        )
        .provide("exit", "(param i32)", "$exit", "exit")
        .provide("now", "(result i64)", "$clock", "now")
}

#[test]
fn a_plugin_with_wasi_needs_the_project_s_consent() {
    // The effect is the time, which stands still: 0 allows.
    let guest = with_wasi()
        .body("decide", "(i32.store (i32.const 4100) (i32.wrap_i64 (call $now))) (i32.const 4096)");
    let run = project(&guest, "", "").weir(&GATE);
    let message = refused(&run);
    assert!(message.contains("imports `wasi:cli/exit@0.2.0`, which no budget-policy may"), "{message}");
    assert!(message.contains("`wasi = \"inert\"` in weir.lock"), "{message}");
    refused(&project(&guest, "wasi = \"refused\"", "").weir(&GATE));

    let allowed = project(&guest, "wasi = \"inert\"", "");
    let run = allowed.weir(&GATE);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("ALLOW"), "{}", run.stdout);

    // The record has the component; that it may import WASI, the record's being there says.
    let record = allowed.path(".weir/records/00000001-my-service.json");
    for gone in ["weir.toml", "weir.lock", "plugins", "services", "policies", "events", "gates"] {
        allowed.remove(gone);
    }
    let run = weir(&["replay", record.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("same verdict, byte for byte: allow"), "{}", run.stdout);
}

#[test]
fn a_plugin_that_would_exit_is_not_judged() {
    let guest = with_wasi().body("decide", "(call $exit (i32.const 0)) unreachable");
    undecided(&guest, "wasi = \"inert\"", "", &["called `wasi:cli/exit@0.2.0#exit`"]);
}

#[test]
fn a_plugin_with_sockets_is_refused_whatever_the_project_says() {
    let guest = Guest::budget().import("(import \"wasi:sockets/tcp@0.2.0\" (instance))");
    let run = project(&guest, "wasi = \"inert\"", "").weir(&GATE);
    let message = refused(&run);
    assert!(
        message.contains("imports `wasi:sockets/tcp@0.2.0`") && message.contains("build it without\n"),
        "{message}"
    );
}

#[test]
fn a_word_that_wasi_can_t_be_is_pointed_at() {
    let run = project(&Guest::budget(), "wasi = \"inrt\"", "").weir(&GATE);
    let message = refused(&run);
    assert!(message.contains("weir.lock:5") && message.contains("`inert`"), "{message}");
}

#[test]
fn a_flood_of_words_ends_with_how_much_was_cut() {
    let flood = |end: &str| {
        let words = "(local $count i32)
            (loop $more
                (call $write (i32.const 3) (i32.const 2048) (i32.const 9))
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $more (i32.lt_u (local.get $count) (i32.const 1000))))";
        Guest::budget().body("decide", &format!("{words} {end}"))
    };
    let limits = "[limits]\nlog = \"1KiB\"";
    let mark = "960 more lines were cut off (8640 bytes); to see more,";
    let run = project(&flood("(i32.const 4096)"), "", limits).weir(&GATE);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("log: information: described") && run.stdout.contains(mark),
        "{}",
        run.stdout
    );
    undecided(&flood("unreachable"), "", limits, &["broke down", mark]);
}

#[test]
fn numbers_that_are_none_are_not_believed() {
    let clause = |actual: &str| {
        let clause =
            [300, 4, 0, 0, 0, 0, 0, 1, 0, 0, 320, u32::try_from(actual.len()).unwrap(), 0, 0, 0, 0, 0, 0];
        let data = format!(
            "(data (i32.const 128) \"{}\") (data (i32.const 200) \"{}\") (data (i32.const 300) \"code\")
            (data (i32.const 320) \"{actual}\")",
            words(&[0, 0, 200, 1, 0, 0]),
            words(&clause),
        );
        Guest::budget().core(&data).body("decide", "(i32.const 128)")
    };
    for number in ["NaN", "inf", "-Infinity", "1e999", "0x10", "1.", "\u{661}"] {
        undecided(
            &clause(number),
            "",
            "",
            &["gave an answer that makes no sense", "is not a decimal number"],
        );
    }
    assert_eq!(project(&clause("0.25"), "", "").weir(&GATE).code, 0);
}

#[test]
fn what_a_plugin_says_gives_no_orders_to_a_terminal() {
    let clause = [300, 12, 320, 20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let data = format!(
        r#"(data (i32.const 128) "{}") (data (i32.const 200) "{}") (data (i32.const 300) "co\1b[2Jde\07____")
        (data (i32.const 320) "all is well\0d\1b[31m\e2\80\ae")"#,
        words(&[0, 1, 200, 1, 0, 0]),
        words(&clause),
    );
    let guest = Guest::budget().core(&data).body("decide", "(i32.const 128)");
    for format in ["human", "json"] {
        let run = project(&guest, "", "").weir(&[&GATE[..], &["--format", format]].concat());
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("all is well"), "{}", run.stdout);
        let harmless =
            |character: char| character == '\n' || !(character.is_control() || character == '\u{202e}');
        assert!(run.stdout.chars().all(harmless) && !run.stdout.contains("\\u001b"), "{:?}", run.stdout);
    }
}

#[test]
fn a_million_findings_are_not_judged() {
    let answer = words(&[0, 65_536, 1_000_000, 0, 0]);
    let guest = Guest::checker()
        .core(&format!("(data (i32.const 128) \"{answer}\")"))
        .body("assess", "(drop (memory.grow (i32.const 900))) (i32.const 128)");
    undecided(&guest, "", "", &["exceeded its output of 4 MiB"]);
}

#[test]
fn an_allocator_that_loops_is_not_judged() {
    let begin = "(local.set $start (i32.and";
    let guest = Guest::checker().libc(begin, &format!("(loop $forever (br $forever)) {begin}"));
    undecided(&guest, "", "[limits]\ndeadline = \"50ms\"", &["exceeded its deadline of 50 ms"]);
}

#[test]
fn a_plugin_that_would_take_long_to_compile_is_refused() {
    let functions = "(func)".repeat(50_001);
    let guest = Guest::budget().tail(&format!("(core module {functions})"));
    let run = project(&guest, "", "").weir(&GATE);
    assert!(refused(&run).contains("would take too long to compile"), "{}", run.stderr);
}

#[test]
fn a_policy_that_counts_its_calls_always_counts_one() {
    // The effect is how often the instance has been called before: the second call would warn, the third hold.
    let guest = Guest::budget().core("(global $calls (mut i32) (i32.const 0))").body(
        "decide",
        "(i32.store (i32.const 4100) (global.get $calls))
        (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (i32.const 4096)",
    );
    let project = project(&guest, "", "");
    for _ in 0..3 {
        let run = project.weir(&GATE);
        assert!(run.stdout.starts_with("ALLOW"), "{}", run.stdout);
    }
}

#[test]
fn a_policy_that_breaks_down_at_one_step_of_a_back_test_is_judged_at_all_others() {
    // 2026-01-01T01:00:00Z.
    let guest = Guest::budget().body(
        "decide",
        "(if (i64.eq (i64.load offset=16 (local.get 2)) (i64.const 1767229200)) (then unreachable)) (i32.const 4096)",
    );
    let project = project(&guest, "", "");
    for other in ["burn-rate", "error-budget"] {
        project.remove(&format!("policies/{other}.toml"));
    }
    let [from, to] = ["2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z"];
    let run = project.weir(&[
        "backtest",
        "my-service",
        "--from",
        from,
        "--to",
        to,
        "--step",
        "10m",
        "--format",
        "json",
    ]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let runs = report["services"][0]["sets"][0]["runs"].as_array().unwrap();
    let told: Vec<_> =
        runs.iter().map(|run| (run["from"].as_str().unwrap(), run["undecided"].as_bool().unwrap())).collect();
    assert_eq!(
        told,
        [(from, false), ("2026-01-01T01:00:00Z", true), ("2026-01-01T01:10:00Z", false)],
        "{}",
        run.stdout
    );
    let reason = runs[1]["reason"].as_str().unwrap();
    assert!(reason.contains("plugin `guest`") && reason.contains("broke down"), "{reason}");
}

#[test]
fn what_a_plugin_writes_to_its_log_is_told_with_plugin_policy_and_level() {
    let write = |level: u32| format!("(call $write (i32.const {level}) (i32.const 2048) (i32.const 9))");
    let words: String = [1, 2, 3, 4, 99].map(write).concat();
    let guest = Guest::budget().body("decide", &format!("{words} (i32.const 4096)"));
    let project = project(&guest, "", "");
    project.edit("policies/guest.toml", "name = \"guest\"", "name = \"talkative\"");
    let run = project.weir(&GATE);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let told: Vec<&str> = run.stdout.lines().filter(|line| line.contains("log: ")).collect();
    assert_eq!(told.len(), 5, "{}", run.stdout);
    assert!(run.stdout.contains("talkative"), "{}", run.stdout);
    let run = project.weir(&[&GATE[..], &["--format", "json"]].concat());
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let policies = verdict["policies"].as_array().unwrap();
    let policy = policies.iter().find(|policy| policy["policy"] == "talkative").unwrap();
    assert_eq!(policy["plugin"], "guest");
    let levels = ["error", "warning", "information", "detail", "detail"];
    assert_eq!(policy["log"], serde_json::json!(levels.map(|level| format!("{level}: described"))));
}

/// A project whose one SLI is measured by the guest, with two hours of events.
fn measured_by(guest: &Guest) -> Project {
    let project = project(guest, "", "");
    project.remove("policies/guest.toml");
    project.edit("services/my-service.toml", "plugin = \"availability\"", "plugin = \"guest\"");
    project
}

#[test]
fn what_a_calculator_writes_to_its_log_is_told_with_plugin_sli_and_level() {
    let write = |level: u32| format!("(call $write (i32.const {level}) (i32.const 2048) (i32.const 9))");
    let words: String = [1, 2, 3, 4, 2].map(write).concat();
    let body = format!("{words} {}", marks("(local.get $rows)", 1));
    let project = measured_by(&Guest::calculator().body("classify", &body));
    let told: Vec<String> = ["error", "warning", "information", "detail"]
        .map(|level| format!("log of plugin `guest` for `my-service/availability`: {level}: described"))
        .to_vec();
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().trim_start_matches("note: ").to_owned());
        lines.filter(|line| line.starts_with("log of")).collect()
    };
    for command in [&GATE[..], &["slo", "status", "--at", "2026-01-01T02:00:00Z"]] {
        let run = project.weir(command);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert_eq!(lines(&run.stdout), told, "{}", run.stdout);
    }
    let run = project.weir(&["watch", "--stop-at-end"]);
    assert_eq!(lines(&run.stderr), told, "{}", run.stderr);

    let run = project.weir(&[&GATE[..], &["--format", "json"]].concat());
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let log = &verdict["events"]["calculators"][0];
    assert_eq!((&log["plugin"], &log["is-cut"]), (&"guest".into(), &false.into()));
    // The calculator is not called again: what it wrote is in the record.
    let record = project.path(".weir/records/00000001-my-service.json");
    let run = weir(&["replay", record.to_str().unwrap()]);
    assert!(run.stdout.contains("same verdict, byte for byte: allow"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn a_calculator_that_floods_its_log_is_cut_off_and_counts_all_the_same() {
    // A line of its own in every turn of the loop: the number of the turn.
    let words = "(local $turn i32) (loop $more
            (i32.store8 (i32.const 3000) (i32.add (i32.const 32) (i32.rem_u (local.get $turn) (i32.const 90))))
            (call $write (i32.const 3) (i32.const 3000) (i32.const 1))
            (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $turn) (i32.const 20000))))";
    let body = format!("{words} {}", marks("(local.get $rows)", 1));
    let run = measured_by(&Guest::calculator().body("classify", &body)).weir(&GATE);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let told: Vec<&str> = run.stdout.lines().filter(|line| line.contains("log of plugin `guest`")).collect();
    assert_eq!(told.len(), 11, "{}", run.stdout);
    assert!(told[10].ends_with("more lines that differ were left out"), "{}", told[10]);
    assert!(run.stdout.contains("events: 120 read = 120 used"), "{}", run.stdout);
}

#[test]
fn what_a_policy_writes_is_told_once_where_it_is_asked_again_and_again() {
    let guest = Guest::budget()
        .body("decide", "(call $write (i32.const 2) (i32.const 2048) (i32.const 9)) (i32.const 4096)");
    let project = project(&guest, "", "");
    let [from, to] = ["2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z"];
    let line = "note: log of plugin `guest` for policy `guest`, first about `my-service`: warning: described";
    for command in [
        &["backtest", "my-service", "--from", from, "--to", to, "--step", "1m"][..],
        &["watch", "--stop-at-end"],
    ] {
        let run = project.weir(command);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert_eq!(run.stderr.matches("log of").count(), 1, "{}", run.stderr);
        assert!(run.stderr.lines().any(|told| told == line), "{}", run.stderr);
    }
    let against = project.path("policies");
    let against = against.to_str().unwrap();
    let run = project.weir(&[
        "backtest",
        "my-service",
        "--from",
        from,
        "--to",
        to,
        "--step",
        "10m",
        "--against",
        against,
    ]);
    assert!(run.stderr.contains("for policy `guest` of `project`, first"), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("for policy `guest` of `{against}`, first")), "{}", run.stderr);
}

#[test]
fn what_a_policy_writes_while_it_says_what_it_needs_is_told_too() {
    let guest = Guest::budget()
        .body("prepare", "(call $write (i32.const 1) (i32.const 2048) (i32.const 9)) (i32.const 4096)");
    let run = project(&guest, "", "").weir(&GATE);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout.matches("log: error: described").count(), 1, "{}", run.stdout);
}

/// A letter that has the guest misbehave, and what is said of it.
const MOODS: [(char, &str); 11] = [
    ('l', "exceeded its deadline of 50 ms"),
    ('r', "exceeded its stack of 512 KiB"),
    ('h', "exceeded its 1000 calls to the host"),
    ('m', "exceeded its memory of 64 MiB"),
    ('M', "exceeded its memory of 64 MiB"),
    ('t', "exceeded its 10000 table elements"),
    ('u', "broke down: wasm trap: wasm `unreachable` instruction executed"),
    ('d', "broke down: wasm trap: integer divide by zero"),
    ('o', "broke down: wasm trap: out of bounds memory access"),
    ('i', "broke down: wasm trap: uninitialized element"),
    ('p', "instruction executed (described)"),
];

/// Puts a guest in place of that of a project, with limits that its mood comes up against at once.
fn replace(project: &Project, guest: &Guest, mood: char) {
    let component = guest.component();
    let lock = format!(
        "[[plugin]]\nname = \"guest\"\npath = \"plugins/guest.wasm\"\nsha256 = \"{}\"\n",
        digest(&component)
    );
    let limits = match mood {
        'l' => "[limits]\ndeadline = \"50ms\"\n",
        'h' => "[limits]\nhost-calls = 1000\n",
        _ => "",
    };
    let settings = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    let (settings, _) = settings.split_once("\n[limits]").unwrap_or((&settings, ""));
    project
        .write("plugins/guest.wasm", component)
        .write("weir.lock", lock)
        .write("weir.toml", format!("{settings}\n{limits}"));
}

/// A guest whose function of this name misbehaves as a letter says, before it does what it did.
fn in_mood(guest: Guest, function: &str, mood: char, rest: &str) -> Guest {
    guest.moody().body(function, &format!("(call $mood (i32.const {})) {rest}", u32::from(mood)))
}

#[test]
fn policies_and_checks_fail_closed_in_every_mood() {
    let project = project(&Guest::budget(), "", "");
    for (mood, expected) in MOODS {
        let rest = "(i32.const 4096)";
        for guest in [
            in_mood(Guest::budget(), "prepare", mood, rest),
            in_mood(Guest::budget(), "decide", mood, rest),
            in_mood(Guest::checker(), "assess", mood, rest),
        ] {
            replace(&project, &guest, mood);
            let run = project.weir(&GATE);
            assert_eq!(run.code, 3, "{mood}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.starts_with("HOLD (undecided)"), "{mood}: {}", run.stdout);
            assert!(run.stdout.contains(expected), "{mood}: expected `{expected}` in\n{}", run.stdout);
            assert!(run.stdout.contains("burn-rate"), "the others are asked: {}", run.stdout);
        }
    }
    replace(&project, &Guest::budget(), ' ');
    assert_eq!(project.weir(&GATE).code, 0);
}

#[test]
fn slos_whose_calculator_fails_are_undecided_in_every_mood() {
    let project = measured_by(&Guest::calculator());
    for (mood, expected) in MOODS {
        let marks = marks("(local.get $rows)", 1);
        for guest in [
            in_mood(Guest::calculator(), "prepare", mood, "(i32.const 4096)"),
            in_mood(Guest::calculator(), "classify", mood, &marks),
        ] {
            replace(&project, &guest, mood);
            let run = project.weir(&GATE);
            assert_eq!(run.code, 3, "{mood}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.starts_with("HOLD (undecided)"), "{mood}: {}", run.stdout);
            assert!(run.stdout.contains(expected), "{mood}: expected `{expected}` in\n{}", run.stdout);
        }
    }
    replace(&project, &Guest::calculator(), ' ');
    assert_eq!(project.weir(&GATE).code, 0);
}

#[test]
fn toil_is_scored_by_others_when_a_scorer_fails_in_any_mood() {
    let project = project(&Guest::scorer(), "", "");
    project.write("policies/other.toml", "[policy]\nname = \"other\"\nplugin = \"toil\"\n");
    let toil = ["toil", "--at", "2026-01-01T02:00:00Z"];
    for (mood, expected) in MOODS {
        replace(&project, &in_mood(Guest::scorer(), "score", mood, "(i32.const 4096)"), mood);
        let run = project.weir(&toil);
        assert_eq!(run.code, 3, "{mood}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("error: plugin `guest` of policy `guest` "), "{mood}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{mood}: expected `{expected}` in\n{}", run.stderr);
        assert!(run.stdout.contains("other"), "{mood}: {}", run.stdout);
    }
    replace(&project, &Guest::scorer(), ' ');
    let run = project.weir(&toil);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}
