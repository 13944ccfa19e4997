//! What is no plugin is refused before it is compiled, in words that say why.

use proptest::prelude::*;
use weir_host::{Kind, Limits, LoadError, read_info};

use crate::guest::Guest;
use crate::{load, patient, rows, sandbox};

fn refused(component: &[u8]) -> LoadError {
    sandbox().load("guest", component, &Limits::default()).unwrap_err()
}

/// A component that would fail to compile: its core module leaves a result out.
const BROKEN: &str = "(core module (func (result i32)))";

#[test]
fn what_is_no_component_is_named() {
    assert_eq!(refused(b""), LoadError::Empty { plugin: "guest".into() });
    assert_eq!(refused(b"\x7fELF and more"), LoadError::NotWebAssembly { plugin: "guest".into() });
    assert_eq!(
        refused(&wat::parse_str("(module)").unwrap()),
        LoadError::CoreModule { plugin: "guest".into() }
    );

    let whole = Guest::calculator().component();
    let cut = &whole[..whole.len() / 2];
    assert_eq!(refused(cut), LoadError::Truncated { plugin: "guest".into(), offset: cut.len() });
    assert!(matches!(refused(b"\0asm\x63"), LoadError::Truncated { .. }));

    let limits = Limits { component_bytes: 10, ..Limits::default() };
    let error = sandbox().load("guest", &whole, &limits).unwrap_err();
    assert_eq!(error, LoadError::TooLarge { plugin: "guest".into(), size: whole.len(), allowed: 10 });
}

#[test]
fn an_import_that_the_kind_may_not_have_is_refused_by_name_before_compilation() {
    let guest =
        |import: &str| Guest::calculator().import(&format!("(import \"{import}\" (instance))")).tail(BROKEN);
    let check = |import: &str| match refused(&guest(import).component()) {
        LoadError::ForbiddenImport { kind: Kind::SliCalculator, import: found, .. } => {
            assert_eq!(found, import)
        }
        other => panic!("{import}: {other}"),
    };
    check("wasi:cli/environment@0.2.0");
    check("weir:policy/evidence@0.1.0");
    check("weir:policy/zones@0.1.0");
    check("weir:policy-evil/log@0.1.0");
    assert_eq!(
        refused(&guest("wasi:cli/environment@0.2.0").component()).to_string(),
        "plugin `guest` imports `wasi:cli/environment@0.2.0`, which no sli-calculator may: a plugin has no files, \
         network, environment, clock or randomness; build it without, or let it have one in which nothing happens: \
         `wasi = \"inert\"` in weir.lock"
    );
    assert!(matches!(refused(&Guest::calculator().tail(BROKEN).component()), LoadError::Compile { .. }));
}

#[test]
fn the_kind_and_the_contract_version_are_told_by_the_exports() {
    let load = |guest: &Guest| sandbox().load("guest", &guest.component(), &patient()).unwrap().kind();
    assert_eq!(load(&Guest::calculator()), Kind::SliCalculator);
    assert_eq!(load(&Guest::budget()), Kind::BudgetPolicy);
    assert_eq!(load(&Guest::reader()), Kind::Check);

    let assemble = |text: &str| refused(&wat::parse_str(text).unwrap());
    assert!(matches!(assemble("(component)"), LoadError::NoKind { .. }));
    let newer = assemble(r#"(component (instance $i) (export "weir:policy/budget@0.2.0" (instance $i)))"#);
    assert_eq!(
        newer.to_string(),
        "plugin `guest` was built for `weir:policy/budget@0.2.0`, and this Weir speaks version 0.1.0 of the contract; \
         use a plugin or a Weir of the other's version"
    );
    let both = r#"(component (instance $i) (export "weir:policy/budget@0.1.0" (instance $i))
        (export "weir:policy/checker@0.1.0" (instance $i)))"#;
    assert!(matches!(
        assemble(both),
        LoadError::ManyKinds { one: Kind::BudgetPolicy, other: Kind::Check, .. }
    ));
    let bare = r#"(component (instance $i) (export "weir:policy/budget@0.1.0" (instance $i)))"#;
    assert!(matches!(assemble(bare), LoadError::Unfit { .. }));
}

/// Nested components, each of which instantiates the one before it so many times.
fn nested(depth: usize, times: usize) -> String {
    let mut text = "(component $C0)".to_owned();
    for level in 1..=depth {
        let inner = format!("(instance (instantiate $C{}))", level - 1).repeat(times);
        text.push_str(&format!("(component $C{level} {inner})"));
    }
    text + &format!("(instance (instantiate $C{depth}))")
}

#[test]
fn what_would_take_too_long_to_compile_is_refused_before_it_is_compiled() {
    let check = |guest: Guest, expected: &str| {
        let error = refused(&guest.tail(BROKEN).component());
        assert_eq!(
            error.to_string(),
            format!(
                "plugin `guest` would take too long to compile: there are {expected}; build it smaller or in parts"
            )
        );
    };
    let functions = "(func)".repeat(50_001);
    check(
        Guest::calculator().tail(&format!("(core module {functions})")),
        // Those of the guest itself, and the broken one.
        "50007 functions, and at most 50000 are allowed",
    );
    let body = "i32.const 0 drop ".repeat(350_000);
    check(
        Guest::calculator().tail(&format!("(core module (func {body}))")),
        "1050002 bytes of code in one function, and at most 1048576 are allowed",
    );
    let variables = "i64 ".repeat(10_001);
    check(
        Guest::calculator().tail(&format!("(core module (func (local {variables})))")),
        "10001 variables in one function, and at most 10000 are allowed",
    );
    let functions = format!("(func (local {}))", "i64 ".repeat(5000)).repeat(401);
    check(
        Guest::calculator().tail(&format!("(core module {functions})")),
        "2005002 variables in its functions together, and at most 2000000 are allowed",
    );
    let (variables, loops) = ("i64 ".repeat(999), "loop end ".repeat(1000));
    let changes: String = (0..1000).map(|variable| format!("i64.const 0 local.set {variable} ")).collect();
    let tangled = format!("(func (param i64) (local {variables}) {changes} {loops} block end)");
    check(
        Guest::calculator().tail(&format!("(core module {tangled})")),
        "1004003 branches times variables in one function, and at most 1000000 are allowed",
    );
    let tangled = tangled.replace(&loops, &"loop end ".repeat(990)).repeat(9);
    check(
        Guest::calculator().tail(&format!("(core module {tangled})")),
        "8945759 branches times variables in its functions together, and at most 8000000 are allowed",
    );
    let handed = r#"(component (import "inner" (component)))"#;
    check(Guest::calculator().tail(handed), "components within it that are handed around, and none may be");
    let handed = r#"(component $Outer (component $Inner) (export "inner" (component $Inner)))
        (instance $outer (instantiate $Outer)) (alias export $outer "inner" (component $again))"#;
    check(Guest::calculator().tail(handed), "components within it that are handed around, and none may be");
}

#[test]
fn components_that_multiply_are_refused_and_those_that_do_not_are_loaded() {
    let load = |depth, times| {
        let component = Guest::calculator().tail(&nested(depth, times)).component();
        sandbox().load("guest", &component, &patient())
    };
    assert!(load(3, 3).is_ok());
    for (depth, times) in [(60, 2), (10, 10), (2, 900)] {
        let error = load(depth, times).unwrap_err();
        assert!(matches!(error, LoadError::TooComplex { .. }), "{depth} × {times}: {error}");
    }
}

/// Two components, of which one calls the other so many times, and hands over a list that is copied from memory to
/// memory.
fn composed(element: &str, calls: usize) -> String {
    let allocator = r#"(memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"#;
    let lower = |call: usize| {
        format!(
            r#"(core func $take{call} (canon lower (func $callee "take")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))"#
        )
    };
    let lowered: String = (0..calls).map(lower).collect();
    format!(
        r#"(component $Callee
            {element}
            (core module $Main {allocator} (func (export "take") (param i32 i32)))
            (core instance $main (instantiate $Main))
            (func $take (param "list" (list $element)) (canon lift (core func $main "take")
                (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
            (export "take" (func $take)))
        (component $Caller
            {element}
            (import "callee" (instance $callee (export "take" (func (param "list" (list $element))))))
            (core module $Memory {allocator})
            (core instance $memory (instantiate $Memory))
            {lowered}
            (core module $Main (import "callee" "take" (func $take (param i32 i32)))
                (func $begin (call $take (i32.const 64) (i32.const 1))) (start $begin))
            (core instance (instantiate $Main (with "callee" (instance (export "take" (func $take0)))))))
        (instance $callee (instantiate $Callee))
        (instance (instantiate $Caller (with "callee" (instance $callee))))"#
    )
}

#[test]
fn components_may_be_composed_of_others_as_long_as_little_is_handed_over() {
    let plugin = load(&Guest::calculator().tail(&composed("(type $element (tuple string u32))", 1)));
    assert_eq!(
        plugin.calculator("policy", &patient()).unwrap().classify("{}", &rows(2)).unwrap().value,
        [1, 1]
    );
    // A thousand values in each element, in a thousand calls.
    let thousand = format!("(type $element (tuple {}))", "u8 ".repeat(1000));
    let error = refused(&Guest::calculator().tail(&composed(&thousand, 1000)).component());
    let expected = "parts to put together, and at most 1000000 are allowed";
    assert!(matches!(&error, LoadError::TooComplex { what, .. } if what.ends_with(expected)), "{error}");
}

#[test]
fn the_custom_section_is_read_without_running_the_plugin() {
    let section =
        r#"{"name":"carried","version":"1.0.0","summary":"s","parameters":"{\\"type\\":\\"object\\"}",
        "reads":["data.status"],"facts":[]}"#
            .replace('\n', " ");
    let guest = Guest::calculator().info(Some(&section)).body("describe", "unreachable");
    let plugin = sandbox().load("guest", &guest.component(), &Limits::default()).unwrap();
    assert_eq!(plugin.info().name, "carried");
    assert_eq!(plugin.info().parameters, serde_json::json!({ "type": "object" }));
    assert_eq!(plugin.info().reads, ["data.status"]);
    assert_eq!(read_info(&guest.component()).as_ref(), Some(plugin.info()));
}

#[test]
fn without_a_custom_section_the_plugin_is_asked() {
    let guest = Guest::calculator().info(None);
    let plugin = sandbox().load("guest", &guest.component(), &patient()).unwrap();
    assert_eq!((plugin.info().name.as_str(), plugin.info().version.as_str()), ("described", "2.0.0"));
    assert_eq!(plugin.info().parameters, serde_json::json!({ "type": "object" }));
    assert_eq!(read_info(&guest.component()), None);

    let silent = guest.body("describe", "unreachable").component();
    assert!(matches!(refused(&silent), LoadError::Describe { .. }));
}

#[test]
fn a_description_that_makes_no_sense_is_refused() {
    let check = |json: &str| match refused(&Guest::calculator().info(Some(json)).component()) {
        LoadError::Info { reason, .. } => reason,
        other => panic!("{json}: {other}"),
    };
    assert!(check("{").starts_with("`weir:info`: "));
    let with = |name: &str, parameters: &str| {
        format!(r#"{{"name":"{name}","version":"1","summary":"","parameters":{parameters},"reads":[]}}"#)
    };
    assert_eq!(check(&with("", "{}")), "its name is empty");
    let escape = r#"{"title":"\\u001b[2J"}"#;
    assert_eq!(check(&with("a", escape)), "the schema of its parameters holds control characters");
    assert_eq!(check(&with("a", "3")), "the schema of its parameters is not a JSON object");
}

#[test]
fn code_compiled_ahead_of_time_is_used_where_it_fits_and_compiled_anew_where_it_does_not() {
    let component = Guest::calculator().component();
    let compiled = sandbox().compile(&component).unwrap();
    let other = sandbox().compile(&Guest::budget().component()).unwrap();
    let cut = compiled[..40].to_vec();
    for code in [compiled, other, cut, Vec::new()] {
        let code: &'static [u8] = code.leak();
        let plugin = sandbox().load_compiled("guest", &component, code, &Limits::default()).unwrap();
        let mut calculator = plugin.calculator("policy", &patient()).unwrap();
        assert_eq!(calculator.classify("{}", &rows(2)).unwrap().value, [1, 1]);
    }
    let wasi = Guest::calculator().import(r#"(import "wasi:cli/environment@0.2.0" (instance))"#).component();
    assert!(matches!(sandbox().compile(&wasi), Err(LoadError::ForbiddenImport { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_components_are_refused_or_loaded_and_never_more(position in any::<prop::sample::Index>(), byte: u8) {
        let mut component = Guest::budget().component();
        let position = position.index(component.len());
        component[position] = byte;
        drop(sandbox().load("guest", &component, &patient()));
        drop(read_info(&component));
    }
}
