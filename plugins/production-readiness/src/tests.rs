use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
use weir_plugin::testing::{assert_schema, with_documents};

use super::*;

/// 2026-11-24T00:00:00Z.
const NOW: i64 = 1_795_478_400;

fn params(json: &str) -> Params {
    serde_json::from_str(json).unwrap()
}

fn subject(facts: &[(&str, &str)]) -> Subject {
    let fact = |(name, value): &(&str, &str)| Fact { name: (*name).to_owned(), value: (*value).to_owned() };
    Subject {
        service: "checkout".to_owned(),
        change: String::new(),
        now: NOW,
        slos: vec!["availability".to_owned()],
        dependencies: Vec::new(),
        facts: facts.iter().map(fact).collect(),
    }
}

fn assess(params: &Params, subject: &Subject, documents: &[(&str, &str)]) -> Result<Report, Problem> {
    let documents: BTreeMap<String, String> =
        documents.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    with_documents(documents, || ProductionReadiness::assess(params, subject))
}

/// Judges one rule with the given test, and gives its finding.
fn judged(test: &str, subject: &Subject, documents: &[(&str, &str)]) -> Finding {
    let params = params(&format!(
        r#"{{ "rules": [{{ "id": "a", "level": "bronze", "layer": "monitoring", "title": "it",
            "test": {test}, "remedy": "mend it" }}] }}"#
    ));
    assess(&params, subject, documents).unwrap().findings.remove(0)
}

#[test]
fn the_schema_is_that_of_the_parameters() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/parameters.schema.json");
    assert_schema::<Params>(include_str!("../parameters.schema.json"), path);
}

#[test]
fn fields_must_say_something() {
    let check = |value: &str, expected: u32, text: &str| {
        let finding = judged(r#"{ "kind": "field", "field": "owner" }"#, &subject(&[("owner", value)]), &[]);
        assert_eq!((finding.outcome, finding.text.as_str()), (expected, text));
    };
    check("payments", outcome::PASS, "it: `owner` is `payments`");
    check(" TBD ", outcome::FAIL, "it: `owner` is `TBD`, a placeholder");
    check("", outcome::FAIL, "it: `owner` is ``, a placeholder");
    let finding = judged(r#"{ "kind": "field", "field": "owner" }"#, &subject(&[]), &[]);
    assert_eq!(finding.text, "it: the service file has no `owner`");
    assert_eq!(finding.remedy, "mend it");
}

#[test]
fn slos_are_counted() {
    let check = |test: &str, expected: u32| {
        assert_eq!(judged(test, &subject(&[]), &[]).outcome, expected, "{test}");
    };
    check(r#"{ "kind": "slos" }"#, outcome::PASS);
    check(r#"{ "kind": "slos", "at-least": 2 }"#, outcome::FAIL);
}

#[test]
fn dependencies_are_listed_or_denied() {
    let check = |dependencies: &[&str], facts: &[(&str, &str)], expected: u32| {
        let dependencies = dependencies.iter().map(|name| (*name).to_owned()).collect();
        let subject = Subject { dependencies, ..subject(facts) };
        assert_eq!(judged(r#"{ "kind": "dependency-declared" }"#, &subject, &[]).outcome, expected);
    };
    check(&["ledger"], &[], outcome::PASS);
    check(&[], &[("dependencies", "none")], outcome::PASS);
    check(&[], &[], outcome::FAIL);
}

#[test]
fn documents_are_no_stubs() {
    let check = |text: &str, expected: (u32, &str, u32)| {
        let test = r#"{ "kind": "document", "path": "runbooks/{service}.md", "min-length": 10 }"#;
        let finding = judged(test, &subject(&[]), &[("runbooks/checkout.md", text)]);
        assert_eq!((finding.outcome, finding.text.as_str(), finding.line), expected);
        assert_eq!(finding.file, "runbooks/checkout.md");
    };
    check("restart the worker", (outcome::PASS, "it: `runbooks/checkout.md` has 18 characters", 0));
    check("restart", (outcome::FAIL, "it: `runbooks/checkout.md` has 7 characters of at least 10", 0));
    check(
        "# Runbook\n\nowner: TBD\n",
        (outcome::FAIL, "it: `runbooks/checkout.md` still says `TBD` on line 3", 3),
    );
    let finding = judged(r#"{ "kind": "document", "path": "{service}.md" }"#, &subject(&[]), &[]);
    assert_eq!((finding.outcome, finding.text.as_str()), (outcome::FAIL, "it: there is no `checkout.md`"));
}

#[test]
fn sections_are_named_when_missing_or_empty() {
    let check = |text: &str, expected: (u32, &str, u32)| {
        let test =
            r#"{ "kind": "section", "path": "a.md", "headings": ["Symptoms", "Way out | Mitigation"] }"#;
        let finding = judged(test, &subject(&[]), &[("a.md", text)]);
        assert_eq!((finding.outcome, finding.text.as_str(), finding.line), expected);
    };
    check(
        "\n# Symptoms\nslow\n# Mitigation\nrestart\n",
        (outcome::PASS, "it: `a.md` has `Symptoms`, `Way out | Mitigation`", 2),
    );
    check(
        "# Mitigation\n",
        (
            outcome::FAIL,
            "it: `a.md` has no section `Symptoms` and nothing under `Way out | Mitigation` on line 1",
            1,
        ),
    );
}

#[test]
fn dates_must_be_recent_and_real() {
    let check = |date: &str, expected: (u32, &str)| {
        let test = r#"{ "kind": "dated", "path": "a.md", "key": "last-reviewed", "max-age": "180d" }"#;
        let text = format!("---\nlast-reviewed: {date}\n---\n");
        let finding = judged(test, &subject(&[]), &[("a.md", &text)]);
        assert_eq!((finding.outcome, finding.text.as_str()), expected);
        assert_eq!(finding.line, 2);
    };
    let fresh = "it: `last-reviewed` in `a.md` is `2026-05-28`, 180 days old of at most 180";
    check("2026-05-28", (outcome::PASS, fresh));
    let stale = "it: `last-reviewed` in `a.md` is `2026-05-27`, 181 days old of at most 180";
    check("2026-05-27", (outcome::FAIL, stale));
    let malformed = "it: `a.md` says `2025-04-8` for `last-reviewed` on line 2, not a date like `2026-09-01`";
    check("2025-04-8", (outcome::FAIL, malformed));
}

#[test]
fn a_date_is_in_the_future_until_it_has_begun_somewhere() {
    let check = |now: i64, expected: (u32, &str)| {
        let test = r#"{ "kind": "dated", "path": "a.md", "key": "last-drill", "max-age": "1d" }"#;
        let subject = Subject { now, ..subject(&[]) };
        let finding = judged(test, &subject, &[("a.md", "last-drill: 2026-11-25")]);
        assert_eq!((finding.outcome, finding.text.as_str()), expected);
    };
    // 25 November begins at 10:00 UTC of the 24th, in the zone 14 hours ahead.
    let begun = NOW + 10 * 3_600;
    check(begun - 1, (outcome::FAIL, "it: `last-drill` in `a.md` is `2026-11-25`, a date in the future"));
    check(begun, (outcome::PASS, "it: `last-drill` in `a.md` is `2026-11-25`, 0 days old of at most 1"));
}

#[test]
fn the_level_is_the_highest_without_an_open_rule_below() {
    let check = |facts: &[(&str, &str)], expected: &[(&str, &str)]| {
        let params = params(
            r#"{ "levels": ["one", "two", "three"], "required": {}, "rules": [
                { "id": "a", "level": "one", "layer": "monitoring", "title": "a", "test": { "kind": "field", "field": "a" } },
                { "id": "b", "level": "two", "layer": "capacity", "title": "b", "test": { "kind": "field", "field": "b" } },
                { "id": "c", "level": "three", "layer": "development", "title": "c", "test": { "kind": "field", "field": "c" },
                  "engagement": ["embedded"] }] }"#,
        );
        let report = assess(&params, &subject(facts), &[]).unwrap();
        let actual: Vec<_> =
            report.facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
        assert_eq!(actual, expected);
    };
    check(&[], &[("next-level", "one")]);
    check(&[("b", "x")], &[("next-level", "one")]);
    check(&[("a", "x")], &[("level", "one"), ("next-level", "two")]);
    check(&[("a", "x"), ("b", "x")], &[("level", "three")]);
    check(
        &[("a", "x"), ("b", "x"), ("engagement", "embedded")],
        &[("level", "two"), ("next-level", "three")],
    );
}

#[test]
fn rules_up_to_the_level_of_the_tier_are_required() {
    let check = |tier: Option<&str>, expected: [u32; 3]| {
        let facts: Vec<_> = tier.map(|tier| ("tier", tier)).into_iter().collect();
        let report = assess(&params("{}"), &subject(&facts), &[]).unwrap();
        let weight = |rule: &str| report.findings.iter().find(|finding| finding.rule == rule).unwrap().weight;
        assert_eq!([weight("owner"), weight("rollback"), weight("capacity")], expected, "{tier:?}");
    };
    let (required, advised) = (weight::REQUIRED, weight::ADVISED);
    check(Some("low"), [required, advised, advised]);
    check(Some("standard"), [required, required, advised]);
    check(Some("critical"), [required, required, required]);
    check(Some("unheard-of"), [required, required, required]);
    check(None, [required, required, required]);
}

#[test]
fn a_rule_out_of_scope_says_why() {
    let params = params(
        r#"{ "rules": [{ "id": "a", "level": "gold", "layer": "capacity", "title": "capacity",
            "test": { "kind": "slos", "at-least": 9 }, "tiers": ["critical"], "remedy": "order more" }] }"#,
    );
    let report = assess(&params, &subject(&[("tier", "low")]), &[]).unwrap();
    let finding = &report.findings[0];
    assert_eq!(finding.outcome, outcome::NOT_APPLICABLE);
    assert_eq!(finding.text, "capacity: asked only of services whose tier is `critical`");
    assert_eq!(finding.remedy, "");
    assert_eq!(fact(&report.facts, "level"), Some("gold"));
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let check = |json: &str, expected: &str| {
        let problem = assess(&params(json), &subject(&[]), &[]).unwrap_err();
        assert_eq!(problem, Problem::InvalidParams(expected.to_owned()));
    };
    let rule = |rest: &str| {
        format!(
            r#"{{ "required": {{}}, "rules": [{{ "id": "a", "layer": "capacity", "title": "a", {rest} }}] }}"#
        )
    };
    check(r#"{ "levels": [] }"#, "`levels` is empty; name at least one");
    check(r#"{ "levels": ["a", "a"] }"#, "`levels` names `a` twice");
    check(
        r#"{ "required": { "low": "iron" } }"#,
        "`required.low` names the level `iron`, not one of `bronze`, `silver`, `gold`",
    );
    check(
        &rule(r#""level": "iron", "test": { "kind": "slos" }"#),
        "rule `a` names the level `iron`, not one of `bronze`, `silver`, `gold`",
    );
    check(
        &rule(r#""level": "gold", "test": { "kind": "document", "path": "{team}.md" }"#),
        "rule `a`: `{team}.md` has a placeholder other than `{service}`",
    );
    check(
        &rule(r#""level": "gold", "test": { "kind": "section", "path": "a.md", "headings": [] }"#),
        "rule `a`: `headings` is empty; name at least one",
    );
    check(
        &rule(
            r#""level": "gold", "test": { "kind": "dated", "path": "a.md", "key": "a", "max-age": "36h" }"#,
        ),
        "rule `a`: `max-age` is `36h`, not whole days such as `180d`",
    );
}

#[test]
fn unknown_keys_are_refused() {
    let check = |json: &str| assert!(serde_json::from_str::<Params>(json).is_err(), "{json}");
    check(r#"{ "rule": [] }"#);
    check(
        r#"{ "rules": [{ "id": "a", "level": "gold", "layer": "capacity", "title": "a",
            "test": { "kind": "slos", "most": 1 } }] }"#,
    );
    check(
        r#"{ "rules": [{ "id": "a", "level": "gold", "layer": "capacity", "title": "a",
            "test": { "kind": "vibes" } }] }"#,
    );
}

#[test]
fn a_service_that_has_all_is_gold() {
    let filler = "Look at the queue first. ".repeat(30);
    let runbook = format!(
        "---\nlast-reviewed: 2026-09-01\n---\n# Checkout\n{filler}\n## Symptoms\nSlow.\n## Mitigation\nRestart.\n\
         ## Escalation\nCall payments.\n## Dashboards\nThe one of checkout.\n## Rollback\nDeploy the last version.\n"
    );
    let readiness =
        "last-drill: 2026-06-01\n# Capacity\n900 rps.\n# Dependencies\nLedger.\n# Lessons\nOne.\n";
    let documents = [("runbooks/checkout.md", runbook.as_str()), ("readiness/checkout.md", readiness)];
    let facts = [("owner", "payments"), ("description", "takes the money"), ("tier", "critical")];
    let report = assess(&params("{}"), &subject(&facts), &documents).unwrap();
    for finding in &report.findings {
        assert_eq!(finding.outcome, outcome::PASS, "{}", finding.text);
    }
    assert_eq!(fact(&report.facts, "level"), Some("gold"));
    assert_eq!(fact(&report.facts, "next-level"), None);
}

#[test]
fn the_built_in_rules_cover_every_layer() {
    for layer in
        ["monitoring", "incident-response", "post-mortems", "testing-and-release", "capacity", "development"]
    {
        assert!(rules::rules().iter().any(|rule| rule.layer.name() == layer), "{layer}");
    }
}

/// Text made of pieces that Markdown gives a meaning.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("---\n".to_owned()),
        Just("# Capacity\n".to_owned()),
        Just("```\n".to_owned()),
        Just("<!--".to_owned()),
        Just("-->\n".to_owned()),
        Just("last-drill: 2026-01-01\n".to_owned()),
        Just("\n".to_owned()),
        ".{0,12}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_document_is_judged(text in markdown()) {
        let documents = [("runbooks/checkout.md", text.as_str()), ("readiness/checkout.md", text.as_str())];
        let report = assess(&params("{}"), &subject(&[]), &documents).unwrap();
        assert_eq!(report.findings.len(), rules::rules().len());
        let lines = u32::try_from(text.lines().count()).unwrap();
        for finding in &report.findings {
            assert!(finding.line <= lines, "{}", finding.text);
        }
    }

    #[test]
    fn mending_a_field_never_lowers_the_level(mended in prop::collection::vec(0..4_usize, 0..4)) {
        let params = params(r#"{ "levels": ["0", "1"], "required": {}, "rules": [
            { "id": "a", "level": "0", "layer": "monitoring", "title": "a", "test": { "kind": "field", "field": "0" } },
            { "id": "b", "level": "1", "layer": "monitoring", "title": "b", "test": { "kind": "field", "field": "1" } },
            { "id": "c", "level": "0", "layer": "monitoring", "title": "c", "test": { "kind": "field", "field": "2" } }] }"#);
        let level = |count: usize| {
            let names: Vec<String> = mended.iter().take(count).map(ToString::to_string).collect();
            let facts: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
            let report = assess(&params, &subject(&facts), &[]).unwrap();
            fact(&report.facts, "level").map(str::to_owned)
        };
        for count in 1..=mended.len() {
            assert!(level(count - 1) <= level(count));
        }
    }
}
