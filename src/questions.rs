//! What folds ask: which comments must not straddle them, and what held-out ones are then an example of.

use std::collections::HashMap;

use crate::config::{Config, GroupBy};
use crate::error::{Error, Result};
use crate::input::Example;
use crate::metrics::number_clusters;
use crate::model::article_key;
use crate::summary::{UNSEEN, UNSEEN_BOTH};
use crate::task::TaskRows;
use crate::validation::{Folds, text_key};

/// What ties a comment to others: its article (by id, else by text), target and author.
pub(crate) fn cluster_keys(example: &Example) -> [Option<String>; 3] {
    [article_key(example), example.target.as_deref().map(text_key), example.author.clone()]
}

/// What may tie rows together, numbered over all examples; rows without one stand alone.
pub(crate) struct GroupKeys {
    text: Vec<u32>,
    article: Vec<Option<u32>>,
    target: Vec<Option<u32>>,
    author: Vec<Option<u32>>,
}

impl GroupKeys {
    pub(crate) fn new(examples: &[Example]) -> Self {
        let keys: Vec<[Option<String>; 3]> = examples.iter().map(cluster_keys).collect();
        let numbered = |place: usize| -> Vec<Option<u32>> {
            let numbers = number_clusters(keys.iter().map(|k| k[place].as_deref()));
            keys.iter().zip(numbers).map(|(k, n)| k[place].as_ref().map(|_| n)).collect()
        };
        GroupKeys {
            text: number_clusters(examples.iter().map(|e| text_key(&e.comment))),
            article: numbered(0),
            target: numbered(1),
            author: numbered(2),
        }
    }

    pub(crate) fn has_articles(&self, task: &TaskRows) -> bool {
        task.rows.iter().any(|&r| self.article[r].is_some())
    }

    fn has_targets(&self, task: &TaskRows) -> bool {
        task.rows.iter().any(|&r| self.target[r].is_some())
    }

    /// Group of each labelled row. Rows without the key are grouped by text.
    fn groups(&self, group_by: GroupBy, task: &TaskRows) -> Vec<u32> {
        let keys: &[Option<u32>] = match group_by {
            GroupBy::Article => &self.article,
            GroupBy::Target => &self.target,
            GroupBy::Author => &self.author,
            GroupBy::Text | GroupBy::Auto => return number_clusters(task.rows.iter().map(|&r| self.text[r])),
        };
        number_clusters(task.rows.iter().map(|&r| match keys[r] {
            Some(key) => (0, key),
            None => (1, self.text[r]),
        }))
    }

    /// What intervals resample: articles, else targets, authors, rows.
    pub(crate) fn clusters(&self, task: &TaskRows) -> (&'static str, Vec<u32>) {
        for (name, group_by, keys) in [
            ("articles", GroupBy::Article, &self.article),
            ("targets", GroupBy::Target, &self.target),
            ("authors", GroupBy::Author, &self.author),
        ] {
            if task.rows.iter().any(|&r| keys[r].is_some()) {
                return (name, self.groups(group_by, task));
            }
        }
        ("rows", (0..task.rows.len() as u32).collect())
    }

    /// Labelled rows whose text another labelled row has too.
    pub(crate) fn copies(&self, task: &TaskRows) -> usize {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        task.rows.iter().for_each(|&r| *counts.entry(self.text[r]).or_default() += 1);
        counts.values().filter(|&&n| n > 1).sum()
    }
}

/// Folds, and what held-out rows are an example of.
pub(crate) struct Question {
    pub(crate) asks: &'static str,
    pub(crate) grouped_by: &'static str,
    pub(crate) folds: Folds,
    /// How many of the folds are held out in turn, the first ones.
    pub(crate) held_out: usize,
    /// Group of each labelled row.
    pub(crate) groups: Vec<u32>,
}

/// The question that everything is tuned for, and the other one where articles are named.
pub(crate) struct Plan {
    pub(crate) main: Question,
    pub(crate) other: Option<Question>,
}

const KNOWN: &str = "new comments under known articles";

/// From this share of copies on, folds by article keep copies of a text together as well.
const MANY_COPIES: f64 = 0.5;

/// Groups that folds must hold out before others need not be: comments of one group are alike.
const ENOUGH_GROUPS: usize = 1_000;
/// One in so many held-out rows may be of one group: a group is in one fold, so that it weighs more, or nothing, where others are left out.
const LARGEST_GROUP: usize = 100;
/// The same of rows with and without each label.
const ENOUGH_OF_LABEL: usize = 500;

impl Plan {
    pub(crate) fn new(task: &TaskRows, keys: &GroupKeys, examples: &[Example], config: &Config) -> Result<Self> {
        let articles = keys.has_articles(task);
        let group_by = match config.validation.group_by {
            GroupBy::Auto if articles && !keys.has_targets(task) => GroupBy::Article,
            GroupBy::Auto => GroupBy::Text,
            given => given,
        };
        let named: Option<Vec<&str>> = task.rows.iter().map(|&r| examples[r].fold.as_deref()).collect();
        if named.is_none() && task.rows.iter().any(|&r| examples[r].fold.is_some()) {
            return Err(Error::TrainingData(format!(
                "`{}`: some labelled rows have a fold and some have none: fill in the column, or remove it",
                task.name
            )));
        }
        let main = match named {
            Some(names) => {
                let folds = Folds::prescribed(&names);
                let held_out = folds.count();
                let groups = keys.groups(group_by, task);
                Question { asks: "rows of folds that the data prescribe", grouped_by: "fold", folds, held_out, groups }
            }
            None => Question::new(group_by, articles, task, keys, config),
        };
        if main.folds.count() < 2 {
            return Err(Error::TrainingData(format!(
                "`{}`: all {} labelled rows form one group by {}, so nothing can be held out. \
                 Label comments of more groups, or set validation.group_by = \"text\" in the config",
                task.name,
                task.rows.len(),
                main.grouped_by
            )));
        }
        let other = match group_by {
            GroupBy::Article => Some(GroupBy::Text),
            GroupBy::Text | GroupBy::Auto if articles => Some(GroupBy::Article),
            _ => None,
        };
        let other = other.map(|group_by| Question::new(group_by, articles, task, keys, config));
        Ok(Plan { main, other: other.filter(|q| q.folds.count() > 1) })
    }
}

impl Question {
    fn new(group_by: GroupBy, articles: bool, task: &TaskRows, keys: &GroupKeys, config: &Config) -> Self {
        let groups = keys.groups(group_by, task);
        let folds = folds_of(task, &groups, config);
        let (asks, grouped_by) = match group_by {
            GroupBy::Article => (UNSEEN, "article"),
            GroupBy::Text | GroupBy::Auto if articles => (KNOWN, "text"),
            GroupBy::Text | GroupBy::Auto => ("new comments", "text"),
            GroupBy::Target => ("comments towards targets never seen", "target"),
            GroupBy::Author => ("comments of authors never seen", "author"),
        };
        let copies = keys.copies(task) as f64 / task.rows.len() as f64;
        if group_by == GroupBy::Article && copies >= MANY_COPIES {
            let by_text = folds_of(task, &keys.groups(GroupBy::Text, task), config);
            if by_text.count() == folds.count() {
                let folds = Folds::crossed(&folds, &by_text);
                let held_out = held_out(task, &folds, &groups, config);
                return Question { asks: UNSEEN_BOTH, grouped_by: "article and text", folds, held_out, groups };
            }
        }
        let held_out = held_out(task, &folds, &groups, config);
        Question { asks, grouped_by, folds, held_out, groups }
    }
}

/// The first so many folds that hold out enough to measure, calibrate and decide by.
fn held_out(task: &TaskRows, folds: &Folds, groups: &[u32], config: &Config) -> usize {
    let (mut rows, mut of_label) = (0, vec![0; task.labels.len()]);
    let mut of_group: HashMap<u32, usize> = HashMap::new();
    for fold in 0..folds.count() {
        for row in folds.held(fold) {
            rows += 1;
            *of_group.entry(groups[row]).or_default() += 1;
            task.gold[row].iter().for_each(|&label| of_label[label] += 1);
        }
        let is_enough = rows >= config.validation.held_out_rows && of_group.len() >= ENOUGH_GROUPS;
        let is_even = of_group.values().all(|&of_one| of_one * LARGEST_GROUP <= rows);
        if fold > 0 && is_enough && is_even && of_label.iter().all(|&with| with.min(rows - with) >= ENOUGH_OF_LABEL) {
            return fold + 1;
        }
    }
    folds.count()
}

fn folds_of(task: &TaskRows, groups: &[u32], config: &Config) -> Folds {
    let validation = &config.validation;
    Folds::stratified(groups, &task.gold, task.labels.len(), validation.folds, validation.seed)
}
