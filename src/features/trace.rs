//! Which tokens of a comment give which of its columns: what explanations are folded onto words by.

use super::context::is_content;
use super::layout::Block;
use super::session::{Session, topic};
use super::weighting::RawRow;
use super::{Texts, similarity, target_words, words};
use crate::text::{Token, TokenKind, tokenize};

/// A token as the preprocessing stage sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedToken {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of its first byte in the comment.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// Its canonical form.
    pub normal: String,
    /// Its stem.
    pub stem: String,
}

/// A comment's tokens, and the columns that they give.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The tokens, in order.
    pub tokens: Vec<TracedToken>,
    /// Column and place of a token that gives it, one entry an occurrence, ascending. A pair of words has two, one a word. Columns that no
    /// token of the comment gives (style, closeness to the article, what the article says) have none.
    pub occurrences: Vec<(u32, u32)>,
}

impl Session<'_> {
    /// Counts, measures and traces a comment.
    pub fn trace(&mut self, texts: &Texts, raw: &mut RawRow) -> Trace {
        // What extraction remembers of the comment is what is asked below.
        self.extract(texts, raw);
        let mut cut: Vec<Token> = Vec::with_capacity(self.tokens.len());
        tokenize(texts.comment, |token| cut.push(token));

        let target = texts.target.and_then(|target| self.target(target));
        let mut occurrences = self.word_occurrences(target);
        let [start, of_target] = [Block::Chars, Block::TargetChars].map(|block| self.layout.range(block).start as u32);
        for (place, &token) in self.tokens.iter().enumerate() {
            let grams = self.grams.columns(token);
            occurrences.extend(grams.iter().map(|&gram| (start + gram, place as u32)));
            if let Some(target) = target {
                let column = |&gram: &u32| target_words::column(target, gram, &self.features.lookups.target_grams);
                let columns = grams.iter().filter_map(column);
                occurrences.extend(columns.map(|column| (of_target + column, place as u32)));
            }
        }
        self.crossed_occurrences(texts, &mut occurrences);
        occurrences.sort_unstable();

        let tokens = cut.iter().zip(&self.tokens).map(|(token, &id)| TracedToken {
            kind: token.kind,
            start: token.start,
            end: token.end,
            normal: self.lexicon.normal(id).to_owned(),
            stem: self.lexicon.stem(self.lexicon.facts(id).stem).to_owned(),
        });
        Trace { tokens: tokens.collect(), occurrences }
    }

    /// Occurrences in `words` and `target_words`.
    fn word_occurrences(&self, target: Option<u32>) -> Vec<(u32, u32)> {
        let features = self.features;
        let (known, lookups) = (features.stems.len(), &features.lookups);
        let stems = self.tokens.iter().map(|&t| self.lexicon.facts(t).stem);
        let last = self.tokens.len();
        let (mut singles, mut pairs) = (Vec::new(), Vec::new());
        words::each(
            stems,
            known,
            &lookups.bigrams,
            |place, stem| singles.push((stem, place as u32)),
            |place, pair| {
                if let Some(column) = words::pair_column(pair, known, &lookups.bigrams) {
                    let halves = [place.checked_sub(1), Some(place).filter(|&place| place < last)];
                    pairs.extend(halves.into_iter().flatten().map(|place| (column, place as u32)));
                }
            },
        );
        let of_words: Vec<(u32, u32)> = singles.into_iter().chain(pairs).collect();
        let start = self.layout.range(Block::Words).start as u32;
        let mut occurrences: Vec<(u32, u32)> = of_words.iter().map(|&(word, place)| (start + word, place)).collect();
        if let Some(target) = target {
            let start = self.layout.range(Block::TargetWords).start as u32;
            occurrences.extend(of_words.iter().filter_map(|&(word, place)| {
                let column = target_words::column(target, word, &lookups.target_terms)?;
                Some((start + column, place))
            }));
        }
        occurrences
    }

    /// Occurrences in the blocks that cross the comment's stems with its context.
    fn crossed_occurrences(&mut self, texts: &Texts, occurrences: &mut Vec<(u32, u32)>) {
        let contexts = self.contexts(texts);
        let measured = self.measure(&contexts);
        let Some(context) = topic(&contexts) else { return };
        let features = self.features;
        let is_related = similarity::is_related(&measured, features.gate);
        let mut columns = Vec::new();
        self.crossed_terms(context, is_related, |block, kind, stem| {
            let name = [Block::SharedWords, Block::RelatedWords, Block::LeadWords][block];
            if name != Block::LeadWords
                && let Some(column) = features.lookups.crossed[block].column(kind, stem)
            {
                columns.push((stem, self.layout.range(name).start as u32 + column));
            }
        });
        columns.sort_unstable();
        for (place, &token) in self.tokens.iter().enumerate() {
            let facts = self.lexicon.facts(token);
            if is_content(facts.kind) {
                let from = columns.partition_point(|&(stem, _)| stem < facts.stem);
                let of_stem = columns[from..].iter().take_while(|&&(stem, _)| stem == facts.stem);
                occurrences.extend(of_stem.map(|&(_, column)| (column, place as u32)));
            }
        }
    }
}
