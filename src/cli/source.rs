//! Opens inputs, articles, configs and models as the arguments name them.

use std::path::Path;
use std::sync::Arc;

use super::{InputArgs, ModelArgs};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{Articles, ColumnNames, InputOptions, Inputs};
use crate::model::Model;
use crate::{builtin, model_file};

/// Opens the inputs, joined with the articles.
pub(super) fn open(args: &InputArgs) -> Result<Inputs> {
    let mut columns = ColumnNames::default();
    for mapping in &args.columns {
        columns.parse(mapping)?;
    }
    let articles = match &args.articles {
        Some(path) => Some(Arc::new(Articles::load(path, args.encoding.as_deref())?)),
        None => None,
    };
    let options = InputOptions { columns, encoding: args.encoding.clone(), articles, ..InputOptions::default() };
    Inputs::open(&args.inputs, options)
}

/// Reads a TOML config; without one, the defaults.
pub(super) fn config(path: Option<&Path>) -> Result<Config> {
    match path {
        None => Ok(Config::default()),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
            Config::parse(&text, &path.display().to_string())
        }
    }
}

/// Loads the model that the arguments name, else the built-in one.
pub(super) fn model(args: &ModelArgs) -> Result<Model> {
    load(args.model.as_deref().unwrap_or(Path::new(builtin::NAME)))
}

/// Loads a model from its file, or the built-in one by its name.
pub(super) fn load(path: &Path) -> Result<Model> {
    if path.as_os_str() == builtin::NAME { builtin::model() } else { model_file::load(path) }
}
