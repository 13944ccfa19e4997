//! Dashboards for Grafana over the series that the rules for Prometheus record.

mod policy;

use serde_json::{Map, Value, json};

pub use policy::policy_dashboard;

/// What is chosen at the top of the dashboard.
const CHOSEN: &str = "weir_service=~\"$service\", weir_slo=~\"$slo\"";

/// What its own lines of an SLO are called.
const SLO: &str = "{{weir_service}} / {{weir_slo}}";

/// A colour from a value on; the first one is for what lies below.
type Step = (&'static str, Option<f64>);

const BUDGET: &[Step] = &[("red", None), ("orange", Some(0.0)), ("green", Some(0.25))];
const BURNING: &[Step] = &[("green", None), ("orange", Some(1.0)), ("red", Some(14.4))];
const PLAIN: &[Step] = &[("green", None)];

const BURN_RATE: &str = "How many times as fast as it may the error budget burns, over the shortest window.";

/// Where the choices come from.
const SERVICES: &str = "label_values(weir_slo_info, weir_service)";
const SLOS: &str = "label_values(weir_slo_info{weir_service=~\"$service\"}, weir_slo)";

/// How a panel looks at a series.
struct Panel {
    title: String,
    description: String,
    kind: &'static str,
    unit: &'static str,
    /// Expressions, each with what its lines are called.
    series: Vec<(String, String)>,
    /// Empty for no colours.
    steps: Vec<Step>,
    /// Left, top, width and height, in 24ths of the width.
    place: [u32; 4],
}

/// Writes the dashboard of all SLOs, as Grafana imports it: what is left of their budgets, what burns, what fires. It asks
/// which data source to use.
#[must_use]
pub fn overview_dashboard() -> String {
    let variables =
        [variable("service", "Service", SERVICES, Choice::Any), variable("slo", "SLO", SLOS, Choice::Any)];
    laid_out("weir-overview", "Service level objectives", &variables, &overview())
}

/// Writes the dashboard of one SLO: its objective, its budget, and what that comes from.
#[must_use]
pub fn slo_dashboard() -> String {
    let variables =
        [variable("service", "Service", SERVICES, Choice::One), variable("slo", "SLO", SLOS, Choice::One)];
    laid_out("weir-slo", "One service level objective", &variables, &one())
}

/// A dashboard with these choices and panels, and links to the others.
fn laid_out(uid: &str, title: &str, variables: &[Value], panels: &[Panel]) -> String {
    let source =
        json!({ "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus" });
    let variables: Vec<&Value> = std::iter::once(&source).chain(variables).collect();
    let panels: Vec<Value> = (1..).zip(panels).map(|(id, panel)| panel.json(id)).collect();
    let others = json!({
        "title": "SLOs",
        "type": "dashboards",
        "tags": ["weir"],
        "asDropdown": true,
        "includeVars": true,
        "keepTime": true,
        "icon": "external link",
        "tooltip": "",
        "url": "",
        "targetBlank": false,
    });
    let dashboard = json!({
        "uid": uid,
        "title": title,
        "tags": ["weir", "slo"],
        "schemaVersion": 39,
        "editable": true,
        "refresh": "1m",
        "time": { "from": "now-7d", "to": "now" },
        "templating": { "list": variables },
        "links": [others],
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

/// A series of the SLOs that are chosen.
fn chosen(name: &str) -> String {
    format!("{name}{{{CHOSEN}}}")
}

/// A panel of a single series; what differs is said after it.
fn panel(title: &str, description: &str, unit: &'static str, expression: String, place: [u32; 4]) -> Panel {
    Panel {
        title: title.to_owned(),
        description: description.to_owned(),
        kind: "stat",
        unit,
        series: vec![(expression, SLO.to_owned())],
        steps: PLAIN.to_vec(),
        place,
    }
}

/// What all SLOs are looked at for.
fn overview() -> Vec<Panel> {
    let left = chosen("weir_slo:error_budget_remaining:ratio");
    let firing = format!("ALERTS{{alertname=\"WeirErrorBudgetBurn\", alertstate=\"firing\", {CHOSEN}}}");
    let number = |expression: String| format!("count({expression}) or vector(0)");
    let some = &[("green", None), ("red", Some(1.0))];
    let counted = |title, description, expression, place| Panel {
        series: vec![(number(expression), String::new())],
        steps: some.to_vec(),
        ..panel(title, description, "none", String::new(), place)
    };
    vec![
        counted(
            "Without error budget",
            "SLOs that miss their objective.",
            format!("{left} < 0"),
            [0, 0, 6, 4],
        ),
        counted(
            "Burning",
            "SLOs that an alert on their burn rate fires for.",
            format!("count by (weir_service, weir_slo) ({firing})"),
            [0, 4, 6, 4],
        ),
        Panel {
            steps: BUDGET.to_vec(),
            ..panel(
                "Error budget left",
                "Of the SLO's window. Below 0 the objective is missed.",
                "percentunit",
                format!("sort({left})"),
                [6, 0, 9, 8],
            )
        },
        Panel {
            steps: BURNING.to_vec(),
            ..panel("Burn rate", BURN_RATE, "none", chosen("weir_slo:burn_rate:ratio"), [15, 0, 9, 8])
        },
        Panel {
            kind: "timeseries",
            steps: BUDGET.to_vec(),
            ..panel(
                "Error budget left, over time",
                "Of the SLO's window, as it was at each instant.",
                "percentunit",
                left,
                [0, 8, 24, 9],
            )
        },
        alerts([0, 17, 24, 7]),
    ]
}

/// What one SLO is looked at for.
fn one() -> Vec<Panel> {
    numbers().into_iter().chain(courses()).chain([alerts([0, 23, 24, 7])]).collect()
}

/// How an SLO stands.
fn numbers() -> [Panel; 4] {
    let objective = chosen("weir_slo:objective:ratio");
    let achieved = format!("1 - {}", chosen("weir_slo:period_error:ratio"));
    let left = chosen("weir_slo:error_budget_remaining:ratio");
    let burn = chosen("weir_slo:burn_rate:ratio");
    let missed = "Of the SLO's window. Below 0 the objective is missed.";
    [
        panel("Objective", "What the service file asks for.", "percentunit", objective, [0, 0, 6, 5]),
        panel("Achieved", "Over the SLO's window.", "percentunit", achieved, [6, 0, 6, 5]),
        Panel {
            steps: BUDGET.to_vec(),
            ..panel("Error budget left", missed, "percentunit", left, [12, 0, 6, 5])
        },
        Panel { steps: BURNING.to_vec(), ..panel("Burn rate", BURN_RATE, "none", burn, [18, 0, 6, 5]) },
    ]
}

/// What came of an SLO over time.
fn courses() -> [Panel; 4] {
    // Windows are part of the names of series, so that a pattern finds those of every SLO.
    let named = |pattern: &str| format!("{{__name__=~\"weir_slo:{pattern}\", {CHOSEN}}}");
    let rates = [(named("valid:rate.*"), "valid".to_owned()), (named("bad:rate.*"), "bad".to_owned())];
    let shares = "The share of bad events, or slices of time, over each window that an alert looks at.";
    [
        Panel {
            kind: "timeseries",
            steps: BUDGET.to_vec(),
            ..panel(
                "Error budget left, over time",
                "Of the SLO's window, as it was at each instant.",
                "percentunit",
                chosen("weir_slo:error_budget_remaining:ratio"),
                [0, 5, 12, 9],
            )
        },
        Panel {
            kind: "timeseries",
            steps: BURNING.to_vec(),
            ..panel(
                "Burn rate, over time",
                BURN_RATE,
                "none",
                chosen("weir_slo:burn_rate:ratio"),
                [12, 5, 12, 9],
            )
        },
        Panel {
            kind: "timeseries",
            series: vec![(named("(error_ratio:rate|bad_slices:ratio).*"), "{{__name__}}".to_owned())],
            ..panel("Bad ones, by window", shares, "percentunit", String::new(), [0, 14, 12, 9])
        },
        Panel {
            kind: "timeseries",
            series: rates.to_vec(),
            ..panel(
                "Events a second",
                "Valid events, and the bad ones among them.",
                "reqps",
                String::new(),
                [12, 14, 12, 9],
            )
        },
    ]
}

/// The alerts that fire.
fn alerts(place: [u32; 4]) -> Panel {
    let firing = format!("ALERTS{{alertname=~\"Weir.*\", alertstate=\"firing\", {CHOSEN}}}");
    let legend = "{{severity}} {{weir_long}}/{{weir_short}} {{weir_service}} / {{weir_slo}}";
    Panel {
        kind: "timeseries",
        series: vec![(firing, legend.to_owned())],
        ..panel(
            "Alerts",
            "Pairs of windows that burn at or above their factor.",
            "none",
            String::new(),
            place,
        )
    }
}

/// Whether all of what can be chosen is shown unless something is chosen, or one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Any,
    One,
}

/// Something to choose at the top.
fn variable(name: &str, label: &str, query: &str, choice: Choice) -> Value {
    let any = choice == Choice::Any;
    let mut variable = json!({
        "name": name,
        "label": label,
        "type": "query",
        "datasource": source(),
        "query": { "query": query, "refId": name },
        "refresh": 2,
        "sort": 1,
        "multi": any,
        "includeAll": any,
    });
    if let Some(keys) = variable.as_object_mut().filter(|_| any) {
        keys.insert("allValue".to_owned(), ".+".into());
        keys.insert("current".to_owned(), json!({ "text": "All", "value": "$__all" }));
    }
    variable
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Panel {
    fn json(&self, id: u32) -> Value {
        let [x, y, w, h] = self.place;
        let targets = ('A'..='Z').zip(&self.series).map(|(reference, (expression, legend))| {
            json!({
                "refId": reference.to_string(),
                "datasource": source(),
                "expr": expression,
                "legendFormat": legend,
                "instant": self.kind == "stat",
                "range": self.kind != "stat",
            })
        });
        json!({
            "id": id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": source(),
            "gridPos": { "x": x, "y": y, "w": w, "h": h },
            "targets": targets.collect::<Vec<_>>(),
            "fieldConfig": { "defaults": self.defaults(), "overrides": [] },
        })
    }

    /// How values are shown.
    fn defaults(&self) -> Map<String, Value> {
        let mut defaults = Map::new();
        defaults.insert("unit".to_owned(), self.unit.into());
        if !self.steps.is_empty() {
            let steps = self.steps.iter().map(|(color, value)| json!({ "color": color, "value": value }));
            let thresholds = json!({ "mode": "absolute", "steps": steps.collect::<Vec<_>>() });
            defaults.insert("thresholds".to_owned(), thresholds);
        }
        if self.kind == "timeseries" && self.steps.len() > 1 {
            defaults.insert("custom".to_owned(), json!({ "thresholdsStyle": { "mode": "line" } }));
        }
        defaults
    }
}
