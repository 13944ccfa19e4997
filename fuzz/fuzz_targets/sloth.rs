//! Whatever stands in a file for `weir import`.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;
use weir_model::value::Duration;

fuzz_target!(|bytes: &[u8]| {
    let window = Duration::parse("30d").expect("it is a duration");
    files::imported(bytes, |files| weir_connect::sloth::read(files, window));
});
