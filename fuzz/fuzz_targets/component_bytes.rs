//! Whatever bytes are loaded as a component: they are refused in words, or they are a plugin that keeps within its limits.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use weir_host::contract::budget::Situation;
use weir_host::contract::calculator::Batch;
use weir_host::contract::checker::Subject;
use weir_host::{Evidence, Kind, Limits, Sandbox, SandboxOptions, Wasi, read_info};

static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::new(SandboxOptions::default()).expect("the sandbox can be set up"));

fuzz_target!(|component: &[u8]| {
    let limits = Limits { deadline: Duration::from_millis(200), memory_bytes: 16 << 20, ..Limits::default() };
    drop(read_info(component));
    let Ok(plugin) = SANDBOX.load_with_wasi("fuzzed", component, Wasi::Inert, &limits) else { return };
    match plugin.kind() {
        Kind::SliCalculator => {
            let Ok(mut calculator) = plugin.calculator("policy", &limits) else { return };
            let rows = Batch { rows: 20, columns: &[], integers: &[], numbers: &[], codes: &[], bytes: &[] };
            drop(calculator.prepare("{}"));
            if let Ok(marks) = calculator.classify("{}", &rows) {
                assert!(marks.value.len() == 20 && marks.value.iter().all(|mark| *mark <= 3));
            }
        }
        Kind::BudgetPolicy => {
            let situation = Situation {
                service: "shop".into(),
                change: "fix".into(),
                now: 0,
                slos: Vec::new(),
                facts: Vec::new(),
            };
            drop(plugin.prepare_budget("policy", &limits, "{}"));
            if let Ok(decision) = plugin.decide("policy", &limits, "{}", &situation) {
                assert!(decision.value.effect <= 3);
            }
        }
        Kind::Check => {
            let subject = Subject {
                service: "shop".into(),
                change: String::new(),
                now: 0,
                slos: Vec::new(),
                dependencies: Vec::new(),
                facts: Vec::new(),
            };
            drop(plugin.assess("policy", &limits, "{}", &subject, &Evidence::none()));
        }
        Kind::ToilScorer => drop(plugin.score("policy", &limits, "{}", 0, 60, &[])),
    }
});
