//! Documents come from the granted folders and from nowhere else, and what was given can be given again.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use weir_host::contract::checker::{Finding, Subject};
use weir_host::{Evidence, Given, Plugin, View};

use crate::guest::Guest;
use crate::{load, patient};

/// A project with documents within and secrets without.
fn project() -> TempDir {
    let root = TempDir::new().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("runbooks/shop.md", b"# Shop\n");
    write("runbooks/deep/er/cart.md", b"# Cart\n");
    write("runbooks/.draft.md", b"hidden");
    write("runbooks/image.png", b"\x89PNG\xff");
    write("runbooks/large.md", &vec![b'x'; (1 << 20) + 1]);
    write("post-mortems/2026.md", b"# What happened\n");
    write("secret.txt", b"secret");
    root
}

fn ask(plugin: &Plugin, evidence: &Evidence, params: &str) -> Finding {
    let subject = Subject {
        service: "shop".into(),
        change: String::new(),
        now: 0,
        slos: Vec::new(),
        dependencies: Vec::new(),
        facts: Vec::new(),
    };
    let mut answer = plugin.assess("policy", &patient(), params, &subject, evidence).unwrap();
    answer.value.findings.remove(0)
}

/// Asks for documents; what is given is a pass, what is refused a failure.
fn check(evidence: &Evidence, cases: &[(&str, u32, &str)]) {
    let plugin = load(&Guest::reader());
    for (params, outcome, text) in cases {
        let finding = ask(&plugin, evidence, params);
        assert_eq!((finding.outcome, finding.text.as_str()), (*outcome, *text), "{params}");
    }
}

fn granted(root: &Path, grants: &[&str]) -> Evidence {
    let grants: Vec<String> = grants.iter().map(|grant| (*grant).to_owned()).collect();
    Evidence::folder(root, &grants)
}

#[test]
fn documents_of_granted_folders_are_read() {
    let root = project();
    check(
        &granted(root.path(), &["runbooks"]),
        &[
            ("runbooks/shop.md", 0, "# Shop\n"),
            ("runbooks/deep/er/cart.md", 0, "# Cart\n"),
            ("runbooks/none.md", 1, "`runbooks/none.md` does not exist"),
            ("runbooks/shop.md/more", 1, "`runbooks/shop.md/more` does not exist"),
            ("runbooks/deep", 1, "`runbooks/deep` is not a plain file"),
            ("runbooks/image.png", 1, "`runbooks/image.png` is not UTF-8 text"),
            ("runbooks/large.md", 1, "`runbooks/large.md` has more than 1 MiB"),
            ("runbooks/.draft.md", 1, "`runbooks/.draft.md` is not granted by the policy"),
            ("post-mortems/2026.md", 1, "`post-mortems/2026.md` is not granted by the policy"),
        ],
    );
    check(&Evidence::none(), &[("runbooks/shop.md", 1, "`runbooks/shop.md` is not granted by the policy")]);
    check(&granted(root.path(), &["nothing"]), &[("nothing/a.md", 1, "`nothing` does not exist")]);
}

#[test]
fn documents_are_shown_in_other_forms_and_recorded_so() {
    let root = project();
    let view = View { name: "shout", show: |path, text| format!("{path}: {}", text.to_uppercase()) };
    let evidence = Evidence::folder_with(root.path(), &["runbooks".to_owned()], &[view]);
    let cases = [
        ("runbooks/shop.md#shout", 0, "runbooks/shop.md: # SHOP\n"),
        ("runbooks/shop.md#whisper", 1, "`runbooks/shop.md#whisper` does not exist"),
        ("runbooks/none.md#shout", 1, "`runbooks/none.md` does not exist"),
        ("post-mortems/2026.md#shout", 1, "`post-mortems/2026.md` is not granted by the policy"),
        (
            "runbooks/../secret.txt#shout",
            1,
            "`runbooks/../secret.txt#shout` is not a path within the project",
        ),
    ];
    check(&evidence, &cases);
    // What was shown is given again without the document, and without the view.
    check(&Evidence::recorded(evidence.transcript()), &cases);
}

#[test]
fn no_path_leaves_the_granted_folder() {
    let root = project();
    let outside = |path: &str| format!("`{path}` is not a path within the project");
    for grant in ["runbooks", "."] {
        let evidence = granted(root.path(), &[grant]);
        for path in [
            "runbooks/../secret.txt",
            "../secret.txt",
            "/etc/passwd",
            "runbooks//shop.md",
            "./runbooks",
            "runbooks\\..\\secret.txt",
            "runbooks/./shop.md",
        ] {
            check(&evidence, &[(path, 1, outside(path).as_str())]);
        }
    }
    check(
        &granted(root.path(), &["runbooks/.."]),
        &[("secret.txt", 1, "`secret.txt` is not granted by the policy")],
    );
}

#[cfg(unix)]
#[test]
fn links_and_devices_lead_nowhere() {
    use std::os::unix::fs::symlink;

    let root = project();
    let runbooks = root.path().join("runbooks");
    symlink(root.path().join("secret.txt"), runbooks.join("absolute.md")).unwrap();
    symlink("../secret.txt", runbooks.join("relative.md")).unwrap();
    symlink("/etc", runbooks.join("etc")).unwrap();
    symlink("shop.md", runbooks.join("alias.md")).unwrap();
    symlink("loop.md", runbooks.join("loop.md")).unwrap();
    symlink("/etc", root.path().join("granted-link")).unwrap();
    let out = |path: &str| format!("`{path}` leads out of the granted folder");
    check(
        &granted(root.path(), &["runbooks", "granted-link"]),
        &[
            ("runbooks/absolute.md", 1, &out("runbooks/absolute.md")),
            ("runbooks/relative.md", 1, &out("runbooks/relative.md")),
            ("runbooks/etc/passwd", 1, &out("runbooks/etc/passwd")),
            ("runbooks/alias.md", 0, "# Shop\n"),
            ("runbooks/loop.md", 1, "`runbooks/loop.md` can't be read"),
            ("granted-link/passwd", 1, &out("granted-link")),
        ],
    );
    let status = std::process::Command::new("mkfifo").arg(runbooks.join("pipe.md")).status().unwrap();
    assert!(status.success());
    let pipe = "`runbooks/pipe.md` is not a plain file";
    check(&granted(root.path(), &["runbooks"]), &[("runbooks/pipe.md", 1, pipe)]);
}

#[test]
fn listings_are_complete_and_in_order() {
    let root = project();
    let evidence = granted(root.path(), &["runbooks", "post-mortems"]);
    let plugin = load(&Guest::reader());
    let list = |folder: &str| {
        let finding = ask(&plugin, &evidence, &format!("+{folder}"));
        (finding.text, finding.line)
    };
    assert_eq!(list("runbooks"), ("runbooks/deep/er/cart.md".to_owned(), 4));
    assert_eq!(list("runbooks/"), list("runbooks"));
    assert_eq!(list("runbooks/deep"), ("runbooks/deep/er/cart.md".to_owned(), 1));
    assert_eq!(list("."), ("post-mortems/2026.md".to_owned(), 5));
    assert_eq!(list(""), list("."));
    assert_eq!(list("secrets"), ("`secrets` is not granted by the policy".to_owned(), 0));
    assert_eq!(list("runbooks/none"), ("`runbooks/none` does not exist".to_owned(), 0));
    let paths =
        ["deep/er/cart.md", "image.png", "large.md", "shop.md"].map(|path| format!("runbooks/{path}"));
    assert_eq!(evidence.transcript().get("runbooks/"), Some(&Given::Paths(paths.to_vec())));
}

#[test]
fn what_was_given_is_given_again() {
    let root = project();
    let plugin = load(&Guest::reader());
    let questions = ["runbooks/shop.md", "runbooks/none.md", "+runbooks", "secret.txt", "../secret.txt"];
    let evidence = granted(root.path(), &["runbooks"]);
    let first: Vec<Finding> = questions.iter().map(|question| ask(&plugin, &evidence, question)).collect();

    fs::write(root.path().join("runbooks/shop.md"), "changed").unwrap();
    let same: Vec<Finding> = questions.iter().map(|question| ask(&plugin, &evidence, question)).collect();
    assert_eq!(same, first, "one decision sees one state of the documents");

    let json = serde_json::to_string(&evidence.transcript()).unwrap();
    drop(root);
    let replayed = Evidence::recorded(serde_json::from_str(&json).unwrap());
    let again: Vec<Finding> = questions.iter().map(|question| ask(&plugin, &replayed, question)).collect();
    assert_eq!(again, first);
    assert_eq!(replayed.transcript(), evidence.transcript());
    check(&replayed, &[("runbooks/other.md", 1, "`runbooks/other.md` is not in the record")]);
}
