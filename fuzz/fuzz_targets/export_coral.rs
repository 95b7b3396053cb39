#![no_main]
//! Any bytes as an export of Coral.

use belowline::exports::System;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    belowline_fuzz::read_export(bytes, System::Coral, "fuzz.csv");
});
