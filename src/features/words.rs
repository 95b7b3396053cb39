//! Block `words`: stemmed word 1-2-grams of the comment; its first and its last word make a pair with its edge.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::counter::Counter;
use crate::text::StemId;

/// Column of each pair of stems.
#[derive(Debug, Clone, Default)]
pub struct BigramTable(HashMap<u64, u32, RandomState>);

impl BigramTable {
    pub(super) fn new(bigrams: &[[u32; 2]]) -> Self {
        BigramTable(bigrams.iter().enumerate().map(|(i, &[a, b])| (key(a, b), i as u32)).collect())
    }
}

/// Two stems in one integer, ordered like the pair.
pub(super) fn key(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

/// Stands in a pair for the edge of a comment: before its first token, behind its last.
pub const EDGE: u32 = u32::MAX - 1;

/// Counts the stems of a comment, in order, and their pairs, those with its edges among them. Stems from `known` on are in no
/// vocabulary and make no pair.
pub(super) fn count(stems: impl Iterator<Item = StemId>, known: usize, bigrams: &BigramTable, counter: &mut Counter) {
    let mut before = Some(EDGE);
    for stem in stems.map(|stem| Some(stem).filter(|&s| (s as usize) < known)).chain([Some(EDGE)]) {
        if let Some(stem) = stem.filter(|&s| s != EDGE) {
            counter.add(stem);
        }
        if let (Some(before), Some(stem)) = (before, stem)
            && let Some(&pair) = bigrams.0.get(&key(before, stem))
        {
            counter.add(known as u32 + pair);
        }
        before = stem;
    }
}
