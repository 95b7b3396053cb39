//! Exports of comment systems: bytes -> articles and comments.
//!
//! One file a format, each a [`Reader`] that is registered in [`open`]; `xml` reads XML piece by piece, [`threads`] remembers what replies answer, [`authors`] replaces names. Files are read as streams, so that memory does not grow with them.
//! What must not be carried over (e-mail and IP addresses) is not read at all.

pub mod authors;
mod coral;
mod disqus;
mod reddit;
pub mod threads;
mod wordpress;
mod xml;

use std::path::Path;

use crate::error::{Error, Result};
use crate::input::{BadRow, Text, text_from, text_of};

/// Systems whose exports can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// WordPress: WXR, the file of "Tools, Export".
    WordPress,
    /// Disqus: its XML export.
    Disqus,
    /// Coral: `comments.csv` of its importer, and `stories.csv`.
    Coral,
    /// Reddit: dumps of comments, and of submissions.
    Reddit,
}

/// A comment of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Id of the article that it stands under; may be empty.
    pub article_id: String,
    /// Id of the comment that it answers; empty for none.
    pub parent_id: String,
    /// The text, paragraphs kept.
    pub text: String,
    /// Who wrote it, as the export says; may be empty.
    pub author: String,
    /// When it was written; RFC 3339 where the export says when.
    pub time: String,
    /// What moderation made of it, in the words of the system: `approved`, `rejected`, ...
    pub status: String,
}

/// An article of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Its id.
    pub id: String,
    /// Its headline; may be empty.
    pub title: String,
    /// Its text; empty where the export has none.
    pub body: String,
    /// Where it was published; may be empty.
    pub url: String,
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An article; comes before its comments where the format allows.
    Article(Article),
    /// A comment.
    Comment(Comment),
    /// A comment that is left out, and why, in one word or two.
    LeftOut(&'static str),
    /// A row that cannot be read.
    Bad(BadRow),
}

/// Reads an export.
pub trait Reader {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Input`] with a position where the file is not what it should be; nothing more can be read then.
    fn next_item(&mut self) -> Result<Option<Item>>;
}

/// Longest text of one article or comment, in bytes: the bound on memory.
pub const MAX_TEXT: usize = 64 << 20;

/// Opens an export, compressed by gzip or zstd or not; `-` is standard input. `encoding` is asked for where there is no byte order mark and it
/// is not UTF-8.
pub fn open(system: System, path: &Path, encoding: Option<&str>) -> Result<Box<dyn Reader>> {
    reader(system, text_of(path, encoding)?, path)
}

/// The same for bytes that come from elsewhere; `path` is what messages call them.
pub fn read(system: System, bytes: Text, path: &Path, encoding: Option<&str>) -> Result<Box<dyn Reader>> {
    reader(system, text_from(bytes, path, encoding)?, path)
}

fn reader(system: System, text: Text, path: &Path) -> Result<Box<dyn Reader>> {
    let name = path.display().to_string();
    Ok(match system {
        System::WordPress => Box::new(wordpress::WordPress::new(text, &name)),
        System::Disqus => Box::new(disqus::Disqus::new(text, &name)),
        System::Coral => Box::new(coral::Coral::new(text, path)?),
        System::Reddit => Box::new(reddit::Reddit::new(text, path)?),
    })
}

/// The error for a text beyond [`MAX_TEXT`].
fn too_long(position: crate::error::Position) -> Error {
    Error::input(position, format!("a text of more than {MAX_TEXT} bytes: this is no comment and no article"))
}
