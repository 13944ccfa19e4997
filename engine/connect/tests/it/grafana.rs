//! The dashboard.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_connect::grafana::dashboard;

use crate::support::tool;

#[test]
fn the_dashboard_is_written() {
    insta::assert_snapshot!(dashboard());
}

#[test]
fn panels_have_places_of_their_own_and_ask_in_promql() {
    let dashboard: Value = serde_json::from_str(&dashboard()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut cells = BTreeSet::new();
    let mut rules = String::from("groups:\n- name: panels\n  rules:\n");
    for (index, panel) in panels.iter().enumerate() {
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        for (x, y) in (0..place("w")).flat_map(|x| (0..place("h")).map(move |y| (x, y))) {
            let (x, y) = (place("x") + x, place("y") + y);
            assert!(x < 24 && cells.insert((x, y)), "{} overlaps at {x}, {y}", panel["title"]);
        }
        for (number, target) in panel["targets"].as_array().unwrap().iter().enumerate() {
            let expression = target["expr"].as_str().unwrap();
            rules.push_str(&format!("  - record: panel_{index}_{number}\n    expr: '{expression}'\n"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("panels.yml"), rules).unwrap();
    if let Some((right, said)) = tool("promtool", &["check", "rules", "panels.yml"], folder.path()) {
        assert!(right, "{said}");
    }
}
