//! Whatever stands in a file: every reader comes to an end, says where what is wrong stands, and what it makes is a service
//! file.

use proptest::prelude::*;
use weir_connect::{Imported, openslo, pyrra, rule_files, slo_generator, sloth};
use weir_model::value::Duration;
use weir_model::{Diagnostic, ServiceFile, Source};

/// A file of each kind, to be damaged.
const SEEDS: [&str; 6] = [
    "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a, labels: {b: c}}\nspec:\n  service: s\n  indicator:\n    metadata: \
     {name: i}\n    spec:\n      ratioMetric:\n        counter: true\n        bad: {metricSource: {type: Prometheus, spec: \
     {query: 'a_total{b=\"c\"}'}}}\n        total: {metricSource: {type: Prometheus, spec: {query: a_total}}}\n  timeWindow: \
     [{duration: 30d, isRolling: true}]\n  budgetingMethod: Timeslices\n  objectives: [{target: 0.999, timeSliceTarget: 0.9, \
     timeSliceWindow: 5m}, {targetPercent: 99, compositeWeight: 2}]\n",
    "version: prometheus/v1\nservice: s\nlabels: &l {owner: o}\nslos:\n  - name: a\n    objective: 99.9\n    labels: *l\n    \
     description: |\n      Ünï\n    sli:\n      events:\n        error_query: sum(rate(a[{{.window}}]))\n        total_query: \
     sum(rate(b[{{.window}}]))\n    alerting: {page_alert: {disable: true}}\n",
    "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n  name: a\n  labels: {pyrra.dev/team: t}\nspec:\n  \
     target: '99'\n  window: 2w\n  indicator:\n    latency:\n      success: {metric: 'a_bucket{le=\"0.1\"}'}\n      total: \
     {metric: a_count}\n      grouping: [b]\n",
    "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\nmetadata:\n  name: a\n  labels: {service_name: s, slo_name: \
     n}\nspec:\n  backend: prometheus\n  method: distribution_cut\n  service_level_indicator:\n    expression: a_bucket{b=\"c\"}\n    \
     threshold_bucket: 0.25\n  goal: 0.9\n",
    "backends: {prometheus: {url: u}}\nerror_budget_policies:\n  default:\n    steps:\n    - {window: 3600}\n---\nslo_name: \
     n\nservice_name: s\nfeature_name: f\nslo_target: 0.5\nbackend: {class: Prometheus, method: good_bad_ratio, measurement: \
     {filter_good: 'a{b=\"c\"}[window]', filter_bad: d}}\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: a > 1\n    for: 5m\n    labels: {severity: page}\n    annotations: \
     {runbook_url: https://example.com}\n  - record: b\n    expr: sum(a)\n",
];

/// Pieces that mean something in YAML, TOML or PromQL.
const PIECES: [&str; 20] = [
    "\n", " ", "- ", ": ", "{", "}", "[", "]", "&x ", "*x", "'", "\"", "|\n", "#", "---\n", "\t", "\u{0}",
    "ü", "$window", "0",
];

fn damaged() -> impl Strategy<Value = String> {
    let change =
        (any::<prop::sample::Index>(), 0_usize..12, prop::option::of(prop::sample::select(PIECES.to_vec())));
    let seed = prop::sample::select(SEEDS.to_vec());
    (seed, prop::collection::vec(change, 0..5)).prop_map(|(seed, changes)| {
        let mut text: Vec<char> = seed.chars().collect();
        for (place, length, piece) in changes {
            let start = place.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.unwrap_or_default().chars());
        }
        text.into_iter().collect()
    })
}

/// Each diagnostic is within the text.
fn are_placed(text: &str, diagnostics: &[Diagnostic]) {
    for said in diagnostics {
        assert!(text.get(said.range.clone()).is_some(), "{said}: {:?} in {text:?}", said.range);
        assert!(said.line() >= 1 && !said.message.is_empty(), "{said}");
    }
}

fn check(text: &str, imported: &Imported) {
    are_placed(text, &imported.diagnostics);
    for service in &imported.services {
        let file = service.to_toml();
        let source = Source::parse("services/x.toml", &file);
        let source = source.unwrap_or_else(|wrong| panic!("{}\n{file}", wrong[0]));
        if let Err(wrong) = ServiceFile::parse(source) {
            panic!("{}\n{file}\n{text}", wrong[0]);
        }
    }
}

fn read_by_all(text: &str) {
    let files = [("x.yaml", text)];
    check(text, &openslo::read(&files));
    check(text, &sloth::read(&files, Duration::parse("30d").unwrap()));
    check(text, &pyrra::read(&files, None));
    check(text, &slo_generator::read(&files, None));
    let rules = rule_files::read("x.yaml", text);
    are_placed(text, &rules.diagnostics);
    assert!(serde_json::from_str::<serde_json::Value>(&rules.to_json()).is_ok());
}

proptest! {
    #[test]
    fn damaged_files_are_read_or_refused(text in damaged()) {
        read_by_all(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_by_all(&String::from_utf8_lossy(&bytes));
    }
}
