//! Configurations of slo-generator.

use weir_connect::slo_generator::read;
use weir_model::value::Duration;

use crate::support::shown;

const SLOS: &str = r#"apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shop-lending-availability
  labels:
    service_name: Book_Shop
    feature_name: lending
    slo_name: availability
    owner: readers
    floor: "3"
spec:
  description: Books can be lent
  backend: prometheus/eu
  method: good_bad_ratio
  exporters: [cloudevent]
  service_level_indicator:
    filter_good: >
      loans_total{state!="failed"}[window]
    filter_valid: loans_total
  goal: 0.999
---
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shop-lending-returns
  labels: {service_name: book-shop, feature_name: lending, slo_name: returns}
spec:
  backend: prometheus
  method: good_bad_ratio
  service_level_indicator:
    filter_good: returns_total{state="good"}
    filter_bad: returns_total{state="bad"}[window]
    filter_valid: returns_total
  goal: 0.99
  error_budget_policy: weekly
---
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shop-search-latency
  labels: {service_name: book-shop, feature_name: search, slo_name: latency}
spec:
  backend: prometheus
  method: distribution_cut
  service_level_indicator:
    expression: search_seconds_bucket{code=~"2.."}[window]
    threshold_bucket: 0.25
  goal: 0.95
---
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shelves
spec:
  backend: prometheus
  method: query_sli
  service_level_indicator:
    expression: |
      sum(rate(shelves_total{state="full"}[window]))
      /
      sum(rate(shelves_total[window]))
  goal: 0.9
  error_budget_policy: unheard-of
  gaol: 0.8
"#;

const SHARED: &str = "
default_exporters: [cloudevent]
backends:
  prometheus: {url: 'http://localhost:9090'}
exporters:
  cloudevent: {service_url: 'http://localhost:8080'}
error_budget_policies:
  default:
    steps:
    - {name: 1 hour, burn_rate_threshold: 9, window: 3600}
    - {name: 28 days, burn_rate_threshold: 1, window: 2419200}
  weekly:
    steps:
    - {name: a week, burn_rate_threshold: 1, window: 604800}
";

#[test]
fn slos_become_services_with_the_longest_window_of_their_policy() {
    insta::assert_snapshot!(shown(&read(&[("slos.yaml", SLOS), ("config.yaml", SHARED)], None)));
}

#[test]
fn the_window_is_asked_for_or_assumed() {
    let text = SLOS.split("---").next().unwrap();
    let window = |asked: Option<&str>| {
        let asked = asked.map(|text| Duration::parse(text).unwrap());
        let imported = read(&[("slos.yaml", text)], asked);
        let file = imported.services[0].to_toml();
        file.lines().find(|line| line.starts_with("window")).unwrap().to_owned()
    };
    assert_eq!(window(None), "window = \"28d\"");
    assert_eq!(window(Some("7d")), "window = \"7d\"");
}

#[test]
fn the_first_version_has_the_same_meaning() {
    let slo = "service_name: prom\nfeature_name: metrics\nslo_name: latency\nslo_description: fast\nslo_target: 0.9999\n\
        backend:\n  class: Prometheus\n  method: distribution_cut\n  url: ${PROMETHEUS_URL}\n  measurement:\n    \
        expression: request_seconds_bucket\n    threshold_bucket: 1\nexporters:\n- {class: Pubsub}\n";
    let policy = "- {error_budget_policy_step_name: 1 hour, measurement_window_seconds: 3600, burn_rate_threshold: 9}\n\
        - {error_budget_policy_step_name: 30 days, measurement_window_seconds: 2592000, burn_rate_threshold: 1}\n";
    insta::assert_snapshot!(shown(&read(&[("slo.yaml", slo), ("policy.yaml", policy)], None)));
}

#[test]
fn what_is_not_of_prometheus_or_makes_no_sense_is_refused() {
    let slo = |backend: &str, method: &str, indicator: &str| {
        format!(
            "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\nmetadata: {{name: a, labels: {{service_name: s, \
             slo_name: a}}}}\nspec:\n  backend: {backend}\n  method: {method}\n  service_level_indicator: {{{indicator}}}\n  \
             goal: 0.9\n---\n"
        )
    };
    let files = [
        slo("cloud_monitoring", "good_bad_ratio", "filter_good: a, filter_valid: b"),
        slo("prometheus", "query_slo", "expression: a"),
        slo("prometheus", "good_bad_ratio", "filter_good: a"),
        slo("prometheus", "good_bad_ratio", "filter_good: 'a{project=\"${PROJECT}\"}', filter_valid: b"),
        slo("prometheus", "good_bad_ratio", "filter_good: 'a{', filter_valid: b"),
        slo("prometheus", "distribution_cut", "expression: a_total, threshold_bucket: 0.1"),
        slo("prometheus", "distribution_cut", "expression: a_bucket, threshold_bucket: 0.0001"),
        "apiVersion: sre.google.com/v1\nkind: ServiceLevelObjective\n---\n7\n".to_owned(),
    ];
    let imported = read(&[("slos.yaml", &files.concat())], None);
    assert!(imported.services.is_empty());
    insta::assert_snapshot!(shown(&imported));
}
