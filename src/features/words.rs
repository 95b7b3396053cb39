//! Block `words`: stemmed word 1-2-grams of the comment; its first and its last word make a pair with its edge.

use super::counter::Counter;
use super::pair_table::{PairTable, Wanted};
use crate::text::StemId;

/// Column of each pair of stems.
#[derive(Debug, Clone, Default)]
pub struct BigramTable {
    pairs: PairTable,
    /// Number of stems; stands for the edge as first half.
    stems: u32,
}

impl BigramTable {
    pub(super) fn new(bigrams: &[[u32; 2]], stems: usize) -> Self {
        let stems = stems as u32;
        let pairs = bigrams.iter().map(|&[a, b]| (if a == EDGE { stems } else { a }, b));
        BigramTable { pairs: PairTable::new(stems as usize + 1, pairs), stems }
    }

    /// Number of distinct pairs.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }
}

/// Two stems in one integer, ordered like the pair.
pub(super) fn key(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

/// Stands in a pair for the edge of a comment: before its first token, behind its last.
pub const EDGE: u32 = u32::MAX - 1;

/// Calls `single` with the place of each token in the vocabulary and its stem, and `pair` with each pair of neighbours, those with the
/// edges among them, and the place of its second half (behind the last token: the edge). Stems from `known` on are in no vocabulary and
/// make no pair.
pub(super) fn each(
    stems: impl Iterator<Item = StemId>,
    known: usize,
    bigrams: &BigramTable,
    mut single: impl FnMut(usize, StemId),
    mut pair: impl FnMut(usize, (u32, u32)),
) {
    let mut before = Some(bigrams.stems);
    for (place, stem) in stems.map(|stem| Some(stem).filter(|&s| (s as usize) < known)).chain([Some(EDGE)]).enumerate()
    {
        if let Some(stem) = stem.filter(|&s| s != EDGE) {
            single(place, stem);
        }
        if let (Some(before), Some(stem)) = (before, stem) {
            pair(place, (before, stem));
        }
        before = stem;
    }
}

/// Counts the stems of a comment, then its pairs of neighbours. `distinct` has the stems of its tokens, in order of first occurrence, and
/// how often each token occurs; a stem may come more than once.
pub(super) fn count(
    distinct: impl ExactSizeIterator<Item = (StemId, u8)>,
    stems: impl Iterator<Item = StemId>,
    known: usize,
    bigrams: &BigramTable,
    wanted: &mut Wanted,
    counter: &mut Counter,
) {
    if known > 0 {
        // What has no column is counted zero times.
        counter.add_each(distinct.map(|(stem, times)| if (stem as usize) < known { (stem, times) } else { (0, 0) }));
    }
    wanted.pairs.clear();
    each(stems, known, bigrams, |_, _| (), |_, pair| wanted.pairs.push(pair));
    let found = bigrams.pairs.find(wanted);
    counter.add_each(found.iter().map(|&(_, pair)| (known as u32 + pair, 1)));
}

/// The column of one pair; `None` if it is in no vocabulary.
pub(super) fn pair_column((before, stem): (u32, u32), known: usize, bigrams: &BigramTable) -> Option<u32> {
    bigrams.pairs.get(before, stem).map(|pair| known as u32 + pair)
}
