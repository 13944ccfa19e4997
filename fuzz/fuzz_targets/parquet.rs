//! Whatever stands in a Parquet file: it is read, or refused in words, and twice the same.

#![no_main]

mod events;

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = || {
        let mut flow = events::flow(100);
        let read = flow.read_parquet("fuzzed", None, Cursor::new(bytes.to_vec()));
        events::finish(flow, read)
    };
    assert_eq!(read(), read());
});
