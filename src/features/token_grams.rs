//! The character n-grams of each token: looked up, and summed up for scoring, once for all sessions of a run.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use bytemuck::{cast_slice, cast_slice_mut};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::chars::GramTable;
use super::layout::Block;
use super::repeats::Repeat;
use crate::text::{Lexicon, TokenId};

/// Parts of a store, each under a lock of its own.
const SHARDS: usize = 16;
/// Bytes that a part of a store holds before it forgets everything: 24 MB in all.
const SHARD_BYTES: usize = (24 << 20) / SHARDS;
/// What takes more bytes is not kept, or a few of them would fill the memory.
const LARGEST: usize = SHARD_BYTES / 16;
/// Bytes of sums that a part holds: 8 MB in all. What is met later goes without.
const SHARD_SUMS: usize = (8 << 20) / SHARDS;
/// Bytes that a token takes beside its n-grams and its text, about: for pointers, counts and its place in a table.
const BESIDE: usize = 160;

/// Works out what terms of a block add up to, from their columns, counted from the block's first, and their counts, 1 each where none are
/// given; how the numbers are laid out is its own affair.
pub type SumUp<'f> = Box<dyn Fn(Block, &[u32], Option<&[u8]>) -> Box<[f64]> + Send + 'f>;

/// The character n-grams of one token, in one piece of memory: what is asked for together stands together.
#[derive(Debug, Clone)]
pub struct TokenGrams(
    /// Number of columns, and of sums in the upper half; the sums; the columns, two in a number.
    Arc<[u64]>,
);

impl TokenGrams {
    /// `columns` are counted from the block's first, one for each occurrence in the token; `sums` is what they add up to, if each comes once,
    /// or empty where nobody asked for it or there was no room.
    fn new(columns: &[u32], sums: &[f64]) -> Self {
        let mut data = vec![0u64; 1 + sums.len() + columns.len().div_ceil(2)];
        data[0] = columns.len() as u64 | (sums.len() as u64) << 32;
        let (of_sums, of_columns) = data[1..].split_at_mut(sums.len());
        cast_slice_mut(of_sums).copy_from_slice(sums);
        cast_slice_mut::<_, u32>(of_columns)[..columns.len()].copy_from_slice(columns);
        TokenGrams(data.into())
    }

    /// Columns and sums.
    #[inline(always)]
    pub fn parts(&self) -> (&[u32], &[f64]) {
        let (columns, sums) = (self.0[0] as u32 as usize, (self.0[0] >> 32) as usize);
        let (of_sums, of_columns) = self.0[1..].split_at(sums);
        (&cast_slice::<_, u32>(of_columns)[..columns], cast_slice(of_sums))
    }

    fn bytes(&self) -> usize {
        BESIDE + size_of_val(&*self.0)
    }
}

/// What sessions of the same features, and the same sums, know of tokens.
#[derive(Debug, Default)]
pub(crate) struct GramStore {
    shards: [Mutex<Shard>; SHARDS],
    state: RandomState,
}

/// By canonical form.
#[derive(Debug, Default)]
struct Shard {
    known: HashMap<Box<str>, TokenGrams, RandomState>,
    bytes: usize,
    sums: usize,
}

impl GramStore {
    /// The n-grams of a token; `make` looks them up where that was not done before, with sums if there is room for them. What it gives must
    /// not depend on who asks.
    fn get(&self, normal: &str, make: impl FnOnce(bool) -> TokenGrams) -> TokenGrams {
        let shard = &self.shards[self.state.hash_one(normal) as usize % SHARDS];
        // A panic elsewhere leaves a part whole: entries go in complete.
        let lock = || shard.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = {
            let shard = lock();
            if let Some(known) = shard.known.get(normal) {
                return known.clone();
            }
            shard.sums < SHARD_SUMS
        };
        let made = make(has_room);
        if normal.len() + made.bytes() > LARGEST {
            return made;
        }
        let mut shard = lock();
        if shard.bytes > SHARD_BYTES {
            *shard = Shard::default();
        }
        let known = shard.known.entry_ref(normal).or_insert_with(|| made.clone()).clone();
        if Arc::ptr_eq(&known.0, &made.0) {
            shard.bytes += normal.len() + made.bytes();
            shard.sums += size_of_val(made.parts().1);
        }
        known
    }
}

/// The n-grams of the tokens of one session's lexicon, fetched when a comment first holds the token.
#[derive(Debug, Default)]
pub struct TokenGramLists {
    /// By token; `None` where they were not fetched yet.
    lists: Vec<Option<TokenGrams>>,
    bytes: usize,
    found: Vec<u32>,
    scratch: Vec<char>,
}

impl TokenGramLists {
    /// Lists of tokens 0, 1, ..., with sums.
    #[cfg(test)]
    pub(crate) fn of_lists(
        lists: &[&[u32]],
        sum_up: impl Fn(Block, &[u32], Option<&[u8]>) -> Box<[f64]>,
    ) -> TokenGramLists {
        let list = |columns: &&[u32]| Some(TokenGrams::new(columns, &sum_up(Block::Chars, columns, None)));
        TokenGramLists { lists: lists.iter().map(list).collect(), ..TokenGramLists::default() }
    }

    /// Forgets everything, as when the lexicon is reset.
    pub(super) fn clear(&mut self) {
        self.lists.clear();
        self.bytes = 0;
    }

    /// Bytes of what is held, which other sessions may hold as well.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A token's n-grams; of tokens that were never fetched none.
    #[inline]
    pub(super) fn of(&self, token: TokenId) -> Option<&TokenGrams> {
        self.lists.get(token as usize)?.as_ref()
    }

    /// A token's columns; of tokens that were never fetched none.
    #[inline]
    pub(super) fn columns(&self, token: TokenId) -> &[u32] {
        self.of(token).map_or(&[], |grams| grams.parts().0)
    }

    /// Fetches the n-grams of a comment's distinct tokens, with sums where `sum_up` is given. Class tokens have none.
    pub(super) fn fetch(
        &mut self,
        tokens: &[(TokenId, u8)],
        lexicon: &Lexicon,
        table: &GramTable,
        store: &GramStore,
        sum_up: Option<&SumUp>,
    ) {
        self.lists.resize(lexicon.len(), None);
        for &(token, _) in tokens {
            let list = &mut self.lists[token as usize];
            if list.is_none() && lexicon.facts(token).kind.class_token().is_none() {
                let normal = lexicon.normal(token);
                let (found, scratch) = (&mut self.found, &mut self.scratch);
                let grams = store.get(normal, |has_room| {
                    found.clear();
                    table.find(normal, scratch, found);
                    let sums = sum_up.filter(|_| has_room).map(|sum_up| sum_up(Block::Chars, found, None));
                    TokenGrams::new(found, &sums.unwrap_or_default())
                });
                self.bytes += grams.bytes();
                *list = Some(grams);
            }
        }
        // Fetched one after the other, with nothing decided in between, the lists come from memory side by side.
        let fetched = tokens.iter().fold(0, |all, &(token, _)| {
            let data = self.of(token).map_or(&[][..], |grams| &grams.0);
            all ^ data.first().unwrap_or(&0) ^ data.last().unwrap_or(&0)
        });
        std::hint::black_box(fetched);
    }
}

/// What of one comment is not in its row: its n-grams, by the tokens that give them, and what its context adds.
#[derive(Debug, Clone, Copy)]
pub struct SummedUp<'s> {
    /// Distinct tokens in order of first occurrence, with their counts. Ids are the session's.
    pub tokens: &'s [(TokenId, u8)],
    /// What came again, in a token or with another.
    pub repeats: &'s [Repeat],
    pub(crate) lists: &'s TokenGramLists,
    /// What the words of the context's title and lead add up to; empty if they are in the row, if there is no context, or if their block takes
    /// no part.
    pub lead: &'s [f64],
}

impl<'s> SummedUp<'s> {
    /// The n-grams of the comment's tokens with the tokens' counts; tokens without n-grams are left out.
    #[inline(always)]
    pub fn grams(&self) -> impl Iterator<Item = (&'s TokenGrams, u8)> {
        let lists = self.lists;
        self.tokens.iter().filter_map(move |&(token, times)| Some((lists.of(token)?, times)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(columns: usize, sums: usize) -> TokenGrams {
        TokenGrams::new(&vec![7; columns], &vec![0.5; sums])
    }

    #[test]
    fn what_one_session_worked_out_another_gets() {
        let store = GramStore::default();
        let first = store.get("bus", |has_room| grams(3, usize::from(has_room)));
        let second = store.get("bus", |_| unreachable!("it is known"));
        assert!(Arc::ptr_eq(&first.0, &second.0));
        assert_eq!(first.parts(), (&[7; 3][..], &[0.5][..]));
    }

    #[test]
    fn there_is_an_end_to_sums_and_to_what_is_kept() {
        let store = GramStore::default();
        let mut kept = 0;
        for token in 0..30_000 {
            let made = store.get(&token.to_string(), |has_room| grams(0, if has_room { 100 } else { 0 }));
            kept += size_of_val(made.parts().1);
        }
        assert!(((8 << 20)..(9 << 20)).contains(&kept), "{kept}");
        for token in 0..2_000 {
            store.get(&format!("long {token}"), |_| grams(1 << 14, 0));
            store.get(&format!("endless {token}"), |_| grams(1 << 15, 0));
        }
        let known = |normal: &str| {
            let is_known = std::cell::Cell::new(true);
            store.get(normal, |_| {
                is_known.set(false);
                grams(0, 0)
            });
            is_known.get()
        };
        assert!(known("long 1999") && !known("endless 1998"));
        let bytes = |shard: &Mutex<Shard>| shard.lock().unwrap().bytes;
        assert!(store.shards.iter().map(bytes).sum::<usize>() <= (24 << 20) + SHARDS * (1 << 17));
    }
}
