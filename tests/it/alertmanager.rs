//! What a real Alertmanager says of an alert, by its webhook and by its API, is one alert. Passed over where it is not
//! installed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Project;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

const WEIR_TOML: &str = r#"
[project]
name = "shop"

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
name = "pages"
plugin = "availability"
event-types = ["weir.alert.fired", "weir.alert.cleared"]
params = { field = "data.urgency", bad-values = ["page"] }

[[slo]]
name = "pages"
sli = "pages"
objective = "90%"
window = "1d"
"#;

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts an Alertmanager that tells `webhook`; gives its address, or none where it is not installed.
fn start(folder: &Path, webhook: &str) -> Option<(Server, String)> {
    let config = format!(
        "route: {{receiver: team, group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}\nreceivers:\n- name: team\n  \
         webhook_configs: [{{url: 'http://{webhook}/', send_resolved: true}}]\n"
    );
    std::fs::write(folder.join("alertmanager.yml"), config).unwrap();
    // It takes no port of its own choice, so one that is free just now has to do.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else { return None };
    let server = Server(child);
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(&address).is_err() {
        assert!(Instant::now() < until, "it doesn't listen");
        std::thread::yield_now();
    }
    Some((server, address))
}

/// The body of an answer to a request.
fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The older version of HTTP has no answers in pieces.
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    body.to_owned()
}

/// Takes notifications and hands their bodies on.
fn receive(webhook: TcpListener) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in webhook.incoming().map_while(Result::ok) {
            let Some(body) = body(&stream) else { continue };
            let told = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if told.is_err() || sender.send(body).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The body of a request.
fn body(stream: &TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

#[test]
fn an_alert_is_the_same_by_webhook_and_api() {
    let project = Project::new();
    let folder = tempfile::tempdir().unwrap();
    let webhook = TcpListener::bind("127.0.0.1:0").unwrap();
    let Some((server, address)) = start(folder.path(), &webhook.local_addr().unwrap().to_string()) else {
        println!("prometheus-alertmanager is not installed: nothing was asked");
        return;
    };
    let alert = |ends: &str| {
        format!(
            "[{{\"labels\":{{\"alertname\":\"Slow\",\"service\":\"my-service\",\"severity\":\"critical\"}},\
             \"annotations\":{{\"runbook_url\":\"https://runbooks.example/slow\"}},\
             \"startsAt\":\"2026-01-01T02:00:00.123456789Z\",\"endsAt\":\"{ends}\"}}]"
        )
    };
    ask(&address, "POST", "/api/v2/alerts", &alert("2099-01-01T00:00:00Z"));
    let told = receive(webhook);
    let fired = told.recv_timeout(PATIENCE).unwrap();
    let alerts = ask(&address, "GET", "/api/v2/alerts", "");
    let groups = ask(&address, "GET", "/api/v2/alerts/groups", "");
    ask(&address, "POST", "/api/v2/alerts", &alert("2026-01-01T02:10:00Z"));
    let resolved = told.recv_timeout(PATIENCE).unwrap();
    drop(server);

    project.remove("events").write("weir.toml", WEIR_TOML).write("services/my-service.toml", SERVICE);
    project.write("alerts/webhook.jsonl", format!("{}\n{}\n", fired.trim(), resolved.trim()));
    project.write("alerts/alerts.json", alerts).write("alerts/groups.json", groups);
    let run = project.weir(&["slo", "status", "--at", "2026-01-01T03:00:00Z", "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let status: Value = serde_json::from_str(&run.stdout).unwrap();
    let events = &status["events"];
    // Fired by both notifications and by both answers of the API, cleared by the last notification.
    assert_eq!(
        (&events["duplicate"], &events["used"]),
        (&3.into(), &2.into()),
        "{status}\n{fired}\n{resolved}"
    );
    assert_eq!((&events["refused"], &events["late"]), (&0.into(), &0.into()), "{status}");
}
