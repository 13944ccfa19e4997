//! An alert that goes off at a real Prometheus when Weir says it does, and comes through a real Alertmanager.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;

use super::fake::{Fake, answer};
use super::pager::{self, Webhook, alertmanager};
use super::programs::{Program, get, missing, prometheus, send, until, value};
use super::{project, slo};
use crate::support::Project;

const SLI: &str = "[sli.prometheus]\nbad = 'requests_total{code=\"500\"}'\nvalid = 'requests_total'";

const POLICY: &str = "[policy]\nname = \"burn-rate\"\nplugin = \"burn-rate\"\n\n[[params.alerts]]\nlong = \"2m\"\nshort = \"1m\"\n\
                      factor = \"4\"\neffect = \"hold\"\nurgency = \"page\"\n";

/// A service that answers ten requests between two scrapes, all well or all badly.
fn service(is_broken: Arc<AtomicBool>) -> Fake {
    let counted = [AtomicU64::new(0), AtomicU64::new(0)];
    Fake::start(move |_| {
        counted[usize::from(is_broken.load(Ordering::SeqCst))].fetch_add(10, Ordering::SeqCst);
        let [good, bad] = [&counted[0], &counted[1]].map(|counter| counter.load(Ordering::SeqCst));
        let text = format!(
            "# TYPE requests_total counter\nrequests_total{{code=\"200\"}} {good}\nrequests_total{{code=\"500\"}} {bad}\n"
        );
        answer("200 OK", "Content-Type: text/plain; version=0.0.4\r\n", &text)
    })
}

/// A Prometheus that scrapes the service and tells Alertmanager.
fn watching(folder: &Path, target: &Fake, alertmanager: &Program) -> Program {
    prometheus(
        folder,
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\nscrape_configs:\n  - job_name: \
             shop\n    static_configs: [{{targets: ['127.0.0.1:{}']}}]\nalerting:\n  alertmanagers:\n    - static_configs: \
             [{{targets: ['127.0.0.1:{}']}}]\n",
            folder.join("rules*.yml").display(),
            target.port(),
            alertmanager.port()
        ),
    )
}

/// When the alert began to be active at Prometheus; none as long as it isn't firing.
fn firing_since(server: &Program) -> Option<Timestamp> {
    let (_, body) = get(server.port(), "/prom/api/v1/alerts")?;
    let answer: serde_json::Value = serde_json::from_str(&body).ok()?;
    let alerts = answer["data"]["alerts"].as_array()?;
    let alert = alerts.iter().find(|alert| alert["labels"]["alertname"] == "WeirErrorBudgetBurn")?;
    assert_eq!(alert["labels"]["weir_service"], "my-service");
    (alert["state"] == "firing").then(|| alert["activeAt"].as_str().unwrap().parse().unwrap())
}

#[test]
fn an_alert_goes_off_when_the_back_test_says_so_and_reaches_a_webhook() {
    if missing("a live alert", &["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let is_broken = Arc::new(AtomicBool::new(false));
    let webhook = Webhook::start();
    let (target, alertmanager) = (service(Arc::clone(&is_broken)), alertmanager(folder.path(), &webhook));
    let server = watching(folder.path(), &target, &alertmanager);
    let url = format!("http://127.0.0.1:{}/prom", server.port());
    let project = project(&url, "", &slo("availability", SLI, ""));
    project.write("policies/burn-rate.toml", POLICY).remove("policies/error-budget.toml");
    let rules = project.weir(&["generate", "prometheus"]);
    assert_eq!(rules.code, 0, "{}", rules.stderr);
    std::fs::write(folder.path().join("rules.yml"), rules.stdout).unwrap();
    let reload = "POST /prom/-/reload HTTP/1.0\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(send(server.port(), reload, &[]).unwrap().0, 200);

    // Six scrapes without a failure; four times the budget of 10 % is reached with the fourth scrape full of them.
    until("sixty requests have been scraped", || {
        value(&server, "sum(requests_total)").is_some_and(|sum| sum.parse::<u64>().unwrap() >= 60)
    });
    assert_eq!(firing_since(&server), None);
    let broken_from = Timestamp::now();
    is_broken.store(true, Ordering::SeqCst);
    let mut active = None;
    until("the alert fires", || {
        active = firing_since(&server);
        active.is_some()
    });
    let active = active.unwrap();
    assert!(active > broken_from, "{active} {broken_from}");

    agrees(&project, active);
    let told = webhook.wait_for(&["WeirErrorBudgetBurn"]);
    is_told(&told, active);
    is_read(&told, &alertmanager, active);
}

/// Holds gate and back-test against the instant from which the alert was active.
fn agrees(project: &Project, active: Timestamp) {
    // The gate knows to the second: it holds no earlier and no later than the alert, but for a scrape and an evaluation.
    let gate = |second: i64| {
        let at = Timestamp::from_second(second).unwrap().to_string();
        project.weir(&["gate", "my-service", "--at", &at]).code
    };
    let later = Timestamp::from_second(active.as_second() + 4).unwrap();
    until("a few more scrapes are there", || Timestamp::now() > later);
    assert_eq!(gate(active.as_second() - 4), 0);
    assert_eq!(gate(active.as_second() + 3), 1);

    // The back-test looks at whole minutes: it fires at the first one after that.
    let minute = active.as_second().div_euclid(60) * 60;
    let instant = |second: i64| Timestamp::from_second(second).unwrap().to_string();
    let (from, to) = (instant(minute - 60), instant(minute + 120));
    let run = project.weir(&[
        "backtest",
        "my-service",
        "--from",
        &from,
        "--to",
        &to,
        "--step",
        "1m",
        "--format",
        "json",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let alerts = report["services"][0]["sets"][0]["alerts"].as_array().unwrap();
    let fired: Timestamp = alerts[0]["from"].as_str().unwrap().parse().unwrap();
    let apart = fired.as_second() - active.as_second();
    assert!(alerts.len() == 1 && (-2..=62).contains(&apart), "{active} {alerts:#?}");
}

/// Holds what came to the webhook against the form that Alertmanager promises.
fn is_told(told: &str, active: Timestamp) {
    let message: serde_json::Value = serde_json::from_str(told).unwrap();
    assert_eq!((message["version"].as_str(), message["status"].as_str()), (Some("4"), Some("firing")));
    let alert = &message["alerts"][0];
    assert_eq!(
        (&alert["labels"]["weir_slo"], &alert["labels"]["severity"]),
        (&"availability".into(), &"page".into())
    );
    assert_eq!(
        alert["startsAt"].as_str().unwrap().parse::<Timestamp>().unwrap().as_second(),
        active.as_second()
    );
}

/// Reads the alert: from the notification in a file, from Alertmanager itself, and from both, which is one alert.
fn is_read(told: &str, alertmanager: &Program, active: Timestamp) {
    let at = Timestamp::from_second(active.as_second() + 4).unwrap().to_string();
    let status = ["slo", "status", "--at", &at, "--format", "json"];
    let (files, server) = (pager::from_files(), pager::from_server(alertmanager.port()));
    for (sources, expected) in [
        (vec![files.clone()], [1, 0, 0]),
        (vec![server.clone()], [1, 0, 0]),
        (vec![files, server], [1, 1, 0]),
    ] {
        let project = pager::project(&sources);
        project.write("alerts/webhook.jsonl", format!("{told}\n"));
        let run = project.weir(&status);
        assert_eq!(pager::events(&run), expected, "{sources:?} {}", run.stdout);
        assert_eq!(super::counts(&run, "pages").1, 1);
    }
}
