//! What a plugin hands back is checked before anyone sees it.

use std::sync::LazyLock;

use proptest::prelude::*;
use weir_host::contract::budget::Decision;
use weir_host::contract::calculator::Slices;
use weir_host::contract::{checker, scorer};
use weir_host::{Answer, CallError, Digest, Evidence, Kind, LimitKind, Plugin};

use crate::echo::to_echo;
use crate::guest::{Guest, marks, words};
use crate::hostile::{situation, subject};
use crate::{calculator, load, patient, rows};

fn broken(answer: Result<Answer<impl std::fmt::Debug>, CallError>) -> String {
    match answer {
        Err(CallError::Answer { rule, .. }) => rule,
        other => panic!("the contract was kept: {other:?}"),
    }
}

/// The answer of a budget policy whose result is `data` at address 128.
fn decide(data: &str) -> Result<Answer<Decision>, CallError> {
    let guest = Guest::budget().core(data).body("decide", "(i32.const 128)");
    load(&guest).decide("policy", &patient(), "{}", &situation())
}

/// The answer of a check whose result is `data` at address 128.
fn assess(data: &str) -> Result<Answer<checker::Report>, CallError> {
    let guest = Guest::checker().core(data).body("assess", "(i32.const 128)");
    load(&guest).assess("policy", &patient(), "{}", &subject(), &Evidence::none())
}

/// The answer of a toil scorer whose result is `data` at address 128.
fn score(data: &str) -> Result<Answer<scorer::Report>, CallError> {
    let guest = Guest::scorer().core(data).body("score", "(i32.const 128)");
    load(&guest).score("policy", &patient(), "{}", 0, 60, &[])
}

#[test]
fn marks_are_one_a_row_and_known() {
    let check = |body: &str, count: u32, expected: &str| {
        let guest = Guest::calculator().body("classify", body);
        assert_eq!(broken(calculator(&guest, &patient()).classify("{}", &rows(count))), expected);
    };
    check(&marks("(i32.const 2)", 1), 3, "2 marks for 3 rows");
    check(&marks("(local.get $rows)", 7), 3, "mark 7 for row 0, and marks go from 0 to 3");
}

#[test]
fn a_whole_batch_crosses() {
    let guest = Guest::calculator().body("classify", &marks("(local.get $rows)", 3));
    let answer = calculator(&guest, &patient()).classify("{}", &rows(65_536)).unwrap();
    assert!(answer.value.len() == 65_536 && answer.value.iter().all(|mark| *mark == 3));
}

#[test]
fn settled_tallies_are_one_a_slice() {
    let slices =
        Slices { first: 0, seconds: 60, good: &[1, 2], bad: &[0, 0], unknown: &[0, 0], latest: &[0, 0] };
    let answer = calculator(&Guest::calculator(), &patient()).settle("{}", &slices);
    assert_eq!(broken(answer), "0 `good` tallies for 2 slices");
}

#[test]
fn plans_name_their_fields() {
    // One field without a name; `latest` none.
    let nameless = format!("(data (i32.const 128) \"{}\")", words(&[0, 4096, 1, 0, 0, 0, 0, 0]));
    let guest = Guest::calculator().core(&nameless).body("prepare", "(i32.const 128)");
    assert_eq!(broken(calculator(&guest, &patient()).prepare("{}")), "a field without a name");
    // No field, and `latest` the first.
    let no_instant = format!("(data (i32.const 128) \"{}\")", words(&[0, 0, 0, 0, 1, 0, 0, 0]));
    let guest = Guest::calculator().core(&no_instant).body("prepare", "(i32.const 128)");
    let rule = "`latest` names field 0, which is no instant among its 0 fields";
    assert_eq!(broken(calculator(&guest, &patient()).prepare("{}")), rule);
}

#[test]
fn effects_are_known() {
    let data = format!("(data (i32.const 128) \"{}\")", words(&[0, 9, 0, 0, 0, 0]));
    assert_eq!(broken(decide(&data)), "effect 9, and effects go from 0 to 3");
}

#[test]
fn codes_of_clauses_findings_and_tasks_are_known() {
    let named = "(data (i32.const 300) \"name\")";
    // One clause at 200: its effect is the fifth word.
    let clause = |effect: u32| {
        let clause = [300, 4, 0, 0, effect, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let answer = words(&[0, 0, 200, 1, 0, 0]);
        decide(&format!(
            "{named} (data (i32.const 128) \"{answer}\") (data (i32.const 200) \"{}\")",
            words(&clause)
        ))
    };
    assert_eq!(clause(3).unwrap().value.clauses[0].effect, 3);
    assert_eq!(broken(clause(4)), "effect 4, and effects go from 0 to 3");
    assert_eq!(broken(clause(u32::MAX)), "effect 4294967295, and effects go from 0 to 3");

    let finding = |name: u32, outcome: u32, weight: u32| {
        let finding = [300, name, outcome, weight, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let answer = words(&[0, 200, 1, 0, 0]);
        assess(&format!(
            "{named} (data (i32.const 128) \"{answer}\") (data (i32.const 200) \"{}\")",
            words(&finding)
        ))
    };
    assert_eq!(finding(4, 3, 2).unwrap().value.findings[0].rule, "name");
    assert_eq!(broken(finding(4, 4, 1)), "outcome 4, and outcomes go from 0 to 3");
    assert_eq!(broken(finding(4, 0, 0)), "weight 0, and weights are 1 and 2");
    assert_eq!(broken(finding(0, 0, 1)), "a rule without a name");

    let task = |class: u32, points: u32| {
        let task = [300, 4, 0, 0, 1, 0, 1, 0, class, points, 0, 0, 0, 0, 0, 0, 0, 0];
        let answer = words(&[0, 200, 1, 0, 0]);
        score(&format!(
            "{named} (data (i32.const 128) \"{answer}\") (data (i32.const 200) \"{}\")",
            words(&task)
        ))
    };
    assert_eq!(task(1, 1000).unwrap().value.tasks[0].title, "name");
    assert_eq!(broken(task(0, 0)), "class 0, and classes go from 1 to 3");
    assert_eq!(broken(task(4, 0)), "class 4, and classes go from 1 to 3");
    assert_eq!(broken(task(1, 1001)), "score 1001, and scores go from 0 to 1000");
}

#[test]
fn needs_are_few_and_make_sense() {
    let prepare = |data: &str| {
        let guest = Guest::budget().core(data).body("prepare", "(i32.const 128)");
        load(&guest).prepare_budget("policy", &patient(), "{}")
    };
    let windows = |count: u32| format!("(data (i32.const 128) \"{}\")", words(&[0, 4096, count, 0, 0]));
    assert_eq!(broken(prepare(&windows(1))), "a window of 0 seconds");
    assert_eq!(broken(prepare(&windows(65))), "65 windows, and at most 64 are allowed");
    let latches = format!("(data (i32.const 128) \"{}\")", words(&[0, 0, 0, 4096, 65]));
    assert_eq!(broken(prepare(&latches)), "65 latches, and at most 64 are allowed");
}

#[test]
fn lists_are_as_long_as_people_can_read() {
    let findings = |count: u32| {
        let answer = words(&[0, 65_536, count, 0, 0]);
        let guest = Guest::checker()
            .core(&format!("(data (i32.const 128) \"{answer}\")"))
            .body("assess", "(drop (memory.grow (i32.const 900))) (i32.const 128)");
        load(&guest).assess("policy", &patient(), "{}", &subject(), &Evidence::none())
    };
    assert_eq!(broken(findings(10_001)), "10001 findings, and at most 10000 are allowed");
    for count in [1_000_000, 0x0fff_ffff] {
        match findings(count) {
            Err(CallError::Limit { limit: LimitKind::Output, .. } | CallError::Answer { .. }) => {}
            other => panic!("{count} findings: {other:?}"),
        }
    }
    let facts = words(&[0, 0, 0, 65_536, 101]);
    let guest = Guest::checker()
        .core(&format!("(data (i32.const 128) \"{facts}\")"))
        .body("assess", "(drop (memory.grow (i32.const 900))) (i32.const 128)");
    let answer = load(&guest).assess("policy", &patient(), "{}", &subject(), &Evidence::none());
    assert_eq!(broken(answer), "101 facts in one record, and at most 100 are allowed");
}

#[test]
fn a_huge_text_is_cut_or_refused() {
    let text = |length: u32| {
        let finding = words(&[300, 4, 0, 1, 65_536, length, 0, 0, 0, 0, 0, 0, 0]);
        let answer = words(&[0, 200, 1, 0, 0]);
        let guest = Guest::checker()
            .core(&format!(
                "(data (i32.const 128) \"{answer}\") (data (i32.const 200) \"{finding}\") (data (i32.const 300) \"name\")"
            ))
            .body(
                "assess",
                &format!(
                    "(drop (memory.grow (i32.const 900)))
                    (memory.fill (i32.const 65536) (i32.const 120) (i32.const {length})) (i32.const 128)"
                ),
            );
        load(&guest).assess("policy", &patient(), "{}", &subject(), &Evidence::none())
    };
    let kept = text(100_000).unwrap().value.findings[0].text.clone();
    assert!(kept.len() <= 4096 && kept.ends_with("xxx…"), "{} bytes", kept.len());
    assert!(matches!(text(50_000_000), Err(CallError::Limit { limit: LimitKind::Output, .. })));
}

#[test]
fn texts_are_made_harmless() {
    let clause = [300, 4, 320, 16, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let data = format!(
        r#"(data (i32.const 128) "{}") (data (i32.const 200) "{}") (data (i32.const 300) "co\0ade")
        (data (i32.const 320) "3 %\1b[31m \e2\80\aeleft")"#,
        words(&[0, 2, 200, 1, 0, 0]),
        words(&clause),
    );
    let decision = decide(&data).unwrap().value;
    assert_eq!(decision.clauses[0].code, "co d");
    assert_eq!(decision.clauses[0].text, "3 %[31m left");
}

#[test]
fn pointers_and_texts_that_lie_are_refused() {
    let far = format!("(data (i32.const 128) \"{}\")", words(&[0, 0, 0xffff_0000, 1000, 0, 0]));
    assert!(matches!(decide(&far), Err(CallError::Trap { .. } | CallError::Answer { .. })));
    let endless = format!("(data (i32.const 128) \"{}\")", words(&[0, 0, 8, 0x0fff_ffff, 0, 0]));
    assert!(matches!(decide(&endless), Err(CallError::Trap { .. } | CallError::Answer { .. })));
    let no_text =
        format!(r#"(data (i32.const 128) "{}") (data (i32.const 300) "\ff\fe")"#, words(&[1, 0, 300, 2]));
    assert!(matches!(decide(&no_text), Err(CallError::Trap { .. } | CallError::Answer { .. })));
    let no_case = format!("(data (i32.const 128) \"{}\")", words(&[7, 0, 0, 0, 0, 0]));
    assert!(matches!(decide(&no_case), Err(CallError::Trap { .. } | CallError::Answer { .. })));
}

#[test]
fn problems_are_told_apart() {
    let problem = |case: u32| {
        decide(&format!(
            r#"(data (i32.const 128) "{}") (data (i32.const 300) "no\07")"#,
            words(&[1, case, 300, 3])
        ))
    };
    let (params, input) = (problem(0).unwrap_err(), problem(1).unwrap_err());
    assert_eq!(params.to_string(), "plugin `guest` of policy `policy` refuses its parameters: no");
    assert_eq!(params.code(), "plugin-invalid-params");
    assert_eq!(input.to_string(), "plugin `guest` of policy `policy` can't judge this input: no");
    assert_eq!(input.code(), "plugin-unprocessable");
}

#[test]
fn a_plugin_of_another_kind_is_not_called() {
    let plugin = load(&Guest::budget());
    let error = plugin.calculator("policy", &patient()).unwrap_err();
    assert!(
        matches!(error, CallError::Kind { kind: Kind::BudgetPolicy, wanted: Kind::SliCalculator, .. }),
        "{error}"
    );
    assert!(matches!(plugin.score("policy", &patient(), "{}", 0, 1, &[]), Err(CallError::Kind { .. })));
}

/// A word of an answer: often small, often an address within the plugin's memory.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0_u32..5, 3 => 8000_u32..70_000, 1 => any::<u32>()]
}

proptest! {
    #[test]
    fn whatever_an_answer_consists_of_it_is_refused_or_harmless(words in prop::collection::vec(word(), 6..200)) {
        static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| load(&Guest::echo()));
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        // Most of them an answer, and not a problem.
        bytes[0] &= 0x3;
        match PLUGIN.decide("policy", &patient(), "{}", &to_echo(&bytes)) {
            Err(error) => prop_assert!(error.to_string().starts_with("plugin `guest` of policy `policy` ")),
            Ok(answer) => {
                prop_assert!(answer.value.effect <= 3);
                for clause in answer.value.clauses {
                    prop_assert!(clause.effect <= 3 && !clause.code.is_empty());
                    prop_assert!(!clause.code.contains(char::is_control) && clause.text.len() <= 4096);
                }
            }
        }
    }

    #[test]
    fn digests_parse_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        prop_assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
    }
}
