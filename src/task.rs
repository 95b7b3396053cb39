//! The labelled comments of one task, as the estimator needs them.

use ndarray::Array2;

use crate::decision::Decision;
use crate::labels::{LabelSet, TaskKind};
use crate::metrics::Judged;

/// The labelled rows of one task.
#[derive(Debug, Clone)]
pub struct TaskRows {
    /// The label column.
    pub name: String,
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// The labels.
    pub labels: LabelSet,
    /// Which training comments are labelled.
    pub rows: Vec<usize>,
    /// Their classes, ascending; one of a single-label task.
    pub gold: Vec<Vec<usize>>,
    /// How much each counts.
    pub weights: Vec<f64>,
    /// How labels are decided.
    pub decision: Decision,
}

impl TaskRows {
    /// Whether every labelled row has at least one label.
    pub fn always_labelled(&self) -> bool {
        self.gold.iter().all(|g| !g.is_empty())
    }

    /// Number of score columns: a two-class task needs one.
    pub fn score_columns(&self) -> usize {
        match self.kind {
            TaskKind::SingleLabel if self.labels.len() == 2 => 1,
            _ => self.labels.len(),
        }
    }

    /// Whether one multinomial regression serves all labels; otherwise there is a binary one for each score column.
    pub fn is_joint(&self) -> bool {
        self.kind == TaskKind::SingleLabel && self.labels.len() > 2
    }

    /// Flags of some rows by score column; the one column of a two-class task is the second label's.
    pub(crate) fn flags(&self, rows: &[usize]) -> Array2<bool> {
        let columns = self.score_columns();
        let shift = self.labels.len() - columns;
        Array2::from_shape_fn((rows.len(), columns), |(i, k)| self.gold[rows[i]].contains(&(k + shift)))
    }

    /// What was predicted of a row, beside its labels.
    pub(crate) fn judged(&self, row: usize, predicted: Vec<usize>) -> Judged {
        Judged { gold: self.gold[row].clone(), predicted, weight: self.weights[row] }
    }

    pub(crate) fn classes(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&r| self.gold[r].first().copied().unwrap_or(0)).collect()
    }

    pub(crate) fn weights(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&r| self.weights[r]).collect()
    }
}
