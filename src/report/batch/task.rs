//! A task as reports need it, whether a model or the columns of scored rows tell of it.

use super::RowVerdict;
use super::sample::is_distribution;
use crate::decision::DecisionRule;
use crate::labels::TaskKind;
use crate::model::{Head, Model};
use crate::predictions::ScoredColumns;

/// A task as the report needs it: that of a model, or what the columns of scored rows say.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The task.
    pub name: String,
    /// The labels, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Single- or multi-label; `None` until the rows tell.
    pub kind: Option<TaskKind>,
    /// Numbers of the labels, where they have any.
    pub numbers: Option<Vec<f64>>,
    /// How labels are decided, where a model tells.
    pub rule: Option<DecisionRule>,
}

impl Task {
    /// The tasks of a model.
    pub fn of_model(model: &Model) -> Vec<Task> {
        let of = |head: &Head| Task {
            name: head.name.clone(),
            labels: head.labels.names().to_vec(),
            kind: Some(head.kind),
            numbers: head.numbers.clone(),
            rule: Some(head.finish.rule.clone()),
        };
        model.heads.iter().map(of).collect()
    }

    /// The tasks of scored rows; `model` tells more of those that it has with the same labels.
    pub fn of_columns(columns: &ScoredColumns, model: Option<&Model>) -> Vec<Task> {
        let known = model.map(Task::of_model).unwrap_or_default();
        columns
            .tasks()
            .map(|(name, labels)| {
                let same = |task: &&Task| task.name == name && task.labels == labels.names();
                known.iter().find(same).cloned().unwrap_or_else(|| Task {
                    name: name.to_owned(),
                    labels: labels.names().to_vec(),
                    kind: None,
                    numbers: labels.usual_numbers(),
                    rule: None,
                })
            })
            .collect()
    }

    /// What is wrong with a verdict that was read: the column to blame, and why.
    pub fn check(&self, verdict: &RowVerdict) -> Result<(), (String, String)> {
        let fault =
            |column: &str, what: &str| Err((format!("{}_{column}", self.name), format!("{what}: score the row again")));
        if self.kind == Some(TaskKind::SingleLabel) {
            if !is_distribution(&verdict.probabilities) {
                let column = format!("p_{}", self.labels[0]);
                return fault(&column, "the probabilities of a task with one label a comment do not sum to 1");
            }
            if verdict.predicted.len() > 1 {
                return fault("pred", "several labels of a task with one label a comment");
            }
        }
        if !(0.0..=1.0).contains(&verdict.confidence) {
            return fault("conf", "a probability lies between 0 and 1");
        }
        let numbers = || self.numbers.iter().flatten().copied();
        let (low, high) = (numbers().fold(f64::INFINITY, f64::min), numbers().fold(f64::NEG_INFINITY, f64::max));
        match verdict.score {
            Some(score) if self.numbers.is_some() && !(low - 1e-6..=high + 1e-6).contains(&score) => {
                fault("score", &format!("the score lies outside {low} to {high}"))
            }
            _ => Ok(()),
        }
    }
}
