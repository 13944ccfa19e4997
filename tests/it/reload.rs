//! `weir watch` on a project that changes: plugins take over with their pins, and never without.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::guest::{Guest, words};
use crate::support::{Project, digest};

/// How long any of this may take; what is waited for comes within two seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch that runs, and what it says.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(project: &Project) -> Watching {
        let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
            .args(["watch", "--project"])
            .arg(project.path(""))
            .env("HOME", std::env::temp_dir())
            .env_remove("XDG_CACHE_HOME")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Watching { child, lines }
    }

    /// Waits for a line with this text in it; gives what came on the way to it.
    fn until(&self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return before,
                Ok(line) => before.push(line),
                Err(_) => panic!("`{text}` did not come after {before:#?}"),
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A policy that always says the same: an effect by its number, with one clause for it.
fn always(effect: u32) -> Vec<u8> {
    let clause = [300, 4, 300, 4, effect, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let data = format!(
        "(data (i32.const 128) \"{}\") (data (i32.const 200) \"{}\") (data (i32.const 300) \"code\")",
        words(&[0, effect, 200, 1, 0, 0]),
        words(&clause),
    );
    Guest::budget().core(&data).body("decide", "(i32.const 128)").component()
}

/// Appends a good request for each of some minutes after midnight.
fn append(project: &Project, minutes: std::ops::Range<u32>) {
    let path = project.path("events/example.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the log is there");
    for minute in minutes {
        writeln!(
            file,
            "{{\"specversion\":\"1.0\",\"id\":\"{minute}\",\"source\":\"/test\",\"type\":\"weir.http.request\",\
             \"subject\":\"my-service\",\"time\":\"2026-01-01T{:02}:{:02}:00Z\",\"data\":{{\"status\":200}}}}",
            minute / 60,
            minute % 60
        )
        .expect("it can be written");
    }
}

fn pin(component: &[u8]) -> String {
    let sha256 = digest(component);
    format!("[[plugin]]\nname = \"always\"\npath = \"plugins/always.wasm\"\nsha256 = \"{sha256}\"\n")
}

#[test]
fn a_plugin_takes_over_with_its_pin_and_never_without() {
    let (allows, freezes) = (always(0), always(3));
    let project = Project::new();
    project
        .requests(120, 100_000)
        .remove("policies")
        .write("policies/always.toml", "[policy]\nname = \"always\"\nplugin = \"always\"\n")
        .write("plugins/always.wasm", &allows)
        .write("weir.lock", pin(&allows));
    let watching = Watching::start(&project);
    watching.until("allow");
    // Another file, and the old pin.
    project.write("plugins/always.wasm", &freezes);
    watching.until("is not taken over: plugin `always` has the SHA-256");
    // A file of the project that can't be read.
    project.write("policies/broken.toml", "[policy");
    watching.until("is not taken over");
    project.remove("policies/broken.toml");
    // The pin that goes with the file.
    project.write("weir.lock", pin(&freezes));
    let before = watching.until("is taken over from here on");
    assert!(!before.iter().any(|line| line.contains("freeze")), "{before:#?}");
    // Time goes on with the events.
    append(&project, 120..130);
    watching.until("freeze");
}
