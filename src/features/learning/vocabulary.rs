//! What a vocabulary holds.

use rayon::prelude::*;

/// A column that is not in the vocabulary.
pub(super) const NONE: u32 = u32::MAX;

/// A column, if it is in the vocabulary.
pub(super) fn known(column: u32) -> Option<u32> {
    Some(column).filter(|&column| column != NONE)
}

/// The terms of enough comments, those of most comments first, ties by term; at most `room` of them.
///
/// Counted columns stand in this order: what most comments hold lies close together in memory.
pub(super) fn keep<T: Ord + Copy + Send>(
    terms: impl ParallelIterator<Item = (T, u32)>,
    min_df: usize,
    room: usize,
) -> Vec<T> {
    let mut kept: Vec<(T, u32)> = terms.filter(|&(_, df)| df as usize >= min_df).collect();
    kept.par_sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    kept.truncate(room);
    kept.into_iter().map(|k| k.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_goes_to_the_terms_of_most_comments() {
        assert_eq!(keep([('c', 5), ('a', 2), ('b', 5), ('d', 9)].into_par_iter(), 2, 2), ['d', 'b']);
        assert_eq!(keep([('c', 5), ('a', 1)].into_par_iter(), 2, 9), ['c']);
    }
}
