//! Parameters of the logistic regression: unchecked, and checked behind linfa's `ParamGuard`.

use std::sync::Arc;

use linfa::ParamGuard;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Most classes of a multinomial regression.
pub const MAX_CLASSES: usize = 256;

/// How much a comment counts by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Every comment counts the same.
    None,
    /// A label counts inversely to its frequency: `rows / (labels * rows with the label)`.
    Balanced,
}

/// Parameters that have not been checked yet.
#[derive(Debug, Clone)]
pub struct LogisticParams(LogisticValidParams);

/// Checked parameters: only these can be fitted.
#[derive(Debug, Clone)]
pub struct LogisticValidParams {
    pub(super) classes: usize,
    pub(super) alpha: f64,
    pub(super) penalty_factors: Option<Arc<Vec<f32>>>,
    pub(super) class_weights: ClassWeights,
    pub(super) tolerance: f64,
    pub(super) max_iterations: usize,
    pub(super) initial: Option<Arc<Array2<f64>>>,
    pub(super) prior: Option<Arc<Array2<f64>>>,
}

impl LogisticParams {
    /// Defaults for a number of classes (single-label) or labels (multi-label): `alpha` 1, no class weights, tolerance 0.001
    /// and at most 100 steps.
    pub fn new(classes: usize) -> Self {
        LogisticParams(LogisticValidParams {
            classes,
            alpha: 1.0,
            penalty_factors: None,
            class_weights: ClassWeights::None,
            tolerance: 1e-3,
            max_iterations: 100,
            initial: None,
            prior: None,
        })
    }

    /// Strength of the L2 penalty, `alpha / 2 * |w|^2` beside the sum of the rows' losses (1 / C in scikit-learn). In (0, inf).
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }

    /// A factor on `alpha` for each feature, in (0, inf); 1 for all by default. A feature with factor `1 / s^2` is
    /// learned as if its values were multiplied by `s`.
    pub fn penalty_factors(mut self, factors: Arc<Vec<f32>>) -> Self {
        self.0.penalty_factors = Some(factors);
        self
    }

    /// How much a comment counts by its label.
    pub fn class_weights(mut self, class_weights: ClassWeights) -> Self {
        self.0.class_weights = class_weights;
        self
    }

    /// The solver stops when the gradient's norm has fallen to this share of its norm at zero weights. In (0, 1).
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Most epochs of dual coordinate ascent, and most Newton steps where those do not do. At least 1.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.0.max_iterations = max_iterations;
        self
    }

    /// Weights to start from: features and, in the last row, the intercept, by score columns.
    pub fn initial(mut self, weights: Arc<Array2<f64>>) -> Self {
        self.0.initial = Some(weights);
        self
    }

    /// Weights that the penalty pulls towards instead of zero: features by score columns. The penalty is `alpha / 2 * |w - prior|^2`.
    pub fn prior(mut self, weights: Arc<Array2<f64>>) -> Self {
        self.0.prior = Some(weights);
        self
    }
}

fn outside(name: &str, range: &str, got: impl std::fmt::Display) -> Error {
    Error::Config(format!("`{name}` of the logistic regression must be {range}. Got {got}"))
}

impl ParamGuard for LogisticParams {
    type Checked = LogisticValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&LogisticValidParams> {
        let p = &self.0;
        if !(p.alpha > 0.0 && p.alpha.is_finite()) {
            return Err(outside("alpha", "a number in (0, inf)", p.alpha));
        }
        // The solver keeps penalties in `f32`.
        if !(1e-20..=1e20).contains(&p.alpha) {
            return Err(outside("alpha", "a number from 1e-20 to 1e20", p.alpha));
        }
        if !(p.tolerance > 0.0 && p.tolerance < 1.0) {
            return Err(outside("tolerance", "a number in (0, 1)", p.tolerance));
        }
        if p.max_iterations == 0 {
            return Err(outside("max_iterations", "at least 1", 0));
        }
        if p.classes == 0 {
            return Err(outside("classes", "at least 1", 0));
        }
        if let Some(factors) = &p.penalty_factors
            && let Some(bad) = factors.iter().find(|f| !(**f > 0.0 && f.is_finite()))
        {
            return Err(outside("penalty_factors", "numbers in (0, inf)", bad));
        }
        if let Some(initial) = &p.initial
            && initial.ncols() != p.classes
        {
            return Err(outside("initial", "weights with one column a class", initial.ncols()));
        }
        if let Some(prior) = &p.prior
            && (prior.ncols() != p.classes || prior.iter().any(|w| !w.is_finite()))
        {
            return Err(outside("prior", "finite weights with one column a class", prior.ncols()));
        }
        Ok(p)
    }

    fn check(self) -> Result<LogisticValidParams> {
        self.check_ref()?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_out_of_range_is_named_with_its_range() {
        let message = |p: LogisticParams| p.check().unwrap_err().to_string();
        assert_eq!(
            message(LogisticParams::new(2).alpha(-1.0)),
            "`alpha` of the logistic regression must be a number in (0, inf). Got -1"
        );
        assert_eq!(
            message(LogisticParams::new(2).tolerance(f64::NAN)),
            "`tolerance` of the logistic regression must be a number in (0, 1). Got NaN"
        );
        assert_eq!(
            message(LogisticParams::new(2).max_iterations(0)),
            "`max_iterations` of the logistic regression must be at least 1. Got 0"
        );
    }
}
