//! belowline
#![deny(missing_docs)]
#![forbid(unsafe_code)]
pub mod calibration;
pub mod cli;
pub mod config;
pub mod decision;
pub mod error;
pub mod evaluation;
pub mod features;
pub mod input;
pub mod labels;
pub mod linear;
pub mod metrics;
pub mod model;
pub mod model_file;
pub mod predictions;
pub mod report;
pub mod selection;
pub mod summary;
pub mod text;
pub mod training;
pub mod validation;
