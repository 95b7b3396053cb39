#![no_main]
//! Any text as a page.

use belowline::pages::{Kind, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(page) = read(Kind::Text, text) else { return };
    assert!((0.0..=1.0).contains(&page.boundary.confidence));
    for (place, comment) in page.comments.iter().enumerate() {
        assert!(!comment.text.trim().is_empty());
        assert!(comment.parent.is_none_or(|parent| parent < place));
    }
});
