//! `weir watch`: news as they come, whatever happens to the stream and to the process.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Project, sample, weir};

/// Requests to the service of a new project from midnight on, twelve a minute, of which those of one half of an hour fail.
fn requests(minutes: u32) -> String {
    let mut text = String::new();
    for number in 0..minutes * 12 {
        let (minute, second) = (number / 12, number % 12 * 3);
        let status = if (60..90).contains(&(minute % 240)) { 500 } else { 200 };
        writeln!(
            text,
            "{{\"specversion\":\"1.0\",\"id\":\"{number}\",\"source\":\"/test\",\"type\":\"weir.http.request\",\
             \"subject\":\"my-service\",\"time\":\"2026-01-01T{:02}:{:02}:{second:02}Z\",\"data\":{{\"status\":{status}}}}}",
            minute / 60,
            minute % 60
        )
        .expect("text can be written");
    }
    text
}

/// A new project without events.
fn quiet_project() -> Project {
    let project = Project::new();
    project.write("events/example.jsonl", "");
    project
}

fn append(project: &Project, bytes: &[u8]) {
    let path = project.path("events/example.jsonl");
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("the log is there");
    file.write_all(bytes).expect("it can be written");
}

/// Starts to watch a project.
fn start(project: &Project, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["watch", "--project"])
        .arg(project.path(""))
        .args(arguments)
        .env("HOME", std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// What an uninterrupted run says of a stream: the news and how things stand at the end.
fn straight(events: &str) -> (String, String) {
    let project = quiet_project();
    append(&project, events.as_bytes());
    let run = project.weir(&["watch", "--stop-at-end", "--format", "cloudevents"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    (run.stdout, run.stderr)
}

#[test]
fn news_of_an_outage_are_sentences_or_cloudevents() {
    let project = quiet_project();
    append(&project, requests(240).as_bytes());
    let run = project.weir(&["watch", "--stop-at-end"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!("watch__news", run.stdout);
    insta::assert_snapshot!("watch__summary", run.stderr);
    let run = project.weir(&["watch", "--stop-at-end", "--format", "cloudevents"]);
    let events: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    insta::assert_json_snapshot!("watch__first_event", events.first());
    let mut ids: Vec<&str> = events.iter().filter_map(|event| event["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len(), "each has an id of its own");
    assert_eq!(project.weir(&["watch", "--stop-at-end", "--format", "cloudevents"]).stdout, run.stdout);
}

#[test]
fn a_pipe_is_watched_to_its_end() {
    let project = quiet_project();
    let events = requests(240);
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["watch", "--events", "-", "--format", "cloudevents", "--project"])
        .arg(project.path(""))
        .env("HOME", std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    for piece in events.as_bytes().chunks(events.len() / 4) {
        // It waits in between, and looks whether there are other streams.
        std::thread::sleep(Duration::from_millis(300));
        stdin.write_all(piece).expect("it reads");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).expect("news are text"), straight(&events).0);
}

#[test]
fn a_process_that_is_killed_again_and_again_loses_nothing_and_counts_nothing_twice() {
    let events = requests(600);
    let (news, summary) = straight(&events);
    let project = quiet_project();
    let (snapshot, output) = (project.path("watch.snapshot"), project.path("news.jsonl"));
    let [snapshot_path, output_path] =
        [&snapshot, &output].map(|path| path.to_str().expect("the path is UTF-8"));
    let arguments = [
        "--snapshot",
        snapshot_path,
        "--snapshot-every",
        "0s",
        "--output",
        output_path,
        "--format",
        "cloudevents",
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let bytes = events.as_bytes();
    let (mut written, mut snapshots) = (0, Vec::new());
    for round in 0..50 {
        let mut child = start(&project, &arguments);
        let end = Instant::now() + Duration::from_millis(next(700));
        while Instant::now() < end {
            // Pieces of a few lines, cut anywhere.
            let piece = usize::try_from(next(9000)).expect("it is small").min(bytes.len() - written);
            append(&project, &bytes[written..written + piece]);
            written += piece;
            std::thread::sleep(Duration::from_millis(next(60)));
        }
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        snapshots.push(std::fs::read(&snapshot).unwrap_or_default());
        if round % 17 == 16 {
            // Whoever rotates a log does not tear a line.
            let rest = bytes[written..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            append(&project, &bytes[written..written + rest]);
            written += rest;
            let rotated = project.path(&format!("events/example.jsonl.{round}"));
            std::fs::rename(project.path("events/example.jsonl"), rotated).expect("it can be renamed");
        }
    }
    append(&project, &bytes[written..]);
    let mut child = start(&project, &[&arguments[..], &["--stop-at-end"]].concat());
    let code = child.wait().expect("it ends").code();
    let told = std::io::read_to_string(child.stderr.take().expect("it has one")).expect("it is text");
    assert_eq!(code, Some(0), "{told}");
    snapshots.dedup();
    assert!(snapshots.len() > 10, "it was killed while it got on");
    assert_eq!(told, summary);
    assert_eq!(std::fs::read_to_string(output).expect("it is there"), news);
}

#[test]
fn a_process_that_is_asked_to_stop_leaves_a_snapshot() {
    let events = requests(240);
    let (first, second) = events.split_at(events.len() / 2);
    let project = quiet_project();
    append(&project, first.as_bytes());
    let snapshot = project.path("watch.snapshot");
    let arguments = ["--snapshot", snapshot.to_str().expect("the path is UTF-8"), "--snapshot-every", "1h"];
    let mut child = start(&project, &arguments);
    // It says something as soon as it has read the first half.
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("it has one"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("it is text");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill starts");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(snapshot.exists());
    append(&project, second.as_bytes());
    let run = project.weir(&[&["watch", "--stop-at-end"], &arguments[..]].concat());
    assert_eq!((run.code, run.stderr), (0, straight(&events).1));
}

#[test]
fn a_process_that_is_killed_before_its_first_snapshot_is_due_tells_each_news_once() {
    let events = requests(240);
    let project = quiet_project();
    append(&project, events.as_bytes());
    project.write("news.jsonl", "what was there before\n");
    let (snapshot, output) = (project.path("watch.snapshot"), project.path("news.jsonl"));
    let [snapshot, output_path] = [&snapshot, &output].map(|path| path.to_str().expect("the path is UTF-8"));
    let arguments = ["--snapshot", snapshot, "--snapshot-every", "1h", "--output", output_path];
    let arguments = [&arguments[..], &["--format", "cloudevents"]].concat();
    let mut child = start(&project, &arguments);
    let told = || std::fs::read_to_string(&output).expect("it is there");
    let end = Instant::now() + Duration::from_secs(60);
    while told().lines().count() < 2 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(told().lines().count() > 1, "it had told something");
    let run = project.weir(&[&["watch", "--stop-at-end"], &arguments[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(told(), format!("what was there before\n{}", straight(&events).0));
}

#[test]
fn two_watches_do_not_share_a_snapshot() {
    let project = quiet_project();
    append(&project, requests(60).as_bytes());
    let (snapshot, output) = (project.path("watch.snapshot"), project.path("news.jsonl"));
    let [snapshot_path, output_path] =
        [&snapshot, &output].map(|path| path.to_str().expect("the path is UTF-8"));
    let arguments = ["--snapshot", snapshot_path, "--output", output_path];
    let mut child = start(&project, &arguments);
    let end = Instant::now() + Duration::from_secs(60);
    while !snapshot.exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let run = project.weir(&[&["watch", "--stop-at-end"], &arguments[..]].concat());
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.starts_with("error: another `weir watch` uses the snapshot `"), "{}", run.stderr);
    let run = project.weir(&[&["watch", "--stop-at-end"], &arguments[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_snapshot_that_can_not_be_used_is_refused() {
    let project = quiet_project();
    append(&project, requests(30).as_bytes());
    let snapshot = project.path("watch.snapshot");
    let path = snapshot.to_str().expect("the path is UTF-8");
    let watch = |project: &Project| project.weir(&["watch", "--stop-at-end", "--snapshot", path]);
    assert_eq!(watch(&project).code, 0);
    // A torn one gives way to the one before.
    assert_eq!(watch(&project).code, 0);
    let whole = std::fs::read(&snapshot).expect("it is there");
    project.write("watch.snapshot", &whole[..whole.len() / 2]);
    let run = watch(&project);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("it ends too early; going on from the one before"), "{}", run.stderr);
    // Other SLOs.
    let service = std::fs::read_to_string(project.path("services/my-service.toml")).expect("it is there");
    project.write(
        "services/my-service.toml",
        service.replace("[[slo]]\nname = \"availability\"", "[[slo]]\nname = \"uptime\""),
    );
    let run = watch(&project);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("taken of other SLOs: it has `my-service/availability`"), "{}", run.stderr);
    project.write("services/my-service.toml", service);
    // Something else.
    project.remove("watch.snapshot.before").write("watch.snapshot", "shopping list");
    let run = watch(&project);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("it is another kind of file"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(&snapshot).expect("it is there"), "shopping list");
}

#[test]
fn a_file_that_is_not_there_yet_is_named() {
    let project = quiet_project();
    let run = project.weir(&["watch", "--stop-at-end", "--events", "nowhere.jsonl"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.starts_with("note: `nowhere.jsonl` is not there yet\n"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was judged"), "{}", run.stderr);
    let end = "error: `nowhere.jsonl` is not there: nothing of it was judged\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    // Others are judged, and the end is the same.
    append(&project, requests(30).as_bytes());
    let there = project.path("events/example.jsonl");
    let there = there.to_str().expect("the path is UTF-8");
    let run = project.weir(&["watch", "--stop-at-end", "--events", "nowhere.jsonl", "--events", there]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stdout.contains("allow"), "{}", run.stdout);
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
}

#[test]
fn a_watch_that_ends_without_a_judgement_is_undecided() {
    let check = |events: &str| {
        let project = quiet_project();
        append(&project, events.as_bytes());
        let run = project.weir(&["watch", "--stop-at-end"]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{}", run.stderr);
        assert!(run.stderr.starts_with("nothing was judged: "), "{}", run.stderr);
    };
    check("");
    check("no JSON\nneither\n");
}

#[test]
fn wrong_questions_are_refused() {
    let sample = sample();
    let project = sample.to_str().expect("the path is UTF-8");
    let check = |arguments: &[&str], expected: &str| {
        let run = weir(&[&["watch", "--project", project], arguments].concat());
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    check(&["checkuot"], "there is no service `checkuot`");
    check(&["checkout", "--gate", "nowhere"], "there is no gate `nowhere`");
    check(&["--lateness", "soon"], "invalid value 'soon' for '--lateness");
    check(&["--budget-levels", "150%"], "expected a share such as `25%`");
    check(&["--snapshot", "s", "--snapshot-every", "soon"], "expected a time such as `10s`");
    check(&["--snapshot-every", "5s"], "--snapshot <FILE>");
    assert!(Path::new(project).join("weir.toml").is_file());
}
