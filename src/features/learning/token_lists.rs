//! Token ids of many texts, analysed side by side.

use std::ops::Range;

use rayon::prelude::*;

use crate::features::pool::{Pool, at_once, in_pieces};
use crate::text::{Language, Learned, Lexicon, TokenId};

/// Pieces that are read before their ids are united.
const PIECES_AT_ONCE: usize = 128;

/// Stands for a token that was not united yet.
const NOT_UNITED: TokenId = TokenId::MAX;

/// Token ids of many texts, one after the other.
pub(super) struct TokenLists {
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

/// Texts by the ids of one reader.
struct Piece {
    reader: usize,
    lists: TokenLists,
}

/// Cuts texts side by side. Tokens are only noted, so that no two threads stem the same one: see [`learn_noted`].
pub(super) struct Readers(Pool<'static, Reader>);

impl Readers {
    /// Readers for one lexicon.
    pub(super) fn new(language: Language) -> Self {
        let lexicon = move || Lexicon::new(language, Default::default());
        Readers(Pool::new(move |number| Reader { number, lexicon: lexicon(), united: Vec::new() }))
    }

    /// Reads texts, each in `N` pieces. Ids are those that a lexicon gives that meets the texts one after the other.
    pub(super) fn read<'t, const N: usize>(
        &self,
        lexicon: &mut Lexicon,
        texts: usize,
        text: impl Fn(usize) -> [&'t str; N] + Sync,
    ) -> TokenLists {
        self.read_in_pieces(at_once(texts), PIECES_AT_ONCE, lexicon, texts, text)
    }

    fn read_in_pieces<'t, const N: usize>(
        &self,
        size: usize,
        pieces: usize,
        lexicon: &mut Lexicon,
        texts: usize,
        text: impl Fn(usize) -> [&'t str; N] + Sync,
    ) -> TokenLists {
        let read = |texts: Range<usize>| {
            self.0.lend(|reader| {
                let mut lists = TokenLists::new();
                for place in texts {
                    text(place).iter().for_each(|part| reader.lexicon.note(part, |_, id| lists.tokens.push(id)));
                    lists.starts.push(lists.tokens.len());
                }
                Piece { reader: reader.number, lists }
            })
        };
        let mut all = TokenLists::new();
        for some in (0..texts).step_by(pieces * size).map(|start| start..texts.min(start + pieces * size)) {
            let pieces: Vec<Piece> = in_pieces(some.len(), size)
                .map(|piece| read(some.start + piece.start..some.start + piece.end))
                .collect();
            let mut readers = self.0.all();
            readers.sort_unstable_by_key(|reader| reader.number);
            readers.iter().for_each(|reader| lexicon.make_room(&reader.lexicon));
            all.starts.reserve(some.len());
            all.tokens.reserve(pieces.iter().map(|piece| piece.lists.tokens.len()).sum());
            for Piece { reader, lists } in pieces {
                all.append(lists, &mut readers[reader], lexicon);
            }
        }
        all
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
    learned.iter().for_each(|learned| lexicon.put_down(learned));
}

impl TokenLists {
    fn new() -> Self {
        TokenLists { starts: vec![0], tokens: Vec::new() }
    }

    /// Appends what a reader read; tokens that come for the first time are noted in the lexicon of all.
    fn append(&mut self, lists: TokenLists, reader: &mut Reader, lexicon: &mut Lexicon) {
        let Reader { lexicon: own, united, .. } = reader;
        united.resize(own.len(), NOT_UNITED);
        let before = self.tokens.len();
        self.starts.extend(lists.starts[1..].iter().map(|start| before + start));
        self.tokens.extend(lists.tokens.into_iter().map(|token| {
            let id = &mut united[token as usize];
            if *id == NOT_UNITED {
                *id = lexicon.adopt(own, token);
            }
            *id
        }));
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens of a text.
    pub(super) fn row(&self, row: usize) -> &[TokenId] {
        &self.tokens[self.starts[row]..self.starts[row + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_one_reader() {
        let texts: Vec<String> = (0..2_000)
            .map(|i| format!("Word{} and w{}, unimaginable{:0>20} @ann", i % 97, i % 13 * 7, i % 31))
            .collect();
        let texts: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
        let mut one = Lexicon::new(Language::English, Default::default());
        let mut all = Lexicon::new(Language::English, Default::default());
        let readers = Readers::new(Language::English);
        let [known, new] = [&texts[..700], &texts[700..]]
            .map(|texts| readers.read_in_pieces(30, 8, &mut all, texts.len(), |i| texts[i]));
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
