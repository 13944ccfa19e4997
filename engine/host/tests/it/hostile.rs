//! Every function that a plugin exports may misbehave in every way: its call ends with an error that says how, and the
//! next one is answered as ever.

use std::thread;
use std::time::Duration;

use weir_host::contract::budget::{Needs, Situation};
use weir_host::contract::calculator::Slices;
use weir_host::contract::checker::Subject;
use weir_host::{
    Allocation, CallError, Evidence, LimitKind, Limits, LoadError, LogLine, Plugin, Sandbox, SandboxOptions,
};

use crate::guest::{Guest, marks};
use crate::{load, patient, rows, sandbox};

/// What is told of an answer: the log, and whether lines were cut.
type Heard = Result<(Vec<LogLine>, bool), CallError>;

/// A function that plugins of one kind export, and how it is called.
struct Export {
    name: &'static str,
    guest: fn() -> Guest,
    /// Calls it and looks at the answer.
    call: fn(&Plugin, &Limits, &str) -> Heard,
}

const EXPORTS: [Export; 7] = [
    Export {
        name: "calculator.prepare",
        guest: Guest::calculator,
        call: |plugin, limits, params| {
            plugin.calculator("policy", limits)?.prepare(params).map(|answer| {
                assert!(answer.value.fields.is_empty() && !answer.value.settles);
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "calculator.classify",
        guest: Guest::calculator,
        call: |plugin, limits, params| {
            plugin.calculator("policy", limits)?.classify(params, &rows(3)).map(|answer| {
                assert_eq!(answer.value, [1, 1, 1]);
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "calculator.settle",
        guest: Guest::calculator,
        call: |plugin, limits, params| {
            let none = Slices { first: 0, seconds: 60, good: &[], bad: &[], unknown: &[], latest: &[] };
            plugin.calculator("policy", limits)?.settle(params, &none).map(|answer| {
                assert!(answer.value.good.is_empty());
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "budget.prepare",
        guest: Guest::budget,
        call: |plugin, limits, params| {
            plugin.prepare_budget("policy", limits, params).map(|answer| {
                assert_eq!(answer.value, Needs { windows: Vec::new(), latches: Vec::new() });
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "budget.decide",
        guest: Guest::budget,
        call: |plugin, limits, params| {
            plugin.decide("policy", limits, params, &situation()).map(|answer| {
                assert_eq!((answer.value.effect, answer.value.clauses.len()), (0, 0));
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "checker.assess",
        guest: Guest::checker,
        call: |plugin, limits, params| {
            plugin.assess("policy", limits, params, &subject(), &Evidence::none()).map(|answer| {
                assert!(answer.value.findings.is_empty());
                (answer.log, answer.log_cut)
            })
        },
    },
    Export {
        name: "scorer.score",
        guest: Guest::scorer,
        call: |plugin, limits, params| {
            plugin.score("policy", limits, params, 0, 60, &[]).map(|answer| {
                assert!(answer.value.tasks.is_empty());
                (answer.log, answer.log_cut)
            })
        },
    },
];

pub(crate) fn situation() -> Situation {
    Situation { service: "shop".into(), change: "fix".into(), now: 0, slos: Vec::new(), facts: Vec::new() }
}

pub(crate) fn subject() -> Subject {
    Subject {
        service: "shop".into(),
        change: String::new(),
        now: 0,
        slos: Vec::new(),
        dependencies: Vec::new(),
        facts: Vec::new(),
    }
}

/// Each kind once, with the function that is called first in earnest.
fn kinds() -> impl Iterator<Item = &'static Export> {
    let first = ["calculator.classify", "budget.decide", "checker.assess", "scorer.score"];
    EXPORTS.iter().filter(move |export| first.contains(&export.name))
}

fn brief() -> Limits {
    Limits { deadline: Duration::from_millis(30), ..Limits::default() }
}

/// Calls an export that is bound to fail, and then the same export of an honest plugin in the same sandbox.
#[track_caller]
fn check(export: &Export, guest: &Guest, limits: &Limits, params: &str, expected: &str) -> CallError {
    let sandbox = sandbox();
    let plugin = sandbox.load("guest", &guest.component(), &patient()).unwrap();
    let honest = sandbox.load("honest", &(export.guest)().component(), &patient()).unwrap();
    let error = (export.call)(&plugin, limits, params).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("plugin `guest` of policy `policy` "), "{}: {text}", export.name);
    assert!(text.contains(expected), "{}: expected `{expected}` in `{text}`", export.name);
    (export.call)(&honest, &patient(), "{}").unwrap();
    error
}

#[test]
fn every_export_ends_in_a_named_error_in_every_mood_and_is_well_again() {
    let few_calls = Limits { host_calls: 1000, ..patient() };
    let moods = [
        ("l", brief(), "exceeded its deadline of 30 ms"),
        ("r", patient(), "exceeded its stack of 512 KiB"),
        ("h", few_calls, "exceeded its 1000 calls to the host"),
        ("m", patient(), "exceeded its memory of 64 MiB"),
        ("M", patient(), "exceeded its memory of 64 MiB"),
        ("t", patient(), "exceeded its 10000 table elements"),
        ("u", patient(), "broke down: wasm trap: wasm `unreachable` instruction executed;"),
        ("d", patient(), "broke down: wasm trap: integer divide by zero"),
        ("o", patient(), "broke down: wasm trap: out of bounds memory access"),
        ("i", patient(), "broke down: wasm trap: uninitialized element"),
        ("p", patient(), "instruction executed (described);"),
    ];
    for export in &EXPORTS {
        let plugin = load(&(export.guest)().moody());
        for (mood, limits, expected) in &moods {
            let error = (export.call)(&plugin, limits, mood).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(expected), "{} in mood {mood}: {text}", export.name);
            assert_eq!(error.plugin(), "guest");
            // The values of the answer are looked at in `call`.
            let (log, cut) = (export.call)(&plugin, &patient(), "{}").unwrap();
            assert!(log.is_empty() && !cut, "{} after mood {mood}", export.name);
        }
    }
}

#[test]
fn a_flood_of_words_is_cut_in_every_export_and_says_so() {
    let limits = Limits { log_bytes: 100, ..patient() };
    for export in &EXPORTS {
        let plugin = load(&(export.guest)().moody());
        let (log, cut) = (export.call)(&plugin, &limits, "f").unwrap();
        assert!(cut, "{}", export.name);
        assert_eq!(log.len(), 5, "{}", export.name);
        assert!(log[4].text.starts_with("996 more lines were cut off"), "{}: {}", export.name, log[4]);
        let (log, cut) = (export.call)(&plugin, &limits, "{}").unwrap();
        assert!(log.is_empty() && !cut, "{}: a flood leaves nothing behind", export.name);
    }
}

#[test]
fn what_runs_when_an_instance_is_made_is_limited() {
    let starts = [
        ("(loop $forever (br $forever))", brief(), "exceeded its deadline of 30 ms"),
        ("(drop (call $recurse (i32.const 0)))", patient(), "exceeded its stack"),
        ("(loop $more (drop (memory.grow (i32.const 16))) (br $more))", patient(), "exceeded its memory"),
        ("unreachable", patient(), "broke down: wasm trap: wasm `unreachable`"),
    ];
    for export in kinds() {
        for (body, limits, expected) in &starts {
            let guest = (export.guest)().moody().core(&format!("(func $begin {body}) (start $begin)"));
            check(export, &guest, limits, "{}", expected);
        }
    }
}

#[test]
fn what_runs_after_an_answer_is_limited() {
    for export in kinds() {
        let spin = (export.guest)().post_return("(loop $forever (br $forever))");
        check(export, &spin, &brief(), "{}", "exceeded its deadline of 30 ms");
        let trap = (export.guest)().post_return("unreachable");
        check(export, &trap, &patient(), "{}", "broke down: wasm trap");
    }
}

#[test]
fn an_allocator_may_loop_lie_trap_and_grow() {
    let begin = "(local.set $start (i32.and";
    let before = |what: &str| format!("{what} {begin}");
    let end = "unreachable))\n            (local.get $start)))";
    let result = |start: &str| format!("unreachable))\n            {start}))");
    let hog = "(loop $more (drop (memory.grow (i32.const 16))) (br $more))";
    for export in kinds() {
        let with = |from: &str, to: &str| (export.guest)().libc(from, to);
        let spin = with(begin, &before("(loop $forever (br $forever))"));
        check(export, &spin, &brief(), "{}", "exceeded its deadline of 30 ms");
        check(export, &with(begin, &before("unreachable")), &patient(), "{}", "broke down: wasm trap");
        check(export, &with(begin, &before(hog)), &patient(), "{}", "exceeded its memory of 64 MiB");
        let beyond = with(end, &result("(i32.const 0x7ffffff0)"));
        check(export, &beyond, &patient(), "{}", "broke the contract: ");
    }
    // Lists of numbers need an address that is even.
    let crooked = Guest::calculator().libc(end, &result("(i32.const 8193)"));
    let values = [1, 2];
    let slices =
        Slices { first: 0, seconds: 60, good: &values, bad: &values, unknown: &values, latest: &[0, 0] };
    let error = load(&crooked).calculator("policy", &patient()).unwrap().settle("{}", &slices).unwrap_err();
    assert!(matches!(error, CallError::Answer { .. }), "{error}");
}

#[test]
fn a_plugin_that_does_not_say_what_it_is_is_not_loaded() {
    let describe = |body: &str, limits: &Limits| {
        let guest = Guest::budget().info(None).core(MOODY_PARTS).body("describe", body);
        match sandbox().load("guest", &guest.component(), limits).unwrap_err() {
            LoadError::Describe { reason, .. } => *reason,
            other => panic!("{other}"),
        }
    };
    let limit = |error: CallError| match error {
        CallError::Limit { limit, .. } => limit,
        other => panic!("{other}"),
    };
    assert_eq!(limit(describe("(loop $forever (br $forever)) unreachable", &brief())), LimitKind::Deadline);
    assert_eq!(limit(describe("(call $deep (i32.const 0))", &patient())), LimitKind::Stack);
    assert!(matches!(describe("unreachable", &patient()), CallError::Trap { .. }));
    assert!(matches!(describe("(i32.const 0x7ffffff0)", &patient()), CallError::Answer { .. }));
}

const MOODY_PARTS: &str =
    "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";

#[test]
fn texts_that_are_not_there_can_t_be_handed_over() {
    let body = |address: &str, length: &str| {
        format!(
            "(call $write (i32.const 1) (i32.const {address}) (i32.const {length})) {}",
            marks("(local.get $rows)", 1)
        )
    };
    let error = |address: &str, length: &str| {
        let guest = Guest::calculator().body("classify", &body(address, length));
        load(&guest).calculator("policy", &patient()).unwrap().classify("{}", &rows(1)).unwrap_err()
    };
    for (address, length) in
        [("0xffffff00", "100"), ("65530", "100"), ("0", "0x7fffffff"), ("1", "0xffffffff")]
    {
        let error = error(address, length);
        let known = [CallError::code(&error)];
        assert!(matches!(known, ["plugin-answer" | "plugin-trap" | "plugin-limit"]), "{error}");
    }
}

#[test]
fn one_policy_breaks_down_while_others_are_judged() {
    let plugin = load(&Guest::budget().moody());
    thread::scope(|scope| {
        for mood in ["u", "{}", "d", "{}"] {
            let plugin = &plugin;
            scope.spawn(move || {
                for _ in 0..50 {
                    let answer = plugin.decide("policy", &patient(), mood, &situation());
                    match mood {
                        "{}" => assert_eq!(answer.unwrap().value.effect, 0),
                        _ => assert!(matches!(answer, Err(CallError::Trap { .. }))),
                    }
                }
            });
        }
    });
}

#[test]
fn policies_checks_and_scorers_carry_nothing_from_one_call_to_the_next() {
    // The effect is how often the instance has been called before.
    let guest = Guest::budget().core("(global $calls (mut i32) (i32.const 0))").body(
        "decide",
        "(i32.store (i32.const 4100) (global.get $calls))
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.const 4096)",
    );
    let plugin = load(&guest);
    for _ in 0..5 {
        assert_eq!(plugin.decide("policy", &patient(), "{}", &situation()).unwrap().value.effect, 0);
    }
}

#[test]
fn memory_of_the_pool_is_empty_for_the_next_call_and_the_next_plugin() {
    // The effect is what stands in the memory, which the call then changes. One slot serves all calls.
    let guest = |name: &str| {
        // The constant makes them two components.
        let own = format!("(global $own i32 (i32.const {}))", name.len());
        let guest = Guest::budget().core(&own).body(
            "decide",
            "(i32.store (i32.const 4100) (i32.load (i32.const 60000)))
                (i32.store (i32.const 60000) (i32.const 3))
                (i32.const 4096)",
        );
        guest.component()
    };
    let pooled =
        SandboxOptions { allocation: Allocation::Pooled { instances: 1 }, ..SandboxOptions::default() };
    let sandbox = Sandbox::new(pooled).unwrap();
    let plugins = ["one", "other"].map(|name| sandbox.load(name, &guest(name), &patient()).unwrap());
    assert_ne!(plugins[0].digest(), plugins[1].digest());
    for plugin in plugins.iter().cycle().take(8) {
        for _ in 0..2 {
            assert_eq!(plugin.decide("policy", &patient(), "{}", &situation()).unwrap().value.effect, 0);
        }
    }
}

#[test]
fn a_calculator_that_failed_begins_anew() {
    // It marks every row with how often the instance has been called before.
    let count = "(global $calls (mut i32) (i32.const 0))";
    let mark = marks("(local.get $rows)", 1).replace("$list) (i32.const 1)", "$list) (global.get $calls)");
    let body = format!("(global.set $calls (i32.add (global.get $calls) (i32.const 1))) {mark}");
    let plugin = load(&Guest::calculator().core(count).body("classify", &body));
    let mut calculator = plugin.calculator("policy", &patient()).unwrap();
    let mut mark = || calculator.classify("{}", &rows(1)).map(|answer| answer.value[0]).ok();
    // The fourth call would hand back a mark that there is not; after that, the instance is another one.
    assert_eq!([mark(), mark(), mark(), mark(), mark()], [Some(1), Some(2), Some(3), None, Some(1)]);
}
