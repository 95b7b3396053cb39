//! Reddit: dumps of comments and of submissions, one JSON object a line.

use std::path::Path;

use super::{Article, Comment, Item, Reader};
use crate::error::Result;
use crate::input::{Table, TableRow, Text};
use crate::text::html;

pub(super) struct Reddit {
    table: Table,
}

impl Reddit {
    pub(super) fn new(text: Text, path: &Path) -> Result<Self> {
        Ok(Reddit { table: Table::new(text, path)? })
    }
}

/// What stands in the place of a text that somebody took away.
const GONE: [&str; 2] = ["[deleted]", "[removed]"];

fn item(row: TableRow) -> Item {
    let Some(id) = row.get("id") else { return Item::Bad(row.rejected("there is no `id`: this is no line of a dump")) };
    let cell = |name| row.get(name).unwrap_or_default();
    // The text is Markdown in which only these three are written as in HTML.
    let text = |name| html::text(&cell(name).replace('<', "&lt;"));
    if row.get("link_id").is_none() {
        let Some(title) = row.get("title") else {
            return Item::Bad(
                row.rejected("there is neither `link_id`, as of a comment, nor `title`, as of a submission"),
            );
        };
        let body = Some(text("selftext")).filter(|body| !GONE.contains(&body.as_str())).unwrap_or_default();
        return Item::Article(Article {
            id: format!("t3_{id}"),
            title: html::text(&title.replace('<', "&lt;")),
            body,
            url: cell("url"),
        });
    }
    let parent_id = Some(cell("parent_id")).filter(|id| id.starts_with("t1_")).unwrap_or_default();
    let comment = Comment {
        id: format!("t1_{id}"),
        article_id: cell("link_id"),
        parent_id,
        text: text("body"),
        author: Some(cell("author")).filter(|author| !GONE.contains(&author.as_str())).unwrap_or_default(),
        time: seconds(&cell("created_utc")),
        status: "approved".into(),
    };
    match comment.text.as_str() {
        "" => Item::LeftOut("empty"),
        gone if GONE.contains(&gone) => Item::LeftOut("deleted"),
        _ => Item::Comment(comment),
    }
}

/// Unix seconds as RFC 3339.
fn seconds(time: &str) -> String {
    let whole = time.split('.').next().unwrap_or_default();
    let timestamp = whole.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    timestamp.map(|t| t.to_string()).unwrap_or_default()
}

impl Reader for Reddit {
    fn next_item(&mut self) -> Result<Option<Item>> {
        Ok(self.table.next_row()?.map(|row| match row {
            Err(bad) => Item::Bad(*bad),
            Ok(row) => item(row),
        }))
    }
}
