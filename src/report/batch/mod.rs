//! What `report` says of many scored comments: data, gathered row by row in memory that does not grow with them.
//!
//! A [`Collector`] takes scored rows of some [`task`]s and gives a [`Report`]. One file each: [`tally`] counts, [`breakdown`] counts by article, target, source
//! and week, [`timeline`] by day, [`sample`] keeps some comments, [`typical`] finds words that go with labels, [`alike`] finds comments
//! that are nearly the same, [`caveats`] says what to beware of.

pub mod alike;
pub mod breakdown;
pub mod caveats;
pub mod collector;
pub mod sample;
pub mod tally;
pub mod task;
pub mod timeline;
pub mod typical;

use serde::Serialize;

use crate::labels::TaskKind;
use crate::metrics::Estimate;
use crate::quantification::Unstable;
use crate::summary::Figures;

pub use crate::predictions::RowVerdict;
pub use collector::{Collector, Row};
pub use task::Task;

/// Names the schema in JSON.
pub const SCHEMA: &str = "belowline-report";
/// Version of the schema: a change that takes away or renames a field raises it.
pub const VERSION: u32 = 1;

/// Everything a report says.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// Version of the belowline that wrote it.
    pub belowline: &'static str,
    /// Seconds since 1970 from `SOURCE_DATE_EPOCH`; absent where that is not set, so that the same input gives the same bytes.
    pub date: Option<u64>,
    /// Rows read: scored and rejected.
    pub rows_read: u64,
    /// Rows that the report is about.
    pub rows: u64,
    /// Rows that could not be used.
    pub rows_rejected: u64,
    /// First and last time of the comments.
    pub time: Option<timeline::Span>,
    /// The model and how good it is.
    pub model: Option<ModelCard>,
    /// Whether the scores were read from the input rather than made for the report.
    pub scores_from_input: bool,
    /// One entry a task.
    pub tasks: Vec<TaskReport>,
    /// The first two tasks against each other.
    pub crossing: Option<Crossing>,
    /// Comments over time, where they have times.
    pub timeline: Option<timeline::Timeline>,
    /// Counts by source, article, target and week, as far as rows name them.
    pub breakdowns: Vec<breakdown::Breakdown>,
    /// Counts by article and target together.
    pub pairs: breakdown::Breakdown,
    /// Groups of comments that are nearly the same.
    pub alike: alike::AlikeReport,
    /// Why rows were rejected.
    pub rejects: Vec<RejectReason>,
    /// What to beware of, in plain words.
    pub caveats: Vec<caveats::Caveat>,
    /// Some comments, drawn so that each had the same chance, in the order of the input.
    pub sample: Vec<sample::Shown>,
}

/// Where the model comes from and what was measured of it.
#[derive(Debug, Clone, Serialize)]
pub struct ModelCard {
    /// Version of the belowline that trained it.
    pub trained_by: String,
    /// Training comments.
    pub comments: usize,
    /// SHA-256 over the training comments.
    pub fingerprint: String,
    /// Language of its stemmer.
    pub language: &'static str,
    /// Where it comes from and where it fails, as its makers say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Seconds since 1970; absent where training was not given a date.
    pub date: Option<u64>,
    /// Rows under articles that training saw.
    pub rows_under_seen_articles: u64,
    /// Rows under other articles.
    pub rows_under_unseen_articles: u64,
    /// What was measured, a task each: the figures that the model was tuned for, and those of the other question.
    pub tasks: Vec<ModelTask>,
}

/// What was measured of one task of the model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelTask {
    /// The task.
    pub task: String,
    /// By question; nothing was chosen on the rows that are judged.
    pub figures: Vec<Figures>,
}

/// What was found of one task.
#[derive(Debug, Clone, Serialize)]
pub struct TaskReport {
    /// The task.
    pub task: String,
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// One entry a label.
    pub labels: Vec<LabelReport>,
    /// Rows without a label: none applies, or the confidence was too low for the one who scored them.
    pub unlabelled: u64,
    /// Rows whose confidence is below one half.
    pub unsure: u64,
    /// Mean of the expected numbers, where labels have numbers.
    pub mean_score: Option<f64>,
    /// What the corrected shares rest on: the question of the figures. `None` where nothing could be corrected.
    pub corrected_by: Option<String>,
    /// Rows of the corrected counts.
    pub corrected_rows: u64,
}

/// What was found of one label.
#[derive(Debug, Clone, Serialize)]
pub struct LabelReport {
    /// The label.
    pub label: String,
    /// Its number, where it has one.
    pub number: Option<f64>,
    /// Rows that it was predicted for.
    pub count: u64,
    /// Their share of all rows.
    pub share: f64,
    /// Mean of its probability over all rows.
    pub mean_probability: f64,
    /// The share corrected for the model's measured errors, with a 95% interval that covers sampling and model error.
    pub corrected: Option<Estimate>,
    /// Why the correction is not to be relied on.
    pub unstable: Option<Unstable>,
    /// Words that go with it.
    pub typical: Vec<typical::TypicalWord>,
    /// The comments that the model is surest of.
    pub clearest: Vec<sample::Shown>,
    /// The comments where it was closest to going the other way.
    pub undecided: Vec<sample::Shown>,
}

/// How often labels of two tasks come together.
#[derive(Debug, Clone, Serialize)]
pub struct Crossing {
    /// The task in rows.
    pub rows: String,
    /// The task in columns.
    pub columns: String,
    /// Labels in rows, the last being no label.
    pub row_labels: Vec<String>,
    /// Labels in columns, the last being no label.
    pub column_labels: Vec<String>,
    /// Number of comments, by row and column; a comment of several labels counts in each.
    pub counts: Vec<Vec<u64>>,
}

/// One reason and how many rows it concerned.
#[derive(Debug, Clone, Serialize)]
pub struct RejectReason {
    /// What was wrong.
    pub reason: String,
    /// Number of rows.
    pub count: u64,
    /// Position of the first.
    pub first: String,
}
