//! What becomes of the names of people who wrote comments.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, Result};
use crate::exports::authors::Authors;

/// Shared by the commands that carry names over.
#[derive(Debug, Args)]
pub(super) struct AuthorArgs {
    /// Carry names of authors over instead of hashes.
    #[arg(long)]
    keep_authors: bool,
    /// A file with a secret, so that several runs give an author the same hash; by default a key is drawn and forgotten.
    #[arg(long, value_name = "FILE", conflicts_with = "keep_authors")]
    author_key: Option<PathBuf>,
}

impl AuthorArgs {
    /// The file that is read, if one is.
    pub(super) fn key(&self) -> Option<&Path> {
        self.author_key.as_deref()
    }

    /// Reads the key, or draws one.
    pub(super) fn open(&self) -> Result<ShownAuthors> {
        Ok(ShownAuthors(match &self.author_key {
            _ if self.keep_authors => None,
            Some(path) => Some(Authors::keyed(&std::fs::read(path).map_err(|e| Error::io("read", path, e))?)),
            None => Some(Authors::random()),
        }))
    }
}

/// Names as they are to be written.
pub(super) struct ShownAuthors(Option<Authors>);

impl ShownAuthors {
    /// A name, or what stands for it.
    pub(super) fn shown(&self, name: &str) -> String {
        match &self.0 {
            None => name.to_owned(),
            Some(authors) => authors.replace(name),
        }
    }
}
