//! What is shown to people: data, and one file a format that computes nothing.

pub mod explanation;
pub mod inspection;
pub mod text;

pub use inspection::Inspection;
