//! Articles in a file of their own, joined with comments on `article_id`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::cell::{self, Column};
use super::columns::missing_column;
use super::decode;
use super::example::Article;
use super::format::{self, RawRow, RawRows};
use super::reader::InputOptions;
use super::record::{Header, Raw};
use crate::error::{Error, Position, Result};

/// All articles of a file, by their ids.
pub struct Articles {
    path: String,
    by_id: HashMap<String, Known>,
}

struct Known {
    article: Arc<Article>,
    /// Line on which it stands.
    line: Option<u64>,
}

impl Articles {
    /// Reads a file with the columns `article_id`, `title`, `body` and `url`, of which `url` and one of `title`
    /// and `body` may be missing; CSV or JSON lines, compressed or not. A byte order mark
    /// outweighs the label of an encoding; with neither, the text is UTF-8.
    ///
    /// # Errors
    /// Every row must be usable: a comment whose article is missing would be scored without a word as if it
    /// had none. Besides what makes a row bad, that means an `article_id` in each, and the same text wherever
    /// one is repeated.
    pub fn load(path: &Path, encoding: Option<&str>) -> Result<Self> {
        let encoding = encoding.map(decode::encoding).transpose()?;
        let opened = format::open(path, encoding, &InputOptions::default())?;
        Articles::read(opened.rows)
    }

    fn read(mut rows: Box<dyn RawRows>) -> Result<Self> {
        let columns = Columns::find(rows.header(), rows.path())?;
        let mut articles = Articles { path: rows.path().to_owned(), by_id: HashMap::new() };
        while let Some(row) = rows.next_row()? {
            match row {
                RawRow::Good(position, raw) => {
                    let (id, article) = columns.article(&raw, &position)?;
                    articles.insert(id, article, &position, &columns)?;
                }
                RawRow::Bad(bad) => return Err(bad.into_error()),
            }
        }
        Ok(articles)
    }

    fn insert(&mut self, id: String, article: Article, position: &Position, columns: &Columns) -> Result<()> {
        match self.by_id.entry(id) {
            Entry::Vacant(place) => {
                place.insert(Known { article: Arc::new(article), line: position.line });
                Ok(())
            }
            Entry::Occupied(known) if *known.get().article == article => Ok(()),
            Entry::Occupied(known) => Err(Error::input(
                position.in_column(&columns.id.name),
                format!(
                    "the article of line {} has the same id and another content: give each article an id of \
                     its own",
                    known.get().line.unwrap_or(0)
                ),
            )),
        }
    }

    /// The article of an id.
    pub fn get(&self, id: &str) -> Option<Arc<Article>> {
        self.by_id.get(id).map(|known| Arc::clone(&known.article))
    }

    /// How many articles there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The file they come from, as the user named it.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Tells the file and the number of articles, not their texts.
impl fmt::Debug for Articles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Articles").field("path", &self.path).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Where in a row everything stands.
struct Columns {
    id: Column,
    title: Option<Column>,
    body: Option<Column>,
    url: Option<Column>,
}

impl Columns {
    fn find(header: &Header, path: &str) -> Result<Self> {
        let find = |name: &str| Column::find(header, name);
        let missing = |name: &str, remedy: &str| {
            let columns = match header {
                Header::Columns(columns) => &columns[..],
                Header::Json => &[],
            };
            Error::input(Position::file(path), missing_column(name, columns, remedy))
        };
        let columns = Columns {
            id: find("article_id").ok_or_else(|| {
                missing("article_id", "A file of articles needs it: rename the column that holds the ids")
            })?,
            title: find("title"),
            body: find("body"),
            url: find("url"),
        };
        if columns.title.is_none() && columns.body.is_none() {
            return Err(missing(
                "body",
                "A file of articles needs `body` or `title`: rename the column that holds the text",
            ));
        }
        Ok(columns)
    }

    fn article(&self, raw: &Raw, position: &Position) -> Result<(String, Article)> {
        let cell = |column: &Column| {
            cell::text(raw, column).map_err(|fault| fault.of_row(position.clone(), Vec::new()).into_error())
        };
        let text = |column: &Option<Column>| -> Result<String> {
            match column {
                Some(column) => Ok(cell(column)?.map_or_else(String::new, Cow::into_owned)),
                None => Ok(String::new()),
            }
        };
        let Some(id) = cell(&self.id)? else {
            return Err(Error::input(position.in_column(&self.id.name), "the article's id is missing or blank"));
        };
        let article = Article { title: text(&self.title)?, body: text(&self.body)?, url: text(&self.url)? };
        Ok((id.trim().to_owned(), article))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::format::{Format, rows_of};

    fn read(text: &'static str) -> Result<Articles> {
        let text = Box::new(text.as_bytes());
        Articles::read(rows_of(text, "articles.csv", Format::Detect, &InputOptions::default())?)
    }

    fn error(text: &'static str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn articles_are_found_by_id() {
        let articles = read("url,article_id,body\nhttp://x, é1 ,\"Long,\ntext\"\n,2,b\n").unwrap();
        assert_eq!(articles.len(), 2);
        assert!(!articles.is_empty());
        let article = articles.get("é1").unwrap();
        assert_eq!(article.body, "Long,\ntext");
        assert_eq!(article.title, "");
        assert_eq!(article.url, "http://x");
        assert_eq!(articles.get("3"), None);
    }

    #[test]
    fn articles_may_be_json_lines() {
        let articles = read("{\"article_id\":7,\"title\":\"T\"}\n").unwrap();
        assert_eq!(articles.get("7").unwrap().title, "T");
    }

    #[test]
    fn a_repeated_article_is_fine_and_a_contradiction_is_not() {
        assert_eq!(read("article_id,body\n1,a\n1,a\n").unwrap().len(), 1);
        assert_eq!(
            error("article_id,body\n1,a\n2,x\n1,secret\n"),
            "articles.csv, line 4, record 3, byte 24, column `article_id`: the article of line 2 has the same id \
             and another content: give each article an id of its own"
        );
    }

    #[test]
    fn the_columns_that_are_needed_are_named() {
        assert_eq!(
            error("id,body\n1,a\n"),
            "articles.csv: there is no column `article_id`. The columns are `id`, `body`. A file of articles \
             needs it: rename the column that holds the ids"
        );
        assert_eq!(
            error("article_id,Body\n1,a\n"),
            "articles.csv: there is no column `body`; did you mean `Body`? The columns are `article_id`, `Body`. \
             A file of articles needs `body` or `title`: rename the column that holds the text"
        );
    }

    #[test]
    fn a_bad_row_among_articles_is_an_error() {
        assert!(error("article_id,body\n1\n").contains("line 2, record 1, byte 16: 1 field,"));
        assert_eq!(
            error("article_id,body\n ,a\n"),
            "articles.csv, line 2, record 1, byte 16, column `article_id`: the article's id is missing or blank"
        );
        assert!(error("{\"article_id\":\"1\",\"body\":[]}\n").contains("column `body`: an array"));
    }

    #[test]
    fn debugging_shows_no_text() {
        let articles = read("article_id,body\n1,secret\n").unwrap();
        assert_eq!(format!("{articles:?}"), "Articles { path: \"articles.csv\", len: 1, .. }");
    }
}
