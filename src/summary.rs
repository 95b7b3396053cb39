//! What training measured of one task: the figures that are printed, stored in the model and put into reports.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::adaptation::BaseWeight;
use crate::config::ValidationConfig;
use crate::error::Result;
use crate::labels::{LabelSet, TaskKind};
use crate::linear::Convergence;
use crate::metrics::{self, Bootstrap, CoveragePoint, Estimate, Judged, LabelScore, Metric, ReliabilityBin, Tally};
use crate::quantification::Errors;
use crate::selection::{BlockTrial, Candidate, Trial};

/// What folds ask that hold whole articles out.
pub const UNSEEN: &str = "comments under articles never seen";
/// The same where copies of a held-out comment are held out too.
pub const UNSEEN_BOTH: &str = "new comments under articles never seen";

/// Everything that validation says of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// Labelled rows.
    pub rows: usize,
    /// Rows whose text occurs more than once among them.
    pub copies: usize,
    /// What was chosen.
    pub chosen: Candidate,
    /// What was tried, with the mean of the validation metric on inner splits.
    pub tried: Vec<Trial>,
    /// What leaving out, or weighing otherwise, each block did on inner splits: the ablation table.
    pub blocks: Vec<BlockTrial>,
    /// How the final fit ended.
    pub convergence: Convergence,
    /// The figures of the folds that everything was tuned for.
    pub figures: Figures,
    /// The figures of the other question, where articles are named: articles seen in training, or never seen.
    pub other: Option<Figures>,
    /// What the scores of the base model are worth, where there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base: Vec<BaseWeight>,
    /// How labels are taken for each other, by question: what corrected shares rest on.
    pub errors: Vec<Errors>,
}

/// Figures of one cross-validation, nested: nothing was chosen on the rows that are judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// What the folds ask: "new comments under known articles", ...
    pub question: String,
    /// What did not straddle folds: `article`, `text`, ... or `fold` where the data prescribed them.
    pub grouped_by: String,
    /// Number of folds.
    pub folds: usize,
    /// How many of them were held out in turn, where not all: rows of the others were only trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<usize>,
    /// What the intervals resample.
    pub clusters: String,
    /// How many of them there are.
    pub cluster_count: usize,
    /// The validation metric.
    pub metric: Metric,
    /// Its value and 95% interval.
    pub estimate: Estimate,
    /// Share of rows whose labels are all right.
    pub accuracy: f64,
    /// Precision, recall, F1 and support of each label.
    pub labels: Vec<LabelScore>,
    /// True (rows) by predicted (columns) labels, of a single-label task.
    pub confusion: Option<Vec<Vec<f64>>>,
    /// Area under the ROC curve of each label, where both kinds of rows exist.
    pub auc: Vec<Option<f64>>,
    /// Expected calibration error: of the likeliest label; multi-label, the mean over labels.
    pub calibration_error: f64,
    /// What is left, and how right it is, where predictions below a confidence are withheld.
    pub coverage: Vec<CoveragePoint>,
    /// Reliability of the likeliest label's probability (multi-label: of all labels' together).
    pub reliability: Vec<ReliabilityBin>,
}

/// Judged rows of a task with their probabilities, and what figures are measured by.
pub struct Measured<'m> {
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// The labels.
    pub labels: &'m LabelSet,
    /// True and predicted classes.
    pub judged: &'m [Judged],
    /// Probabilities, rows by labels.
    pub probabilities: &'m Array2<f64>,
    /// What the rows ask: "new comments under known articles", ...
    pub question: &'m str,
    /// What did not straddle folds; empty without folds.
    pub grouped_by: &'m str,
    /// Number of folds; 0 without.
    pub folds: usize,
    /// How many of them were held out in turn, where not all.
    pub held_out: Option<usize>,
    /// What the intervals resample.
    pub clusters: &'m str,
    /// The cluster of each row.
    pub cluster_of: &'m [u32],
    /// The validation settings: metric, its labels, resamples and seed.
    pub validation: &'m ValidationConfig,
}

/// Whether a question is asked by folds that hold whole articles out.
pub fn asks_for_unseen_articles(question: &str) -> bool {
    [UNSEEN, UNSEEN_BOTH].contains(&question)
}

impl Figures {
    /// Measures judged rows.
    pub fn measure(m: &Measured) -> Result<Self> {
        let classes = m.labels.len();
        let judged = m.judged;
        let tally = Tally::of(classes, judged);
        let over = m.validation.metric_classes(m.labels);
        let bootstrap =
            Bootstrap { clusters: m.cluster_of, resamples: m.validation.resamples, seed: m.validation.seed };
        let estimate = bootstrap.estimate(classes, judged, m.validation.metric, over.as_deref())?;
        let p = m.probabilities;
        let of_label = |k: usize| judged.iter().zip(p.column(k)).map(move |(j, &p)| (p, j.gold.contains(&k), j.weight));
        let (reliability, calibration_error) = match m.kind {
            TaskKind::SingleLabel => {
                let bins = metrics::reliability(judged.iter().zip(p.rows()).map(|(j, p)| {
                    let top = (0..classes).reduce(|a, b| if p[b] > p[a] { b } else { a }).unwrap_or(0);
                    (p[top], j.gold.contains(&top), j.weight)
                }));
                let error = metrics::calibration_error(&bins);
                (bins, error)
            }
            TaskKind::MultiLabel => {
                let errors = (0..classes).map(|k| metrics::calibration_error(&metrics::reliability(of_label(k))));
                let error = errors.sum::<f64>() / classes as f64;
                (metrics::reliability((0..classes).flat_map(of_label)), error)
            }
        };
        Ok(Figures {
            question: m.question.into(),
            grouped_by: m.grouped_by.into(),
            folds: m.folds,
            held_out: m.held_out,
            clusters: m.clusters.into(),
            cluster_count: m.cluster_of.iter().max().map_or(0, |&c| c as usize + 1),
            metric: m.validation.metric,
            estimate,
            accuracy: tally.metric(Metric::Accuracy, None),
            labels: tally.label_scores(m.labels),
            confusion: (m.kind == TaskKind::SingleLabel)
                .then(|| metrics::confusion(classes, judged).rows().into_iter().map(|r| r.to_vec()).collect()),
            auc: (0..classes).map(|k| metrics::auc(of_label(k).collect())).collect(),
            calibration_error,
            coverage: metrics::coverage(
                &judged
                    .iter()
                    .zip(p.rows())
                    .map(|(j, p)| {
                        let confidence = metrics::confidence(&j.predicted, |class| p[class], classes);
                        (confidence, j.predicted == j.gold, j.weight)
                    })
                    .collect::<Vec<_>>(),
            ),
            reliability,
        })
    }
}
