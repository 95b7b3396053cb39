//! One comment after another into raw rows, with everything that is worth remembering between them.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::context::{Context, ContextStore, StemKeys, Weights};
use super::counter::Counter;
use super::layout::{Block, Layout};
use super::pair_table::Wanted;
use super::repeats::Repeats;
use super::similarity::{self, MEASURES, Measured, Side};
use super::token_grams::{GramStore, SumUp, SummedUp, TokenGramLists};
use super::weighting::RawRow;
use super::{ArticleText, Features, Texts, crossed, style, target_words, words};
use crate::text::{Lexicon, StemId, TokenFacts, TokenId};

/// Targets that are remembered.
const MAX_TARGETS: usize = 1 << 10;

/// A comment's article, parent and target, as in [`similarity::CONTEXTS`].
pub(super) type Contexts = [Option<Arc<Context>>; similarity::CONTEXTS.len()];

/// The context that says what the topic is: the article, else the parent.
pub(super) fn topic(contexts: &Contexts) -> Option<&Arc<Context>> {
    contexts[0].as_ref().or(contexts[1].as_ref())
}

/// What sessions of the same features know, for each other.
#[derive(Debug)]
pub struct Shared {
    contexts: ContextStore,
    grams: GramStore,
}

impl Shared {
    /// Nothing known yet; there will be up to `contexts` articles, parents and targets.
    pub fn new(contexts: usize) -> Self {
        Shared { contexts: ContextStore::new(contexts), grams: GramStore::default() }
    }
}

/// Analyses comments with one thread's caches. What a row holds does not depend on the rows before it.
pub struct Session<'f> {
    pub(super) features: &'f Features,
    pub(super) layout: Layout,
    pub(super) lexicon: Lexicon,
    pub(super) grams: TokenGramLists,
    sum_up: Option<SumUp<'f>>,
    wanted: Wanted,
    pub(super) words: Counter,
    /// Counts character n-grams.
    chars: Counter,
    /// Notes which of them come again in the comment, where they are wanted by token.
    repeats: Repeats,
    target_words: Counter,
    target_chars: Counter,
    keys: StemKeys,
    shared: Arc<Shared>,
    pub(super) side: Side,
    crossed: [Counter; 3],
    /// What the lead of the comment's context adds up to, where that is asked for.
    lead_sums: Vec<f64>,
    targets: HashMap<Box<str>, Option<u32>, RandomState>,
    pub(super) tokens: Vec<TokenId>,
    /// What is known of each of them.
    facts: Vec<TokenFacts>,
    /// Distinct tokens of the comment in order of first occurrence, with their counts.
    distinct: Vec<(TokenId, u8)>,
    /// By token its place in `distinct` plus one; 0 for tokens that the comment does not hold.
    places: Vec<u32>,
}

impl<'f> Session<'f> {
    /// A session with empty caches of its own, and what it shares with other sessions of the same features.
    pub fn new(features: &'f Features, shared: Arc<Shared>) -> Self {
        let layout = features.layout();
        Session {
            lexicon: Lexicon::new(features.language, features.stems.clone()),
            grams: TokenGramLists::default(),
            sum_up: None,
            wanted: Wanted::default(),
            words: Counter::new(layout.range(Block::Words).len()),
            chars: Counter::new(layout.range(Block::Chars).len()),
            repeats: Repeats::new(layout.range(Block::Chars).len()),
            target_words: Counter::new(layout.range(Block::TargetWords).len()),
            target_chars: Counter::new(layout.range(Block::TargetChars).len()),
            keys: StemKeys::default(),
            shared,
            side: Side::default(),
            crossed: [Block::SharedWords, Block::RelatedWords, Block::LeadWords]
                .map(|block| Counter::new(layout.range(block).len())),
            lead_sums: Vec::new(),
            targets: HashMap::default(),
            tokens: Vec::new(),
            facts: Vec::new(),
            distinct: Vec::new(),
            places: Vec::new(),
            features,
            layout,
        }
    }

    /// The same, with a lexicon of the features' language and stems that knows more. Before anything is read.
    pub(super) fn with_lexicon(self, lexicon: Lexicon) -> Self {
        Session { lexicon, ..self }
    }

    /// The same, with sums over each token's character n-grams and each context's lead. Sessions that share anything must have the same.
    pub fn summing_up(self, sum_up: SumUp<'f>) -> Self {
        Session { sum_up: Some(sum_up), ..self }
    }

    /// Counts and measures a comment.
    pub fn extract(&mut self, texts: &Texts, raw: &mut RawRow) {
        self.read(texts.comment);
        self.fetch_grams();
        self.count_grams();
        self.fill(texts, raw, false);
    }

    /// The same, but character n-grams are given by token, with those that come again, and counted only where the target asks for them; and of
    /// the context's lead it is given what it adds up to.
    pub fn extract_summed_up(&mut self, texts: &Texts, raw: &mut RawRow) -> SummedUp<'_> {
        self.read(texts.comment);
        self.fetch_grams();
        let Session { grams, distinct, repeats, .. } = self;
        repeats.note(distinct.iter().map(|&(token, times)| (grams.columns(token), times)));
        if texts.target.is_some() && !self.features.target_grams.is_empty() {
            self.count_grams();
        }
        self.fill(texts, raw, true);
        let Session { distinct, repeats, grams, lead_sums, .. } = self;
        SummedUp { tokens: distinct, repeats: repeats.as_slice(), lists: grams, lead: lead_sums }
    }

    /// As [`Session::extract`], where the comment's tokens are known already, and the columns of their character n-grams.
    pub(super) fn extract_again<'g>(
        &mut self,
        texts: &Texts,
        tokens: &[TokenId],
        columns_of: impl Fn(TokenId) -> &'g [u32],
        raw: &mut RawRow,
    ) {
        self.read_again(tokens);
        let Session { distinct, chars, .. } = self;
        distinct.iter().for_each(|&(token, times)| chars.add_all(columns_of(token), times));
        self.fill(texts, raw, false);
    }

    /// Counts and measures the comment that was read last, but for its character n-grams, and puts down what was counted. The
    /// context's lead is not counted if it is to be summed up and can be.
    fn fill(&mut self, texts: &Texts, raw: &mut RawRow, sum_up_lead: bool) {
        raw.columns.clear();
        raw.counts.clear();
        raw.values.clear();
        let known = self.features.stems.len();
        let lookups = &self.features.lookups;
        let stems = self.facts.iter().map(|facts| facts.stem);
        let distinct = self.distinct.iter().map(|&(token, times)| (self.lexicon.facts(token).stem, times));
        words::count(distinct, stems, known, &lookups.bigrams, &mut self.wanted, &mut self.words);
        if let Some(target) = texts.target.and_then(|t| self.target(t)) {
            target_words::count(target, &self.words, &lookups.target_terms, &mut self.wanted, &mut self.target_words);
            target_words::count(target, &self.chars, &lookups.target_grams, &mut self.wanted, &mut self.target_chars);
        }
        let contexts = self.contexts(texts);
        let measured = self.measure(&contexts);
        self.lead_sums.clear();
        if let Some(context) = topic(&contexts) {
            let is_related = similarity::is_related(&measured, self.features.gate);
            let [shared, related, lead] = &mut self.crossed;
            let [of_shared, of_related, of_lead] = &lookups.crossed;
            of_shared.count(crossed::shared_terms(self.side.stems()), shared);
            if is_related {
                of_related.count(crossed::related_terms(self.side.stems()), related);
            }
            let lead_terms = || of_lead.columns(crossed::lead_terms(&context.lead_stems, is_related));
            if let Some(sum_up) = self.sum_up.as_ref().filter(|_| sum_up_lead) {
                let sums = || {
                    let (columns, counts) = lead_terms();
                    sum_up(Block::LeadWords, &columns, Some(&counts))
                };
                self.lead_sums.extend_from_slice(context.lead_sums(is_related, sums));
            } else {
                let (columns, counts) = lead_terms();
                lead.add_each(columns.into_iter().zip(counts));
            }
        }
        let [shared, related, lead] = &mut self.crossed;
        for (block, counter) in [
            (Block::Words, &mut self.words),
            (Block::Chars, &mut self.chars),
            (Block::TargetWords, &mut self.target_words),
            (Block::TargetChars, &mut self.target_chars),
            (Block::SharedWords, shared),
            (Block::RelatedWords, related),
            (Block::LeadWords, lead),
        ] {
            counter.drain_into(self.layout.range(block).start as u32, &mut raw.columns, &mut raw.counts);
        }

        let start = self.layout.range(Block::Style).start as u32;
        let style = style::measure(texts.comment, &self.tokens, &self.facts, &self.lexicon);
        raw.values.extend((start..).zip(style).filter(|&(_, value)| value != 0.0));

        let start = self.layout.range(Block::Similarity).start as u32;
        similarity::encode(&self.features.bins, &measured, |column, value| raw.values.push((start + column, value)));
    }

    /// Counts the character n-grams of the comment that was read last.
    fn count_grams(&mut self) {
        let Session { grams, distinct, chars, .. } = self;
        distinct.iter().for_each(|&(token, times)| chars.add_all(grams.columns(token), times));
    }

    /// Looks up the character n-grams of the comment that was read last.
    fn fetch_grams(&mut self) {
        let (table, sum_up) = (&self.features.lookups.grams, self.sum_up.as_ref());
        self.grams.fetch(&self.distinct, &self.lexicon, table, &self.shared.grams, sum_up);
    }

    /// Analyses a comment's tokens without counting anything.
    pub(super) fn read(&mut self, comment: &str) {
        if self.lexicon.is_full(self.grams.bytes()) {
            self.forget();
        }
        self.tokens.clear();
        self.lexicon.analyze(comment, |_, id| self.tokens.push(id));
        self.note_tokens();
    }

    /// The same, where tokens are known already. Forgets no tokens, whose ids are the caller's too.
    pub(super) fn read_again(&mut self, tokens: &[TokenId]) {
        self.tokens.clear();
        self.tokens.extend_from_slice(tokens);
        self.note_tokens();
    }

    /// Notes what is known of a comment's tokens, and which of them are distinct.
    fn note_tokens(&mut self) {
        self.facts.clear();
        self.facts.extend(self.tokens.iter().map(|&token| self.lexicon.facts(token)));
        for &(token, _) in &self.distinct {
            self.places[token as usize] = 0;
        }
        self.distinct.clear();
        self.places.resize(self.lexicon.len(), 0);
        for &token in &self.tokens {
            let place = &mut self.places[token as usize];
            if *place == 0 {
                self.distinct.push((token, 0));
                *place = self.distinct.len() as u32;
            }
            let count = &mut self.distinct[*place as usize - 1].1;
            *count = count.saturating_add(1);
        }
    }

    /// A comment's article, parent and target, analysed; none of them where training had none.
    pub(super) fn contexts(&mut self, texts: &Texts) -> Contexts {
        if self.features.context_idf.is_empty() {
            return Contexts::default();
        }
        let of = |body| ArticleText { title: "", body };
        // All that there is of an article is its body, whatever column it stood in.
        let article = texts.article.map(|a| if a.body.trim().is_empty() { of(a.title) } else { a });
        let contexts = [article, texts.parent.map(of), texts.target.map(of)]
            .map(|text| text.filter(|t| !(t.title.trim().is_empty() && t.body.trim().is_empty())))
            .map(|text| text.map(|text| self.context(text)));
        if contexts.iter().any(Option::is_some) {
            self.keys.catch_up(&self.lexicon);
        }
        contexts
    }

    /// How close the comment that was read last is to its contexts.
    pub(super) fn measure(&mut self, contexts: &Contexts) -> Measured {
        let mut measured: Measured = [None; similarity::COUNT];
        if contexts.iter().any(Option::is_some) {
            let weights = weights(self.features, &self.keys);
            self.side.analyze(self.lexicon.stem_count(), &self.facts, &weights);
            // What says what the topic is comes last: what it shares with the comment is asked for again.
            for (place, context) in contexts.iter().enumerate().rev() {
                if let Some(context) = context {
                    let found = self.side.compare(context, &weights);
                    measured[place * MEASURES.len()..(place + 1) * MEASURES.len()].copy_from_slice(&found);
                }
            }
        }
        measured
    }

    /// Calls `emit` with place of the block (shared, related, lead), kind and stem of each term that crosses the comment that was measured
    /// last with its [`topic`].
    pub(super) fn crossed_terms(&self, context: &Context, is_related: bool, mut emit: impl FnMut(usize, u32, StemId)) {
        crossed::shared_terms(self.side.stems()).for_each(|(kind, stem, _)| emit(0, kind, stem));
        if is_related {
            crossed::related_terms(self.side.stems()).for_each(|(kind, stem, _)| emit(1, kind, stem));
        }
        crossed::lead_terms(&context.lead_stems, is_related).for_each(|(kind, stem, _)| emit(2, kind, stem));
    }

    fn context(&mut self, text: ArticleText) -> Arc<Context> {
        let shared = self.shared.clone();
        shared.contexts.get(text, || {
            let mut tokens = [Vec::new(), Vec::new()];
            for (tokens, text) in tokens.iter_mut().zip([text.title, text.body]) {
                self.lexicon.analyze(text, |_, id| tokens.push(id));
            }
            self.keys.catch_up(&self.lexicon);
            Context::new(&self.lexicon, &tokens[0], &tokens[1], &weights(self.features, &self.keys))
        })
    }

    /// The index of a target; `None` if training did not see it.
    pub(super) fn target(&mut self, target: &str) -> Option<u32> {
        if let Some(&known) = self.targets.get(target) {
            return known;
        }
        let form = target_words::canonical(&mut self.lexicon, target);
        let index = self.features.targets.find(&form).map(|i| i as u32);
        if self.targets.len() >= MAX_TARGETS {
            self.targets.clear();
        }
        self.targets.insert(target.into(), index);
        index
    }

    /// Token and stem ids become invalid with a reset, and with them all that was made of them.
    fn forget(&mut self) {
        self.lexicon.reset();
        self.distinct.clear();
        self.places.clear();
        self.grams.clear();
        self.repeats.forget();
        self.wanted = Wanted::default();
        self.keys.clear();
        self.side = Side::default();
    }
}

fn weights<'w>(features: &'w Features, keys: &'w StemKeys) -> Weights<'w> {
    Weights { keys, idf: &features.context_idf, unseen_idf: features.unseen_idf }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeatureConfig;
    use crate::features::learning::learn;
    use crate::text::Language;

    #[test]
    fn a_lead_that_is_summed_up_is_the_one_that_would_be_counted() {
        let comments = ["trams run late again", "cats purr all day", "late trams annoy me", "my cats purr"];
        let articles = ["Trams run late. Nobody knows why.", "Nobody counts sheep."]
            .map(|body| ArticleText { title: "Late trams", body });
        let rows: Vec<Texts> = (0..16)
            .map(|n| Texts { comment: comments[n % 4], article: Some(articles[n / 4 % 2]), ..Texts::default() })
            .collect();
        let (features, _) = learn(Language::English, &FeatureConfig::default(), &rows);
        let range = features.layout().range(Block::LeadWords);
        // Not a sum, but it tells of what.
        let told = |columns: &[u32], counts: &[u8]| -> Box<[f64]> {
            columns.iter().zip(counts).map(|(&column, &count)| f64::from(column) + f64::from(count) / 1000.0).collect()
        };
        let shared = Arc::new(Shared::new(9));
        let session = || Session::new(&features, shared.clone());
        let summing_up = || {
            session().summing_up(Box::new(move |block, columns, counts| match (block, counts) {
                (Block::LeadWords, Some(counts)) => told(columns, counts),
                _ => Box::default(),
            }))
        };
        let mut sessions = [summing_up(), summing_up()];
        let (mut counted, mut row) = (RawRow::default(), RawRow::default());
        let mut lengths = std::collections::BTreeSet::new();
        for (n, texts) in rows.iter().chain(rows.iter().rev()).enumerate() {
            session().extract(texts, &mut counted);
            let from = counted.columns.partition_point(|&column| (column as usize) < range.start);
            let lead: Vec<u32> = counted.columns[from..].iter().map(|column| column - range.start as u32).collect();
            let summed_up = sessions[n % 2].extract_summed_up(texts, &mut row);
            assert_eq!(summed_up.lead, &*told(&lead, &counted.counts[from..]));
            assert!(row.columns.iter().all(|&column| !range.contains(&(column as usize))));
            lengths.insert((texts.article.map(|article| article.body), lead.len()));
        }
        assert_eq!(lengths.len(), 4, "both kinds of comments under both articles");
    }

    #[test]
    fn few_but_long_tokens_are_forgotten_too() {
        let known = Texts { comment: "Cats and dogs!?", ..Texts::default() };
        let (features, _) = learn(Language::English, &FeatureConfig::default(), &[known; 4]);
        let mut session = Session::new(&features, Arc::new(Shared::new(1)));
        let (mut alone, mut raw) = (RawRow::default(), RawRow::default());
        session.extract(&known, &mut alone);
        let mut most = 0;
        for i in 0..40 {
            let comment = "!?".repeat((1 << 19) + i);
            session.extract(&Texts { comment: &comment, ..Texts::default() }, &mut raw);
            assert!(session.lexicon.bytes() + session.grams.bytes() < 2 * (64 << 20));
            most = most.max(session.lexicon.len());
        }
        assert!(session.lexicon.len() < most, "it has forgotten");
        session.extract(&known, &mut raw);
        assert_eq!((raw.columns, raw.counts, raw.values), (alone.columns, alone.counts, alone.values));
    }
}
