//! Counts and alerts from real servers: Prometheus, what it scrapes, what stands before it, Alertmanager. And from servers
//! that answer nonsense.

mod alerts;
mod backfilled;
mod fake;
mod live;
mod native;
mod pager;
mod programs;
mod refusals;

use crate::support::{Project, Run};

/// A project whose source is a server at this address, which SLIs name as `metrics`.
fn project(url: &str, connection: &str, service: &str) -> Project {
    let project = Project::new();
    project
        .write(
            "weir.toml",
            format!(
                "[project]\nname = \"shop\"\n\n[[source]]\nname = \"metrics\"\nformat = \"prometheus\"\nurl = \"{url}\"\n\
                 [source.connection]\n{connection}\n"
            ),
        )
        .write("services/my-service.toml", format!("[service]\nname = \"my-service\"\nowner = \"team\"\n{service}"));
    project
}

/// An SLI that the server counts, and an SLO for it.
fn slo(name: &str, counting: &str, more: &str) -> String {
    format!(
        "\n[[sli]]\nname = \"{name}\"\nsource = \"metrics\"\n{counting}\n\n[[slo]]\nname = \"{name}\"\nsli = \"{name}\"\n\
         objective = \"90%\"\nwindow = \"1h\"\n{more}\n"
    )
}

/// The counts of an SLO in the JSON of `weir slo status`: good and bad ones, and the coverage.
fn counts(run: &Run, slo: &str) -> (u64, u64, String) {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let status: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let slos = status["services"][0]["slos"].as_array().unwrap();
    let found = slos.iter().find(|found| found["name"] == slo).unwrap();
    let number = |key: &str| found["counts"][key].as_u64().unwrap_or_else(|| panic!("{found:#}"));
    (number("good"), number("bad"), found["coverage"].as_str().unwrap_or_default().to_owned())
}
