//! What tests of several modules use: a small project, and an outage to look at.

use jiff::Timestamp;
use tempfile::TempDir;

use crate::engine::{Engine, EngineOptions};
use crate::project::Project;

/// A project that reads all CloudEvents in its folder.
pub(crate) const PROJECT: &str = "[project]\nname = \"shop\"\n\n[[source]]\nname = \"events\"\nformat = \"cloudevents\"\n\
                       paths = [\"*.jsonl\"]\n";

/// A service with one SLO over two hours.
pub(crate) const SERVICE: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "availability"
plugin = "availability"

[[slo]]
name = "availability"
sli = "availability"
objective = "90%"
window = "2h"
"#;

/// Freezes when the budget is spent.
pub(crate) const ERROR_BUDGET: &str = r#"
[policy]
name = "error-budget"
plugin = "error-budget"

[[params.stages]]
effect = "freeze"
below = "0%"
"#;

/// Says when the budget burns fast.
pub(crate) const BURN_RATE: &str = r#"
[policy]
name = "burn-rate"
plugin = "burn-rate"
mode = "audit"

[[params.alerts]]
long = "1h"
short = "10m"
factor = "5"
effect = "hold"
urgency = "page"
"#;

/// A folder with these files and a `weir.toml`.
pub(crate) fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in [("weir.toml", PROJECT)].iter().chain(files) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The project in a folder.
pub(crate) fn load(folder: &TempDir) -> Project {
    Project::load(folder.path()).unwrap()
}

/// An engine that keeps nothing.
pub(crate) fn engine() -> Engine {
    Engine::new(EngineOptions::default()).unwrap()
}

/// An instant of the first day of 2026.
pub(crate) fn instant(text: &str) -> Timestamp {
    format!("2026-01-01T{text}Z").parse().unwrap()
}

/// A line for an event of the service.
pub(crate) fn event(id: usize, kind: &str, at: Timestamp, data: &str) -> String {
    format!(
        "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/{kind}\",\"type\":\"{kind}\",\"subject\":\"shop\",\
         \"time\":\"{at}\",\"data\":{data}}}\n"
    )
}

/// A request a minute from midnight to noon, of which all from 04:00 to 04:30 fail.
pub(crate) fn outage() -> String {
    (0..720)
        .map(|minute| {
            let at = instant("00:00:00") + jiff::SignedDuration::from_mins(minute);
            let status = if (240..270).contains(&minute) { 500 } else { 200 };
            event(usize::try_from(minute).unwrap(), "request", at, &format!("{{\"status\":{status}}}"))
        })
        .collect()
}
