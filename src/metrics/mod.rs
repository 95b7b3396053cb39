//! How good predictions are: confusion matrix, precision, recall, F1; [`curves`] over thresholds, [`loss`] of probabilities, and
//! [`intervals`].
//!
//! Everything counts row weights. Single-label and multi-label tasks share one shape: each row has a list of true and a list of
//! predicted classes, of which a single-label row has one each.

pub mod curves;
pub mod intervals;
pub mod loss;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::labels::LabelSet;
pub use curves::{
    CALIBRATION_BINS, CoveragePoint, PrecisionRecall, ReliabilityBin, auc, calibration_error, confidence, coverage,
    precision_recall, reliability,
};
pub use intervals::{Bootstrap, Estimate, design_effect, number_clusters};
pub use loss::{label_log_loss, log_loss};

/// What a choice is made by, and what is reported first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Unweighted mean of the labels' F1.
    MacroF1,
    /// F1 over all decisions together; of a single-label task, the accuracy.
    MicroF1,
    /// Share of rows whose labels are all right.
    Accuracy,
}

impl Metric {
    /// The name used in configs and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Metric::MacroF1 => "macro-F1",
            Metric::MicroF1 => "micro-F1",
            Metric::Accuracy => "accuracy",
        }
    }
}

/// One judged row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// True classes, ascending.
    pub gold: Vec<usize>,
    /// Predicted classes, ascending.
    pub predicted: Vec<usize>,
    /// How much the row counts.
    pub weight: f64,
}

/// Weighted true positives, false positives and false negatives of each class, and rows that are all right.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    hits: Vec<f64>,
    false_alarms: Vec<f64>,
    misses: Vec<f64>,
    right: f64,
    total: f64,
}

/// Precision, recall and F1 of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// Share of the predictions of the label that are right; 0 if it is never predicted.
    pub precision: f64,
    /// Share of the label's rows that are found; 0 if it has none.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Weight of the rows that have the label.
    pub support: f64,
}

impl Tally {
    /// An empty tally of a number of classes.
    pub fn new(classes: usize) -> Self {
        Tally {
            hits: vec![0.0; classes],
            false_alarms: vec![0.0; classes],
            misses: vec![0.0; classes],
            right: 0.0,
            total: 0.0,
        }
    }

    /// Tallies rows.
    pub fn of<'r>(classes: usize, rows: impl IntoIterator<Item = &'r Judged>) -> Self {
        let mut tally = Tally::new(classes);
        for row in rows {
            tally.add(row);
        }
        tally
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Judged) {
        self.add_outcome(&row.gold, &row.predicted, row.weight);
    }

    /// Adds rows of the same true and predicted classes that weigh so much together.
    pub fn add_outcome(&mut self, gold: &[usize], predicted: &[usize], weight: f64) {
        for &class in predicted {
            if gold.contains(&class) {
                self.hits[class] += weight;
            } else {
                self.false_alarms[class] += weight;
            }
        }
        for &class in gold {
            if !predicted.contains(&class) {
                self.misses[class] += weight;
            }
        }
        if gold == predicted {
            self.right += weight;
        }
        self.total += weight;
    }

    /// F1 of a class: 0 where nothing was found.
    pub fn f1(&self, class: usize) -> f64 {
        f1(self.hits[class], self.false_alarms[class], self.misses[class])
    }

    /// A metric; `over` limits macro-F1 to some classes. Classes without any true row do not count in macro-F1.
    pub fn metric(&self, metric: Metric, over: Option<&[usize]>) -> f64 {
        match metric {
            Metric::MacroF1 => {
                let all: Vec<usize> = (0..self.hits.len()).collect();
                let classes = over.unwrap_or(&all);
                let seen: Vec<f64> = classes
                    .iter()
                    .filter(|&&c| over.is_some() || self.hits[c] + self.misses[c] > 0.0)
                    .map(|&c| self.f1(c))
                    .collect();
                if seen.is_empty() { 0.0 } else { seen.iter().sum::<f64>() / seen.len() as f64 }
            }
            Metric::MicroF1 => f1(self.hits.iter().sum(), self.false_alarms.iter().sum(), self.misses.iter().sum()),
            Metric::Accuracy => ratio(self.right, self.total),
        }
    }

    /// The scores of every label.
    pub fn label_scores(&self, labels: &LabelSet) -> Vec<LabelScore> {
        (0..labels.len())
            .map(|class| LabelScore {
                label: labels.name(class).to_string(),
                precision: ratio(self.hits[class], self.hits[class] + self.false_alarms[class]),
                recall: ratio(self.hits[class], self.hits[class] + self.misses[class]),
                f1: self.f1(class),
                support: self.hits[class] + self.misses[class],
            })
            .collect()
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// F1 from weighted counts; 0 where nothing was found.
pub fn f1(hits: f64, false_alarms: f64, misses: f64) -> f64 {
    if hits > 0.0 { 2.0 * hits / (2.0 * hits + false_alarms + misses) } else { 0.0 }
}

/// Confusion matrix of a single-label task: true classes (rows) by predicted classes (columns), weighted.
pub fn confusion(classes: usize, rows: &[Judged]) -> Array2<f64> {
    let mut matrix = Array2::zeros((classes, classes));
    for row in rows {
        if let (Some(&gold), Some(&predicted)) = (row.gold.first(), row.predicted.first()) {
            matrix[[gold, predicted]] += row.weight;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gold: &[usize], predicted: &[usize]) -> Judged {
        Judged { gold: gold.to_vec(), predicted: predicted.to_vec(), weight: 1.0 }
    }

    #[test]
    fn single_label_scores_match_scikit_learn() {
        // sklearn 1.9.1: gold [0,0,1,1,2,2], predicted [0,1,1,1,0,2]:
        // f1_score(average=None) = [0.5, 0.8, 0.6666667], macro 0.6555556, accuracy 0.6666667.
        let rows: Vec<Judged> =
            [(0, 0), (0, 1), (1, 1), (1, 1), (2, 0), (2, 2)].iter().map(|&(g, p)| row(&[g], &[p])).collect();
        let tally = Tally::of(3, &rows);
        assert!((tally.f1(1) - 0.8).abs() < 1e-12);
        assert!((tally.metric(Metric::MacroF1, None) - 0.655_555_555).abs() < 1e-8);
        assert!((tally.metric(Metric::MacroF1, Some(&[0, 1])) - 0.65).abs() < 1e-12);
        assert!((tally.metric(Metric::Accuracy, None) - 4.0 / 6.0).abs() < 1e-12);
        assert!((tally.metric(Metric::MicroF1, None) - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(confusion(3, &rows)[[2, 0]], 1.0);
        assert_eq!(confusion(3, &rows)[[0, 2]], 0.0);
    }

    #[test]
    fn weights_count_and_multi_label_rows_may_be_partly_right() {
        let rows = [
            Judged { weight: 2.0, ..row(&[0, 1], &[0]) },
            Judged { weight: 1.0, ..row(&[], &[]) },
            Judged { weight: 1.0, ..row(&[], &[1]) },
        ];
        let tally = Tally::of(2, &rows);
        assert_eq!(tally.f1(0), 1.0);
        assert_eq!(tally.f1(1), 0.0);
        assert_eq!(tally.metric(Metric::Accuracy, None), 0.25);
        let labels = LabelSet::new(["a", "b"]);
        assert_eq!(tally.label_scores(&labels)[0].support, 2.0);
    }
}
