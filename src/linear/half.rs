//! What a model keeps of a fitted regression: weights of half precision, where its file has them.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use ndarray::{Array1, Array2};

use super::bytes::Bytes;
use super::logistic::SparseLogistic;

/// A weight as it stands in a model file, low byte first.
pub type Cell = [u8; 2];

/// Bytes that stand behind the weights: whoever reads eight of a feature's weights at a time may read so far beyond the last.
pub const SPARE: usize = 7 * size_of::<Cell>();

/// A fitted regression with weights of half precision. Their eleven bits are more than the data say about any weight.
#[derive(Debug, Clone)]
pub struct HalfLogistic {
    /// Holds the weights, feature by feature, and [`SPARE`] bytes or more behind them. Shared with whatever else stands in a file.
    bytes: Arc<Bytes>,
    /// Where the weights begin.
    start: usize,
    features: usize,
    intercepts: Array1<f64>,
}

impl HalfLogistic {
    /// A regression with known weights (features by score columns) and intercepts (by score column).
    ///
    /// # Panics
    /// If there is not one intercept a score column, or no memory.
    pub fn new(weights: &Array2<f16>, intercepts: Array1<f64>) -> Self {
        assert_eq!(weights.ncols(), intercepts.len(), "one intercept a score column");
        let mut bytes = Bytes::zeroed(size_of::<Cell>() * weights.len() + SPARE).expect("memory for weights");
        bytes.as_chunks_mut().0.iter_mut().zip(weights).for_each(|(cell, weight)| *cell = weight.to_le_bytes());
        HalfLogistic { bytes: Arc::new(bytes), start: 0, features: weights.nrows(), intercepts }
    }

    /// A regression whose weights for some features begin somewhere in bytes; `None` if they, and [`SPARE`] bytes more, do not fit in, or a
    /// number is not finite.
    pub fn within(bytes: Arc<Bytes>, start: usize, features: usize, intercepts: Array1<f64>) -> Option<Self> {
        let length = features.checked_mul(intercepts.len())?.checked_mul(size_of::<Cell>())?;
        let end = start.checked_add(length)?.checked_add(SPARE)?;
        (end <= bytes.len()).then_some(HalfLogistic { bytes, start, features, intercepts }).filter(Self::is_finite)
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of score columns.
    pub fn columns(&self) -> usize {
        self.intercepts.len()
    }

    /// The weight of a feature in a score column.
    pub fn weight(&self, feature: usize, column: usize) -> f32 {
        f16::from_le_bytes(self.weights()[feature * self.columns() + column]).to_f32()
    }

    /// All weights, feature by feature.
    pub fn weights(&self) -> &[Cell] {
        &self.cells()[..self.features * self.columns()]
    }

    /// The same, and at least seven cells that mean nothing behind them.
    pub(crate) fn cells(&self) -> &[Cell] {
        self.bytes[self.start..].as_chunks().0
    }

    /// Whether some features have no weight at all.
    pub fn is_idle(&self, features: Range<usize>) -> bool {
        let columns = self.columns();
        self.weights()[features.start * columns..features.end * columns].iter().all(|cell| *cell == Cell::default())
    }

    /// The same with some of the features.
    pub fn of_features(&self, features: &[usize]) -> Self {
        let weight = |(place, column): (usize, usize)| f16::from_f32(self.weight(features[place], column));
        let weights = Array2::from_shape_fn((features.len(), self.columns()), weight);
        HalfLogistic::new(&weights, self.intercepts.clone())
    }

    /// The weights with single precision, features by score columns.
    pub fn widened(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.features, self.columns()), |(feature, column)| self.weight(feature, column))
    }

    /// Intercept of each score column.
    pub fn intercepts(&self) -> &Array1<f64> {
        &self.intercepts
    }

    fn is_finite(&self) -> bool {
        const EXPONENT: u16 = 0x7c00;
        let is_finite = |&cell: &Cell| u16::from_le_bytes(cell) & EXPONENT != EXPONENT;
        // To the end, whatever is found: a loop without an early way out compiles to vector instructions.
        self.weights().iter().fold(true, |all, cell| all & is_finite(cell))
            && self.intercepts.iter().all(|w| w.is_finite())
    }
}

/// Weights beyond the range of half precision end up at its limits, those too small for all of its digits at zero: numbers with the lowest
/// exponent are slow on many processors.
impl From<&SparseLogistic> for HalfLogistic {
    fn from(regression: &SparseLogistic) -> Self {
        let half = |w: f32| f16::from_f32(w.clamp(f16::MIN.to_f32(), f16::MAX.to_f32()));
        let flushed = |w: f16| if w.is_normal() { w } else { f16::ZERO };
        HalfLogistic::new(&regression.weights().mapv(|w| flushed(half(w))), regression.intercepts().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    #[test]
    fn weights_are_rounded_to_half_precision_and_the_smallest_to_zero() {
        let weights = ndarray::arr2(&[[1.0f32, -1e9], [0.1, 1e-6], [f32::MIN_POSITIVE, -7e-5]]);
        let half = HalfLogistic::from(&SparseLogistic::from_weights(weights, arr1(&[0.5, -0.5])));
        let expected = [[1.0, -65504.0], [0.099_975_586, 0.0], [0.0, -7.0e-5]];
        for (feature, row) in expected.into_iter().enumerate() {
            for (column, weight) in row.into_iter().enumerate() {
                assert!((half.weight(feature, column) - weight).abs() <= 1e-3 * weight.abs(), "{feature} {column}");
            }
        }
        assert_eq!(half.widened()[[1, 0]], 0.099_975_586);
        assert!(!half.is_idle(0..2) && half.is_idle(3..3));
        let some = half.of_features(&[2, 0]);
        assert_eq!((some.features(), some.weight(0, 1), some.weight(1, 0)), (2, half.weight(2, 1), 1.0));
    }

    #[test]
    fn weights_within_bytes_must_fit_in_and_be_finite() {
        let held = |cells: Vec<[u8; 2]>| {
            let mut bytes = Bytes::zeroed(1 + 2 * cells.len()).unwrap();
            bytes[1..].copy_from_slice(cells.as_flattened());
            Arc::new(bytes)
        };
        let bytes = held((0..20u16).map(u16::to_le_bytes).collect());
        let within = |start, features| HalfLogistic::within(bytes.clone(), start, features, arr1(&[0.0; 3]));
        let half = within(1, 4).unwrap();
        assert_eq!((half.features(), half.columns(), half.weights().len()), (4, 3, 12));
        assert_eq!(half.weights()[4], 4u16.to_le_bytes());
        assert!(half.cells().len() >= half.weights().len() + 7);
        assert!(within(1, 5).is_none() && within(usize::MAX, 1).is_none() && within(1, usize::MAX).is_none());
        let infinite = held(vec![f16::INFINITY.to_le_bytes(); 20]);
        assert!(HalfLogistic::within(infinite, 1, 1, arr1(&[0.0])).is_none());
        assert!(HalfLogistic::within(bytes.clone(), 1, 1, arr1(&[f64::NAN])).is_none());
    }
}
