//! Block `target_words`: the word 1-2-grams again, each joined with the target, and the target alone.
//!
//! After Daumé, "Frustratingly easy domain adaptation" (2007): the plain blocks learn what all targets share, this one
//! what is special to a target, and a target that training did not see falls back on the plain blocks.

use super::counter::Counter;
use super::pair_table::{PairTable, Wanted};
use crate::text::Lexicon;

/// Stands in the place of a word column for the target by itself.
pub const TARGET_ALONE: u32 = u32::MAX;

/// Terms of a target that are gone through in the time of looking one word up.
const SCANNED: usize = 8;

/// Column of each pair of target and word column.
#[derive(Debug, Clone, Default)]
pub struct TermTable {
    pairs: PairTable,
    /// Word columns with their columns, target after target, each target's in the order of columns.
    lists: Vec<(u32, u32)>,
    /// Where the list of each target begins, and the end of the last.
    starts: Vec<u32>,
}

impl TermTable {
    pub(super) fn new(terms: &[[u32; 2]], targets: usize) -> Self {
        let mut starts = vec![0u32; targets + 1];
        terms.iter().for_each(|&[target, _]| starts[target as usize + 1] += 1);
        (0..targets).for_each(|target| starts[target + 1] += starts[target]);
        let (mut next, mut lists) = (starts.clone(), vec![(0, 0); terms.len()]);
        for (column, &[target, word]) in terms.iter().enumerate() {
            let place = &mut next[target as usize];
            lists[*place as usize] = (word, column as u32);
            *place += 1;
        }
        let pairs = PairTable::new(targets, terms.iter().map(|&[target, word]| (target, word)));
        TermTable { pairs, lists, starts }
    }

    /// Number of distinct pairs.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    fn of(&self, target: u32) -> &[(u32, u32)] {
        let [start, end] = [target, target + 1].map(|target| self.starts[target as usize] as usize);
        &self.lists[start..end]
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
///
/// Where a target has few terms, all of them are gone through, one after the other in memory; else the comment's words are looked up.
pub(super) fn count(target: u32, words: &Counter, table: &TermTable, wanted: &mut Wanted, counter: &mut Counter) {
    if let Some(column) = table.pairs.get(target, TARGET_ALONE) {
        counter.add(column, 1);
    }
    let (terms, touched) = (table.of(target), words.touched());
    if terms.len() <= SCANNED * touched.len() {
        let (found, mut len) = (wanted.room(terms.len()), 0);
        for &(word, column) in terms {
            // No branch: whether the comment has a word cannot be foreseen. It never has the one that stands for the target alone.
            let times = words.count(word);
            found[len] = (column, u32::from(times));
            len += usize::from(times != 0);
        }
        counter.add_each(found[..len].iter().map(|&(column, times)| (column, times as u8)));
    } else {
        wanted.pairs.clear();
        wanted.pairs.extend(touched.iter().map(|&word| (target, word)));
        let found = table.pairs.find(wanted);
        counter.add_each(found.iter().map(|&(place, column)| (column, words.count(touched[place as usize]))));
    }
}

/// The column of one pair of target and word column; `None` if it is in no vocabulary.
pub(super) fn column(target: u32, word: u32, table: &TermTable) -> Option<u32> {
    table.pairs.get(target, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_under_their_target_however_many_terms_it_has() {
        let long = (0..100).map(|word| [1, 2 * word]);
        let terms: Vec<[u32; 2]> = [[0, TARGET_ALONE], [0, 4], [0, 9]].into_iter().chain(long).collect();
        let table = TermTable::new(&terms, 3);
        let mut words = Counter::new(200);
        words.add_all(&[9, 3, 4, 9, 190], 2);
        let found = |target| {
            let (mut counter, mut columns, mut counts) = (Counter::new(terms.len()), Vec::new(), Vec::new());
            count(target, &words, &table, &mut Wanted::default(), &mut counter);
            counter.drain_into(0, &mut columns, &mut counts);
            columns.into_iter().zip(counts).collect::<Vec<_>>()
        };
        assert_eq!(found(0), [(0, 1), (1, 2), (2, 4)]);
        assert_eq!(found(1), [(5, 2), (98, 2)]);
        assert_eq!(found(2), []);
    }
}
