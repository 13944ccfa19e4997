//! A dashboard for Grafana over the series that the rules for Prometheus record.

use serde_json::{Value, json};

/// What is chosen at the top of the dashboard.
const CHOSEN: &str = "weir_service=~\"$service\", weir_slo=~\"$slo\"";

/// What its own lines of an SLO are called.
const SLO: &str = "{{weir_service}} / {{weir_slo}}";

/// A colour from a value on; the first one is for what lies below.
type Step = (&'static str, Option<f64>);

const BUDGET: &[Step] = &[("red", None), ("orange", Some(0.0)), ("green", Some(0.25))];
const BURNING: &[Step] = &[("green", None), ("orange", Some(1.0)), ("red", Some(14.4))];
const PLAIN: &[Step] = &[("green", None)];

/// How a panel looks at a series.
struct Panel {
    title: &'static str,
    description: &'static str,
    kind: &'static str,
    unit: &'static str,
    /// Expressions, each with what its lines are called.
    series: Vec<(String, &'static str)>,
    steps: &'static [Step],
    /// Left, top, width and height, in 24ths of the width.
    place: [u32; 4],
}

/// The dashboard, as Grafana imports it: budgets and burn rates of all SLOs, and of one of them what they come from. It asks
/// which data source to use.
#[must_use]
pub fn dashboard() -> String {
    let panels =
        (1..).zip(overview().iter().chain(&details())).map(|(id, panel)| panel.json(id)).collect::<Vec<_>>();
    let dashboard = json!({
        "uid": "weir-slos",
        "title": "Service level objectives",
        "tags": ["weir", "slo"],
        "schemaVersion": 39,
        "editable": true,
        "refresh": "1m",
        "time": { "from": "now-7d", "to": "now" },
        "templating": { "list": [
            { "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus" },
            variable("service", "Service", "label_values(weir_slo_info, weir_service)"),
            variable("slo", "SLO", "label_values(weir_slo_info{weir_service=~\"$service\"}, weir_slo)"),
        ]},
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

/// A series of the SLOs that are chosen.
fn chosen(name: &str) -> String {
    format!("{name}{{{CHOSEN}}}")
}

/// What all SLOs are looked at for.
fn overview() -> [Panel; 3] {
    let left = || vec![(chosen("weir_slo:error_budget_remaining:ratio"), SLO)];
    [
        Panel {
            title: "Error budget left",
            description: "Of the SLO's window. Below 0 the objective is missed.",
            kind: "stat",
            unit: "percentunit",
            series: left(),
            steps: BUDGET,
            place: [0, 0, 12, 8],
        },
        Panel {
            title: "Burn rate",
            description: "How many times as fast as it may the error budget burns, over the shortest window.",
            kind: "stat",
            unit: "none",
            series: vec![(chosen("weir_slo:burn_rate:ratio"), SLO)],
            steps: BURNING,
            place: [12, 0, 12, 8],
        },
        Panel {
            title: "Error budget left, over time",
            description: "Of the SLO's window, as it was at each instant.",
            kind: "timeseries",
            unit: "percentunit",
            series: left(),
            steps: BUDGET,
            place: [0, 8, 24, 9],
        },
    ]
}

/// What the budgets come from.
fn details() -> [Panel; 3] {
    // Windows are part of the names of series, so that a pattern finds those of every SLO.
    let named = |pattern: &str| format!("{{__name__=~\"weir_slo:{pattern}\", {CHOSEN}}}");
    [
        Panel {
            title: "Bad ones, by window",
            description: "The share of bad events, or slices of time, over each window that an alert looks at.",
            kind: "timeseries",
            unit: "percentunit",
            series: vec![(named("(error_ratio:rate|bad_slices:ratio).*"), "{{__name__}}")],
            steps: PLAIN,
            place: [0, 17, 12, 9],
        },
        Panel {
            title: "Events a second",
            description: "Valid events, and the bad ones among them.",
            kind: "timeseries",
            unit: "reqps",
            series: vec![
                (named("valid:rate.*"), "valid {{weir_slo}}"),
                (named("bad:rate.*"), "bad {{weir_slo}}"),
            ],
            steps: PLAIN,
            place: [12, 17, 12, 9],
        },
        Panel {
            title: "Alerts",
            description: "Pairs of windows that burn at or above their factor.",
            kind: "timeseries",
            unit: "none",
            series: vec![(
                format!("ALERTS{{alertname=~\"Weir.*\", alertstate=\"firing\", {CHOSEN}}}"),
                "{{severity}} {{weir_long}}/{{weir_short}} {{weir_slo}}",
            )],
            steps: PLAIN,
            place: [0, 26, 24, 7],
        },
    ]
}

/// Something to choose at the top; all of it unless chosen.
fn variable(name: &str, label: &str, query: &str) -> Value {
    json!({
        "name": name,
        "label": label,
        "type": "query",
        "datasource": source(),
        "query": { "query": query, "refId": name },
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": true,
        "includeAll": true,
        "allValue": ".+",
        "current": { "text": "All", "value": "$__all" },
    })
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Panel {
    fn json(&self, id: u32) -> Value {
        let [x, y, w, h] = self.place;
        let targets = ["A", "B"].iter().zip(&self.series).map(|(reference, (expression, legend))| {
            json!({
                "refId": reference,
                "datasource": source(),
                "expr": expression,
                "legendFormat": legend,
                "instant": self.kind == "stat",
                "range": self.kind != "stat",
            })
        });
        let steps = self.steps.iter().map(|(color, value)| json!({ "color": color, "value": value }));
        json!({
            "id": id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": source(),
            "gridPos": { "x": x, "y": y, "w": w, "h": h },
            "targets": targets.collect::<Vec<_>>(),
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "thresholds": { "mode": "absolute", "steps": steps.collect::<Vec<_>>() },
                },
                "overrides": [],
            },
        })
    }
}
