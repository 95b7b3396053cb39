//! Coral: `comments.csv` and `stories.csv` of its importer, told apart by their columns.

use std::path::Path;

use super::{Article, Comment, Item, Reader};
use crate::error::{Error, Position, Result};
use crate::input::{Table, TableRow, Text};
use crate::text::html;

pub(super) struct Coral {
    table: Table,
    holds_stories: bool,
}

impl Coral {
    pub(super) fn new(text: Text, path: &Path) -> Result<Self> {
        let table = Table::new(text, path)?;
        let holds_stories = table.has_column("url") && !table.has_column("story_id");
        let holds_comments = table.has_column("body") && table.has_column("story_id");
        if !holds_stories && !holds_comments {
            return Err(Error::input(
                Position::file(path.display().to_string()),
                "this is neither Coral's comments.csv (columns id, author_id, story_id, created_at, body, parent_id, status) nor its \
                 stories.csv (columns id, url, title, author, published_at)",
            ));
        }
        Ok(Coral { table, holds_stories })
    }
}

fn story(row: TableRow) -> Item {
    let Some(id) = row.get("id") else { return Item::Bad(row.rejected("the story has no id")) };
    let cell = |name| row.get(name).unwrap_or_default();
    Item::Article(Article { id, title: html::text(&cell("title")), body: String::new(), url: cell("url") })
}

fn comment(row: TableRow) -> Item {
    let Some(id) = row.get("id") else { return Item::Bad(row.rejected("the comment has no id")) };
    let cell = |name| row.get(name).unwrap_or_default();
    let comment = Comment {
        id,
        article_id: cell("story_id"),
        parent_id: cell("parent_id"),
        text: html::text(&cell("body")),
        author: cell("author_id"),
        time: cell("created_at"),
        status: match cell("status").to_ascii_uppercase().as_str() {
            "APPROVED" | "ACCEPTED" | "NONE" | "" => "approved".into(),
            "PREMOD" | "SYSTEM_WITHHELD" => "pending".into(),
            other => other.to_lowercase(),
        },
    };
    if comment.text.is_empty() { Item::LeftOut("empty") } else { Item::Comment(comment) }
}

impl Reader for Coral {
    fn next_item(&mut self) -> Result<Option<Item>> {
        Ok(self.table.next_row()?.map(|row| match row {
            Err(bad) => Item::Bad(*bad),
            Ok(row) if self.holds_stories => story(row),
            Ok(row) => comment(row),
        }))
    }
}
