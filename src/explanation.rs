//! Why one comment is scored as it is, in terms of its words: contributions of features folded onto the words they sit in.
//!
//! A linear model's raw score is a sum of contributions, value times weight. Those of words, pairs of words and character n-grams
//! are shared out among the tokens that give them, each occurrence alike, so that a person sees words and not fragments. What
//! remains (the article's part, the target, the style) is named in plain words. Nothing is left out: words, parts and intercept
//! add up to the raw score.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use crate::features::layout::Block;
use crate::features::{Texts, Trace, similarity};
use crate::model::{Contribution, Head, Model, Verdict};
use crate::scorer::{Scorer, Weighed};

/// How one comment is scored and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommentExplanation {
    /// One entry a task, in the model's order.
    pub tasks: Vec<TaskExplanation>,
    /// What the preprocessing stage made of the comment, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preprocessing: Option<Preprocessing>,
}

/// One task's verdict on a comment and the reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskExplanation {
    /// The task.
    pub task: String,
    /// Labels that were decided for.
    pub predicted: Vec<String>,
    /// Their calibrated probability, of several the lowest.
    pub confidence: f64,
    /// The expected number of the labels, where they have numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// One account a label, in label order.
    pub labels: Vec<LabelAccount>,
}

/// Why one label has its raw score. `words`, `parts` and `intercept` add up to `raw_score`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelAccount {
    /// The label.
    pub label: String,
    /// Its calibrated probability.
    pub probability: f64,
    /// The reasons.
    #[serde(flatten)]
    pub account: Account,
    /// The strongest features by themselves, not folded.
    pub features: Vec<Contribution>,
}

/// A raw score, shared out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Account {
    /// The comment's words that contribute, in the order of the text.
    pub words: Vec<WordShare>,
    /// What contributes beside them, the strongest (by size) first.
    pub parts: Vec<Part>,
    /// The intercept: what the label's score is before anything is read.
    pub intercept: f64,
    /// The raw score, from which the probability is made.
    pub raw_score: f64,
}

/// One occurrence of a word, number, emoji or run of punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WordShare {
    /// Offset of its first byte in the comment.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// What it adds to the raw score.
    pub contribution: f64,
}

/// What a part speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// The article, or the comment that this one answers.
    Article,
    /// The target.
    Target,
    /// How the comment is written, whatever it says.
    Style,
}

/// A contribution that is not a word's alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// What it speaks of.
    pub about: About,
    /// What it says, in plain words.
    pub what: String,
    /// What it adds to the raw score.
    pub contribution: f64,
    /// Byte offsets of the words that it is about, if it is about any.
    pub spans: Vec<[usize; 2]>,
}

/// What the preprocessing stage made of a comment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preprocessing {
    /// Language of the stemmer.
    pub language: &'static str,
    /// The tokens, in order.
    pub tokens: Vec<TokenView>,
    /// Features that are not zero, in column order.
    pub features: Vec<FeatureValue>,
}

/// A token with its byte offsets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenView {
    /// Offset of its first byte in the comment.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// What it is.
    pub kind: &'static str,
    /// Its canonical form.
    pub normal: String,
    /// Its stem.
    pub stem: String,
}

/// A feature's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureValue {
    /// The feature's block.
    pub block: &'static str,
    /// The feature in words.
    pub term: String,
    /// The value that weights are multiplied by.
    pub value: f32,
}

/// Scores one comment and explains every label of every task; `top` features each, folded words and parts in full.
pub fn explain(
    model: &Model,
    scorer: &mut Scorer,
    texts: &Texts,
    top: usize,
    preprocessing: bool,
) -> CommentExplanation {
    let verdicts = scorer.score(&[*texts]).pop().unwrap_or_default();
    let (weighed, trace) = scorer.trace(texts);
    let task = |(head, verdict): (&Head, &Verdict)| TaskExplanation {
        task: head.name.clone(),
        predicted: verdict.predicted.iter().map(|&class| head.labels.name(class).to_owned()).collect(),
        confidence: verdict.confidence(),
        score: head.numbers.as_deref().map(|numbers| verdict.expected(numbers)),
        labels: (0..head.labels.len())
            .map(|class| {
                let mut features = weighed.explain(head, &[class]).contributions;
                features.truncate(top);
                LabelAccount {
                    label: head.labels.name(class).to_owned(),
                    probability: verdict.probabilities[class],
                    account: Account::new(model, &weighed, texts.comment, &trace, head, &[class]),
                    features,
                }
            })
            .collect(),
    };
    let tasks = model.heads.iter().zip(&verdicts).map(task).collect();
    let preprocessing = preprocessing.then(|| Preprocessing {
        language: model.features.language.name(),
        tokens: trace
            .tokens
            .iter()
            .map(|t| TokenView {
                start: t.start,
                end: t.end,
                kind: t.kind.name(),
                normal: t.normal.clone(),
                stem: t.stem.clone(),
            })
            .collect(),
        features: weighed
            .values()
            .iter()
            .map(|&(column, value)| {
                let (block, term) = model.features.name(column as usize);
                FeatureValue { block: block.name(), term, value: value as f32 }
            })
            .collect(),
    });
    CommentExplanation { tasks, preprocessing }
}

impl Account {
    /// Shares out the raw scores, added up, of some classes of a head; of the comment, text and trace are given.
    pub fn new(model: &Model, weighed: &Weighed, comment: &str, trace: &Trace, head: &Head, classes: &[usize]) -> Self {
        let (contributions, intercept) = weighed.contributions(head, classes);
        let layout = model.layout();
        let mut shares = vec![0.0; trace.tokens.len()];
        let mut parts = Parts::default();
        let mut similarities = Vec::new();
        for &(column, contribution) in &contributions {
            let (block, within) = layout.locate(column as usize);
            let from = trace.occurrences.partition_point(|&(c, _)| c < column);
            let places =
                || trace.occurrences[from..].iter().take_while(|&&(c, _)| c == column).map(|&(_, p)| p as usize);
            match block {
                Block::Similarity => similarities.push((within, contribution)),
                // Shared out where the comment says it; a lone target is said by no word.
                Block::Words | Block::Chars | Block::TargetWords | Block::TargetChars if places().next().is_some() => {
                    let each = contribution / places().count() as f64;
                    places().for_each(|place| shares[place] += each);
                }
                _ => {
                    let spans: Vec<[usize; 2]> =
                        places().map(|place| [trace.tokens[place].start, trace.tokens[place].end]).collect();
                    let word = spans.first().map(|&[start, end]| &comment[start..end]);
                    let what = model.features.plainly(column as usize, word);
                    // Every column outside the blocks of words has a description; the term serves where there is none.
                    let what = what.unwrap_or_else(|| model.features.name(column as usize).1);
                    let about = match block {
                        Block::Style => About::Style,
                        Block::TargetWords | Block::TargetChars => About::Target,
                        _ => About::Article,
                    };
                    parts.add(Part { about, what, contribution, spans });
                }
            }
        }
        // All columns, also those of no weight: they tell how close the two are.
        let of_block = layout.range(Block::Similarity);
        let columns = weighed
            .values()
            .iter()
            .map(|&(c, _)| c as usize)
            .filter(|c| of_block.contains(c))
            .map(|c| c - of_block.start);
        for (context, columns, what) in similarity::plainly(&model.features.bins, columns) {
            let of_columns = similarities.iter().filter(|(within, _)| columns.contains(within));
            let contribution: f64 = of_columns.map(|&(_, contribution)| contribution).sum();
            if contribution == 0.0 {
                continue;
            }
            let about = if context == similarity::TARGET { About::Target } else { About::Article };
            parts.add(Part { about, what, contribution, spans: Vec::new() });
        }
        let words: Vec<WordShare> = trace
            .tokens
            .iter()
            .zip(shares)
            .filter(|(_, contribution)| *contribution != 0.0)
            .map(|(token, contribution)| WordShare { start: token.start, end: token.end, contribution })
            .collect();
        let raw_score = intercept + contributions.iter().map(|c| c.1).sum::<f64>();
        Account { words, parts: parts.sorted(), intercept, raw_score }
    }
}

/// Words weaker than this share of the strongest are not marked.
const FAINTEST: f64 = 0.3;
/// More words than these drive nothing.
const MAX_MARKS: usize = 12;

/// A word to be highlighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Offset of its first byte in the comment.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// How strongly it speaks for the label (1 to 3) or against it (-1 to -3), beside the comment's strongest word.
    pub strength: i8,
}

impl Account {
    /// The words worth highlighting, in the order of the text.
    pub fn marks(&self) -> Vec<Mark> {
        let mut sizes: Vec<f64> = self.words.iter().map(|w| w.contribution.abs()).collect();
        sizes.sort_unstable_by(|a, b| b.total_cmp(a));
        let strongest = sizes.first().copied().unwrap_or(0.0);
        let least = sizes.get(MAX_MARKS - 1).copied().unwrap_or(0.0).max(FAINTEST * strongest);
        let mark = |w: &WordShare| {
            let share = w.contribution.abs() / strongest;
            let strength = 1 + i8::from(share > 0.5) + i8::from(share > 0.75);
            let signed = if w.contribution < 0.0 { -strength } else { strength };
            (w.contribution.abs() >= least).then_some(Mark { start: w.start, end: w.end, strength: signed })
        };
        // One word may stand there many times.
        self.words.iter().filter_map(mark).take(10 * MAX_MARKS).collect()
    }
}

/// Parts, each said once.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    places: HashMap<(About, String), usize>,
}

impl Parts {
    fn add(&mut self, part: Part) {
        match self.places.entry((part.about, part.what.clone())) {
            Entry::Occupied(known) => self.parts[*known.get()].contribution += part.contribution,
            Entry::Vacant(new) => {
                new.insert(self.parts.len());
                self.parts.push(part);
            }
        }
    }

    fn sorted(mut self) -> Vec<Part> {
        // The sort is stable: ties stay in the order of columns.
        self.parts.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::features::ArticleText;
    use crate::input::{Article, Example};
    use crate::training::train;

    /// Stance towards the article's plan, told by words, by the target and by what comment and article share.
    fn model() -> Model {
        let article = std::sync::Arc::new(Article {
            title: "Free buses".into(),
            body: "The council wants free buses. They cost money.".into(),
            ..Article::default()
        });
        let example = |n: usize| Example {
            comment: [
                format!("great buses, thank you, line {n} 😀"),
                format!("what a waste of money, stop line {n}!!!"),
                format!("when does line {n} run"),
            ][n % 3]
                .clone(),
            article: n.is_multiple_of(2).then(|| article.clone()),
            target: (n % 4 < 2).then(|| "the council".into()),
            labels: vec![Some(["favor", "against", "none"][n % 3].into())],
            ..Example::default()
        };
        let examples: Vec<Example> = (0..90).map(example).collect();
        let config =
            Config::parse("[training]\nsearch = \"none\"\n[validation]\nfolds = 2\nresamples = 9\n", "c").unwrap();
        train(&examples, &["stance".into()], &config, &|_, _| {}).unwrap().model
    }

    fn texts(comment: &str) -> Texts<'_> {
        Texts {
            comment,
            article: Some(ArticleText { title: "Free buses", body: "The council wants free buses. They cost money." }),
            parent: None,
            target: Some("The Council"),
        }
    }

    #[test]
    fn words_parts_and_intercept_add_up_to_the_raw_score() {
        let model = model();
        let mut scorer = model.scorer();
        for comment in ["Great waste of money, thank you 😀!!!", "ärger, ärger über @joe", "?", "zzz"] {
            let texts = texts(comment);
            let verdict = scorer.score(&[texts]).pop().unwrap().pop().unwrap();
            let found = explain(&model, &mut scorer, &texts, 5, true);
            for (class, label) in found.tasks[0].labels.iter().enumerate() {
                let account = &label.account;
                let words: f64 = account.words.iter().map(|w| w.contribution).sum();
                let parts: f64 = account.parts.iter().map(|p| p.contribution).sum();
                assert!((words + parts + account.intercept - account.raw_score).abs() < 1e-9, "{comment}");
                assert!((account.raw_score - verdict.scores[class]).abs() < 1e-5, "{comment}");
                assert!(account.words.iter().all(|w| comment.get(w.start..w.end).is_some_and(|text| !text.is_empty())));
            }
        }
    }

    #[test]
    fn fragments_are_folded_onto_the_words_they_sit_in() {
        let model = model();
        let comment = "Thank you — what a waste";
        let found = explain(&model, &mut model.scorer(), &texts(comment), 5, true);
        let favor = found.tasks[0].labels.iter().find(|l| l.label == "favor").unwrap();
        let share = |word: &str| -> f64 {
            favor.account.words.iter().filter(|w| &comment[w.start..w.end] == word).map(|w| w.contribution).sum()
        };
        assert!(share("Thank") > 0.0 && share("waste") < 0.0, "{:?}", favor.account.words);
        let tokens: Vec<&str> =
            found.preprocessing.as_ref().unwrap().tokens.iter().map(|t| &comment[t.start..t.end]).collect();
        assert_eq!(tokens, ["Thank", "you", "—", "what", "a", "waste"]);
        assert_eq!(found.preprocessing.unwrap().tokens[0].stem, "thank");
    }

    #[test]
    fn the_articles_part_is_named_in_plain_words_with_the_comments_own_spelling() {
        let model = model();
        let comment = "Buses!";
        let found = explain(&model, &mut model.scorer(), &texts(comment), 5, false);
        let parts = &found.tasks[0].labels[0].account.parts;
        let what: Vec<&str> = parts.iter().map(|p| p.what.as_str()).collect();
        assert!(what.contains(&"“Buses”, which is in the article too"), "{what:?}");
        assert!(what.iter().any(|w| w.ends_with("to the article's lead")), "{what:?}");
        assert!(what.contains(&"the target is “the council”"), "{what:?}");
        let shared = parts.iter().find(|p| p.what.starts_with("“Buses”")).unwrap();
        assert_eq!((shared.about, shared.spans.as_slice()), (About::Article, &[[0, 5]][..]));
        let mut seen = Vec::new();
        assert!(
            parts.iter().all(|p| !std::mem::replace(&mut seen, vec![(p.about, &p.what)]).contains(&(p.about, &p.what)))
        );
    }
}
