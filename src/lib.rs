//! Scores reader comments for stance and tone.
//!
//! `belowline` trains on comments that somebody labelled, scores new ones, explains every score and writes it all beside
//! the input rows. The program of the same name is a thin layer over this library.
//!
//! Data flows one way: [`input`] reads rows into examples, [`text`] cuts and stems them, [`features`] turns them into sparse rows,
//! [`linear`] fits and scores them, [`calibration`] and [`decision`] make probabilities and labels of the scores,
//! [`predictions`] and [`report`] write them down. [`training`] runs the whole chain for labelled examples, with every choice made
//! by [`cross_validation`] and [`selection`]; [`model`] runs it for new ones.
//!
//! ```
//! use belowline::config::Config;
//! use belowline::features::Texts;
//! use belowline::input::Example;
//! use belowline::training::train;
//!
//! # fn main() -> belowline::error::Result<()> {
//! let example = |comment: &str, stance: &str| Example {
//!     comment: comment.into(),
//!     labels: vec![Some(stance.into())],
//!     ..Example::default()
//! };
//! let mut examples = Vec::new();
//! for n in 0..10 {
//!     examples.push(example(&format!("great plan, build line {n} now"), "favor"));
//!     examples.push(example(&format!("a waste of money, stop line {n}"), "against"));
//! }
//! let trained = train(&examples, &["stance".into()], &Config::default(), &|_done, _steps| {})?;
//!
//! let mut scorer = trained.model.scorer();
//! let verdicts = scorer.score(&[Texts { comment: "stop this waste", ..Texts::default() }]);
//! let head = &trained.model.heads[0];
//! assert_eq!(head.labels.join(&verdicts[0][0].predicted), "against");
//! assert!(verdicts[0][0].confidence() > 0.5);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod adaptation;
mod borrowing;
pub mod builtin;
pub mod calibration;
pub mod cli;
pub mod config;
pub mod cross_validation;
pub mod decision;
pub mod error;
pub mod evaluation;
pub mod explanation;
pub mod exports;
pub mod features;
pub mod input;
pub mod labelling;
pub mod labels;
pub mod linear;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod model_file;
pub mod pages;
pub mod predictions;
pub mod quantification;
mod questions;
pub mod report;
pub mod scorer;
mod scoring_table;
pub mod selection;
pub mod summary;
pub mod task;
pub mod text;
pub mod training;
pub mod validation;
pub mod workbench;
