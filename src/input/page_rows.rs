//! Pages: the comments under an article as rows, with the article itself.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::decode::{self, Text, read_error};
use super::example::Article;
use super::format::{RawRow, RawRows};
use super::record::{Header, Raw};
use crate::error::{Error, Position, Result};
use crate::pages::{self, Kind, Page};

/// The columns of the rows of a page. Authors are not among them: what is scored at once needs no names.
pub const PAGE_COLUMNS: [&str; 8] =
    ["id", "article_id", "parent_id", "parent", "comment", "time", "boundary", "boundary_conf"];

/// The largest page, in bytes of UTF-8.
const MAX_BYTES: u64 = 64 << 20;

/// The comments of one page.
pub(super) struct PageRows {
    path: Arc<str>,
    header: Header,
    article: Arc<Article>,
    rows: std::vec::IntoIter<(Option<u64>, Vec<String>)>,
    records: u64,
}

impl PageRows {
    pub(super) fn new(text: Text, path: &str, kind: Kind) -> Result<Self> {
        let page = page_of(text, path, kind)?;
        let rows: Vec<_> = (0..page.comments.len()).map(|i| (page.comments[i].line, row(&page, i, path))).collect();
        Ok(PageRows {
            path: path.into(),
            header: Header::Columns(PAGE_COLUMNS.map(str::to_owned).to_vec()),
            article: Arc::new(Article { title: page.title, body: page.body, url: page.url }),
            rows: rows.into_iter(),
            records: 0,
        })
    }
}

impl RawRows for PageRows {
    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self) -> Result<Option<RawRow>> {
        let Some((line, fields)) = self.rows.next() else { return Ok(None) };
        self.records += 1;
        let position = Position { path: self.path.clone(), line, record: Some(self.records), byte: None, column: None };
        Ok(Some(RawRow::Good(position, Raw::Fields(fields.into()))))
    }

    fn article(&self) -> Option<&Arc<Article>> {
        Some(&self.article)
    }
}

/// The cells of a comment, in the order of [`PAGE_COLUMNS`].
pub(crate) fn row(page: &Page, place: usize, path: &str) -> Vec<String> {
    let comment = &page.comments[place];
    let parent = comment.parent.map(|parent| (id(page, parent, path), page.comments[parent].text.clone()));
    let (parent_id, parent) = parent.unwrap_or_default();
    vec![
        id(page, place, path),
        path.to_owned(),
        parent_id,
        parent,
        comment.text.clone(),
        comment.time.clone(),
        page.boundary.name().to_owned(),
        format!("{:.2}", page.boundary.confidence),
    ]
}

/// `page.html#comment-7`, or with the comment's number on the page where it has no name of its own there.
fn id(page: &Page, place: usize, path: &str) -> String {
    let own = page.comments[place].id.as_str();
    if own.is_empty() { format!("{path}#{}", place + 1) } else { format!("{path}#{own}") }
}

/// Reads a page from a file, decompressed and decoded; `-` is standard input. The ending of its name says whether it is HTML or plain text, and
/// its first byte where the name has none.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::Input`] if it is too large or not in its encoding.
pub fn page(path: &Path, encoding: Option<&str>) -> Result<Page> {
    let encoding = encoding.map(decode::encoding).transpose()?;
    let name = path.display().to_string();
    let mut text = decode::open(path, encoding)?.text;
    let bytes = all_of(&mut text, &name)?;
    let kind = kind_of(path, &bytes);
    parsed(bytes, &name, kind)
}

/// HTML by its name or by its first byte.
fn kind_of(path: &Path, bytes: &[u8]) -> Kind {
    let is_html = super::format::is_named(path, &["html", "htm", "xhtml"]);
    let is_text = super::format::is_named(path, &["txt", "text"]);
    if is_html || (!is_text && bytes.trim_ascii_start().starts_with(b"<")) { Kind::Html } else { Kind::Text }
}

fn page_of(mut text: Text, path: &str, kind: Kind) -> Result<Page> {
    let bytes = all_of(&mut text, path)?;
    parsed(bytes, path, kind)
}

fn all_of(text: &mut Text, path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    text.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| read_error(path, error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message =
            format!("the page has more than {MAX_BYTES} bytes: it is read as a page for its name, and this is none");
        return Err(Error::input(Position::file(path), message));
    }
    Ok(bytes)
}

fn parsed(bytes: Vec<u8>, path: &str, kind: Kind) -> Result<Page> {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let byte = error.utf8_error().valid_up_to();
            let declared = if kind == Kind::Html { declared(error.as_bytes()) } else { None };
            declared.and_then(|encoding| decoded(encoding, error.as_bytes())).ok_or_else(|| {
                let position = Position { byte: Some(byte as u64), ..Position::file(path) };
                Error::input(position, "invalid UTF-8: repair it, or name the page's encoding with `--encoding`")
            })?
        }
    };
    pages::read(kind, &text).map_err(|message| Error::input(Position::file(path), message))
}

/// The encoding that a page declares in its head.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096)];
    let at = memchr::memmem::find(&head.to_ascii_lowercase(), b"charset=")? + b"charset=".len();
    let label = head[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|b| !(b.is_ascii_alphanumeric() || b"-_:".contains(b))).unwrap_or(label.len());
    Encoding::for_label_no_replacement(&label[..end])
}

/// Decoded strictly: `None` where a sequence is malformed.
fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}
