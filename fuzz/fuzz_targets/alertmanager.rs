//! Whatever Alertmanager may say: large blocks and small ones come to the same.

#![no_main]

mod events;

use libfuzzer_sys::fuzz_target;
use weir_flow::Format;

fuzz_target!(|bytes: &[u8]| events::both_ways(
    &Format::Alertmanager { service: Some("a".to_owned()) },
    bytes
));
