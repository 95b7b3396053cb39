//! Which row reader fits a file, and what all row readers have in common.

use std::ffi::OsStr;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use encoding_rs::Encoding;

use super::columns::Role;
use super::csv::CsvRows;
use super::decode::{self, Source, Text, read_error};
use super::dialect::separator_line;
use super::example::Article;
use super::json_lines::JsonRows;
use super::page_rows::PageRows;
use super::reader::InputOptions;
use super::record::{BadRow, Header, Raw};
use crate::error::{Error, Position, Result};
use crate::pages::Kind;

/// A row before anybody asked what its cells mean.
#[derive(Debug)]
pub(super) enum RawRow {
    Good(Position, Raw),
    Bad(BadRow),
}

/// Reads the rows of one file.
pub(super) trait RawRows: Send {
    /// The file as the user named it.
    fn path(&self) -> &str;
    /// Its header.
    fn header(&self) -> &Header;
    /// The next row; `None` at the end, and from then on. An error means that nothing more can be read.
    fn next_row(&mut self) -> Result<Option<RawRow>>;
    /// The article that all rows stand under, where the file itself holds it.
    fn article(&self) -> Option<&Arc<Article>> {
        None
    }
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// With this delimiter, or with one that the first line tells.
    Csv(Option<u8>),
    JsonLines,
    /// A page: an article and its comments.
    Page(Kind),
    /// A page of plain text, unless the first line names the column of comments.
    Text,
    /// Told by the first byte that is not blank.
    Detect,
}

impl Format {
    /// The format that a file's name tells. Unknown endings are CSV; names without any, such as `-` and the
    /// `/dev/fd/63` of a shell, tell nothing.
    pub(super) fn of(path: &Path) -> Self {
        let path = uncompressed(path);
        if has_ending(path, &["jsonl", "ndjson"]) {
            Format::JsonLines
        } else if has_ending(path, &["tsv"]) {
            Format::Csv(Some(b'\t'))
        } else if has_ending(path, &HTML) {
            Format::Page(Kind::Html)
        } else if has_ending(path, &TEXT) {
            Format::Text
        } else if path.extension().is_none() {
            Format::Detect
        } else {
            Format::Csv(None)
        }
    }
}

/// Endings of files that hold rows, of pages of HTML, and of pages of plain text.
pub(super) const ROWS: [&str; 4] = ["csv", "tsv", "jsonl", "ndjson"];
pub(super) const HTML: [&str; 3] = ["html", "htm", "xhtml"];
pub(super) const TEXT: [&str; 2] = ["txt", "text"];

/// Whether a file's name, without that of its compression, ends in one of these.
pub(super) fn is_named(path: &Path, endings: &[&str]) -> bool {
    has_ending(uncompressed(path), endings)
}

/// A path without the ending of its compression.
fn uncompressed(path: &Path) -> &Path {
    let stem = path.file_stem().map(Path::new).filter(|_| has_ending(path, &["gz", "zst"]));
    stem.unwrap_or(path)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The rows of a file, and how far it has been read.
pub(super) struct Opened {
    pub(super) rows: Box<dyn RawRows>,
    /// Bytes read so far, before decompression.
    pub(super) bytes_read: Arc<AtomicU64>,
    /// Size on disk; `None` for pipes.
    pub(super) size: Option<u64>,
}

/// Opens a file, `-` being standard input.
pub(super) fn open(path: &Path, encoding: Option<&'static Encoding>, options: &InputOptions) -> Result<Opened> {
    opened(decode::open(path, encoding)?, path, options)
}

/// The same for bytes that come from elsewhere; `path` tells the format, and messages name it.
pub(super) fn read(
    bytes: Text,
    path: &Path,
    encoding: Option<&'static Encoding>,
    options: &InputOptions,
) -> Result<Opened> {
    opened(decode::read(bytes, path, encoding)?, path, options)
}

fn opened(source: Source, path: &Path, options: &InputOptions) -> Result<Opened> {
    Ok(Opened {
        rows: rows_of(source.text, &path.display().to_string(), Format::of(path), options)?,
        bytes_read: source.bytes_read,
        size: source.size,
    })
}

/// The rows of a text.
pub(super) fn rows_of(mut text: Text, path: &str, format: Format, options: &InputOptions) -> Result<Box<dyn RawRows>> {
    let limit = options.max_record_bytes;
    let format = match format {
        Format::Csv(delimiter) => return Ok(Box::new(CsvRows::new(text, path, delimiter, limit)?)),
        Format::JsonLines => return Ok(Box::new(JsonRows::new(text, path, limit))),
        Format::Page(kind) => return Ok(Box::new(PageRows::new(text, path, kind)?)),
        Format::Text | Format::Detect => format,
    };
    let start = first_line(&mut text).map_err(|error| read_error(path, error))?;
    let format = match (start.trim_ascii_start(), format) {
        (start, Format::Text) if names_column(start, options.columns.name(Role::Comment)) => Format::Csv(None),
        (_, Format::Text) => Format::Page(Kind::Text),
        ([b'{', ..], _) => Format::JsonLines,
        ([b'<', ..], _) => Format::Page(Kind::Html),
        _ => Format::Csv(None),
    };
    rows_of(Box::new(Cursor::new(start).chain(text)), path, format, options)
}

/// Whether a first line is the header of a table with this column, or Excel's line before one.
fn names_column(start: &[u8], column: &str) -> bool {
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let mut fields = line.split(|byte| matches!(byte, b',' | b';' | b'\t')).map(<[u8]>::trim_ascii);
    let bare = |field: &[u8]| field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")) == Some(column.as_bytes());
    separator_line(start).is_some() || fields.any(|field| field == column.as_bytes() || bare(field))
}

/// Takes the start of a text, up to the end of its first line that is not blank or somewhat further. Longer
/// lines are cut: this is for a look at the text, not for reading it.
pub(super) fn first_line(text: &mut impl Read) -> io::Result<Vec<u8>> {
    const ENOUGH: u64 = 64 * 1024;
    const STEP: u64 = 4 * 1024;
    let mut start = Vec::new();
    while (start.len() as u64) < ENOUGH {
        // `read`, not `read_to_end`: whoever types or pipes lines should not wait for the step to be full.
        let mut step = [0; STEP as usize];
        let count = match text.read(&mut step) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        start.extend_from_slice(&step[..count]);
        let line = start.trim_ascii_start();
        if count == 0 || line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            break;
        }
    }
    Ok(start)
}

/// The error for a record that would take too much memory.
pub(super) fn too_long(position: Position, limit: usize) -> Error {
    Error::input(
        position,
        format!(
            "this record is longer than {limit} bytes, the most that is read at once: look for a quoted field \
             that is never closed, or for a line end that is missing"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        let of = |path: &str| Format::of(Path::new(path));
        assert_eq!(of("a.csv"), Format::Csv(None));
        assert_eq!(of("a.b.TSV.gz"), Format::Csv(Some(b'\t')));
        assert_eq!(of("x.csv/a.jsonl"), Format::JsonLines);
        assert_eq!(of("a.ndjson.zst"), Format::JsonLines);
        assert_eq!(of("a.csv.GZ"), Format::Csv(None));
        assert_eq!(of("a.txt.gz"), Format::Text);
        assert_eq!(of("a.HTM"), Format::Page(Kind::Html));
        assert_eq!(of("a.dat"), Format::Csv(None));
        assert_eq!(of("-"), Format::Detect);
        assert_eq!(of("/dev/fd/63"), Format::Detect);
        assert_eq!(of("comments.gz"), Format::Detect);
    }

    #[test]
    fn without_a_name_the_first_byte_tells_the_format() {
        let header = |text: &'static str| {
            let text = Box::new(text.as_bytes());
            let mut rows = rows_of(text, "-", Format::Detect, &InputOptions::default()).unwrap();
            assert!(rows.next_row().unwrap().is_some(), "no row was lost");
            assert!(rows.next_row().unwrap().is_none());
            rows.header().clone()
        };
        let columns = |names: [&str; 2]| Header::Columns(names.map(str::to_owned).to_vec());
        assert_eq!(header("\n  {\"comment\":\"ä\"}\n"), Header::Json);
        assert_eq!(header("id,comment\n1,ä\n"), columns(["id", "comment"]));
        assert_eq!(header("id\tcomment\n1\t{ä\n"), columns(["id", "comment"]));
        assert_eq!(header("id;comment\n1;ä\n"), columns(["id", "comment"]));
    }

    #[test]
    fn nothing_on_standard_input_is_an_empty_file() {
        let error = rows_of(Box::new(io::empty()), "-", Format::Detect, &InputOptions::default());
        let error = error.err().unwrap().to_string();
        assert!(error.starts_with("-: the file is empty"), "{error}");
    }

    #[test]
    fn a_look_at_the_first_line_does_not_read_without_bound() {
        let start = first_line(&mut io::repeat(b'x')).unwrap();
        assert!(start.len() < 70_000);
        assert_eq!(first_line(&mut &b"\r\n"[..]).unwrap(), b"\r\n");
    }
}
