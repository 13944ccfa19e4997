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
