//! Distinct strings and small integers that stand for them.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Strings in the order in which they came, in one piece of memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Interner {
    texts: String,
    /// Where each ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
    state: RandomState,
}

impl Interner {
    /// The place of a string; `None` if it did not come.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.table.find(self.state.hash_one(text), |&place| self.get(place) == text).copied()
    }

    /// The place of a string, which is added if it did not come yet.
    pub(super) fn put(&mut self, text: &str) -> u32 {
        let Interner { texts, ends, table, state } = self;
        let is_it = |&place: &u32| string(texts, ends, place) == text;
        let entry = table.entry(state.hash_one(text), is_it, |&place| state.hash_one(string(texts, ends, place)));
        if let Entry::Occupied(entry) = entry {
            return *entry.get();
        }
        let place = ends.len() as u32;
        entry.insert(place);
        texts.push_str(text);
        ends.push(texts.len());
        place
    }

    /// Makes room for so many more strings, and so many bytes.
    pub(super) fn make_room(&mut self, strings: usize, bytes: usize) {
        let Interner { texts, ends, table, state } = self;
        table.reserve(strings, |&place| state.hash_one(string(texts, ends, place)));
        ends.reserve(strings);
        texts.reserve(bytes);
    }

    /// The string at a place.
    pub(super) fn get(&self, place: u32) -> &str {
        string(&self.texts, &self.ends, place)
    }

    /// Number of strings.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all strings.
    pub(super) fn bytes(&self) -> usize {
        self.texts.len()
    }
}

fn string<'t>(texts: &'t str, ends: &[usize], place: u32) -> &'t str {
    let place = place as usize;
    let start = place.checked_sub(1).map_or(0, |before| ends[before]);
    &texts[start..ends[place]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_where_they_were_put() {
        let mut interner = Interner::default();
        let texts: Vec<String> = (0..500).map(|i| "é".repeat(i % 40) + &i.to_string()).collect();
        for (place, text) in texts.iter().enumerate() {
            assert_eq!(interner.find(text), None);
            assert_eq!(interner.put(text), place as u32);
        }
        for (place, text) in texts.iter().enumerate() {
            assert_eq!((interner.find(text), interner.get(place as u32)), (Some(place as u32), text.as_str()));
            assert_eq!(interner.put(text), place as u32);
        }
        assert_eq!((interner.len(), interner.bytes()), (500, texts.concat().len()));
    }
}
