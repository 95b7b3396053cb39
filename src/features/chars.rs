//! Block `chars`: character 2-5-grams inside words, looked up once for each distinct token.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::counter::Counter;
use crate::text::ngrams::char_grams;
use crate::text::{CharGram, Lexicon, TokenId};

/// Column of each n-gram.
#[derive(Debug, Clone, Default)]
pub struct GramTable(HashMap<CharGram, u32, RandomState>);

impl GramTable {
    pub(super) fn new(grams: &[CharGram]) -> Self {
        GramTable(grams.iter().enumerate().map(|(i, &gram)| (gram, i as u32)).collect())
    }
}

/// The n-grams that a token's text gives; class tokens give none.
pub(super) fn token_grams(lexicon: &Lexicon, token: TokenId, emit: impl FnMut(CharGram)) {
    if lexicon.facts(token).kind.class_token().is_none() {
        char_grams(lexicon.normal(token), emit);
    }
}

/// Columns of the n-grams of each token of a lexicon, filled as tokens come.
#[derive(Debug, Default)]
pub struct TokenColumns {
    columns: Vec<u32>,
    /// Where each token's columns begin, and the end of the last.
    starts: Vec<u32>,
}

impl TokenColumns {
    /// Forgets everything, as when the lexicon is reset.
    pub(super) fn clear(&mut self) {
        self.columns.clear();
        self.starts.clear();
    }

    /// Looks up the n-grams of all tokens that came since the last call.
    pub(super) fn catch_up(&mut self, lexicon: &Lexicon, table: &GramTable) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for token in self.starts.len() - 1..lexicon.len() {
            token_grams(lexicon, token as TokenId, |gram| self.columns.extend(table.0.get(&gram)));
            self.starts.push(self.columns.len() as u32);
        }
    }

    /// Counts the n-grams of a comment's tokens.
    pub(super) fn count(&self, tokens: &[TokenId], counter: &mut Counter) {
        for &token in tokens {
            let token = token as usize;
            for &column in &self.columns[self.starts[token] as usize..self.starts[token + 1] as usize] {
                counter.add(column);
            }
        }
    }
}
