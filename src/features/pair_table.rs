//! Columns of pairs: look-ups that share their first half stay close together in memory.

use std::hash::BuildHasher;

/// Maps pairs of small numbers to columns.
///
/// Each first half has a hash table of its own, all of them in one piece: the words of one comment are looked up under one target,
/// or under stems that come again and again, so that what is needed next is in the cache already.
#[derive(Debug, Clone, Default)]
pub struct PairTable {
    /// Where the table of each first half begins, and the end of the last.
    starts: Vec<u32>,
    /// Second half and column, in tables whose sizes are powers of two or 0.
    slots: Vec<(u32, u32)>,
    pairs: usize,
    /// Odd and drawn anew for each table, so that nobody can choose numbers that fall on one place (multiply-shift hashing,
    /// Dietzfelbinger et al. 1997). What is found does not depend on it.
    multiplier: u64,
}

/// Stands for a slot without a pair.
const EMPTY: (u32, u32) = (u32::MAX, u32::MAX);

/// Pairs to be looked up, and room to do so.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The pairs.
    pub(super) pairs: Vec<(u32, u32)>,
    /// What stands where each should stand.
    slots: Vec<(u32, u32)>,
    /// What was found, and room behind it: place in `pairs` and column of each pair that has one.
    found: Vec<(u32, u32)>,
}

impl Wanted {
    /// Room for so many pairs of anything, whatever stands there now.
    pub(super) fn room(&mut self, length: usize) -> &mut [(u32, u32)] {
        grown(&mut self.found, length)
    }
}

/// So many entries, which are not cleared.
fn grown(entries: &mut Vec<(u32, u32)>, length: usize) -> &mut [(u32, u32)] {
    if entries.len() < length {
        entries.resize(length, (0, 0));
    }
    &mut entries[..length]
}

impl PairTable {
    /// Pairs with first halves below `firsts`; the column of each is its place in the list.
    pub(super) fn new(firsts: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut counts = vec![0u32; firsts];
        pairs.clone().for_each(|(first, _)| counts[first as usize] += 1);
        let mut starts = Vec::with_capacity(firsts + 1);
        let mut end = 0u32;
        for count in counts {
            starts.push(end);
            // Between a quarter and a half of the slots are taken; one is empty at least.
            end += (2 * count).next_power_of_two();
        }
        starts.push(end);
        let multiplier = foldhash::fast::RandomState::default().hash_one(firsts) | 1;
        let mut table = PairTable { starts, slots: vec![EMPTY; end as usize], pairs: 0, multiplier };
        for (column, (first, second)) in pairs.enumerate() {
            table.insert(first, second, column as u32);
        }
        table
    }

    fn insert(&mut self, first: u32, second: u32, column: u32) {
        let (start, mask) = self.table_of(first);
        let mut place = self.spread(second) & mask;
        loop {
            let slot = &mut self.slots[(start + place) as usize];
            if *slot == EMPTY {
                *slot = (second, column);
                self.pairs += 1;
                return;
            }
            if slot.0 == second {
                return;
            }
            place = (place + 1) & mask;
        }
    }

    /// Place in `wanted` and column of each pair that has one, in order. First halves must be in range.
    ///
    /// First all slots are fetched, then they are looked at: fetches from memory overlap as long as nothing is decided between them.
    pub(super) fn find<'w>(&self, wanted: &'w mut Wanted) -> &'w [(u32, u32)] {
        let Wanted { pairs, slots, found } = wanted;
        let fetch = |&(first, second): &(u32, u32)| {
            let (start, mask) = self.table_of(first);
            self.slots[(start + (self.spread(second) & mask)) as usize]
        };
        slots.clear();
        slots.extend(pairs.iter().map(fetch));
        let (found, mut len) = (grown(found, pairs.len()), 0);
        for (place, (&(first, second), &slot)) in pairs.iter().zip(&*slots).enumerate() {
            // No branch where the pair stands in its place or nothing does: which of the two cannot be foreseen.
            let is_it = (slot.0 == second) & (slot != EMPTY);
            found[len] = (place as u32, slot.1);
            len += usize::from(is_it);
            if !is_it & (slot != EMPTY)
                && let Some(column) = self.get(first, second)
            {
                found[len] = (place as u32, column);
                len += 1;
            }
        }
        &found[..len]
    }

    /// The column of one pair; the first half must be in range.
    pub(super) fn get(&self, first: u32, second: u32) -> Option<u32> {
        let (start, mask) = self.table_of(first);
        let mut place = self.spread(second) & mask;
        loop {
            let slot = self.slots[(start + place) as usize];
            if slot == EMPTY {
                return None;
            }
            if slot.0 == second {
                return Some(slot.1);
            }
            place = (place + 1) & mask;
        }
    }

    /// Number of distinct pairs.
    pub(super) fn len(&self) -> usize {
        self.pairs
    }

    /// Where a first half's table begins, and its size less one.
    fn table_of(&self, first: u32) -> (u32, u32) {
        let (start, end) = (self.starts[first as usize], self.starts[first as usize + 1]);
        (start, end - start - 1)
    }

    /// Neighbouring numbers far apart.
    fn spread(&self, second: u32) -> u32 {
        (u64::from(second).wrapping_mul(self.multiplier) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(table: &PairTable, pairs: &[(u32, u32)]) -> Vec<(usize, u32)> {
        let mut wanted = Wanted { pairs: pairs.to_vec(), ..Wanted::default() };
        table.find(&mut wanted).iter().map(|&(place, column)| (place as usize, column)).collect()
    }

    proptest! {
        #[test]
        fn finds_every_pair_and_no_other(pairs in proptest::collection::btree_set((0u32..5, 0u32..400), 0..300)) {
            let pairs: Vec<(u32, u32)> = pairs.into_iter().collect();
            let table = PairTable::new(5, pairs.iter().copied());
            prop_assert_eq!(table.len(), pairs.len());
            let seconds = || (0..410).chain([u32::MAX - 1, u32::MAX]);
            let wanted: Vec<(u32, u32)> = (0..5).flat_map(|first| seconds().map(move |second| (first, second))).collect();
            let column_of = |pair| pairs.iter().position(|&p| p == pair).map(|i| i as u32);
            let expected = wanted.iter().enumerate().filter_map(|(place, &pair)| Some((place, column_of(pair)?)));
            prop_assert_eq!(found(&table, &wanted), expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_pair_that_comes_twice_counts_once() {
        let table = PairTable::new(1, [(0, 7), (0, 7), (0, u32::MAX)].into_iter());
        assert_eq!(table.len(), 2);
        assert_eq!(found(&table, &[(0, 7), (0, 8), (0, u32::MAX)]), [(0, 0), (2, 2)]);
    }
}
