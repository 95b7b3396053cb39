//! What is shown to people: data, and one file a format that computes nothing.

pub mod batch;
pub mod csv;
pub mod explanation;
pub mod html;
pub mod inspection;
pub mod markdown;
pub mod numbers;
pub mod text;

use serde::Serialize;

pub use inspection::Inspection;

/// Anything that is shown, as JSON for programs, with a line end.
pub fn json(shown: &impl Serialize) -> String {
    // All that is shown has text keys and finite numbers or null.
    serde_json::to_string_pretty(shown).unwrap_or_default() + "\n"
}
