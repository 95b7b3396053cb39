//! In how many comments something occurs.

use rayon::prelude::*;

use super::pool::{Pool, at_once, in_pieces};

/// Most arrays that [`count_all`] counts in side by side: they take memory.
pub(crate) const COUNTERS: usize = 8;

/// In how many comments each term occurs; terms are small integers.
pub(super) struct DocumentFrequencies {
    /// By term.
    pub(super) df: Vec<u32>,
    /// By term the last comment that holds it, plus one; 0 if it was not met.
    last: Vec<u32>,
}

impl DocumentFrequencies {
    pub(super) fn new(terms: usize) -> Self {
        DocumentFrequencies { df: vec![0; terms], last: vec![0; terms] }
    }

    /// Counts a term of a comment, which may come again; one behind the last is added.
    pub(super) fn count(&mut self, term: usize, comment: usize) {
        if term == self.df.len() {
            self.df.push(0);
            self.last.push(0);
        }
        let comment = comment as u32 + 1;
        if self.last[term] != comment {
            self.last[term] = comment;
            self.df[term] += 1;
        }
    }

    /// Counts a term of a comment, where none comes again.
    pub(super) fn count_distinct(&mut self, term: usize) {
        self.df[term] += 1;
    }

    /// How many comments hold a term; it counts as never seen then.
    pub(super) fn take(&mut self, term: usize) -> u32 {
        self.last[term] = 0;
        std::mem::take(&mut self.df[term])
    }
}

/// Adds up frequencies that were counted apart.
fn added(mut all: Vec<u32>, some: Vec<u32>) -> Vec<u32> {
    debug_assert_eq!(all.len(), some.len());
    all.iter_mut().zip(some).for_each(|(all, some)| *all += some);
    all
}

/// Counts in `0..comments`, side by side, into arrays of `terms` terms. `count` counts one comment.
pub(super) fn count_all(
    comments: usize,
    terms: usize,
    count: impl Fn(&mut DocumentFrequencies, usize) + Sync,
) -> Vec<u32> {
    let size = if rayon::current_num_threads() > COUNTERS { comments.div_ceil(COUNTERS) } else { at_once(comments) };
    let counters = Pool::new(|_| DocumentFrequencies::new(terms));
    in_pieces(comments, size).for_each(|piece| {
        counters.lend(|frequencies| piece.for_each(|comment| count(frequencies, comment)));
    });
    total(counters, terms)
}

/// What was counted in all, of so many terms.
pub(super) fn total(counters: Pool<DocumentFrequencies>, terms: usize) -> Vec<u32> {
    let counted = counters.into_all().into_iter().map(|frequencies| frequencies.df);
    counted.reduce(added).unwrap_or_else(|| vec![0; terms])
}
