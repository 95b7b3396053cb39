//! What is learned of tokens that were only noted while texts were cut.

use std::ops::Range;

use rayon::prelude::*;

use crate::features::pool::{at_once, in_pieces};
use crate::text::{Learned, Lexicon, TokenId};

/// Canonical forms and stems of a lexicon's tokens, before the lexicon has them: to put them down is one thread's work, and others need not
/// wait for it.
pub(super) struct LearnedTokens {
    /// Those before it are class tokens.
    first: TokenId,
    /// So many tokens are in each piece but the last.
    size: usize,
    pieces: Vec<Learned>,
}

impl LearnedTokens {
    /// Normalises and stems each token that is only noted.
    pub(super) fn of(lexicon: &Lexicon) -> Self {
        let Range { start: first, end } = lexicon.noted();
        let tokens = (end - first) as usize;
        let size = at_once(tokens);
        let learn = |piece: Range<usize>| {
            let id = |place: usize| first + place as TokenId;
            lexicon.learn(id(piece.start)..id(piece.end))
        };
        LearnedTokens { first, size, pieces: in_pieces(tokens, size).map(learn).collect() }
    }

    /// The canonical form of a token; `None` for class tokens.
    pub(super) fn normal(&self, token: TokenId) -> Option<&str> {
        let place = token.checked_sub(self.first)? as usize;
        Some(self.pieces[place / self.size].normal(place % self.size))
    }

    /// The lexicon with what was learned of its tokens.
    pub(super) fn put_down(&self, mut lexicon: Lexicon) -> Lexicon {
        lexicon.put_down(&self.pieces);
        lexicon
    }
}
