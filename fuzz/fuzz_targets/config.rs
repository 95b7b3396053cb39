#![no_main]
//! Any text as a config: settings or an error.

use belowline::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(config) = Config::parse(text, "fuzz.toml") {
        config.check().expect("what is parsed is checked");
    }
});
