//! One comment after another into raw rows, with everything that is worth remembering between them.

use std::rc::Rc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::chars::TokenColumns;
use super::counter::Counter;
use super::layout::{Block, Layout};
use super::similarity::{self, StemVector};
use super::weighting::{RawRow, Weigher};
use super::{Features, Matrix, Texts, style, target_words, words};
use crate::text::{Lexicon, StemId, TokenId};

/// Distinct tokens that are remembered before everything is forgotten; bounds memory on endless input.
const MAX_TOKENS: usize = 1 << 16;
/// Contexts (articles, parents) whose vectors are remembered.
const MAX_CONTEXTS: usize = 1 << 10;

/// Analyses comments with one thread's caches. What a row holds does not depend on the rows before it.
pub struct Session<'f> {
    features: &'f Features,
    layout: Layout,
    lexicon: Lexicon,
    token_columns: TokenColumns,
    words: Counter,
    chars: Counter,
    target_words: Counter,
    contexts: HashMap<Box<str>, Rc<StemVector>, RandomState>,
    targets: HashMap<Box<str>, Option<u32>, RandomState>,
    tokens: Vec<TokenId>,
    raw: RawRow,
}

impl<'f> Session<'f> {
    /// A session with empty caches.
    pub fn new(features: &'f Features) -> Self {
        let layout = features.layout();
        Session {
            lexicon: Lexicon::new(features.language, features.stems.clone()),
            token_columns: TokenColumns::default(),
            words: Counter::new(layout.range(Block::Words).len()),
            chars: Counter::new(layout.range(Block::Chars).len()),
            target_words: Counter::new(layout.range(Block::TargetWords).len()),
            contexts: HashMap::default(),
            targets: HashMap::default(),
            tokens: Vec::new(),
            raw: RawRow::default(),
            features,
            layout,
        }
    }

    /// Appends a comment's weighted row to a matrix.
    pub fn push(&mut self, texts: &Texts, weigher: &Weigher, matrix: &mut Matrix) {
        let mut raw = std::mem::take(&mut self.raw);
        self.extract(texts, &mut raw);
        weigher.push(raw.counts.iter().copied(), &raw.values, matrix);
        self.raw = raw;
    }

    /// Counts and measures a comment.
    pub fn extract(&mut self, texts: &Texts, raw: &mut RawRow) {
        raw.counts.clear();
        raw.values.clear();
        if self.lexicon.len() > MAX_TOKENS {
            self.forget();
        }
        self.tokens.clear();
        self.lexicon.analyze(texts.comment, |_, id| self.tokens.push(id));
        self.token_columns.catch_up(&self.lexicon, &self.features.lookups.grams);

        let known = self.features.stems.len();
        let lookups = &self.features.lookups;
        let stems = self.tokens.iter().map(|&t| self.lexicon.facts(t).stem);
        words::count(stems, known, &lookups.bigrams, &mut self.words);
        self.token_columns.count(&self.tokens, &mut self.chars);
        if let Some(target) = texts.target.and_then(|t| self.target(t)) {
            target_words::count(target, &self.words, &lookups.target_terms, &mut self.target_words);
        }
        for (block, counter) in [
            (Block::Words, &mut self.words),
            (Block::Chars, &mut self.chars),
            (Block::TargetWords, &mut self.target_words),
        ] {
            counter.drain_into(self.layout.range(block).start as u32, &mut raw.counts);
        }

        let start = self.layout.range(Block::Style).start as u32;
        let style = style::measure(texts.comment, &self.tokens, &self.lexicon);
        raw.values.extend(style.iter().enumerate().map(|(i, &v)| (start + i as u32, v)));

        let measured = self.similarities(texts);
        let start = self.layout.range(Block::Similarity).start as u32;
        similarity::encode(&self.features.bins, &measured, |column, value| raw.values.push((start + column, value)));
    }

    /// How close the comment that was analysed last is to its contexts.
    pub(super) fn similarities(&mut self, texts: &Texts) -> [Option<f32>; similarity::NAMES.len()] {
        let article = texts
            .article
            .map(|a| if a.title.is_empty() { a.body.to_string() } else { format!("{}\n{}", a.title, a.body) });
        let article = article.filter(|a| !a.trim().is_empty()).map(|a| self.context(&a));
        let parent = texts.parent.filter(|p| !p.trim().is_empty()).map(|p| self.context(p));
        if article.is_none() && parent.is_none() {
            return [None; similarity::NAMES.len()];
        }
        let comment = self.vector(&self.tokens);
        [article.map(|a| comment.cosine(&a)), parent.map(|p| comment.cosine(&p))]
    }

    fn vector(&self, tokens: &[TokenId]) -> StemVector {
        StemVector::new(tokens.iter().map(|&t| self.lexicon.facts(t).stem), |stem| self.idf(stem))
    }

    fn idf(&self, stem: StemId) -> f32 {
        if (stem as usize) < self.features.stems.len() {
            self.features.idf[stem as usize]
        } else {
            self.features.unseen_idf
        }
    }

    fn context(&mut self, text: &str) -> Rc<StemVector> {
        if let Some(vector) = self.contexts.get(text) {
            return vector.clone();
        }
        let mut tokens = Vec::new();
        self.lexicon.analyze(text, |_, id| tokens.push(id));
        let vector = Rc::new(self.vector(&tokens));
        if self.contexts.len() >= MAX_CONTEXTS {
            self.contexts.clear();
        }
        self.contexts.insert(text.into(), vector.clone());
        vector
    }

    /// The index of a target; `None` if training did not see it.
    fn target(&mut self, target: &str) -> Option<u32> {
        if let Some(&known) = self.targets.get(target) {
            return known;
        }
        let form = target_words::canonical(&mut self.lexicon, target);
        let index = self.features.targets.find(&form).map(|i| i as u32);
        if self.targets.len() >= MAX_CONTEXTS {
            self.targets.clear();
        }
        self.targets.insert(target.into(), index);
        index
    }

    /// Token and stem ids become invalid with a reset, and with them all that was made of them.
    fn forget(&mut self) {
        self.lexicon.reset();
        self.token_columns.clear();
        self.contexts.clear();
    }
}
