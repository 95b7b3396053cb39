//! One page, HTML or plain text -> its article and its comments.
//!
//! HTML: `balance` makes a sound tree of any tags, `markup` and `linked_data` know how comment systems mark comments, `html`
//! reads the article. Plain text: `paragraphs` cuts it, `headings` knows what stands over comments, `items` puts them together, `boundary`
//! guesses where readers begin when nothing says so. `furniture` knows what in an article is none of it.

mod balance;
pub mod boundary;
mod furniture;
mod headings;
mod html;
mod items;
mod linked_data;
mod markup;
mod paragraphs;
mod text;
mod words;

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTML.
    Html,
    /// Plain text.
    Text,
}

/// What a page holds. Parts that it does not have are empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The headline.
    pub title: String,
    /// The article, paragraphs parted by an empty line.
    pub body: String,
    /// Where the page says that it was published.
    pub url: String,
    /// Paragraphs that stand in the article and are no part of it: credits, invitations, notes.
    pub furniture: Vec<String>,
    /// The comments, in their order.
    pub comments: Vec<Comment>,
    /// How it is known where the article ends.
    pub boundary: Boundary,
    /// Whether the page has a place for comments that another site fills, and was saved without them.
    pub lacks_comments: bool,
}

/// How it is known where the article ends and the comments begin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Boundary {
    /// Whether the page marks it, by a heading or by its markup.
    pub is_marked: bool,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

impl Boundary {
    /// In one word.
    pub fn name(&self) -> &'static str {
        if self.is_marked { "marked" } else { "guessed" }
    }
}

/// A comment on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// What the page calls it; may be empty.
    pub id: String,
    /// Place of the comment that it answers.
    pub parent: Option<usize>,
    /// The text, paragraphs kept.
    pub text: String,
    /// Who wrote it, as the page says; may be empty.
    pub author: String,
    /// When it was written, as the page says to programs; may be empty.
    pub time: String,
    /// Line of the page on which it starts, where that is known.
    pub line: Option<u64>,
}

/// Reads a page. What is wrong with it is said in one sentence, without its text.
pub fn read(kind: Kind, text: &str) -> Result<Page, String> {
    // NUL means nothing in text, and what is made of it is refused by every reader.
    let cleared = text.contains('\0').then(|| text.replace('\0', ""));
    let text = cleared.as_deref().unwrap_or(text);
    match kind {
        Kind::Html => html::read(text),
        Kind::Text => Ok(text::read(text)),
    }
}
