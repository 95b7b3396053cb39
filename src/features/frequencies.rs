//! In how many comments something occurs.

use rayon::prelude::*;

use super::pool::{Pool, at_once, in_pieces};

/// Most arrays that [`count_all`] counts in side by side: they take memory.
pub(crate) const COUNTERS: usize = 8;

/// In how many comments each term occurs; terms are small integers.
pub(super) struct DocumentFrequencies(Vec<Seen>);

/// What is known of a term, in one place: both are needed at a time.
#[derive(Clone, Copy, Default)]
struct Seen {
    df: u32,
    /// The last comment that holds it, plus one; 0 if it was not met.
    last: u32,
}

impl DocumentFrequencies {
    pub(super) fn new(terms: usize) -> Self {
        DocumentFrequencies(vec![Seen::default(); terms])
    }

    /// Counts a term of a comment, which may come again; one behind the last is added.
    pub(super) fn count(&mut self, term: usize, comment: usize) {
        if term == self.0.len() {
            self.0.push(Seen::default());
        }
        let (seen, comment) = (&mut self.0[term], comment as u32 + 1);
        seen.df += u32::from(seen.last != comment);
        seen.last = comment;
    }

    /// Counts a term of a comment, where none comes again.
    pub(super) fn count_distinct(&mut self, term: usize) {
        self.0[term].df += 1;
    }

    /// How many comments hold a term; it counts as never seen then.
    pub(super) fn take(&mut self, term: usize) -> u32 {
        std::mem::take(&mut self.0[term]).df
    }

    /// By term, how many comments hold it.
    pub(super) fn into_counts(self) -> Vec<u32> {
        self.0.into_iter().map(|seen| seen.df).collect()
    }
}

/// Counts in `0..comments`, side by side, into arrays of `terms` terms. `count` counts one comment.
pub(super) fn count_all(
    comments: usize,
    terms: usize,
    count: impl Fn(&mut DocumentFrequencies, usize) + Sync,
) -> Vec<u32> {
    let counted = counted_apart(comments, || DocumentFrequencies::new(terms), count);
    total(counted.into_iter().map(DocumentFrequencies::into_counts), terms)
}

/// The same where no comment gives a term twice: `count` adds one to each.
pub(super) fn count_all_distinct(
    comments: usize,
    terms: usize,
    count: impl Fn(&mut Vec<u32>, usize) + Sync,
) -> Vec<u32> {
    total(counted_apart(comments, || vec![0; terms], count), terms)
}

/// What some counters, lent to one piece of comments after the other, have counted.
fn counted_apart<C: Send>(
    comments: usize,
    counter: impl Fn() -> C + Send + Sync,
    count: impl Fn(&mut C, usize) + Sync,
) -> Vec<C> {
    let size = if rayon::current_num_threads() > COUNTERS { comments.div_ceil(COUNTERS) } else { at_once(comments) };
    let counters = Pool::new(|_| counter());
    in_pieces(comments, size).for_each(|piece| {
        counters.lend(|counter| piece.for_each(|comment| count(counter, comment)));
    });
    counters.into_all()
}

/// The sums of what was counted apart, of so many terms.
pub(super) fn total(counted: impl IntoIterator<Item = Vec<u32>>, terms: usize) -> Vec<u32> {
    let added = |mut all: Vec<u32>, some: Vec<u32>| {
        debug_assert_eq!(all.len(), some.len());
        all.iter_mut().zip(some).for_each(|(all, some)| *all += some);
        all
    };
    counted.into_iter().reduce(added).unwrap_or_else(|| vec![0; terms])
}
