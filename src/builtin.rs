//! The model that is compiled into the program, and its card.
//!
//! `training/builtin` has the recipe; `make models` makes the file anew.

use std::path::Path;

use crate::error::Result;
use crate::model::Model;
use crate::model_file;

/// Stands for the built-in model wherever a model file is named.
pub const NAME: &str = "builtin";

const BYTES: &[u8] = include_bytes!("../models/english.safetensors");

/// What it was trained on, what it measured, where it fails.
pub const CARD: &str = include_str!("../models/english.md");

/// The built-in English model: tone and hostility.
pub fn model() -> Result<Model> {
    model_file::from_bytes(BYTES, Path::new(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_loads_and_is_small() {
        let model = model().expect("the model in models/ has the format of this program");
        let tasks: Vec<&str> = model.heads.iter().map(|head| head.name.as_str()).collect();
        assert_eq!(tasks, ["tone", "hostility"]);
        assert!(model.config.note.is_some());
        assert!(BYTES.len() <= 8_000_000);
    }
}
