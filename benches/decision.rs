//! A whole decision: three policies of the sample project in fresh instances, from ledgers in memory to a verdict.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on has failed")]

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use weir::model::Change;
use weir::{Engine, EngineOptions, Events, GateRequest, Project};
use weir_benches::ThreadTime;

fn benches(criterion: &mut Criterion<ThreadTime>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/sample");
    let project = Project::load(folder).expect("the sample project is right");
    let engine = Engine::new(EngineOptions { ready_instances: Some(64), ..EngineOptions::default() })
        .expect("it starts");
    for service in ["catalog", "checkout"] {
        let request = GateRequest {
            service: service.to_owned(),
            change: Change::Feature,
            gate: None,
            at: project.as_of().expect("the sample says when it was recorded"),
            events: Events::default(),
        };
        let prepared = engine.prepare(&project, &request).expect("events can be read");
        criterion
            .bench_function(&format!("decision/{service}"), |bencher| bencher.iter(|| prepared.decide()));
    }
}

criterion_group! {
    name = decision;
    config = Criterion::default().with_measurement(ThreadTime);
    targets = benches
}
criterion_main!(decision);
