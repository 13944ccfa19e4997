//! `weir plugin sign` and `verify-signature`, and projects that require signatures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::guest::Guest;
use crate::support::{Project, Run, weir, weir_with};

/// A plugin in a folder of its own, and keys to sign it with.
struct Bench {
    folder: TempDir,
    plugin: PathBuf,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("always.wasm");
        fs::write(&plugin, Guest::budget().component()).unwrap();
        Bench { folder, plugin }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plugin(&self) -> &str {
        self.plugin.to_str().unwrap()
    }

    /// Makes a key without a password; gives the public one.
    fn key(&self, name: &str) -> String {
        let run =
            weir(&["plugin", "sign", "--generate-key", "--no-password", "--key", text(&self.path(name))]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let public = fs::read_to_string(self.path(name).with_extension("pub")).unwrap();
        public.lines().nth(1).unwrap().to_owned()
    }

    fn sign(&self, key: &str) -> Run {
        weir(&["plugin", "sign", self.plugin(), "--key", text(&self.path(key))])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A project that requires a signature by one of these keys.
fn project(keys: &[&str]) -> Project {
    let project = Project::new();
    let list: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    let text = fs::read_to_string(project.path("weir.toml")).unwrap();
    let trust = format!("\n[plugins]\nsignatures = \"required\"\nkeys = [{}]\n", list.join(", "));
    project
        .requests(120, 100_000)
        .write("weir.toml", text + &trust)
        .write("policies/always.toml", "[policy]\nname = \"always\"\nplugin = \"always\"\n");
    project
}

fn gate(project: &Project) -> Run {
    project.weir(&["gate", "my-service", "--at", "2026-01-01T02:00:00Z"])
}

#[test]
fn a_signed_plugin_is_added_with_its_signature_and_judges() {
    let bench = Bench::new();
    let (other, key) = (bench.key("other.key"), bench.key("mine.key"));
    assert_eq!(bench.sign("mine.key").code, 0);
    let project = project(&[&other, &key]);
    let run = project.weir(&["plugin", "add", bench.plugin(), "--name", "always"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let signature = fs::read(bench.path("always.wasm.minisig")).unwrap();
    assert_eq!(fs::read(project.path("plugins/always.wasm.minisig")).unwrap(), signature);
    // The plugins that come with Weir judge beside it, without signatures.
    let run = gate(&project);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // Once more changes nothing, with the signature or without it.
    let run = project.weir(&["plugin", "add", bench.plugin(), "--name", "always"]);
    assert!(run.stdout.starts_with("`always` is pinned as it is"), "{}", run.stdout);
    let run = project.weir(&["plugin", "verify-signature", text(&project.path("plugins/always.wasm"))]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("file:always.wasm"), "{}", run.stdout);
}

#[test]
fn a_plugin_that_nobody_trusted_signed_is_not_run() {
    let bench = Bench::new();
    let key = bench.key("mine.key");
    bench.sign("mine.key");
    let project = project(&[&key]);
    project.weir(&["plugin", "add", bench.plugin(), "--name", "always"]);
    let signature = project.path("plugins/always.wasm.minisig");
    let good = fs::read_to_string(&signature).unwrap();
    let check = |content: Option<&str>, part: &str| {
        match content {
            Some(content) => fs::write(&signature, content).unwrap(),
            None => fs::remove_file(&signature).unwrap(),
        }
        for arguments in [&["gate", "my-service", "--at", "2026-01-01T02:00:00Z"][..], &["test"]] {
            let run = project.weir(arguments);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{part}: {}", run.stderr);
            assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
            assert!(run.stderr.contains("`plugins/always.wasm.minisig`"), "{}", run.stderr);
        }
    };
    check(None, "plugin `always` is not run: it is not signed");
    check(Some("nonsense"), "its signature is not one of minisign's");
    check(Some(&good.replace("file:always", "file:Always")), "and is not one of this content");
    bench.key("other.key");
    bench.sign("other.key");
    let foreign = fs::read_to_string(bench.path("always.wasm.minisig")).unwrap();
    check(Some(&foreign), "which is none of the trusted ones");
    // A signature of something else by a trusted key.
    fs::write(&bench.plugin, Guest::checker().component()).unwrap();
    bench.sign("mine.key");
    let elsewhere = fs::read_to_string(bench.path("always.wasm.minisig")).unwrap();
    check(Some(&elsewhere), "and is not one of this content");
    fs::write(&signature, &good).unwrap();
    assert_eq!(gate(&project).code, 0);
}

#[test]
fn what_is_not_trusted_is_not_even_tried_and_not_added() {
    let bench = Bench::new();
    let key = bench.key("mine.key");
    let project = project(&[&key]);
    // Not WebAssembly at all: whoever ran it would say so.
    fs::write(&bench.plugin, "nothing to run").unwrap();
    let run = project.weir(&["plugin", "add", bench.plugin(), "--name", "always"]);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    insta::assert_snapshot!(run.stderr.replace(bench.plugin(), "always.wasm"));
    assert!(!project.path("weir.lock").exists() && !project.path("plugins").exists());
}

#[test]
fn another_content_does_not_keep_the_old_signature() {
    let bench = Bench::new();
    bench.key("mine.key");
    bench.sign("mine.key");
    let project = Project::new();
    assert_eq!(project.weir(&["plugin", "add", bench.plugin(), "--name", "always"]).code, 0);
    assert!(project.path("plugins/always.wasm.minisig").exists());
    fs::remove_file(bench.path("always.wasm.minisig")).unwrap();
    fs::write(&bench.plugin, Guest::budget().info(None).component()).unwrap();
    let run = project.weir(&["plugin", "add", bench.plugin(), "--name", "always", "--replace"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(!project.path("plugins/always.wasm.minisig").exists());
}

#[test]
fn a_signature_is_verified_without_a_project_too() {
    let bench = Bench::new();
    let key = bench.key("mine.key");
    let verify = |more: &[&str]| weir(&[&["plugin", "verify-signature", bench.plugin()], more].concat());
    let unsigned = verify(&["--key", &key]);
    assert_eq!(unsigned.code, 1, "{}", unsigned.stderr);
    assert!(unsigned.stdout.ends_with("does not count as signed: it is not signed\n"), "{}", unsigned.stdout);
    let run =
        weir(&["plugin", "sign", bench.plugin(), "--key", text(&bench.path("mine.key")), "--comment", "v1"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for key in [key.as_str(), text(&bench.path("mine.pub"))] {
        let run = verify(&["--key", key, "--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, &json["signed"], &json["comment"]), (0, &true.into(), &"v1".into()));
    }
    for (keys, part) in [
        (&["--key", "RWnonsense"][..], "neither a public key nor a file"),
        (&["--key", bench.plugin()], "UTF-8"),
        (&[], "weir.toml"),
    ] {
        let run = verify(keys);
        assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
    }
}

#[test]
fn a_key_is_never_overwritten_and_its_password_is_asked_for() {
    let bench = Bench::new();
    let secret = bench.path("mine.key");
    let make = ["plugin", "sign", bench.plugin(), "--generate-key", "--key", text(&secret)];
    // Nobody is there to be asked.
    let password = |password: &'static str| [("WEIR_SIGNING_PASSWORD", password)];
    let run = weir_with(&make, &password("first"));
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(&secret).unwrap();
    let run = weir_with(&make, &password("first"));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("is there already, and no key is overwritten"), "{}", run.stderr);
    assert_eq!(fs::read(&secret).unwrap(), before);
    let run = weir_with(&["plugin", "sign", bench.plugin(), "--key", text(&secret)], &password("second"));
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("wrong password"), "{}", run.stderr);
}

#[test]
fn minisign_itself_reads_what_is_written_here_and_the_other_way_round() {
    let minisign = |arguments: &[&str]| Command::new("minisign").args(arguments).output();
    if minisign(&["-v"]).is_err() {
        eprintln!("left out: minisign is not installed");
        return;
    }
    let bench = Bench::new();
    let key = bench.key("mine.key");
    bench.sign("mine.key");
    let public = bench.path("mine.pub");
    let run = minisign(&["-V", "-p", text(&public), "-m", bench.plugin()]).unwrap();
    assert!(run.status.success(), "{run:?}");
    // It signs with the secret key from here.
    let secret = bench.path("mine.key");
    let signed = minisign(&["-S", "-s", text(&secret), "-m", bench.plugin(), "-t", "theirs"]).unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let run = weir(&["plugin", "verify-signature", bench.plugin(), "--key", &key]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("theirs"), "{}", run.stdout);
    // Its old form, over the content itself, is refused.
    let signed = minisign(&["-S", "-l", "-s", text(&secret), "-m", bench.plugin()]).unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let run = weir(&["plugin", "verify-signature", bench.plugin(), "--key", &key]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("old form"), "{}", run.stdout);
}
