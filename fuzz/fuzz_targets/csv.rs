#![no_main]
//! Any bytes as CSV or TSV, compressed or not.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let rows = belowline_fuzz::read_rows(bytes, "fuzz.csv");
    assert!(rows.len() <= (1 << 24));
});
