//! Cuts many texts into tokens, side by side.

use std::ops::Range;

use rayon::prelude::*;

use super::lists::{Lists, Piece, pieces};
use crate::features::pool::Pool;
use crate::text::{Language, Lexicon, TokenId};

/// A lexicon that one thread after the other reads with.
struct Reader {
    number: usize,
    lexicon: Lexicon,
    /// By its token id the one in the lexicon of all; nothing for the first reader, whose lexicon that is.
    united: Vec<TokenId>,
}

/// Cuts texts side by side. Tokens are only noted, so that no two threads stem the same one.
pub(super) struct Readers {
    language: Language,
    /// The lexicon of the first one takes in what only others met: it is that of all.
    pool: Pool<'static, Reader>,
}

impl Readers {
    pub(super) fn new(language: Language) -> Self {
        let lexicon = move || Lexicon::new(language, Default::default());
        let pool = Pool::new(move |number| Reader { number, lexicon: lexicon(), united: Vec::new() });
        Readers { language, pool }
    }

    /// Reads texts, each in `N` parts. Each distinct token has one id, which depends on what thread met it first.
    pub(super) fn read<'t, const N: usize>(
        &mut self,
        texts: usize,
        text: impl Fn(usize) -> [&'t str; N] + Sync,
    ) -> Lists {
        let read = |texts: Range<usize>| {
            self.pool.lend(|reader| {
                let mut tokens = Piece::with_capacity(texts.len(), 0);
                for place in texts {
                    text(place).iter().for_each(|part| reader.lexicon.note(part, |_, id| tokens.push(id)));
                    tokens.end_list();
                }
                (reader.number, tokens)
            })
        };
        let mut read: Vec<(usize, Piece)> = pieces(texts).map(read).collect();
        // Not under the lock: uniting is work for all threads.
        let mut readers = std::mem::take(&mut *self.pool.all());
        readers.sort_unstable_by_key(|reader| reader.number);
        if let Some((first, others)) = readers.split_first_mut() {
            others.iter_mut().for_each(|other| other.unite(&mut first.lexicon));
            read.par_iter_mut().filter(|(reader, _)| *reader > 0).for_each(|(reader, tokens)| {
                let united = &others[*reader - 1].united;
                tokens.values_mut().iter_mut().for_each(|token| *token = united[*token as usize]);
            });
        }
        *self.pool.all() = readers;
        Lists::new(texts, read.into_iter().map(|(_, tokens)| tokens).collect())
    }

    /// Number of distinct tokens that were read; their ids are smaller.
    pub(super) fn tokens(&self) -> usize {
        self.pool.all().iter().find(|reader| reader.number == 0).map_or(0, |first| first.lexicon.len())
    }

    /// The lexicon of all texts, whose tokens are only noted.
    pub(super) fn finish(self) -> Lexicon {
        let first = self.pool.into_all().into_iter().find(|reader| reader.number == 0);
        first.map_or_else(|| Lexicon::new(self.language, Default::default()), |first| first.lexicon)
    }
}

impl Reader {
    /// Has what it met since the last time noted in the lexicon of all.
    fn unite(&mut self, all: &mut Lexicon) {
        let new = self.united.len() as TokenId..self.lexicon.len() as TokenId;
        let found = new.clone().into_par_iter().map(|id| all.find_of(&self.lexicon, id)).collect::<Vec<_>>();
        all.make_room(found.iter().filter(|found| found.is_none()).count());
        self.united.extend(new.zip(found).map(|(id, found)| found.unwrap_or_else(|| all.note_of(&self.lexicon, id))));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::features::learning::learned_tokens::LearnedTokens;

    #[test]
    fn each_distinct_token_has_one_id_whoever_met_it() {
        let texts: Vec<String> = (0..2_000)
            .map(|i| format!("Word{} and w{}, unimaginable{:0>20} @ann x{}", i % 97, i % 13 * 7, i % 31, i / 40))
            .collect();
        let (known, new) = texts.split_at(700);
        let mut readers = Readers::new(Language::English);
        let read = |readers: &mut Readers, texts: &[String]| {
            let read = AtomicUsize::new(0);
            readers.read(texts.len(), |i| {
                // Who reads first waits for another reader, so that there is one.
                if read.fetch_add(1, Ordering::Relaxed) == 0 {
                    while read.load(Ordering::Relaxed) == 1 {
                        std::thread::yield_now();
                    }
                }
                [texts[i].as_str()]
            })
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let (lists, tokens) = pool.install(|| {
            let known = read(&mut readers, known);
            let tokens = readers.tokens();
            ([known, read(&mut readers, new)], tokens)
        });
        assert!(readers.pool.all().len() > 1);
        let noted = readers.finish();
        let learned = pool.install(|| LearnedTokens::of(&noted));
        let all = learned.put_down(noted);
        for id in 0..all.len() as TokenId {
            let is_class = all.facts(id).kind.class_token().is_some();
            assert_eq!(learned.normal(id), Some(all.normal(id)).filter(|_| !is_class));
        }

        let mut one = Lexicon::new(Language::English, Default::default());
        let mut id_of = HashMap::new();
        let rows = lists.iter().flat_map(|list| (0..list.len()).map(|row| list.of(row)));
        assert_eq!(rows.clone().count(), texts.len());
        for (row, text) in rows.zip(&texts) {
            let mut ids = Vec::new();
            one.analyze(text, |_, id| ids.push(id));
            assert_eq!(row.len(), ids.len());
            ids.iter().zip(row).for_each(|(id, own)| assert_eq!(id_of.entry(*id).or_insert(*own), own));
        }
        assert_eq!((all.len(), all.stem_count()), (one.len(), one.stem_count()));
        for (&id, &own) in &id_of {
            let known = |lexicon: &Lexicon, id| {
                let facts = lexicon.facts(id);
                let (stem, normal) = (lexicon.stem(facts.stem).to_owned(), lexicon.normal(id).to_owned());
                (stem, normal, facts.kind, facts.shouted, facts.elongated)
            };
            assert_eq!(known(&all, own), known(&one, id));
        }
        let first = lists[0].len();
        assert!((0..first).flat_map(|row| lists[0].of(row)).all(|&id| (id as usize) < tokens));
        assert!((0..lists[1].len()).flat_map(|row| lists[1].of(row)).any(|&id| id as usize >= tokens));
    }

    #[test]
    fn without_texts_only_class_tokens_are_known() {
        let all = Readers::new(Language::English).finish();
        assert_eq!(all.len(), Lexicon::new(Language::English, Default::default()).len());
    }
}
