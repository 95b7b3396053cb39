//! A file of rows without roles: cells by the names of their columns.

use std::path::Path;

use super::cell::{self, Column};
use super::decode::{self, Text};
use super::format::{self, Format, RawRow, RawRows};
use super::reader::InputOptions;
use super::record::{BadRow, Header, Raw};
use crate::error::{Position, Result};

/// Reads CSV or JSON lines row by row.
pub struct Table {
    rows: Box<dyn RawRows>,
}

/// One row.
pub struct TableRow {
    /// Where it starts.
    pub position: Position,
    header: Header,
    raw: Raw,
}

impl Table {
    /// Reads a text that is decompressed and decoded; `path` says in its ending how rows are written, and messages name it.
    pub fn new(text: Text, path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        Ok(Table { rows: format::rows_of(text, &name, Format::of(path), &InputOptions::default())? })
    }

    /// Whether the header names a column; JSON lines may have any.
    pub fn has_column(&self, name: &str) -> bool {
        Column::find(self.rows.header(), name).is_some()
    }

    /// The next row, or what is wrong with it; `None` at the end.
    pub fn next_row(&mut self) -> Result<Option<std::result::Result<TableRow, Box<BadRow>>>> {
        Ok(self.rows.next_row()?.map(|row| match row {
            RawRow::Good(position, raw) => Ok(TableRow { position, header: self.rows.header().clone(), raw }),
            RawRow::Bad(bad) => Err(Box::new(bad)),
        }))
    }
}

impl TableRow {
    /// A cell as text; `None` if it is absent, blank, or holds what is no text.
    pub fn get(&self, name: &str) -> Option<String> {
        let column = Column::find(&self.header, name)?;
        cell::text(&self.raw, &column).ok().flatten().map(|text| text.into_owned())
    }

    /// The row as one that cannot be used.
    pub fn rejected(self, reason: &str) -> BadRow {
        BadRow { position: self.position, reason: reason.to_owned(), raw: self.raw.to_bytes() }
    }
}

/// The text of a file, decompressed and decoded; `-` is standard input.
pub(crate) fn text_of(path: &Path, encoding: Option<&str>) -> Result<Text> {
    let encoding = encoding.map(decode::encoding).transpose()?;
    Ok(decode::open(path, encoding)?.text)
}

/// The same for bytes that come from elsewhere.
pub(crate) fn text_from(bytes: Text, path: &Path, encoding: Option<&str>) -> Result<Text> {
    let encoding = encoding.map(decode::encoding).transpose()?;
    Ok(decode::read(bytes, path, encoding)?.text)
}
