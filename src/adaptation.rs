//! What a base model gives to one that is trained on top of it.
//!
//! The new model sees every term of the base beside its own, and the base's raw scores as further features: one column for each score
//! column of each of the base's tasks. Their weights are hardly penalised, and pulled towards 1 where task and label bear the same name,
//! else towards 0, so that the labels of a house need not be those of the base. All other weights are pulled towards zero as always.
//! A raw score of the base is a sum over weights, so in the end both are added up: the new weights are the base's, turned into the new
//! labels, plus what the new comments say against them. The penalty pulls towards the base instead of towards zero.

use std::sync::Arc;

use ndarray::{Array2, Axis, Slice};
use serde::{Deserialize, Serialize};

use crate::features::Matrix;
use crate::features::inherited::InheritedColumns;
use crate::labels::TaskKind;
use crate::linear::SparseLogistic;
use crate::model::Model;
use crate::task::TaskRows;

/// Strength of the penalty on the weights of the base's scores, whatever that of the others: about as much as one comment says.
const PENALTY: f64 = 1.0;
/// Raw scores go into the matrix this much smaller, to the size of other features: their gradients would drown all others in the norm
/// that tells the solver when to stop.
const SCALE: f64 = 0.1;

/// A base model's scores among the features of a new one.
#[derive(Debug, Clone)]
pub struct Adaptation {
    /// What became of the base's columns.
    pub(crate) inherited: InheritedColumns,
    /// The base's weights: new columns by score columns of all its tasks.
    weights: Array2<f32>,
    scores: Vec<BaseScore>,
}

/// One score column of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BaseScore {
    task: String,
    kind: TaskKind,
    /// The label that it speaks for.
    label: String,
    /// The label that it speaks against, of a two-class task.
    against: Option<String>,
}

/// What one of a base's scores is worth to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseWeight {
    /// The base's task.
    pub task: String,
    /// The base's label that the score speaks for.
    pub label: String,
    /// Its weight in each raw score of the new task.
    pub weights: Vec<f64>,
}

impl Adaptation {
    /// `columns` is the number of the new model's columns.
    pub fn new(base: &Model, inherited: InheritedColumns, columns: usize) -> Self {
        let mut scores = Vec::new();
        for head in &base.heads {
            let width = head.regression.weights().ncols();
            let two_class = width < head.labels.len();
            scores.extend((0..width).map(|column| BaseScore {
                task: head.name.clone(),
                kind: head.kind,
                label: head.labels.name(if two_class { 1 } else { column }).into(),
                against: two_class.then(|| head.labels.name(0).into()),
            }));
        }
        let mut weights = Array2::zeros((columns, scores.len()));
        let mut from = 0;
        for head in &base.heads {
            let own = head.regression.weights();
            for (row, &column) in own.rows().into_iter().zip(&inherited.columns) {
                let to = from..from + own.ncols();
                weights.row_mut(column as usize).slice_axis_mut(Axis(0), Slice::from(to)).assign(&row);
            }
            from += own.ncols();
        }
        Adaptation { inherited, weights, scores }
    }

    /// Number of further columns.
    pub(crate) fn width(&self) -> usize {
        self.scores.len()
    }

    /// The penalty on the weights of further columns.
    pub(crate) fn penalty(&self) -> f64 {
        PENALTY * SCALE * SCALE
    }

    /// A matrix with the base's scores of its rows as further columns; `full` has the same rows with every block.
    pub(crate) fn extended(&self, matrix: &Matrix, full: &Matrix) -> Matrix {
        let columns = matrix.columns();
        let mut extended = Matrix::new(columns + self.width());
        let mut scores = vec![0.0f64; self.width()];
        for row in 0..matrix.rows() {
            let (indices, values) = matrix.row(row);
            indices.iter().zip(values).for_each(|(&column, &value)| extended.push(column, value));
            scores.fill(0.0);
            let (indices, values) = full.row(row);
            for (&column, &value) in indices.iter().zip(values) {
                for (score, &weight) in scores.iter_mut().zip(self.weights.row(column as usize)) {
                    *score += f64::from(value) * f64::from(weight);
                }
            }
            for (place, &score) in scores.iter().enumerate() {
                extended.push((columns + place) as u32, (SCALE * score) as f32);
            }
            extended.end_row();
        }
        extended
    }

    /// What weights are pulled towards: 1 where one of the base's scores speaks for what a score of the task does.
    pub(crate) fn prior(&self, task: &TaskRows) -> Arc<Array2<f64>> {
        let columns = self.weights.nrows();
        let mut prior = Array2::zeros((columns + self.width(), task.score_columns()));
        let shift = task.labels.len() - task.score_columns();
        for (place, score) in self.scores.iter().enumerate() {
            let against = (shift == 1).then(|| task.labels.name(0));
            if score.task != task.name || score.kind != task.kind || score.against.as_deref() != against {
                continue;
            }
            if let Some(class) = task.labels.index(&score.label) {
                prior[[columns + place, class - shift]] = 1.0 / SCALE;
            }
        }
        Arc::new(prior)
    }

    /// What each of the base's scores is worth in a fit with its scores.
    pub(crate) fn worth(&self, regression: &SparseLogistic) -> Vec<BaseWeight> {
        let columns = self.weights.nrows();
        let weight = |(place, score): (usize, &BaseScore)| BaseWeight {
            task: score.task.clone(),
            label: score.label.clone(),
            weights: regression.weights().row(columns + place).iter().copied().map(|w| SCALE * f64::from(w)).collect(),
        };
        self.scores.iter().enumerate().map(weight).collect()
    }

    /// The same regression without further columns: what the base's scores weigh goes into the weights that they are sums of.
    pub(crate) fn folded(&self, regression: &SparseLogistic) -> SparseLogistic {
        let columns = self.weights.nrows();
        let (own, of_scores) = regression.weights().view().split_at(Axis(0), columns);
        let weights = &own + &self.weights.dot(&(&of_scores * SCALE as f32));
        SparseLogistic::from_weights(weights, regression.intercepts().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::traits::PredictInplace;

    use crate::config::Config;
    use crate::features::learning::learn_onto;
    use crate::input::{Article, Example};
    use crate::model::texts;
    use crate::training;

    /// Comments with every kind of context.
    fn examples() -> Vec<Example> {
        let words = ["cheap", "dear", "late", "early", "splendid", "dreadful"];
        let example = |i: usize| Example {
            comment: format!("The {} bus is {} today, I say {}", words[i % 6], words[(i / 2) % 6], words[(i / 3) % 6]),
            article: Some(Arc::new(Article {
                title: "The bus".into(),
                body: format!("It is {}.", words[i % 4]),
                ..Article::default()
            })),
            parent: i.is_multiple_of(3).then(|| "The bus is late".into()),
            target: Some(format!("plan {}", i % 2)),
            labels: vec![Some(["favor", "against", "none"][i % 3].into()), Some(["calm", "angry"][(i / 2) % 2].into())],
            ..Example::default()
        };
        (0..48).map(example).collect()
    }

    fn base(examples: &[Example]) -> Model {
        let config =
            Config::parse("[training]\nsearch = \"none\"\n[validation]\nfolds = 2\nresamples = 10\n", "test.toml");
        let tasks = ["stance".to_owned(), "tone".to_owned()];
        training::train(examples, &tasks, &config.unwrap(), &|_, _| ()).unwrap().model
    }

    #[test]
    fn scores_of_the_base_survive_a_larger_vocabulary_and_fold_into_the_weights() {
        let old = examples();
        let base = base(&old);
        let mut all = old.clone();
        // Letters of their own, so that no old comment has a new term; early in the alphabet's order of neither.
        for i in 0..3 {
            let comment = format!("жираф {} жираф 0101 жираф", ["слон", "кит", "слон"][i]);
            all.push(Example { comment, ..Example::default() });
        }
        let texts: Vec<_> = all.iter().map(texts).collect();
        let (features, raw, inherited) =
            learn_onto(Some(&base.features), base.features.language, &base.config.features, &texts);
        let layout = features.layout();
        let inherited = inherited.unwrap();
        assert!(layout.columns() > base.layout().columns());
        assert!(inherited.columns.iter().enumerate().any(|(old, &new)| old != new as usize));
        let names = |place: usize| (base.features.name(place), features.name(inherited.columns[place] as usize));
        assert!((0..base.layout().columns()).all(|place| names(place).0 == names(place).1));

        let adaptation = Adaptation::new(&base, inherited, layout.columns());
        let rows: Vec<usize> = (0..all.len()).collect();
        let matrix = raw.weigh(&layout, &features.idf, &rows, &base.config.features.weights());
        let extended = adaptation.extended(&matrix, &matrix);
        let verdicts = base.scorer().score(&texts[..old.len()]);
        for (row, verdicts) in verdicts.iter().enumerate() {
            let (_, values) = extended.row(row);
            let found = &values[values.len() - adaptation.width()..];
            let scores = base.heads.iter().zip(verdicts).flat_map(|(head, verdict)| {
                verdict.scores.iter().zip(head.regression.intercepts()).map(|(score, intercept)| score - intercept)
            });
            for (found, score) in found.iter().zip(scores) {
                assert!((f64::from(*found) / SCALE - score).abs() < 1e-4, "row {row}: {found} {score}");
            }
        }

        let weights =
            Array2::from_shape_fn((extended.columns(), 2), |(j, k)| ((7 * j + 3 * k) % 11) as f32 / 10.0 - 0.5);
        let regression = SparseLogistic::from_weights(weights, ndarray::arr1(&[0.25, -0.5]));
        let folded = adaptation.folded(&regression);
        let scores = |regression: &SparseLogistic, matrix: &Matrix| {
            let mut scores = regression.default_target(matrix);
            regression.predict_inplace(matrix, &mut scores);
            scores
        };
        let far = scores(&regression, &extended) - scores(&folded, &matrix);
        assert!(far.iter().all(|d| d.abs() < 1e-4), "{far}");
    }
}
