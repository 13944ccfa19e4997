//! `weir plugin new`, `build`, `test` and `bench`: writing plugins.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::plugin::built;
use crate::support::{Project, Run, weir};

/// An example of the repository: a component that `weir plugin new` and `weir plugin build` made.
fn example(path: &str) -> PathBuf {
    built("plugins/examples").join(path)
}

/// A new plugin in a folder of its own.
struct Plugin(tempfile::TempDir);

impl Plugin {
    fn new(name: &str, kind: &str, language: &str) -> Plugin {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let run = weir(&["plugin", "new", name, "--kind", kind, "--lang", language, "--folder", path]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        Plugin(folder)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// Puts its cases to an example.
    fn test(&self, component: &str, more: &[&str]) -> Run {
        let component = example(component);
        let arguments = ["plugin", "test", self.path(), "--component", component.to_str().unwrap()];
        weir(&[&arguments[..], more].concat())
    }
}

#[test]
fn a_new_plugin_has_all_that_it_takes() {
    let run = weir(&["plugin", "new", "queue-depth", "--kind", "check", "--folder", "/proc/none"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    let mut lists = String::new();
    for (kind, language) in
        [("check", "rust"), ("check", "c"), ("sli-calculator", "js"), ("sli-calculator", "py")]
    {
        let plugin = Plugin::new("queue-depth", kind, language);
        let again =
            weir(&["plugin", "new", "other", "--kind", kind, "--lang", language, "--folder", plugin.path()]);
        assert_eq!(again.code, 2, "{}", again.stdout);
        assert!(again.stderr.contains("is there already; nothing was written"), "{}", again.stderr);
        lists.push_str(&format!("{kind} in {language}\n"));
        let mut open = vec![plugin.0.path().to_owned()];
        let mut files = Vec::new();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                files.push(path.strip_prefix(plugin.0.path()).unwrap().display().to_string());
            }
        }
        files.sort();
        lists.extend(files.iter().map(|file| format!("  {file}\n")));
    }
    insta::assert_snapshot!(lists);
}

#[test]
fn what_can_t_be_begun_says_what_can() {
    let check = |arguments: &[&str], parts: &[&str]| {
        let run = weir(&[&["plugin", "new"], arguments].concat());
        assert_eq!(run.code, 2, "{}", run.stdout);
        for part in parts {
            assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
        }
    };
    check(&["Queue Depth", "--kind", "check"], &["is not a name in kebab-case", "write `queue-depth`"]);
    check(&["a", "--kind", "gate"], &["a kind is one of `sli-calculator`, `budget-policy`"]);
    check(
        &["a", "--kind", "check", "--lang", "go"],
        &["a language is one of `rust`, `c`, `javascript`, `python`"],
    );
    check(
        &["a", "--kind", "budget-policy", "--lang", "c"],
        &["there is no budget-policy to start from in c", "`sli-calculator` and `check`"],
    );
    check(&["a", "--kind", "check", "--sdk", "/tmp"], &["`/tmp` is not the SDK", "`plugins/sdk`"]);
}

#[test]
fn a_toolchain_that_is_missing_is_named_with_what_to_install() {
    let check = |language: &str, parts: &[&str]| {
        let plugin = Plugin::new("mine", "check", language);
        let output = Command::new(env!("CARGO_BIN_EXE_weir"))
            .args(["plugin", "build", plugin.path()])
            .env("PATH", plugin.path())
            .env("HOME", std::env::temp_dir())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` in {message}");
        }
    };
    check("rust", &["no Rust compiler is here", "`rustup target add wasm32-unknown-unknown`"]);
    check("c", &["no C compiler for WebAssembly is here", "`.venv/bin/pip install ziglang`", "`wasi-libc`"]);
    check("js", &["`componentize-qjs`", "run `npm install` in the plugin's folder"]);
    check("py", &["`componentize-py`", "`.venv/bin/pip install -r requirements.txt`"]);
    let run = weir(&["plugin", "build", "/"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no plugin.toml in `/`"), "{}", run.stderr);
    let plugin = Plugin::new("mine", "check", "c");
    plugin.write("plugin.toml", "[plugin]\nname = \"mine\"\nkind = \"chek\"\nlanguage = \"c\"\n");
    let run = weir(&["plugin", "build", plugin.path()]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("plugin.toml:3:8") && run.stderr.contains("`check`"), "{}", run.stderr);
}

#[test]
fn examples_are_the_ones_that_are_pinned() {
    let sums = std::fs::read_to_string(example("SHA256SUMS")).unwrap();
    let mut pinned: Vec<&str> = Vec::new();
    for line in sums.lines() {
        let (digest, path) = line.split_once("  ").unwrap();
        let bytes = std::fs::read(example(path)).unwrap();
        let found: String = {
            use sha2::Digest as _;
            sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        assert_eq!(found, digest, "{path}");
        // Nothing of the machine that built it is in it.
        // Python's interpreter comes from its packagers, whose folders are named in it.
        for mark in [&b"/tmp/"[..], b"/root/"].iter().filter(|_| !path.ends_with("python.wasm")) {
            assert!(!bytes.windows(mark.len()).any(|part| part == *mark), "{path}");
        }
        pinned.push(path);
    }
    let mut files = Vec::new();
    for folder in ["runbook", "status"] {
        for entry in std::fs::read_dir(example(folder)).unwrap() {
            files.push(format!("{folder}/{}", entry.unwrap().file_name().display()));
        }
    }
    files.sort();
    assert_eq!(pinned, files);
}

/// What the example in a language finds in a project with these limits.
fn findings(language: &str, limits: &str) -> serde_json::Value {
    let project = Project::new();
    let settings = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    project.write("weir.toml", format!("{settings}\n{limits}"));
    let file = example("runbook").join(language).with_extension("wasm");
    let run = project.weir(&["plugin", "add", file.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    project.write("runbooks/my-service.md", "# My service\n\n## ROLLBACK\n\nUse the button: \u{fc}\n").write(
        "policies/runbook.toml",
        "[policy]\nname = \"runbook\"\nplugin = \"runbook\"\ngrants = [\"runbooks\"]\n\
             [params]\nheadings = [\"Rollback\", \"Who to call\", \"Rollback\"]\n",
    );
    let run = project.weir(&["check", "my-service", "--format", "json"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    verdict["policies"][0]["findings"].clone()
}

#[test]
fn the_same_check_answers_the_same_in_every_language() {
    let rust = findings("rust", "");
    assert_eq!(rust.as_array().unwrap().len(), 4, "{rust}");
    assert_eq!((&rust[1]["line"], &rust[2]["outcome"]), (&3.into(), &"fail".into()));
    for language in ["c", "javascript"] {
        assert_eq!(findings(language, ""), rust, "{language}");
    }
}

/// One test, so that the interpreter is compiled once: for half a minute, after which it is in the cache.
#[test]
fn the_example_in_python_passes_its_cases_and_answers_as_the_others_do() {
    let run = Plugin::new("mine", "check", "python").test("runbook/python.wasm", &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.ends_with("4 passed, 0 failed\n"), "{}", run.stdout);
    let usual = Project::new().weir(&["plugin", "add", example("runbook/python.wasm").to_str().unwrap()]);
    assert_eq!(usual.code, 1, "{}", usual.stderr);
    assert!(usual.stdout.contains("raise `component-size` in the limits"), "{}", usual.stdout);
    assert!(usual.stderr.contains("`component-size = \"18MiB\"` under `[limits]`"), "{}", usual.stderr);
    // Where it is being written, what it needs is known.
    let plugin = Plugin::new("mine", "check", "python");
    let built = plugin.0.path().join("built");
    std::fs::create_dir(&built).unwrap();
    std::fs::copy(example("runbook/python.wasm"), built.join("mine.wasm")).unwrap();
    let run = weir(&["plugin", "verify", built.join("mine.wasm").to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let readme = std::fs::read_to_string(plugin.0.path().join("README.md")).unwrap();
    assert!(readme.contains("[limits]\ncomponent-size = \"32MiB\"\ninstances = 64\n"), "{readme}");
    // As its plugin.toml and the README of the examples say.
    let limits = "[limits]\ncomponent-size = \"32MiB\"\ninstances = 64\n";
    assert_eq!(findings("python", limits), findings("rust", ""));
}

#[test]
fn examples_pass_the_cases_that_new_plugins_have() {
    let check = |kind: &str, components: &[&str], passed: &str| {
        let plugin = Plugin::new("mine", kind, "rust");
        for component in components {
            let run = plugin.test(component, &[]);
            assert_eq!(run.code, 0, "{component}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.ends_with(passed), "{}", run.stdout);
        }
    };
    check(
        "check",
        &["runbook/rust.wasm", "runbook/c.wasm", "runbook/javascript.wasm"],
        "4 passed, 0 failed\n",
    );
    check("sli-calculator", &["status/rust.wasm", "status/c.wasm"], "3 passed, 0 failed\n");
}

#[test]
fn a_case_that_fails_says_how() {
    let plugin = Plugin::new("mine", "check", "c");
    plugin.write(
        "cases/mine.toml",
        "[[case]]\nname = \"two mistakes\"\nsubject = { service = \"shop\" }\n\
         documents = { \"runbooks/shop.md\" = \"# Rollback\\n\" }\n\
         expect.findings = [\n    { rule = \"runbook\", outcome = \"unknown\" },\n    \
         { rule = \"section-rollback\", line = 2 },\n    { rule = \"section-escalation\" },\n]\n\n\
         [[case]]\nname = \"a rule <more>\"\nsubject = { service = \"shop\" }\n\
         expect.findings = [{ rule = \"runbook\" }, { rule = \"owner\" }]\n\n\
         [[case]]\nname = \"no answer\"\nsubject = { service = \"shop\" }\nexpect.problem = \"no\"\n",
    );
    let run = plugin.test("runbook/c.wasm", &[]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    insta::assert_snapshot!(run.stdout);
    let junit = plugin.test("runbook/c.wasm", &["--format", "junit"]);
    assert_eq!(junit.code, 1);
    insta::assert_snapshot!(junit.stdout);
    let marks = Plugin::new("mine", "sli-calculator", "c");
    marks.write(
        "cases/mine.toml",
        "[[case]]\nname = \"marks\"\nevents = [{ data = { status = 200 } }, { data = { status = 500 } }]\n\
         expect.marks = [\"good\", \"good\"]\n",
    );
    let run = marks.test("status/rust.wasm", &[]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("mark of event 2: expected `good`, found `bad`"), "{}", run.stdout);
}

#[test]
fn cases_that_make_no_sense_are_shown_where_they_stand() {
    let plugin = Plugin::new("mine", "check", "c");
    let check = |text: &str, part: &str| {
        plugin.write("cases/mine.toml", text);
        let run = plugin.test("runbook/c.wasm", &[]);
        assert_eq!(run.code, 2, "{text}: {}", run.stdout);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
    };
    let case = |rest: &str| format!("[[case]]\nname = \"a\"\n{rest}\n");
    check("", "the plugin has no cases, so nothing was tested");
    check(&case("expect.findings = []"), "the case doesn't say what the plugin is asked");
    check(
        &case("events = []\nsubject = { service = \"a\" }\nexpect.findings = []"),
        "asks two things at once",
    );
    check(&case("subject = { service = \"a\" }\nexpect.marks = []"), "`findings` belongs here, or `problem`");
    check(&case("events = [{ id = \"1\" }]\nexpect.marks = []"), "there are 1 events and 0 marks");
    check(&case("events = []\nexpect.marks = []"), "a check is not asked by `events`");
    check(
        &case("subject = { service = \"a\" }\nparams = { folders = \"x\" }\nexpect.findings = []"),
        "did you mean `folder`?",
    );
}

#[test]
fn a_calculator_of_slices_is_asked_what_they_count_as() {
    let plugin = Plugin::new("mine", "sli-calculator", "c");
    let case = |rest: &str| format!("[[case]]\nname = \"a\"\nparams = {{ at-least = 2 }}\n{rest}\n");
    let test = |text: &str, component: &Path| {
        plugin.write("cases/mine.toml", text);
        let arguments = ["plugin", "test", plugin.path(), "--component", component.to_str().unwrap()];
        weir(&arguments)
    };
    let throughput = built("plugins/built/throughput.wasm");
    let slices = "slices = [{ good = 3 }, { good = 1 }, {}]\n";
    let run = test(
        &case(&format!("{slices}expect.tallies = [{{ good = 1 }}, {{ bad = 1 }}, {{ unknown = 1 }}]")),
        &throughput,
    );
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // Twice as long, a slice has to have twice as many.
    let longer = format!("{slices}slice-length = \"2m\"\n");
    let run = test(
        &case(&format!("{longer}expect.tallies = [{{ good = 1 }}, {{ bad = 1 }}, {{ unknown = 1 }}]")),
        &throughput,
    );
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    for part in ["good in slice 1: expected `1`, found `0`", "bad in slice 1: expected `0`, found `1`"] {
        assert!(run.stdout.contains(part), "`{part}` in {}", run.stdout);
    }
    let wrong = |rest: &str, component: &Path, code: i32, part: &str| {
        let run = test(&case(rest), component);
        assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
        assert!((run.stdout + &run.stderr).contains(part), "{part}");
    };
    wrong("slices = [{}]\nexpect.tallies = []", &throughput, 2, "there are 1 slices and 0 tallies");
    wrong("slices = [{}]\nexpect.marks = []", &throughput, 2, "`tallies` belongs here, or `problem`");
    wrong(
        "slice-length = \"1m\"\nevents = []\nexpect.marks = []",
        &throughput,
        2,
        "has no meaning without `slices`",
    );
    let events = test(
        "[[case]]\nname = \"a\"\nslices = [{}]\nexpect.tallies = [{}]\n",
        &built("plugins/built/availability.wasm"),
    );
    assert_eq!(events.code, 1, "{}{}", events.stdout, events.stderr);
    assert!(events.stdout.contains("the calculator judges events, and no slices"), "{}", events.stdout);
}

#[test]
fn a_bench_measures_against_the_limits() {
    let file = example("status/c.wasm");
    let bench = |more: &[&str]| {
        let arguments = ["plugin", "bench", file.to_str().unwrap(), "--seconds", "0"];
        weir(&[&arguments[..], more].concat())
    };
    let run = bench(&[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for part in [
        "  compile ",
        "an instance of its own, ",
        "an instance that is kept, ",
        "16384 a call",
        "KiB that it may have",
    ] {
        assert!(run.stdout.contains(part), "`{part}` in {}", run.stdout);
    }
    let json: serde_json::Value = serde_json::from_str(&bench(&["--format", "json"]).stdout).unwrap();
    assert_eq!((&json["rows"], &json["memory-limit"]), (&16_384.into(), &(64 << 20).into()));
    let memory = json["memory"].as_u64().unwrap();
    assert!((64 << 10..4 << 20).contains(&memory), "{memory}");
    let check = Path::new("plugins/built/production-readiness.wasm");
    let run = weir(&["plugin", "bench", built(check.to_str().unwrap()).to_str().unwrap(), "--seconds", "0"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stdout.contains("rows"), "{}", run.stdout);
}
