//! Block `words`: stemmed word 1-2-grams of the comment.

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

/// Counts the stems of a comment, in order, and their pairs. Stems from `known` on are in no vocabulary.
pub(super) fn count(stems: impl Iterator<Item = StemId>, known: usize, bigrams: &BigramTable, counter: &mut Counter) {
    let mut before = None;
    for stem in stems {
        if stem as usize >= known {
            before = None;
            continue;
        }
        counter.add(stem);
        if let Some(&pair) = before.and_then(|b| bigrams.0.get(&key(b, stem))) {
            counter.add(known as u32 + pair);
        }
        before = Some(stem);
    }
}
