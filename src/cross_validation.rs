//! Nested cross-validation of a task, and the final fit on all of its rows.

use ndarray::Array2;
use rayon::prelude::*;

use crate::adaptation::BaseWeight;
use crate::config::Search;
use crate::error::{Error, Result};
use crate::linear::{Convergence, SparseLogistic};
use crate::metrics::Judged;
use crate::questions::Question;
use crate::selection::{Candidate, Choice, Selection, side_by_side};
use crate::workbench::{Finish, Start, Workbench};

/// Held-out predictions of the rows of the folds that were held out, and what led to them.
pub struct OutOfFold {
    /// The rows, ascending: places among the task's labelled rows.
    pub rows: Vec<usize>,
    /// The fold that holds each of them out.
    pub fold_of: Vec<usize>,
    /// Calibrated probabilities, rows by labels.
    pub probabilities: Array2<f64>,
    /// True and predicted classes.
    pub judged: Vec<Judged>,
    /// What all inner splits together speak for.
    pub choice: Choice,
    parts: Vec<FoldFit>,
}

/// One fold's fit.
struct FoldFit {
    train: Vec<usize>,
    held: Vec<usize>,
    candidate: Candidate,
    scores: Array2<f64>,
    start: Start,
}

impl OutOfFold {
    /// Scores of each fold's held-out rows by one candidate.
    fn scores_of(&self, bench: &Workbench, candidate: Candidate) -> Result<Vec<Array2<f64>>> {
        let mut scores = Vec::with_capacity(self.parts.len());
        for some in self.parts.chunks(side_by_side()) {
            let fitted: Result<Vec<_>> = some
                .par_iter()
                .map(|fold| match fold.candidate == candidate {
                    true => Ok(fold.scores.clone()),
                    false => Ok(bench.fit_and_score(&fold.train, &fold.held, candidate, fold.start.clone())?.0),
                })
                .collect();
            scores.extend(fitted?);
        }
        Ok(scores)
    }

    /// What a finish says of scores of each fold's held-out rows.
    fn judge(&self, bench: &Workbench, finish: &Finish, scores: &[Array2<f64>]) -> Vec<(usize, Judged)> {
        let mut judged = Vec::new();
        for (scores, fold) in scores.iter().zip(&self.parts) {
            let probabilities = finish.probabilities(scores.view());
            for (p, &row) in probabilities.rows().into_iter().zip(&fold.held) {
                judged.push((row, bench.task.judged(row, finish.rule.decide(&p.to_vec()))));
            }
        }
        judged
    }
}

/// Predicts each fold that is to be held out with a model that never saw it, all choices made inside the other folds; `search` says how much is tried.
pub(crate) fn cross_validate(
    bench: &Workbench,
    question: &Question,
    search: Search,
    step: &(dyn Fn() + Sync),
) -> Result<OutOfFold> {
    let (task, folds) = (bench.task, &question.folds);
    let selection = Selection::run(bench, question, search, step)?;
    let mut of_row: Vec<Option<(usize, Judged, Vec<f64>)>> = vec![None; task.rows.len()];
    let mut parts = Vec::new();
    let chosen: Vec<Candidate> = (0..question.held_out).map(|fold| selection.choice(&[fold]).candidate).collect();
    let finishes: Vec<(usize, (Finish, Start))> = selection.finish(&chosen)?.into_iter().enumerate().collect();
    for some in finishes.chunks(side_by_side()) {
        let fitted: Result<Vec<_>> = some
            .par_iter()
            .map(|(fold, (_, start))| {
                let (train, held, candidate) = (folds.train(&[*fold]), folds.held(*fold), chosen[*fold]);
                let (scores, start) = bench.fit_and_score(&train, &held, candidate, start.clone())?;
                Ok(FoldFit { train, held, candidate, scores, start })
            })
            .collect();
        for ((fold, (finish, _)), part) in some.iter().zip(fitted?) {
            let probabilities = finish.probabilities(part.scores.view());
            for (p, &row) in probabilities.rows().into_iter().zip(&part.held) {
                let p = p.to_vec();
                of_row[row] = Some((*fold, task.judged(row, finish.rule.decide(&p)), p));
            }
            parts.push(part);
            step();
        }
    }
    let rows: Vec<usize> = (0..of_row.len()).filter(|&row| of_row[row].is_some()).collect();
    let mut probabilities = Array2::zeros((rows.len(), task.labels.len()));
    let (mut fold_of, mut judged) = (Vec::new(), Vec::new());
    for (place, (fold, row, p)) in of_row.into_iter().flatten().enumerate() {
        probabilities.row_mut(place).assign(&ndarray::ArrayView1::from(&p));
        fold_of.push(fold);
        judged.push(row);
    }
    let choice = selection.choice(&(0..folds.count()).collect::<Vec<_>>());
    Ok(OutOfFold { rows, fold_of, probabilities, judged, choice, parts })
}

/// A fit on all rows.
pub struct FinalFit {
    /// Features to raw scores.
    pub regression: SparseLogistic,
    /// What the scores of a base model are worth in them.
    pub base: Vec<BaseWeight>,
    /// How the fit ended.
    pub convergence: Convergence,
    /// Raw scores to probabilities and labels. The scores of `regression` have borrowed already, those of the folds have not.
    pub finish: Finish,
    candidate: Candidate,
    /// The rows that folds held out, places among the task's labelled rows, and what `finish` says of their held-out scores. It was
    /// fitted on them, so these are no figures to report; they are the errors to expect at just the decision rule that the model has.
    pub judged: Vec<(usize, Judged)>,
}

impl FinalFit {
    /// The same for the folds of another cross-validation.
    pub fn judge(&self, bench: &Workbench, out_of_fold: &OutOfFold) -> Result<Vec<(usize, Judged)>> {
        let scores = out_of_fold.scores_of(bench, self.candidate)?;
        Ok(out_of_fold.judge(bench, &self.finish, &scores))
    }
}

/// Fits what all inner splits together speak for on all rows, and finishes on out-of-fold scores.
pub fn fit_all(bench: &Workbench, out_of_fold: &OutOfFold, step: &(dyn Fn() + Sync)) -> Result<FinalFit> {
    let candidate = out_of_fold.choice.candidate;
    let all: Vec<usize> = (0..bench.task.rows.len()).collect();
    let start = out_of_fold.parts.last().and_then(|p| p.start.clone());
    let fit = || {
        let part = bench.part(&all, candidate.blocks);
        bench.fit(&part, candidate, start, bench.config.training.tolerance)
    };
    // The calibrator must see scores of the kind it will be given.
    let (regression, scores) = rayon::join(fit, || out_of_fold.scores_of(bench, candidate));
    let (regression, scores) = (regression?, scores?);
    let convergence = regression.convergence().ok_or_else(|| Error::TrainingData("the fit has no result".into()))?;
    let held: Vec<usize> = out_of_fold.parts.iter().flat_map(|fold| fold.held.iter().copied()).collect();
    let finish = bench.finish_parts(&scores, &held)?;
    let judged = out_of_fold.judge(bench, &finish, &scores);
    step();
    // What labels borrow becomes part of the weights.
    let regression = match &finish.borrowed {
        Some(borrowed) => regression.mixed(borrowed),
        None => regression,
    };
    let (regression, base) = match bench.base {
        Some(base) => (base.folded(&regression), base.worth(&regression)),
        None => (regression, Vec::new()),
    };
    Ok(FinalFit { regression, base, convergence, finish, candidate, judged })
}
