//! Whatever stands in an access log: the fast way and the full parser come to the same.

#![no_main]

mod events;

use libfuzzer_sys::fuzz_target;
use weir_flow::Format;

fuzz_target!(|bytes: &[u8]| {
    let format = Format::AccessLog { service: "a".to_owned(), fields_after: vec!["duration".to_owned()] };
    events::both_ways(&format, bytes);
});
