//! Sparse logistic regression as a linfa estimator.

use std::sync::Arc;

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, Axis, Slice};

use super::loss::{Loss, Targets};
use super::params::{ClassWeights, LogisticValidParams, MAX_CLASSES};
use super::solver::{self, Convergence, Problem};
use crate::error::{Error, Result};
use crate::features::matrix::Matrix;

/// Labels of one-per-label fits that share their passes; more are fitted in turns.
const LABELS_AT_ONCE: usize = 32;

/// A fitted logistic regression: one score column a class (multinomial) or label (binary, one per label).
#[derive(Debug, Clone)]
pub struct SparseLogistic {
    weights: Array2<f32>,
    intercepts: Array1<f64>,
    exact: Option<Arc<Array2<f64>>>,
    convergence: Option<Convergence>,
}

impl SparseLogistic {
    /// A regression with known weights (features by columns) and intercepts (by column).
    pub fn from_weights(weights: Array2<f32>, intercepts: Array1<f64>) -> Self {
        SparseLogistic { weights, intercepts, exact: None, convergence: None }
    }

    /// Weights, features by score columns.
    pub fn weights(&self) -> &Array2<f32> {
        &self.weights
    }

    /// Intercept of each score column.
    pub fn intercepts(&self) -> &Array1<f64> {
        &self.intercepts
    }

    /// How the fit ended; `None` if the weights were given.
    pub fn convergence(&self) -> Option<Convergence> {
        self.convergence
    }

    /// The solver's weights with the intercepts in the last row, to start another fit from; `None` if the weights were given.
    pub fn start(&self) -> Option<Arc<Array2<f64>>> {
        self.exact.clone()
    }
}

/// Single-label: the class index of each row. A multinomial regression with one score column a class.
impl Fit<Matrix, Array1<usize>, Error> for LogisticValidParams {
    type Object = SparseLogistic;

    fn fit(&self, dataset: &DatasetBase<Matrix, Array1<usize>>) -> Result<SparseLogistic> {
        let rows = dataset.records.rows();
        let row_weights = checked_weights(dataset, dataset.targets.len())?;
        if self.classes > MAX_CLASSES {
            return Err(Error::TrainingData(format!(
                "{} labels in a single-label task; at most {MAX_CLASSES} are supported",
                self.classes
            )));
        }
        let mut totals = vec![0.0f64; self.classes];
        for (&class, &weight) in dataset.targets.iter().zip(&row_weights) {
            let Some(total) = totals.get_mut(class) else {
                return Err(Error::TrainingData(format!("class {class} where there are {}", self.classes)));
            };
            *total += f64::from(weight);
        }
        let all: f64 = totals.iter().sum();
        let present = totals.iter().filter(|&&t| t > 0.0).count().max(1) as f64;
        let loss = Loss {
            targets: Targets::Classes(dataset.targets.iter().map(|&c| c as u32).collect()),
            classes: self.classes,
            row_weights,
            positive_weights: totals.iter().map(|&t| self.class_weight(all, present, t)).collect(),
            negative_weights: Vec::new(),
        };
        debug_assert_eq!(rows, loss.row_weights.len());
        self.fit_columns(&dataset.records, &loss, 0)
    }
}

/// Multi-label: whether each row (first axis) has each label (second axis). One binary regression a label.
impl Fit<Matrix, Array2<bool>, Error> for LogisticValidParams {
    type Object = SparseLogistic;

    fn fit(&self, dataset: &DatasetBase<Matrix, Array2<bool>>) -> Result<SparseLogistic> {
        let row_weights = checked_weights(dataset, dataset.targets.nrows())?;
        if dataset.targets.ncols() != self.classes {
            return Err(Error::TrainingData(format!(
                "{} label columns where {} labels are expected",
                dataset.targets.ncols(),
                self.classes
            )));
        }
        let all: f64 = row_weights.iter().map(|&w| f64::from(w)).sum();
        let mut fits = Vec::new();
        for from in (0..self.classes).step_by(LABELS_AT_ONCE) {
            let labels = from..self.classes.min(from + LABELS_AT_ONCE);
            let flags = dataset.targets.slice_axis(Axis(1), Slice::from(labels.clone()));
            let mut positive = vec![0.0f64; labels.len()];
            for (row, weight) in flags.rows().into_iter().zip(&row_weights) {
                for (total, _) in positive.iter_mut().zip(row).filter(|(_, flag)| **flag) {
                    *total += f64::from(*weight);
                }
            }
            let loss = Loss {
                targets: Targets::Flags(flags.iter().copied().collect()),
                classes: labels.len(),
                row_weights: row_weights.clone(),
                positive_weights: positive.iter().map(|&t| self.class_weight(all, 2.0, t)).collect(),
                negative_weights: positive.iter().map(|&t| self.class_weight(all, 2.0, all - t)).collect(),
            };
            fits.push(self.fit_columns(&dataset.records, &loss, from)?);
        }
        join_columns(fits)
    }
}

/// Raw scores: rows by score columns.
impl PredictInplace<Matrix, Array2<f64>> for SparseLogistic {
    fn predict_inplace(&self, records: &Matrix, scores: &mut Array2<f64>) {
        assert_eq!(records.columns(), self.weights.nrows(), "the matrix has other features than the regression");
        let columns = self.weights.ncols();
        let weights = self.weights.as_slice().expect("weights are in standard layout");
        for (row, mut scores) in scores.rows_mut().into_iter().enumerate() {
            scores.assign(&self.intercepts);
            let scores = scores.as_slice_mut().expect("scores are in standard layout");
            let (indices, values) = records.row(row);
            for (&index, &value) in indices.iter().zip(values) {
                let weights = &weights[index as usize * columns..][..columns];
                for (score, &weight) in scores.iter_mut().zip(weights) {
                    *score += f64::from(value) * f64::from(weight);
                }
            }
        }
    }

    fn default_target(&self, records: &Matrix) -> Array2<f64> {
        Array2::zeros((records.rows(), self.weights.ncols()))
    }
}

impl LogisticValidParams {
    fn class_weight(&self, all: f64, classes: f64, total: f64) -> f32 {
        match self.class_weights {
            ClassWeights::None => 1.0,
            // A class without rows weighs nothing anyway.
            ClassWeights::Balanced if total > 0.0 => (all / (classes * total)) as f32,
            ClassWeights::Balanced => 1.0,
        }
    }

    /// Fits the columns of `loss`, which begin at column `from` of the starting weights.
    fn fit_columns(&self, records: &Matrix, loss: &Loss, from: usize) -> Result<SparseLogistic> {
        let features = records.columns();
        if let Some(factors) = &self.penalty_factors
            && factors.len() != features
        {
            return Err(Error::Config(format!(
                "`penalty_factors` of the logistic regression must have one number a feature, {features}. Got {}",
                factors.len()
            )));
        }
        let mut penalties: Vec<f32> = match &self.penalty_factors {
            Some(factors) => factors.iter().map(|f| f * self.alpha as f32).collect(),
            None => vec![self.alpha as f32; features],
        };
        penalties.push(0.0);
        let by_column = records.by_column();
        let problem = Problem {
            records,
            transposed: &by_column,
            loss,
            penalties: &penalties,
            tolerance: self.tolerance,
            max_iterations: self.max_iterations,
        };
        Ok(match loss.classes {
            1 => self.run::<1>(&problem, from),
            2 => self.run::<2>(&problem, from),
            3..=4 => self.run::<4>(&problem, from),
            5..=8 => self.run::<8>(&problem, from),
            9..=16 => self.run::<16>(&problem, from),
            17..=32 => self.run::<32>(&problem, from),
            33..=64 => self.run::<64>(&problem, from),
            _ => self.run::<MAX_CLASSES>(&problem, from),
        })
    }

    fn run<const L: usize>(&self, problem: &Problem, from: usize) -> SparseLogistic {
        let classes = problem.loss.classes;
        let rows = problem.records.columns() + 1;
        let mut start = vec![[0.0; L]; rows];
        if let Some(initial) = self.initial.as_ref().filter(|i| i.nrows() == rows && i.ncols() >= from + classes) {
            for (lanes, weights) in start.iter_mut().zip(initial.rows()) {
                for k in 0..classes {
                    lanes[k] = weights[from + k];
                }
            }
        }
        let (solution, convergence) = solver::solve(problem, start);
        let exact = Array2::from_shape_fn((rows, classes), |(j, k)| solution[j][k]);
        from_exact(exact, Some(convergence))
    }
}

fn from_exact(exact: Array2<f64>, convergence: Option<Convergence>) -> SparseLogistic {
    let features = exact.nrows() - 1;
    SparseLogistic {
        weights: exact.slice_axis(Axis(0), Slice::from(..features)).mapv(|w| w as f32),
        intercepts: exact.row(features).to_owned(),
        exact: Some(Arc::new(exact)),
        convergence,
    }
}

/// Puts fits of neighbouring columns side by side.
fn join_columns(fits: Vec<SparseLogistic>) -> Result<SparseLogistic> {
    let convergence = fits.iter().filter_map(|f| f.convergence).reduce(|a, b| Convergence {
        converged: a.converged && b.converged,
        iterations: a.iterations.max(b.iterations),
        passes: a.passes + b.passes,
        gradient: a.gradient.max(b.gradient),
    });
    let parts: Vec<_> = fits.iter().filter_map(|f| f.exact.as_ref()).map(|e| e.view()).collect();
    let exact =
        ndarray::concatenate(Axis(1), &parts).map_err(|e| Error::TrainingData(format!("no label to fit: {e}")))?;
    Ok(from_exact(exact.as_standard_layout().into_owned(), convergence))
}

fn checked_weights<T>(dataset: &DatasetBase<Matrix, T>, targets: usize) -> Result<Vec<f32>> {
    let rows = dataset.records.rows();
    if rows == 0 {
        return Err(Error::TrainingData("no rows to fit".into()));
    }
    if targets != rows {
        return Err(Error::TrainingData(format!("{targets} targets for {rows} rows")));
    }
    match dataset.weights.len() {
        0 => Ok(vec![1.0; rows]),
        n if n == rows => Ok(dataset.weights.to_vec()),
        n => Err(Error::TrainingData(format!("{n} row weights for {rows} rows"))),
    }
}
