//! Whatever a plugin does, its call ends, and the error says which limit ended it.

use std::thread;
use std::time::Duration;

use weir_host::contract::budget::Situation;
use weir_host::{Allocation, CallError, LimitKind, Limits, Sandbox, SandboxOptions};

use crate::guest::{Guest, marks};
use crate::{calculator, load, patient, rows, sandbox};

/// The limit that ends the marking of one row.
#[track_caller]
fn exceeded(guest: &Guest, limits: &Limits) -> LimitKind {
    match calculator(guest, limits).classify("{}", &rows(1)) {
        Err(CallError::Limit { limit, plugin, policy, allowed, .. }) => {
            assert_eq!((plugin.as_str(), policy.as_str()), ("guest", "policy"));
            assert!(allowed > 0);
            limit
        }
        other => panic!("no limit was exceeded: {other:?}"),
    }
}

fn short() -> Limits {
    Limits { deadline: Duration::from_millis(30), ..Limits::default() }
}

#[test]
fn an_endless_loop_ends_at_the_deadline_and_the_calculator_goes_on() {
    let trap_13 = format!(
        "(if (i32.eq (local.get $rows) (i32.const 13)) (then (loop $forever (br $forever)))) {}",
        marks("(local.get $rows)", 1)
    );
    let plugin = load(&Guest::calculator().body("classify", &trap_13));
    let limits = Limits { deadline: Duration::from_secs(1), ..Limits::default() };
    let mut calculator = plugin.calculator("checkout-latency", &limits).unwrap();
    assert_eq!(calculator.classify("{}", &rows(2)).unwrap().value, [1, 1]);

    let error = calculator.classify("{}", &rows(13)).unwrap_err();

    assert_eq!(
        error.to_string(),
        "plugin `guest` of policy `checkout-latency` exceeded its deadline of 1000 ms; give it less to do, or raise \
         `deadline` in the policy's limits"
    );
    assert_eq!(error.code(), "plugin-limit");
    assert_eq!(calculator.classify("{}", &rows(3)).unwrap().value, [1, 1, 1]);
}

#[test]
fn the_deadline_covers_the_making_of_the_instance() {
    let guest = Guest::calculator().core("(func $spin (loop $forever (br $forever))) (start $spin)");
    assert_eq!(exceeded(&guest, &short()), LimitKind::Deadline);
}

#[test]
fn the_deadline_covers_allocation_and_calls_to_the_host() {
    let chatter =
        "(loop $forever (call $write (i32.const 1) (i32.const 0) (i32.const 0)) (br $forever)) unreachable";
    let limits = Limits { host_calls: u64::MAX, ..short() };
    assert_eq!(exceeded(&Guest::calculator().body("classify", chatter), &limits), LimitKind::Deadline);
}

#[test]
fn calls_to_the_host_are_counted_by_call() {
    let chatter = format!(
        "(local.set $list (i32.const 0))
        (loop $more (call $write (i32.const 4) (i32.const 0) (i32.const 0))
            (local.set $list (i32.add (local.get $list) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $list) (i32.mul (local.get $rows) (i32.const 10)))))
        {}",
        marks("(local.get $rows)", 1)
    );
    let guest = Guest::calculator().body("classify", &chatter);
    let limits = Limits { host_calls: 10, ..patient() };
    let mut calculator = calculator(&guest, &limits);
    for _ in 0..3 {
        assert_eq!(calculator.classify("{}", &rows(1)).unwrap().value, [1]);
    }
    let error = calculator.classify("{}", &rows(2)).unwrap_err();
    assert!(matches!(error, CallError::Limit { limit: LimitKind::HostCalls, allowed: 10, .. }), "{error}");
}

#[test]
fn memory_is_limited_when_it_grows_and_from_the_start() {
    let hog = "(loop $more (drop (memory.grow (i32.const 16))) (br $more)) unreachable";
    assert_eq!(exceeded(&Guest::calculator().body("classify", hog), &patient()), LimitKind::Memory);

    let born_large =
        Guest::calculator().tail("(core module $Large (memory 600)) (core instance (instantiate $Large))");
    let limits = Limits { memory_bytes: 32 << 20, ..patient() };
    assert_eq!(exceeded(&born_large, &limits), LimitKind::Memory);
    assert_eq!(calculator(&born_large, &patient()).classify("{}", &rows(1)).unwrap().value, [1]);
}

#[test]
fn memories_are_counted_together() {
    let three = "(core module $Half (memory 300)) (core instance (instantiate $Half)) (core instance (instantiate $Half))";
    let limits = Limits { memory_bytes: 32 << 20, ..patient() };
    assert_eq!(exceeded(&Guest::calculator().tail(three), &limits), LimitKind::Memory);
}

#[test]
fn tables_instances_and_the_component_itself_are_limited() {
    let table = Guest::calculator().core("(table 20000 funcref)");
    assert_eq!(exceeded(&table, &patient()), LimitKind::TableElements);

    let crowd = "(core module $One) ".to_owned() + &"(core instance (instantiate $One)) ".repeat(20);
    assert_eq!(exceeded(&Guest::calculator().tail(&crowd), &patient()), LimitKind::Instances);

    let limits = Limits { component_bytes: 100, ..patient() };
    assert_eq!(exceeded(&Guest::calculator(), &limits), LimitKind::ComponentSize);
}

#[test]
fn recursion_ends_at_the_stack() {
    let deep = Guest::calculator()
        .core("(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))")
        .body("classify", "(call $deep (i32.const 0))");
    assert_eq!(exceeded(&deep, &patient()), LimitKind::Stack);
}

#[test]
fn output_is_limited() {
    let limits = Limits { output_bytes: 1 << 20, ..patient() };
    let large = Guest::calculator().body("classify", &marks("(i32.const 2000000)", 1));
    assert_eq!(exceeded(&large, &limits), LimitKind::Output);
}

#[test]
fn a_flood_of_log_lines_is_cut() {
    let flood = "(local.set $list (i32.const 0))
        (loop $more (call $write (i32.const 2) (i32.const 2048) (i32.const 9))
            (local.set $list (i32.add (local.get $list) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $list) (i32.const 1000))))";
    let limits = Limits { log_bytes: 100, ..patient() };
    let run = |end: &str| {
        let guest = Guest::calculator().body("classify", &format!("{flood} {end}"));
        calculator(&guest, &limits).classify("{}", &rows(1))
    };
    let answer = run(&marks("(local.get $rows)", 1)).unwrap();
    let lines: Vec<String> = answer.log.iter().map(ToString::to_string).collect();
    let mark = "warning: 996 more lines were cut off (8964 bytes); to see more, raise `log` in the limits";
    assert_eq!(lines, [&["warning: described"; 4][..], &[mark]].concat());
    assert!(answer.log_cut);

    let error = run("unreachable").unwrap_err();
    assert_eq!(error.log().len(), 5);
    assert_eq!(error.log()[4].to_string(), mark);
}

#[test]
fn a_trap_ends_one_call_and_names_the_last_error_that_was_logged() {
    let body = "(call $write (i32.const 1) (i32.const 2048) (i32.const 9)) unreachable";
    let error = calculator(&Guest::calculator().body("classify", body), &patient()).classify("{}", &rows(1));
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "plugin `guest` of policy `policy` broke down: wasm trap: wasm `unreachable` instruction executed (described); \
         report it to the plugin's author"
    );
    assert_eq!(error.log().len(), 1);
}

#[test]
fn threads_call_one_plugin_at_the_same_time() {
    let plugin = load(&Guest::budget());
    let situation = Situation {
        service: "shop".into(),
        change: "fix".into(),
        now: 0,
        slos: Vec::new(),
        facts: Vec::new(),
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(
                        plugin.decide("policy", &patient(), "{}", &situation).unwrap().value.effect,
                        0
                    );
                }
            });
        }
    });
}

#[test]
fn a_pool_serves_as_many_instances_as_it_has() {
    let pooled =
        SandboxOptions { allocation: Allocation::Pooled { instances: 1 }, ..SandboxOptions::default() };
    let sandbox = Sandbox::new(pooled).unwrap();
    let plugin = sandbox.load("guest", &Guest::calculator().component(), &patient()).unwrap();
    let mut first = plugin.calculator("policy", &patient()).unwrap();
    assert_eq!(first.classify("{}", &rows(1)).unwrap().value, [1]);

    let mut second = plugin.calculator("policy", &patient()).unwrap();
    let error = second.classify("{}", &rows(1)).unwrap_err();
    assert!(matches!(error, CallError::Internal { .. }), "{error}");

    drop(first);
    assert_eq!(second.classify("{}", &rows(1)).unwrap().value, [1]);
}

#[test]
fn a_sandbox_can_go_before_its_plugins() {
    let sandbox = sandbox();
    let plugin = sandbox.load("guest", &Guest::calculator().component(), &patient()).unwrap();
    drop(sandbox);
    let spin = load(&Guest::calculator().body("classify", "(loop $forever (br $forever)) unreachable"));
    assert!(spin.calculator("policy", &short()).unwrap().classify("{}", &rows(1)).is_err());
    assert_eq!(plugin.calculator("policy", &patient()).unwrap().classify("{}", &rows(1)).unwrap().value, [1]);
}
