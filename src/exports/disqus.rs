//! Disqus: its XML export, flat lists of threads and posts joined by ids.

use super::xml::{Step, Xml};
use super::{Article, Comment, Item, Reader};
use crate::error::Result;
use crate::input::Text;
use crate::text::html;

pub(super) struct Disqus {
    xml: Xml,
    article: Article,
    comment: Comment,
    is_deleted: bool,
    is_spam: bool,
    username: String,
}

impl Disqus {
    pub(super) fn new(text: Text, path: &str) -> Self {
        Disqus {
            xml: Xml::new(text, path, "disqus"),
            article: Article::default(),
            comment: Comment::default(),
            is_deleted: false,
            is_spam: false,
            username: String::new(),
        }
    }

    fn begin(&mut self, id: Option<String>) {
        let id = id.unwrap_or_default();
        if self.xml.is_at(&["disqus", "thread"]) {
            self.article = Article { id, ..Article::default() };
        } else if self.xml.is_at(&["disqus", "post"]) {
            self.comment = Comment { id, ..Comment::default() };
            (self.is_deleted, self.is_spam) = (false, false);
            self.username.clear();
        } else if self.xml.is_at(&["post", "thread"]) {
            self.comment.article_id = id;
        } else if self.xml.is_at(&["post", "parent"]) {
            self.comment.parent_id = id;
        }
    }

    fn end(&mut self, text: String) -> Option<Item> {
        let Self { xml, article, comment, .. } = self;
        let of_thread = |name| xml.is_at(&["thread", name]);
        let of_post = |name| xml.is_at(&["post", name]);
        let is_true = || text.trim().eq_ignore_ascii_case("true");
        if of_thread("title") {
            article.title = html::text(&text);
        } else if of_thread("link") {
            article.url = text.trim().to_owned();
        } else if of_post("message") {
            comment.text = html::text(&text);
        } else if of_post("createdAt") {
            comment.time = text.trim().to_owned();
        } else if of_post("isDeleted") {
            self.is_deleted = is_true();
        } else if of_post("isSpam") {
            self.is_spam = is_true();
        } else if xml.is_at(&["post", "author", "name"]) {
            comment.author = html::text(&text);
        } else if xml.is_at(&["post", "author", "username"]) {
            self.username = text.trim().to_owned();
        } else if xml.is_at(&["disqus", "thread"]) {
            return Some(Item::Article(std::mem::take(article)));
        } else if xml.is_at(&["disqus", "post"]) {
            return Some(self.end_post());
        }
        None
    }

    fn end_post(&mut self) -> Item {
        self.xml.count_record();
        let mut comment = std::mem::take(&mut self.comment);
        // Two people may bear one name; nobody shares a user name.
        if !self.username.is_empty() {
            comment.author = std::mem::take(&mut self.username);
        }
        comment.status = "approved".into();
        match comment {
            _ if self.is_spam => Item::LeftOut("spam"),
            _ if self.is_deleted => Item::LeftOut("deleted"),
            comment if comment.text.is_empty() => Item::LeftOut("empty"),
            comment => Item::Comment(comment),
        }
    }
}

impl Reader for Disqus {
    fn next_item(&mut self) -> Result<Option<Item>> {
        loop {
            match self.xml.next()? {
                None => return Ok(None),
                Some(Step::Begin(id)) => self.begin(id),
                Some(Step::End(text)) => {
                    let item = self.end(text);
                    self.xml.close();
                    if item.is_some() {
                        return Ok(item);
                    }
                }
            }
        }
    }
}
