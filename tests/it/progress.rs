//! What is shown at a terminal while events are read for long, and nowhere else.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::{Project, sample, weir};

/// Runs `weir` on a project at a terminal, whose output is the child's standard output.
fn at_a_terminal(project: &Path, arguments: &str, terminal: &str) -> Child {
    let command = format!("'{}' {arguments} --project '{}'", env!("CARGO_BIN_EXE_weir"), project.display());
    Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", terminal)
        .env("HOME", std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` is there, as it is on every Linux")
}

/// Reads until a text has come, and gives everything that came until then.
fn read_until(output: &mut ChildStdout, text: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).ends_with(text) {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "it ended: {}", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
    String::from_utf8(seen).unwrap()
}

#[test]
fn a_slow_stream_has_a_bar_that_is_gone_in_the_end() {
    let project = Project::new();
    let events = std::fs::read_to_string(project.requests(60, 100_000).path("events/example.jsonl")).unwrap();
    let pipe = project.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let arguments = format!("slo status --at 2026-01-01T01:00:00Z --events '{}'", pipe.display());
    let mut child = at_a_terminal(&project.path(""), &arguments, "xterm");
    let mut stream = File::options().write(true).open(&pipe).unwrap();
    stream.write_all(events.as_bytes()).unwrap();
    // The stream goes on until the bar is there.
    let mut output = child.stdout.take().unwrap();
    let before = read_until(&mut output, "events/s");
    assert!(before.contains(" KiB, "), "{before:?}");
    drop(stream);
    let mut after = String::new();
    output.read_to_string(&mut after).unwrap();
    assert!(child.wait().unwrap().success());
    // The line is wiped before the result is written.
    let (_, result) = after.rsplit_once("\u{1b}[2K").unwrap();
    assert!(result.trim_start_matches('\r').starts_with("SLOs at 2026-01-01T01:00:00Z"), "{result:?}");
    assert!(result.contains("60 read = 60 used"), "{result:?}");
}

#[test]
fn nothing_is_shown_where_nobody_looks() {
    let project = sample();
    // Long enough for a bar, were there a terminal.
    let run = weir(&["report", "--project", project.to_str().unwrap(), "--format", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    // One that can't move its cursor is none.
    let child = at_a_terminal(&project, "report --format json", "dumb");
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(output.starts_with('{') && !output.contains('\u{1b}'), "{}", output.escape_debug());
}
