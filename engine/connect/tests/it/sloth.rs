//! Specifications of Sloth.

use weir_connect::sloth::read;
use weir_model::value::Duration;

use crate::support::shown;

const BOOKS: &str = r#"version: prometheus/v1
service: Book_Shop
labels:
  owner: readers
  floor: "3"
slos:
  - name: lending
    objective: 99.95
    description: Books can be lent
    labels: {shelf: fiction}
    sli:
      events:
        error_query: sum(rate(loans_total{state="failed"}[{{.window}}]))
        total_query: sum(rate(loans_total[{{ .window }}]))
    alerting:
      name: LendingFails
      labels: {category: lending}
      page_alert:
        labels: {severity: call}
      ticket_alert:
        disable: true
  - name: quiet
    objective: 90
    sli:
      raw:
        error_ratio_query: |
          1 - (
            avg(avg_over_time(quiet_ratio[{{.window}}]))
          )
    alerting: {}
  - name: made-elsewhere
    objective: 99
    sli:
      plugin: {id: shop/books}
  - name: perfect
    objective: 100
    sli:
      events: {error_query: "sum(rate(a[{{.window}}]))", total_query: "sum(rate(a[5m]))"}
    allerting: {}
"#;

fn thirty_days() -> Duration {
    Duration::parse("30d").unwrap()
}

#[test]
fn a_specification_becomes_a_service() {
    insta::assert_snapshot!(shown(&read(&[("books.yml", BOOKS)], thirty_days())));
}

#[test]
fn the_custom_resource_has_the_same_meaning() {
    let resource = "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {name: x, namespace: y}\n\
        spec:\n  service: shop\n  labels: {owner: readers}\n  slos:\n    - name: lending\n      objective: 99.9\n      \
        sli: {events: {errorQuery: 'sum(rate(a[{{.window}}]))', totalQuery: 'sum(rate(b[{{.window}}]))'}}\n      \
        alerting: {pageAlert: {disable: true}}\n---\napiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec: {}\n---\n\
        apiVersion: openslo/v1alpha\nkind: SLO\n---\nversion: prometheus/v2\n---\n[1]\n";
    insta::assert_snapshot!(shown(&read(&[("resource.yml", resource)], Duration::parse("7d").unwrap())));
}
