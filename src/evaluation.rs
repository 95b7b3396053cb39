//! A model against labelled comments, alone or paired with another model.

use ndarray::{Array2, Axis};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::input::Example;
use crate::labels::{shown, split_cell};
use crate::metrics::{Bootstrap, Estimate, Judged, number_clusters};
use crate::model::{Model, Verdict};
use crate::summary::{Figures, Measured};
use crate::training::cluster_keys;

/// Verdicts on labelled comments.
pub struct LabelledVerdicts {
    tasks: Vec<LabelledTask>,
    /// Rows that were given, usable or not.
    read: u64,
}

struct LabelledTask {
    name: String,
    /// Place of the task's head in the model.
    head: usize,
    /// Places of the labelled rows among all that were read.
    rows: Vec<u64>,
    judged: Vec<Judged>,
    probabilities: Vec<f64>,
    keys: Vec<[Option<String>; 3]>,
    /// Whether the model was trained under the row's article, where that is known.
    seen: Vec<Option<bool>>,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// One entry a task that had labels.
    pub tasks: Vec<TaskEvaluation>,
}

/// What was measured of one task.
#[derive(Debug, Clone, Serialize)]
pub struct TaskEvaluation {
    /// The task.
    pub task: String,
    /// Labelled rows.
    pub rows: usize,
    /// The figures of all rows.
    pub figures: Figures,
    /// The figures of the rows under articles that the model was trained under, and of those under other ones, where there are both.
    pub by_article: Vec<Figures>,
    /// The difference to the other model.
    pub difference: Option<Difference>,
}

/// A paired difference between two models on the same rows.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The other model.
    pub against: String,
    /// The other model's figure.
    pub other: f64,
    /// First minus other, with its clustered interval.
    pub difference: Estimate,
}

impl LabelledVerdicts {
    /// No verdicts yet. `tasks` names the label columns, in the order of each example's `labels`; each must be a task of the model.
    pub fn new(model: &Model, tasks: &[String]) -> Self {
        let tasks = tasks
            .iter()
            .filter_map(|name| {
                let head = model.heads.iter().position(|h| h.name == *name)?;
                Some(LabelledTask {
                    name: name.clone(),
                    head,
                    rows: Vec::new(),
                    judged: Vec::new(),
                    probabilities: Vec::new(),
                    keys: Vec::new(),
                    seen: Vec::new(),
                })
            })
            .collect();
        LabelledVerdicts { tasks, read: 0 }
    }

    /// Adds a comment with the verdicts of all heads. An error names the task and says why the row's label cannot be used.
    pub fn push(
        &mut self,
        model: &Model,
        example: &Example,
        verdicts: Vec<Verdict>,
    ) -> std::result::Result<(), (String, String)> {
        self.read += 1;
        let mut golds = Vec::with_capacity(self.tasks.len());
        for (task, cell) in self.tasks.iter().zip(&example.labels) {
            let labels = &model.heads[task.head].labels;
            golds.push(match cell.as_deref() {
                None => None,
                Some(cell) => {
                    let mut gold = Vec::new();
                    for label in split_cell(cell) {
                        match labels.index(label) {
                            Some(class) => gold.push(class),
                            None => {
                                let reason = format!(
                                    "label {} is unknown to the model, which knows {}",
                                    shown(label),
                                    labels.names().join(", ")
                                );
                                return Err((task.name.clone(), reason));
                            }
                        }
                    }
                    gold.sort_unstable();
                    gold.dedup();
                    Some(gold)
                }
            });
        }
        for (task, gold) in self.tasks.iter_mut().zip(golds) {
            if let Some(gold) = gold {
                let verdict = &verdicts[task.head];
                task.rows.push(self.read);
                task.judged.push(Judged { gold, predicted: verdict.predicted.clone(), weight: example.weight });
                task.probabilities.extend(&verdict.probabilities);
                task.keys.push(cluster_keys(example));
                task.seen.push(model.has_seen(example));
            }
        }
        Ok(())
    }
}

impl Evaluation {
    /// Measures verdicts of a model; `against` names another model and brings its verdicts on the same rows.
    pub fn measure(
        model: &Model,
        verdicts: &LabelledVerdicts,
        against: Option<(&str, &LabelledVerdicts)>,
    ) -> Result<Self> {
        let mut tasks = Vec::new();
        for task in verdicts.tasks.iter().filter(|t| !t.judged.is_empty()) {
            let head = &model.heads[task.head];
            let labels = &head.labels;
            let rows = task.judged.len();
            let probabilities = Array2::from_shape_vec((rows, labels.len()), task.probabilities.clone())
                .map_err(|e| Error::TrainingData(e.to_string()))?;
            let (clusters, cluster_of) = task.clusters();
            let validation = &model.config.validation;
            let measure = |question: &str, rows: &[usize]| {
                let judged: Vec<Judged> = rows.iter().map(|&r| task.judged[r].clone()).collect();
                Figures::measure(&Measured {
                    kind: head.kind,
                    labels,
                    judged: &judged,
                    probabilities: &probabilities.select(Axis(0), rows),
                    question,
                    grouped_by: "",
                    folds: 0,
                    clusters,
                    cluster_of: &number_clusters(rows.iter().map(|&r| cluster_of[r])),
                    validation,
                })
            };
            let all: Vec<usize> = (0..rows).collect();
            let figures = measure("labelled comments given to evaluate", &all)?;
            let mut by_article = Vec::new();
            for (seen, question) in
                [(true, "comments under articles seen in training"), (false, "comments under articles never seen")]
            {
                let part: Vec<usize> = all.iter().copied().filter(|&r| task.seen[r] == Some(seen)).collect();
                if !part.is_empty() && part.len() < rows {
                    by_article.push(measure(question, &part)?);
                }
            }
            let difference = match against {
                None => None,
                Some((name, others)) => {
                    let other = others.tasks.iter().find(|t| t.name == task.name);
                    let other = other.filter(|o| o.rows == task.rows).ok_or_else(|| {
                        Error::TrainingData(format!("{name} cannot judge the same rows of `{}`", task.name))
                    })?;
                    let bootstrap =
                        Bootstrap { clusters: &cluster_of, resamples: validation.resamples, seed: validation.seed };
                    let over = validation.metric_classes(labels);
                    let difference = bootstrap.difference(
                        labels.len(),
                        &task.judged,
                        &other.judged,
                        validation.metric,
                        over.as_deref(),
                    )?;
                    Some(Difference {
                        against: name.into(),
                        other: figures.estimate.value - difference.value,
                        difference,
                    })
                }
            };
            tasks.push(TaskEvaluation { task: task.name.clone(), rows, figures, by_article, difference });
        }
        if tasks.is_empty() {
            return Err(Error::TrainingData("no row has a label: nothing to measure against".into()));
        }
        Ok(Evaluation { tasks })
    }
}

impl LabelledTask {
    /// What intervals resample: articles, else targets, authors, rows.
    fn clusters(&self) -> (&'static str, Vec<u32>) {
        for (place, name) in ["articles", "targets", "authors"].into_iter().enumerate() {
            if self.keys.iter().any(|k| k[place].is_some()) {
                return (
                    name,
                    number_clusters(self.keys.iter().enumerate().map(|(row, k)| k[place].clone().ok_or(row))),
                );
            }
        }
        ("rows", (0..self.judged.len() as u32).collect())
    }
}
