//! One task: fits on training parts, choices inside them, scores of held-out rows.
//!
//! Everything here is nested: what is chosen for an outer training part (strength of the penalty, class weights, calibrator,
//! biases or thresholds) is chosen on inner splits of that part alone.

use std::sync::Arc;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::calibration::Calibrator;
use crate::config::{Config, Search};
use crate::decision::{self, Decision, DecisionRule};
use crate::error::{Error, Result};
use crate::features::layout::{Block, Layout};
use crate::features::weighting::RawRows;
use crate::features::{FeatureConfig, Matrix};
use crate::labels::TaskKind;
use crate::linear::{ClassWeights, LogisticParams, SparseLogistic};
use crate::metrics::{Judged, Metric, Tally};
use crate::task::TaskRows;
use crate::validation::Folds;

/// Tolerance of fits that only rank candidates.
const RANKING_TOLERANCE: f64 = 2e-2;
/// Tolerance of fits whose scores of held-out rows are used: beyond this, macro-F1 no longer moves.
const FOLD_TOLERANCE: f64 = 1e-2;
/// Inner splits hold out about so many rows in all, as far as five splits go.
const INNER_ROWS: usize = 500;
/// `quick` ranks candidates on at most so many rows.
const QUICK_ROWS: usize = 8_000;

/// What is chosen by validation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Strength of the L2 penalty.
    pub alpha: f64,
    /// How much a comment counts by its label.
    pub class_weights: ClassWeights,
}

/// A candidate and how well it did on inner splits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The candidate.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// Mean of the validation metric.
    pub score: f64,
    /// Inner splits it was tried on.
    pub splits: usize,
}

/// A fitted calibrator and decision rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// Scores to probabilities.
    pub calibrator: Calibrator,
    /// Probabilities to labels.
    pub rule: DecisionRule,
}

impl Finish {
    /// Probabilities of all labels from one row's scores.
    pub fn probabilities(&self, scores: ndarray::ArrayView1<f64>) -> Vec<f64> {
        let mut p = self.calibrator.probabilities(scores);
        // A two-class task has one column, its second label's.
        if self.rule.labels() == 2 && p.len() == 1 {
            p.insert(0, 1.0 - p[0]);
        }
        p
    }
}

/// Held-out scores of every labelled row, and what led to them.
pub struct OutOfFold {
    /// Fold of each row.
    pub folds: Folds,
    /// Calibrated probabilities, rows by labels.
    pub probabilities: Array2<f64>,
    /// True and predicted classes.
    pub judged: Vec<Judged>,
    /// Raw scores, the candidate they came from and the weights that gave them, by fold.
    parts: Vec<FoldFit>,
    /// All trials of all folds.
    trials: Vec<Trial>,
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
    /// Group of each labelled row; inner splits keep groups whole.
    pub groups: &'w [u32],
    /// Tells that a step of the work is done.
    pub step: &'w (dyn Fn() + Sync),
}

/// One fold's fit.
struct FoldFit {
    candidate: Candidate,
    scores: Array2<f64>,
    start: Option<Arc<Array2<f64>>>,
}

/// What inner splits of a training part led to.
struct Choice {
    candidate: Candidate,
    trials: Vec<Trial>,
    finish: Finish,
    /// Weights of an inner fit of the candidate, which saw nothing outside the training part.
    start: Option<Arc<Array2<f64>>>,
}

/// An inner split, weighed.
struct InnerSplit {
    part: Part,
    judge_on: Vec<usize>,
    /// The held-out rows.
    matrix: Matrix,
}

/// One candidate on one inner split.
struct Tried {
    trial: Trial,
    /// The held-out rows and their raw scores.
    rows: Vec<usize>,
    scores: Array2<f64>,
    start: Option<Arc<Array2<f64>>>,
}

/// A training part, weighed, ready to be fitted again and again.
struct Part {
    idf: Vec<f32>,
    data: Data,
    factors: Arc<Vec<f32>>,
}

enum Data {
    Classes(DatasetBase<Matrix, Array1<usize>>),
    Flags(DatasetBase<Matrix, Array2<bool>>),
}

impl Workbench<'_> {
    /// Predicts each fold with a model that never saw it, all choices made inside the other folds.
    pub fn cross_validate(&self, folds: Folds) -> Result<OutOfFold> {
        let task = self.task;
        let count = task.rows.len();
        let mut probabilities = Array2::zeros((count, task.labels.len()));
        let mut judged = vec![Judged::default(); count];
        let mut parts = Vec::new();
        let mut trials = Vec::new();
        for fold in 0..folds.count() {
            let (train, held) = folds.split(fold);
            let Choice { candidate, trials: inner, finish, start } = self.choose(&train, fold as u64)?;
            let part = self.part(&train);
            let regression = self.fit(&part, candidate, start, FOLD_TOLERANCE)?;
            let scores = self.score(&part, &regression, &held);
            for (i, &row) in held.iter().enumerate() {
                let p = finish.probabilities(scores.row(i));
                judged[row] = Judged {
                    gold: task.gold[row].clone(),
                    predicted: finish.rule.decide(&p),
                    weight: task.weights[row],
                };
                probabilities.row_mut(row).assign(&ndarray::ArrayView1::from(&p));
            }
            parts.push(FoldFit { candidate, scores, start: regression.start() });
            trials.extend(inner);
            (self.step)();
        }
        Ok(OutOfFold { folds, probabilities, judged, parts, trials })
    }

    /// Chooses for all rows from what the folds' inner splits showed, fits on all rows, and finishes on out-of-fold scores.
    pub fn fit_all(&self, out_of_fold: &OutOfFold) -> Result<(Candidate, Vec<Trial>, SparseLogistic, Finish)> {
        let trials = merge(&out_of_fold.trials);
        let candidate = best(&trials).unwrap_or_else(|| self.fixed());
        let all: Vec<usize> = (0..self.task.rows.len()).collect();
        let part = self.part(&all);
        let start = out_of_fold.parts.last().and_then(|p| p.start.clone());
        let regression = self.fit(&part, candidate, start, self.config.training.tolerance)?;
        let mut scores = Array2::zeros((all.len(), self.task.score_columns()));
        for (fold, fold_fit) in out_of_fold.parts.iter().enumerate() {
            let (train, held) = out_of_fold.folds.split(fold);
            // The calibrator must see scores of the kind it will be given.
            let fold_scores = if fold_fit.candidate == candidate {
                fold_fit.scores.clone()
            } else {
                let part = self.part(&train);
                let regression = self.fit(&part, candidate, fold_fit.start.clone(), FOLD_TOLERANCE)?;
                self.score(&part, &regression, &held)
            };
            for (i, &row) in held.iter().enumerate() {
                scores.row_mut(row).assign(&fold_scores.row(i));
            }
        }
        let finish = self.finish(&scores, &all)?;
        (self.step)();
        Ok((candidate, trials, regression, finish))
    }

    fn fixed(&self) -> Candidate {
        Candidate { alpha: self.config.training.alpha, class_weights: self.config.training.class_weights }
    }

    /// The best candidate for a training part by inner splits of it, with calibrator and rule from the rows they hold out.
    fn choose(&self, train: &[usize], seed: u64) -> Result<Choice> {
        let training = &self.config.training;
        let thorough = training.search == Search::Thorough;
        let rows =
            if thorough || training.search == Search::None { train.to_vec() } else { self.subsample(train, seed) };
        let folds = self.inner_folds(&rows, seed)?;
        let splits = if thorough { folds.count() } else { inner_splits(rows.len()).min(folds.count()) };
        let mut tried = Vec::new();
        for split in 0..splits {
            let (fit_on, judge_on) = folds.split(split);
            let fit_on: Vec<usize> = fit_on.into_iter().map(|i| rows[i]).collect();
            let judge_on: Vec<usize> = judge_on.into_iter().map(|i| rows[i]).collect();
            self.try_candidates(&fit_on, judge_on, &mut tried)?;
            (self.step)();
        }
        let searched = training.search != Search::None;
        let trials: Vec<Trial> = tried.iter().map(|t| t.trial).filter(|_| searched).collect();
        let candidate = best(&merge(&trials)).unwrap_or_else(|| self.fixed());
        if rows.len() < train.len() {
            // Chosen on a sample; calibrator and rule need scores of a model of (nearly) the real size.
            let folds = self.inner_folds(train, seed)?;
            let (fit_on, judge_on) = folds.split(0);
            let fit_on: Vec<usize> = fit_on.into_iter().map(|i| train[i]).collect();
            let judge_on: Vec<usize> = judge_on.into_iter().map(|i| train[i]).collect();
            tried.clear();
            self.try_path(&self.split(&fit_on, judge_on), &[candidate], &mut tried)?;
        }
        let chosen: Vec<Tried> = tried.into_iter().filter(|t| t.trial.candidate == candidate).collect();
        let views: Vec<_> = chosen.iter().map(|t| t.scores.view()).collect();
        let scores = ndarray::concatenate(ndarray::Axis(0), &views)
            .map_err(|_| Error::TrainingData(format!("`{}` has too few rows for validation", self.task.name)))?;
        let held: Vec<usize> = chosen.iter().flat_map(|t| t.rows.iter().copied()).collect();
        let finish = self.finish(&scores, &held)?;
        let start = chosen.into_iter().next_back().and_then(|t| t.start);
        Ok(Choice { candidate, trials, finish, start })
    }

    /// Tries what the search level asks for on one inner split.
    fn try_candidates(&self, fit_on: &[usize], judge_on: Vec<usize>, tried: &mut Vec<Tried>) -> Result<()> {
        let training = &self.config.training;
        let mut alphas = training.alphas.clone();
        alphas.sort_unstable_by(|a, b| b.total_cmp(a));
        let split = self.split(fit_on, judge_on);
        let path = |class_weights| alphas.iter().map(move |&alpha| Candidate { alpha, class_weights });
        if training.search == Search::None {
            return self.try_path(&split, &[self.fixed()], tried);
        }
        // From strong to weak penalties and back again, so that each fit starts near the last.
        let mut candidates: Vec<Candidate> = path(ClassWeights::Balanced).collect();
        candidates.extend(match training.search {
            Search::Thorough => path(ClassWeights::None).rev().collect::<Vec<_>>(),
            // Thresholds do for a label what class weights do.
            _ if self.task.kind == TaskKind::MultiLabel => Vec::new(),
            // One look at the other weighting, at the same strength on every split, so that all trials compare.
            _ => path(ClassWeights::None).skip(alphas.len() / 2).take(1).collect(),
        });
        self.try_path(&split, &candidates, tried)
    }

    /// Weighs an inner split.
    fn split(&self, fit_on: &[usize], judge_on: Vec<usize>) -> InnerSplit {
        let part = self.part(fit_on);
        InnerSplit { matrix: self.weigh(&part, &judge_on), part, judge_on }
    }

    /// Fits candidates one after the other, each from the last one's weights, and judges each on the held-out rows.
    fn try_path(&self, split: &InnerSplit, candidates: &[Candidate], tried: &mut Vec<Tried>) -> Result<()> {
        let tolerance = if candidates.len() > 1 { RANKING_TOLERANCE } else { FOLD_TOLERANCE };
        let mut start = tried.last().filter(|t| t.rows == split.judge_on).and_then(|t| t.start.clone());
        for &candidate in candidates {
            let regression = self.fit(&split.part, candidate, start.take(), tolerance)?;
            let mut scores = regression.default_target(&split.matrix);
            regression.predict_inplace(&split.matrix, &mut scores);
            let score = self.ranking_score(&scores, &split.judge_on)?;
            start = regression.start();
            let trial = Trial { candidate, score, splits: 1 };
            tried.push(Tried { trial, rows: split.judge_on.clone(), scores, start: start.clone() });
        }
        Ok(())
    }

    /// Fits calibrator and rule to held-out scores.
    fn finish(&self, scores: &Array2<f64>, rows: &[usize]) -> Result<Finish> {
        let task = self.task;
        let calibrator = if task.is_joint() {
            Calibrator::fit_classes(scores.view(), &task.classes(rows))?
        } else {
            Calibrator::fit_flags(scores.view(), task.flags(rows).view())?
        };
        let labels = task.labels.len();
        let single = task.kind == TaskKind::SingleLabel;
        let neutral = if single {
            DecisionRule::Biases(vec![0.0; labels])
        } else {
            DecisionRule::Thresholds { thresholds: vec![0.5; labels], at_least_one: task.always_labelled() }
        };
        let mut finish = Finish { calibrator, rule: neutral };
        if task.decision == Decision::Argmax {
            return Ok(finish);
        }
        let mut probabilities = Array2::zeros((rows.len(), labels));
        for (mut out, scores) in probabilities.rows_mut().into_iter().zip(scores.rows()) {
            out.assign(&ndarray::ArrayView1::from(&finish.probabilities(scores)));
        }
        let weights = task.weights(rows);
        finish.rule = if single {
            decision::tune_biases(&probabilities, &task.classes(rows), &weights, self.metric(), self.over().as_deref())
        } else {
            decision::tune_thresholds(&probabilities, &task.flags(rows), &weights, task.always_labelled())
        };
        Ok(finish)
    }

    /// How a candidate ranks: the validation metric of its scores with the calibrator and rule that fit them best.
    fn ranking_score(&self, scores: &Array2<f64>, rows: &[usize]) -> Result<f64> {
        let finish = self.finish(scores, rows)?;
        let mut tally = Tally::new(self.task.labels.len());
        for (&row, scores) in rows.iter().zip(scores.rows()) {
            tally.add(&Judged {
                gold: self.task.gold[row].clone(),
                predicted: finish.rule.decide(&finish.probabilities(scores)),
                weight: self.task.weights[row],
            });
        }
        Ok(tally.metric(self.metric(), self.over().as_deref()))
    }

    fn metric(&self) -> Metric {
        self.config.validation.metric
    }

    fn over(&self) -> Option<Vec<usize>> {
        self.config.validation.metric_classes(&self.task.labels)
    }

    /// Weighs a training part: idf of every comment but the held-out ones, whether labelled for this task or not.
    fn part(&self, train: &[usize]) -> Part {
        let task = self.task;
        // Labelled rows outside the part are held out, here or in an outer fold.
        let mut is_seen = vec![true; self.raw.len()];
        task.rows.iter().for_each(|&row| is_seen[row] = false);
        train.iter().for_each(|&r| is_seen[task.rows[r]] = true);
        let seen: Vec<usize> = (0..self.raw.len()).filter(|&row| is_seen[row]).collect();
        let features = &self.config.features;
        let idf = self.raw.idf(self.layout, &seen, |block| min_df(features, block));
        let rows: Vec<usize> = train.iter().map(|&r| task.rows[r]).collect();
        let matrix = self.raw.weigh(self.layout, &idf, &rows, &used_blocks(features));
        let weights: Array1<f32> = train.iter().map(|&r| task.weights[r] as f32).collect();
        let data = if task.is_joint() {
            Data::Classes(DatasetBase::new(matrix, Array1::from(task.classes(train))).with_weights(weights))
        } else {
            Data::Flags(DatasetBase::new(matrix, task.flags(train)).with_weights(weights))
        };
        Part { idf, data, factors: Arc::new(penalty_factors(features, self.layout)) }
    }

    fn weigh(&self, part: &Part, rows: &[usize]) -> Matrix {
        let rows: Vec<usize> = rows.iter().map(|&r| self.task.rows[r]).collect();
        self.raw.weigh(self.layout, &part.idf, &rows, &used_blocks(&self.config.features))
    }

    fn score(&self, part: &Part, regression: &SparseLogistic, rows: &[usize]) -> Array2<f64> {
        let matrix = self.weigh(part, rows);
        let mut scores = regression.default_target(&matrix);
        regression.predict_inplace(&matrix, &mut scores);
        scores
    }

    fn fit(
        &self,
        part: &Part,
        candidate: Candidate,
        start: Option<Arc<Array2<f64>>>,
        tolerance: f64,
    ) -> Result<SparseLogistic> {
        let mut params = LogisticParams::new(self.task.score_columns())
            .alpha(candidate.alpha)
            .class_weights(candidate.class_weights)
            .penalty_factors(part.factors.clone())
            .tolerance(tolerance)
            .max_iterations(self.config.training.max_iterations);
        if let Some(start) = start {
            params = params.initial(start);
        }
        let params = params.check()?;
        match &part.data {
            Data::Classes(data) => params.fit(data),
            Data::Flags(data) => params.fit(data),
        }
    }

    fn inner_folds(&self, rows: &[usize], seed: u64) -> Result<Folds> {
        if rows.len() < 2 {
            return Err(Error::TrainingData(format!(
                "`{}`: {} labelled rows are too few to hold some out twice: label more comments",
                self.task.name,
                self.task.rows.len()
            )));
        }
        let mut groups = crate::metrics::number_clusters(rows.iter().map(|&r| self.groups[r]));
        if groups.iter().all(|&g| g == groups[0]) {
            // What is left of two groups when one is held out: rows then are all that can be told apart.
            groups = (0..rows.len() as u32).collect();
        }
        let gold: Vec<Vec<usize>> = rows.iter().map(|&r| self.task.gold[r].clone()).collect();
        let seed = self.config.validation.seed.wrapping_mul(1_000_003).wrapping_add(seed + 1);
        Ok(Folds::stratified(&groups, &gold, self.task.labels.len(), 5, seed))
    }

    /// At most [`QUICK_ROWS`] rows, whole groups, stratified.
    fn subsample(&self, rows: &[usize], seed: u64) -> Vec<usize> {
        let parts = rows.len().div_ceil(QUICK_ROWS);
        if parts <= 1 {
            return rows.to_vec();
        }
        let groups = crate::metrics::number_clusters(rows.iter().map(|&r| self.groups[r]));
        let gold: Vec<Vec<usize>> = rows.iter().map(|&r| self.task.gold[r].clone()).collect();
        let folds = Folds::stratified(&groups, &gold, self.task.labels.len(), parts, seed.wrapping_add(77));
        folds.split(0).1.into_iter().map(|i| rows[i]).collect()
    }
}

/// Steps that [`Workbench`] tells of in one cross-validation over a number of rows.
pub fn steps(rows: usize, config: &Config) -> usize {
    let folds = config.validation.folds;
    let splits = match config.training.search {
        Search::Thorough => 5,
        _ => inner_splits(rows * (folds - 1) / folds),
    };
    folds * (splits + 1)
}

/// How many of five inner splits are used, so that enough rows are held out in all.
fn inner_splits(rows: usize) -> usize {
    (INNER_ROWS * 5).div_ceil(rows.max(1)).clamp(1, 5)
}

/// Averages the trials of each candidate, in the order in which candidates were first tried.
fn merge(trials: &[Trial]) -> Vec<Trial> {
    let mut merged: Vec<Trial> = Vec::new();
    for trial in trials {
        match merged.iter_mut().find(|t| t.candidate == trial.candidate) {
            Some(t) => {
                let splits = t.splits + trial.splits;
                t.score = (t.score * t.splits as f64 + trial.score * trial.splits as f64) / splits as f64;
                t.splits = splits;
            }
            None => merged.push(*trial),
        }
    }
    merged
}

/// The candidate with the best mean; every candidate was tried on the same splits. Ties go to the one tried first.
fn best(trials: &[Trial]) -> Option<Candidate> {
    trials.iter().reduce(|best, trial| if trial.score > best.score { trial } else { best }).map(|t| t.candidate)
}

/// Fewest comments of a term, by block.
pub fn min_df(features: &FeatureConfig, block: Block) -> usize {
    match block {
        Block::Words => features.words.min_df,
        Block::Chars => features.chars.min_df,
        Block::TargetWords => features.target_words.min_df,
        Block::Style | Block::Similarity => 1,
    }
}

/// Blocks with a weight.
pub fn used_blocks(features: &FeatureConfig) -> [bool; Block::ALL.len()] {
    Block::ALL.map(|block| features.weight(block) > 0.0)
}

/// A block's weight as a factor on its columns' penalty: learning with values times `w` is learning with a penalty times `1 / w^2`.
fn penalty_factors(features: &FeatureConfig, layout: &Layout) -> Vec<f32> {
    let mut factors = vec![1.0; layout.columns()];
    for block in Block::ALL {
        let weight = features.weight(block);
        if weight > 0.0 {
            factors[layout.range(block)].fill((1.0 / (weight * weight)) as f32);
        }
    }
    factors
}
