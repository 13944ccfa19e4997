use proptest::prelude::{prop, proptest};
use weir_plugin::budget::{Counts, SloStatus};
use weir_plugin::metric;
use weir_plugin::testing::assert_schema;

use super::*;

fn params(json: &str) -> Params {
    serde_json::from_str(json).unwrap()
}

/// Parameters of one alert over an hour and five minutes.
fn one_alert(factor: &str, rest: &str) -> Params {
    params(&format!(
        r#"{{ "alerts": [{{ "long": "1h", "short": "5m", "factor": "{factor}", "effect": "freeze",
            "urgency": "page" {rest} }}] }}"#
    ))
}

fn slo(objective: &str, windows: &[(u64, u64)]) -> SloStatus {
    SloStatus {
        name: "availability".to_owned(),
        objective: objective.to_owned(),
        window: 2_592_000,
        total: Counts { good: 1, bad: 0 },
        windows: windows.iter().map(|(good, bad)| Counts { good: *good, bad: *bad }).collect(),
        latched: Vec::new(),
        facts: Vec::new(),
    }
}

fn decide(params: &Params, change: &str, slo: SloStatus) -> Decision {
    let situation = Situation {
        service: "checkout".to_owned(),
        change: change.to_owned(),
        now: 0,
        slos: vec![slo],
        facts: Vec::new(),
    };
    BurnRate::decide(params, &situation).unwrap()
}

fn codes(decision: &Decision) -> Vec<(&str, u32)> {
    decision.clauses.iter().map(|clause| (clause.code.as_str(), clause.effect)).collect()
}

#[test]
fn the_schema_is_that_of_the_parameters() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/parameters.schema.json");
    assert_schema::<Params>(include_str!("../parameters.schema.json"), path);
}

#[test]
fn the_default_alerts_ask_for_each_window_once() {
    let needs = BurnRate::prepare(&params("{}")).unwrap();
    assert_eq!(needs.windows, [3_600, 300, 21_600, 1_800, 86_400, 7_200, 259_200]);
    assert_eq!(needs.latches, []);
}

#[test]
fn each_alert_stands_by_itself() {
    let quiet = (1_000, 0);
    // The windows: 1h, 5m, 6h, 30m, 1d, 2h, 3d; 6h is both a long and a short one.
    let check = |windows: &[(u64, u64)], expected: &[(&str, u32)]| {
        assert_eq!(codes(&decide(&params("{}"), "feature", slo("0.99", windows))), expected);
    };
    check(&[quiet; 7], &[]);
    let burning = (800, 200);
    check(&[burning, burning, quiet, quiet, quiet, quiet, quiet], &[("burn-page-1h", effect::HOLD)]);
    check(&[burning, quiet, quiet, quiet, quiet, quiet, quiet], &[]);
    check(&[quiet, quiet, quiet, quiet, burning, burning, quiet], &[("burn-ticket-1d", effect::WARN)]);
    check(
        &[burning; 7],
        &[
            ("burn-page-1h", effect::HOLD),
            ("burn-page-6h", effect::HOLD),
            ("burn-ticket-1d", effect::WARN),
            ("burn-ticket-3d", effect::WARN),
        ],
    );
}

#[test]
fn an_alert_holds_from_its_factor_on() {
    let check = |bad: u64, expected: u32| {
        let slo = slo("0.999", &[(10_000 - bad, bad), (10_000 - bad, bad)]);
        assert_eq!(decide(&one_alert("14.4", ""), "feature", slo).effect, expected, "{bad}");
    };
    check(143, effect::ALLOW);
    check(144, effect::FREEZE);
    check(145, effect::FREEZE);
}

#[test]
fn the_clause_gives_the_window_that_forgets_first() {
    let decision = decide(&one_alert("14.4", ""), "feature", slo("0.999", &[(980, 20), (75, 25)]));
    let clause = &decision.clauses[0];
    assert_eq!(
        clause.text,
        "`availability` burns its error budget 20 times as fast as it may over 1h, and 250 times over 5m; a page from \
         14.4 over both"
    );
    assert_eq!((clause.metric, clause.window), (metric::BURN_RATE, 300));
    assert_eq!((clause.actual.as_str(), clause.required.as_str()), ("250", "14.4"));
}

#[test]
fn few_events_have_no_effect_and_are_mentioned() {
    let check = |valid: u64, expected: (&str, u32)| {
        let params = one_alert("14.4", r#", "minimum-events": 100"#);
        let decision = decide(&params, "feature", slo("0.99", &[(valid - 50, 50), (0, 1)]));
        assert_eq!(codes(&decision), [expected]);
        assert_eq!(decision.effect, expected.1);
    };
    check(99, ("too-few-events-page-1h", effect::ALLOW));
    check(100, ("burn-page-1h", effect::FREEZE));
}

#[test]
fn no_events_are_no_burn() {
    assert_eq!(codes(&decide(&one_alert("0.1", ""), "feature", slo("0.99", &[(0, 0), (0, 0)]))), []);
}

#[test]
fn an_exempt_change_goes_out() {
    let burning = slo("0.99", &[(0, 1), (0, 1)]);
    let decision = decide(&one_alert("14.4", ""), "rollback", burning.clone());
    assert_eq!(codes(&decision), [("burn-page-1h", effect::ALLOW)]);
    assert!(decision.clauses[0].text.ends_with("; set aside for a change of kind `rollback`"));
    assert_eq!(decide(&one_alert("14.4", ""), "feature", burning).effect, effect::FREEZE);
}

#[test]
fn factors_out_of_reach_are_mentioned_once() {
    // An objective of 90 % burns 10 times as fast at most.
    let decision = decide(&params("{}"), "feature", slo("0.9", &[(0, 1); 7]));
    assert_eq!(
        codes(&decision),
        [
            ("burn-page-6h", effect::HOLD),
            ("burn-ticket-1d", effect::WARN),
            ("burn-ticket-3d", effect::WARN),
            ("unreachable", effect::ALLOW),
        ]
    );
    assert_eq!(
        decision.clauses[3].text,
        "`availability` can't burn its error budget 14.4 times as fast as it may, even if every event is bad; choose \
         a lower factor or a tighter objective"
    );
    let exactly = decide(&one_alert("10", ""), "feature", slo("0.9", &[(0, 1), (0, 1)]));
    assert_eq!(codes(&exactly), [("burn-page-1h", effect::FREEZE)]);
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let check = |long: &str, short: &str, factor: &str, expected: &str| {
        let json = format!(
            r#"{{ "alerts": [{{ "long": "{long}", "short": "{short}", "factor": "{factor}", "effect": "warn",
                "urgency": "ticket" }}] }}"#
        );
        let Problem::InvalidParams(text) = BurnRate::prepare(&params(&json)).unwrap_err() else { panic!() };
        assert!(text.starts_with(expected), "{text}");
    };
    check("1h", "1h", "1", "alert over `1h` and `1h`: the short window must be shorter than the long one");
    check("1M", "1h", "1", "alert over `1M` and `1h`: `long`: ");
    check("1h", "5", "1", "alert over `1h` and `5`: `short`: ");
    check("1h", "5m", "fast", "alert over `1h` and `5m`: `factor`: ");
    check("1h", "5m", "0", "alert over `1h` and `5m`: `factor` must be above 0");
}

#[test]
fn a_situation_without_what_was_asked_for_is_unprocessable() {
    let situation = Situation {
        service: "checkout".to_owned(),
        change: "feature".to_owned(),
        now: 0,
        slos: vec![slo("0.99", &[(1, 0)])],
        facts: Vec::new(),
    };
    let problem = BurnRate::decide(&one_alert("1", ""), &situation).unwrap_err();
    let expected = "SLO `availability` lacks a window that was asked for".to_owned();
    assert_eq!(problem, Problem::Unprocessable(expected));
}

proptest! {
    #[test]
    fn a_lower_factor_never_silences_an_alert(
        long in (0..1_000_u64, 0..1_000_u64), short in (0..1_000_u64, 0..1_000_u64),
        factor in 1..2_000_u64, lower in 1..2_000_u64,
    ) {
        let effect = |hundredths: u64| {
            let factor = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            decide(&one_alert(&factor, ""), "feature", slo("0.95", &[long, short])).effect
        };
        assert!(effect(factor) <= effect(factor.min(lower)));
    }

    #[test]
    fn an_alert_needs_both_windows(long in (1..1_000_u64, 0..1_000_u64), short in (1..1_000_u64, 0..1_000_u64)) {
        let effect = |long, short| {
            decide(&one_alert("2", ""), "feature", slo("0.9", &[long, short])).effect
        };
        let both = effect(long, long).min(effect(short, short));
        assert_eq!(effect(long, short), both);
    }

    #[test]
    fn the_effect_is_that_of_the_first_clause(windows in prop::collection::vec((0..100_u64, 0..100_u64), 7)) {
        let decision = decide(&params("{}"), "feature", slo("0.97", &windows));
        let effects: Vec<_> = decision.clauses.iter().map(|clause| clause.effect).collect();
        assert!(effects.is_sorted_by(|one, other| one >= other));
        assert_eq!(decision.effect, effects.first().copied().unwrap_or_default());
    }
}
