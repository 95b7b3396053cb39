//! A comment with its context, ready for features.

use std::sync::Arc;

/// The text that comments stand under. Parts that are not known are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// The headline.
    pub title: String,
    /// The text.
    pub body: String,
    /// Where it was published.
    pub url: String,
}

/// One comment with everything that its row says about it.
///
/// Blank cells are `None`. `article`, `parent` and `comment` are as they stand in the row; the others are
/// keys or values and come without white space around them.
#[derive(Clone, Debug)]
pub struct Example {
    /// Identifies the comment.
    pub id: Option<String>,
    /// Groups the comments of one article.
    pub article_id: Option<String>,
    /// The article, shared by its comments: from the row itself, else from the articles file.
    pub article: Option<Arc<Article>>,
    /// What the stance is towards, when it is not the article.
    pub target: Option<String>,
    /// The comment that this one replies to.
    pub parent: Option<String>,
    /// The text that is scored; never blank when it comes from a reader.
    pub comment: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was written.
    pub time: Option<String>,
    /// How much the row counts in training: finite, 0 or more, 1 by default.
    pub weight: f64,
    /// The fold that the row belongs to in validation.
    pub fold: Option<String>,
    /// Where the row comes from, if not from the file that it stands in.
    pub source: Option<String>,
    /// How sure it is that this is a comment and not the article's end, where its page left that to be guessed.
    pub guessed: Option<f64>,
    /// One cell a selected task, in the order of selection; `None` is not labelled
    /// ([`crate::labels::is_unlabelled`]).
    pub labels: Vec<Option<String>>,
}

impl Default for Example {
    fn default() -> Self {
        Example {
            id: None,
            article_id: None,
            article: None,
            target: None,
            parent: None,
            comment: String::new(),
            author: None,
            time: None,
            weight: 1.0,
            fold: None,
            source: None,
            guessed: None,
            labels: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_counts_once_by_default() {
        assert_eq!(Example::default().weight, 1.0);
    }
}
