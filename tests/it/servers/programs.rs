//! Real servers: started, asked until they are ready, stopped when a test lets go of them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to do what a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether programs are missing; says so, since the test passes without them.
pub(crate) fn missing(test: &str, programs: &[&str]) -> bool {
    let is_there = |program: &&str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .chain(["/usr/sbin".into()])
            .any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<&&str> = programs.iter().filter(|program| !is_there(program)).collect();
    if !missing.is_empty() {
        eprintln!("left out: {test}, because these programs are not installed: {missing:?}");
    }
    !missing.is_empty()
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that runs; it ends with the test.
pub(crate) struct Program {
    child: Child,
    port: u16,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Program {
    /// Starts a program that is ready when this path answers with 200.
    pub(crate) fn start(command: &mut Command, port: u16, ready: &str) -> Program {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut program = Program { child, port };
        let began = Instant::now();
        while get(port, ready).is_none_or(|(status, _)| status != 200) {
            let ended = program.child.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            assert!(began.elapsed() < PATIENCE, "{command:?} is not ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        program
    }

    pub(crate) fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Prometheus, with paths that begin with `/prom`, on the data in a folder; scrapes what its configuration says.
pub(crate) fn prometheus(folder: &Path, configuration: &str) -> Program {
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, configuration).unwrap();
    let port = free_port();
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(["--storage.tsdb.retention.time=100y", "--web.route-prefix=/prom", "--web.enable-lifecycle"])
        .args(["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"])
        .arg(format!("--web.external-url=http://127.0.0.1:{port}/prom"));
    Program::start(&mut command, port, "/prom/-/ready")
}

/// VictoriaMetrics, with paths that begin with `/prom` like those of [`prometheus`], on data of its own in a folder; scrapes
/// what its configuration says.
pub(crate) fn victoria_metrics(folder: &Path, configuration: &str) -> Program {
    let file = folder.join("scrapes.yml");
    std::fs::write(&file, configuration).unwrap();
    let port = free_port();
    let mut command = Command::new("victoria-metrics");
    command
        .arg(format!("-promscrape.config={}", file.display()))
        .arg(format!("-storageDataPath={}", folder.join("victoria").display()))
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
        .args(["-retentionPeriod=100y", "-http.pathPrefix=/prom"])
        // What has just come in is shown at once, and not after half a minute.
        .arg("-search.latencyOffset=1s");
    Program::start(&mut command, port, "/prom/health")
}

/// Asks with GET, in a moment. None when nobody answers.
pub(crate) fn get(port: u16, path: &str) -> Option<(u16, String)> {
    send(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"), &[])
}

/// Sends a request and reads the answer to its end.
pub(crate) fn send(port: u16, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// The value of an expression at Prometheus; none when there is none.
pub(crate) fn value(prometheus: &Program, expression: &str) -> Option<String> {
    let query: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (_, body) = get(prometheus.port(), &format!("/prom/api/v1/query?query={query}"))?;
    let answer: serde_json::Value = serde_json::from_str(&body).ok()?;
    Some(answer.pointer("/data/result/0/value/1")?.as_str()?.to_owned())
}

/// Waits until an expression has a value.
pub(crate) fn wait_for(prometheus: &Program, expression: &str, expected: &str) {
    until(&format!("`{expression}` is {expected}"), || {
        value(prometheus, expression).as_deref() == Some(expected)
    });
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
