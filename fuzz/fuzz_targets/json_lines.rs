#![no_main]
//! Any bytes as JSON lines.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    belowline_fuzz::read_rows(bytes, "fuzz.jsonl");
});
