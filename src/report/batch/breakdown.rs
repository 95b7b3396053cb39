//! Counts by article, target, source or week.

use std::collections::HashMap;

use serde::Serialize;

use super::Task;
use super::tally::{Counts, Tally};
use crate::text::excerpt::excerpt;

/// Groups of one kind that are counted apart; rows of further ones are counted together, so that memory does not grow with the input.
const MAX_GROUPS: usize = 20_000;
/// Names are cut to so many characters.
const MAX_NAME: usize = 200;

/// What rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The file a row comes from, or what its column `source` says.
    Source,
    /// The article, by its id, else by its text.
    Article,
    /// The target.
    Target,
    /// The ISO week of its time.
    Week,
    /// Article and target together.
    ArticleAndTarget,
}

impl By {
    /// What a reader calls it.
    pub fn name(self) -> &'static str {
        match self {
            By::Source => "source",
            By::Article => "article",
            By::Target => "target",
            By::Week => "week",
            By::ArticleAndTarget => "article and target",
        }
    }
}

/// Counts by something.
#[derive(Debug, Clone, Serialize)]
pub struct Breakdown {
    /// By what.
    pub by: By,
    /// One entry a group, those of most rows first.
    pub groups: Vec<Group>,
    /// Rows that name no such thing, if there are any.
    pub without: Option<Group>,
    /// Rows of groups beyond the 20,000 that were met first, if there are any.
    pub beyond: Option<Group>,
}

/// One group of rows.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Its name: an id, a target, a file, a week.
    pub name: String,
    /// The article's title, where there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The target, of pairs of article and target.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Number of rows.
    pub rows: u64,
    /// What was counted, a task each.
    pub tasks: Vec<Counts>,
}

/// How a group is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) target: String,
}

/// Gathers a breakdown.
#[derive(Debug)]
pub(super) struct Groups {
    by: By,
    places: HashMap<u64, usize>,
    groups: Vec<(Name, Tally)>,
    without: Tally,
    beyond: Tally,
}

impl Groups {
    pub(super) fn new(by: By, tasks: &[Task]) -> Self {
        let tally = || Tally::new(tasks);
        Groups { by, places: HashMap::new(), groups: Vec::new(), without: tally(), beyond: tally() }
    }

    /// Counts rows under what `key` identifies; `name` is asked for once a group.
    pub(super) fn add(&mut self, key: Option<u64>, name: impl FnOnce() -> Name, tasks: &[Task], rows: &Tally) {
        let Some(key) = key else {
            self.without.merge(rows);
            return;
        };
        let place = match self.places.get(&key) {
            Some(&place) => place,
            None if self.groups.len() == MAX_GROUPS => {
                self.beyond.merge(rows);
                return;
            }
            None => {
                let Name { name, title, target } = name();
                let name = {
                    let cut = |text: String| excerpt(&text, MAX_NAME);
                    Name { name: cut(name), title: cut(title), target: cut(target) }
                };
                self.places.insert(key, self.groups.len());
                self.groups.push((name, Tally::new(tasks)));
                self.groups.len() - 1
            }
        };
        self.groups[place].1.merge(rows);
    }

    /// The breakdown; without groups if no row named such a thing.
    pub(super) fn finish(self, tasks: &[Task]) -> Breakdown {
        let group = |(name, tally): (Name, Tally)| Group {
            name: name.name,
            title: name.title,
            target: name.target,
            rows: tally.rows,
            tasks: tally.counts(tasks),
        };
        let rest = |name: &str, tally: Tally| {
            (tally.rows > 0).then(|| group((Name { name: name.into(), ..Name::default() }, tally)))
        };
        let (without, beyond) = (rest("(none)", self.without), rest("(others)", self.beyond));
        let mut groups: Vec<Group> = self.groups.into_iter().map(group).collect();
        match self.by {
            By::Week => groups.sort_by(|a, b| a.name.cmp(&b.name)),
            // The sort is stable: ties stay in the order of the input.
            _ => groups.sort_by_key(|group| std::cmp::Reverse(group.rows)),
        }
        Breakdown { by: self.by, groups, without, beyond }
    }
}
