//! Whatever bytes a plugin's answer consists of: the answer is refused in words, or it is harmless.

#![no_main]

#[path = "../../engine/host/tests/it/echo.rs"]
mod echo;
#[expect(dead_code, reason = "the tests of the sandbox use more of it")]
#[path = "../../engine/host/tests/it/guest.rs"]
mod guest;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use weir_host::{Limits, Plugin, Sandbox, SandboxOptions};

/// A budget policy that hands back the counts that it was given, taken for a decision.
static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| {
    let sandbox = Sandbox::new(SandboxOptions::default()).expect("the sandbox can be set up");
    let component = guest::Guest::echo().component();
    sandbox.load("echo", &component, &Limits::default()).expect("it is a plugin")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(answer) = PLUGIN.decide("policy", &Limits::default(), "{}", &echo::to_echo(bytes)) else { return };
    assert!(answer.value.effect <= 3 && answer.value.clauses.len() <= 10_000);
    for clause in &answer.value.clauses {
        assert!(clause.effect <= 3 && !clause.code.is_empty() && clause.text.len() <= 4096);
        assert!(!clause.code.contains(char::is_control) && !clause.slo.contains(char::is_control));
    }
});
