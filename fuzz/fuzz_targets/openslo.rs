//! Whatever stands in a file for `weir import`.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| files::imported(bytes, weir_connect::openslo::read));
