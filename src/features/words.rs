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

/// Counts the stems of a comment, in order, then their pairs, those with its edges among them. Stems from `known` on are in no
/// vocabulary and make no pair.
pub(super) fn count(
    stems: impl Iterator<Item = StemId>,
    known: usize,
    bigrams: &BigramTable,
    wanted: &mut Wanted,
    counter: &mut Counter,
) {
    wanted.pairs.clear();
    let mut before = Some(bigrams.stems);
    for stem in stems.map(|stem| Some(stem).filter(|&s| (s as usize) < known)).chain([Some(EDGE)]) {
        if let Some(stem) = stem.filter(|&s| s != EDGE) {
            counter.add(stem, 1);
        }
        if let (Some(before), Some(stem)) = (before, stem) {
            wanted.pairs.push((before, stem));
        }
        before = stem;
    }
    bigrams.pairs.find(wanted, |_, pair| counter.add(known as u32 + pair, 1));
}
