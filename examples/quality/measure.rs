//! One task of one data set: belowline and its peers on the same folds.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use belowline::config::Config;
use belowline::metrics::{Bootstrap, Estimate};
use belowline::model::Head;
use belowline::summary::{Figures, Measured};
use belowline::training::{HeldOut, train};

use crate::data::DataSet;
use crate::peers::{Answer, Peers, Question};
use crate::scores::{Predictions, Score};
use crate::table::grouped;

/// What was measured of one task of a data set.
pub struct TaskResult {
    /// Labelled rows.
    pub rows: usize,
    /// Number of labels.
    pub labels: usize,
    /// What the intervals resample, with the number of them: "5 targets".
    pub clusters: String,
    /// What belowline's whole run took: features, choices, every cross-validation, the final fit.
    pub seconds: f64,
    /// One entry a cross-validation, first the one that was tuned for.
    pub questions: Vec<QuestionResult>,
}

/// What was measured on the folds of one question.
pub struct QuestionResult {
    /// What the folds ask: "new comments under known articles", ...
    pub question: &'static str,
    /// Scores by name, belowline's with its interval.
    pub scores: Vec<(String, Estimate)>,
    /// belowline's expected calibration error.
    pub calibration_error: f64,
    /// In the order of the installed peers.
    pub peers: Vec<PeerResult>,
}

/// What was measured of a peer.
pub enum PeerResult {
    /// Its figures.
    Done {
        /// In the order of the question's scores: the peer's value, and belowline's minus it.
        scores: Vec<(f64, Estimate)>,
        /// Expected calibration error.
        calibration_error: f64,
        /// What its trainings took together.
        seconds: f64,
    },
    /// It cannot learn such a task.
    Unable,
    /// It was stopped.
    NotDoneIn(Duration),
    /// Why there are no figures.
    Failed(String),
}

/// Cross-validates belowline with its default settings, all folds in turn, then the peers on its folds. `say` hears what is being done.
pub fn measure(set: &DataSet, task: &str, peers: &Peers, say: &dyn Fn(&str)) -> Result<TaskResult> {
    let examples = set.read(task)?;
    if examples.is_empty() {
        bail!("train.csv has a header but no rows");
    }
    say("belowline");
    let start = Instant::now();
    let mut config = Config::default();
    config.validation.held_out_rows = usize::MAX;
    let trained = train(&examples, &[task.to_owned()], &config, &|_, _| {})?;
    let seconds = start.elapsed().as_secs_f64();
    let (Some(head), Some(all_held)) = (trained.model.heads.first(), trained.out_of_fold.first()) else {
        bail!("training gave no model");
    };
    let questions = all_held
        .iter()
        .map(|held| {
            let question = Question { examples: &examples, kind: head.kind, labels: &head.labels, held };
            ask(head, question, peers, say)
        })
        .collect::<Result<Vec<_>>>()?;
    let figures = &head.summary.figures;
    Ok(TaskResult {
        rows: head.summary.rows,
        labels: head.labels.len(),
        clusters: format!("{} {}", grouped(figures.cluster_count), figures.clusters),
        seconds,
        questions,
    })
}

fn ask(head: &Head, question: Question, peers: &Peers, say: &dyn Fn(&str)) -> Result<QuestionResult> {
    let held = question.held;
    let validation = Config::default().validation;
    let bootstrap = Bootstrap { clusters: &held.clusters, resamples: validation.resamples, seed: validation.seed };
    let ours = Predictions { judged: &held.judged, probabilities: &held.probabilities };
    let scores = Score::of_task(head.kind, &head.labels, ours.judged);
    let peer_result = |answer| -> Result<PeerResult> {
        Ok(match answer {
            Answer::Unable => PeerResult::Unable,
            Answer::NotDoneIn(timeout) => PeerResult::NotDoneIn(timeout),
            Answer::Failed(message) => PeerResult::Failed(message),
            Answer::Done(predicted) => {
                let theirs = Predictions { judged: &predicted.judged, probabilities: &predicted.probabilities };
                let of_score = |score: &Score| {
                    let value = score.value_of_all(theirs);
                    Ok((value, score.difference(ours, theirs, &bootstrap)?))
                };
                PeerResult::Done {
                    scores: scores.iter().map(of_score).collect::<Result<_>>()?,
                    calibration_error: calibration_error(head, held, theirs)?,
                    seconds: predicted.seconds,
                }
            }
        })
    };
    let of_score = |score: &Score| Ok((score.name(&head.labels), score.estimate(ours, &bootstrap)?));
    Ok(QuestionResult {
        question: held.question,
        scores: scores.iter().map(of_score).collect::<Result<_>>()?,
        calibration_error: calibration_error(head, held, ours)?,
        peers: peers
            .installed
            .iter()
            .map(|peer| {
                say(&format!("{}, {}", peer.name, held.question));
                peer_result(peers.ask(peer, question)).with_context(|| peer.name.clone())
            })
            .collect::<Result<_>>()?,
    })
}

/// The same measure for everybody: that of the training summary.
fn calibration_error(head: &Head, held: &HeldOut, p: Predictions) -> Result<f64> {
    let mut validation = Config::default().validation;
    validation.resamples = 0;
    let figures = Figures::measure(&Measured {
        kind: head.kind,
        labels: &head.labels,
        judged: p.judged,
        probabilities: p.probabilities,
        question: held.question,
        grouped_by: "",
        folds: 0,
        held_out: None,
        clusters: "",
        cluster_of: &held.clusters,
        validation: &validation,
    })?;
    Ok(figures.calibration_error)
}
