//! Wrong input: each kind has its diagnostic and its exit code, and nothing is lost silently.

use crate::support::{Project, Run, digest, weir};

const GATE: [&str; 4] = ["gate", "my-service", "--at", "2026-01-01T02:00:00Z"];

/// A project with two hours of healthy traffic.
fn healthy() -> Project {
    let project = Project::new();
    project.requests(120, 100_000);
    project
}

fn refused(run: &Run) -> String {
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    run.stderr.clone()
}

#[test]
fn a_missing_service() {
    let run = healthy().weir(&["gate", "my-servce", "--at", "2026-01-01T02:00:00Z"]);
    insta::assert_snapshot!(refused(&run));
}

#[test]
fn a_missing_project() {
    let folder = tempfile::tempdir().unwrap();
    let run = weir(&["gate", "x", "--project", folder.path().to_str().unwrap()]);
    assert!(refused(&run).contains("there is no weir.toml in"));
}

#[test]
fn a_wrong_command_line() {
    assert_eq!(weir(&["gate"]).code, 2);
    assert_eq!(weir(&["gaet", "x"]).code, 2);
    let run = healthy().weir(&["gate", "my-service", "--change", "festure"]);
    assert!(refused(&run).contains("a change is one of `feature`"));
    let run = healthy().weir(&["gate", "my-service", "--at", "yesterday"]);
    assert!(refused(&run).contains("2026-11-24T12:00:00Z"));
}

#[test]
fn an_unknown_plugin() {
    let project = healthy();
    project.edit("policies/error-budget.toml", "plugin = \"error-budget\"", "plugin = \"error-budgt\"");
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn plugins_of_the_wrong_kind() {
    let project = healthy();
    project.edit("policies/error-budget.toml", "plugin = \"error-budget\"", "plugin = \"availability\"");
    let message = refused(&project.weir(&GATE));
    assert!(message.contains("policy `error-budget` runs the plugin `availability`"), "{message}");
    let project = healthy();
    project.edit("services/my-service.toml", "plugin = \"availability\"", "plugin = \"error-budget\"");
    let message = refused(&project.weir(&GATE));
    assert!(message.contains("SLI `availability` runs the plugin `error-budget`"), "{message}");
}

#[test]
fn parameters_that_break_the_schema() {
    let project = healthy();
    project.write(
        "policies/error-budget.toml",
        "[policy]\nname = \"error-budget\"\nplugin = \"error-budget\"\n\n[params]\nexempt = \"fix\"\nstagse = []\n",
    );
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn several_wrong_files_at_once() {
    let project = healthy();
    project
        .edit("services/my-service.toml", "objective = \"99.9%\"", "objective = \"100%\"")
        .edit("services/my-service.toml", "owner = ", "ownr = ")
        .write("gates/deploy.toml", "[gate\n");
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn an_sla_stricter_than_its_slo() {
    let project = healthy();
    let text = std::fs::read_to_string(project.path("services/my-service.toml")).unwrap();
    project.write(
        "services/my-service.toml",
        format!("{text}\n[[sla]]\nname = \"customers\"\nslo = \"availability\"\nobjective = \"99.95%\"\n"),
    );
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn a_project_without_policies() {
    let project = healthy();
    project.remove("policies");
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn a_gate_that_is_not_there() {
    let run = healthy().weir(&[&GATE[..], &["--gate", "deplyo"]].concat());
    assert!(refused(&run).contains("there is no gate `deplyo`"));
}

#[test]
fn an_event_file_that_ends_mid_line() {
    let project = healthy();
    let mut events = std::fs::read_to_string(project.path("events/example.jsonl")).unwrap();
    events.truncate(events.len() - 20);
    project.write("events/example.jsonl", events);
    let run = project.weir(&GATE);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("120 read = 119 used"), "{}", run.stdout);
    assert!(
        run.stdout.contains("refused events/example.jsonl:120: not JSON: EOF while parsing"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("the file ends in the middle of this line"), "{}", run.stdout);
}

#[test]
fn a_strict_run_stops_at_the_first_wrong_line() {
    let project = healthy();
    project.write("events/wrong.jsonl", "{\"specversion\":\"1.0\"}\n");
    assert_eq!(project.weir(&GATE).code, 0);
    let run = project.weir(&[&GATE[..], &["--strict"]].concat());
    assert_eq!(refused(&run), "error: events/wrong.jsonl:1: `id` is missing\n");
}

#[test]
fn an_unreadable_time() {
    let project = healthy();
    let event =
        "{\"specversion\":\"1.0\",\"id\":\"x\",\"source\":\"/y\",\"type\":\"t\",\"time\":\"24.11.2026\"}\n";
    project.write("events/wrong.jsonl", event);
    let run = project.weir(&GATE);
    assert!(run.stdout.contains("refused events/wrong.jsonl:1: `time` is `24.11.2026`, which is not a time"));
    assert!(run.stdout.contains("121 read = 120 used + 0 not valid + 0 duplicate + 0 late + 1 refused"));
}

#[test]
fn the_five_counts_add_up() {
    let project = healthy();
    let events = std::fs::read_to_string(project.path("events/example.jsonl")).unwrap();
    let foreign = events.lines().next().unwrap().replace("my-service", "another").replace("/test", "/other");
    project.write("events/again.jsonl", format!("{events}{foreign}\nnonsense\n"));
    let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T01:00:00Z"]);
    // An hour of events is used; an hour is late, the second time around as duplicates, for what is read comes first.
    assert!(
        run.stdout.contains("242 read = 60 used + 1 not valid + 120 duplicate + 60 late + 1 refused"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_empty_log() {
    let project = healthy();
    project.write("events/example.jsonl", "");
    let run = project.weir(&GATE);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stdout.starts_with("HOLD (undecided)"), "{}", run.stdout);
    assert!(run.stdout.contains("`availability` has no events"), "{}", run.stdout);
}

#[test]
fn a_log_that_is_not_there() {
    let project = healthy();
    project.edit("weir.toml", "events/*.jsonl*", "events/missing.jsonl");
    let run = project.weir(&GATE);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("events of `events/missing.jsonl` can't be read"), "{}", run.stderr);
}

#[test]
fn sources_without_files_are_named() {
    let project = healthy();
    project.edit("weir.toml", "events/*.jsonl*", "evnts/*.jsonl*");
    let told = "no file matches `evnts/*.jsonl*` (source `events`)";
    let run = project.weir(&GATE);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains(&format!("    {told}\n")), "{}", run.stdout);
    let run = project.weir(&[&GATE[..], &["--format", "json"]].concat());
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = serde_json::json!([{ "source": "events", "patterns": ["evnts/*.jsonl*"] }]);
    assert_eq!(verdict["events"]["no-files"], expected);
    let status = project.weir(&["slo", "status"]);
    assert!(status.stdout.contains(told), "{}", status.stdout);
    let watch = project.weir(&["watch", "--stop-at-end"]);
    assert_eq!(watch.code, 3);
    assert!(watch.stderr.starts_with(&format!("note: {told} yet\n")), "{}", watch.stderr);
    // Of files that are named instead, the sources say nothing.
    project.write("other.jsonl", "");
    let other = project.path("other.jsonl");
    let run = project.weir(&[&GATE[..], &["--events", other.to_str().unwrap()]].concat());
    assert!(!run.stdout.contains("no file matches"), "{}", run.stdout);
}

#[test]
fn a_broken_archive() {
    let project = healthy();
    project.write("events/broken.jsonl.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 75, 76]);
    let run = project.weir(&GATE);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("`events/broken.jsonl.gz` can't be read past line 0: it is cut off\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn records_that_cannot_be_written() {
    let project = healthy();
    project.write("taken", "a file where a folder should be");
    let records = project.path("taken");
    let run = project.weir(&[&GATE[..], &["--records", records.to_str().unwrap()]].concat());
    assert_eq!(run.code, 3);
    assert_eq!(run.stdout, "", "a verdict that leaves no record is not given");
    assert!(run.stderr.contains("can't be recorded"), "{}", run.stderr);
}

/// A project whose policy or calculator is the hostile plugin, in one of its moods.
fn hostile(name: &str, mood: &str, on_error: &str) -> Project {
    let project = healthy();
    let component =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/built").join(name);
    let bytes = std::fs::read(component.with_extension("wasm")).unwrap();
    let digest = digest(&bytes);
    project.write("plugins/hostile.wasm", bytes).write(
        "weir.lock",
        format!("[[plugin]]\nname = \"hostile\"\npath = \"plugins/hostile.wasm\"\nsha256 = \"{digest}\"\n"),
    );
    if name == "hostile-policy" {
        project.write(
            "policies/hostile.toml",
            format!(
                "[policy]\nname = \"hostile\"\nplugin = \"hostile\"\non-error = \"{on_error}\"\n[params]\nmood = \"{mood}\"\n"
            ),
        );
    } else {
        project.edit(
            "services/my-service.toml",
            "plugin = \"availability\"",
            &format!("plugin = \"hostile\"\nparams = {{ mood = \"{mood}\" }}"),
        );
    }
    project
}

fn check_hostile_policy(mood: &str, expected: &str) {
    let run = hostile("hostile-policy", mood, "hold").weir(&GATE);
    assert_eq!(run.code, 3, "{mood}: {}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("HOLD (undecided)"), "{mood}: {}", run.stdout);
    assert!(run.stdout.contains("hostile"), "{mood}: {}", run.stdout);
    assert!(run.stdout.contains(expected), "{mood}: expected `{expected}` in\n{}", run.stdout);
    // The other policies have been asked all the same.
    assert!(run.stdout.contains("burn-rate"), "{mood}: {}", run.stdout);
}

#[test]
fn a_policy_that_traps() {
    check_hostile_policy("trap", "this plugin is in a bad mood");
}

#[test]
fn a_policy_that_loops() {
    check_hostile_policy("loop", "deadline");
}

#[test]
fn a_policy_that_eats_memory() {
    check_hostile_policy("memory", "memory");
}

#[test]
fn a_policy_that_answers_nonsense() {
    check_hostile_policy("nonsense", "effect");
}

#[test]
fn failing_open_is_a_choice_that_is_shown() {
    let run = hostile("hostile-policy", "trap", "allow").weir(&GATE);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("error: "), "{}", run.stdout);
}

fn check_hostile_calculator(mood: &str, expected: &str) {
    let run = hostile("hostile-calculator", mood, "hold").weir(&GATE);
    assert_eq!(run.code, 3, "{mood}: {}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(expected), "{mood}: expected `{expected}` in\n{}", run.stdout);
}

#[test]
fn a_calculator_that_traps() {
    check_hostile_calculator("trap", "hostile");
}

#[test]
fn a_calculator_that_loops() {
    check_hostile_calculator("loop", "deadline");
}

#[test]
fn a_calculator_that_eats_memory() {
    check_hostile_calculator("memory", "memory");
}

#[test]
fn a_calculator_that_answers_too_few_rows() {
    check_hostile_calculator("rows", "119");
}

#[test]
fn a_plugin_that_is_not_the_pinned_one() {
    let project = hostile("hostile-policy", "calm", "hold");
    let mut bytes = std::fs::read(project.path("plugins/hostile.wasm")).unwrap();
    bytes.push(0);
    project.write("plugins/hostile.wasm", bytes);
    let run = project.weir(&GATE);
    assert!(refused(&run).contains("and weir.lock pins"), "{}", run.stderr);
}

/// A policy whose parameters fit the schema of its plugin, which refuses them all the same.
const REFUSED: &str = "[policy]\nname = \"error-budget\"\nplugin = \"error-budget\"\n\n[params]\n\
                       stages = [{ below = \"10%\", lift-at = \"5%\", effect = \"freeze\" }]\n";

#[test]
fn parameters_that_the_plugin_itself_refuses() {
    let project = healthy();
    project.write("policies/error-budget.toml", REFUSED);
    let message = refused(&project.weir(&GATE));
    insta::assert_snapshot!(message);
    let lint = project.weir(&["slo", "lint", "--at", "2026-01-01T02:00:00Z"]);
    assert_eq!(refused(&lint), message);
}

#[test]
fn a_calculator_in_the_place_of_a_policy_is_named_before_its_parameters_are() {
    let project = healthy();
    project.edit("policies/error-budget.toml", "plugin = \"error-budget\"", "plugin = \"latency\"");
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
    let project = healthy();
    project.edit("services/my-service.toml", "plugin = \"availability\"", "plugin = \"error-budget\"");
    insta::assert_snapshot!("policy_plugin_as_sli", refused(&project.weir(&GATE)));
}

#[test]
fn a_plugin_that_is_not_pinned_is_said_to_lie_there() {
    let project = healthy();
    project.write("plugins/my_own.wasm", "anything").edit(
        "policies/error-budget.toml",
        "plugin = \"error-budget\"",
        "plugin = \"my-own\"",
    );
    let message = refused(&project.weir(&GATE));
    assert!(message.contains("there is no plugin `my-own`"), "{message}");
    assert!(
        message.contains("weir.lock does not pin it: `weir plugin add plugins/my_own.wasm`"),
        "{message}"
    );
}

#[test]
fn project_files_that_are_no_text_or_no_files() {
    let project = healthy();
    project
        .write("policies/error-budget.toml", b"[policy]\nname = \"error-budget\"\nsummary = \"\xe9\"\n")
        .write("gates/folder.toml/readme", "");
    insta::assert_snapshot!(refused(&project.weir(&GATE)));
}

#[test]
fn a_file_of_the_command_line_that_cannot_be_read_is_nobodys_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none");
    let none = none.to_str().unwrap();
    let wasm = folder.path().join("p.wasm");
    std::fs::write(&wasm, "").unwrap();
    for arguments in [
        vec!["import", "sloth", none],
        vec!["plugin", "inspect", none],
        vec!["plugin", "sign", "--key", none, wasm.to_str().unwrap()],
    ] {
        let run = weir(&arguments);
        assert_eq!(run.code, 3, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("none` can't be read"), "{arguments:?}: {}", run.stderr);
    }
    let latin = folder.path().join("latin.yaml");
    std::fs::write(&latin, b"a: b\nc: \xe9\n").unwrap();
    let message = refused(&weir(&["import", "sloth", latin.to_str().unwrap()]));
    assert!(message.contains("line 2 has a byte"), "{message}");
}

#[test]
fn numbers_in_the_place_of_texts_get_an_example_that_is_right() {
    let project = healthy();
    project.edit("services/my-service.toml", "objective = \"99.9%\"", "objective = 99.9");
    let message = refused(&project.weir(&GATE));
    assert!(message.contains("help: write it as a text, such as `\"99.9 %\"`"), "{message}");
    let project = healthy();
    for (below, help) in [
        ("0.1", "write it as a text, such as `\"10 %\"`"),
        ("\"10\"", "write a text such as `\"10 %\"`"),
        ("\"a tenth\"", "write a text such as `\"25%\"`"),
    ] {
        project.write(
            "policies/error-budget.toml",
            format!(
                "[policy]\nname = \"error-budget\"\nplugin = \"error-budget\"\n\n[params]\n\
                 stages = [{{ below = {below}, effect = \"freeze\" }}]\n"
            ),
        );
        let message = refused(&project.weir(&GATE));
        assert!(message.contains(help), "{below}: {message}");
    }
}

#[test]
fn an_instant_past_the_last_one_is_out_of_range() {
    let run = healthy().weir(&["gate", "my-service", "--at", "9999-12-31T23:59:59Z"]);
    assert!(refused(&run).contains("out of range"), "{}", run.stderr);
    let run = healthy().weir(&["gate", "my-service", "--at", "9999-12-31T23:59:59"]);
    assert!(refused(&run).contains("with its offset"), "{}", run.stderr);
}

#[test]
fn a_back_test_from_after_the_instant_of_the_project() {
    let project = healthy();
    let weir_toml = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    let (head, rest) = weir_toml.split_once("[project]\n").unwrap();
    project.write("weir.toml", format!("{head}[project]\nas-of = 2026-01-01T02:00:00Z\n{rest}"));
    let message = refused(&project.weir(&["backtest", "my-service", "--from", "2026-02-01T00:00:00Z"]));
    assert!(message.contains("the project stands at 2026-01-01T02:00:00Z"), "{message}");
    assert!(message.contains("or the end with `--to`"), "{message}");
}

#[test]
fn an_import_or_a_generation_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.yaml");
    std::fs::write(&other, "a: 1\n").unwrap();
    for system in ["openslo", "sloth", "pyrra", "slo-generator"] {
        let run = weir(&["import", system, other.to_str().unwrap()]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{system}: {}", run.stderr);
        assert!(run.stderr.contains("error"), "{system}: {}", run.stderr);
    }
    let message = refused(&healthy().weir(&["generate", "prometheus"]));
    assert!(message.contains("add `[sli.prometheus]` to an SLI"), "{message}");
}
