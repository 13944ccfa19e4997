//! Whatever stands in a rule file of Prometheus, and with it whatever stands in YAML.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let rules = weir_connect::rule_files::read("fuzzed.yml", text);
    for said in &rules.diagnostics {
        assert!(text.get(said.range.clone()).is_some(), "{said}");
    }
    serde_json::from_str::<serde_json::Value>(&rules.to_json()).expect("it is JSON");
});
