//! Words typical of labels: those that comments with the label hold oftener than others, beyond chance.

use std::collections::HashMap;

use serde::Serialize;

use super::{RowVerdict, Task};

/// Words that are counted at a time. When there are more, the rarest are forgotten (lossy counting, Manku and Motwani 2002).
const MAX_WORDS: usize = 30_000;
/// Words of fewer comments are not shown: they say little, and might identify a person.
const LEAST_COMMENTS: u32 = 5;
/// Words shown of each label.
const SHOWN: usize = 12;
/// Standard errors from no difference, at least.
const LEAST_Z: f64 = 2.58;
/// How many comments' worth of the overall shares every label starts with.
const PRIOR: f64 = 50.0;
/// How many times oftener than elsewhere, at least.
const LEAST_RATIO: f64 = 1.2;

/// A word that goes with a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypicalWord {
    /// The word.
    pub word: String,
    /// Standard errors from no difference: log odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008).
    pub z: f64,
    /// Comments with the label that hold it.
    pub with_label: u64,
    /// Other comments that hold it.
    pub elsewhere: u64,
}

/// Counts in how many comments of each label each word stands.
#[derive(Debug)]
pub(super) struct WordCounts {
    /// Labels of all tasks, one after the other.
    labels: usize,
    words: HashMap<u64, Counted>,
    /// Number of comments, and of those with each label.
    all: u64,
    with_label: Vec<u64>,
}

#[derive(Debug)]
struct Counted {
    word: Box<str>,
    all: u32,
    with_label: Vec<u32>,
}

impl WordCounts {
    pub(super) fn new(tasks: &[Task]) -> Self {
        let labels = tasks.iter().map(|t| t.labels.len()).sum();
        WordCounts { labels, words: HashMap::new(), all: 0, with_label: vec![0; labels] }
    }

    /// Counts a comment's distinct words: hash and spelling.
    pub(super) fn add<'w>(
        &mut self,
        words: impl Iterator<Item = (u64, &'w str)>,
        tasks: &[Task],
        verdicts: &[RowVerdict],
    ) {
        let mut places = Vec::new();
        let mut start = 0;
        for (task, verdict) in tasks.iter().zip(verdicts) {
            places.extend(verdict.predicted.iter().map(|class| start + class));
            start += task.labels.len();
        }
        self.all += 1;
        places.iter().for_each(|&place| self.with_label[place] += 1);
        for (hash, word) in words {
            let labels = self.labels;
            let counted = self.words.entry(hash).or_insert_with(|| Counted {
                word: word.into(),
                all: 0,
                with_label: vec![0; labels],
            });
            counted.all += 1;
            places.iter().for_each(|&place| counted.with_label[place] += 1);
        }
        if self.words.len() > MAX_WORDS {
            // Down to a half, so that words that come later have time to show how frequent they are.
            let mut least = 1;
            while self.words.len() > MAX_WORDS / 2 {
                self.words.retain(|_, counted| counted.all > least);
                least += 1;
            }
        }
    }

    /// The most typical words of each label of each task.
    pub(super) fn finish(self, tasks: &[Task]) -> Vec<Vec<Vec<TypicalWord>>> {
        let mut words: Vec<&Counted> = self.words.values().filter(|w| w.all >= LEAST_COMMENTS).collect();
        words.sort_unstable_by(|a, b| a.word.cmp(&b.word));
        let mut place = 0;
        tasks
            .iter()
            .map(|task| {
                let of_label = |_: &String| {
                    place += 1;
                    self.typical(&words, place - 1)
                };
                task.labels.iter().map(of_label).collect()
            })
            .collect()
    }

    fn typical(&self, words: &[&Counted], label: usize) -> Vec<TypicalWord> {
        let (here, all) = (self.with_label[label] as f64, self.all as f64);
        let elsewhere = all - here;
        let mut typical: Vec<TypicalWord> = words
            .iter()
            .filter(|w| w.with_label[label] > 0)
            .map(|w| {
                let (with, total) = (f64::from(w.with_label[label]), f64::from(w.all));
                let prior = PRIOR * total / all;
                let without = |count: f64, of: f64| (of - count + PRIOR - prior).max(f64::MIN_POSITIVE);
                let odds = |count: f64, of: f64| ((count + prior) / without(count, of)).ln();
                let difference = odds(with, here) - odds(total - with, elsewhere);
                let error = (1.0 / (with + prior) + 1.0 / (total - with + prior)).sqrt();
                let is_oftener = with * elsewhere >= LEAST_RATIO * (total - with) * here;
                TypicalWord {
                    word: w.word.to_string(),
                    z: if is_oftener { difference / error } else { 0.0 },
                    with_label: u64::from(w.with_label[label]),
                    elsewhere: u64::from(w.all - w.with_label[label]),
                }
            })
            .filter(|w| w.z >= LEAST_Z && w.with_label >= u64::from(LEAST_COMMENTS))
            .collect();
        typical.sort_by(|a, b| b.z.total_cmp(&a.z));
        typical.truncate(SHOWN);
        typical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(comments: &[(&[&str], usize)]) -> Vec<Vec<TypicalWord>> {
        let tasks =
            [Task { name: "t".into(), labels: vec!["a".into(), "b".into()], kind: None, numbers: None, rule: None }];
        let mut counts = WordCounts::new(&tasks);
        for (words, class) in comments {
            let verdict =
                RowVerdict { probabilities: vec![0.5; 2], predicted: vec![*class], confidence: 0.5, score: None };
            let words = words.iter().map(|w| (w.bytes().fold(7, |h, b| h * 31 + u64::from(b)), *w));
            counts.add(words, &tasks, &[verdict]);
        }
        counts.finish(&tasks).pop().unwrap()
    }

    #[test]
    fn words_of_one_side_are_typical_of_it_and_common_or_rare_ones_of_none() {
        let mut comments: Vec<(&[&str], usize)> = Vec::new();
        for _ in 0..20 {
            comments.push((&["the", "great"], 0));
            comments.push((&["the", "waste"], 1));
        }
        comments.push((&["rare"], 0));
        let found = counted(&comments);
        let words = |label: usize| found[label].iter().map(|w| w.word.as_str()).collect::<Vec<_>>();
        assert_eq!((words(0), words(1)), (vec!["great"], vec!["waste"]));
        assert_eq!((found[0][0].with_label, found[0][0].elsewhere), (20, 0));
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_words_and_late_words_count() {
        let tasks = [Task { name: "t".into(), labels: vec!["a".into()], kind: None, numbers: None, rule: None }];
        let mut counts = WordCounts::new(&tasks);
        let verdict = RowVerdict { probabilities: vec![1.0], predicted: vec![0], confidence: 1.0, score: None };
        for row in 0..100u64 {
            let late = (row >= 50).then_some((u64::MAX - 1, "late"));
            let words = (0..1000).map(|i| (row * 1000 + i, "w")).chain([(u64::MAX, "often")]).chain(late);
            counts.add(words, &tasks, std::slice::from_ref(&verdict));
            assert!(counts.words.len() <= MAX_WORDS);
        }
        assert_eq!(counts.words[&u64::MAX].all, 100);
        assert!(counts.words[&(u64::MAX - 1)].all >= 45);
    }
}
