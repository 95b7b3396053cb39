#![no_main]
//! Any text through the tokeniser, the normaliser, the stemmer and HTML to text.

use belowline::text::{Language, html, personal, tokenize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut end = 0;
    tokenize(text, |token| {
        assert!(token.start >= end && token.start < token.end && token.end <= text.len());
        assert!(!token.text(text).is_empty());
        end = token.end;
    });
    let mut lexicon = belowline::text::Lexicon::new(Language::English, Default::default());
    lexicon.analyze(text, |_, _| {});
    personal::find(text);
    Language::of(text);
    html::text(text);
});
