//! Rule files of Prometheus, and the resource `PrometheusRule` of its operator, as documents that checks can judge.
//!
//! They are read as they are: no expression is looked into, and nothing is judged. Every rule, and what is written of it,
//! knows its line and column.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use weir_model::diagnostic::{Code, Diagnostic};

use crate::yaml::read::File;
use crate::yaml::table::{Item, Table};

/// What a rule file holds.
#[derive(Debug)]
pub struct RuleFile {
    /// The groups, in the order of the file.
    pub groups: Vec<RuleGroup>,
    /// What is wrong with the file, with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleGroup {
    /// The group's name.
    pub name: String,
    /// How often its rules are evaluated, where the group says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The alerting rules, in the order of the file.
    pub alerts: Vec<AlertRule>,
    /// The names of the series that its other rules record, in the order of the file.
    pub records: Vec<String>,
}

/// An alerting rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertRule {
    /// The alert's name. The rule is where it is.
    pub alert: Placed,
    /// When it fires.
    pub expr: Placed,
    /// For how long that has to be so.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub pending: Option<Placed>,
    /// For how long it fires on after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_firing_for: Option<Placed>,
    /// Its labels, such as `severity`.
    pub labels: BTreeMap<String, Placed>,
    /// Its annotations, such as `runbook_url`.
    pub annotations: BTreeMap<String, Placed>,
}

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The text, as it is meant.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Reads a rule file. The path is only shown.
#[must_use]
pub fn read(path: &str, text: &str) -> RuleFile {
    let file = File::new(path, text);
    let mut groups = Vec::new();
    for node in file.documents() {
        document(Item { file: &file, node: &node }, &mut groups);
    }
    RuleFile { groups, diagnostics: file.into_diagnostics() }
}

impl RuleFile {
    /// All of it as JSON: `groups`, and under `problems` what is wrong, with lines and columns.
    #[must_use]
    pub fn to_json(&self) -> String {
        let problem = |said: &Diagnostic| {
            json!({
                "severity": said.severity.to_string(),
                "code": said.code.as_str(),
                "text": said.message,
                "line": said.line(),
                "column": said.column(),
            })
        };
        let problems: Vec<_> = self.diagnostics.iter().map(problem).collect();
        json!({ "groups": self.groups, "problems": problems }).to_string()
    }
}

fn document(item: Item<'_>, groups: &mut Vec<RuleGroup>) {
    let Some(table) = item.table("rule file") else { return };
    let found = if item.has("groups") {
        table.get("groups")
    } else if table.text("kind") == Some("PrometheusRule") {
        table.need("spec").and_then(|spec| spec.table("spec")).and_then(|spec| spec.get("groups"))
    } else if item.has("items") {
        table.get("items").into_iter().flat_map(Item::list).for_each(|item| document(item, groups));
        return;
    } else {
        let help = Some("expected `groups`, or the kind `PrometheusRule`".to_owned());
        item.wrong(Code::UnknownFormat, "this is no rule file of Prometheus", help);
        return;
    };
    for group in found.into_iter().flat_map(Item::list) {
        groups.extend(group.table("group").and_then(|table| read_group(&table)));
    }
}

fn read_group(table: &Table<'_>) -> Option<RuleGroup> {
    let name = table.need("name").and_then(Item::text);
    let interval = table.text("interval").map(str::to_owned);
    for key in ["query_offset", "limit", "labels", "partial_response_strategy"] {
        let _ = table.get(key);
    }
    let mut group = RuleGroup { name: name?.to_owned(), interval, alerts: Vec::new(), records: Vec::new() };
    for rule in table.get("rules").into_iter().flat_map(Item::list) {
        let Some(rule) = rule.table("rule") else { continue };
        match (rule.get("alert"), rule.get("record")) {
            (Some(alert), None) => group.alerts.extend(read_alert(&rule, alert)),
            (None, Some(record)) => {
                group.records.extend(record.text().map(str::to_owned));
                let _ = (rule.need("expr"), rule.get("labels"));
            }
            (Some(_), Some(record)) => {
                record.wrong(Code::NeedlessKey, "a rule either alerts or records, and not both", None);
                continue;
            }
            (None, None) => {
                rule.item().wrong(Code::MissingKey, "a rule has neither `alert` nor `record`", None);
                continue;
            }
        }
        rule.finish();
    }
    table.finish();
    Some(group)
}

fn read_alert(rule: &Table<'_>, alert: Item<'_>) -> Option<AlertRule> {
    let alert = placed(alert);
    let expr = rule.need("expr").and_then(placed);
    let (pending, keep) = (rule.get("for").and_then(placed), rule.get("keep_firing_for").and_then(placed));
    let (labels, annotations) = (texts(rule, "labels"), texts(rule, "annotations"));
    let (alert, expr) = (alert?, expr?);
    Some(AlertRule { alert, expr, pending, keep_firing_for: keep, labels, annotations })
}

/// The texts of a table, by their keys.
fn texts(rule: &Table<'_>, key: &'static str) -> BTreeMap<String, Placed> {
    let Some(item) = rule.get(key) else { return BTreeMap::new() };
    if item.table(key).is_none() {
        return BTreeMap::new();
    }
    let entry = |(name, value): (&str, Item<'_>)| {
        // A label without a value is one with an empty text.
        let value = if value.node.is_null() { Some(at(value, "")) } else { placed(value) };
        Some((name.to_owned(), value?))
    };
    item.entries().filter_map(entry).collect()
}

fn placed(item: Item<'_>) -> Option<Placed> {
    Some(at(item, item.text()?))
}

fn at(item: Item<'_>, text: &str) -> Placed {
    let (line, column) = item.position();
    Placed { text: text.to_owned(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "groups:
- name: shop
  interval: 1m
  rules:
  - alert: ShopIsSlow
    expr: |
      slow > 1
    for: 5m
    keep_firing_for: 10m
    labels: {severity: page, \"team\": }
    annotations:
      runbook_url: 'https://runbooks.example/slow'
  - record: shop:slow
    expr: sum(slow)
";

    #[test]
    fn alerts_are_read_with_the_places_of_what_they_say() {
        let file = read("alerts/shop.yml", RULES);
        assert!(file.diagnostics.is_empty(), "{:?}", file.diagnostics);
        let [group] = file.groups.as_slice() else { panic!("{file:?}") };
        assert_eq!((group.name.as_str(), group.interval.as_deref()), ("shop", Some("1m")));
        assert_eq!(group.records, ["shop:slow"]);
        let [rule] = group.alerts.as_slice() else { panic!("{group:?}") };
        let check = |placed: Option<&Placed>, expected: (&str, usize, usize)| {
            let placed = placed.unwrap();
            assert_eq!((placed.text.as_str(), placed.line, placed.column), expected);
        };
        check(Some(&rule.alert), ("ShopIsSlow", 5, 12));
        check(Some(&rule.expr), ("slow > 1\n", 7, 7));
        check(rule.pending.as_ref(), ("5m", 8, 10));
        check(rule.keep_firing_for.as_ref(), ("10m", 9, 22));
        check(rule.labels.get("severity"), ("page", 10, 24));
        check(rule.labels.get("team"), ("", 10, 36));
        check(rule.annotations.get("runbook_url"), ("https://runbooks.example/slow", 12, 20));
    }

    #[test]
    fn the_resource_of_the_operator_has_the_same_rules() {
        let indented: String = RULES.lines().map(|line| format!("  {line}\n")).collect();
        let resource =
            format!("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n{indented}");
        let (plain, resource) = (read("a.yml", RULES), read("b.yml", &resource));
        assert!(resource.diagnostics.is_empty(), "{:?}", resource.diagnostics);
        assert_eq!(resource.groups[0].alerts[0].labels.len(), plain.groups[0].alerts[0].labels.len());
        assert_eq!(resource.groups[0].alerts[0].alert.line, plain.groups[0].alerts[0].alert.line + 3);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let check = |text: &str, expected: &[&str]| {
            let file = read("a.yml", text);
            let said: Vec<String> = file.diagnostics.iter().map(ToString::to_string).collect();
            assert_eq!(said, expected);
            let json: serde_json::Value = serde_json::from_str(&file.to_json()).unwrap();
            assert_eq!(json["problems"].as_array().map(Vec::len), Some(expected.len()), "{json}");
        };
        check("a: 1\n", &["a.yml:1:1: error[unknown-format]: this is no rule file of Prometheus"]);
        check(
            "groups: [\n",
            &[
                "a.yml:2:1: error[yaml-syntax]: this is not YAML: while parsing a node, did not find expected node content",
            ],
        );
        check(
            "groups:\n- rules: []\n- name: a\n  rules:\n  - {alert: A}\n  - {expr: b}\n  - {alert: A, record: b}\n  - {alert: \
             A, expr: b, fro: 5m, labels: [x]}\n",
            &[
                "a.yml:2:3: error[missing-key]: `group` has no `name`",
                "a.yml:5:5: error[missing-key]: `rule` has no `expr`",
                "a.yml:6:5: error[missing-key]: a rule has neither `alert` nor `record`",
                "a.yml:7:24: error[needless-key]: a rule either alerts or records, and not both",
                "a.yml:8:25: warning[not-carried-over]: unknown key `fro` in `rule`",
                "a.yml:8:42: error[wrong-type]: expected a table, `labels`",
            ],
        );
    }
}
