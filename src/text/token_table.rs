//! Short tokens and their ids: a small hash table, made for looking up all tokens of a text at once.

use std::hash::BuildHasher;

use super::lexicon::TokenId;

/// Up to sixteen bytes: the first eight and the last eight, which may overlap, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    pub(super) bytes: [u64; 2],
    pub(super) length: u8,
}

impl Short {
    /// `None` for more bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let length = bytes.len();
        let bytes = match length {
            0..4 => {
                let at = |place: usize| u64::from(bytes.get(place).copied().unwrap_or(0));
                [at(0) | at(1) << 8 | at(2) << 16, 0]
            }
            4..8 => {
                let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
                [four(bytes.first_chunk()?), four(bytes.last_chunk()?)]
            }
            8..=16 => [u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?)],
            _ => return None,
        };
        Some(Short { bytes, length: length as u8 })
    }

    /// The bytes again, written into `buffer`.
    pub(super) fn write<'b>(&self, buffer: &'b mut [u8; 16]) -> &'b [u8] {
        let (length, [first, last]) = (usize::from(self.length), self.bytes.map(u64::to_le_bytes));
        let half = match length {
            0..4 => 0,
            4..8 => 4,
            _ => 8,
        };
        buffer[..8].copy_from_slice(&first);
        buffer[length.saturating_sub(half)..length].copy_from_slice(&last[..half]);
        &buffer[..length]
    }
}

/// A part of a token's hash, and its id: eight bytes, so that many fit into a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    tag: u32,
    id: TokenId,
}

const EMPTY: Slot = Slot { tag: 0, id: TokenId::MAX };

/// Ids of short tokens.
#[derive(Debug, Clone)]
pub(super) struct TokenTable {
    /// A power of two; at most half of them are taken.
    slots: Vec<Slot>,
    taken: usize,
    /// Drawn anew for each table, so that nobody can choose tokens that fall on one place. What is found does not depend on them.
    keys: [u64; 2],
}

const FEWEST_SLOTS: usize = 1 << 10;

impl TokenTable {
    pub(super) fn new() -> Self {
        let random = foldhash::fast::RandomState::default();
        TokenTable { slots: vec![EMPTY; FEWEST_SLOTS], taken: 0, keys: [random.hash_one(0), random.hash_one(1)] }
    }

    /// Number of tokens.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.taken
    }

    /// The two halves of a 128-bit product, folded.
    pub(super) fn hash(&self, token: &Short) -> u64 {
        let [first, last] = token.bytes;
        let a = first ^ self.keys[0];
        let b = last.rotate_left(32) ^ self.keys[1] ^ u64::from(token.length) << 56;
        let product = u128::from(a) * u128::from(b | 1);
        (product as u64 ^ (product >> 64) as u64).wrapping_mul(self.keys[1] | 1)
    }

    fn place(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    /// What stands where a token should stand. Fetched for many tokens before anything is decided, fetches from memory overlap.
    pub(super) fn peek(&self, hash: u64) -> Slot {
        self.slots[self.place(hash)]
    }

    /// The id of a token; `is_it` tells whether an id is the token's.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(TokenId) -> bool) -> Option<TokenId> {
        let mut place = self.place(hash);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            if slot.may_be(hash) && is_it(slot.id) {
                return Some(slot.id);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds a token that is not there yet; `hash_of` gives the hash of one that is.
    pub(super) fn insert(&mut self, hash: u64, id: TokenId, hash_of: impl Fn(&Self, TokenId) -> u64) {
        self.grow(self.taken + 1, hash_of);
        self.put(hash, id);
        self.taken += 1;
    }

    /// Makes room for so many tokens in all.
    pub(super) fn grow(&mut self, tokens: usize, hash_of: impl Fn(&Self, TokenId) -> u64) {
        if 2 * tokens > self.slots.len() {
            let larger = vec![EMPTY; (2 * tokens).next_power_of_two()];
            let old = std::mem::replace(&mut self.slots, larger);
            for slot in old.into_iter().filter(|slot| *slot != EMPTY) {
                let hash = hash_of(self, slot.id);
                self.put(hash, slot.id);
            }
        }
    }

    fn put(&mut self, hash: u64, id: TokenId) {
        let mut place = self.place(hash);
        while self.slots[place] != EMPTY {
            place = (place + 1) & (self.slots.len() - 1);
        }
        self.slots[place] = Slot { tag: hash as u32, id };
    }
}

impl Slot {
    /// Whether the slot may be that of a token with a hash.
    pub(super) fn may_be(self, hash: u64) -> bool {
        self != EMPTY && self.tag == hash as u32
    }

    pub(super) fn id(self) -> TokenId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_every_length_are_told_apart() {
        let tokens: Vec<String> =
            (0..=16).flat_map(|length| ["a".repeat(length), "b".to_owned() + &"a".repeat(length)]).collect();
        let mut known: Vec<Short> = Vec::new();
        for token in tokens.iter().map(String::as_bytes) {
            let Some(short) = Short::of(token) else { continue };
            assert!(!known.contains(&short));
            assert_eq!(short.write(&mut [0; 16]), token);
            known.push(short);
        }
        assert_eq!(known.len(), 33, "all but the one of seventeen bytes");
    }

    #[test]
    fn finds_what_was_put_in_however_much_it_is() {
        let tokens: Vec<Short> = (0..5000u32).filter_map(|i| Short::of(format!("w{i}").as_bytes())).collect();
        let mut table = TokenTable::new();
        let id_of =
            |table: &TokenTable, i: usize| table.find(table.hash(&tokens[i]), |id| tokens[id as usize] == tokens[i]);
        for i in 0..tokens.len() {
            assert_eq!(id_of(&table, i), None);
            table.insert(table.hash(&tokens[i]), i as TokenId, |table, id| table.hash(&tokens[id as usize]));
        }
        assert!((0..tokens.len()).all(|i| id_of(&table, i) == Some(i as TokenId)));
        assert_eq!(table.len(), tokens.len());
        table.grow(9 * tokens.len(), |table, id| table.hash(&tokens[id as usize]));
        assert!((0..tokens.len()).all(|i| id_of(&table, i) == Some(i as TokenId)));
    }
}
