//! Right files, and what they mean.

use jiff::Timestamp;
use serde_json::json;
use weir_math::{CalendarUnit, Decimal};
use weir_model::file::Content;
use weir_model::slo::Budgeting;
use weir_model::{
    Change, Composite, Effect, File, Gate, Limits, Mode, Name, Overrides, Policy, Project, Service, Source,
    Tier, Waivers,
};

use crate::text;

fn read<T: Content>(path: &str) -> File<T> {
    File::parse(Source::parse(path, &text(path)).unwrap()).unwrap()
}

fn written<T: Content>(text: &str) -> File<T> {
    File::parse(Source::parse("file.toml", text).unwrap()).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_project_names_its_sources_and_limits() {
    let project = read::<Project>("project/valid.toml");
    assert_eq!(project.about.as_of.map(|at| *at), Some(instant("2026-03-01T12:00:00Z")));
    assert_eq!(project.sources[1].service, Some(name("storefront")));
    assert_eq!(project.records.folder.as_str(), "decisions");
    assert_eq!(project.limits.deadline.unwrap().get(), 250);
    assert_eq!(project.limits.memory.unwrap().bytes(), 32 << 20);
    let bare = written::<Project>("[project]\nname = \"shop\"");
    assert_eq!(bare.records.folder.as_str(), ".weir/records");
    assert_eq!(bare.limits, Limits::default());
}

#[test]
fn limits_of_a_policy_go_before_those_of_the_project() {
    let project = read::<Project>("project/valid.toml");
    let limits = read::<Policy>("policy/valid.toml").limits.or(&project.limits);
    assert_eq!(limits.deadline.unwrap().get(), 1000);
    assert_eq!(limits.host_calls, Some(10_000));
    assert_eq!(limits.log, None);
}

#[test]
fn an_slo_has_the_defaults_that_are_documented() {
    let service = read::<Service>("service/valid.toml");
    let slo = &service.slos[0];
    assert_eq!(*slo.objective.unwrap(), weir_math::Objective::parse("99.9%").unwrap());
    assert_eq!(*slo.window, weir_math::Window::rolling("30d").unwrap());
    assert_eq!(slo.account(), weir_math::Budgeting::Occurrences);
    assert_eq!(slo.slice_seconds(), 60);
    assert_eq!(slo.stale_after.seconds(), 3600);
    assert_eq!(weir_math::Unknown::from(slo.unknown_counts_as), weir_math::Unknown::Ignored);
    assert_eq!(slo.min_coverage.map(|share| *share), Some(Decimal::parse("95%").unwrap()));
}

#[test]
fn an_slo_says_how_it_budgets() {
    let service = read::<Service>("service/valid.toml");
    let slo = service.slo(&name("availability-monthly")).unwrap();
    let month = weir_math::Window::calendar(CalendarUnit::Month, "Europe/Berlin").unwrap();
    assert_eq!(*slo.window, month);
    assert_eq!(slo.budgeting, Budgeting::TimeSlices);
    assert_eq!(slo.account(), weir_math::Budgeting::TimeSlices { target: Decimal::parse("0.99").unwrap() });
    assert_eq!(slo.slice_seconds(), 300);
    assert_eq!(weir_math::Unknown::from(slo.unknown_counts_as), weir_math::Unknown::Bad);
}

#[test]
fn a_composite_of_all_its_parts_counts_slices() {
    let service = read::<Service>("service/valid.toml");
    let slo = service.slo(&name("usable")).unwrap();
    assert_eq!(slo.account(), weir_math::Budgeting::TimeSlices { target: Decimal::ONE });
    assert_eq!(weir_math::Unknown::from(slo.unknown_counts_as), weir_math::Unknown::Bad);
    let Some(Composite::All(parts)) = &slo.composite else { panic!("it is a composite") };
    let targets: Vec<_> =
        parts.iter().map(|part| (part.slo.as_str(), part.target.map(|share| *share))).collect();
    let share = |text| Decimal::parse(text).unwrap();
    assert_eq!(targets, [("availability", None), ("latency", Some(share("90%")))]);
    let goal = |slo: &str| service.slo(&name(slo)).unwrap().slice_goal();
    assert_eq!((goal("availability"), goal("availability-monthly")), (share("99.9%"), share("99%")));
    assert!(!slo.is_weighted());
}

#[test]
fn a_weighted_composite_has_exact_weights_and_no_objective() {
    let service = read::<Service>("service/valid.toml");
    let slo = service.slo(&name("score")).unwrap();
    let Some(Composite::Weighted(parts)) = &slo.composite else { panic!("it is a composite") };
    let weights: Vec<_> = parts.iter().map(|(slo, weight)| (slo.as_str(), weight.to_string())).collect();
    assert_eq!(weights, [("availability", "3".to_owned()), ("latency", "0.5".to_owned())]);
    assert!(slo.is_weighted() && slo.objective.is_none());
}

#[test]
fn parameters_are_kept_as_they_are() {
    let service = read::<Service>("service/valid.toml");
    let params = &service.sli(&name("availability")).unwrap().params;
    assert_eq!(serde_json::Value::from(params.clone()), json!({"bad-status": [500, 599]}));
}

#[test]
fn a_policy_covers_what_it_matches() {
    let policy = read::<Policy>("policy/valid.toml");
    assert_eq!(
        (policy.about.mode, policy.about.on_error, policy.about.on_fail),
        (Mode::Warn, Effect::Freeze, Effect::Hold)
    );
    assert_eq!(policy.about.grants[1].as_str(), "runbooks");
    let check = |head: &str, expected: bool| {
        let service = written::<Service>(&format!("[service]\nowner = \"me\"\n{head}"));
        assert_eq!(policy.scope.covers(&service), expected, "{head}");
    };
    check("name = \"checkout-api\"\ntier = \"critical\"", true);
    check("name = \"search\"\ntier = \"critical\"", false);
    check("name = \"checkout-api\"\ntier = \"low\"", false);
    check("name = \"checkout-api\"\ntier = \"critical\"\nlifecycle = \"deprecated\"", false);
    assert!(policy.scope.covers_slo(&name("availability-monthly")));
    assert!(!policy.scope.covers_slo(&name("latency")));
}

#[test]
fn a_policy_without_a_match_covers_everything_and_holds() {
    let policy = written::<Policy>("[policy]\nname = \"p\"\nplugin = \"error-budget\"");
    let service = written::<Service>("[service]\nname = \"any\"\nowner = \"me\"");
    assert_eq!(service.about.tier, Tier::Standard);
    assert!(policy.scope.covers(&service) && policy.scope.covers_slo(&name("any")));
    assert_eq!((policy.about.mode, policy.about.on_no_data), (Mode::Enforce, Effect::Hold));
    assert!(policy.params.is_empty());
}

#[test]
fn a_gate_applies_its_policies() {
    let gate = read::<Gate>("gate/valid.toml");
    assert!(gate.applies(&name("budget-policy")) && gate.applies(&name("readiness")));
    assert!(!gate.applies(&name("readiness-2")));
    assert!(written::<Gate>("[gate]\nname = \"all\"").applies(&name("anything")));
}

#[test]
fn a_waiver_holds_until_the_end_of_its_last_day() {
    let waivers = read::<Waivers>("waiver/valid.toml");
    let check = |at: &str, expected: bool| {
        assert_eq!(waivers.waivers[0].holds(instant(at)), expected, "{at}");
    };
    check("2026-02-28T23:59:59Z", false);
    check("2026-03-01T00:00:00Z", true);
    check("2026-03-31T23:59:59Z", true);
    check("2026-04-01T00:00:00Z", false);
}

#[test]
fn a_waiver_lasts_180_days_at_most() {
    let waiver = |expires: &str| {
        let text = text("waiver/valid.toml").replace("2026-03-31", expires);
        File::<Waivers>::parse(Source::parse("waiver.toml", &text).unwrap())
    };
    assert!(waiver("2026-08-28").is_ok());
    assert!(waiver("2026-08-29").is_err());
    assert!(waiver("2026-03-02").is_ok());
    assert!(waiver("2026-03-01").is_err());
    assert!(waiver("9999-12-31").is_err());
}

#[test]
fn a_waiver_covers_one_rule() {
    let waivers = read::<Waivers>("waiver/valid.toml");
    let waiver = &waivers.waivers[0];
    assert!(waiver.covers(&name("shop"), &name("readiness"), "runbook-exists"));
    assert!(!waiver.covers(&name("shop"), &name("readiness"), "runbook"));
    assert!(!waiver.covers(&name("shop"), &name("budget"), "runbook-exists"));
}

#[test]
fn an_override_covers_its_policies_and_changes_for_its_time() {
    let overrides = read::<Overrides>("override/valid.toml");
    let entry = &overrides.overrides[0];
    assert_eq!(entry.effect, Effect::Allow);
    assert!(entry.covers(&name("checkout-api"), &name("budget-policy"), Change::Fix));
    assert!(!entry.covers(&name("checkout-api"), &name("budget-policy"), Change::Feature));
    assert!(!entry.covers(&name("checkout-api"), &name("readiness"), Change::Fix));
    assert!(!entry.covers(&name("search"), &name("budget-policy"), Change::Fix));
    assert!(entry.holds(instant("2026-03-01T12:00:00Z")));
    assert!(!entry.holds(instant("2026-03-02T12:00:00Z")));
}

#[test]
fn an_override_lasts_seven_days_at_most() {
    let text = text("override/valid.toml").replace("2026-03-02T12:00:00Z", "2026-03-08T12:00:00Z");
    written::<Overrides>(&text);
}
