//! `weir plugin`: looking at plugins, verifying them and adding them to a project.

use std::path::{Path, PathBuf};

use crate::guest::Guest;
use crate::support::{Project, Run, weir};

/// A plugin of the repository.
pub(crate) fn built(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn bundled(name: &str) -> PathBuf {
    built("plugins/built").join(name).with_extension("wasm")
}

/// Runs `weir plugin` on a file.
fn plugin(command: &str, file: &Path, more: &[&str]) -> Run {
    weir(&[&["plugin", command, file.to_str().unwrap()], more].concat())
}

/// A file with some content, in a folder of its own.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

#[test]
fn an_inspection_says_what_a_plugin_is() {
    let run = plugin("inspect", &bundled("error-budget"), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // The digest changes with every build.
    let (before, rest) = run.stdout.split_once("  digest       sha256 ").unwrap();
    assert!(
        before.contains("kind         budget-policy\n") && before.contains("contract     0.1.0\n"),
        "{before}"
    );
    insta::assert_snapshot!(rest.get(64..).unwrap());

    let run = plugin("inspect", &bundled("error-budget"), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["schema-version"], &json["plugin"]["kind"]), (&1.into(), &"budget-policy".into()));
    assert_eq!(json["plugin"]["info"]["name"], "error-budget");
}

#[test]
fn an_inspection_says_which_imports_no_plugin_may_have() {
    let scratch = Scratch::new();
    let imports = r#"(import "wasi:cli/exit@0.2.0" (instance)) (import "wasi:sockets/tcp@0.2.0" (instance))"#;
    let file = scratch.file("guest.wasm", Guest::budget().info(None).import(imports).component());
    let run = plugin("inspect", &file, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for part in [
        "a budget-policy that does not say what it is",
        "wasi:cli/exit@0.2.0 (needs the project's consent)",
        "wasi:sockets/tcp@0.2.0 (refused: no plugin may import it)",
    ] {
        assert!(run.stdout.contains(part), "`{part}` in {}", run.stdout);
    }
}

#[test]
fn what_is_no_plugin_is_wrong_input() {
    let scratch = Scratch::new();
    let whole = Guest::checker().component();
    let check = |file: &Path, part: &str| {
        for command in ["inspect", "verify"] {
            let run = plugin(command, file, &[]);
            assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
            assert_eq!(run.stdout, "");
            assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
        }
    };
    check(&scratch.file("text", "hello"), "is not WebAssembly");
    check(&scratch.file("empty", ""), "is empty");
    check(&scratch.file("half", &whole[..whole.len() / 2]), "is cut off at byte");
    check(
        &scratch.file("core", b"\0asm\x01\0\0\0"),
        "is a core WebAssembly module, and a component is wanted",
    );
    let other =
        wat::parse_str(r#"(component (core module $m) (instance $i) (export "a:b/c@1.0.0" (instance $i)))"#);
    check(
        &scratch.file("other", other.unwrap()),
        "is a component but no Weir plugin: it exports `a:b/c@1.0.0`",
    );
    check(scratch.0.path(), "is a folder");
    check(
        Path::new("https://example.com/p.wasm"),
        "is an address, and only `weir plugin add` fetches from there",
    );
}

#[test]
fn a_verified_plugin_keeps_every_rule() {
    let run = plugin("verify", &bundled("production-readiness"), &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.ends_with("8 rules kept, 0 broken\n"), "{}", run.stdout);
    let run = plugin("verify", &bundled("availability"), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &json["passed"]), (0, &true.into()));
    assert_eq!(json["verification"]["checks"].as_array().unwrap().len(), 11);
}

#[test]
fn a_broken_rule_says_what_was_found_and_what_to_do() {
    let scratch = Scratch::new();
    // The marks are how many rows there are.
    let marks = crate::guest::marks("(local.get $rows)", 1)
        .replace("$list) (i32.const 1)", "$list) (i32.rem_u (local.get $rows) (i32.const 4))");
    let crooked = scratch.file("crooked.wasm", Guest::calculator().body("classify", &marks).component());
    let run = plugin("verify", &crooked, &[]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    insta::assert_snapshot!(run.stdout);

    let marks = crate::guest::marks("(local.get $rows)", 4);
    let unknown = scratch.file("unknown.wasm", Guest::calculator().body("classify", &marks).component());
    let run = plugin("verify", &unknown, &[]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("mark 4 for row 0, and marks go from 0 to 3"), "{}", run.stdout);

    let sockets = Guest::budget().import("(import \"wasi:sockets/tcp@0.2.0\" (instance))");
    let run = plugin("verify", &scratch.file("sockets.wasm", sockets.component()), &["--wasi", "inert"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("FAIL imports      plugin `sockets` imports `wasi:sockets/tcp@0.2.0`"),
        "{}",
        run.stdout
    );
}

#[test]
fn the_hostile_plugins_of_the_tests_are_found_out() {
    let scratch = Scratch::new();
    let hostile = built("tests/guests/built/hostile-calculator.wasm");
    let mood = |mood: &str| scratch.file("params.toml", format!("mood = \"{mood}\"\n"));
    let verify = |file: &Path| plugin("verify", &hostile, &["--params", file.to_str().unwrap()]);
    let run = verify(&mood("trap"));
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("broke down"), "{}", run.stdout);
    // A value that the schema refuses is shown where it stands.
    let run = verify(&mood("none-such"));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("params.toml:1:8"), "{}", run.stderr);
}

#[test]
fn parameters_that_a_plugin_needs_are_asked_for() {
    let scratch = Scratch::new();
    let run = plugin("verify", &bundled("latency"), &[]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("missing key `threshold`") && run.stderr.contains("`--params FILE`"),
        "{}",
        run.stderr
    );
    let params = scratch.file("params.toml", "threshold = \"250ms\"\n");
    assert_eq!(plugin("verify", &bundled("latency"), &["--params", params.to_str().unwrap()]).code, 0);
    let wrong = scratch.file("wrong.toml", "threshold = ");
    assert_eq!(plugin("verify", &bundled("latency"), &["--params", wrong.to_str().unwrap()]).code, 2);
}

/// Adds a plugin to a project.
fn add(project: &Project, file: &Path, more: &[&str]) -> Run {
    project.weir(&[&["plugin", "add", file.to_str().unwrap()], more].concat())
}

fn lock(project: &Project) -> String {
    std::fs::read_to_string(project.path("weir.lock")).unwrap()
}

#[test]
fn an_added_plugin_is_pinned_and_judges() {
    let (project, scratch) = (Project::new(), Scratch::new());
    let file = scratch.file("p.wasm", Guest::budget().component());
    let run = add(&project, &file, &["--name", "always"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("added `always`\n  kind         budget-policy\n"), "{}", run.stdout);
    assert_eq!(std::fs::read(project.path("plugins/always.wasm")).unwrap(), std::fs::read(&file).unwrap());
    project
        .requests(120, 100_000)
        .write("policies/always.toml", "[policy]\nname = \"always\"\nplugin = \"always\"\n");
    let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T02:00:00Z"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("always"), "{}", run.stdout);
    // Once more changes nothing.
    let before = lock(&project);
    let run = add(&project, &file, &["--name", "always"]);
    assert_eq!((run.code, lock(&project)), (0, before));
    assert!(run.stdout.starts_with("`always` is pinned as it is"), "{}", run.stdout);
    // A file that was lost is put back.
    project.remove("plugins/always.wasm");
    assert_eq!(add(&project, &file, &["--name", "always"]).code, 0);
    assert!(project.path("plugins/always.wasm").is_file());
}

#[test]
fn a_lock_keeps_its_comments_and_its_order() {
    let (project, scratch) = (Project::new(), Scratch::new());
    let one = scratch.file("one.wasm", Guest::budget().component());
    let other = scratch.file("other.wasm", Guest::budget().tail("(core module)").component());
    project.write(
        "weir.lock",
        "# Looked at by both of us.\n[[plugin]] # the first\nname = \"first\"\n\
         sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" # old\n\
         path = 'plugins/first.wasm'\n",
    );
    assert_eq!(add(&project, &one, &["--name", "second"]).code, 0);
    let run = add(&project, &other, &["--name", "first"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("has a plugin `first` already") && run.stderr.contains("`--replace`"),
        "{}",
        run.stderr
    );
    let run = add(&project, &other, &["--name", "first", "--replace", "--wasi", "inert"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("replaced `first`: weir.lock pinned sha256 9f86"), "{}", run.stdout);
    insta::assert_snapshot!(lock(&project));
}

#[test]
fn a_name_that_is_taken_is_not_given_twice() {
    let (project, scratch) = (Project::new(), Scratch::new());
    let file = scratch.file("p.wasm", Guest::budget().component());
    let refused = |arguments: &[&str], part: &str| {
        let run = add(&project, &file, arguments);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
        assert!(!project.path("weir.lock").exists());
    };
    refused(&["--name", "availability"], "is the name of a plugin that comes with Weir");
    refused(&["--name", "No Name"], "`No Name` is not a name for a plugin");
    project.write("plugins/mine.wasm", "something else");
    refused(&["--name", "mine"], "is there already, and no plugin of the lock");
    // What breaks a rule is not added.
    let broken = scratch.file("broken.wasm", Guest::budget().body("decide", "unreachable").component());
    let run = add(&project, &broken, &["--name", "broken"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("FAIL answer") && run.stderr == "error: the plugin was not added\n",
        "{}",
        run.stderr
    );
    assert!(!project.path("weir.lock").exists() && !project.path("plugins/broken.wasm").exists());
    // A lock that can't be added to stays as it is.
    project.write("weir.lock", "plugin = []\n");
    let run = add(&project, &file, &["--name", "fine"]);
    assert_eq!((run.code, lock(&project)), (2, "plugin = []\n".to_owned()));
    assert!(run.stderr.contains("written in a way that nothing can be added to"), "{}", run.stderr);
}

#[test]
fn a_project_says_what_a_plugin_may_use() {
    let project = Project::new();
    let text = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    project.write("weir.toml", format!("{text}\n[limits]\ncomponent-size = \"1KiB\"\n"));
    let file = bundled("availability");
    let run = project.weir(&["plugin", "verify", file.to_str().unwrap()]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("FAIL size") && run.stdout.contains("more than the 1024 allowed"),
        "{}",
        run.stdout
    );
}
