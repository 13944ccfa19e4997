//! Rules for Prometheus, put to `promtool`.

use weir_connect::prometheus::{Target, cases, rules};
use weir_connect::{Alert, alerts_for, usual_alerts};
use weir_math::{BurnAlert, Decimal};
use weir_model::{PolicyFile, ServiceFile, Source};

use crate::support::{service, tool};

/// An SLO of every kind.
const SHOP: &str = r#"
[service]
name = "shop"
owner = "team {{ shop }}"

[[sli]]
name = "availability"
plugin = "availability"
[sli.prometheus]
bad = 'http_requests_total{job="shop", code=~"5..|429"}'
valid = 'http_requests_total{job="shop"}'

[[sli]]
name = "latency"
plugin = "latency"
params = { threshold = "250ms" }
[sli.prometheus]
good = 'http_request_duration_seconds_bucket{job="shop", le="0.25"}'
valid = 'http_request_duration_seconds_count{job="shop"}'

[[sli]]
name = "orders"
plugin = "availability"
[sli.prometheus]
good = 'sum(rate(orders_total{state="done"}[$window]))'
valid = 'sum(rate(orders_total[$window])) + sum(rate(lost_orders_total[$window]))'

[[sli]]
name = "satisfaction"
plugin = "availability"
[sli.prometheus]
error-ratio = '1 - avg(avg_over_time(satisfaction_ratio[$window]))'

[[sli]]
name = "unseen"
plugin = "availability"

[[slo]]
name = "availability"
sli = "availability"
objective = "99.9%"
window = "30d"

[[slo]]
name = "latency"
sli = "latency"
objective = "90%"
window = "7d"

[[slo]]
name = "latency-slices"
sli = "latency"
objective = "99%"
window = "28d"
budgeting = "time-slices"
slice-target = "95%"

[[slo]]
name = "latency-shares"
sli = "latency"
objective = "99.5%"
window = { calendar = "month", time-zone = "Europe/Berlin" }
budgeting = "ratio-time-slices"
slice = "5m"
unknown-counts-as = "bad"

[[slo]]
name = "orders"
sli = "orders"
objective = "99%"
window = "30d"

[[slo]]
name = "satisfaction"
sli = "satisfaction"
objective = "95%"
window = "30d"

[[slo]]
name = "unseen"
sli = "unseen"
objective = "99%"
window = "30d"

[[slo]]
name = "usable"
composite = { all = ["availability", { slo = "latency", target = "90%" }] }
objective = "98%"
window = "30d"

[[slo]]
name = "score"
composite = { weighted = { availability = 2, latency = 1 } }
window = "30d"
"#;

fn targets<'a>(service: &'a ServiceFile, alerts: &[Alert]) -> Vec<Target<'a>> {
    service.slos.iter().map(|slo| Target { service, slo, alerts: alerts.to_vec() }).collect()
}

/// The first and the last of the usual alerts, and one with a least number of events.
fn alerts() -> Vec<Alert> {
    let burn = BurnAlert { long: 7_200, short: 600, factor: Decimal::parse("8.5").unwrap() };
    let usual = usual_alerts();
    vec![usual[0], usual[3], Alert { burn, minimum_events: 30, ..usual[0] }]
}

/// Puts rules and their test cases to `promtool`.
fn check(targets: &[Target<'_>]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules(targets).text).unwrap();
    std::fs::write(folder.path().join("cases.yml"), cases(targets, "rules.yml").text).unwrap();
    let (right, said) = tool("promtool", &["check", "rules", "rules.yml"], folder.path())?;
    assert!(right, "{said}");
    let (right, said) = tool("promtool", &["test", "rules", "cases.yml"], folder.path())?;
    assert!(right, "{said}");
    Some(said)
}

#[test]
fn rules_are_written_for_every_kind_of_slo() {
    let shop = service(SHOP);
    let generated = rules(&targets(&shop, &alerts()));
    let left: Vec<String> = generated.left_out.iter().map(|left| format!("{left}\n")).collect();
    insta::assert_snapshot!("left-out", left.concat());
    insta::assert_snapshot!("rules", generated.text);
}

#[test]
fn test_cases_are_written_for_every_kind_of_slo() {
    let shop = service(SHOP);
    insta::assert_snapshot!("cases", cases(&targets(&shop, &alerts()), "rules.yml").text);
}

#[test]
fn prometheus_alerts_when_weir_does() {
    check(&targets(&service(SHOP), &alerts()));
}

#[test]
fn the_test_cases_find_a_threshold_that_is_off() {
    let shop = service(SHOP);
    let targets = targets(&shop, &usual_alerts());
    let folder = tempfile::tempdir().unwrap();
    let wrong = rules(&targets[..1]).text.replace(">= 0.0144", ">= 0.0150");
    std::fs::write(folder.path().join("rules.yml"), wrong).unwrap();
    std::fs::write(folder.path().join("cases.yml"), cases(&targets[..1], "rules.yml").text).unwrap();
    if let Some((right, said)) = tool("promtool", &["test", "rules", "cases.yml"], folder.path()) {
        assert!(!right && said.contains("FAILED"), "{said}");
    }
}

#[test]
fn alerts_are_those_of_the_policies_that_cover_the_slo() {
    let shop = service(SHOP);
    let policy = |slos: &str, params: &str| {
        let text =
            format!("[policy]\nname = \"burn\"\nplugin = \"burn-rate\"\n[match]\nslos = [{slos}]\n{params}");
        PolicyFile::parse(Source::parse("policies/burn.toml", &text).unwrap()).unwrap()
    };
    let one = "[[params.alerts]]\nlong = \"2h\"\nshort = \"10m\"\nfactor = \"9\"\neffect = \"hold\"\nurgency = \"page\"\n";
    let found = |policies: &[PolicyFile], slo: usize| {
        alerts_for(policies, &shop, &shop.slos[slo].name).map(|alerts| {
            alerts
                .iter()
                .map(|alert| format!("{}/{} {}", alert.long(), alert.short(), alert.burn.factor))
                .collect::<Vec<_>>()
        })
    };
    let usual = ["1h/5m 14.4", "6h/30m 6", "1d/2h 3", "3d/6h 1"].map(str::to_owned);
    let named = policy("\"availability\"", one);
    assert_eq!(found(&[named.clone(), named.clone()], 0).unwrap(), ["2h/10m 9"]);
    assert_eq!(found(std::slice::from_ref(&named), 1).unwrap(), usual);
    assert_eq!(found(&[policy("\"*\"", "")], 1).unwrap(), usual);
    assert_eq!(found(&[policy("\"*\"", "[params]\nalerts = []")], 1).unwrap(), [""; 0]);
    let wrong = policy("\"*\"", &one.replace("10m", "2h"));
    let diagnostics = found(&[named, wrong], 0).unwrap_err();
    let expected =
        "policies/burn.toml:8:9: error[invalid-value]: the short window must be shorter than the long one";
    assert_eq!(diagnostics[0].to_string(), expected);
}

/// SLOs on both kinds of histograms.
const HISTOGRAMS: &str = r#"
[service]
name = "shop"
owner = "team"

[[sli]]
name = "classic"
source = "metrics"
[sli.prometheus.histogram]
metric = 'request_duration_seconds{job="shop"}'
threshold = "1"

[[sli]]
name = "native"
source = "metrics"
[sli.prometheus.histogram]
metric = 'request_duration_seconds{job="shop"}'
threshold = "0.25"
native = true

[[slo]]
name = "classic"
sli = "classic"
objective = "95%"
window = "30d"

[[slo]]
name = "native"
sli = "native"
objective = "95%"
window = "30d"
"#;

#[test]
fn histograms_become_rules_that_prometheus_understands() {
    let shop = service(HISTOGRAMS);
    let targets = targets(&shop, &usual_alerts());
    let text = rules(&targets).text;
    let within = r#"request_duration_seconds_bucket{job="shop",le=~"1|1[.]0"}[5m]"#;
    assert!(
        text.contains(within) && text.contains(r#"request_duration_seconds_count{job="shop"}[5m]"#),
        "{text}"
    );
    assert!(
        text.contains(
            "histogram_fraction(-Inf, 0.25, sum(rate(request_duration_seconds{job=\"shop\"}[5m])))"
        ),
        "{text}"
    );
    check(&targets);
}
