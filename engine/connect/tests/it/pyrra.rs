//! Objectives of Pyrra.

use weir_connect::pyrra::read;
use weir_model::Name;
use weir_model::diagnostic::Code;

use crate::support::shown;

const BOOKS: &str = r#"apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: lending-errors
  namespace: library
  labels: {pyrra.dev/team: readers, floor: three}
spec:
  target: '99.50'
  window: 4w
  description: Books can be lent
  alerting: {disabled: true}
  indicator:
    ratio:
      errors: {metric: 'loans_total{state="failed"}'}
      total: {metric: loans_total}
      grouping: [branch]
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: search-latency}
spec:
  target: "90"
  window: 2w
  indicator:
    latency:
      success: {metric: 'search_seconds_bucket{le="0.05"}'}
      total: {metric: search_seconds_count}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: search-native}
spec:
  target: "90"
  window: 2w
  indicator:
    latencyNative:
      latency: 200ms
      total: {metric: search_seconds}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: doors}
spec:
  target: "99"
  window: 1w
  indicator:
    bool_gauge: {metric: door_open, grouping: [door]}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: wrong}
spec:
  target: high
  window: 1M
  indicator:
    latency:
      success: {metric: x_bucket}
      total: {metrik: x_count}
"#;

#[test]
fn objectives_become_services_of_their_own() {
    insta::assert_snapshot!(shown(&read(&[("books.yaml", BOOKS)], None)));
}

#[test]
fn a_window_shorter_than_a_slice_is_said_and_not_written() {
    let text = BOOKS.replace("window: 1w", "window: 2s");
    let imported = read(&[("books.yaml", &text)], None);
    let found = imported.diagnostics.iter().filter(|said| said.code == Code::WindowShorterThanSlice).count();
    assert_eq!(found, 1, "{:?}", imported.diagnostics);
    assert!(!shown(&imported).contains("doors"));
}

#[test]
fn objectives_may_belong_to_one_service() {
    let imported = read(&[("books.yaml", BOOKS)], Some(&Name::parse("library").unwrap()));
    assert_eq!(imported.services.iter().map(|service| service.slo_count()).collect::<Vec<_>>(), [4]);
    let _ = shown(&imported);
}
