//! What a plugin hands back is checked before anyone sees it.

use proptest::prelude::*;
use weir_host::contract::budget::{Decision, Situation};
use weir_host::contract::calculator::Slices;
use weir_host::{Answer, CallError, Digest, Kind};

use crate::guest::{Guest, marks, words};
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
    let situation = Situation {
        service: "shop".into(),
        change: "fix".into(),
        now: 0,
        slos: Vec::new(),
        facts: Vec::new(),
    };
    load(&guest).decide("policy", &patient(), "{}", &situation)
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

proptest! {
    #[test]
    fn digests_parse_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        prop_assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
    }
}
