//! Writing waivers and overrides, and looking after them.

use crate::support::{Project, Run, sample, weir};

/// The sample project without its traffic, in a folder of its own.
fn shop() -> Project {
    let project = Project::new();
    let sample = sample();
    for folder in ["services", "policies", "gates", "waivers", "runbooks", "readiness"] {
        if project.path(folder).exists() {
            project.remove(folder);
        }
        for entry in std::fs::read_dir(sample.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            project.write(&name, std::fs::read(path).unwrap());
        }
    }
    project
        .write("weir.toml", "[project]\nname = \"shop\"\nas-of = 2026-11-24T12:00:00Z\n")
        .remove("runbooks/search.md");
    project
}

const WAIVE: [&str; 13] = [
    "waive",
    "search",
    "--policy",
    "production-readiness",
    "--rule",
    "runbook",
    "--reason",
    "it is being rewritten",
    "--requested-by",
    "Ada",
    "--approved-by",
    "Grace",
    "--ticket=OPS-1",
];

fn waive(project: &Project, more: &[&str]) -> Run {
    project.weir(&[&WAIVE[..], more].concat())
}

#[test]
fn a_waiver_is_added_and_everything_else_stays() {
    let project = shop();
    let before = "# kept\n[[waiver]] # and this\nservice = \"catalog\"\npolicy = \"production-readiness\"\n\
                  rule = \"drill\"\nreason = \"r\"\nrequested-by = \"a\"\napproved-by = \"b\"\n\
                  granted = 2026-11-01\nexpires = 2026-12-01 # last line, without an end";
    project.write("waivers/search.toml", before);
    assert_eq!(project.weir(&["check", "search"]).code, 1);
    let dry = waive(&project, &["--for", "30d", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert_eq!(std::fs::read_to_string(project.path("waivers/search.toml")).unwrap(), before);
    let run = waive(&project, &["--for", "30d"]);
    assert_eq!((run.code, &run.stdout), (0, &dry.stdout), "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
    let after = std::fs::read_to_string(project.path("waivers/search.toml")).unwrap();
    assert_eq!(after, format!("{before}\n\n{}", run.stdout));
    let check = project.weir(&["check", "search"]);
    assert!(check.stdout.contains("waived runbook"), "{}", check.stdout);
    assert!(check.stdout.contains("waived until 2026-12-24 by Ada, approved by Grace"), "{}", check.stdout);
}

#[test]
fn a_waiver_that_makes_no_sense_is_not_written() {
    let project = shop();
    let check = |more: &[&str], part: &str| {
        let run = waive(&project, more);
        assert_eq!(run.code, 2, "{more:?}: {}", run.stdout);
        assert!(run.stderr.contains(part), "{more:?}: {}", run.stderr);
        assert!(!project.path("waivers/search.toml").exists(), "{more:?}");
    };
    check(&[], "--expires");
    check(&["--for", "12h"], "whole days");
    check(&["--for", "181d"], "lasts more than 180 days");
    check(&["--expires", "2026-11-20"], "expires on 2026-11-20");
    check(&["--expires", "soon"], "is not a day");
    check(&["--for", "99999999999w"], "a waiver lasts 180 days at most");
    for (from, to, part) in [
        ("search", "serch", "did you mean `search`?"),
        ("runbook", "runbok", "did you mean `runbook`?"),
        ("production-readiness", "burn-rate", "only findings of checks can be waived"),
        ("Grace", " ada", "approves what the same person asked for"),
        ("it is being rewritten", " ", "this text is empty"),
    ] {
        let changed: Vec<&str> = WAIVE.iter().map(|word| if *word == from { to } else { word }).collect();
        let run = project.weir(&[&changed[..], &["--for", "30d"]].concat());
        assert_eq!(run.code, 2, "{to}: {}", run.stdout);
        assert!(run.stderr.contains(part), "{to}: {}", run.stderr);
    }
    // A file that can't take another entry stays as it is.
    project.write("waivers/search.toml", "waiver = []\n");
    let run = waive(&project, &["--for", "30d"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(std::fs::read_to_string(project.path("waivers/search.toml")).unwrap(), "waiver = []\n");
}

#[test]
fn a_waiver_that_is_there_already_is_extended_and_not_written_twice() {
    let project = shop();
    assert_eq!(waive(&project, &["--for", "30d"]).code, 0);
    let before = std::fs::read_to_string(project.path("waivers/search.toml")).unwrap();
    let run = waive(&project, &["--for", "30d"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    let said = "is waived already until 2026-12-24, at waivers/search.toml:1";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(project.path("waivers/search.toml")).unwrap(), before);
    let run = waive(&project, &["--for", "60d"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let note = "note: it is waived until 2026-12-24 already, at waivers/search.toml:1";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    assert!(!run.stderr.contains("nothing to excuse"), "{}", run.stderr);
}

#[test]
fn a_project_can_allow_less_and_not_more() {
    let project = shop();
    let terms = |text: &str| {
        project
            .write("weir.toml", format!("[project]\nname = \"shop\"\nas-of = 2026-11-24T12:00:00Z\n{text}"));
    };
    terms("[waivers]\nlongest = \"90d\"\n[overrides]\nlongest = \"4h\"\n");
    let run = waive(&project, &["--for", "91d"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("lasts longer than the project allows, which is `90d`"), "{}", run.stderr);
    assert_eq!(waive(&project, &["--for", "90d"]).code, 0);
    let force =
        ["override", "search", "--effect", "allow", "--reason", "r", "--by", "a", "--approved-by", "b"];
    let run = project.weir(&[&force[..], &["--for", "5h"]].concat());
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("which is `4h`"), "{}", run.stderr);
    terms("[waivers]\nlongest = \"181d\"\n[overrides]\nlongest = \"8d\"\n");
    let run = project.weir(&["check", "search"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    for part in ["can't last longer than `180d`", "can't last longer than `7d`"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}

#[test]
fn waivers_that_need_somebody_are_reported() {
    let project = shop();
    let text = |rule: &str, granted: &str, expires: &str| {
        format!(
            "[[waiver]]\nservice = \"search\"\npolicy = \"production-readiness\"\nrule = \"{rule}\"\nreason = \"r\"\n\
             requested-by = \"a\"\napproved-by = \"b\"\ngranted = {granted}\nexpires = {expires}\n"
        )
    };
    project.write(
        "waivers/search.toml",
        [
            text("runbook", "2026-11-01", "2026-12-01"),
            text("owner", "2026-11-01", "2027-01-01"),
            text("drill", "2026-10-01", "2026-11-01"),
            text("slo", "2026-12-01", "2027-01-01"),
        ]
        .join("\n"),
    );
    let check = project.weir(&["check", "search"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    for part in [
        "the waiver of rule `runbook` of policy `production-readiness` ends soon",
        "the waiver of rule `owner` of policy `production-readiness` is not needed here",
        "the waiver of rule `drill` of policy `production-readiness` has expired",
    ] {
        assert!(check.stdout.contains(part), "{part}: {}", check.stdout);
    }
    assert!(!check.stdout.contains("rule `slo`"), "{}", check.stdout);
    let list = project.weir(&["waive", "--list"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    insta::assert_snapshot!(list.stdout);
    assert_eq!(project.weir(&["waive", "--list", "--fail-on-warn"]).code, 4);
    let json: serde_json::Value =
        serde_json::from_str(&project.weir(&["waive", "--list", "--format", "json"]).stdout).unwrap();
    let states: Vec<&str> = json["excuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| known["excuse"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["in-force", "expiring", "unused", "expired", "to-come"]);
}

#[test]
fn an_override_is_written_obeyed_and_recorded() {
    let project = Project::new();
    project.requests(180, 2);
    let at = ["--at", "2026-01-01T01:30:00Z"];
    let force = [
        "override",
        "my-service",
        "--effect",
        "warn",
        "--policies",
        "error-*,burn-rate",
        "--changes",
        "feature",
    ];
    let people =
        ["--by", "Ada", "--approved-by", "Grace", "--reason", "the fix is in here", "--ticket", "OPS-2"];
    let run = project.weir(&[&force[..], &people, &at, &["--for", "4h"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
    let gate = project.weir(&[&["gate", "my-service", "--format", "json"][..], &at].concat());
    assert_eq!(gate.code, 0, "{}", gate.stderr);
    let verdict: serde_json::Value = serde_json::from_str(&gate.stdout).unwrap();
    assert_eq!(verdict["overruled"]["policies"], serde_json::json!(["burn-rate", "error-budget"]));
    assert_eq!(verdict["excuses"][0]["state"], "expiring");
    assert_eq!(verdict["excuses"][0]["ticket"], "OPS-2");
    let record = project.path(".weir/records/00000001-my-service.json");
    let replay = weir(&["replay", record.to_str().unwrap()]);
    assert_eq!(replay.code, 0, "{}{}", replay.stdout, replay.stderr);
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    assert_eq!(record["inputs"]["overrides"][0]["ticket"], "OPS-2");
    assert_eq!(record["inputs"]["notice"]["override-seconds"], 86_400);
    assert_eq!(record["verdict"]["excuses"], verdict["excuses"]);
    let fix = project.weir(&[&["gate", "my-service", "--change", "config"][..], &at].concat());
    assert_eq!(fix.code, 1, "{}", fix.stdout);
    assert!(!fix.stdout.contains("OVERRULED"), "{}", fix.stdout);
    let after = project.weir(&["gate", "my-service", "--at", "2026-01-01T05:30:00Z"]);
    assert!(after.stdout.contains("the override has expired"), "{}", after.stdout);
    let list = project.weir(&["override", "--list", "--at", "2026-01-01T05:30:00Z", "--fail-on-warn"]);
    assert_eq!(list.code, 4, "{}", list.stdout);
    assert!(list.stdout.contains("expired"), "{}", list.stdout);
}

#[test]
fn an_override_of_what_is_not_there_is_refused() {
    let project = Project::new();
    let check = |service: &str, policy: &str, part: &str| {
        let people = ["--by", "Ada", "--approved-by", "Grace", "--reason", "r", "--for", "4h"];
        let force = ["override", service, "--effect", "allow", "--policies", policy];
        let run = project.weir(&[&force[..], &people].concat());
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(part), "{}", run.stderr);
        assert!(!project.path("overrides").exists());
    };
    check("my-servis", "*", "did you mean `my-service`?");
    check("my-service", "burn-rat", "did you mean `burn-rate`?");
}
