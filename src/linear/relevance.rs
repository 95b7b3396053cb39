//! How much each feature tells of each class, before anything is fitted: what a penalty should let through.
//!
//! After Wang and Manning, "Baselines and bigrams" (2012), who multiply features by naive Bayes' log-count ratios. Here the ratio, less
//! its noise, becomes the scale at which a feature is learned for a class: one that classes use alike stays near zero, one that a
//! class has to itself is learned freely.

use std::ops::Range;

use ndarray::Array2;

use crate::features::Matrix;

/// Comments that, as if there were so many more, hold every feature as often in a class as outside it.
const PRIOR_ROWS: f64 = 1.0;
/// Share of the mean noise that every feature's strength has at least: where ratios say little, features are treated alike.
const NOISE: f64 = 0.5;
/// Strengths are raised to this power: between no scaling (0) and naive Bayes' own (1).
const POWER: f64 = 0.8;
/// No scale is smaller: it bounds the penalty.
const SMALLEST: f64 = 1e-3;

/// The scale of each feature: 1 on average within each block, and 1 outside the blocks.
///
/// A strength is the log ratio of a feature's odds inside and outside a class, less what chance alone would make of it, plus a share of
/// the block's mean noise; a feature's is the root mean square over classes. `has` says whether a row of the records belongs to a class,
/// `weights` how much it counts.
pub fn relevance(
    records: &Matrix,
    classes: usize,
    has: impl Fn(usize, usize) -> bool,
    weights: &[f32],
    blocks: &[Range<usize>],
) -> Vec<f32> {
    let counts = Counts::new(records, classes, has, weights);
    let mut scales = vec![1.0; records.columns()];
    for block in blocks {
        let mass = &counts.squares[block.clone()];
        let mut squares = vec![0.0; block.len()];
        for class in 0..classes {
            squares.iter_mut().zip(counts.squared_strengths(block.clone(), class)).for_each(|(sum, v)| *sum += v);
        }
        let strengths = squares.into_iter().map(f64::sqrt).collect();
        let raised = scaled(strengths, mass).into_iter().map(|v| v.powf(POWER)).collect();
        for (feature, scale) in block.clone().zip(scaled(raised, mass)) {
            scales[feature] = scale.max(SMALLEST) as f32;
        }
    }
    scales
}

/// Who holds which feature.
struct Counts {
    /// Weight of the rows that hold a feature, and the same by class.
    holders: Vec<f64>,
    by_class: Array2<f32>,
    /// Sum of a feature's squared values.
    squares: Vec<f64>,
    /// Share of each class in the weight of all rows.
    shares: Vec<f64>,
}

impl Counts {
    fn new(records: &Matrix, classes: usize, has: impl Fn(usize, usize) -> bool, weights: &[f32]) -> Self {
        let columns = records.columns();
        let mut holders = vec![0.0; columns];
        let mut squares = vec![0.0; columns];
        let mut by_class = Array2::<f32>::zeros((columns, classes));
        let mut totals = vec![0.0f64; classes];
        let mut all = 0.0;
        for (row, &weight) in weights.iter().enumerate() {
            all += f64::from(weight);
            let own: Vec<usize> = (0..classes).filter(|&class| has(row, class)).collect();
            own.iter().for_each(|&class| totals[class] += f64::from(weight));
            let (indices, values) = records.row(row);
            for (&column, &value) in indices.iter().zip(values) {
                let column = column as usize;
                holders[column] += f64::from(weight);
                squares[column] += f64::from(value * value);
                own.iter().for_each(|&class| by_class[[column, class]] += weight);
            }
        }
        let shares = totals.iter().map(|t| (t / all.max(f64::MIN_POSITIVE)).clamp(1e-6, 1.0 - 1e-6)).collect();
        Counts { holders, by_class, squares, shares }
    }

    /// How strongly each feature of a block speaks for or against a class, squared.
    fn squared_strengths(&self, block: Range<usize>, class: usize) -> impl Iterator<Item = f64> {
        let share = self.shares[class];
        let prior_odds = share / (1.0 - share);
        let measured: Vec<(f64, f64)> = block
            .clone()
            .map(|feature| {
                let inside = f64::from(self.by_class[[feature, class]]);
                // Sums of `f32` may exceed the whole by a rounding.
                let outside = (self.holders[feature] - inside).max(0.0);
                let (inside, outside) = (inside + PRIOR_ROWS * share, outside + PRIOR_ROWS * (1.0 - share));
                let ratio = (inside / outside / prior_odds).ln();
                (ratio * ratio, 1.0 / inside + 1.0 / outside)
            })
            .collect();
        let mass = &self.squares[block];
        let total: f64 = mass.iter().sum();
        let weighed = measured.iter().zip(mass).map(|((_, noise), m)| noise * m);
        let noise = weighed.sum::<f64>() / total.max(f64::MIN_POSITIVE);
        measured.into_iter().map(move |(square, own)| (square - own).max(0.0) + NOISE * noise)
    }
}

/// Divided by their root mean square over the values of the features; ones where there is nothing to divide by.
fn scaled(strengths: Vec<f64>, mass: &[f64]) -> Vec<f64> {
    let total: f64 = mass.iter().sum();
    let squares: f64 = strengths.iter().zip(mass).map(|(v, m)| v * v * m).sum();
    if !(squares > 0.0 && total > 0.0) {
        return vec![1.0; strengths.len()];
    }
    let mean = (squares / total).sqrt();
    strengths.into_iter().map(|v| v / mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_class_has_to_itself_is_learned_more_freely_than_what_all_share() {
        let mut records = Matrix::new(3);
        for row in 0..20 {
            records.push(if row % 2 == 0 { 0 } else { 1 }, 1.0);
            records.push(2, 1.0);
            records.end_row();
        }
        let whole = 0..records.columns();
        let of = |classes, has: fn(usize, usize) -> bool, blocks: &[Range<usize>]| {
            relevance(&records, classes, has, &[1.0; 20], blocks)
        };
        let scales = of(1, |row, _| row % 2 == 0, std::slice::from_ref(&whole));
        assert!(scales[0] > 2.0 * scales[2], "{scales:?}");
        assert!((scales[0] - scales[1]).abs() < 1e-6);
        let mean: f32 = scales.iter().zip([10.0, 10.0, 20.0]).map(|(s, n)| s * s * n).sum::<f32>() / 40.0;
        assert!((mean - 1.0).abs() < 1e-5);
        assert_eq!(of(1, |_, _| true, &[]), [1.0; 3]);
        let both = of(2, |row, class| row % 2 == class, std::slice::from_ref(&whole));
        assert!(both.iter().zip(&scales).all(|(a, b)| (a - b).abs() < 1e-6), "{both:?}");
    }
}
