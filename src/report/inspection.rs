//! What `inspect` shows of a model.

use half::f16;
use serde::Serialize;

use crate::decision::DecisionRule;
use crate::features::layout::Block;
use crate::labels::TaskKind;
use crate::model::{Model, Provenance};
use crate::summary::TaskSummary;

/// What `inspect` shows of a model.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// The model's card in Markdown; only the built-in model has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<&'static str>,
    /// Where the model comes from and where it fails, as its makers say.
    pub note: Option<String>,
    /// Where the model comes from.
    pub provenance: Provenance,
    /// Language of the stemmer.
    pub language: &'static str,
    /// Blocks with their sizes.
    pub blocks: Vec<BlockSize>,
    /// The settings it was trained with.
    pub config: crate::config::Config,
    /// One entry a task.
    pub tasks: Vec<TaskInspection>,
}

/// One block's size.
#[derive(Debug, Clone, Serialize)]
pub struct BlockSize {
    /// The block.
    pub block: &'static str,
    /// Its weight.
    pub weight: f64,
    /// Number of its features.
    pub features: usize,
    /// Bytes of its terms and of its weights over all tasks in the model file.
    pub bytes: u64,
}

/// One task of a model.
#[derive(Debug, Clone, Serialize)]
pub struct TaskInspection {
    /// The task.
    pub task: String,
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// How labels are decided.
    pub rule: DecisionRule,
    /// The labels with their strongest features.
    pub labels: Vec<LabelInspection>,
    /// What validation measured.
    pub summary: TaskSummary,
}

/// One label of a task.
#[derive(Debug, Clone, Serialize)]
pub struct LabelInspection {
    /// The label.
    pub label: String,
    /// Its number for the expected score.
    pub number: Option<f64>,
    /// Features that speak most strongly for it.
    pub features: Vec<FeatureWeight>,
}

/// A feature and its weight.
#[derive(Debug, Clone, Serialize)]
pub struct FeatureWeight {
    /// The feature's block.
    pub block: &'static str,
    /// The feature in words.
    pub term: String,
    /// Its weight in the raw score, for a value of 1.
    pub weight: f32,
}

impl Inspection {
    /// Looks into a model; `top` features a label.
    pub fn new(model: &Model, top: usize) -> Self {
        let layout = model.layout();
        let columns: usize = model.heads.iter().map(|h| h.regression.columns()).sum();
        let blocks = Block::ALL
            .into_iter()
            .map(|block| BlockSize {
                block: block.name(),
                weight: model.config.features.weights().of(block),
                features: layout.range(block).len(),
                bytes: model.features.vocabulary_bytes(block)
                    + (layout.range(block).len() * columns * size_of::<f16>()) as u64,
            })
            .collect();
        let tasks = model
            .heads
            .iter()
            .map(|head| {
                let labels = (0..head.labels.len())
                    .map(|class| {
                        let (column, sign) = head.column(class);
                        let mut order: Vec<usize> = (0..head.regression.features()).collect();
                        let value = |j: usize| sign as f32 * head.regression.weight(j, column);
                        order.sort_by(|&a, &b| value(b).total_cmp(&value(a)).then(a.cmp(&b)));
                        let features = order.into_iter().take(top).take_while(|&j| value(j) > 0.0).map(|j| {
                            let (block, term) = model.features.name(j);
                            FeatureWeight { block: block.name(), term, weight: value(j) }
                        });
                        LabelInspection {
                            label: head.labels.name(class).into(),
                            number: head.numbers.as_ref().map(|n| n[class]),
                            features: features.collect(),
                        }
                    })
                    .collect();
                TaskInspection {
                    task: head.name.clone(),
                    kind: head.kind,
                    rule: head.finish.rule.clone(),
                    labels,
                    summary: head.summary.clone(),
                }
            })
            .collect();
        Inspection {
            card: None,
            note: model.config.note.clone(),
            provenance: model.provenance.clone(),
            language: model.features.language.name(),
            blocks,
            config: model.config.clone(),
            tasks,
        }
    }
}
