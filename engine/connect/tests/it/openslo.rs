//! OpenSLO, read and written.

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use weir_connect::openslo::{read, write};
use weir_model::{Service, ServiceFile};

use crate::support::{service, shown};

const BOOKS: &str = r#"apiVersion: openslo/v1
kind: Service
metadata:
  name: library
  labels: {team: [readers, others], floor: three}
spec: {description: Lends books}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec: {type: Prometheus}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: loans, displayName: Loans of books}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(loans_total{state="done"})'}}}
    total: {metricSource: {metricSourceRef: metrics, spec: {query: loans_total, dimensions: [branch]}}}
---
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: lending, displayName: Lending books}
  spec:
    service: library
    indicatorRef: loans
    timeWindow: [{duration: 4w, isRolling: true}]
    budgetingMethod: Occurrences
    objectives:
      - {displayName: fine, target: 0.99}
      - {displayName: very good, targetPercent: "99.95"}
    alertPolicies: [{alertPolicyRef: nobody}]
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: quick}
  spec:
    description: Searching is quick
    service: library
    indicator:
      metadata: {name: search-time}
      spec:
        thresholdMetric: {metricSource: {type: Prometheus, spec: {query: max(search_seconds)}}}
    timeWindow:
      - {duration: 1M, isRolling: false, calendar: {startTime: "2026-01-01 12:00:00", timeZone: Europe/Berlin}}
    budgetingMethod: Timeslices
    objectives:
      - {op: lte, value: 0.2, target: 0.98, timeSliceTarget: 0.9, timeSliceWindow: 5}
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: both}
  spec:
    service: library
    budgetingMethod: Timeslices
    timeWindow: [{duration: 30d, isRolling: true}]
    objectives:
      - {displayName: a, indicatorRef: loans, target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1m, compositeWeight: 2}
      - {displayName: b, indicatorRef: loans, target: 0.98, timeSliceTarget: 0.8, timeSliceWindow: 1m}
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: elsewhere}
  spec:
    service: library
    indicator:
      spec:
        ratioMetric:
          counter: false
          bad: {metricSource: {type: Datadog, spec: {query: a}}}
          total: {metricSource: {type: Datadog, spec: {query: b}}}
    budgetingMethod: RatioTimeslices
    objectives: [{target: 0.9}]
"#;

const WRONG: &str = r#"- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: a}
  spec:
    service: s
    indicatorRef: nothing
    budgetingMethod: Occurences
    timeWindow: [{duration: 1m, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlim}}]
    objectives: [{target: 1.0}]
- {apiVersion: openslo/v2alpha, kind: SLO, metadata: {name: b}}
- {apiVersion: openslo/v1, kind: Slo, metadata: {name: c}}
- {apiVersion: openslo/v1, kind: SLO, metadata: {}}
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: d}
  spec:
    service: s
    indicator: {spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {query: x}}}}}
    budgetingMethod: Timeslices
    timeWindow: [{duration: 1M, isRolling: true}]
    objectives: [{op: gt, target: 0.9, timeSliceWindow: 1m}]
- {apiVersion: openslo/v1, kind: AlertCondition, metadata: {name: e}}
"#;

#[test]
fn objects_become_services() {
    insta::assert_snapshot!(shown(&read(&[("books.yaml", BOOKS)])));
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    insta::assert_snapshot!(shown(&read(&[("wrong.yaml", WRONG)])));
}

#[test]
fn references_lead_into_other_files() {
    let (one, other) = BOOKS.split_once("---\n- ").unwrap();
    let together = shown(&read(&[("books.yaml", BOOKS)]));
    let other = format!("- {other}");
    let apart = shown(&read(&[("slos.yaml", &other), ("rest.yaml", one)]));
    let files = |shown: &str| {
        shown.lines().take_while(|line| !line.contains(".yaml:")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(files(&together), files(&apart));
}

/// An SLO of every kind.
const SHOP: &str = r#"
[service]
name = "shop"
owner = "team: \"shop\""
tier = "critical"
dependencies = ["stock", "mail"]
description = "Sells\nthings"

[[sli]]
name = "availability"
plugin = "availability"
measured-at = "load-balancer"
event-types = ["weir.http.*", "shop.order"]
params = { except = { "data.path" = ["/healthz"] }, limit = 0.5 }

[sli.prometheus]
bad = 'http_requests_total{code=~"5.."}'
valid = 'http_requests_total'

[[sli]]
name = "latency"
plugin = "latency"
params = { threshold = "250ms" }

[sli.prometheus]
good = 'sum(rate(fast_total[$window]))'
valid = 'sum(rate(requests_total[$window]))'

[[sli]]
name = "mood"
plugin = "correctness"

[sli.prometheus]
error-ratio = 'avg(avg_over_time(bad_mood[$window]))'

[[sli]]
name = "unasked"
plugin = "availability"

[[slo]]
name = "availability"
sli = "availability"
objective = "99.95%"
window = "30d"
slice = "5m"
unknown-counts-as = "bad"
stale-after = "2h"
min-coverage = "90%"
description = "Customers can pay"

[[slo]]
name = "latency"
sli = "latency"
objective = "95%"
window = { calendar = "quarter", time-zone = "Europe/Berlin" }
budgeting = "time-slices"
slice = "5m"
slice-target = "90%"

[[slo]]
name = "mood"
sli = "mood"
objective = "0.5"
window = "1h30m30s"
budgeting = "ratio-time-slices"

[[slo]]
name = "usable"
composite = { all = ["availability", { slo = "latency", target = "80%" }] }
objective = "98%"
window = "7d"

[[slo]]
name = "score"
composite = { weighted = { availability = 3, latency = "0.5" } }
window = "30d"

[[sla]]
name = "merchants"
slo = "availability"
objective = "99%"
"#;

#[test]
fn every_kind_of_slo_is_written() {
    let shop = service(SHOP);
    let written = write(&[&shop]);
    insta::assert_snapshot!("written", written.text);
    let left: Vec<String> = written.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left,
        [
            "shop/merchants: the SLA: OpenSLO knows objectives and no promises",
            "shop/unasked: the SLI: no SLO measures it, and OpenSLO would not know whose it is"
        ]
    );
}

/// Writes the service, reads what was written, and gives the service of that.
fn there_and_back(service: &Service) -> (String, ServiceFile) {
    let text = write(&[service]).text;
    let imported = read(&[("written.yaml", &text)]);
    let said: Vec<String> = imported.diagnostics.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{said:#?}\n{text}");
    let [read] = imported.services.as_slice() else { panic!("one service is written") };
    (text, self::service(&read.to_toml()))
}

#[test]
fn reading_what_was_written_gives_the_same_slos() {
    let mut shop = service(SHOP).into_content();
    shop.slas.clear();
    shop.slis.retain(|sli| sli.name.as_str() != "unasked");
    let (_, back) = there_and_back(&shop);
    assert_eq!(format!("{:#?}", back.into_content()), format!("{shop:#?}"));
}

/// A service file with an SLO for an SLI.
fn files() -> impl Strategy<Value = String> {
    let counted = (1..999_999_u32).prop_map(|millionths| format!("0.{millionths:06}"));
    let window = prop_oneof![
        (60..9_000_000_u64).prop_map(|seconds| format!("\"{seconds}s\"")),
        (1..400_u32).prop_map(|days| format!("\"{days}d\"")),
        prop_oneof![Just("day"), Just("week"), Just("month"), Just("quarter"), Just("year")]
            .prop_map(|unit| format!("{{ calendar = \"{unit}\", time-zone = \"America/New_York\" }}")),
    ];
    let budgeting = prop_oneof![
        Just("budgeting = \"occurrences\"".to_owned()),
        Just("budgeting = \"ratio-time-slices\"".to_owned()),
        (1..100_u32).prop_map(|target| format!("budgeting = \"time-slices\"\nslice-target = \"{target}%\"")),
    ];
    let queries = prop_oneof![
        Just(String::new()),
        Just("[sli.prometheus]\nbad = \"a_total{x=\\\"1\\\"}\"\nvalid = \"a_total\"".to_owned()),
        Just("[sli.prometheus]\nerror-ratio = '''1 - (\n  avg(a[$window])\n)'''".to_owned()),
    ];
    let text = any::<String>().prop_filter("a text says something", |text| !text.trim().is_empty());
    (counted, window, budgeting, queries, text, 1..60_u64).prop_map(
        |(objective, window, budgeting, queries, text, slice)| {
            // JSON's escapes are TOML's, but for one character that JSON leaves as it is.
            let text = serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f");
            format!(
                "[service]\nname = \"s\"\nowner = {text}\n[[sli]]\nname = \"i\"\nplugin = \"availability\"\n\
                 params = {{ a = {text}, b = [1, 2.5, true] }}\n{queries}\n[[slo]]\nname = \"o\"\nsli = \"i\"\n\
                 objective = \"{objective}\"\nwindow = {window}\n{budgeting}\nslice = \"{slice}s\"\ndescription = {text}\n"
            )
        },
    )
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_same(text in files()) {
        let service = service(&text).into_content();
        let (written, back) = there_and_back(&service);
        let back = back.into_content();
        prop_assert_eq!(format!("{back:#?}"), format!("{service:#?}"));
        prop_assert_eq!(write(&[&back]).text, written);
    }

    #[test]
    fn nothing_that_is_read_makes_it_panic(text in any::<String>()) {
        let _ = shown(&read(&[("any.yaml", &text)]));
    }
}
