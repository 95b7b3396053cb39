//! The sparse logistic regression behind linfa's traits.
//!
//! [`params`] holds what a caller may set, unchecked and checked; [`loss`] the objective row by row; `dual` finds the weights by visiting
//! row after row, each row's part of it in `proximal`; where that does not do, [`solver`] does, with its inner loops in `kernels`;
//! [`logistic`] ties them to `linfa::DatasetBase`, `Fit` and `PredictInplace`. It exists because `linfa-logistic` takes dense
//! records only, and minimises the same objective.

pub mod bytes;
mod dual;
mod half;
mod kernels;
pub mod logistic;
pub mod loss;
pub mod params;
mod proximal;
pub mod relevance;
pub mod solver;

pub use bytes::Bytes;
pub(crate) use half::Cell;
pub use half::{HalfLogistic, SPARE};
pub(crate) use kernels::vectorised;
pub use logistic::SparseLogistic;
pub use params::{ClassWeights, LogisticParams, LogisticValidParams};
pub use relevance::relevance;
pub use solver::Convergence;
