//! A model against labelled comments, alone or paired with another model.

use std::collections::HashMap;

use ndarray::{Array2, Axis};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::input::Record;
use crate::labels::{LabelSet, TaskKind, shown, split_cell};
use crate::metrics::{self, Bootstrap, Estimate, Judged, PrecisionRecall, number_clusters};
use crate::model::{Head, Model, Verdict, article_key};
use crate::questions::cluster_keys;
use crate::summary::{Figures, Measured, UNSEEN};

/// Worst errors that are kept of each task.
const WORST: usize = 20;
/// Bytes of a comment that are kept to be shown.
const MAX_TEXT: usize = 2_000;

/// Verdicts on labelled comments.
pub struct LabelledVerdicts {
    tasks: Vec<LabelledTask>,
    /// Rows that were given, usable or not.
    read: u64,
}

struct LabelledTask {
    name: String,
    kind: TaskKind,
    labels: LabelSet,
    /// Place of the task's head in the model.
    head: usize,
    /// Places of the labelled rows among all that were read.
    rows: Vec<u64>,
    judged: Vec<Judged>,
    probabilities: Vec<f64>,
    keys: Vec<[Option<String>; 3]>,
    /// Whether the model was trained under the row's article, where that is known.
    seen: Vec<Option<bool>>,
    /// Titles of articles, by their keys, where they have any.
    titles: HashMap<String, String>,
    /// The worst errors so far, the worst first.
    worst: Vec<WorstError>,
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
    /// Precision and recall over all thresholds, a label each; `None` for labels that no row has.
    pub precision_recall: Vec<Option<PrecisionRecall>>,
    /// Figures by article, those of most rows first; empty where rows name none.
    pub articles: Vec<ArticleFigures>,
    /// The errors that the model was surest of, the worst first.
    pub worst: Vec<WorstError>,
}

/// How good the model is under one article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArticleFigures {
    /// Its id, else how its text begins.
    pub article: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// Labelled rows.
    pub rows: usize,
    /// Share of them whose labels are all right, by weight.
    pub accuracy: f64,
    /// Whether the model was trained under it, where that is known.
    pub seen: Option<bool>,
}

/// A row that the model got wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstError {
    /// The file it stands in.
    pub path: String,
    /// Its line.
    pub line: Option<u64>,
    /// Its record in the file, from 1.
    pub record: Option<u64>,
    /// Its id.
    pub id: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The predicted ones.
    pub predicted: Vec<String>,
    /// How wrong it is: the probability of the likeliest wrong label less that of its own; of a task with several labels a comment, the
    /// largest distance between a label's probability and the truth.
    pub wrongness: f64,
    /// The comment, cut after 2,000 bytes.
    pub text: String,
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
                    kind: model.heads[head].kind,
                    labels: model.heads[head].labels.clone(),
                    head,
                    rows: Vec::new(),
                    judged: Vec::new(),
                    probabilities: Vec::new(),
                    keys: Vec::new(),
                    seen: Vec::new(),
                    titles: HashMap::new(),
                    worst: Vec::new(),
                })
            })
            .collect();
        LabelledVerdicts { tasks, read: 0 }
    }

    /// Adds a comment with the verdicts of all heads. An error names the task and says why the row's label cannot be used.
    pub fn push(
        &mut self,
        model: &Model,
        record: &Record,
        verdicts: Vec<Verdict>,
    ) -> std::result::Result<(), (String, String)> {
        let example = &record.example;
        self.read += 1;
        let mut golds = Vec::with_capacity(self.tasks.len());
        for (task, cell) in self.tasks.iter().zip(&example.labels) {
            let head = &model.heads[task.head];
            let labels = &head.labels;
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
                    if head.kind == TaskKind::SingleLabel && gold.len() != 1 {
                        let reason = format!("{} labels, where the task has one label a comment", gold.len());
                        return Err((task.name.clone(), reason));
                    }
                    Some(gold)
                }
            });
        }
        for (task, gold) in self.tasks.iter_mut().zip(golds) {
            if let Some(gold) = gold {
                let verdict = &verdicts[task.head];
                task.note_error(&model.heads[task.head], record, &gold, verdict);
                if let (Some(key), Some(article)) = (article_key(example), &example.article)
                    && !article.title.is_empty()
                {
                    task.titles.entry(key).or_insert_with(|| article.title.clone());
                }
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
                    held_out: None,
                    clusters,
                    cluster_of: &number_clusters(rows.iter().map(|&r| cluster_of[r])),
                    validation,
                })
            };
            let all: Vec<usize> = (0..rows).collect();
            let figures = measure("labelled comments given to evaluate", &all)?;
            let mut by_article = Vec::new();
            for (seen, question) in [(true, "comments under articles seen in training"), (false, UNSEEN)] {
                let part: Vec<usize> = all.iter().copied().filter(|&r| task.seen[r] == Some(seen)).collect();
                if !part.is_empty() && part.len() < rows {
                    by_article.push(measure(question, &part)?);
                }
            }
            let difference = match against {
                None => None,
                Some((name, others)) => {
                    let other = others.tasks.iter().find(|t| t.name == task.name);
                    if let Some(other) = other.filter(|o| o.kind != task.kind || o.labels != task.labels) {
                        return Err(Error::TrainingData(format!(
                            "{name} has other labels for `{}` ({}) than the model ({}): they cannot be compared",
                            task.name,
                            other.labels.names().join(", "),
                            task.labels.names().join(", ")
                        )));
                    }
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
            let curve = |class: usize| {
                let rows = task.judged.iter().zip(probabilities.column(class));
                metrics::precision_recall(rows.map(|(j, &p)| (p, j.gold.contains(&class), j.weight)).collect())
            };
            tasks.push(TaskEvaluation {
                task: task.name.clone(),
                rows,
                figures,
                by_article,
                difference,
                precision_recall: (0..labels.len()).map(curve).collect(),
                articles: task.articles(),
                worst: task.worst.clone(),
            });
        }
        if tasks.is_empty() {
            return Err(Error::TrainingData("no row has a label: nothing to measure against".into()));
        }
        Ok(Evaluation { tasks })
    }
}

impl LabelledTask {
    /// Keeps a row if it is among the worst errors so far.
    fn note_error(&mut self, head: &Head, record: &Record, gold: &[usize], verdict: &Verdict) {
        if gold == verdict.predicted {
            return;
        }
        let p = &verdict.probabilities;
        let highest = |is_wanted: &dyn Fn(usize) -> bool| {
            (0..p.len()).filter(|&k| is_wanted(k)).map(|k| p[k]).fold(0.0, f64::max)
        };
        let wrongness = match head.kind {
            TaskKind::SingleLabel => highest(&|k| !gold.contains(&k)) - highest(&|k| gold.contains(&k)),
            TaskKind::MultiLabel => {
                let off = |k: usize| if gold.contains(&k) { 1.0 - p[k] } else { p[k] };
                (0..p.len()).map(off).fold(0.0, f64::max)
            }
        };
        let place = self.worst.partition_point(|known| known.wrongness >= wrongness);
        if place == WORST {
            return;
        }
        let names = |classes: &[usize]| classes.iter().map(|&k| head.labels.name(k).to_owned()).collect();
        let example = &record.example;
        let error = WorstError {
            path: record.position.path.clone().to_string(),
            line: record.position.line,
            record: record.position.record,
            id: example.id.clone(),
            labels: names(gold),
            predicted: names(&verdict.predicted),
            wrongness,
            text: crate::text::excerpt::start(&example.comment, MAX_TEXT).to_owned(),
        };
        self.worst.insert(place, error);
        self.worst.truncate(WORST);
    }

    /// Figures by article.
    fn articles(&self) -> Vec<ArticleFigures> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut found: Vec<(ArticleFigures, f64, f64)> = Vec::new();
        for ((judged, keys), seen) in self.judged.iter().zip(&self.keys).zip(&self.seen) {
            let Some(key) = keys[0].as_deref() else { continue };
            let place = *places.entry(key).or_insert(found.len());
            if place == found.len() {
                let article = key.trim_start().chars().take(80).collect();
                let title = self.titles.get(key).cloned().unwrap_or_default();
                found.push((ArticleFigures { article, title, rows: 0, accuracy: 0.0, seen: *seen }, 0.0, 0.0));
            }
            let (figures, right, all) = &mut found[place];
            figures.rows += 1;
            *all += judged.weight;
            *right += if judged.gold == judged.predicted { judged.weight } else { 0.0 };
        }
        let share = |(figures, right, all): (ArticleFigures, f64, f64)| ArticleFigures {
            accuracy: if all > 0.0 { right / all } else { 0.0 },
            ..figures
        };
        let mut found: Vec<ArticleFigures> = found.into_iter().map(share).collect();
        found.sort_by_key(|figures| std::cmp::Reverse(figures.rows));
        found
    }

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
