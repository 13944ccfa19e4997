//! Weir inside another program: load a project, ask the gate, obey the verdict.
//!
//!     cargo run --release -p weir --example embed -- policies/sample checkout

#![expect(clippy::print_stdout, reason = "an example speaks for itself")]

use std::error::Error;

use weir::model::{Change, Effect};
use weir::{Engine, EngineOptions, Events, GateRequest, Project, Records};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(service)) = (arguments.next(), arguments.next()) else {
        return Err("usage: embed PROJECT SERVICE".into());
    };
    let project = Project::load(folder)?;
    // One engine serves all projects and threads of a process; instances are kept ready for the next question.
    let engine = Engine::new(EngineOptions { ready_instances: Some(64), ..EngineOptions::default() })?;
    let request = GateRequest {
        service,
        change: Change::Feature,
        gate: None,
        at: project.as_of().ok_or("this example is about recorded projects, which say `as-of`")?,
        events: Events::default(),
    };
    let stored = engine.gate(&project, &request, &Records::in_folder(project.records_folder()))?;
    let verdict = stored.record.verdict;
    let go = matches!(verdict.effect, Effect::Allow | Effect::Warn);
    println!("{}: {}", if go { "go" } else { "stop" }, verdict.reason);
    Ok(())
}
