//! Events of other systems: CDEvents and Alertmanager's alerts, in a project that measures, back-tests and scores.

use serde_json::{Value, json};

use crate::support::{PAGES, Project, sample, weir};

const WEIR_TOML: &str = r#"
[project]
name = "shop"
environments = ["prod"]

[[source]]
name = "requests"
format = "cloudevents"
paths = ["events/*.jsonl"]

[[source]]
name = "pipelines"
format = "cloudevents"
paths = ["pipelines/*"]

[[source]]
name = "alerts"
format = "alertmanager"
paths = ["alerts/*"]
"#;

const SERVICE: &str = r#"
[service]
name = "my-service"
owner = "team-a"

[[sli]]
name = "availability"
plugin = "availability"

[[slo]]
name = "availability"
sli = "availability"
objective = "90%"
window = "1d"
"#;

/// A CDEvent in a CloudEvent.
fn cdevent(id: u32, kind: &str, time: &str, subject: &Value, custom: &Value) -> Value {
    let time = format!("2026-01-01T{time}:00Z");
    json!({
        "specversion": "1.0",
        "id": format!("e-{id}"),
        "source": "/ci",
        "type": format!("dev.cdevents.{kind}"),
        "subject": subject["id"],
        "time": time,
        "datacontenttype": "application/json",
        "data": {
            "context": {
                "specversion": "0.5.1",
                "id": format!("e-{id}"),
                "source": "/ci",
                "type": format!("dev.cdevents.{kind}"),
                "timestamp": time,
            },
            "subject": subject,
            "customData": custom,
        },
    })
}

/// A day's work of a pipeline and a pager.
fn pipeline() -> Vec<Value> {
    let deployed = |environment: &str| {
        let content = json!({"environment": {"id": environment}, "artifactId": "pkg:oci/my-service@8.4.0"});
        json!({"id": "team-a/my-service", "content": content})
    };
    let incident = json!({
        "id": "INC-1",
        "content": {"description": "slow", "environment": {"id": "prod"}, "service": {"id": "my-service"}},
    });
    let ticket = json!({"id": "T-1", "content": {"summary": "Restart it", "group": "team-a"}});
    vec![
        cdevent(1, "service.deployed.0.3.0", "01:00", &deployed("staging"), &json!({})),
        cdevent(2, "service.upgraded.0.3.0", "01:30", &deployed("prod"), &json!({"change": "fix"})),
        cdevent(3, "incident.detected.0.3.0", "02:00", &incident, &json!({})),
        cdevent(4, "incident.reported.0.3.0", "02:05", &incident, &json!({"severity": "SEV2"})),
        cdevent(5, "service.rolledback.0.3.0", "02:20", &deployed("prod"), &json!({})),
        cdevent(6, "incident.resolved.0.3.0", "02:30", &incident, &json!({})),
        cdevent(
            7,
            "ticket.closed.0.2.0",
            "02:40",
            &ticket,
            &json!({"minutes": 25, "manual": true, "tactical": true}),
        ),
        cdevent(8, "change.merged.0.3.0", "02:50", &json!({"id": "c", "content": {}}), &json!({})),
        cdevent(9, "service.deployd.0.3.0", "02:55", &deployed("prod"), &json!({})),
    ]
}

fn project() -> Project {
    let project = Project::new();
    project.requests(180, 20);
    project.write("weir.toml", WEIR_TOML).write("services/my-service.toml", SERVICE);
    project
}

fn backtest(project: &Project) -> Value {
    let fixed = ["backtest", "my-service", "--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T03:00:00Z"];
    let run = project.weir(&[&fixed[..], &["--step", "10m", "--format", "json"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn deploys_and_incidents_of_a_pipeline_are_those_of_a_back_test() {
    let lines: String = pipeline().iter().map(|event| format!("{event}\n")).collect();
    let batch = format!("{}\n", Value::from(pipeline()));
    let pretty = serde_json::to_string_pretty(&pipeline()).unwrap();
    let mut reports = Vec::new();
    for text in [&lines, &batch, &pretty] {
        let project = project();
        project.write("pipelines/all.json", text);
        let report = backtest(&project);
        let service = &report["services"][0];
        let deploys = service["sets"][0]["deploys"].as_array().unwrap();
        let deploys: Vec<String> = deploys
            .iter()
            .map(|deploy| format!("{} {} {}", deploy["at"], deploy["version"], deploy["change"]))
            .collect();
        assert_eq!(
            deploys,
            ["\"2026-01-01T01:30:00Z\" \"8.4.0\" \"fix\"", "\"2026-01-01T02:20:00Z\" \"8.4.0\" \"rollback\"",]
        );
        let expected = json!([{
            "id": "INC-1",
            "title": "slow",
            "severity": "SEV2",
            "began": null,
            "declared": "2026-01-01T02:00:00Z",
            "mitigated": null,
            "resolved": "2026-01-01T02:30:00Z",
        }]);
        assert_eq!(service["incidents"], expected);
        let events = &report["events"];
        // Of the pipeline: two that mean nothing here, and one that is unknown.
        assert_eq!((&events["refused"], &events["duplicate"]), (&json!(1), &json!(0)), "{events}");
        let reason = events.to_string();
        assert!(reason.contains("is no CDEvent of the versions that are read"), "{reason}");
        reports.push((service.clone(), events["used"].clone(), events["not-valid"].clone()));
    }
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
}

#[test]
fn tickets_that_say_how_long_they_took_are_work() {
    let project = project();
    project.write("pipelines/all.json", Value::from(pipeline()).to_string());
    project.write("policies/toil.toml", "[policy]\nname = \"toil-score\"\nplugin = \"toil\"\n");
    let run = project.weir(&["toil", "--at", "2026-01-02T00:00:00Z", "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains("\"restart it\"") && run.stdout.contains("\"minutes\": 25"),
        "{}",
        run.stdout
    );
}

#[test]
fn alerts_that_fire_are_events_of_the_service_that_they_are_about() {
    let project = project();
    let alert = |name: &str, severity: &str, status: &str| {
        json!({
            "status": status,
            "labels": {"alertname": name, "severity": severity, "service": "my-service"},
            "annotations": {},
            "startsAt": "2026-01-01T02:00:00Z",
            "endsAt": "2026-01-01T02:10:00Z",
            "fingerprint": name,
        })
    };
    let told =
        |alerts: Value| json!({"version": "4", "status": "firing", "receiver": "team-a", "alerts": alerts});
    let first = told(json!([alert("Slow", "critical", "firing"), alert("Odd", "info", "firing")]));
    let again = told(json!([alert("Slow", "critical", "resolved")]));
    project.write("alerts/webhook.jsonl", format!("{first}\n{again}\n"));
    project.write(
        "alerts/api.json",
        serde_json::to_string_pretty(&json!([alert("Slow", "critical", "active")])).unwrap(),
    );
    project.write(
        "services/my-service.toml",
        format!("[service]\nname = \"my-service\"\nowner = \"team-a\"\n{PAGES}"),
    );
    let run = project.weir(&["slo", "status", "--at", "2026-01-01T03:00:00Z", "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let status: Value = serde_json::from_str(&run.stdout).unwrap();
    let text = status.to_string();
    assert!(text.contains("\"good\":1") && text.contains("\"bad\":1"), "{text}");
    // What is said again, by the webhook or by the API, is the same event.
    assert!(text.contains("\"duplicate\":2"), "{text}");
}

#[test]
fn checks_are_shown_rule_files_as_json() {
    let project = project();
    let policy = "[policy]\nname = \"readiness\"\nplugin = \"production-readiness\"\ngrants = [\"alerts\"]\n\n[[params.rules]]\n\
        id = \"alerts\"\nlevel = \"bronze\"\nlayer = \"monitoring\"\ntitle = \"alerts there\"\ntest = { kind = \"document\", path = \
        \"alerts/{service}.yml#rules\", min-length = 90 }\n";
    project.write("policies/readiness.toml", policy);
    let check = |rules: &str, code: i32, expected: &str| {
        project.write("alerts/my-service.yml", rules);
        let run = project.weir(&["check", "my-service", "--at", "2026-01-02T00:00:00Z"]);
        assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    };
    // The text is longer than what is shown of it: no group, no problem.
    check(&format!("groups: []\n# {}", "x".repeat(200)), 1, "has 27 characters");
    check("groups: [{name: a, rules: [{alert: A, expr: a > 1}]}]\n", 0, "alerts/my-service.yml#rules");
}

#[test]
fn cases_of_a_plugin_have_rule_files_as_json_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let run = weir(&["plugin", "new", "alerts", "--kind", "check", "--lang", "c", "--folder", path]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let cases = folder.path().join("cases");
    std::fs::remove_dir_all(&cases).unwrap();
    std::fs::create_dir(&cases).unwrap();
    let component = sample().join("../../plugins/built/production-readiness.wasm");
    let check = |rules: &str, outcome: &str| {
        let text = format!(
            "[[case]]\nname = \"alerts are there\"\nsubject = {{ service = \"shop\" }}\ndocuments = {{ \"alerts/shop.yml\" = \
             '{rules}' }}\nexpect.findings = [{{ rule = \"alerts\", outcome = \"{outcome}\" }}]\n\n[[case.params.rules]]\nid = \
             \"alerts\"\nlevel = \"bronze\"\nlayer = \"monitoring\"\ntitle = \"alerts there\"\ntest = {{ kind = \"document\", \
             path = \"alerts/{{service}}.yml#rules\", min-length = 90 }}\n"
        );
        std::fs::write(cases.join("check.toml"), text).unwrap();
        let run = weir(&["plugin", "test", path, "--component", component.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    };
    check("groups: [{name: a, rules: [{alert: A, expr: a > 1}]}]", "pass");
    check("groups: []", "fail");
}
