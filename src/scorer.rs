//! Scores comments with a model, and tells what each column had to do with it.

use std::sync::Arc;

use ndarray::{Array2, Axis, Slice};

use crate::features::context::ContextStore;
use crate::features::weighting::RawRow;
use crate::features::{Session, Texts, Trace};
use crate::model::{Explanation, Head, Model, Verdict};
use crate::token_sums::TokenSums;

/// Contexts that a scorer remembers: an article of 400 words takes about 20 kB.
const MAX_CONTEXTS: usize = 512;

/// Scores comments with a model. What it says of one comment does not depend on those before it.
pub struct Scorer<'m> {
    model: &'m Model,
    session: Session<'m>,
    /// The comments that were scored last, and room for more.
    rows: Vec<RawRow>,
    token_sums: TokenSums,
}

impl<'m> Scorer<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        let session = Session::new(&model.features, Arc::new(ContextStore::new(MAX_CONTEXTS)));
        Scorer {
            model,
            session: if model.table.sums_tokens() { session.noting_repeats() } else { session },
            rows: Vec::new(),
            token_sums: model.table.token_sums(),
        }
    }

    /// A verdict of each head (in the model's order) for each comment.
    pub fn score(&mut self, comments: &[Texts]) -> Vec<Vec<Verdict>> {
        if self.rows.len() < comments.len() {
            self.rows.resize_with(comments.len(), RawRow::default);
        }
        let table = &self.model.table;
        let mut scores = Array2::zeros((comments.len(), table.len()));
        for ((texts, row), mut scores) in comments.iter().zip(&mut self.rows).zip(scores.rows_mut()) {
            self.session.extract(texts, row);
            let scores = scores.as_slice_mut().expect("scores are in standard layout");
            table.score(row, self.session.grams().as_ref(), &mut self.token_sums, scores);
        }
        let mut verdicts: Vec<Vec<Verdict>> = vec![Vec::with_capacity(self.model.heads.len()); comments.len()];
        let mut end = 0;
        for head in &self.model.heads {
            let own = Slice::from(end..end + head.regression.columns());
            end += head.regression.columns();
            for (verdicts, verdict) in verdicts.iter_mut().zip(head.verdicts(scores.slice_axis(Axis(1), own))) {
                verdicts.push(verdict);
            }
        }
        verdicts
    }

    /// Columns and values of the comment that stood at `row` of the last [`Scorer::score`], without those of value 0.
    pub fn values(&self, row: usize) -> Vec<(u32, f64)> {
        self.model.table.values(&self.rows[row])
    }

    /// What each column of the comment that stood at `row` of the last [`Scorer::score`] adds to its raw scores for some classes of a head
    /// (added up), without those that add nothing; and the intercept.
    pub fn contributions(&self, row: usize, head: &Head, classes: &[usize]) -> (Vec<(u32, f64)>, f64) {
        let scores: Vec<(usize, f64)> = classes.iter().map(|&class| head.column(class)).collect();
        let intercept = scores.iter().map(|&(column, sign)| sign * head.regression.intercepts()[column]).sum();
        let weight = |feature: u32| -> f64 {
            let weight = |column| f64::from(head.regression.weight(feature as usize, column));
            scores.iter().map(|&(column, sign)| sign * weight(column)).sum()
        };
        let parts = self.values(row).into_iter().map(|(column, value)| (column, value * weight(column)));
        (parts.filter(|(_, part)| *part != 0.0).collect(), intercept)
    }

    /// Why the comment that stood at `row` of the last [`Scorer::score`] has its raw scores for some classes of a head; of
    /// several classes, contributions, intercepts and scores are added up.
    pub fn explain(&self, row: usize, head: &Head, classes: &[usize]) -> Explanation {
        let (mut parts, intercept) = self.contributions(row, head, classes);
        let score = intercept + parts.iter().map(|p| p.1).sum::<f64>();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        let contributions = parts.into_iter().map(|part| self.model.contribution(part)).collect();
        Explanation { contributions, intercept, score }
    }

    /// Which tokens of a comment give which columns.
    pub fn trace(&mut self, texts: &Texts) -> Trace {
        self.session.trace(texts)
    }
}
