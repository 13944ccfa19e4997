use proptest::prelude::{any, prop, proptest};
use weir_plugin::budget::{Counts, Latch, SloStatus};
use weir_plugin::metric;
use weir_plugin::testing::{assert_schema, with_zones};

use super::*;

fn params(json: &str) -> Params {
    serde_json::from_str(json).unwrap()
}

/// An SLO of 99 %, so that of 1000 events 10 may be bad, with as many latches and windows as given.
fn slo(name: &str, bad: u64, windows: &[(u64, u64)], latched: &[bool]) -> SloStatus {
    SloStatus {
        name: name.to_owned(),
        objective: "0.99".to_owned(),
        window: 2_592_000,
        total: Counts { good: 1_000 - bad, bad },
        windows: windows.iter().map(|(good, bad)| Counts { good: *good, bad: *bad }).collect(),
        latched: latched.to_vec(),
        facts: Vec::new(),
    }
}

fn situation(change: &str, slos: Vec<SloStatus>) -> Situation {
    Situation { service: "checkout".to_owned(), change: change.to_owned(), now: 0, slos, facts: Vec::new() }
}

fn decide(json: &str, change: &str, slos: Vec<SloStatus>) -> Decision {
    ErrorBudget::decide(&params(json), &situation(change, slos)).unwrap()
}

/// The codes of the clauses with their effects.
fn codes(decision: &Decision) -> Vec<(&str, u32)> {
    decision.clauses.iter().map(|clause| (clause.code.as_str(), clause.effect)).collect()
}

#[test]
fn the_schema_is_that_of_the_parameters() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/parameters.schema.json");
    assert_schema::<Params>(include_str!("../parameters.schema.json"), path);
}

#[test]
fn the_default_stages_warn_and_freeze() {
    let check = |bad: u64, latched: bool, expected: &[(&str, u32)]| {
        assert_eq!(codes(&decide("{}", "feature", vec![slo("a", bad, &[], &[latched])])), expected, "{bad}");
    };
    check(7, false, &[("within-budget", effect::ALLOW)]);
    check(8, false, &[("budget-below-warn", effect::WARN)]);
    check(10, false, &[("budget-below-warn", effect::WARN)]);
    check(11, true, &[("budget-below-freeze", effect::FREEZE), ("budget-below-warn", effect::WARN)]);
    // Nothing is left of the budget and nothing is overspent; a closed latch keeps the freeze.
    check(10, true, &[("budget-recovering-freeze", effect::FREEZE), ("budget-below-warn", effect::WARN)]);
}

#[test]
fn a_freeze_lifts_at_a_higher_level_than_it_began_at() {
    let stages = r#"{ "stages": [{ "effect": "freeze", "below": "10%", "lift-at": "30 %" }] }"#;
    assert_eq!(
        ErrorBudget::prepare(&params(stages)).unwrap().latches,
        [Latch { enter: "0.1".to_owned(), leave: "0.3".to_owned() }]
    );
    let check = |bad: u64, latched: bool, expected: &str| {
        let decision = decide(stages, "feature", vec![slo("a", bad, &[], &[latched])]);
        assert_eq!(decision.clauses[0].text, expected);
        let frozen = !decision.clauses[0].code.starts_with("within");
        assert_eq!(decision.effect == effect::FREEZE, frozen);
        assert_eq!(decision.clauses[0].required, if frozen { "0.3" } else { "" });
    };
    check(10, true, "`a` has 0 % of its error budget left; freezes below 10 %, until 30 % are back");
    check(8, true, "`a` has 20 % of its error budget left; was below 10 % and freezes until 30 % are back");
    check(8, false, "`a` has 20 % of its error budget left, the least of all SLOs");
    check(7, true, "`a` has 30 % of its error budget left, the least of all SLOs");
}

#[test]
fn the_worst_slo_governs() {
    let slos =
        vec![slo("best", 0, &[], &[false]), slo("worst", 25, &[], &[true]), slo("bad", 9, &[], &[false])];
    let decision = decide("{}", "feature", slos);
    let actual: Vec<_> = decision
        .clauses
        .iter()
        .map(|clause| (clause.slo.as_str(), clause.effect, clause.actual.as_str()))
        .collect();
    assert_eq!(
        actual,
        [("worst", effect::FREEZE, "-1.5"), ("worst", effect::WARN, "-1.5"), ("bad", effect::WARN, "0.1")]
    );
    assert_eq!(decision.effect, effect::FREEZE);
}

#[test]
fn a_fix_goes_through_a_freeze_and_the_clause_says_so() {
    let frozen = vec![slo("a", 11, &[], &[true])];
    let decision = decide("{}", "fix", frozen.clone());
    assert_eq!(
        codes(&decision),
        [("budget-below-warn", effect::WARN), ("budget-below-freeze", effect::ALLOW)]
    );
    assert_eq!(
        decision.clauses[1].text,
        "`a` has -10 % of its error budget left; freezes below 0 %, until 10 % are back; set aside for a change of \
         kind `fix`"
    );
    assert_eq!(decide("{}", "feature", frozen.clone()).effect, effect::FREEZE);
    assert_eq!(decide(r#"{ "exempt": [] }"#, "fix", frozen).effect, effect::FREEZE);
}

#[test]
fn a_burn_stage_holds_from_its_rate_on() {
    let stages = r#"{ "stages": [{ "effect": "hold", "burn-above": "2", "over": "1h" }] }"#;
    assert_eq!(ErrorBudget::prepare(&params(stages)).unwrap().windows, [3_600]);
    let burning = decide(stages, "feature", vec![slo("a", 2, &[(98, 2)], &[])]);
    let clause = &burning.clauses[0];
    assert_eq!(
        clause.text,
        "`a` has burnt its error budget at 2 times the sustainable rate over 1h; holds from 2"
    );
    assert_eq!((clause.metric, clause.window), (metric::BURN_RATE, 3_600));
    assert_eq!((clause.actual.as_str(), clause.required.as_str()), ("2", "2"));
    let slower = decide(stages, "feature", vec![slo("a", 2, &[(981, 19)], &[])]);
    assert_eq!(codes(&slower), [("within-budget", effect::ALLOW)]);
    let idle = decide(stages, "feature", vec![slo("a", 2, &[(0, 0)], &[])]);
    assert_eq!(codes(&idle), [("within-budget", effect::ALLOW)]);
}

#[test]
fn an_slo_without_events_says_nothing() {
    let idle = SloStatus { total: Counts { good: 0, bad: 0 }, ..slo("a", 0, &[], &[false]) };
    assert_eq!(codes(&decide("{}", "feature", vec![idle])), []);
}

#[test]
fn slos_are_chosen_by_name() {
    let check = |names: &str, expected: &[&str]| {
        let json = format!(r#"{{ "slos": {names}, "stages": [{{ "effect": "warn", "below": "100%" }}] }}"#);
        let slos = ["api-read", "api-write", "web"].map(|name| slo(name, 1, &[], &[])).to_vec();
        let decision = decide(&json, "feature", slos);
        let actual: Vec<_> = decision.clauses.iter().map(|clause| clause.slo.as_str()).collect();
        assert_eq!(actual, expected, "{names}");
    };
    check(r#"["*"]"#, &["api-read", "api-write", "web"]);
    check(r#"["api-*"]"#, &["api-read", "api-write"]);
    check(r#"["*-*e*", "web"]"#, &["api-read", "api-write", "web"]);
    check(r#"["api"]"#, &[]);
    check("[]", &[]);
}

#[test]
fn obligations_come_from_the_stages_in_force() {
    let stages = r#"{ "stages": [
        { "effect": "hold", "below": "50%", "notify": ["owner", "lead"] },
        { "effect": "freeze", "below": "10%", "notify": ["owner"], "file": ["incident"], "focus": ["reliability"] }] }"#;
    let check = |change: &str, bad: u64, expected: &[(&str, &str)]| {
        let decision = decide(stages, change, vec![slo("a", bad, &[], &[]), slo("b", bad, &[], &[])]);
        let actual: Vec<_> =
            decision.obligations.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
        assert_eq!(actual, expected);
    };
    check("feature", 6, &[("notify", "owner"), ("notify", "lead")]);
    check(
        "feature",
        10,
        &[("notify", "owner"), ("notify", "lead"), ("file", "incident"), ("focus", "reliability")],
    );
    check("fix", 10, &[]);
    check("feature", 0, &[]);
}

#[test]
fn the_calendar_has_its_own_exemptions() {
    let check = |exempt: &str, change: &str, expected: u32| {
        let json = format!(
            r#"{{ "calendar": [{{ "name": "new year", "from": "1969-12-31T00:00", "until": "1970-01-02T00:00",
                "time-zone": "UTC" {exempt} }}] }}"#
        );
        let decision = with_zones(|_, _| Some(0), || decide(&json, change, Vec::new()));
        assert_eq!(decision.effect, expected, "{exempt} {change}");
        assert_eq!(decision.clauses[0].until, Some(86_400));
        assert!(decision.clauses[0].code.starts_with("calendar-"));
    };
    check("", "feature", effect::FREEZE);
    check("", "fix", effect::ALLOW);
    check(r#", "exempt": ["security"]"#, "fix", effect::FREEZE);
    check(r#", "exempt": ["security"]"#, "security", effect::ALLOW);
    check(r#", "effect": "warn""#, "fix", effect::WARN);
}

#[test]
fn a_rounded_number_is_never_that_of_the_level() {
    let stages = r#"{ "stages": [{ "effect": "warn", "below": "10%" }] }"#;
    let nearly = SloStatus { total: Counts { good: 99_099_990, bad: 900_010 }, ..slo("a", 0, &[], &[]) };
    let decision = decide(stages, "feature", vec![nearly]);
    assert_eq!(decision.clauses[0].text, "`a` has 9.999 % of its error budget left; warns below 10 %");
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let check = |stage: &str, expected: &str| {
        let json = format!(r#"{{ "stages": [{{ "effect": "hold", {stage} }}] }}"#);
        let problem = ErrorBudget::prepare(&params(&json)).unwrap_err();
        let Problem::InvalidParams(text) = problem else { panic!("{problem:?}") };
        assert!(text.starts_with(expected), "{text}");
    };
    let either = "stage 1: needs either `below`, with or without `lift-at`, or `burn-above` with `over`";
    check(r#""notify": []"#, either);
    check(r#""below": "1%", "burn-above": "1", "over": "1h""#, either);
    check(r#""burn-above": "1""#, either);
    check(r#""below": "1%", "over": "1h""#, either);
    check(
        r#""below": "10%", "lift-at": "9.99%""#,
        "stage 1: `lift-at` is lower than `below`, so the stage would lift before it begins",
    );
    check(r#""below": "ten""#, "stage 1: `below`: ");
    check(r#""burn-above": "2", "over": "1M""#, "stage 1: `over`: ");
}

#[test]
fn a_situation_without_what_was_asked_for_is_unprocessable() {
    let problem =
        ErrorBudget::decide(&params("{}"), &situation("fix", vec![slo("a", 1, &[], &[])])).unwrap_err();
    let expected = "SLO `a` lacks a window or latch that was asked for".to_owned();
    assert_eq!(problem, Problem::Unprocessable(expected));
}

proptest! {
    #[test]
    fn more_bad_events_never_soften_the_decision(bad in 0..=1_000_u64, more in 0..=1_000_u64, latched in any::<bool>()) {
        let effect = |bad: u64| decide("{}", "feature", vec![slo("a", bad.min(1_000), &[], &[latched])]).effect;
        assert!(effect(bad) <= effect(bad + more));
    }

    #[test]
    fn a_closed_latch_never_softens_the_decision(bad in 0..=1_000_u64) {
        let effect = |latched| decide("{}", "feature", vec![slo("a", bad, &[], &[latched])]).effect;
        assert!(effect(false) <= effect(true));
    }

    #[test]
    fn the_decision_is_that_of_the_worst_slo(bads in prop::collection::vec(0..=30_u64, 1..6)) {
        let slos: Vec<_> = bads.iter().map(|bad| slo("a", *bad, &[], &[false])).collect();
        let alone = |slo: &SloStatus| decide("{}", "feature", vec![slo.clone()]).effect;
        let worst = slos.iter().map(alone).max().unwrap();
        assert_eq!(decide("{}", "feature", slos).effect, worst);
    }

    #[test]
    fn the_order_of_slos_does_not_matter(bads in prop::collection::vec(0..=30_u64, 0..6)) {
        let mut slos: Vec<_> = bads.iter().enumerate()
            .map(|(index, bad)| slo(&index.to_string(), *bad, &[], &[false])).collect();
        let decision = decide("{}", "feature", slos.clone());
        slos.reverse();
        assert_eq!(decide("{}", "feature", slos), decision);
    }
}
