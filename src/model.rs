//! A trained model: features, and one head a task. Scores comments and explains scores.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::decision::DecisionRule;
use crate::error::{Error, Result};
use crate::features::layout::{Block, Layout};
use crate::features::{ArticleText, Features, Texts};
use crate::input::Example;
use crate::labels::{LabelSet, TaskKind};
use crate::linear::HalfLogistic;
use crate::metrics;
use crate::scorer::Scorer;
use crate::scoring_table::ScoringTable;
use crate::summary::TaskSummary;
use crate::workbench::Finish;

/// One task's part of a model.
#[derive(Debug, Clone)]
pub struct Head {
    /// The task, named by its label column.
    pub name: String,
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// The labels, in class order.
    pub labels: LabelSet,
    /// Numbers of the labels in class order, for the expected score.
    pub numbers: Option<Vec<f64>>,
    /// Features to raw scores.
    pub regression: HalfLogistic,
    /// Raw scores to probabilities and labels.
    pub finish: Finish,
    /// What was measured in validation.
    pub summary: TaskSummary,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the belowline that trained it.
    pub belowline: String,
    /// Training comments read.
    pub comments: usize,
    /// SHA-256 over texts, labels and weights of the training comments, in order.
    pub fingerprint: String,
    /// The fingerprint of the base model that it was trained on top of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Seconds since 1970, from `SOURCE_DATE_EPOCH`; absent where that was not set.
    pub date: Option<u64>,
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Model {
    /// Vocabularies and frequencies.
    pub features: Features,
    /// One head a task, in the order of training.
    pub heads: Vec<Head>,
    /// The settings it was trained with.
    pub config: Config,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Fingerprints of the articles it was trained under, ascending; see [`article_print`].
    pub articles: Vec<u64>,
    layout: Layout,
}

/// What a head says of one comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Raw score of each score column.
    pub scores: Vec<f64>,
    /// Calibrated probability of each label, in class order.
    pub probabilities: Vec<f64>,
    /// Classes that were decided for, ascending.
    pub predicted: Vec<usize>,
}

/// One feature's part in a raw score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// The feature's block.
    pub block: &'static str,
    /// The feature in words.
    pub term: String,
    /// Value times weight.
    pub contribution: f64,
}

/// Why a label has its raw score: contributions and intercept add up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// All contributions that are not zero, the strongest (by size) first.
    pub contributions: Vec<Contribution>,
    /// The label's intercept.
    pub intercept: f64,
    /// The label's raw score.
    pub score: f64,
}

impl Verdict {
    /// The expected number under the probabilities; `numbers` has one a label, in class order.
    pub fn expected(&self, numbers: &[f64]) -> f64 {
        self.probabilities.iter().zip(numbers).map(|(p, n)| p * n).sum()
    }

    /// The calibrated probability of the prediction, of several labels the lowest; of no label the probability that none applies best.
    pub fn confidence(&self) -> f64 {
        metrics::confidence(&self.predicted, |class| self.probabilities[class], self.probabilities.len())
    }
}

impl Head {
    /// What the head says of raw scores, row by row.
    pub fn verdicts(&self, scores: ArrayView2<f64>) -> Vec<Verdict> {
        let probabilities = self.finish.probabilities(scores);
        scores
            .rows()
            .into_iter()
            .zip(probabilities.rows())
            .map(|(scores, p)| {
                let probabilities = p.to_vec();
                Verdict { predicted: self.finish.rule.decide(&probabilities), scores: scores.to_vec(), probabilities }
            })
            .collect()
    }

    /// Sets one label's threshold; an error if the task is single-label or has no such label.
    pub fn set_threshold(&mut self, label: &str, threshold: f64) -> Result<()> {
        let class = self.labels.index(label).ok_or_else(|| {
            Error::Config(format!(
                "task `{}` has no label `{label}`: it has {}",
                self.name,
                self.labels.names().join(", ")
            ))
        })?;
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::Config(format!(
                "the threshold of `{}:{label}` must be in (0, 1]. Got {threshold}",
                self.name
            )));
        }
        match &mut self.finish.rule {
            DecisionRule::Thresholds { thresholds, .. } => {
                thresholds[class] = threshold;
                Ok(())
            }
            DecisionRule::Biases(_) => Err(Error::Config(format!(
                "task `{}` is single-label: it has no thresholds; use --min-conf",
                self.name
            ))),
        }
    }

    /// The score column of a class and the sign with which it counts: a two-class task has one column for both.
    pub(crate) fn column(&self, class: usize) -> (usize, f64) {
        match self.finish.calibrator.columns() {
            1 if self.labels.len() == 2 => (0, if class == 1 { 1.0 } else { -1.0 }),
            _ => (class, 1.0),
        }
    }
}

/// The texts of an example, as the features take them.
pub fn texts(example: &Example) -> Texts<'_> {
    Texts {
        comment: &example.comment,
        article: example.article.as_ref().map(|a| ArticleText { title: &a.title, body: &a.body }),
        parent: example.parent.as_deref(),
        target: example.target.as_deref(),
    }
}

/// What an example's article is known by: its id, else its text.
pub fn article_key(example: &Example) -> Option<String> {
    let text = || example.article.as_ref().map(|a| format!("{}\n{}", a.title, a.body));
    example.article_id.clone().or_else(text)
}

/// The first eight bytes of the SHA-256 of an article's key: enough to tell whether an article was seen, nothing to read it from.
pub fn article_print(key: &str) -> u64 {
    let hash = Sha256::digest(key.as_bytes());
    u64::from_le_bytes(std::array::from_fn(|i| hash[i]))
}

impl Model {
    /// Puts a model together.
    ///
    /// # Panics
    /// If the regression of a head has not as many features as there are columns.
    pub fn new(
        features: Features,
        heads: Vec<Head>,
        config: Config,
        provenance: Provenance,
        articles: Vec<u64>,
    ) -> Self {
        let layout = features.layout();
        let fits = heads.iter().all(|head| head.regression.features() == layout.columns());
        assert!(fits, "a weight for each column");
        Model { features, heads, config, provenance, articles, layout }
    }

    /// The same model without the terms of blocks that stand alone and in which no task has a weight: they would be counted in vain.
    pub(crate) fn without_idle_blocks(self) -> Self {
        let is_idle = |block: &Block| {
            let columns = self.layout.range(*block);
            let idle = |head: &Head| head.regression.is_idle(columns.clone());
            block.stands_alone() && !columns.is_empty() && self.heads.iter().all(idle)
        };
        let idle: Vec<Block> = Block::ALL.into_iter().filter(is_idle).collect();
        if idle.is_empty() {
            return self;
        }
        let (features, left) = self.features.without(&idle);
        let of_left = |head: Head| Head { regression: head.regression.of_features(&left), ..head };
        let heads = self.heads.into_iter().map(of_left).collect();
        Model::new(features, heads, self.config, self.provenance, self.articles)
    }

    /// Document frequencies and weights, as scoring reads them.
    pub(crate) fn table(&self) -> ScoringTable<'_> {
        let regressions: Vec<&HalfLogistic> = self.heads.iter().map(|head| &head.regression).collect();
        ScoringTable::new(&self.layout, &self.features.idf, self.config.features.weights(), &regressions)
    }

    /// Whether it was trained on comments under an article; `None` if the example names none, or training named none.
    pub fn has_seen(&self, example: &Example) -> Option<bool> {
        if self.articles.is_empty() {
            return None;
        }
        article_key(example).map(|key| self.articles.binary_search(&article_print(&key)).is_ok())
    }

    /// Columns by block.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A column's contribution with its block and term.
    pub(crate) fn contribution(&self, (column, contribution): (u32, f64)) -> Contribution {
        let (block, term) = self.features.name(column as usize);
        Contribution { block: Block::name(block), term, contribution }
    }

    /// The head of a task.
    pub fn head(&self, task: &str) -> Option<&Head> {
        self.heads.iter().find(|h| h.name == task)
    }

    /// A scorer with its own caches, for one thread.
    pub fn scorer(&self) -> Scorer<'_> {
        Scorer::new(self)
    }
}
