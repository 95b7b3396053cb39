//! Scores comments with a model, and tells what each column has to do with it.

use std::sync::Arc;

use ndarray::{Array2, Axis, Slice};

use crate::features::weighting::RawRow;
use crate::features::{Session, Shared, Texts, Trace};
use crate::model::{Explanation, Head, Model, Verdict};
use crate::scoring_table::ScoringTable;

/// Contexts that a scorer remembers: an article of 400 words takes about 20 kB, and what its lead adds to each score.
const MAX_CONTEXTS: usize = 512;

/// Scores comments with a model. What it says of one comment does not depend on those before it.
pub struct Scorer<'m> {
    model: &'m Model,
    session: Session<'m>,
    /// Where a comment is put down; kept for its room.
    row: RawRow,
    table: ScoringTable<'m>,
    shared: Arc<Shared>,
}

impl<'m> Scorer<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        Scorer::sharing(model, Arc::new(Shared::new(MAX_CONTEXTS)))
    }

    fn sharing(model: &'m Model, shared: Arc<Shared>) -> Self {
        let table = model.table();
        let sum_up = table.clone();
        let session = Session::new(&model.features, shared.clone())
            .summing_up(Box::new(move |block, columns, counts| sum_up.sums(block, columns, counts)));
        Scorer { model, session, row: RawRow::default(), table, shared }
    }

    /// Another scorer of the same model, for another thread: what one has worked out of words and articles, the other need not.
    pub fn sibling(&self) -> Self {
        Scorer::sharing(self.model, self.shared.clone())
    }

    /// A verdict of each head (in the model's order) for each comment.
    pub fn score(&mut self, comments: &[Texts]) -> Vec<Vec<Verdict>> {
        let mut scores = Array2::zeros((comments.len(), self.table.len()));
        for (texts, mut scores) in comments.iter().zip(scores.rows_mut()) {
            let summed_up = self.session.extract_summed_up(texts, &mut self.row);
            let scores = scores.as_slice_mut().expect("scores are in standard layout");
            self.table.score(&self.row, &summed_up, scores);
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

    /// What a comment's scores are made of.
    pub fn weigh(&mut self, texts: &Texts) -> Weighed<'m> {
        self.session.extract(texts, &mut self.row);
        self.weighed()
    }

    /// The same, and which tokens of the comment give which columns.
    pub fn trace(&mut self, texts: &Texts) -> (Weighed<'m>, Trace) {
        let trace = self.session.trace(texts, &mut self.row);
        (self.weighed(), trace)
    }

    fn weighed(&self) -> Weighed<'m> {
        Weighed { model: self.model, values: self.table.values(&self.row) }
    }
}

/// A comment's columns with their values: times the weights, they add up to its raw scores.
pub struct Weighed<'m> {
    model: &'m Model,
    values: Vec<(u32, f64)>,
}

impl Weighed<'_> {
    /// Columns and values, without those of value 0.
    pub fn values(&self) -> &[(u32, f64)] {
        &self.values
    }

    /// What each column adds to the comment's raw scores for some classes of a head (added up), without those that add nothing; and
    /// the intercept.
    pub fn contributions(&self, head: &Head, classes: &[usize]) -> (Vec<(u32, f64)>, f64) {
        let scores: Vec<(usize, f64)> = classes.iter().map(|&class| head.column(class)).collect();
        let intercept = scores.iter().map(|&(column, sign)| sign * head.regression.intercepts()[column]).sum();
        let weight = |feature: u32| -> f64 {
            let weight = |column| f64::from(head.regression.weight(feature as usize, column));
            scores.iter().map(|&(column, sign)| sign * weight(column)).sum()
        };
        let parts = self.values.iter().map(|&(column, value)| (column, value * weight(column)));
        (parts.filter(|(_, part)| *part != 0.0).collect(), intercept)
    }

    /// Why the comment has its raw scores for some classes of a head; of several classes, contributions, intercepts and scores are
    /// added up.
    pub fn explain(&self, head: &Head, classes: &[usize]) -> Explanation {
        let (mut parts, intercept) = self.contributions(head, classes);
        let score = intercept + parts.iter().map(|p| p.1).sum::<f64>();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        let contributions = parts.into_iter().map(|part| self.model.contribution(part)).collect();
        Explanation { contributions, intercept, score }
    }
}
