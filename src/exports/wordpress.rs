//! WordPress: WXR, in all its versions.

use std::collections::VecDeque;

use super::xml::{Step, Xml};
use super::{Article, Comment, Item, Reader};
use crate::error::Result;
use crate::input::Text;
use crate::text::html;

pub(super) struct WordPress {
    xml: Xml,
    article: Article,
    /// Whether the article was handed out: those without comments never are.
    is_told: bool,
    comment: Comment,
    kind: String,
    ready: VecDeque<Item>,
}

impl WordPress {
    pub(super) fn new(text: Text, path: &str) -> Self {
        WordPress {
            xml: Xml::new(text, path, "rss"),
            article: Article::default(),
            is_told: false,
            comment: Comment::default(),
            kind: String::new(),
            ready: VecDeque::new(),
        }
    }

    fn end(&mut self, text: String) {
        let Self { xml, article, comment, .. } = self;
        let of_item = |name| xml.is_at(&["item", name]);
        let of_comment = |name| xml.is_at(&["wp:comment", name]);
        let trimmed = || text.trim().to_owned();
        if of_item("title") {
            article.title = html::text(&text);
        } else if of_item("link") {
            article.url = trimmed();
        } else if of_item("content:encoded") {
            article.body = html::text(&text);
        } else if of_item("wp:post_id") {
            article.id = trimmed();
        } else if of_comment("wp:comment_id") {
            comment.id = trimmed();
        } else if of_comment("wp:comment_author") {
            comment.author = html::text(&text);
        } else if of_comment("wp:comment_date_gmt") {
            comment.time = utc(text.trim());
        } else if of_comment("wp:comment_content") {
            comment.text = html::text(&text);
        } else if of_comment("wp:comment_parent") {
            comment.parent_id = Some(trimmed()).filter(|id| id != "0").unwrap_or_default();
        } else if of_comment("wp:comment_approved") {
            comment.status = trimmed();
        } else if of_comment("wp:comment_type") {
            self.kind = trimmed();
        } else if xml.is_at(&["item", "wp:comment"]) {
            self.end_comment();
        } else if xml.is_at(&["channel", "item"]) {
            self.article = Article::default();
            self.is_told = false;
        }
    }

    fn end_comment(&mut self) {
        self.xml.count_record();
        let mut comment = std::mem::take(&mut self.comment);
        let kind = std::mem::take(&mut self.kind);
        let left_out = match (kind.as_str(), comment.status.as_str()) {
            ("pingback" | "trackback", _) => Some("pingback"),
            (kind, _) if !matches!(kind, "" | "comment" | "review") => Some("of another type"),
            (_, "spam") => Some("spam"),
            (_, "trash" | "post-trashed") => Some("deleted"),
            _ if comment.text.is_empty() => Some("empty"),
            _ => None,
        };
        if let Some(why) = left_out {
            self.ready.push_back(Item::LeftOut(why));
            return;
        }
        comment.status = match comment.status.as_str() {
            "1" | "approve" | "approved" => "approved".into(),
            "0" | "hold" => "pending".into(),
            _ => comment.status,
        };
        if !self.is_told {
            self.is_told = true;
            self.ready.push_back(Item::Article(self.article.clone()));
        }
        comment.article_id.clone_from(&self.article.id);
        self.ready.push_back(Item::Comment(comment));
    }
}

/// `2026-03-17 06:12:40` of a column that is in UTC, as RFC 3339; WordPress writes zeros where it does not know.
fn utc(time: &str) -> String {
    match time.split_once(' ') {
        _ if time.starts_with("0000") => String::new(),
        Some((day, clock)) => format!("{day}T{clock}Z"),
        None => time.to_owned(),
    }
}

impl Reader for WordPress {
    fn next_item(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            match self.xml.next()? {
                None => return Ok(None),
                Some(Step::Begin(_)) => {}
                Some(Step::End(text)) => {
                    self.end(text);
                    self.xml.close();
                }
            }
        }
    }
}
