//! Running the command, and projects to run it on.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The sample project.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/sample")
}

/// An SLI and an SLO of the alerts that fire: those that page somebody are bad.
pub(crate) const PAGES: &str = r#"
[[sli]]
name = "pages"
plugin = "availability"
event-types = ["weir.alert.fired"]
params = { field = "data.urgency", bad-values = ["page"] }

[[slo]]
name = "pages"
sli = "pages"
objective = "90%"
window = "1d"
"#;

/// An override for two days.
const OVERRIDE: &str = r#"
[[override]]
service = "my-service"
effect = "allow"
reason = "the fix for the outage is in this release"
by = "Ada"
approved-by = "Grace"
from = "2026-01-01T01:00:00Z"
until = "2026-01-03T01:00:00Z"
ticket = "OPS-7"
"#;

/// What came of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: Output) -> Run {
        Run {
            code: output.status.code().expect("the command ended by itself"),
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

/// Runs `weir` with these arguments.
pub(crate) fn weir(arguments: &[&str]) -> Run {
    Run::of(command(arguments).output().expect("the command starts"))
}

/// Runs `weir` with these arguments and environment variables.
pub(crate) fn weir_with(arguments: &[&str], variables: &[(&str, impl AsRef<OsStr>)]) -> Run {
    let variables = variables.iter().map(|(name, value)| (name, value));
    Run::of(command(arguments).envs(variables).output().expect("the command starts"))
}

/// Runs `weir` with these arguments and this standard input.
pub(crate) fn weir_reading(arguments: &[&str], input: &str) -> Run {
    use std::io::Write as _;
    let mut command = command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("it has an input").write_all(input.as_bytes()).expect("it reads");
    Run::of(child.wait_with_output().expect("it ends"))
}

/// Asks the gate about a service of the sample project, and leaves the record in a folder of its own.
pub(crate) fn gate_on_sample(service: &str, more: &[&str]) -> Run {
    let records = TempDir::new().expect("a folder can be made");
    let (project, records) = (sample(), records.path().to_str().expect("the path is UTF-8").to_owned());
    let project = project.to_str().expect("the path is UTF-8");
    let run = weir(&[&["gate", service, "--project", project, "--records", &records], more].concat());
    assert!(run.stderr.contains("recorded in "), "{}", run.stderr);
    run
}

/// What a pipeline may have in its environment, and changes what is written.
const OF_PIPELINES: [&str; 4] =
    ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).env_remove("XDG_CACHE_HOME").env("HOME", std::env::temp_dir());
    OF_PIPELINES.iter().for_each(|name| {
        command.env_remove(name);
    });
    // Every flag has a variable.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEIR_") {
            command.env_remove(name);
        }
    }
    command
}

/// The SHA-256 of a component, as `weir.lock` has it.
pub(crate) fn digest(component: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A project in a folder of its own, made by `weir init`.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// A project as `weir init` writes it.
    pub(crate) fn new() -> Project {
        let folder = TempDir::new().expect("a folder can be made");
        let run = weir(&["init", folder.path().to_str().expect("the path is UTF-8")]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        Project { folder }
    }

    /// A project whose service fails half its requests, with an override that lets changes through nevertheless: from
    /// 2026-01-01T01:00Z for two days.
    pub(crate) fn overruled() -> Project {
        let project = Project::new();
        project.requests(180, 2).write("overrides/incident.toml", OVERRIDE);
        project
    }

    /// A path in the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Project {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("files lie in folders")).expect("folders can be made");
        std::fs::write(path, text).expect("files can be written");
        self
    }

    /// Removes a file or folder of the project.
    pub(crate) fn remove(&self, name: &str) -> &Project {
        let path = self.path(name);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
            .expect("it is there");
        self
    }

    /// Changes a file of the project. The text to replace must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) -> &Project {
        let text = std::fs::read_to_string(self.path(name)).expect("the file is there");
        assert!(text.contains(from), "`{from}` is not in {name}");
        self.write(name, text.replace(from, to))
    }

    /// Runs `weir` with these arguments on the project.
    pub(crate) fn weir(&self, arguments: &[&str]) -> Run {
        let folder = self.folder.path().to_str().expect("the path is UTF-8");
        weir(&[arguments, &["--project", folder]].concat())
    }

    /// Writes a minute-by-minute stream of requests: from 2026-01-01T00:00Z on, each minute one event, of which every
    /// `bad_every`th fails.
    pub(crate) fn requests(&self, minutes: u32, bad_every: u32) -> &Project {
        let lines: String = (0..minutes)
            .map(|minute| {
                let (day, hour, rest) = (1 + minute / 1440, minute / 60 % 24, minute % 60);
                let status = if minute % bad_every == bad_every - 1 { 500 } else { 200 };
                format!(
                    "{{\"specversion\":\"1.0\",\"id\":\"{minute}\",\"source\":\"/test\",\"type\":\"weir.http.request\",\
                     \"subject\":\"my-service\",\"time\":\"2026-01-{day:02}T{hour:02}:{rest:02}:00Z\",\
                     \"data\":{{\"status\":{status}}}}}\n"
                )
            })
            .collect();
        self.write("events/example.jsonl", lines)
    }
}
