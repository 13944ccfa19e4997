//! To and from other systems.

use crate::support::{Project, weir};

/// What a service file says about Prometheus.
const PROMETHEUS: &str = r#"
[service]
name = "my-service"
owner = "team-a"

[[sli]]
name = "availability"
plugin = "availability"
[sli.prometheus]
bad = 'http_requests_total{code=~"5.."}'
valid = 'http_requests_total'

[[slo]]
name = "availability"
sli = "availability"
objective = "99.9%"
window = "30d"

[[slo]]
name = "score"
composite = { weighted = { availability = 1, monthly = 1 } }
window = "30d"

[[slo]]
name = "monthly"
sli = "availability"
objective = "99.5%"
window = { calendar = "month", time-zone = "UTC" }
"#;

#[test]
fn rules_for_prometheus_have_the_alerts_of_the_projects_policies() {
    let project = Project::new();
    project.write("services/my-service.toml", PROMETHEUS).write(
        "policies/burn.toml",
        "[policy]\nname = \"burn\"\nplugin = \"burn-rate\"\n\n[match]\nslos = [\"availability\"]\n\n[[params.alerts]]\n\
         long = \"2h\"\nshort = \"10m\"\nfactor = \"9\"\neffect = \"hold\"\nurgency = \"page\"\n",
    );
    let run = project.weir(&["generate", "prometheus", "my-service"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("weir_factor: \"9\""), "{}", run.stdout);
    assert!(run.stdout.contains("weir_factor: \"14.4\""), "no policy covers `monthly`: {}", run.stdout);
    let left = "left out: my-service/score: the SLO: a weighted composite counts nothing that an alert could look at\n\
                left out: my-service/monthly: what is left of the error budget: Prometheus knows no calendar month in UTC\n";
    assert_eq!(run.stderr, left);
    let tests = project.weir(&["generate", "prometheus", "--tests", "rules.yml"]);
    assert!(tests.stdout.contains("rule_files:\n  - rules.yml\n"), "{}", tests.stdout);
}

#[test]
fn an_unknown_service_is_named_with_the_nearest_one() {
    let project = Project::new();
    let run = project.weir(&["generate", "prometheus", "my-servise"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr, "error: there is no service `my-servise`; did you mean `my-service`?\n");
    assert_eq!(weir(&["generate"]).code, 2);
}

#[test]
fn what_goes_with_the_rules_is_written_for_the_project() {
    let project = Project::new();
    let routes = project.weir(&["generate", "alertmanager"]);
    assert!(routes.code == 0 && routes.stdout.contains("-page"), "{}{}", routes.stdout, routes.stderr);
    for (which, uid) in [("overview", "weir-overview"), ("slo", "weir-slo"), ("policy", "weir-policy")] {
        let run = project.weir(&["generate", "grafana", "--dashboard", which]);
        let dashboard: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, dashboard["uid"].as_str()), (0, Some(uid)), "{}", run.stderr);
    }
    project.remove("policies/error-budget.toml");
    let none = project.weir(&["generate", "grafana", "--dashboard", "policy"]);
    assert!(
        none.code == 2 && none.stderr.contains("no policy of the project runs `error-budget`"),
        "{}",
        none.stderr
    );
    let metrics = project.weir(&["slo", "status", "--format", "openmetrics"]);
    assert_eq!(metrics.code, 0, "{}", metrics.stderr);
    let judged = "weir_slo_judged{service=\"my-service\",slo=\"availability\"} 1\n";
    assert!(metrics.stdout.contains(judged) && metrics.stdout.ends_with("# EOF\n"), "{}", metrics.stdout);
}

/// What OpenSLO has that a service file has not, and something that is wrong.
const OPENSLO: &str = "- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: lending, labels: {floor: three}}
  spec:
    service: library
    indicator:
      metadata: {name: loans}
      spec:
        ratioMetric:
          counter: true
          bad: {metricSource: {type: Prometheus, spec: {query: 'loans_total{state=\"failed\"}'}}}
          total: {metricSource: {type: Prometheus, spec: {query: loans_total}}}
    timeWindow: [{duration: 30d, isRolling: true}]
    budgetingMethod: Occurrences
    objectives: [{target: 0.999}]
- {apiVersion: openslo/v1, kind: SLO, metadata: {name: empty}, spec: {service: library, objectives: []}}
";

#[test]
fn an_import_writes_service_files_and_lists_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("slos.yaml");
    std::fs::write(&file, OPENSLO).unwrap();
    let (file, out) = (file.to_str().unwrap(), folder.path().join("services"));
    let run = weir(&["import", "openslo", file]);
    assert_eq!(run.code, 2, "one SLO is missing");
    insta::assert_snapshot!(
        "import-openslo",
        format!("{}\n{}", run.stdout, run.stderr.replace(file, "slos.yaml"))
    );
    let arguments = ["import", "openslo", file, "--out", out.to_str().unwrap()];
    let run = weir(&arguments);
    assert!(run.stdout.starts_with("wrote ") && run.stdout.ends_with("library.toml\n"), "{}", run.stdout);
    let again = weir(&arguments);
    assert!(
        again.code == 2 && again.stderr.contains("is there already; nothing was written"),
        "{}",
        again.stderr
    );
}

#[test]
fn what_is_imported_is_a_project_that_rules_are_generated_from() {
    let project = Project::new();
    let spec = "version: prometheus/v1\nservice: lending\nlabels: {owner: readers}\nslos:\n  - name: loans\n    objective: \
                99.9\n    sli:\n      events:\n        error_query: sum(rate(failed_total[{{.window}}]))\n        \
                total_query: sum(rate(loans_total[{{.window}}]))\n    alerting: {}\n";
    project.write("lending.yml", spec);
    let (file, out) = (project.path("lending.yml"), project.path("services"));
    let arguments =
        ["import", "sloth", file.to_str().unwrap(), "--window", "28d", "--out", out.to_str().unwrap()];
    let run = weir(&arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = project.weir(&["generate", "prometheus", "lending"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("sum(rate(failed_total[3d]))"), "{}", run.stdout);
    let run = project.weir(&["export", "openslo", "lending"]);
    assert!(
        run.stdout.contains("query: sum(rate(failed_total[$window]))")
            || run.stdout.contains("\"sum(rate(failed_total[$window]))\""),
        "{}",
        run.stdout
    );
    assert_eq!(weir(&["import", "pyrra", file.to_str().unwrap()]).code, 2);
}

#[test]
fn what_is_imported_can_be_counted_by_a_server() {
    let project = Project::new();
    let spec = "version: prometheus/v1\nservice: lending\nlabels: {owner: readers}\nslos:\n  - name: loans\n    objective: \
                99.9\n    sli:\n      events:\n        error_query: sum(rate(failed_total[{{.window}}]))\n        \
                total_query: sum(rate(loans_total[{{.window}}]))\n    alerting: {}\n  - name: shares\n    objective: 99\n    \
                sli: {raw: {error_ratio_query: 'share[{{.window}}]'}}\n    alerting: {}\n";
    project.write("lending.yml", spec);
    let (file, out) = (project.path("lending.yml"), project.path("services"));
    let run = weir(&[
        "import",
        "sloth",
        file.to_str().unwrap(),
        "--source",
        "metrics",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("left out: lending/shares: no source counts it: a share has no counts\n"),
        "{}",
        run.stderr
    );
    let text = std::fs::read_to_string(project.path("services/lending.toml")).unwrap();
    assert!(text.contains("name = \"loans\"\nsource = \"metrics\"\n"), "{text}");
    assert!(text.contains("name = \"shares\"\nplugin = \"availability\"\n"), "{text}");
    let missing = project.weir(&["slo", "status"]);
    assert!(
        missing.code == 2 && missing.stderr.contains("there is no source `metrics`"),
        "{}",
        missing.stderr
    );
    let source = "\n[[source]]\nname = \"metrics\"\nformat = \"prometheus\"\nurl = \"http://127.0.0.1:9\"\n";
    let text = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    project.write("weir.toml", format!("{text}{source}"));
    let status = project.weir(&["slo", "status", "lending"]);
    assert!(
        status.code == 0 && status.stdout.contains("can't be reached"),
        "{}{}",
        status.stdout,
        status.stderr
    );
}

#[test]
fn slos_of_slo_generator_get_the_window_of_their_policy() {
    let project = Project::new();
    let slo = |backend: &str, name: &str| {
        format!(
            "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\nmetadata:\n  name: lending-{name}\n  labels: \
             {{service_name: lending, feature_name: loans, slo_name: {name}}}\nspec:\n  backend: {backend}\n  method: \
             good_bad_ratio\n  service_level_indicator: {{filter_good: 'loans_total{{state=\"good\"}}', filter_valid: \
             loans_total}}\n  goal: 0.99\n---\n"
        )
    };
    let config = "error_budget_policies:\n  default:\n    steps: [{window: 3600}, {window: 604800}]\n";
    project.write("slos.yaml", slo("prometheus", "granted")).write("config.yaml", config);
    let (slos, shared, out) =
        (project.path("slos.yaml"), project.path("config.yaml"), project.path("services"));
    let files = [slos.to_str().unwrap(), shared.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let run = weir(&[&["import", "slo-generator"], &files[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(project.path("services/lending.toml")).unwrap();
    assert!(text.contains("name = \"loans-granted\"") && text.contains("window = \"7d\""), "{text}");
    let run = project.weir(&["generate", "prometheus", "lending"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    project.write("slos.yaml", slo("cloud_monitoring", "denied"));
    let run = weir(&["import", "slo-generator", files[0], "--window", "30d"]);
    assert_eq!(run.code, 2, "an SLO is missing");
    assert!(run.stderr.contains("the queries of the backend `cloud_monitoring`"), "{}", run.stderr);
}
