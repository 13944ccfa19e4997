//! Events of other projects, where they are at hand: in the folder that `WEIR_FIXTURES` names, else in `../shared/fixtures`
//! beside the project.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use weir_flow::{Flow, Format, Options, Outcome};
use weir_model::event::{DEPLOY, INCIDENT_DECLARED, INCIDENT_RESOLVED, WORK_ITEM};

use crate::{availability, options, request};

/// The files of a folder, in the order of their names; none where there is no such folder.
fn files(folder: &str) -> Vec<(String, String)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let root = std::env::var_os("WEIR_FIXTURES").map_or_else(beside, PathBuf::from).join(folder);
    let entries = std::fs::read_dir(&root).into_iter().flatten().map(|entry| entry.unwrap().path());
    let json = entries.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut files: Vec<_> =
        json.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect();
    if files.is_empty() {
        eprintln!("`{}` is not there: no events of other projects were read", root.display());
    }
    files.sort();
    files
}

fn read(service: &str, kind: &str, params: &str, format: &Format, text: &str) -> Outcome {
    let mut request = request(service, availability(), params);
    request.event_types = vec![kind.to_owned()];
    let keep_whole = [DEPLOY, INCIDENT_DECLARED, INCIDENT_RESOLVED, WORK_ITEM].map(str::to_owned).to_vec();
    let options = Options { from: 0, until: 4_102_444_800_000, keep_whole, ..options(1, false) };
    let mut flow = Flow::new(vec![request], options);
    flow.read("0", format, text.as_bytes()).unwrap();
    flow.finish().unwrap()
}

#[test]
fn cdevents_of_the_specification_mean_what_they_say() {
    let mut kept = Vec::new();
    for (path, text) in files("practice/cdevents/v0.5.1") {
        let event: Value = serde_json::from_str(&text).unwrap();
        let context = &event["context"];
        let cloudevent = json!({
            "specversion": "1.0",
            "id": context["id"],
            "source": context["source"],
            "type": context["type"],
            "subject": event["subject"]["id"],
            "time": context["timestamp"],
            "data": event,
        });
        let pretty = serde_json::to_string_pretty(&json!([cloudevent])).unwrap();
        let outcome = read("x", "none", "{}", &Format::CloudEvents, &pretty);
        assert_eq!((outcome.counts.refused, outcome.counts.late), (0, 0), "{path}: {:?}", outcome.counts);
        assert_eq!(outcome.counts.used + outcome.counts.not_valid, 1, "{path}: {:?}", outcome.counts);
        let name = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        kept.extend(
            outcome.kept.iter().map(|event| {
                format!("{name}: {} {}", event.kind, event.subject.as_deref().unwrap_or_default())
            }),
        );
    }
    if !kept.is_empty() {
        let expected = [
            "incident_detected: weir.incident.declared myapp",
            "incident_resolved: weir.incident.resolved myapp",
            "service_deployed: weir.deploy mysubject123",
            "service_removed: weir.deploy mysubject123",
            "service_upgraded: weir.deploy mysubject123",
        ];
        assert_eq!(kept, expected);
    }
}

#[test]
fn a_notification_of_alertmanager_is_read_as_it_is() {
    for (path, text) in files("practice/alertmanager") {
        let params = r#"{"field":"data.urgency","bad-values":["page"]}"#;
        let format = Format::Alertmanager { service: None };
        let outcome = read("docker-nodes", "weir.alert.fired", params, &format, &text);
        assert_eq!((outcome.counts.used, outcome.counts.refused), (1, 0), "{path}: {:?}", outcome.counts);
    }
}
