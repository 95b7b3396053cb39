//! What a model keeps of a fitted regression: weights of half precision.

use half::f16;
use ndarray::{Array1, Array2};

use super::logistic::SparseLogistic;

/// A fitted regression with weights of half precision. Their eleven bits are more than the data say about any weight.
#[derive(Debug, Clone, PartialEq)]
pub struct HalfLogistic {
    weights: Array2<f16>,
    intercepts: Array1<f64>,
}

impl HalfLogistic {
    /// A regression with known weights (features by score columns) and intercepts (by score column).
    pub fn new(weights: Array2<f16>, intercepts: Array1<f64>) -> Self {
        assert_eq!(weights.ncols(), intercepts.len(), "one intercept a score column");
        let weights = if weights.is_standard_layout() { weights } else { weights.as_standard_layout().into_owned() };
        HalfLogistic { weights, intercepts }
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.weights.nrows()
    }

    /// Number of score columns.
    pub fn columns(&self) -> usize {
        self.weights.ncols()
    }

    /// The weight of a feature in a score column.
    pub fn weight(&self, feature: usize, column: usize) -> f32 {
        self.weights[[feature, column]].to_f32()
    }

    /// All weights, feature by feature.
    pub fn weights(&self) -> &[f16] {
        self.weights.as_slice().expect("weights are in standard layout")
    }

    /// The weights with single precision, features by score columns.
    pub fn widened(&self) -> Array2<f32> {
        self.weights.mapv(f16::to_f32)
    }

    /// Intercept of each score column.
    pub fn intercepts(&self) -> &Array1<f64> {
        &self.intercepts
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        // To the end, whatever is found: a loop without an early way out compiles to vector instructions.
        self.weights().iter().fold(true, |all, w| all & w.is_finite()) && self.intercepts.iter().all(|w| w.is_finite())
    }
}

/// Weights beyond the range of half precision end up at its limits.
impl From<&SparseLogistic> for HalfLogistic {
    fn from(regression: &SparseLogistic) -> Self {
        let half = |w: f32| f16::from_f32(w.clamp(f16::MIN.to_f32(), f16::MAX.to_f32()));
        HalfLogistic::new(regression.weights().mapv(half), regression.intercepts().clone())
    }
}
