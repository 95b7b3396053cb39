//! Scored rows as files: the input row, untouched, with what the model says of it.
//!
//! One file a format; each registers in [`writer`].

mod csv;
mod json_lines;
mod reading;

pub use reading::{RowVerdict, ScoredColumns};

use std::io::Write;

use crate::error::{Error, Position, Result};
use crate::input::{Header, Record};
use crate::model::{Contribution, Head, Verdict};

/// Formats of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV with further columns.
    Csv,
    /// The same with tabs.
    Tsv,
    /// JSON lines with a nested object `belowline`.
    JsonLines,
}

/// One task's part of a scored row.
#[derive(Debug, Clone)]
pub struct Scored {
    /// What the head says.
    pub verdict: Verdict,
    /// The labels, joined; empty where the confidence is below the wanted one, or no label applies.
    pub label: String,
    /// The classes behind `label`.
    pub shown: Vec<usize>,
    /// The strongest contributions to the prediction, if they were asked for.
    pub why: Option<Vec<Contribution>>,
}

impl Scored {
    /// What is written of a verdict: no label where the confidence is below `min_conf`.
    pub fn new(head: &Head, verdict: Verdict, min_conf: f64, why: Option<Vec<Contribution>>) -> Self {
        let shown = if verdict.confidence() < min_conf { Vec::new() } else { verdict.predicted.clone() };
        Scored { label: head.labels.join(&shown), shown, verdict, why }
    }
}

/// Writes scored rows in one format.
pub trait PredictionWriter: Send {
    /// Writes one row. An error of kind [`Error::Input`] concerns this row alone; nothing of it has been written then.
    fn write(&mut self, record: &Record, scored: &[Scored]) -> Result<()>;
    /// Hands everything that is still held back to the sink.
    fn finish(&mut self) -> Result<()>;
}

/// The tasks of a writer, and what is written of them.
#[derive(Debug, Clone)]
pub struct Tasks {
    heads: Vec<TaskColumns>,
}

#[derive(Debug, Clone)]
struct TaskColumns {
    task: String,
    labels: Vec<String>,
    numbers: Option<Vec<f64>>,
    why: bool,
}

impl Tasks {
    /// The tasks of a model's heads; `why` where explanations are written.
    pub fn new(heads: &[Head], why: bool) -> Self {
        let heads = heads
            .iter()
            .map(|h| TaskColumns {
                task: h.name.clone(),
                labels: h.labels.names().to_vec(),
                numbers: h.numbers.clone(),
                why,
            })
            .collect();
        Tasks { heads }
    }

    /// Names of the columns that are appended.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        for head in &self.heads {
            let task = &head.task;
            columns.push(format!("{task}_pred"));
            columns.push(format!("{task}_conf"));
            columns.extend(head.labels.iter().map(|label| format!("{task}_p_{label}")));
            if head.numbers.is_some() {
                columns.push(format!("{task}_score"));
            }
            if head.why {
                columns.push(format!("{task}_why"));
            }
        }
        columns
    }
}

/// A writer for rows under `header`. `path` is the input's name for errors.
pub fn writer<W: Write + Send + 'static>(
    format: Format,
    header: &Header,
    tasks: Tasks,
    path: &str,
    sink: W,
) -> Result<Box<dyn PredictionWriter>> {
    if let Header::Columns(columns) = header {
        check_names(columns.iter().map(String::as_str), &tasks, format, path)?;
    }
    Ok(match format {
        Format::Csv => Box::new(csv::CsvPredictions::new(b',', header, tasks, sink)?),
        Format::Tsv => Box::new(csv::CsvPredictions::new(b'\t', header, tasks, sink)?),
        Format::JsonLines => Box::new(json_lines::JsonLinesPredictions::new(header, tasks, sink)),
    })
}

/// An input column must not bear a name that is to be appended.
fn check_names<'n>(names: impl Iterator<Item = &'n str>, tasks: &Tasks, format: Format, path: &str) -> Result<()> {
    let taken = match format {
        Format::Csv | Format::Tsv => tasks.columns(),
        Format::JsonLines => vec![json_lines::KEY.to_string()],
    };
    for name in names {
        if taken.iter().any(|t| t == name) {
            return Err(Error::input(
                Position::file(path).in_column(name),
                format!(
                    "the input already has a column `{name}`, which the predictions would be written to: rename or remove it"
                ),
            ));
        }
    }
    Ok(())
}

/// Appends a number with six decimals, as in every output.
fn push_decimals(value: f64, bytes: &mut Vec<u8>) {
    use std::io::Write as _;
    let millionths = value * 1e6;
    let below = millionths as u32;
    let rest = millionths - f64::from(below);
    // Digit by digit where there is no doubt which way to round, which is almost everywhere: millions of numbers are written.
    if value.is_sign_positive() && below < 1_000_000 && (rest - 0.5).abs() > 1e-6 {
        let rounded = below + u32::from(rest > 0.5);
        let digit = |unit: u32| b'0' + (rounded / unit % 10) as u8;
        let text =
            [digit(1_000_000), b'.', digit(100_000), digit(10_000), digit(1_000), digit(100), digit(10), digit(1)];
        bytes.extend_from_slice(&text);
    } else {
        write!(bytes, "{value:.6}").expect("writing to memory does not fail");
    }
}

/// What writing failed with.
fn failed(error: std::io::Error) -> Error {
    Error::io("write", "the predictions", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_those_of_the_standard_library(value in prop_oneof![0.0..1.0f64, -3.0..3.0f64, (0..2_000_000u32).prop_map(|n| f64::from(n) / 2e6), any::<f64>()]) {
            let mut bytes = b"before ".to_vec();
            push_decimals(value, &mut bytes);
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), format!("before {value:.6}"));
        }
    }
}
