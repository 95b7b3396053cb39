//! Labels of one task that borrow from one another's scores.
//!
//! A rare label has too few comments to learn its words from; that a comment is likely to have another label often says more of it. Each
//! label's score becomes a sum over the scores of all labels, found on held-out scores by a logistic regression with an L2 penalty on
//! what is borrowed. A sum of scores is a sum of weights, so that the finished model is none the larger. Weights of rows are not looked at.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Penalty on what is borrowed, for each row, with scores of unit variance.
const STRENGTH: f64 = 0.02;
/// Penalty on a label's own score, whatever the number of rows: it bounds separable scores.
const OWN: f64 = 0.1;
/// Most labels; beyond that borrowing would take long.
const MOST_LABELS: usize = 64;
/// Rows beyond this tell little more; every n-th is taken.
const MAX_ROWS: usize = 20_000;
/// Rows that must have a label, and as many that must not, for it to lend or to borrow: the scores of one that all rows or hardly any have
/// say nothing but how the fits ended.
const FEWEST: usize = 10;
/// Most Newton steps, and a step so short that it is the last.
const STEPS: usize = 25;
const CLOSE: f64 = 1e-6;

/// What each label's score (second axis) takes of the scores (first axis) of held-out rows, whose labels `flags` tells; `None` where
/// there is nothing to borrow.
pub(crate) fn borrow(scores: ArrayView2<f64>, flags: ArrayView2<bool>) -> Option<Array2<f64>> {
    let labels = scores.ncols();
    if !(2..=MOST_LABELS).contains(&labels) || scores.nrows() == 0 {
        return None;
    }
    let every = scores.nrows().div_ceil(MAX_ROWS);
    let rows: Vec<usize> = (0..scores.nrows()).step_by(every).collect();
    let count = rows.len() as f64;
    // Mean and deviation of the labels that take part.
    let moments: Vec<Option<(f64, f64)>> = (0..labels)
        .map(|label| {
            let having = rows.iter().filter(|&&row| flags[[row, label]]).count();
            let column = scores.column(label);
            let mean = rows.iter().map(|&row| column[row]).sum::<f64>() / count;
            let deviation = (rows.iter().map(|&row| (column[row] - mean).powi(2)).sum::<f64>() / count).sqrt();
            let takes_part = having.min(rows.len() - having) >= FEWEST && deviation > 1e-6 * (1.0 + mean.abs());
            takes_part.then_some((mean, deviation))
        })
        .collect();
    let inputs: Vec<f64> = rows
        .iter()
        .flat_map(|&row| {
            let of = |(label, moments): (usize, &Option<(f64, f64)>)| {
                moments.map_or(0.0, |(mean, deviation)| (scores[[row, label]] - mean) / deviation)
            };
            moments.iter().enumerate().map(of).chain([1.0]).collect::<Vec<f64>>()
        })
        .collect();
    let of_label = |label: usize| -> Vec<f64> {
        let found = moments[label].and_then(|_| {
            let outcomes: Vec<bool> = rows.iter().map(|&row| flags[[row, label]]).collect();
            let mut penalties = vec![STRENGTH * count; labels + 1];
            (penalties[label], penalties[labels]) = (OWN, 1e-6);
            regress(&inputs, &outcomes, &penalties)
        });
        match found {
            Some(weights) => {
                (0..labels).map(|k| moments[k].map_or(0.0, |(_, deviation)| weights[k] / deviation)).collect()
            }
            None => (0..labels).map(|k| if k == label { 1.0 } else { 0.0 }).collect(),
        }
    };
    let columns: Vec<Vec<f64>> = (0..labels).into_par_iter().map(of_label).collect();
    Some(Array2::from_shape_fn((labels, labels), |(from, to)| columns[to][from]))
}

/// The sums that [`borrow`] found, row by row of the scores. One number after the other: bits do not depend on the processor.
pub(crate) fn borrowed_scores(scores: ArrayView2<f64>, borrowed: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((scores.nrows(), borrowed.ncols()), |(row, to)| {
        scores.row(row).iter().zip(borrowed.column(to)).map(|(score, share)| score * share).sum()
    })
}

/// Newton's method for a small logistic regression; rows of `inputs` end with a 1. `None` if it does not get there.
fn regress(inputs: &[f64], outcomes: &[bool], penalties: &[f64]) -> Option<Vec<f64>> {
    let width = penalties.len();
    let mut weights = vec![0.0; width];
    let share = outcomes.iter().filter(|&&o| o).count() as f64 / outcomes.len() as f64;
    weights[width - 1] = (share / (1.0 - share)).ln();
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = weights.iter().zip(penalties).map(|(w, p)| w * p).collect();
        let mut hessian = vec![0.0; width * width];
        (0..width).for_each(|i| hessian[i * width + i] = penalties[i]);
        for (x, &outcome) in inputs.chunks_exact(width).zip(outcomes) {
            let score: f64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-score.clamp(-30.0, 30.0)).exp());
            let residual = p - if outcome { 1.0 } else { 0.0 };
            let curvature = p * (1.0 - p) + 1e-9;
            for i in 0..width {
                gradient[i] += residual * x[i];
                let by = curvature * x[i];
                let row = &mut hessian[i * width..i * width + i + 1];
                row.iter_mut().zip(x).for_each(|(h, x)| *h += by * x);
            }
        }
        let step = solve(hessian, gradient)?;
        weights.iter_mut().zip(&step).for_each(|(w, s)| *w -= s);
        let longest = step.iter().fold(0.0, |longest: f64, s| longest.max(s.abs()));
        if !longest.is_finite() {
            return None;
        }
        if longest < CLOSE {
            return Some(weights);
        }
    }
    None
}

/// Solves a symmetric positive definite system, of which the lower half is given, by Cholesky's method.
fn solve(mut matrix: Vec<f64>, mut vector: Vec<f64>) -> Option<Vec<f64>> {
    let width = vector.len();
    for i in 0..width {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| matrix[i * width + k] * matrix[j * width + k]).sum();
            let left = matrix[i * width + j] - inner;
            if i == j {
                if left.is_nan() || left <= 0.0 {
                    return None;
                }
                matrix[i * width + i] = left.sqrt();
            } else {
                matrix[i * width + j] = left / matrix[j * width + j];
            }
        }
        let inner: f64 = (0..i).map(|k| matrix[i * width + k] * vector[k]).sum();
        vector[i] = (vector[i] - inner) / matrix[i * width + i];
    }
    for i in (0..width).rev() {
        let inner: f64 = (i + 1..width).map(|k| matrix[k * width + i] * vector[k]).sum();
        vector[i] = (vector[i] - inner) / matrix[i * width + i];
    }
    Some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Axis;

    #[test]
    fn a_label_without_a_score_of_its_own_borrows_from_one_that_comes_with_it() {
        let informed = |row: usize| row.is_multiple_of(3);
        let scores = Array2::from_shape_fn((300, 2), |(row, label)| match label {
            0 => (if informed(row) { 1.0 } else { -1.0 }) + ((row * 7) % 11) as f64 / 3.0,
            _ => ((row * 5) % 13) as f64,
        });
        let flags = Array2::from_shape_fn((300, 2), |(row, label)| informed(row) && (label == 0 || row % 2 == 0));
        let taken = borrow(scores.view(), flags.view()).unwrap();
        assert!(taken[[0, 0]] > 0.0 && taken[[0, 1]] > 0.0, "{taken}");
        assert!(taken[[1, 0]].abs() < 0.1 * taken[[0, 0]], "{taken}");
        let one =
            |column: usize| (scores.column(column).insert_axis(Axis(1)), flags.column(column).insert_axis(Axis(1)));
        let (scores, flags) = one(0);
        assert!(borrow(scores, flags).is_none());
    }

    #[test]
    fn a_label_that_all_rows_or_hardly_any_have_neither_lends_nor_borrows() {
        for having in [300, FEWEST - 1, 0] {
            // What is left of the scores of such a label is noise of no size, around a large number.
            let scores = Array2::from_shape_fn((300, 3), |(row, label)| match label {
                2 => 20.0 + 1e-8 * ((row * 3) % 7) as f64,
                _ => ((row * (5 + label)) % 13) as f64,
            });
            let flags = Array2::from_shape_fn((300, 3), |(row, label)| match label {
                2 => row < having,
                _ => (row * (5 + label)) % 13 > 6,
            });
            let taken = borrow(scores.view(), flags.view()).unwrap();
            assert!(taken.row(2).iter().eq(&[0.0, 0.0, 1.0]) && taken.column(2).iter().eq(&[0.0, 0.0, 1.0]), "{taken}");
            let summed = borrowed_scores(scores.view(), &taken);
            assert!(summed.column(2).iter().eq(scores.column(2)) && taken[[0, 0]] > 0.0);
        }
    }

    #[test]
    fn systems_are_solved() {
        let solved = solve(vec![4.0, 0.0, 2.0, 3.0], vec![2.0, 5.0]).unwrap();
        assert!((solved[0] + 0.5).abs() < 1e-12 && (solved[1] - 2.0).abs() < 1e-12, "{solved:?}");
        assert!(solve(vec![0.0], vec![1.0]).is_none());
    }
}
