//! What a base model gives to one that is trained on top of it.
//!
//! The new model sees every term of the base beside its own, and the base's raw scores as further features: one column for each score
//! column of each of the base's tasks. Their weights are hardly penalised, and pulled towards 1 where task and label bear the same name,
//! else towards 0, so that the labels of a house need not be those of the base. All other weights are pulled towards zero as always. A
//! comment's terms are weighed in the larger vocabulary: where it has terms that the base lacks, what the base says of it is that much weaker.
//! A raw score of the base is a sum over weights, so in the end both are added up: the new weights are the base's, turned into the new
//! labels, plus what the new comments say against them. The penalty pulls towards the base instead of towards zero.

use std::sync::Arc;

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, Axis, Slice};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::features::inherited::InheritedColumns;
use crate::features::layout::{Block, BlockWeights, Layout};
use crate::features::weighting::RawRows;
use crate::linear::SparseLogistic;
use crate::model::Model;
use crate::task::TaskRows;

/// Strength of the penalty on the weights of the base's scores, whatever that of the others. A score is of the size of some units, so
/// twenty is as much as a dozen comments say. Of 1, 5, 20, 60 and 200 it did best on 50 to 500 comments of the first source of
/// `docs/adapting.md`; on the second they were alike.
const PENALTY: f64 = 20.0;
/// Raw scores go into the matrix this much smaller, to the size of other features: their gradients would drown all others in the norm
/// that tells the solver when to stop.
const SCALE: f64 = 0.1;

/// A base of more labels would fill the memory.
const MOST_SCORES: usize = 1_000;

/// A base model's scores among the features of a new one.
#[derive(Debug, Clone)]
pub struct Adaptation {
    /// What became of the base's columns.
    pub(crate) inherited: InheritedColumns,
    /// The base's weights, of blocks that both models use: its columns by score columns of all its tasks, without intercepts.
    base: SparseLogistic,
    /// By new column the base's.
    base_column: Vec<Option<u32>>,
    scores: Vec<BaseScore>,
    /// The columns that some new comment holds, and where they stand among themselves: of the base's terms few comments have but few,
    /// and a fit need not carry the others.
    held: Vec<u32>,
    place: Vec<u32>,
    layout: Layout,
}

/// One score column of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BaseScore {
    task: String,
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
    /// `layout` is that of the new model, `used` its blocks, `raw` its comments.
    ///
    /// # Errors
    /// [`Error::Config`] for a base of more than 1,000 labels.
    pub fn new(
        base: &Model,
        inherited: InheritedColumns,
        layout: &Layout,
        used: &BlockWeights,
        raw: &RawRows,
    ) -> Result<Self> {
        let mut scores = Vec::new();
        for head in &base.heads {
            let width = head.regression.columns();
            let two_class = width < head.labels.len();
            scores.extend((0..width).map(|column| BaseScore {
                task: head.name.clone(),
                label: head.labels.name(if two_class { 1 } else { column }).into(),
                against: two_class.then(|| head.labels.name(0).into()),
            }));
        }
        if scores.len() > MOST_SCORES {
            return Err(Error::Config(format!(
                "the base model has {} labels; at most {MOST_SCORES} can be started from",
                scores.len()
            )));
        }
        let of_heads: Vec<_> = base.heads.iter().map(|head| head.regression.widened()).collect();
        let of_heads: Vec<_> = of_heads.iter().map(|weights| weights.view()).collect();
        let mut weights = match of_heads.is_empty() {
            true => Array2::zeros((base.layout().columns(), 0)),
            false => ndarray::concatenate(Axis(1), &of_heads)
                .map_err(|e| Error::Config(format!("the base model's tasks do not fit together: {e}")))?,
        };
        // A block that one of the two does without adds nothing to a score.
        let of_base = base.config.features.weights();
        for block in Block::ALL.into_iter().filter(|&b| !(used.uses(b) && of_base.uses(b))) {
            weights.slice_axis_mut(Axis(0), Slice::from(base.layout().range(block))).fill(0.0);
        }
        let base = SparseLogistic::from_weights(weights, Array1::zeros(scores.len()));
        let mut base_column = vec![None; layout.columns()];
        inherited.columns.iter().enumerate().for_each(|(old, &new)| base_column[new as usize] = Some(old as u32));
        let occurs = raw.occurring(layout);
        let is_held = |column: usize| occurs.get(column).copied().unwrap_or(true);
        let held: Vec<u32> = (0..layout.columns()).filter(|&c| is_held(c)).map(|c| c as u32).collect();
        let mut place = vec![0; layout.columns()];
        held.iter().enumerate().for_each(|(new, &column)| place[column as usize] = new as u32);
        let widths = Block::ALL.map(|block| (block, layout.range(block).filter(|&c| is_held(c)).count()));
        Ok(Adaptation { inherited, base, base_column, scores, held, place, layout: Layout::new(widths) })
    }

    /// Where the columns stand that fits see.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of further columns.
    fn width(&self) -> usize {
        self.scores.len()
    }

    /// The penalty on the weights of further columns.
    pub(crate) fn penalty(&self) -> f64 {
        PENALTY * SCALE * SCALE
    }

    /// A matrix as fits see it: without columns that no comment holds, with the base's scores of its rows as further ones; `full` has the
    /// same rows with every block.
    pub(crate) fn extended(&self, matrix: &Matrix, full: &Matrix) -> Matrix {
        let columns = self.held.len();
        let mut extended = Matrix::new(columns + self.width());
        for (row, scores) in self.scores_of(full).rows().into_iter().enumerate() {
            let (indices, values) = matrix.row(row);
            indices.iter().zip(values).for_each(|(&c, &value)| extended.push(self.place[c as usize], value));
            for (place, &score) in scores.iter().enumerate() {
                extended.push((columns + place) as u32, (SCALE * score) as f32);
            }
            extended.end_row();
        }
        extended
    }

    /// What the base says of rows in new columns.
    fn scores_of(&self, full: &Matrix) -> Array2<f64> {
        let mut records = Matrix::new(self.base.weights().nrows());
        for row in 0..full.rows() {
            let (indices, values) = full.row(row);
            for (&column, &value) in indices.iter().zip(values) {
                if let Some(old) = self.base_column[column as usize] {
                    records.push(old, value);
                }
            }
            records.end_row();
        }
        let mut scores = self.base.default_target(&records);
        self.base.predict_inplace(&records, &mut scores);
        scores
    }

    /// What weights are pulled towards: 1 where one of the base's scores speaks for the label that a score of the task speaks for, -1 where
    /// for the one that it speaks against. Half of it where only one of the two scores is that of a two-class task, which is the difference of
    /// two others.
    pub(crate) fn prior(&self, task: &TaskRows) -> Arc<Array2<f64>> {
        let columns = self.held.len();
        let mut prior = Array2::zeros((columns + self.width(), task.score_columns()));
        let shift = task.labels.len() - task.score_columns();
        for (place, score) in self.scores.iter().enumerate().filter(|(_, score)| score.task == task.name) {
            for column in 0..task.score_columns() {
                let own = [Some(task.labels.name(column + shift)), (shift == 1).then(|| task.labels.name(0))];
                let of_base = [Some(score.label.as_str()), score.against.as_deref()];
                let same = |a: usize, b: usize| own[a].is_some() && own[a] == of_base[b];
                let sign = f64::from(same(0, 0) || same(1, 1)) - f64::from(same(0, 1) || same(1, 0));
                let share = if own[1].is_some() == of_base[1].is_some() { 1.0 } else { 0.5 };
                prior[[columns + place, column]] = sign * share / SCALE;
            }
        }
        Arc::new(prior)
    }

    /// What each of the base's scores is worth in a fit with its scores.
    pub(crate) fn worth(&self, regression: &SparseLogistic) -> Vec<BaseWeight> {
        let columns = self.held.len();
        let weight = |(place, score): (usize, &BaseScore)| BaseWeight {
            task: score.task.clone(),
            label: score.label.clone(),
            weights: regression.weights().row(columns + place).iter().copied().map(|w| SCALE * f64::from(w)).collect(),
        };
        self.scores.iter().enumerate().map(weight).collect()
    }

    /// The same regression with every column and without further ones: what the base's scores weigh goes into the weights that they are sums of.
    pub(crate) fn folded(&self, regression: &SparseLogistic) -> SparseLogistic {
        let (own, of_scores) = regression.weights().view().split_at(Axis(0), self.held.len());
        let from_base = self.base.weights().dot(&(&of_scores * SCALE as f32));
        let mut weights = Array2::zeros((self.base_column.len(), own.ncols()));
        for (old, &new) in self.inherited.columns.iter().enumerate() {
            weights.row_mut(new as usize).assign(&from_base.row(old));
        }
        for (own, &column) in own.rows().into_iter().zip(&self.held) {
            let mut row = weights.row_mut(column as usize);
            row += &own;
        }
        SparseLogistic::from_weights(weights, regression.intercepts().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::config::Config;
    use crate::decision::Decision;
    use crate::features::Texts;
    use crate::features::learning::learn_onto;
    use crate::input::{Article, Example};
    use crate::labels::{LabelSet, TaskKind};
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
    fn the_prior_goes_by_the_names_of_labels() {
        let base = base(&examples());
        let (features, raw, inherited) = learn_onto(
            Some(&base.features),
            base.features.language,
            &base.config.features,
            &[Texts { comment: "a bus", ..Texts::default() }],
        );
        let (layout, used) = (features.layout(), base.config.features.weights());
        let adaptation = Adaptation::new(&base, inherited.unwrap(), &layout, &used, &raw).unwrap();
        // The base's scores: stance against, favor, none; tone calm less angry.
        let prior = |task: &str, labels: &[&str]| {
            let labels = LabelSet::new(labels.iter().copied());
            let task = TaskRows {
                name: task.into(),
                kind: TaskKind::SingleLabel,
                labels,
                rows: Vec::new(),
                gold: Vec::new(),
                weights: Vec::new(),
                decision: Decision::Tuned,
            };
            let prior = adaptation.prior(&task);
            let rows = prior.nrows();
            (rows - 4..rows).map(|row| prior.row(row).iter().map(|w| w * SCALE).collect()).collect::<Vec<Vec<f64>>>()
        };
        let none = || vec![0.0; 3];
        assert_eq!(prior("tone", &["angry", "calm"]), [[0.0], [0.0], [0.0], [1.0]]);
        assert_eq!(prior("tone", &["calm", "cross"]), [[0.0], [0.0], [0.0], [-1.0]]);
        assert_eq!(prior("tone", &["angry", "zen"]), [[0.0], [0.0], [0.0], [1.0]]);
        assert_eq!(prior("tone", &["angry", "calm", "odd"]), [none(), none(), none(), vec![-0.5, 0.5, 0.0]]);
        assert_eq!(prior("stance", &["against", "favor"]), [[-0.5], [0.5], [0.0], [0.0]]);
        assert_eq!(prior("other", &["angry", "calm"]), [[0.0]; 4]);
    }

    #[test]
    fn a_block_that_one_of_the_two_does_without_weighs_nothing() {
        let base = base(&examples());
        let texts: Vec<_> = [Texts { comment: "a dear bus", ..Texts::default() }].into();
        let config = &base.config.features;
        let (features, raw, inherited) = learn_onto(Some(&base.features), base.features.language, config, &texts);
        let (layout, used) = (features.layout(), config.weights().with(Block::Chars, 0.0));
        let adaptation = Adaptation::new(&base, inherited.unwrap(), &layout, &used, &raw).unwrap();
        let weights = Array2::ones((adaptation.held.len() + adaptation.width(), 1));
        let folded = adaptation.folded(&SparseLogistic::from_weights(weights, ndarray::arr1(&[0.0])));
        let strange = |&column: &usize| {
            let own = if adaptation.held.contains(&(column as u32)) { 1.0 } else { 0.0 };
            folded.weights()[[column, 0]] != own
        };
        assert_eq!(layout.range(Block::Chars).filter(strange).count(), 0);
        assert!(layout.range(Block::Words).filter(strange).count() > 0);
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

        let used = base.config.features.weights();
        let adaptation = Adaptation::new(&base, inherited, &layout, &used, &raw).unwrap();
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
