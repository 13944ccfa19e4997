//! What an Alertmanager says of alerts: by its webhook, by answers of its API in files, and when Weir asks it. A real one,
//! passed over where it is not installed, and some that say something else.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fake::{Asked, Fake, answer};
use super::programs::{Program, free_port, missing, send, until};
use super::refusals::refused;
use super::slo;
use crate::support::{PAGES, Project, Run};

const AT: [&str; 6] = ["slo", "status", "--at", "2026-01-01T03:00:00Z", "--format", "json"];

/// An Alertmanager that tells a webhook of all alerts at once.
pub(super) fn alertmanager(folder: &Path, webhook: &Webhook) -> Program {
    let file = folder.join("alertmanager.yml");
    let text = format!(
        "route: {{receiver: hook, group_wait: 0s, group_interval: 1s}}\nreceivers:\n  - name: hook\n    webhook_configs: \
         [{{url: 'http://127.0.0.1:{}/hook'}}]\n",
        webhook.server.port()
    );
    std::fs::write(&file, text).unwrap();
    let port = free_port();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", folder.join("alertmanager").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    Program::start(&mut command, port, "/-/ready")
}

/// A receiver of notifications.
pub(super) struct Webhook {
    server: Fake,
    told: Arc<Mutex<Vec<String>>>,
}

impl Webhook {
    pub(super) fn start() -> Webhook {
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = Arc::clone(&told);
        let server = Fake::start(move |asked| {
            hears.lock().unwrap().push(asked.body.trim().to_owned());
            answer("200 OK", "", "")
        });
        Webhook { server, told }
    }

    /// Waits for a notification that holds these texts.
    pub(super) fn wait_for(&self, texts: &[&str]) -> String {
        let found = || {
            let told = self.told.lock().unwrap();
            told.iter().find(|body| texts.iter().all(|text| body.contains(text))).cloned()
        };
        until(&format!("a notification holds {texts:?}"), || found().is_some());
        found().unwrap()
    }
}

/// A source of alerts that lie in files.
pub(super) fn from_files() -> String {
    "\n[[source]]\nname = \"told\"\nformat = \"alertmanager\"\npaths = [\"alerts/*\"]\n".to_owned()
}

/// A source of alerts that a server knows of.
pub(super) fn from_server(port: u16) -> String {
    format!(
        "\n[[source]]\nname = \"pager\"\nformat = \"alertmanager\"\nurl = \"http://127.0.0.1:{port}\"\n[source.connection]\n\
         timeout = \"2s\"\n"
    )
}

/// A project that measures alerts of these sources.
pub(super) fn project(sources: &[String]) -> Project {
    let project = Project::new();
    project
        .remove("events")
        .write("weir.toml", format!("[project]\nname = \"shop\"\n{}", sources.concat()))
        .write(
            "services/my-service.toml",
            format!("[service]\nname = \"my-service\"\nowner = \"team-a\"\n{PAGES}"),
        );
    project
}

/// What became of the events, by the JSON of a status: used, duplicate, and neither of the two.
pub(super) fn events(run: &Run) -> [u64; 3] {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let status: Value = serde_json::from_str(&run.stdout).unwrap();
    let count = |key: &str| status["events"][key].as_u64().unwrap();
    [count("used"), count("duplicate"), count("refused") + count("late") + count("not-valid")]
}

/// Sends JSON to the API.
fn post(server: &Program, path: &str, body: &Value) {
    let body = body.to_string();
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    let (status, answer) = send(server.port(), &head, body.as_bytes()).unwrap();
    assert_eq!(status, 200, "{answer}");
}

/// The alert with another end.
fn alert(ends: &str) -> Value {
    json!([{
        "labels": {"alertname": "Slow", "service": "my-service", "severity": "critical"},
        "annotations": {"runbook_url": "https://runbooks.example/slow"},
        "startsAt": "2026-01-01T02:00:00.123456789Z",
        "endsAt": ends,
    }])
}

#[test]
fn an_alert_is_the_same_by_webhook_by_api_and_when_it_is_asked_for() {
    if missing("alerts of an Alertmanager", &["prometheus-alertmanager"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let webhook = Webhook::start();
    let mut server = alertmanager(folder.path(), &webhook);
    let asking = project(&[from_server(server.port())]);
    let get = |path: &str| super::programs::get(server.port(), path).unwrap().1;
    assert_eq!(events(&asking.weir(&AT)), [0, 0, 0]);

    post(&server, "/api/v2/alerts", &alert("2099-01-01T00:00:00Z"));
    let fired = webhook.wait_for(&["\"firing\""]);
    let (alerts, groups) = (get("/api/v2/alerts"), get("/api/v2/alerts/groups"));
    assert_eq!(events(&asking.weir(&AT)), [1, 0, 0]);
    let gate = asking.weir(&["gate", "my-service", "--at", "2026-01-01T03:00:00Z"]);
    assert_eq!(gate.code, 1, "{}{}", gate.stdout, gate.stderr);

    // Silenced, it is told of nevertheless.
    let matcher = json!({"name": "alertname", "value": "Slow", "isRegex": false, "isEqual": true});
    let silence = json!({
        "matchers": [matcher], "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "ada", "comment": "known",
    });
    post(&server, "/api/v2/silences", &silence);
    until("the alert is silenced", || get("/api/v2/alerts").contains("suppressed"));
    assert_eq!(events(&asking.weir(&AT)), [1, 0, 0]);

    // In files it is told of by the notification and by both answers, and by the server once more.
    let project = project(&[from_files(), from_server(server.port())]);
    project.write("alerts/webhook.jsonl", format!("{fired}\n"));
    project.write("alerts/alerts.json", alerts).write("alerts/groups.json", groups);
    assert_eq!(events(&project.weir(&AT)), [1, 3, 0]);

    // What is over is nothing that the server knows of; the files still do.
    post(&server, "/api/v2/alerts", &alert("2026-01-01T02:10:00Z"));
    until("the alert is over", || get("/api/v2/alerts").trim() == "[]");
    assert_eq!(events(&asking.weir(&AT)), [0, 0, 0]);
    assert_eq!(events(&project.weir(&AT)), [1, 2, 0]);

    server.stop();
    let gate = asking.weir(&["gate", "my-service", "--at", "2026-01-01T03:00:00Z"]);
    let expected = "the SLI `pages` lacks the alerts of the source `pager`: ";
    assert!(gate.code == 3 && gate.stdout.contains(expected), "{}{}", gate.stdout, gate.stderr);
    assert!(gate.stdout.contains("can't be reached"), "{}", gate.stdout);
}

#[test]
fn an_alert_that_is_over_is_cleared_by_its_notification() {
    if missing("a resolved alert", &["prometheus-alertmanager"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let webhook = Webhook::start();
    let server = alertmanager(folder.path(), &webhook);
    post(&server, "/api/v2/alerts", &alert("2099-01-01T00:00:00Z"));
    let fired = webhook.wait_for(&["\"firing\""]);
    post(&server, "/api/v2/alerts", &alert("2026-01-01T02:10:00Z"));
    let resolved = webhook.wait_for(&["\"resolved\""]);
    let project = project(&[from_files()]);
    project.edit("services/my-service.toml", "weir.alert.fired", "weir.alert.*");
    project.write("alerts/webhook.jsonl", format!("{fired}\n{resolved}\n"));
    // Fired by both notifications, cleared by the last one.
    assert_eq!(events(&project.weir(&AT)), [2, 1, 0]);
}

/// Asks the gate about alerts of a server that answers like this.
#[track_caller]
fn check(answer: impl Fn(&Asked) -> Vec<u8> + Send + 'static, code: i32, expected: &str) {
    refused(answer, |port| project(&[from_server(port)]), code, expected);
}

fn says(body: &str) -> impl Fn(&Asked) -> Vec<u8> + Send + 'static {
    let body = body.to_owned();
    move |asked| {
        let query = "active=true&silenced=true&inhibited=true&unprocessed=true";
        assert_eq!(asked.line.trim(), format!("GET /api/v2/alerts?{query} HTTP/1.1"));
        answer("200 OK", "Content-Type: application/json\r\n", &body)
    }
}

#[test]
fn who_is_no_alertmanager_tells_of_no_alerts() {
    check(says("<html>hello</html>"), 3, "answers with no JSON");
    check(says(""), 3, "answers with no JSON");
    check(
        says("{\"status\":\"success\",\"data\":[]}"),
        3,
        "says something else than the API of Alertmanager does",
    );
    check(
        says("[{}]"),
        3,
        "says something else than the API of Alertmanager does: missing field `fingerprint`",
    );
    let odd = json!([{"fingerprint": "a", "labels": {}, "startsAt": "2026-01-01T02:00:00Z", "status": {"state": "odd"}}]);
    check(says(&odd.to_string()), 3, "unknown variant `odd`");
    check(says("[]"), 3, "`pages` has no events");
    check(
        |_| answer("404 Not Found", "", "nothing here"),
        2,
        "nothing here\nhelp: look at the path of the address",
    );
    check(
        |_| answer("401 Unauthorized", "", ""),
        2,
        "status 401 (Unauthorized)\nhelp: look at the credentials",
    );
    check(
        |_| answer("503 Service Unavailable", "Retry-After: 900\r\n", ""),
        3,
        "asking to wait 900 s; ask again later",
    );
    check(|_| answer("200 OK", "", &" ".repeat((64 << 20) + 1)), 3, "is longer than 67108864 bytes");
    check(
        |_| {
            std::thread::sleep(std::time::Duration::from_millis(2500));
            Vec::new()
        },
        3,
        "didn't answer within 2 s; look at the server's load",
    );
}

#[test]
fn who_measures_no_alerts_needs_no_alertmanager() {
    let project = project(&[
        from_server(free_port()),
        "\n[[source]]\nname = \"requests\"\nformat = \"cloudevents\"\npaths = [\"events/*\"]\n".to_owned(),
    ]);
    project.requests(180, 20).edit("services/my-service.toml", "event-types = [\"weir.alert.fired\"]\n", "");
    project.edit(
        "services/my-service.toml",
        "params = { field = \"data.urgency\", bad-values = [\"page\"] }\n",
        "",
    );
    let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T03:00:00Z"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_a_project_says_of_an_alertmanager_is_checked_before_it_is_asked() {
    let check = |source: &str, expected: &str| {
        let source = format!("\n[[source]]\nname = \"pager\"\nformat = \"alertmanager\"\n{source}\n");
        let run = project(&[source]).weir(&["slo", "status"]);
        assert!(run.code == 2 && run.stderr.contains(expected), "{expected}: {} {}", run.code, run.stderr);
    };
    check("", "`url` can stand in its place");
    check("url = \"http://127.0.0.1:9\"\npaths = [\"alerts/*\"]", "`paths` has no meaning for a server");
    check(
        "paths = [\"alerts/*\"]\nconnection = { timeout = \"1s\" }",
        "`connection` has no meaning for files",
    );
    check("url = \"pager:9093\"", "begins neither with `http://` nor with `https://`");
    check("url = \"http://127.0.0.1:9\"\nfields-after = [\"a\"]", "`fields-after` has no meaning for alerts");
    let counting = slo("counted", "[sli.prometheus]\nbad = 'a'\nvalid = 'b'", "").replace("metrics", "pager");
    let project = project(&[from_server(9)]);
    project.write(
        "services/my-service.toml",
        format!("[service]\nname = \"my-service\"\nowner = \"team-a\"\n{counting}"),
    );
    let run = project.weir(&["slo", "status"]);
    assert!(
        run.code == 2 && run.stderr.contains("has events (alertmanager), and no counts"),
        "{}",
        run.stderr
    );
}
