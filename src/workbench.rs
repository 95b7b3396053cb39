//! One task's fits: training parts weighed and fitted, rows scored, scores turned into probabilities and labels.

use std::sync::Arc;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::adaptation::Adaptation;
use crate::borrowing::{borrow, borrowed_scores};
use crate::calibration::Calibrator;
use crate::config::Config;
use crate::decision::{self, Decision, DecisionRule};
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::features::layout::{Block, BlockWeights, Layout};
use crate::features::weighting::RawRows;
use crate::labels::TaskKind;
use crate::linear::{LogisticParams, SparseLogistic, relevance};
use crate::metrics::Metric;
use crate::selection::{Candidate, FOLD_TOLERANCE};
use crate::task::TaskRows;

/// Weights to start a fit from.
pub(crate) type Start = Option<Arc<Array2<f64>>>;

/// The penalty of a block that a candidate leaves out of a matrix that holds it: its weights vanish.
const LEFT_OUT: f32 = 1e9;

/// A fitted calibrator and decision rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// What each score takes of the raw scores, where labels borrow from one another and the weights do not have that yet. A finished
    /// model's weights do.
    #[serde(skip)]
    pub(crate) borrowed: Option<Array2<f64>>,
    /// Scores to probabilities.
    pub calibrator: Calibrator,
    /// Probabilities to labels.
    pub rule: DecisionRule,
}

impl Finish {
    /// Probabilities of all labels, from scores: rows by columns.
    pub fn probabilities(&self, scores: ArrayView2<f64>) -> Array2<f64> {
        let p = match &self.borrowed {
            Some(borrowed) => self.calibrator.probabilities(borrowed_scores(scores, borrowed).view()),
            None => self.calibrator.probabilities(scores),
        };
        // A two-class task has one column, its second label's.
        if self.rule.labels() == 2 && p.ncols() == 1 {
            return Array2::from_shape_fn(
                (p.nrows(), 2),
                |(row, class)| {
                    if class == 1 { p[[row, 0]] } else { 1.0 - p[[row, 0]] }
                },
            );
        }
        p
    }
}

/// A task with everything that its fits share.
pub struct Workbench<'w> {
    /// The task.
    pub task: &'w TaskRows,
    /// Every training comment before weighting.
    pub raw: &'w RawRows,
    /// Columns by block.
    pub layout: &'w Layout,
    /// The settings.
    pub config: &'w Config,
    /// What a base model gives, where there is one.
    pub base: Option<&'w Adaptation>,
}

/// A training part, weighed, ready to be fitted again and again.
pub(crate) struct Part {
    idf: Vec<f32>,
    data: Data,
    /// How freely each feature is learned.
    relevance: Vec<f32>,
    /// The blocks that the matrix holds.
    blocks: BlockWeights,
}

enum Data {
    Classes(DatasetBase<Matrix, Array1<usize>>),
    Flags(DatasetBase<Matrix, Array2<bool>>),
}

impl Workbench<'_> {
    /// Weighs a training part: idf of every comment but the held-out ones, whether labelled for this task or not.
    pub(crate) fn part(&self, train: &[usize], blocks: BlockWeights) -> Part {
        let task = self.task;
        // Labelled rows outside the part are held out, here or in an outer fold.
        let mut is_seen = vec![true; self.raw.len()];
        task.rows.iter().for_each(|&row| is_seen[row] = false);
        train.iter().for_each(|&r| is_seen[task.rows[r]] = true);
        let seen: Vec<usize> = (0..self.raw.len()).filter(|&row| is_seen[row]).collect();
        let features = &self.config.features;
        let mut idf = self.raw.idf(self.layout, &seen, |block| features.counted(block).map_or(1, |c| c.min_df));
        if let Some(base) = self.base {
            base.inherited.keep_idf(&mut idf);
        }
        let matrix = self.matrix(&idf, train, &blocks);
        let weights: Array1<f32> = train.iter().map(|&r| task.weights[r] as f32).collect();
        let counted: Vec<_> =
            Block::ALL.into_iter().filter(|b| b.is_counted()).map(|b| self.fitted().range(b)).collect();
        let has = |row: usize, class: usize| task.gold[train[row]].contains(&class);
        let relevance = relevance(&matrix, task.labels.len(), has, weights.as_slice().unwrap_or_default(), &counted);
        let data = if task.is_joint() {
            Data::Classes(DatasetBase::new(matrix, Array1::from(task.classes(train))).with_weights(weights))
        } else {
            Data::Flags(DatasetBase::new(matrix, task.flags(train)).with_weights(weights))
        };
        Part { idf, data, relevance, blocks }
    }

    /// Rows as a part's fits see them.
    pub(crate) fn weigh(&self, part: &Part, rows: &[usize]) -> Matrix {
        self.matrix(&part.idf, rows, &part.blocks)
    }

    /// Where the columns stand that fits see.
    pub(crate) fn fitted(&self) -> &Layout {
        self.base.map_or(self.layout, Adaptation::layout)
    }

    /// Rows with some of their blocks, and with what a base says of them.
    fn matrix(&self, idf: &[f32], rows: &[usize], blocks: &BlockWeights) -> Matrix {
        let rows: Vec<usize> = rows.iter().map(|&r| self.task.rows[r]).collect();
        let weigh = |blocks: &BlockWeights| self.raw.weigh(self.layout, idf, &rows, blocks);
        let matrix = weigh(blocks);
        let Some(base) = self.base else { return matrix };
        // What the base says does not depend on the blocks that the rest of the model does without.
        let all = self.config.features.weights();
        if *blocks == all { base.extended(&matrix, &matrix) } else { base.extended(&matrix, &weigh(&all)) }
    }

    /// Fits a candidate to some rows, with no block that it leaves out, and scores others. Gives the fit's weights as well.
    pub(crate) fn fit_and_score(
        &self,
        train: &[usize],
        held: &[usize],
        candidate: Candidate,
        start: Start,
    ) -> Result<(Array2<f64>, Start)> {
        let part = self.part(train, candidate.blocks);
        let regression = self.fit(&part, candidate, start, FOLD_TOLERANCE)?;
        Ok((self.score(&regression, &self.weigh(&part, held)), regression.start()))
    }

    /// Raw scores of rows.
    pub(crate) fn score(&self, regression: &SparseLogistic, matrix: &Matrix) -> Array2<f64> {
        let mut scores = regression.default_target(matrix);
        regression.predict_inplace(matrix, &mut scores);
        scores
    }

    /// Fits a candidate to a part.
    pub(crate) fn fit(
        &self,
        part: &Part,
        candidate: Candidate,
        start: Start,
        tolerance: f64,
    ) -> Result<SparseLogistic> {
        let mut params = LogisticParams::new(self.task.score_columns())
            .alpha(candidate.alpha)
            .class_weights(candidate.class_weights)
            .penalty_factors(Arc::new(self.penalty_factors(part, candidate)))
            .tolerance(tolerance)
            .max_iterations(self.config.training.max_iterations);
        if let Some(base) = self.base {
            params = params.prior(base.prior(self.task));
        }
        if let Some(start) = start {
            params = params.initial(self.without_left_out(part, candidate, start));
        }
        let params = params.check()?;
        match &part.data {
            Data::Classes(data) => params.fit(data),
            Data::Flags(data) => params.fit(data),
        }
    }

    /// Weights of blocks that a candidate leaves out would be far from where they must end.
    fn without_left_out(&self, part: &Part, candidate: Candidate, start: Arc<Array2<f64>>) -> Arc<Array2<f64>> {
        let mut start = start;
        for block in Block::ALL.into_iter().filter(|&b| part.blocks.uses(b) && !candidate.blocks.uses(b)) {
            let weights = Arc::make_mut(&mut start);
            self.fitted().range(block).for_each(|column| weights.row_mut(column).fill(0.0));
        }
        start
    }

    /// What scales a feature's values, block weight and relevance, as a factor on its penalty: learning with values times `s` is
    /// learning with a penalty times `1 / s^2`.
    fn penalty_factors(&self, part: &Part, candidate: Candidate) -> Vec<f32> {
        let blocks = candidate.blocks;
        let mut factors = vec![LEFT_OUT; part.relevance.len()];
        if let Some(base) = self.base {
            factors[self.fitted().columns()..].fill((base.penalty() / candidate.alpha) as f32);
        }
        for block in Block::ALL.into_iter().filter(|&b| blocks.uses(b)) {
            for column in self.fitted().range(block) {
                let scale = blocks.of(block) as f32 * part.relevance[column];
                factors[column] = 1.0 / (scale * scale);
            }
        }
        factors
    }

    /// Fits calibrator and rule to the held-out scores of several fits together, and what labels borrow from one another.
    pub(crate) fn finish_parts(&self, scores: &[Array2<f64>], rows: &[usize]) -> Result<Finish> {
        let views: Vec<_> = scores.iter().map(Array2::view).collect();
        let scores = ndarray::concatenate(ndarray::Axis(0), &views)
            .map_err(|_| Error::TrainingData(format!("`{}` has too few rows for validation", self.task.name)))?;
        let borrowed = match self.task.kind {
            TaskKind::MultiLabel => borrow(scores.view(), self.task.flags(rows).view()),
            TaskKind::SingleLabel => None,
        };
        let finish = match &borrowed {
            Some(borrowed) => self.finish(&borrowed_scores(scores.view(), borrowed), rows)?,
            None => self.finish(&scores, rows)?,
        };
        Ok(Finish { borrowed, ..finish })
    }

    /// Fits calibrator and rule to held-out scores.
    pub(crate) fn finish(&self, scores: &Array2<f64>, rows: &[usize]) -> Result<Finish> {
        let task = self.task;
        let calibrator = self.calibrate(scores, rows)?;
        let labels = task.labels.len();
        let single = task.kind == TaskKind::SingleLabel;
        let neutral = if single {
            DecisionRule::Biases(vec![0.0; labels])
        } else {
            DecisionRule::Thresholds { thresholds: vec![0.5; labels], at_least_one: task.always_labelled() }
        };
        let mut finish = Finish { borrowed: None, calibrator, rule: neutral };
        if task.decision == Decision::Argmax {
            return Ok(finish);
        }
        let probabilities = finish.probabilities(scores.view());
        let weights = task.weights(rows);
        finish.rule = if single {
            decision::tune_biases(&probabilities, &task.classes(rows), &weights, self.metric(), self.over().as_deref())
        } else {
            decision::tune_thresholds(&probabilities, &task.flags(rows), &weights, task.always_labelled())
        };
        Ok(finish)
    }

    fn calibrate(&self, scores: &Array2<f64>, rows: &[usize]) -> Result<Calibrator> {
        if self.task.is_joint() {
            Calibrator::fit_classes(scores.view(), &self.task.classes(rows))
        } else {
            Calibrator::fit_flags(scores.view(), self.task.flags(rows).view())
        }
    }

    /// What choices are made by.
    pub(crate) fn metric(&self) -> Metric {
        self.config.validation.metric
    }

    /// The classes that the metric is limited to.
    pub(crate) fn over(&self) -> Option<Vec<usize>> {
        self.config.validation.metric_classes(&self.task.labels)
    }
}
