//! Pages: the comments under an article as rows, with the article itself.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::decode::{self, Text, read_error};
use super::example::Article;
use super::format::{Format, RawRow, RawRows};
use super::record::{Header, Raw};
use crate::error::{Error, Position, Result};
use crate::pages::{self, Kind, Page};
use crate::text::excerpt::start;

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
    page: Page,
    ids: Vec<String>,
    /// The next comment.
    next: usize,
}

impl PageRows {
    pub(super) fn new(text: Text, path: &str, kind: Kind) -> Result<Self> {
        let mut page = page_of(text, path, kind)?;
        let article = Article {
            title: std::mem::take(&mut page.title),
            body: std::mem::take(&mut page.body),
            url: std::mem::take(&mut page.url),
        };
        Ok(PageRows {
            path: path.into(),
            header: Header::Columns(PAGE_COLUMNS.map(str::to_owned).to_vec()),
            article: Arc::new(article),
            ids: ids(&page, path),
            page,
            next: 0,
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
        let Some(comment) = self.page.comments.get(self.next) else { return Ok(None) };
        let fields = row(&self.page, self.next, &self.ids, &self.path);
        self.next += 1;
        let record = Some(self.next as u64);
        let position = Position { path: self.path.clone(), line: comment.line, record, byte: None, column: None };
        Ok(Some(RawRow::Good(position, Raw::Fields(fields.into()))))
    }

    fn article(&self) -> Option<&Arc<Article>> {
        Some(&self.article)
    }
}

/// The cells of a comment, in the order of [`PAGE_COLUMNS`]; `ids` as of [`ids`].
pub(crate) fn row(page: &Page, place: usize, ids: &[String], path: &str) -> Vec<String> {
    let comment = &page.comments[place];
    let parent = comment.parent.map(|parent| (ids[parent].clone(), start(&page.comments[parent].text, MAX_PARENT)));
    let (parent_id, parent) = parent.unwrap_or_default();
    vec![
        ids[place].clone(),
        path.to_owned(),
        parent_id,
        parent.to_owned(),
        comment.text.clone(),
        comment.time.clone(),
        page.boundary.name().to_owned(),
        format!("{:.2}", page.boundary.confidence),
    ]
}

/// Bytes of the text that is answered: a long one stands in every answer's row.
const MAX_PARENT: usize = 10_000;

/// The ids of all comments of a page, no two the same: `page.html#comment-7`, or with the comment's number on the page where it has no name of
/// its own there.
pub(crate) fn ids(page: &Page, path: &str) -> Vec<String> {
    let mut known = HashSet::new();
    let mut ids = Vec::with_capacity(page.comments.len());
    for (place, comment) in page.comments.iter().enumerate() {
        let own = if comment.id.is_empty() { (place + 1).to_string() } else { comment.id.clone() };
        let mut id = format!("{path}#{own}");
        while !known.insert(id.clone()) {
            id = format!("{id}-{}", place + 1);
        }
        ids.push(id);
    }
    ids
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
    match Format::of(path) {
        Format::Page(kind) => kind,
        Format::Text => Kind::Text,
        _ if bytes.trim_ascii_start().starts_with(b"<") => Kind::Html,
        _ => Kind::Text,
    }
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

/// The encoding that a page declares: in a `meta` of its head, or as XML does.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(8192)].to_ascii_lowercase();
    let label_after = |text: &[u8], key: &[u8]| {
        let at = memchr::memmem::find(text, key)? + key.len();
        let label = text[at..].trim_ascii_start();
        let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label);
        let end = label.iter().position(|b| !(b.is_ascii_alphanumeric() || b"-_:".contains(b))).unwrap_or(label.len());
        Encoding::for_label_no_replacement(&label[..end])
    };
    let until_end = |at: usize| &head[at..memchr::memchr(b'>', &head[at..]).map_or(head.len(), |end| at + end)];
    let by_meta = memchr::memmem::find_iter(&head, b"<meta").find_map(|at| label_after(until_end(at), b"charset="));
    by_meta.or_else(|| head.starts_with(b"<?xml").then(|| label_after(until_end(0), b"encoding="))?)
}

/// Decoded strictly: `None` where a sequence is malformed.
fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}
