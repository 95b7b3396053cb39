//! Block `target_words`: the word 1-2-grams again, each joined with the target, and the target alone.
//!
//! After Daumé, "Frustratingly easy domain adaptation" (2007): the plain blocks learn what all targets share, this one
//! what is special to a target, and a target that training did not see falls back on the plain blocks.

use super::counter::Counter;
use super::pair_table::{PairTable, Wanted};
use crate::text::Lexicon;

/// Stands in the place of a word column for the target by itself.
pub const TARGET_ALONE: u32 = u32::MAX;

/// Column of each pair of target and word column.
#[derive(Debug, Clone, Default)]
pub struct TermTable(PairTable);

impl TermTable {
    pub(super) fn new(terms: &[[u32; 2]], targets: usize) -> Self {
        TermTable(PairTable::new(targets, terms.iter().map(|&[target, word]| (target, word))))
    }

    /// Number of distinct pairs.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The canonical form of a target: its stems, joined by spaces, so that spelling and case do not matter.
pub(super) fn canonical(lexicon: &mut Lexicon, target: &str) -> String {
    let mut tokens = Vec::new();
    lexicon.analyze(target, |_, id| tokens.push(id));
    let mut form = String::new();
    for token in tokens {
        if !form.is_empty() {
            form.push(' ');
        }
        form.push_str(lexicon.stem(lexicon.facts(token).stem));
    }
    form
}

/// Counts the pairs of a target and the word columns that were counted in the comment.
pub(super) fn count(target: u32, words: &Counter, table: &TermTable, wanted: &mut Wanted, counter: &mut Counter) {
    wanted.pairs.clear();
    wanted.pairs.push((target, TARGET_ALONE));
    wanted.pairs.extend(words.touched().iter().map(|&word| (target, word)));
    table.0.find(wanted, |place, column| {
        let times = place.checked_sub(1).map_or(1, |place| words.count(words.touched()[place]));
        counter.add(column, times);
    });
}

/// The column of one pair of target and word column; `None` if it is in no vocabulary.
pub(super) fn column(target: u32, word: u32, table: &TermTable) -> Option<u32> {
    table.0.get(target, word)
}
