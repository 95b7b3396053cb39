//! Block `target_words`: the word 1-2-grams again, each joined with the target, and the target alone.
//!
//! After Daumé, "Frustratingly easy domain adaptation" (2007): the plain blocks learn what all targets share, this one
//! what is special to a target, and a target that training did not see falls back on the plain blocks.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::counter::Counter;
use super::words::key;
use crate::text::Lexicon;

/// Stands in the place of a word column for the target by itself.
pub const TARGET_ALONE: u32 = u32::MAX;

/// Column of each pair of target and word column.
#[derive(Debug, Clone, Default)]
pub struct TermTable(HashMap<u64, u32, RandomState>);

impl TermTable {
    pub(super) fn new(terms: &[[u32; 2]]) -> Self {
        TermTable(terms.iter().enumerate().map(|(i, &[target, word])| (key(target, word), i as u32)).collect())
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
pub(super) fn count(target: u32, words: &Counter, table: &TermTable, counter: &mut Counter) {
    if let Some(&column) = table.0.get(&key(target, TARGET_ALONE)) {
        counter.add(column);
    }
    for &word in words.touched() {
        if let Some(&column) = table.0.get(&key(target, word)) {
            for _ in 0..words.count(word) {
                counter.add(column);
            }
        }
    }
}
