//! Token ids of many texts, analysed side by side.

use rayon::prelude::*;

use super::pool::Pool;
use super::rows_at_once;
use crate::text::{Language, Lexicon, TokenId};

/// Pieces that are analysed before their ids are united.
const PIECES_AT_ONCE: usize = 64;

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

impl TokenLists {
    fn new() -> Self {
        TokenLists { starts: vec![0], tokens: Vec::new() }
    }

    /// Analyses texts, each in `N` pieces. Ids are those that a lexicon gives that meets the texts one after the other.
    pub(super) fn analyze<const N: usize>(language: Language, lexicon: &mut Lexicon, texts: &[[&str; N]]) -> Self {
        TokenLists::in_pieces(rows_at_once(texts.len()), PIECES_AT_ONCE, language, lexicon, texts)
    }

    fn in_pieces<const N: usize>(
        size: usize,
        at_once: usize,
        language: Language,
        lexicon: &mut Lexicon,
        texts: &[[&str; N]],
    ) -> Self {
        let readers = Pool::new(|number| Reader {
            number,
            lexicon: Lexicon::new(language, Default::default()),
            united: Vec::new(),
        });
        let read = |texts: &[[&str; N]]| {
            readers.lend(|reader| {
                let mut lists = TokenLists::new();
                for text in texts {
                    text.iter().for_each(|part| reader.lexicon.analyze(part, |_, id| lists.tokens.push(id)));
                    lists.starts.push(lists.tokens.len());
                }
                Piece { reader: reader.number, lists }
            })
        };
        let mut all = TokenLists::new();
        for some in texts.chunks(at_once * size) {
            let pieces: Vec<Piece> = some.par_chunks(size).map(read).collect();
            let mut readers = readers.all();
            readers.sort_unstable_by_key(|reader| reader.number);
            readers.iter().for_each(|reader| lexicon.make_room(&reader.lexicon));
            for Piece { reader, lists } in pieces {
                all.append(lists, &mut readers[reader], lexicon);
            }
        }
        all
    }

    /// Appends what a reader read; tokens that come for the first time go into the lexicon of all.
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
        let lists = TokenLists::in_pieces(30, 8, Language::English, &mut all, &texts);
        assert_eq!(lists.len(), texts.len());
        for (row, [text]) in texts.iter().enumerate() {
            let mut ids = Vec::new();
            one.analyze(text, |_, id| ids.push(id));
            assert_eq!(lists.row(row), ids);
        }
        assert_eq!((all.len(), all.stem_count()), (one.len(), one.stem_count()));
        for id in 0..one.len() as TokenId {
            let known = |lexicon: &Lexicon| (lexicon.normal(id).to_owned(), format!("{:?}", lexicon.facts(id)));
            assert_eq!(known(&all), known(&one));
        }
    }
}
