//! Block `chars`: character 2-5-grams inside words, looked up once for each distinct token.
//!
//! The n-grams of a vocabulary form a tree: whatever begins one of them is one of them too, since at least as many comments hold it.
//! So a token's n-grams are looked up character by character, and the first that is not there ends the search from that place.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::repeats::Repeat;
use crate::text::ngrams::{MAX_CHARS, char_grams, padded};
use crate::text::{CharGram, Lexicon, TokenId};

/// Column of each n-gram, by the column of what it begins with and its last character.
#[derive(Debug, Clone, Default)]
pub struct GramTable(HashMap<u64, u32, RandomState>);

/// Stands with a character for an n-gram of that one character, which has no column.
const ALONE: u64 = 1 << 32;

/// A character needs 21 bits.
fn step(begin: u64, c: char) -> u64 {
    begin << 21 | u64::from(c)
}

impl GramTable {
    /// A table of n-grams, in the order of their columns: none before what it begins with. Such as come too early, or twice, are left out.
    pub(super) fn new(grams: &[CharGram]) -> Self {
        let mut table = GramTable(HashMap::with_capacity_and_hasher(grams.len(), RandomState::default()));
        for (column, gram) in grams.iter().enumerate() {
            let mut chars = gram.chars();
            let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else { continue };
            let begin = chars.try_fold(ALONE | u64::from(first), |begin, c| {
                table.0.get(&step(begin, c)).map(|&column| u64::from(column))
            });
            if let Some(begin) = begin {
                table.0.entry(step(begin, last)).or_insert(column as u32);
            }
        }
        table
    }

    /// Number of n-grams.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The columns of a normalised token's n-grams, by their first characters.
    ///
    /// Some places are gone through for their second character, then for their third, ...: look-ups of one round do not wait for each other.
    fn find(&self, word: &str, chars: &mut Vec<char>, found: &mut Vec<u32>) {
        chars.clear();
        chars.extend(padded(word));
        for first in (0..chars.len()).step_by(SIDE_BY_SIDE) {
            let chars = &chars[first..];
            let places = chars.len().min(SIDE_BY_SIDE);
            let mut begins: [Option<u64>; SIDE_BY_SIDE] = [None; SIDE_BY_SIDE];
            let mut columns = [[None; MAX_CHARS - 1]; SIDE_BY_SIDE];
            begins.iter_mut().zip(chars).for_each(|(begin, &c)| *begin = Some(ALONE | u64::from(c)));
            for longer in 1..MAX_CHARS {
                for (place, &c) in chars.iter().skip(longer).take(places).enumerate() {
                    let column = begins[place].and_then(|begin| self.0.get(&step(begin, c)).copied());
                    columns[place][longer - 1] = column;
                    begins[place] = column.map(u64::from);
                }
            }
            found.extend(columns.into_iter().flatten().flatten());
        }
    }
}

/// Places of a token that are gone through together.
const SIDE_BY_SIDE: usize = 16;

/// The n-grams that a token's text gives; class tokens give none.
pub(super) fn token_grams(lexicon: &Lexicon, token: TokenId, emit: impl FnMut(CharGram)) {
    if lexicon.facts(token).kind.class_token().is_none() {
        char_grams(lexicon.normal(token), emit);
    }
}

/// Columns of the n-grams of each token of a lexicon, looked up when a comment first holds the token.
#[derive(Debug, Default)]
pub struct TokenColumns {
    columns: Vec<u32>,
    /// Between which places each token's columns stand; [`UNKNOWN`] where they were not looked up yet.
    places: Vec<(u32, u32)>,
    scratch: Vec<char>,
}

/// The n-grams of one comment by the tokens that give them, columns counted from the block's first.
#[derive(Debug, Clone, Copy)]
pub struct CommentGrams<'s> {
    /// Distinct tokens in order of first occurrence, with their counts. Ids are the session's.
    pub tokens: &'s [(TokenId, u8)],
    /// What came again, in a token or with another.
    pub repeats: &'s [Repeat],
    /// How often the session has given out token ids from the beginning.
    pub resets: usize,
    pub(crate) columns: &'s TokenColumns,
}

impl CommentGrams<'_> {
    /// Columns of a token of the comment, once for each occurrence in the token.
    pub fn of(&self, token: TokenId) -> &[u32] {
        self.columns.of(token)
    }
}

/// Stands for columns that were not looked up.
const UNKNOWN: (u32, u32) = (u32::MAX, 0);

impl TokenColumns {
    /// Columns of tokens 0, 1, ...
    #[cfg(test)]
    pub(crate) fn of_lists(lists: &[&[u32]]) -> Self {
        let ends = lists.iter().scan(0, |end, list| {
            let start = *end;
            *end += list.len() as u32;
            Some((start, *end))
        });
        TokenColumns { columns: lists.concat(), places: ends.collect(), scratch: Vec::new() }
    }

    /// Forgets everything, as when the lexicon is reset.
    pub(super) fn clear(&mut self) {
        self.columns.clear();
        self.places.clear();
    }

    /// Bytes of the columns.
    pub(super) fn bytes(&self) -> usize {
        size_of::<u32>() * self.columns.len()
    }

    /// The columns of a token's n-grams, once for each occurrence in the token; of tokens that were never looked up none.
    #[inline]
    pub(super) fn of(&self, token: TokenId) -> &[u32] {
        match self.places.get(token as usize) {
            Some(&(start, end)) if (start, end) != UNKNOWN => &self.columns[start as usize..end as usize],
            _ => &[],
        }
    }

    /// Looks up the n-grams of a comment's distinct tokens.
    pub(super) fn look_up(&mut self, tokens: &[(TokenId, u8)], lexicon: &Lexicon, table: &GramTable) {
        self.places.resize(lexicon.len(), UNKNOWN);
        for &(token, _) in tokens {
            let place = &mut self.places[token as usize];
            if *place == UNKNOWN {
                let start = self.columns.len() as u32;
                if lexicon.facts(token).kind.class_token().is_none() {
                    table.find(lexicon.normal(token), &mut self.scratch, &mut self.columns);
                }
                *place = (start, self.columns.len() as u32);
            }
        }
        // Fetched one after the other, with nothing decided in between, the lists come from memory side by side.
        let fetched = tokens.iter().fold(0, |all, &(token, _)| {
            let (start, end) = self.places[token as usize];
            let at = |place: u32| self.columns.get(place as usize).copied().unwrap_or(0);
            all ^ at(start) ^ at(end.wrapping_sub(1))
        });
        std::hint::black_box(fetched);
    }
}
