//! Token ids of many texts, cut side by side.

use std::ops::Range;

use rayon::prelude::*;

use crate::features::pool::{Pool, at_once, in_pieces};
use crate::text::{Language, Learned, Lexicon, TokenId};

/// Stands for a token that was not united yet.
const NOT_UNITED: TokenId = TokenId::MAX;

/// Token ids of many texts.
pub(super) struct TokenLists {
    /// Pieces of so many texts each, but the last; they stay where they were made.
    size: usize,
    pieces: Vec<Piece>,
    texts: usize,
}

/// Token ids of some texts, one after the other.
struct Piece {
    reader: usize,
    starts: Vec<usize>,
    tokens: Vec<TokenId>,
}

/// A lexicon that one thread after the other reads with.
struct Reader {
    number: usize,
    lexicon: Lexicon,
    /// By its token id the one in the lexicon of all.
    united: Vec<TokenId>,
}

/// Cuts texts side by side. Tokens are only noted, so that no two threads stem the same one: see [`learn_noted`].
pub(super) struct Readers(Pool<'static, Reader>);

impl Readers {
    /// Readers for one lexicon.
    pub(super) fn new(language: Language) -> Self {
        let lexicon = move || Lexicon::new(language, Default::default());
        Readers(Pool::new(move |number| Reader { number, lexicon: lexicon(), united: Vec::new() }))
    }

    /// Reads texts, each in `N` parts. Ids are those that a lexicon gives that meets the texts one after the other. It must be the same
    /// lexicon every time.
    pub(super) fn read<'t, const N: usize>(
        &self,
        lexicon: &mut Lexicon,
        texts: usize,
        text: impl Fn(usize) -> [&'t str; N] + Sync,
    ) -> TokenLists {
        let size = at_once(texts);
        let read = |texts: Range<usize>| {
            self.0.lend(|reader| {
                let (mut starts, mut tokens) = (vec![0], Vec::new());
                for place in texts {
                    text(place).iter().for_each(|part| reader.lexicon.note(part, |_, id| tokens.push(id)));
                    starts.push(tokens.len());
                }
                Piece { reader: reader.number, starts, tokens }
            })
        };
        let mut pieces: Vec<Piece> = in_pieces(texts, size).map(read).collect();
        let mut readers = self.0.all();
        readers.sort_unstable_by_key(|reader| reader.number);
        for Reader { lexicon: own, united, .. } in &mut *readers {
            lexicon.make_room(own);
            united.resize(own.len(), NOT_UNITED);
        }
        pieces.iter_mut().for_each(|piece| piece.unite(&mut readers[piece.reader], lexicon));
        TokenLists { size, pieces, texts }
    }
}

impl Piece {
    /// Takes the ids of the lexicon of all, in which tokens are noted that come for the first time.
    fn unite(&mut self, reader: &mut Reader, lexicon: &mut Lexicon) {
        let Reader { lexicon: own, united, .. } = reader;
        for token in &mut self.tokens {
            let id = &mut united[*token as usize];
            if *id == NOT_UNITED {
                *id = lexicon.adopt(own, *token);
            }
            *token = *id;
        }
    }
}

/// Normalises and stems, side by side, all that is only noted.
pub(super) fn learn_noted(lexicon: &mut Lexicon) {
    let noted = lexicon.noted();
    let learn = |piece: Range<usize>| {
        let id = |place: usize| noted.start + place as TokenId;
        lexicon.learn(id(piece.start)..id(piece.end))
    };
    let learned: Vec<Learned> = in_pieces(noted.len(), at_once(noted.len())).map(learn).collect();
    learned.into_iter().for_each(|learned| lexicon.put_down(learned));
}

impl TokenLists {
    pub(super) fn len(&self) -> usize {
        self.texts
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens of a text.
    pub(super) fn row(&self, row: usize) -> &[TokenId] {
        let (Piece { starts, tokens, .. }, place) = (&self.pieces[row / self.size], row % self.size);
        &tokens[starts[place]..starts[place + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_one_reader() {
        let texts: Vec<String> = (0..2_000)
            .map(|i| format!("Word{} and w{}, unimaginable{:0>20} @ann x{}", i % 97, i % 13 * 7, i % 31, i / 40))
            .collect();
        let texts: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
        let mut one = Lexicon::new(Language::English, Default::default());
        let mut all = Lexicon::new(Language::English, Default::default());
        let readers = Readers::new(Language::English);
        let [known, new] =
            [&texts[..700], &texts[700..]].map(|texts| readers.read(&mut all, texts.len(), |i| texts[i]));
        learn_noted(&mut all);
        let lists = || (0..known.len()).map(|row| known.row(row)).chain((0..new.len()).map(|row| new.row(row)));
        assert_eq!(lists().count(), texts.len());
        for (list, [text]) in lists().zip(&texts) {
            let mut ids = Vec::new();
            one.analyze(text, |_, id| ids.push(id));
            assert_eq!(list, ids);
        }
        assert_eq!((all.len(), all.stem_count()), (one.len(), one.stem_count()));
        for id in 0..one.len() as TokenId {
            let known = |lexicon: &Lexicon| (lexicon.normal(id).to_owned(), format!("{:?}", lexicon.facts(id)));
            assert_eq!(known(&all), known(&one));
        }
    }
}
