//! What a verification finds out about a plugin, honest or not.

use std::path::Path;

use serde_json::Value;
use weir_host::{Admission, Kind, Limits, LoadError, Rule, Trial, Verification, Wasi, inspect};

use crate::guest::{Guest, marks, words};
use crate::{patient, sandbox};

fn trial(params: &str) -> Trial<'_> {
    Trial { params, wasi: Wasi::Refused, limits: patient(), check_schema: weir_model::validate::check_schema }
}

fn verify(guest: &Guest) -> Verification {
    sandbox().verify("guest", &guest.component(), &trial("{}")).unwrap()
}

/// The rules that a plugin breaks.
fn broken(guest: &Guest) -> Vec<Rule> {
    let checks = verify(guest).checks;
    checks.into_iter().filter(|check| check.problem.is_some()).map(|check| check.rule).collect()
}

/// A calculator that puts `mark` into every byte of its answer, with `calls` its calls so far.
fn marking(mark: &str) -> Guest {
    let body = marks("(local.get $rows)", 1).replace("$list) (i32.const 1)", &format!("$list) {mark}"));
    Guest::calculator()
        .core("(global $calls (mut i32) (i32.const 0))")
        .body("classify", &format!("(global.set $calls (i32.add (global.get $calls) (i32.const 1))) {body}"))
}

#[test]
fn plugins_that_come_with_weir_pass() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let check = |name: &str, kind: Kind, params: &str| {
        let component = std::fs::read(built.join(name).with_extension("wasm")).unwrap();
        let verification = sandbox().verify(name, &component, &trial(params)).unwrap();
        assert!(verification.passed(), "{name}: {:?}", verification.checks);
        let found = verification.component;
        assert_eq!((found.kind, found.info.unwrap().name.as_str()), (kind, name));
        assert_eq!((found.contract.as_str(), found.size), ("0.1.0", component.len()));
        assert!(found.imports.iter().all(|import| import.admission == Admission::Contract));
    };
    check("availability", Kind::SliCalculator, "{}");
    check("latency", Kind::SliCalculator, r#"{"threshold":"250ms","only":{"data.path":["/pay"]}}"#);
    check("correctness", Kind::SliCalculator, "{}");
    check("throughput", Kind::SliCalculator, r#"{"at-least":1,"per":"1m"}"#);
    check("freshness", Kind::SliCalculator, r#"{"threshold":"5m","field":"data.at"}"#);
    check(
        "error-budget",
        Kind::BudgetPolicy,
        r#"{"stages":[{"effect":"freeze","below":"0%","lift-at":"10%"}]}"#,
    );
    check("burn-rate", Kind::BudgetPolicy, "{}");
    check("production-readiness", Kind::Check, "{}");
    check("toil", Kind::ToilScorer, "{}");
}

#[test]
fn an_honest_plugin_of_each_kind_passes() {
    for guest in [Guest::calculator(), Guest::budget(), Guest::checker(), Guest::scorer()] {
        let verification = verify(&guest);
        assert!(verification.passed(), "{:?}", verification.checks);
    }
    let rules: Vec<&str> =
        verify(&Guest::calculator()).checks.iter().map(|check| check.rule.as_str()).collect();
    let before = ["contract", "imports", "size", "compiles", "describes", "schema", "prepare"];
    assert_eq!(rules, [&before[..], &["answer", "repeatable", "stateless", "row-by-row"]].concat());
}

#[test]
fn answers_that_depend_on_earlier_calls_or_on_other_rows_are_found() {
    // The mark is whether it was called before.
    assert_eq!(
        broken(&marking("(i32.gt_u (global.get $calls) (i32.const 1))")),
        [Rule::Stateless, Rule::RowByRow]
    );
    // The mark is whether the batch is large.
    assert_eq!(broken(&marking("(i32.gt_u (local.get $rows) (i32.const 50))")), [Rule::RowByRow]);
    // What it has written to the log counts as an answer.
    let talkative = marking("(i32.const 1)").body(
        "classify",
        &format!(
            "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (if (i32.gt_u (global.get $calls) (i32.const 1))
                (then (call $write (i32.const 2) (i32.const 2048) (i32.const 9)))) {}",
            marks("(local.get $rows)", 1)
        ),
    );
    assert_eq!(broken(&talkative), [Rule::Stateless]);
}

#[test]
fn decisions_that_depend_on_other_situations_are_found() {
    // The effect is whether the instance has decided before.
    let guest = Guest::budget().core("(global $calls (mut i32) (i32.const 0))").body(
        "decide",
        "(i32.store (i32.const 4100) (i32.gt_u (global.get $calls) (i32.const 0)))
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.const 4096)",
    );
    assert_eq!(broken(&guest), [Rule::OneByOne]);
}

#[test]
fn settling_that_depends_on_earlier_calls_is_found() {
    // No fields, and `settles`.
    let plan = format!("(data (i32.const 128) \"{}\")", words(&[0, 0, 0, 1, 0, 0, 0, 0]));
    let lists = "(i32.store (i32.const 228) (i32.const 5)) (i32.store (i32.const 236) (i32.const 5))
        (i32.store (i32.const 244) (i32.const 5)) (i32.store (i32.const 224) (i32.const 4096))
        (i32.store (i32.const 232) (i32.const 4096)) (i32.store (i32.const 240) (i32.const 4096))
        (i32.const 220)";
    let honest = Guest::calculator().core(&plan).body("prepare", "(i32.const 128)").body("settle", lists);
    let verification = verify(&honest);
    assert!(verification.passed(), "{:?}", verification.checks);
    assert_eq!(verification.checks.len(), 13);
    let counting = "(i64.store (i32.const 4096) (i64.add (i64.load (i32.const 4096)) (i64.const 1)))";
    let counting = honest.clone().body("settle", &format!("{counting} {lists}"));
    assert_eq!(broken(&counting), [Rule::Stateless]);
    let short = honest.body("settle", &format!("(i32.const {})", crate::guest::ZEROS));
    assert_eq!(broken(&short), [Rule::Answer]);
}

#[test]
fn failures_are_reported_where_they_happen() {
    let problem = |guest: &Guest, rule: Rule| {
        let checks = verify(guest).checks;
        let check = checks.iter().find(|check| check.rule == rule).unwrap();
        check.problem.clone().unwrap_or_default()
    };
    let marks_of_7 = problem(&marking("(i32.const 7)"), Rule::Answer);
    assert_eq!(
        marks_of_7,
        "plugin `guest` of policy `verification` broke the contract: mark 7 for row 0, and marks go from 0 to 3; report \
         it to the plugin's author"
    );
    for (guest, function) in [(Guest::calculator(), "prepare"), (Guest::budget(), "prepare")] {
        assert!(problem(&guest.body(function, "unreachable"), Rule::Prepare).contains("broke down"));
    }
    for (guest, function) in
        [(Guest::budget(), "decide"), (Guest::checker(), "assess"), (Guest::scorer(), "score")]
    {
        assert!(problem(&guest.body(function, "unreachable"), Rule::Answer).contains("broke down"));
    }
    let schema = r#"{"name":"n","version":"1","summary":"","parameters":{"type":"objekt"},"reads":[]}"#;
    assert!(problem(&Guest::budget().info(Some(schema)), Rule::Schema).contains("objekt"));
}

#[test]
fn a_report_is_json_for_machines() {
    let report = serde_json::to_value(verify(&Guest::budget())).unwrap();
    let component = &report["component"];
    assert_eq!(component["kind"], "budget-policy");
    let log = serde_json::json!([{ "name": "weir:policy/log@0.1.0", "admission": "contract" }]);
    assert_eq!(component["imports"], log);
    assert_eq!(report["checks"][5], serde_json::json!({ "rule": "schema", "problem": Value::Null }));
}

#[test]
fn what_keeps_a_plugin_from_being_loaded_breaks_a_rule() {
    let check = |guest: &Guest, limits: Limits, rule: Rule, part: &str| {
        let trial = Trial { limits, ..trial("{}") };
        let verification = sandbox().verify("guest", &guest.component(), &trial).unwrap();
        let last = verification.checks.iter().find(|check| check.problem.is_some()).unwrap();
        assert_eq!(last.rule, rule);
        assert!(last.problem.as_ref().unwrap().contains(part), "{:?}", last.problem);
        // Nothing is asked of what can't be loaded.
        assert!(verification.checks.iter().all(|check| check.rule != Rule::Schema));
    };
    let sockets = Guest::budget().import("(import \"wasi:sockets/tcp@0.2.0\" (instance))");
    check(&sockets, patient(), Rule::Imports, "imports `wasi:sockets/tcp@0.2.0`");
    let small = Limits { component_bytes: 100, ..patient() };
    check(&Guest::budget(), small, Rule::Size, "more than the 100 allowed");
    let silent = Guest::budget().info(Some("{}"));
    check(&silent, patient(), Rule::Describes, "describes itself wrongly");
    let large = Guest::budget().tail(&format!("(core module {})", "(func)".repeat(50_001)));
    check(&large, patient(), Rule::Compiles, "would take too long to compile");
}

#[test]
fn what_is_no_plugin_has_nothing_to_verify() {
    let verify = |bytes: &[u8]| sandbox().verify("guest", bytes, &trial("{}")).unwrap_err();
    assert!(matches!(verify(b""), LoadError::Empty { .. }));
    assert!(matches!(verify(b"\0asm\x01\0\0\0"), LoadError::CoreModule { .. }));
    assert!(matches!(verify(b"\0asm\x0d\0\x01\0"), LoadError::NoKind { .. }));
    let component = Guest::budget().component();
    assert!(matches!(verify(&component[..component.len() / 2]), LoadError::Truncated { .. }));
}

#[test]
fn an_inspection_says_who_lets_an_import_in() {
    let guest = Guest::budget()
        .import("(import \"wasi:cli/exit@0.2.0\" (instance)) (import \"wasi:sockets/tcp@0.2.0\" (instance))");
    let found = inspect("guest", &guest.component()).unwrap();
    let of = |name: &str| found.imports.iter().find(|import| import.name == name).unwrap().admission;
    assert_eq!(of("weir:policy/log@0.1.0"), Admission::Contract);
    assert_eq!(of("wasi:cli/exit@0.2.0"), Admission::Consent);
    assert_eq!(of("wasi:sockets/tcp@0.2.0"), Admission::Never);
    assert!(found.needs_consent());
    assert_eq!((found.kind, found.contract.as_str()), (Kind::BudgetPolicy, "0.1.0"));
}
