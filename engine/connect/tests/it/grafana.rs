//! The dashboards.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_connect::grafana::{overview_dashboard, policy_dashboard, slo_dashboard};
use weir_model::{PolicyFile, Source};

use crate::support::{service, tool};

/// Holds a dashboard to what Grafana needs of it: panels have places of their own, and ask in PromQL.
#[track_caller]
fn check(dashboard: &str) {
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
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
            let expression = target["expr"].as_str().unwrap().replace("$__range", "7d");
            rules.push_str(&format!("  - record: panel_{index}_{number}\n    expr: '{expression}'\n"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("panels.yml"), rules).unwrap();
    if let Some((right, said)) = tool("promtool", &["check", "rules", "panels.yml"], folder.path()) {
        assert!(right, "{said}");
    }
}

fn policy(name: &str, more: &str) -> PolicyFile {
    let text = format!("[policy]\nname = \"{name}\"\nplugin = \"error-budget\"\n{more}");
    Source::parse("policies/test.toml", &text).and_then(PolicyFile::parse).unwrap()
}

const SERVICE: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "availability"
plugin = "availability"

[[slo]]
name = "availability"
sli = "availability"
objective = "99%"
window = "30d"

[[slo]]
name = "strict"
sli = "availability"
objective = "99.9%"
window = "30d"
"#;

const STAGES: &str = r#"
[params]
slos = ["avail*"]

[[params.stages]]
effect = "hold"
below = "50%"

[[params.stages]]
effect = "warn"
below = "10%"
lift-at = "20%"

[[params.stages]]
effect = "freeze"
burn-above = "14.4"
over = "1h"
"#;

#[test]
fn the_dashboard_of_all_slos_is_written() {
    check(&overview_dashboard());
    insta::assert_snapshot!(overview_dashboard());
}

#[test]
fn the_dashboard_of_one_slo_is_written() {
    check(&slo_dashboard());
    insta::assert_snapshot!(slo_dashboard());
}

#[test]
fn the_dashboard_of_policies_shows_their_stages() {
    let shop = service(SERVICE);
    let policies = [
        policy("usual", ""),
        policy("strict", STAGES),
        policy("elsewhere", "[match]\nservices = [\"other\"]\n"),
    ];
    let generated = policy_dashboard(&policies, &[&shop]).unwrap().unwrap();
    check(&generated.text);
    insta::assert_snapshot!(generated.text);
    let left: Vec<String> = generated.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left,
        ["strict: its stage 3 looks at a burn rate, and not at what is left", "elsewhere: it covers no SLO",]
    );
    // The policy that chooses among the SLOs looks at one of the two.
    assert!(generated.text.contains(r#"weir_slo=~\"availability|strict\"}"#));
    assert!(generated.text.contains(r#"weir_slo=~\"availability\"}"#));
    assert_eq!(policy_dashboard([], &[&shop]).unwrap(), None);
}

#[test]
fn stages_that_make_no_sense_are_said_at_their_place() {
    let wrong = policy("odd", "[[params.stages]]\neffect = \"freeze\"\nbelow = \"much\"\n");
    let said = policy_dashboard([&wrong], &[&service(SERVICE)]).unwrap_err();
    assert_eq!((said[0].line(), said.len()), (6, 1), "{said:?}");
}
