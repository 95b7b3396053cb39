//! Sparse logistic regression as a linfa estimator.

use std::sync::Arc;

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use super::dual;
use super::kernels::{centre, vectorised};
use super::loss::{Loss, Targets};
use super::params::{ClassWeights, LogisticValidParams, MAX_CLASSES};
use super::solver::{self, Convergence, Problem};
use crate::error::{Error, Result};
use crate::features::matrix::Matrix;

/// Labels of one-per-label fits that share their passes; further ones are fitted beside them.
const LABELS_AT_ONCE: usize = 8;

/// A function with the least number of lanes that holds so many columns.
macro_rules! with_lanes {
    ($columns:expr, $function:ident) => {
        match $columns {
            1 => $function::<1>,
            2 => $function::<2>,
            3 => $function::<3>,
            4 => $function::<4>,
            5..=8 => $function::<8>,
            9..=16 => $function::<16>,
            17..=32 => $function::<32>,
            33..=64 => $function::<64>,
            _ => $function::<MAX_CLASSES>,
        }
    };
}

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
        // Scoring reads the weights of a feature side by side, whatever order their maker put them in memory.
        let weights = if weights.is_standard_layout() { weights } else { weights.as_standard_layout().into_owned() };
        SparseLogistic { weights, intercepts, exact: None, convergence: None }
    }

    /// The regression whose scores are sums over these scores: `by` tells what each (second axis) takes of which (first axis).
    pub fn mixed(&self, by: &Array2<f64>) -> Self {
        // One number after the other: bits do not depend on the processor.
        let weights = Array2::from_shape_fn((self.weights.nrows(), by.ncols()), |(feature, to)| {
            let parts = self.weights.row(feature).into_iter().zip(by.column(to));
            parts.map(|(&weight, share)| f64::from(weight) * share).sum::<f64>() as f32
        });
        let intercept =
            |to| self.intercepts.iter().zip(by.column(to)).map(|(intercept, share)| intercept * share).sum();
        SparseLogistic::from_weights(weights, Array1::from_shape_fn(by.ncols(), intercept))
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
        let groups: Vec<usize> = (0..self.classes).step_by(LABELS_AT_ONCE).collect();
        let fit = |&from: &usize| {
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
            self.fit_columns(&dataset.records, &loss, from)
        };
        join_columns(groups.par_iter().map(fit).collect::<Result<_>>()?)
    }
}

/// Raw scores: rows by score columns.
impl PredictInplace<Matrix, Array2<f64>> for SparseLogistic {
    fn predict_inplace(&self, records: &Matrix, scores: &mut Array2<f64>) {
        assert_eq!(records.columns(), self.weights.nrows(), "the matrix has other features than the regression");
        let columns = self.weights.ncols();
        let weights = self.weights.as_slice().expect("weights are in standard layout");
        vectorised(
            #[inline(always)]
            || {
                for (row, mut scores) in scores.rows_mut().into_iter().enumerate() {
                    scores.assign(&self.intercepts);
                    let scores = scores.as_slice_mut().expect("scores are in standard layout");
                    for (group, scores) in scores.chunks_mut(WIDEST).enumerate() {
                        let from = group * WIDEST;
                        let (row, weights) = (records.row(row), &weights[from..]);
                        match scores.len() {
                            1 => add_products::<1>(row, weights, columns, scores),
                            2 => add_products::<2>(row, weights, columns, scores),
                            3 => add_products::<3>(row, weights, columns, scores),
                            4 => add_products::<4>(row, weights, columns, scores),
                            5 => add_products::<5>(row, weights, columns, scores),
                            6 => add_products::<6>(row, weights, columns, scores),
                            7 => add_products::<7>(row, weights, columns, scores),
                            _ => add_products::<WIDEST>(row, weights, columns, scores),
                        }
                    }
                }
            },
        );
    }

    fn default_target(&self, records: &Matrix) -> Array2<f64> {
        Array2::zeros((records.rows(), self.weights.ncols()))
    }
}

/// Score columns that are summed side by side, in registers.
const WIDEST: usize = 8;

/// Adds a row's values times their weights to `L` scores; `weights` begins at the first of them and goes on by `stride` a feature.
#[inline(always)]
fn add_products<const L: usize>(row: (&[u32], &[f32]), weights: &[f32], stride: usize, scores: &mut [f64]) {
    let mut sums: [f64; L] = std::array::from_fn(|l| scores[l]);
    for (&column, &value) in row.0.iter().zip(row.1) {
        let weights = &weights[column as usize * stride..][..L];
        for l in 0..L {
            sums[l] += f64::from(value) * f64::from(weights[l]);
        }
    }
    scores.copy_from_slice(&sums);
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
        if let Some(prior) = &self.prior
            && prior.nrows() != features
        {
            return Err(Error::Config(format!(
                "`prior` of the logistic regression must have one row a feature, {features}. Got {}",
                prior.nrows()
            )));
        }
        let mut penalties: Vec<f32> = match &self.penalty_factors {
            Some(factors) => factors.iter().map(|f| f * self.alpha as f32).collect(),
            None => vec![self.alpha as f32; features],
        };
        penalties.push(0.0);
        let classes = loss.classes;
        let mut exact = Array2::zeros((features + 1, classes));
        if let Some(initial) = self.initial.as_ref().filter(|i| i.nrows() == features + 1) {
            exact.assign(&initial.slice_axis(Axis(1), Slice::from(from..from + classes)));
        }
        let prior = self.prior.as_ref().map(|prior| prior.slice_axis(Axis(1), Slice::from(from..from + classes)));
        let problem = Problem {
            records,
            loss,
            penalties: &penalties,
            tolerance: self.tolerance,
            max_iterations: self.max_iterations,
        };
        let ascend = with_lanes!(classes, ascend);
        let (mut total, open) = ascend(&problem, prior.as_ref(), &mut exact);
        if !open.is_empty() {
            let labels: Vec<usize> = open.iter().map(|&(column, _)| column).collect();
            let some = (labels.len() < classes).then(|| loss.of_labels(&labels));
            let problem = Problem { loss: some.as_ref().unwrap_or(loss), ..problem };
            let solve = with_lanes!(open.len(), solve);
            total = together(total, solve(&problem, &open, prior.as_ref(), &mut exact));
        }
        Ok(from_exact(exact, Some(total)))
    }
}

/// A column that is left to the solver, and the gradient norm at zero weights that its tolerance refers to.
type Open = (usize, f64);

/// Moves weights (features, then the intercept) as far as dual coordinate ascent easily takes them. Gives the columns for which that is not
/// to the end.
fn ascend<const L: usize>(
    problem: &Problem,
    prior: Option<&ArrayView2<f64>>,
    weights: &mut Array2<f64>,
) -> (Convergence, Vec<Open>) {
    let columns: Vec<usize> = (0..problem.loss.classes).collect();
    let (start, prior) = from_columns::<L>(problem, &columns, prior, weights);
    let ascent = dual::ascend(problem, start, &prior);
    to_columns(&ascent.weights, &columns, weights);
    let (done, open): (Vec<usize>, Vec<usize>) =
        columns.into_iter().partition(|&l| ascent.gradient[l] <= problem.tolerance);
    let convergence = Convergence {
        converged: true,
        iterations: ascent.epochs,
        passes: ascent.passes,
        gradient: done.into_iter().map(|l| ascent.gradient[l]).fold(0.0, f64::max),
    };
    (convergence, open.into_iter().map(|l| (l, ascent.scale[l])).collect())
}

/// Moves some columns of the weights to the solution by Newton's method.
fn solve<const L: usize>(
    problem: &Problem,
    open: &[Open],
    prior: Option<&ArrayView2<f64>>,
    weights: &mut Array2<f64>,
) -> Convergence {
    let columns: Vec<usize> = open.iter().map(|&(column, _)| column).collect();
    let (start, prior) = from_columns::<L>(problem, &columns, prior, weights);
    let scale = std::array::from_fn(|l| open.get(l).map_or(0.0, |&(_, scale)| scale));
    let solution = solver::solve(problem, &problem.records.by_column(), start, &prior, &scale);
    to_columns(&solution.weights, &columns, weights);
    solution.convergence
}

/// Some columns of weights and of the prior, which may be none, side by side. Those of a joint problem without a shift that all classes
/// share: what follows keeps the sum over the classes.
fn from_columns<const L: usize>(
    problem: &Problem,
    columns: &[usize],
    prior: Option<&ArrayView2<f64>>,
    weights: &Array2<f64>,
) -> (Vec<[f64; L]>, Vec<[f64; L]>) {
    let mut start: Vec<[f64; L]> = lanes(weights.view(), columns);
    let mut prior: Vec<[f64; L]> = prior.map_or(Vec::new(), |prior| lanes(prior.view(), columns));
    if problem.loss.is_joint() {
        start.iter_mut().chain(&mut prior).for_each(|lanes| centre(&mut lanes[..columns.len()]));
    }
    (start, prior)
}

/// Puts lanes into columns.
fn to_columns<const L: usize>(lanes: &[[f64; L]], columns: &[usize], weights: &mut Array2<f64>) {
    for (lanes, mut weights) in lanes.iter().zip(weights.rows_mut()) {
        for (&lane, &column) in lanes.iter().zip(columns) {
            weights[column] = lane;
        }
    }
}

/// Some columns side by side, and zeros.
fn lanes<const L: usize>(weights: ArrayView2<f64>, columns: &[usize]) -> Vec<[f64; L]> {
    let mut all = vec![[0.0; L]; weights.nrows()];
    for (lanes, weights) in all.iter_mut().zip(weights.rows()) {
        for (lane, &column) in lanes.iter_mut().zip(columns) {
            *lane = weights[column];
        }
    }
    all
}

/// How two runs for different labels ended together.
fn together(a: Convergence, b: Convergence) -> Convergence {
    Convergence {
        converged: a.converged && b.converged,
        iterations: a.iterations.max(b.iterations),
        passes: a.passes + b.passes,
        gradient: if b.gradient.is_nan() || b.gradient > a.gradient { b.gradient } else { a.gradient },
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
    let convergence = fits.iter().filter_map(|f| f.convergence).reduce(together);
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
    if let Some(bad) = (0..rows).find(|&row| dataset.records.row(row).1.iter().any(|v| !v.is_finite())) {
        return Err(Error::TrainingData(format!("row {bad} has a feature value that is not a finite number")));
    }
    if let Some(bad) = dataset.weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        return Err(Error::TrainingData(format!("row weights must be numbers in [0, inf). Got {bad}")));
    }
    match dataset.weights.len() {
        0 => Ok(vec![1.0; rows]),
        n if n == rows => Ok(dataset.weights.to_vec()),
        n => Err(Error::TrainingData(format!("{n} row weights for {rows} rows"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::ParamGuard;

    use super::super::params::LogisticParams;

    const ROWS: usize = 40;

    fn records() -> Matrix {
        let value = |(i, j): (usize, usize)| match (7 * i + 13 * j + 5 * i * j + i * i) % 11 {
            v @ 0..5 => (v + 1) as f64 / 4.0,
            _ => 0.0,
        };
        Matrix::from_dense(Array2::from_shape_fn((ROWS, 6), value).view())
    }

    fn classes() -> Array1<usize> {
        let x = dense(&records());
        Array1::from_shape_fn(ROWS, |i| match i % 5 {
            0 => 2,
            _ if x[[i, 0]] + x[[i, 1]] > x[[i, 3]] + x[[i, 2]] => 0,
            _ => 1,
        })
    }

    fn flags() -> Array2<bool> {
        Array2::from_shape_fn((ROWS, 3), |(i, k)| (3 * i + i * i * (k + 1)) % (5 + k) < 2)
    }

    fn row_weights() -> Array1<f32> {
        Array1::from_shape_fn(ROWS, |i| (1 + i % 4) as f32 / 2.0)
    }

    #[test]
    fn mixed_scores_are_sums_over_scores() {
        let x = records();
        let weights = Array2::from_shape_fn((6, 2), |(i, k)| (i + 2 * k) as f32 / 7.0);
        let plain = SparseLogistic::from_weights(weights, Array1::from(vec![0.5, -1.0]));
        let by = Array2::from_shape_fn((2, 2), |(from, to)| (1 + from * 2 + to) as f64 / 3.0);
        let scores = |regression: &SparseLogistic| {
            let mut scores = regression.default_target(&x);
            regression.predict_inplace(&x, &mut scores);
            scores
        };
        let (mixed, expected) = (scores(&plain.mixed(&by)), scores(&plain).dot(&by));
        assert!(mixed.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    fn dense(matrix: &Matrix) -> Array2<f64> {
        let mut dense = Array2::zeros((matrix.rows(), matrix.columns()));
        for row in 0..matrix.rows() {
            let (columns, values) = matrix.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                dense[[row, column as usize]] = f64::from(value);
            }
        }
        dense
    }

    fn params(classes: usize) -> LogisticParams {
        LogisticParams::new(classes).alpha(0.5).tolerance(1e-6)
    }

    fn try_fit<T>(params: LogisticParams, records: Matrix, targets: T, weights: Array1<f32>) -> Result<SparseLogistic>
    where
        LogisticValidParams: Fit<Matrix, T, Error, Object = SparseLogistic>,
    {
        params.check()?.fit(&DatasetBase::new(records, targets).with_weights(weights))
    }

    /// A fit whose rows all weigh the same; the weights must come out finite.
    fn fit<T>(params: LogisticParams, records: &Matrix, targets: T) -> (SparseLogistic, Convergence)
    where
        LogisticValidParams: Fit<Matrix, T, Error, Object = SparseLogistic>,
    {
        let model = try_fit(params, records.clone(), targets, Array1::ones(records.rows())).unwrap();
        assert_finite(&model);
        let convergence = model.convergence().unwrap();
        (model, convergence)
    }

    fn assert_finite(model: &SparseLogistic) {
        assert!(model.weights().iter().all(|w| w.is_finite()));
        assert!(model.intercepts().iter().all(|w| w.is_finite()));
        assert!(model.convergence().unwrap().gradient.is_finite());
    }

    /// Expected: a row a score column, the intercepts in the last row. A multinomial's intercepts are free up to a constant;
    /// scikit-learn's sum to 0.
    fn assert_close(model: &SparseLogistic, expected: [[f64; 3]; 7]) {
        let joint = expected[6].iter().sum::<f64>().abs() < 1e-6;
        let shift = if joint { model.intercepts().sum() / 3.0 } else { 0.0 };
        for k in 0..3 {
            for (j, row) in expected[..6].iter().enumerate() {
                let weight = f64::from(model.weights()[[j, k]]);
                assert!((weight - row[k]).abs() < 2e-5, "feature {j}, column {k}: {weight}, expected {}", row[k]);
            }
            let intercept = model.intercepts()[k] - shift;
            assert!((intercept - expected[6][k]).abs() < 2e-5, "column {k}: {intercept}, expected {}", expected[6][k]);
        }
        assert!(model.convergence().unwrap().converged);
    }

    fn weighted<T>(class_weights: ClassWeights, targets: T) -> SparseLogistic
    where
        LogisticValidParams: Fit<Matrix, T, Error, Object = SparseLogistic>,
    {
        try_fit(params(3).class_weights(class_weights), records(), targets, row_weights()).unwrap()
    }

    #[test]
    fn multinomial_equals_scikit_learn() {
        assert_close(
            &weighted(ClassWeights::None, classes()),
            [
                [1.0467670, -0.8772819, -0.1694851],
                [1.1517791, -0.7266521, -0.4251269],
                [-1.5950373, 1.5022707, 0.0927666],
                [-1.5684479, 1.1260334, 0.4424145],
                [0.6804855, -0.9454556, 0.2649702],
                [-1.5816593, 0.5381329, 1.0435264],
                [-0.0570289, 0.4166938, -0.3596650],
            ],
        );
    }

    #[test]
    fn balanced_multinomial_equals_scikit_learn() {
        assert_close(
            &weighted(ClassWeights::Balanced, classes()),
            [
                [0.8714586, -0.7487648, -0.1226938],
                [1.0766892, -0.6696865, -0.4070027],
                [-1.5416449, 1.3798883, 0.1617566],
                [-1.5146105, 1.0237228, 0.4908877],
                [0.6405198, -0.8799491, 0.2394292],
                [-1.6850516, 0.3729227, 1.3121290],
                [-0.1282919, 0.1566461, -0.0283542],
            ],
        );
    }

    #[test]
    fn each_label_equals_a_binary_regression_of_scikit_learn() {
        assert_close(
            &weighted(ClassWeights::None, flags()),
            [
                [-0.5517188, 0.1224744, -0.3636940],
                [-0.8561320, -0.3618064, 0.0638617],
                [0.2670388, -0.7344424, -0.5680434],
                [-0.3312259, 0.4456399, -0.5841053],
                [0.2309174, 0.1730241, 0.1296266],
                [1.0550418, -0.5288938, -0.0706890],
                [-0.1247603, -1.7088154, 0.0731254],
            ],
        );
    }

    #[test]
    fn each_balanced_label_equals_a_binary_regression_of_scikit_learn() {
        assert_close(
            &weighted(ClassWeights::Balanced, flags()),
            [
                [-0.5605097, 0.1239447, -0.3825922],
                [-0.8659898, -0.3957082, 0.0690280],
                [0.2829837, -0.9235347, -0.5695637],
                [-0.3124763, 0.4590064, -0.5840114],
                [0.2365044, 0.1004616, 0.1293644],
                [1.0643420, -1.0189995, -0.0942680],
                [0.2626482, 0.2995673, 0.2752681],
            ],
        );
    }

    /// The objective as the module documentation of `loss` states it, written for dense data; `weights` ends with the intercepts.
    fn objective(x: &Array2<f64>, weights: &Array2<f64>, cost: impl Fn(usize, &[f64]) -> f64) -> f64 {
        let features = x.ncols();
        let mut total = 0.0;
        for (i, row) in x.rows().into_iter().enumerate() {
            let scores: Vec<f64> = weights
                .columns()
                .into_iter()
                .map(|w| row.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>() + w[features])
                .collect();
            total += f64::from(row_weights()[i]) * cost(i, &scores);
        }
        total + 0.25 * weights.iter().take(features * weights.ncols()).map(|w| w * w).sum::<f64>()
    }

    fn assert_stationary(solution: &Array2<f64>, value: impl Fn(&Array2<f64>) -> f64) {
        let norm = |at: &Array2<f64>| {
            let step = 1e-5;
            let slopes = at.indexed_iter().map(|(place, _)| {
                let (mut above, mut below) = (at.clone(), at.clone());
                above[place] += step;
                below[place] -= step;
                ((value(&above) - value(&below)) / (2.0 * step)).powi(2)
            });
            slopes.sum::<f64>().sqrt()
        };
        let (at_solution, at_zero) = (norm(solution), norm(&Array2::zeros(solution.raw_dim())));
        assert!(at_solution < 1e-5 * at_zero, "{at_solution} against {at_zero} at zero weights");
    }

    #[test]
    fn the_gradient_vanishes_at_the_solution() {
        let (x, y, flags) = (dense(&records()), classes(), flags());
        let multinomial = weighted(ClassWeights::None, y.clone()).start().unwrap();
        assert_stationary(&multinomial, |w| {
            objective(&x, w, |i, scores| scores.iter().map(|s| s.exp()).sum::<f64>().ln() - scores[y[i]])
        });
        let binary = weighted(ClassWeights::None, flags.clone()).start().unwrap();
        assert_stationary(&binary, |w| {
            objective(&x, w, |i, scores| {
                let signed = scores.iter().zip(flags.row(i)).map(|(s, &flag)| if flag { -s } else { *s });
                signed.map(|s| (1.0 + s.exp()).ln()).sum()
            })
        });
    }

    #[test]
    fn the_intercept_is_not_penalised() {
        let (records, classes, flags) = (records(), classes(), flags());
        let (model, _) = fit(params(3).alpha(1e7), &records, classes.clone());
        let sum: f64 = model.intercepts().iter().map(|b| b.exp()).sum();
        for k in 0..3 {
            let frequency = classes.iter().filter(|&&c| c == k).count() as f64 / ROWS as f64;
            assert!((model.intercepts()[k].exp() / sum - frequency).abs() < 1e-5, "class {k}");
        }
        let (model, _) = fit(params(3).alpha(1e7), &records, flags.clone());
        for k in 0..3 {
            let frequency = flags.column(k).iter().filter(|&&f| f).count() as f64 / ROWS as f64;
            assert!((1.0 / (1.0 + (-model.intercepts()[k]).exp()) - frequency).abs() < 1e-5, "label {k}");
        }
    }

    #[test]
    fn separable_rows_converge_while_there_is_a_penalty() {
        let x = Matrix::from_dense(Array2::from_shape_fn((30, 2), |(i, j)| if i % 2 == j { 3.0 } else { 0.0 }).view());
        for alpha in [1e-4, 1.0] {
            let params = || LogisticParams::new(2).alpha(alpha).tolerance(1e-4);
            let (model, convergence) = fit(params(), &x, Array1::from_shape_fn(30, |i| i % 2));
            assert!(convergence.converged, "{convergence:?}");
            assert!(model.weights()[[0, 0]] > 0.0 && model.weights()[[1, 0]] < 0.0);
            let (_, convergence) = fit(params(), &x, Array2::from_shape_fn((30, 2), |(i, k)| i % 2 == k));
            assert!(convergence.converged, "{convergence:?}");
        }
    }

    #[test]
    fn a_strong_penalty_leaves_the_prior_and_a_weak_one_forgets_it() {
        let records = records();
        let prior = Arc::new(Array2::from_shape_fn((6, 3), |(j, k)| (j as f64 - 2.5) * (k as f64 - 1.0) / 4.0));
        let far = |a: &Array2<f32>, b: &Array2<f64>| {
            a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
        };
        let fitted = |params: LogisticParams| {
            let (joint, _) = fit(params.clone(), &records, classes());
            let (single, _) = fit(params, &records, flags());
            [joint.weights().clone(), single.weights().clone()]
        };
        for weights in fitted(params(3).alpha(1e7).prior(prior.clone())) {
            assert!(far(&weights, &prior) < 1e-4, "{weights}");
        }
        let with = fitted(params(3).alpha(1e-5).prior(prior.clone()));
        for (with, without) in with.iter().zip(fitted(params(3).alpha(1e-5))) {
            assert!(far(with, &without.mapv(f64::from)) < 0.05, "{with} {without}");
        }
        // Started from anywhere, it ends in the same place.
        let start = Arc::new(Array2::from_elem((7, 3), 0.5));
        let started = fitted(params(3).prior(prior.clone()).initial(start));
        for (a, b) in fitted(params(3).prior(prior)).iter().zip(&started) {
            assert!(far(a, &b.mapv(f64::from)) < 1e-3);
        }
    }

    #[test]
    fn a_feature_that_never_occurs_weighs_nothing() {
        let mut x = Matrix::new(7);
        for row in 0..ROWS {
            let records = records();
            let (columns, values) = records.row(row);
            columns.iter().zip(values).for_each(|(&c, &v)| x.push(c, v));
            x.end_row();
        }
        let (with, convergence) = fit(params(3), &x, classes());
        let (without, _) = fit(params(3), &records(), classes());
        assert!(convergence.converged);
        assert!(with.weights().row(6).iter().all(|&w| w == 0.0));
        assert_eq!(with.weights().slice_axis(Axis(0), Slice::from(..6)), without.weights());
        let (with, _) = fit(params(3), &x, flags());
        assert!(with.weights().row(6).iter().all(|&w| w == 0.0));
    }

    #[test]
    fn a_constant_feature_leaves_its_work_to_the_intercept() {
        let mut x = dense(&records());
        x.column_mut(2).fill(1.0);
        let x = Matrix::from_dense(x.view());
        let (multinomial, convergence) = fit(params(3), &x, classes());
        assert!(convergence.converged);
        let (binary, convergence) = fit(params(3), &x, flags());
        assert!(convergence.converged);
        for model in [multinomial, binary] {
            assert!(model.weights().row(2).iter().all(|w| w.abs() < 1e-4), "{}", model.weights().row(2));
        }
    }

    #[test]
    fn one_class_only_is_predicted_everywhere() {
        let (_, convergence) = fit(params(1), &records(), Array1::zeros(ROWS));
        assert_eq!((convergence.converged, convergence.iterations), (true, 0));
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            let params = || LogisticParams::new(3).class_weights(class_weights);
            let (model, convergence) = fit(params(), &records(), Array1::from_elem(ROWS, 1));
            assert!(convergence.converged, "{convergence:?}");
            let mut scores = model.default_target(&records());
            model.predict_inplace(&records(), &mut scores);
            assert!(scores.rows().into_iter().all(|s| s[1] > s[0] + 4.0 && s[1] > s[2] + 4.0));
        }
    }

    #[test]
    fn labels_that_no_row_or_every_row_has_stay_finite() {
        let mut flags = flags();
        flags.column_mut(0).fill(false);
        flags.column_mut(2).fill(true);
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            let (model, convergence) =
                fit(LogisticParams::new(3).class_weights(class_weights), &records(), flags.clone());
            assert!(convergence.converged, "{convergence:?}");
            let mut scores = model.default_target(&records());
            model.predict_inplace(&records(), &mut scores);
            assert!(scores.rows().into_iter().all(|s| s[0] < -4.0 && s[2] > 4.0));
        }
    }

    #[test]
    fn a_row_of_weight_zero_is_as_if_left_out_and_one_of_weight_two_as_if_doubled() {
        let weights = Array1::from_shape_fn(ROWS, |i| (i % 3) as f32);
        let rows: Vec<usize> = (0..ROWS).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
        let repeated = records().select(&rows);
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            let params = || params(3).class_weights(class_weights);
            let flags = flags();
            let pairs = [
                (
                    try_fit(params(), records(), classes(), weights.clone()).unwrap(),
                    fit(params(), &repeated, classes().select(Axis(0), &rows)).0,
                ),
                (
                    try_fit(params(), records(), flags.clone(), weights.clone()).unwrap(),
                    fit(params(), &repeated, flags.select(Axis(0), &rows)).0,
                ),
            ];
            for (weighted, repeated) in pairs {
                let difference = (weighted.weights() - repeated.weights()).mapv(f32::abs);
                assert!(difference.iter().all(|&d| d < 2e-5), "{difference}");
            }
        }
    }

    #[test]
    fn rows_that_all_weigh_nothing_leave_weights_at_zero() {
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            let params = || params(3).class_weights(class_weights);
            for model in [
                try_fit(params(), records(), classes(), Array1::zeros(ROWS)).unwrap(),
                try_fit(params(), records(), flags(), Array1::zeros(ROWS)).unwrap(),
            ] {
                assert!(model.weights().iter().all(|&w| w == 0.0));
                assert!(model.convergence().unwrap().converged);
            }
        }
    }

    #[test]
    fn extreme_imbalance_converges() {
        let mut x = Matrix::new(4);
        for row in 0..3000u32 {
            x.push(row % 4, 1.0);
            x.end_row();
        }
        let rare = |i: usize| i % 1500 == 7;
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            for alpha in [1e-2, 1.0, 100.0] {
                let params = || LogisticParams::new(2).alpha(alpha).tolerance(1e-5).class_weights(class_weights);
                let (model, convergence) = fit(params(), &x, Array1::from_shape_fn(3000, |i| usize::from(rare(i))));
                assert!(convergence.converged, "{convergence:?}");
                assert!(model.weights()[[3, 1]] > model.weights()[[0, 1]]);
                let flags = Array2::from_shape_fn((3000, 2), |(i, k)| rare(i) == (k == 0));
                let (_, convergence) = fit(params(), &x, flags);
                assert!(convergence.converged, "{convergence:?}");
            }
        }
    }

    #[test]
    fn a_fit_cut_short_says_so() {
        let (_, convergence) = fit(params(3).max_iterations(1), &records(), classes());
        assert_eq!((convergence.converged, convergence.iterations), (false, 1));
        assert!(convergence.gradient > 1e-6);
        let (_, convergence) = fit(params(3).max_iterations(1), &records(), flags());
        assert_eq!((convergence.converged, convergence.iterations), (false, 1));
    }

    #[test]
    fn rows_without_features_leave_all_to_the_intercept() {
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            let mut x = Matrix::new(0);
            (0..ROWS).for_each(|_| x.end_row());
            let params = || LogisticParams::new(3).class_weights(class_weights);
            let (model, convergence) = fit(params(), &x, classes());
            assert_eq!(model.weights().dim(), (0, 3));
            assert!(convergence.converged, "{convergence:?}");
            let (_, convergence) = fit(params(), &x, flags());
            assert!(convergence.converged, "{convergence:?}");
        }
    }

    #[test]
    fn a_multinomial_solution_has_no_shift_shared_by_all_classes() {
        let shifted = Array2::from_elem((7, 3), 1.5);
        for start in [None, Some(Arc::new(shifted))] {
            let params = match start {
                Some(start) => params(3).initial(start),
                None => params(3),
            };
            let (model, convergence) = fit(params, &records(), classes());
            assert!(convergence.converged, "{convergence:?}");
            assert!(model.start().unwrap().sum_axis(Axis(1)).iter().all(|sum| sum.abs() < 1e-5));
        }
    }

    #[test]
    fn a_start_is_left_where_zero_weights_are_the_solution() {
        let x = records();
        let twice = x.select(&(0..2 * ROWS).map(|i| i / 2).collect::<Vec<_>>());
        let start = Arc::new(Array2::from_shape_fn((7, 2), |(j, k)| if k == 0 { j as f64 / 4.0 } else { -1.0 }));
        let params = || params(2).initial(start.clone());
        let (multinomial, convergence) = fit(params(), &twice, Array1::from_shape_fn(2 * ROWS, |i| i % 2));
        assert!(convergence.converged, "{convergence:?}");
        let (binary, convergence) = fit(params(), &twice, Array2::from_shape_fn((2 * ROWS, 2), |(i, k)| i % 2 == k));
        assert!(convergence.converged, "{convergence:?}");
        for model in [multinomial, binary] {
            assert!(model.start().unwrap().iter().all(|w| w.abs() < 1e-4), "{:?}", model.start());
        }
    }

    #[test]
    fn a_start_worse_than_none_is_dropped() {
        for far in [1e3, 1e30, f64::NAN, f64::INFINITY] {
            let start = Arc::new(Array2::from_shape_fn((7, 3), |(j, k)| far * (j + k) as f64));
            let params = || params(3).initial(start.clone());
            let (multinomial, convergence) = fit(params(), &records(), classes());
            assert!(convergence.converged, "{far}: {convergence:?}");
            let (binary, convergence) = fit(params(), &records(), flags());
            assert!(convergence.converged, "{far}: {convergence:?}");
            assert_eq!(multinomial.start(), fit(self::params(3), &records(), classes()).0.start());
            let cold = fit(self::params(3), &records(), flags()).0;
            let difference = (binary.weights() - cold.weights()).mapv(f32::abs);
            assert!(difference.iter().all(|&d| d < 2e-5), "{far}: {difference}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let message = |result: Result<SparseLogistic>| result.unwrap_err().to_string();
        let ones = || Array1::ones(ROWS);
        let mut results = vec![
            message(try_fit(params(2), records(), classes(), ones())),
            message(try_fit(params(3), records(), Array1::zeros(7), ones())),
            message(try_fit(params(3), records(), classes(), Array1::ones(7))),
            message(try_fit(params(2), records(), flags(), ones())),
            message(try_fit(params(3).penalty_factors(Arc::new(vec![1.0; 5])), records(), classes(), ones())),
            message(try_fit(params(3), Matrix::new(6), Array1::zeros(0), Array1::zeros(0))),
            message(try_fit(params(300), records(), classes(), ones())),
        ];
        for bad in [-1.0, f32::NAN, f32::INFINITY] {
            let mut weights = ones();
            weights[3] = bad;
            results.push(message(try_fit(params(3), records(), classes(), weights)));
        }
        let mut x = records().select(&(1..ROWS).collect::<Vec<_>>());
        x.push(0, f32::NAN);
        x.end_row();
        results.push(message(try_fit(params(3), x, classes(), ones())));
        assert_eq!(
            results,
            [
                "class 2 where there are 2",
                "7 targets for 40 rows",
                "7 row weights for 40 rows",
                "3 label columns where 2 labels are expected",
                "`penalty_factors` of the logistic regression must have one number a feature, 6. Got 5",
                "no rows to fit",
                "300 labels in a single-label task; at most 256 are supported",
                "row weights must be numbers in [0, inf). Got -1",
                "row weights must be numbers in [0, inf). Got NaN",
                "row weights must be numbers in [0, inf). Got inf",
                "row 39 has a feature value that is not a finite number",
            ]
        );
    }
}
