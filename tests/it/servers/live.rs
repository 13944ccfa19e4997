//! nginx under load, scraped by Prometheus while it serves: its own log and the counters that are made of it tell the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fake::{Fake, answer};
use super::programs::{Program, free_port, get, missing, prometheus, victoria_metrics, wait_for};
use super::{counts, project, slo};
use crate::support::Project;

const NGINX: &str = r#"
daemon off; master_process off; pid FOLDER/pid; error_log FOLDER/error.log;
events {}
http {
    client_body_temp_path FOLDER/t1; proxy_temp_path FOLDER/t2; fastcgi_temp_path FOLDER/t3; uwsgi_temp_path FOLDER/t4;
    scgi_temp_path FOLDER/t5;
    access_log off;
    server {
        listen 127.0.0.1:PORT;
        location = /ready { return 200; }
        location / { access_log FOLDER/access.log combined; return 200 "well\n"; }
        location /busy { access_log FOLDER/access.log combined; return 503; }
        location /broken { access_log FOLDER/access.log combined; proxy_pass http://127.0.0.1:1; }
    }
}
"#;

/// A web server that logs to `access.log` in a folder.
pub(super) fn nginx(folder: &Path) -> Program {
    let port = free_port();
    let file = folder.join("nginx.conf");
    let configuration = NGINX.replace("FOLDER", folder.to_str().unwrap()).replace("PORT", &port.to_string());
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    Program::start(command.arg("-c").arg(&file).arg("-e").arg(folder.join("error.log")), port, "/ready")
}

/// Makes counters of an access log, as an exporter does. When it is restarted, it counts from where it begins.
pub(super) struct Exporter {
    log: PathBuf,
    passed_over: Arc<AtomicUsize>,
    server: Fake,
}

impl Exporter {
    pub(super) fn start(log: PathBuf) -> Exporter {
        let passed_over = Arc::new(AtomicUsize::new(0));
        let (read, skipped) = (log.clone(), Arc::clone(&passed_over));
        let server = Fake::start(move |_| {
            let log = std::fs::read_to_string(&read).unwrap_or_default();
            let mut counters = std::collections::BTreeMap::from([("200", 0_u64)]);
            for line in log
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .skip(skipped.load(Ordering::SeqCst))
            {
                *counters.entry(line.split(' ').nth(8).unwrap()).or_default() += 1;
            }
            let mut text = "# TYPE nginx_requests_total counter\n".to_owned();
            for (code, count) in counters {
                writeln!(text, "nginx_requests_total{{code=\"{code}\"}} {count}").unwrap();
            }
            answer("200 OK", "Content-Type: text/plain; version=0.0.4\r\n", &text)
        });
        Exporter { log, passed_over, server }
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }

    fn restart(&self) {
        let lines = std::fs::read_to_string(&self.log).unwrap().lines().count();
        self.passed_over.store(lines, Ordering::SeqCst);
    }
}

/// Has a server scrape an exporter every second, with more of its configuration.
pub(super) fn scraping(
    server: impl Fn(&Path, &str) -> Program,
    folder: &Path,
    exporter: &Exporter,
    more: &str,
) -> Program {
    let configuration = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: nginx\n    static_configs: [{{targets: \
         ['127.0.0.1:{}']}}]\n{more}",
        exporter.port()
    );
    server(folder, &configuration)
}

fn load(nginx: &Program, requests: usize) {
    for number in 1..=requests {
        let path = match number {
            number if number.is_multiple_of(7) => "/broken",
            number if number.is_multiple_of(11) => "/busy",
            _ => "/",
        };
        assert!(get(nginx.port(), path).is_some());
    }
}

const COUNTERS: &str =
    "[sli.prometheus]\nbad = 'nginx_requests_total{code=~\"5..\"}'\nvalid = 'nginx_requests_total'";

/// A project that measures the same from the server's own log.
fn from_log(folder: &Path) -> Project {
    let project = Project::new();
    let log = std::fs::read(folder.join("access.log")).unwrap();
    project.write("logs/access.log", log).write(
        "weir.toml",
        "[project]\nname = \"shop\"\n\n[[source]]\nname = \"log\"\nformat = \"access-log\"\npaths = [\"logs/*\"]\n\
         service = \"my-service\"\n",
    );
    project.edit("services/my-service.toml", "\"30d\"", "\"1h\"").edit(
        "services/my-service.toml",
        "\"99.9%\"",
        "\"90%\"",
    );
    project
}

#[test]
fn prometheus_and_the_servers_own_log_count_the_same() {
    if missing("nginx under load, scraped by Prometheus", &["nginx", "prometheus"]) {
        return;
    }
    counts_as_the_log(prometheus);
}

#[test]
fn victoria_metrics_and_the_servers_own_log_count_the_same() {
    if missing("nginx under load, scraped by VictoriaMetrics", &["nginx", "victoria-metrics"]) {
        return;
    }
    counts_as_the_log(victoria_metrics);
}

/// Holds what is counted of the samples of a server, over a restart of what it scrapes, against the log.
fn counts_as_the_log(server: impl Fn(&Path, &str) -> Program) {
    let (web, metrics) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let nginx = nginx(web.path());
    let exporter = Exporter::start(web.path().join("access.log"));
    let server = scraping(server, metrics.path(), &exporter, "");
    // What happened before anybody looked can't be counted, so somebody looks first.
    wait_for(&server, "nginx_requests_total{code=\"200\"}", "0");
    load(&nginx, 240);
    wait_for(&server, "sum(nginx_requests_total)", "240");
    exporter.restart();
    wait_for(&server, "nginx_requests_total{code=\"200\"}", "0");
    load(&nginx, 100);
    wait_for(&server, "sum(nginx_requests_total)", "100");

    let at = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2)).to_string();
    let url = format!("http://127.0.0.1:{}/prom", server.port());
    let counted = project(&url, "", &slo("availability", COUNTERS, ""));
    let status = ["slo", "status", "--at", at.as_str(), "--format", "json"];
    let (good, bad, _) = counts(&counted.weir(&status), "availability");
    let (good_in_log, bad_in_log, _) = counts(&from_log(web.path()).weir(&status), "availability");
    assert_eq!((good, bad), (good_in_log, bad_in_log));
    // Of 240, 34 are broken and 18 of the others busy; of 100, it is 14 and 8.
    assert_eq!((good, bad), (340 - 74, 74));
}
