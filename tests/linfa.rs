//! The logistic regression through linfa's traits, against `linfa-logistic` and against itself.
//!
//! `linfa-logistic` 0.8.1 minimises `sum_i loss_i + alpha / 2 |w|^2` over dense records, intercept unpenalised, by L-BFGS: the
//! same objective with the same `alpha`, so its weights are the expected values here. The data are made by formulas and by a linear
//! congruential generator written below. Values recorded from scikit-learn stand in `src/linear/logistic.rs`.

use std::sync::Arc;

use belowline::features::matrix::Matrix;
use belowline::linear::{ClassWeights, LogisticParams, SparseLogistic};
use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2, Axis};

/// Knuth's MMIX generator: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

/// Rows of counts in which some features go with some classes, a class of each row, and flags for `labels` labels.
fn sample(rows: usize, features: usize, classes: usize, labels: usize) -> (Matrix, Array1<usize>, Array2<bool>) {
    let mut random = Random(7);
    let mut dense = Array2::<f32>::zeros((rows, features));
    let mut targets = Array1::zeros(rows);
    let mut flags = Array2::from_elem((rows, labels), false);
    for row in 0..rows {
        let class = random.below(classes as u64) as usize;
        targets[row] = class;
        for _ in 0..12 {
            let feature = random.below(features as u64) as usize;
            let own = feature % classes == class || random.below(3) == 0;
            dense[[row, feature]] += if own { 0.5 } else { 0.0 };
        }
        for label in 0..labels {
            let evidence: f32 = dense.row(row).iter().skip(label).step_by(labels).sum();
            flags[[row, label]] = evidence > 0.5 || random.below(9) == 0;
        }
    }
    (Matrix::from_dense(dense.view()), targets, flags)
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

fn fit_classes(params: LogisticParams, matrix: &Matrix, targets: &Array1<usize>) -> SparseLogistic {
    params.check().unwrap().fit(&DatasetBase::new(matrix.clone(), targets.clone())).unwrap()
}

fn fit_labels(params: LogisticParams, matrix: &Matrix, flags: &Array2<bool>) -> SparseLogistic {
    params.check().unwrap().fit(&DatasetBase::new(matrix.clone(), flags.clone())).unwrap()
}

fn scores(model: &SparseLogistic, matrix: &Matrix) -> Array2<f64> {
    let mut scores = model.default_target(matrix);
    model.predict_inplace(matrix, &mut scores);
    scores
}

fn softmax(mut scores: Array2<f64>) -> Array2<f64> {
    for mut row in scores.rows_mut() {
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|s| (s - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    scores
}

fn largest_difference<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>) -> f64 {
    a.into_iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn weights(model: &SparseLogistic) -> Array2<f64> {
    model.weights().mapv(f64::from)
}

/// Weights and intercepts down to the last bit.
fn bits(model: &SparseLogistic) -> Vec<u64> {
    let exact = model.start().expect("a fitted model has exact weights");
    exact.iter().chain(model.intercepts()).copied().chain(weights(model)).map(f64::to_bits).collect()
}

fn in_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

#[test]
fn multinomial_weights_and_probabilities_equal_those_of_linfa_logistic() {
    let (matrix, targets, _) = sample(200, 12, 3, 1);
    let ours = fit_classes(LogisticParams::new(3).alpha(0.7).tolerance(1e-6), &matrix, &targets);
    assert!(ours.convergence().unwrap().converged);
    let records = dense(&matrix);
    let theirs = MultiLogisticRegression::default()
        .alpha(0.7)
        .gradient_tolerance(1e-7)
        .max_iterations(1000)
        .fit(&DatasetBase::new(records.clone(), targets.clone()))
        .unwrap();
    assert_eq!(theirs.classes(), [0, 1, 2]);
    let difference = largest_difference(&weights(&ours), theirs.params());
    assert!(difference < 1e-5, "weights differ by {difference}");
    let ours = softmax(scores(&ours, &matrix));
    let difference = largest_difference(&ours, &theirs.predict_probabilities(&records));
    assert!(difference < 1e-5, "probabilities differ by {difference}");
}

#[test]
fn each_label_equals_a_binary_regression_of_linfa_logistic() {
    let (matrix, _, flags) = sample(200, 12, 3, 4);
    let ours = fit_labels(LogisticParams::new(4).alpha(2.0).tolerance(1e-6), &matrix, &flags);
    assert!(ours.convergence().unwrap().converged);
    let (records, own_scores) = (dense(&matrix), scores(&ours, &matrix));
    for label in 0..4 {
        let theirs = LogisticRegression::default()
            .alpha(2.0)
            .gradient_tolerance(1e-7)
            .max_iterations(1000)
            .fit(&DatasetBase::new(records.clone(), flags.column(label).to_owned()))
            .unwrap();
        let difference = largest_difference(weights(&ours).column(label), theirs.params());
        assert!(difference < 1e-5, "weights of label {label} differ by {difference}");
        let difference = (ours.intercepts()[label] - theirs.intercept()).abs();
        assert!(difference < 1e-5, "intercepts of label {label} differ by {difference}");
        let probabilities = own_scores.column(label).mapv(|s| 1.0 / (1.0 + (-s).exp()));
        let difference = largest_difference(&probabilities, &theirs.predict_probabilities(&records));
        assert!(difference < 1e-5, "probabilities of label {label} differ by {difference}");
    }
}

#[test]
fn weights_have_the_same_bits_at_any_number_of_threads() {
    let (matrix, targets, flags) = sample(3000, 300, 3, 5);
    let params = |classes| LogisticParams::new(classes).class_weights(ClassWeights::Balanced).tolerance(1e-5);
    let fit = |threads| {
        in_threads(threads, || {
            [fit_classes(params(3), &matrix, &targets), fit_labels(params(5), &matrix, &flags)].map(|m| bits(&m))
        })
    };
    let alone = fit(1);
    assert_eq!(fit(2), alone);
    assert_eq!(fit(7), alone);
}

#[test]
fn a_warm_start_reaches_the_solution_of_a_cold_one() {
    let (matrix, targets, flags) = sample(1000, 80, 3, 5);
    let params = |classes| LogisticParams::new(classes).tolerance(1e-6);
    let cold = fit_classes(params(3), &matrix, &targets);
    let stronger = fit_classes(params(3).alpha(10.0), &matrix, &targets);
    let warm = fit_classes(params(3).initial(stronger.start().unwrap()), &matrix, &targets);
    assert!(cold.convergence().unwrap().converged && warm.convergence().unwrap().converged);
    let difference = largest_difference(&softmax(scores(&warm, &matrix)), &softmax(scores(&cold, &matrix)));
    assert!(difference < 1e-5, "probabilities differ by {difference}");
    let difference = largest_difference(&weights(&warm), &weights(&cold));
    assert!(difference < 1e-4, "weights differ by {difference}");

    let cold = fit_labels(params(5), &matrix, &flags);
    let stronger = fit_labels(params(5).alpha(10.0), &matrix, &flags);
    let warm = fit_labels(params(5).initial(stronger.start().unwrap()), &matrix, &flags);
    assert!(cold.convergence().unwrap().converged && warm.convergence().unwrap().converged);
    let difference = largest_difference(&*warm.start().unwrap(), &*cold.start().unwrap());
    assert!(difference < 1e-4, "weights differ by {difference}");
}

#[test]
fn a_fit_that_starts_at_its_solution_takes_no_step() {
    let (matrix, targets, _) = sample(500, 40, 3, 1);
    let solved = fit_classes(LogisticParams::new(3).tolerance(1e-6), &matrix, &targets);
    let again = fit_classes(LogisticParams::new(3).tolerance(1e-5).initial(solved.start().unwrap()), &matrix, &targets);
    let convergence = again.convergence().unwrap();
    assert!(convergence.converged);
    assert_eq!((convergence.iterations, convergence.passes), (0, 1));
    let difference = largest_difference(&*again.start().unwrap(), &*solved.start().unwrap());
    assert!(difference < 1e-6, "weights differ by {difference}");
}

#[test]
fn a_penalty_factor_of_one_over_s_squared_is_a_feature_times_s() {
    let (matrix, targets, flags) = sample(400, 20, 3, 4);
    let factors: Vec<f32> = (0..20).map(|j| if j % 4 == 1 { 1.0 / 64.0 } else { 1.0 }).collect();
    let scales = Array1::from_shape_fn(20, |j| if j % 4 == 1 { 8.0 } else { 1.0 });
    let scaled = Matrix::from_dense((&dense(&matrix) * &scales).view());
    let params = |classes| LogisticParams::new(classes).alpha(3.0).tolerance(1e-6);
    let with_factors = |classes| params(classes).penalty_factors(Arc::new(factors.clone()));
    for (factored, scaled) in [
        (fit_classes(with_factors(3), &matrix, &targets), fit_classes(params(3), &scaled, &targets)),
        (fit_labels(with_factors(4), &matrix, &flags), fit_labels(params(4), &scaled, &flags)),
    ] {
        let expected = weights(&scaled) * scales.view().insert_axis(Axis(1));
        let difference = largest_difference(&weights(&factored), &expected);
        assert!(difference < 1e-4, "weights differ by {difference}");
    }
}

#[test]
fn many_labels_have_the_bits_of_each_label_alone() {
    let (matrix, _, flags) = sample(300, 60, 3, 40);
    let together = fit_labels(LogisticParams::new(40), &matrix, &flags);
    assert!(together.convergence().unwrap().converged);
    assert_eq!((together.weights().dim(), together.intercepts().len()), ((60, 40), 40));
    for label in [0, 7, 31, 32, 39] {
        let own = flags.column(label).to_owned().insert_axis(Axis(1));
        let alone = fit_labels(LogisticParams::new(1), &matrix, &own);
        assert_eq!(together.weights().column(label), alone.weights().column(0), "label {label}");
        assert_eq!(together.intercepts()[label], alone.intercepts()[0], "label {label}");
    }
    let again = fit_labels(LogisticParams::new(40).initial(together.start().unwrap()), &matrix, &flags);
    assert_eq!(again.convergence().unwrap().iterations, 0);
}

#[test]
fn nine_classes_equal_those_of_linfa_logistic() {
    let (matrix, targets, _) = sample(600, 45, 9, 1);
    let ours = fit_classes(LogisticParams::new(9).tolerance(1e-6), &matrix, &targets);
    assert!(ours.convergence().unwrap().converged);
    let records = dense(&matrix);
    let theirs = MultiLogisticRegression::default()
        .alpha(1.0)
        .gradient_tolerance(1e-6)
        .max_iterations(1000)
        .fit(&DatasetBase::new(records.clone(), targets.clone()))
        .unwrap();
    let probabilities = softmax(scores(&ours, &matrix));
    let difference = largest_difference(&probabilities, &theirs.predict_probabilities(&records));
    assert!(difference < 1e-4, "probabilities differ by {difference}");
}
