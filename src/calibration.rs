//! Raw scores to honest probabilities, with `linfa-logistic` on out-of-fold scores.
//!
//! A single-label task of three or more labels gets one multinomial model over all its score columns; a two-class task
//! one binary model; a multi-label task one binary model a label (Platt 1999, with the scores of rows the estimator has not
//! seen). Row weights play no part here: `linfa-logistic` has none.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::{
    FittedLogisticRegression, LogisticRegression, MultiFittedLogisticRegression, MultiLogisticRegression,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Scaled scores are kept within this: linfa's log-sum-exp subtracts the maximum of the whole matrix, not of each row.
const BOUND: f64 = 20.0;
/// L2 strengths to try, from weak to strong: on separable scores the weak ones may not converge.
const ALPHAS: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Rows beyond this tell a handful of parameters nothing more; every n-th is taken.
const MAX_ROWS: usize = 20_000;

/// Maps the raw scores of a task to probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    /// Scores are divided by this first.
    scale: f64,
    models: Models,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Models {
    /// One model over all columns.
    Joint(MultiFittedLogisticRegression<f64, usize>),
    /// One model a column.
    PerColumn(Vec<FittedLogisticRegression<f64, bool>>),
}

impl Calibrator {
    /// Fits one multinomial model: class of each row from its scores.
    pub fn fit_classes(scores: ArrayView2<f64>, classes: &[usize]) -> Result<Self> {
        let scale = scale(scores);
        let (rows, kept) = thin(scores, scale, classes);
        let mut x: Vec<f64> = rows.iter().copied().collect();
        let mut y = kept;
        // linfa learns only classes that it sees. One row for an absent class, where it would be likeliest, stands in.
        for class in (0..scores.ncols()).filter(|class| !classes.contains(class)) {
            x.extend((0..scores.ncols()).map(|k| if k == class { BOUND / 2.0 } else { 0.0 }));
            y.push(class);
        }
        let x = Array2::from_shape_vec((y.len(), scores.ncols()), x).expect("rows of equal length");
        let dataset = Dataset::new(x, Array1::from(y));
        let fitted = first_success(|alpha| {
            MultiLogisticRegression::default().alpha(alpha).max_iterations(200).fit(&dataset).map_err(|e| e.to_string())
        })?;
        Ok(Calibrator { scale, models: Models::Joint(fitted) })
    }

    /// Fits one binary model a column: whether each row has the label, from the label's score.
    pub fn fit_flags(scores: ArrayView2<f64>, flags: ArrayView2<bool>) -> Result<Self> {
        let scale = scale(scores);
        let models: Result<Vec<_>> = (0..scores.ncols())
            .into_par_iter()
            .map(|column| {
                let one = scores.column(column).insert_axis(Axis(1));
                let (rows, mut y) = thin(one, scale, &flags.column(column).to_vec());
                let mut x: Vec<f64> = rows.iter().copied().collect();
                // Both outcomes must occur; the one that does not gets a row at its end of the scale.
                for outcome in [false, true] {
                    if !y.contains(&outcome) {
                        x.push(if outcome { BOUND } else { -BOUND });
                        y.push(outcome);
                    }
                }
                let x = Array2::from_shape_vec((y.len(), 1), x).expect("one column");
                let dataset = Dataset::new(x, Array1::from(y));
                first_success(|alpha| {
                    LogisticRegression::default()
                        .alpha(alpha)
                        .max_iterations(200)
                        .fit(&dataset)
                        .map_err(|e| e.to_string())
                })
            })
            .collect();
        Ok(Calibrator { scale, models: Models::PerColumn(models?) })
    }

    /// Number of score columns that it takes.
    pub fn columns(&self) -> usize {
        match &self.models {
            Models::Joint(model) => model.params().nrows(),
            Models::PerColumn(models) => models.len(),
        }
    }

    /// Whether every number is finite and the parts fit together, as they must after loading.
    pub fn is_sound(&self) -> bool {
        let numbers = match &self.models {
            Models::Joint(model) => {
                let classes = model.params().ncols();
                model.intercept().len() == classes
                    && model.params().nrows() == classes
                    && model.classes().iter().copied().eq(0..classes)
                    && model.params().iter().chain(model.intercept()).all(|v| v.is_finite())
            }
            Models::PerColumn(models) => models.iter().all(|m| {
                m.params().len() == 1
                    && m.params()[0].is_finite()
                    && m.intercept().is_finite()
                    && m.labels().pos.class != m.labels().neg.class
            }),
        };
        numbers && self.scale.is_finite() && self.scale > 0.0
    }

    /// Probabilities of rows of scores: of each class (joint), or of each label. A row's bits do not depend on the rows beside it.
    pub fn probabilities(&self, scores: ArrayView2<f64>) -> Array2<f64> {
        let mut p = scores.mapv(|s| scaled(s, self.scale));
        match &self.models {
            Models::Joint(model) => {
                // One row at a time: a product of matrices may sum in another order for other numbers of rows.
                for mut row in p.rows_mut() {
                    let of_classes = model.predict_probabilities(&row.view().insert_axis(Axis(0)));
                    row.assign(&of_classes.row(0));
                }
            }
            // What linfa's `predict_probabilities` does, to the last bit, without its passes over one column after the other.
            Models::PerColumn(models) => {
                let of_labels: Vec<(f64, f64, bool)> =
                    models.iter().map(|m| (m.params()[0], m.intercept(), m.labels().pos.class)).collect();
                for mut row in p.rows_mut() {
                    for (p, &(slope, intercept, is_positive)) in row.iter_mut().zip(&of_labels) {
                        let of_class = 1.0 / (1.0 + (-(*p * slope + intercept)).exp());
                        // linfa calls the more frequent class positive.
                        *p = if is_positive { of_class } else { 1.0 - of_class };
                    }
                }
            }
        }
        p
    }
}

fn scaled(score: f64, scale: f64) -> f64 {
    (score / scale).clamp(-BOUND, BOUND)
}

/// Root mean square of the scores: brings them to about one, where linfa's optimiser is at ease.
fn scale(scores: ArrayView2<f64>) -> f64 {
    let mean = scores.iter().map(|s| s * s).sum::<f64>() / scores.len().max(1) as f64;
    if mean.is_finite() && mean > 0.0 { mean.sqrt() } else { 1.0 }
}

/// At most [`MAX_ROWS`] rows, evenly spread, scaled, with their outcomes.
fn thin<T: Clone>(scores: ArrayView2<f64>, scale: f64, outcomes: &[T]) -> (Array2<f64>, Vec<T>) {
    let step = outcomes.len().div_ceil(MAX_ROWS).max(1);
    let rows: Vec<usize> = (0..outcomes.len()).step_by(step).collect();
    (scores.select(Axis(0), &rows).mapv(|s| scaled(s, scale)), rows.iter().map(|&r| outcomes[r].clone()).collect())
}

fn first_success<T>(fit: impl Fn(f64) -> std::result::Result<T, String>) -> Result<T> {
    let mut last = String::new();
    for alpha in ALPHAS {
        match fit(alpha) {
            Ok(model) => return Ok(model),
            Err(reason) => last = reason,
        }
    }
    Err(Error::TrainingData(format!("the calibrator could not be fitted: {last}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Scores that are twice too sure of themselves: the true log-odds are half the score.
    fn overconfident() -> (Array2<f64>, Vec<bool>) {
        let mut scores = Vec::new();
        let mut outcomes = Vec::new();
        for step in -30..=30 {
            let score = f64::from(step) / 5.0;
            let p = 1.0 / (1.0 + (-score / 2.0).exp());
            let positives = (p * 50.0).round() as usize;
            for i in 0..50 {
                scores.push(score);
                outcomes.push(i < positives);
            }
        }
        (Array2::from_shape_vec((outcomes.len(), 1), scores).unwrap(), outcomes)
    }

    #[test]
    fn scores_that_are_too_sure_become_honest() {
        let (scores, outcomes) = overconfident();
        let flags = Array2::from_shape_vec((outcomes.len(), 1), outcomes).unwrap();
        let calibrator = Calibrator::fit_flags(scores.view(), flags.view()).unwrap();
        assert!(calibrator.is_sound());
        for score in [-4.0, 0.0, 1.0, 4.0] {
            let p = calibrator.probabilities(array![[score]].view())[[0, 0]];
            let honest = 1.0 / (1.0 + (-score / 2.0f64).exp());
            assert!((p - honest).abs() < 0.02, "{score}: {p} {honest}");
        }
    }

    #[test]
    fn probabilities_of_labels_are_those_of_linfa_to_the_last_bit() {
        let (scores, outcomes) = overconfident();
        for flip in [false, true] {
            let flags = Array2::from_shape_fn((outcomes.len(), 1), |(row, _)| (outcomes[row] || row % 3 == 0) != flip);
            let calibrator = Calibrator::fit_flags(scores.view(), flags.view()).unwrap();
            let Models::PerColumn(models) = &calibrator.models else { unreachable!("one label") };
            let of_class = models[0].predict_probabilities(&scores.mapv(|s| scaled(s, calibrator.scale)));
            let expected = of_class.mapv(|p| if models[0].labels().pos.class { p } else { 1.0 - p });
            assert_eq!(calibrator.probabilities(scores.view()).column(0), expected);
        }
    }

    #[test]
    fn the_positive_class_is_the_named_one_whichever_is_more_frequent() {
        let scores = array![[-2.0], [-1.0], [1.0], [2.0], [3.0]];
        for flags in
            [array![[false], [false], [false], [true], [true]], array![[false], [true], [true], [true], [true]]]
        {
            let calibrator = Calibrator::fit_flags(scores.view(), flags.view()).unwrap();
            let p = |s: f64| calibrator.probabilities(array![[s]].view())[[0, 0]];
            assert!(p(3.0) > p(-2.0));
        }
    }

    #[test]
    fn classes_and_labels_without_rows_are_still_given_a_probability() {
        let scores = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.2, 0.0]];
        let calibrator = Calibrator::fit_classes(scores.view(), &[0, 1, 0]).unwrap();
        let p = calibrator.probabilities(array![[0.5, 0.1, -1.0]].view());
        assert_eq!(p.len(), 3);
        assert!((p.sum() - 1.0).abs() < 1e-12);
        let never = Calibrator::fit_flags(array![[0.1], [0.2]].view(), array![[false], [false]].view()).unwrap();
        assert!(never.probabilities(array![[0.1]].view())[[0, 0]] < 0.5);
    }

    #[test]
    fn hostile_scores_give_finite_probabilities() {
        let scores = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.2, 1.0]];
        let calibrator = Calibrator::fit_classes(scores.view(), &[0, 1, 2]).unwrap();
        for extreme in [1e300, -1e300, f64::INFINITY] {
            let p = calibrator.probabilities(array![[extreme, 0.0, -extreme]].view());
            assert!(p.iter().all(|v| v.is_finite() && (0.0..=1.0).contains(v)), "{p:?}");
        }
    }

    #[test]
    fn a_saved_calibrator_is_the_same_to_the_last_bit() {
        let (scores, outcomes) = overconfident();
        let flags = Array2::from_shape_vec((outcomes.len(), 1), outcomes).unwrap();
        let calibrator = Calibrator::fit_flags(scores.view(), flags.view()).unwrap();
        let json = serde_json::to_string(&calibrator).unwrap();
        assert_eq!(serde_json::from_str::<Calibrator>(&json).unwrap(), calibrator);
    }
}
