//! Learns vocabularies from the training comments, then analyses every comment once.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::crossed;
use super::inherited::{Inherited, InheritedColumns, united};
use super::layout::Block;
use super::session::{Shared, topic};
use super::similarity::{self, Measured};
use super::target_chars;
use super::target_words::{self, TARGET_ALONE};
use super::weighting::{RawRow, RawRows, smoothed_idf};
use super::words::{EDGE, key};
use super::{BlockConfig, FeatureConfig, Features, Session, Texts, chars};
use crate::text::{CharGram, Language, Lexicon, StringTable, TokenId};

/// Rows that are analysed with one session: enough to make its caches pay, few enough that no thread stands idle for long.
fn chunk(rows: usize) -> usize {
    (rows / 8).clamp(256, 2048)
}

/// Chunks that are analysed before their lexicons are united.
const LEXICONS_AT_ONCE: usize = 16;

/// Learns features from comments, and gives each comment's raw row.
pub fn learn(language: Language, config: &FeatureConfig, rows: &[Texts]) -> (Features, RawRows) {
    let (features, raw, _) = learn_onto(None, language, config, rows);
    (features, raw)
}

/// The same with every term of a base's features, which are of the same language, and where its columns have gone.
pub fn learn_onto(
    base: Option<&Features>,
    language: Language,
    config: &FeatureConfig,
    rows: &[Texts],
) -> (Features, RawRows, Option<InheritedColumns>) {
    let mut lexicon = Lexicon::new(language, Arc::default());
    let texts: Vec<[&str; 1]> = rows.iter().map(|row| [row.comment]).collect();
    let comments = TokenLists::new(language, &mut lexicon, &texts);
    let comment_tokens = lexicon.len();
    let contexts = TokenLists::new(language, &mut lexicon, &distinct_contexts(rows));
    let (grams, (stem_df, stems, stem_columns, bigrams)) = rayon::join(
        || learn_grams(&lexicon, comment_tokens, &comments, &config.chars),
        || {
            let stem_df = [&comments, &contexts].map(|texts| stem_frequencies(&lexicon, texts));
            let (stems, stem_columns) = learn_stems(&lexicon, &stem_df, &config.words, base.map(|b| &*b.stems));
            let columns_of =
                |row: usize| comments.row(row).iter().map(|&t| stem_columns[lexicon.facts(t).stem as usize]);
            let bigrams = learn_bigrams(rows.len(), &columns_of, &config.words, stems.len());
            (stem_df, stems, stem_columns, bigrams)
        },
    );
    let texts = rows.len() + contexts.len();
    let context_idf =
        if contexts.is_empty() { Vec::new() } else { learn_context_idf(&stem_df, texts, &stem_columns, stems.len()) };
    let (targets, target_of) = learn_targets(&mut lexicon, rows, &config.target_words, base.map(|b| &b.targets));

    let mut features = Features {
        stems: Arc::new(stems),
        bigrams,
        grams,
        targets,
        context_idf,
        unseen_idf: smoothed_idf(texts, 0),
        ..Features::empty(language)
    };
    let inherited = base.map(|base| Inherited::new(base, &features));
    if let Some(inherited) = &inherited {
        inherited.extend_words(&mut features);
        inherited.keep_context_idf(&mut features);
    }
    // All that is looked up before every vocabulary is there.
    features.lookups.bigrams = super::words::BigramTable::new(&features.bigrams, features.stems.len());
    features.target_terms =
        learn_target_terms(&features, &comments, &lexicon, &stem_columns, &target_of, &config.target_words);
    if config.target_chars.weight > 0.0 {
        let known = |target: u32| Some(target).filter(|&target| target != NONE);
        let comments = target_of.iter().enumerate().map(|(row, &target)| (comments.row(row), known(target)));
        let pairs = target_chars::frequencies(&features.grams, &lexicon, features.targets.len(), comments);
        features.target_grams = keep(pairs.into_iter(), config.target_chars.min_df, config.target_chars.max_features);
    }
    if let Some(inherited) = &inherited {
        inherited.extend_targets(&mut features);
    }

    // No token is stemmed a second time, and every context is analysed once for the whole training. Nobody asks for a token's n-grams before
    // the features are indexed.
    let elder = Arc::new(lexicon);
    let shared = Arc::new(Shared::new(usize::MAX));
    let measured = if contexts.is_empty() { Vec::new() } else { measure(&features, rows, &shared, &elder) };
    features.bins = similarity::learn_bins(&measured);
    features.gate = similarity::learn_gate(&measured);
    if let Some(inherited) = &inherited {
        inherited.keep_bins(&mut features);
    }
    if !contexts.is_empty() {
        learn_crossed(&mut features, config, rows, &measured, &shared, &elder);
    }
    if let Some(inherited) = &inherited {
        inherited.extend_crossed(&mut features);
    }
    features = features.index();
    let all: Vec<usize> = (0..rows.len()).collect();
    let raw = extract(&features, rows, &shared, &elder);
    features.idf = raw.idf(&features.layout(), &all, |_| 1);
    let columns = inherited.map(|inherited| inherited.columns(&features));
    if let Some(columns) = &columns {
        columns.keep_idf(&mut features.idf);
    }
    (features, raw, columns)
}

/// Similarities of every comment.
fn measure(features: &Features, rows: &[Texts], shared: &Arc<Shared>, elder: &Arc<Lexicon>) -> Vec<Measured> {
    let chunks: Vec<Vec<Measured>> = rows
        .par_chunks(chunk(rows.len()))
        .map(|chunk| {
            let mut session = Session::new(features, shared.clone()).with_elder(elder.clone());
            chunk
                .iter()
                .map(|row| {
                    session.read(row.comment);
                    let contexts = session.contexts(row);
                    session.measure(&contexts)
                })
                .collect()
        })
        .collect();
    chunks.concat()
}

/// The terms of the blocks that cross stems with the context, for comments that have one.
fn learn_crossed(
    features: &mut Features,
    config: &FeatureConfig,
    rows: &[Texts],
    measured: &[Measured],
    shared: &Arc<Shared>,
    elder: &Arc<Lexicon>,
) {
    let kinds = crossed::KINDS as usize;
    let known = features.stems.len();
    let none = || [(); 3].map(|()| vec![0u32; kinds * known]);
    let count = |(rows, measured): (&[Texts], &[Measured])| {
        let mut frequencies = [(); 3].map(|()| DocumentFrequencies::new(kinds * known));
        let mut session = Session::new(features, shared.clone()).with_elder(elder.clone());
        for (row, texts) in rows.iter().enumerate() {
            session.read(texts.comment);
            let contexts = session.contexts(texts);
            let Some(context) = topic(&contexts) else { continue };
            session.measure(&contexts);
            let is_related = similarity::is_related(&measured[row], features.gate);
            session.crossed_terms(context, is_related, |block, kind, stem, _| {
                if (stem as usize) < known {
                    frequencies[block].count(kind as usize * known + stem as usize, row);
                }
            });
        }
        frequencies.map(|f| f.df)
    };
    let added = |mut all: [Vec<u32>; 3], some: [Vec<u32>; 3]| {
        all.iter_mut().flatten().zip(some.iter().flatten()).for_each(|(all, some)| *all += some);
        all
    };
    let chunk = chunk(rows.len());
    let frequencies = rows.par_chunks(chunk).zip(measured.par_chunks(chunk)).map(count).reduce(none, added);
    let terms = |frequencies: &[u32], config: &BlockConfig| {
        let all = frequencies.iter().enumerate();
        keep(all.map(|(i, &df)| ([(i / known) as u32, (i % known) as u32], df)), config.min_df, config.max_features)
    };
    let [shared, related, lead] = &frequencies;
    features.shared_terms = terms(shared, &config.shared_words);
    features.related_terms = terms(related, &config.related_words);
    features.lead_terms = terms(lead, &config.lead_words);
}

/// Raw rows of comments, in order.
fn extract(features: &Features, rows: &[Texts], shared: &Arc<Shared>, elder: &Arc<Lexicon>) -> RawRows {
    let chunks: Vec<RawRows> = rows
        .par_chunks(chunk(rows.len()))
        .map(|chunk| {
            let mut session = Session::new(features, shared.clone()).with_elder(elder.clone());
            let mut raw = RawRow::default();
            let mut out = RawRows::new();
            for row in chunk {
                session.extract(row, &mut raw);
                out.push(&raw);
            }
            out
        })
        .collect();
    let mut all = RawRows::new();
    for chunk in chunks {
        all.append(&chunk);
    }
    all
}

/// Token ids of many texts, one after the other.
struct TokenLists {
    starts: Vec<usize>,
    tokens: Vec<TokenId>,
}

impl TokenLists {
    /// Analyses texts, each in `N` pieces. Ids are those that a lexicon gives that meets the texts one after the other.
    fn new<const N: usize>(language: Language, lexicon: &mut Lexicon, texts: &[[&str; N]]) -> Self {
        let analyze = |texts: &[[&str; N]]| {
            let mut lexicon = Lexicon::new(language, Arc::default());
            let mut lists = TokenLists { starts: Vec::with_capacity(texts.len()), tokens: Vec::new() };
            for text in texts {
                lists.starts.push(lists.tokens.len());
                text.iter().for_each(|piece| lexicon.analyze(piece, |_, id| lists.tokens.push(id)));
            }
            (lexicon, lists)
        };
        let size = chunk(texts.len());
        let mut all = TokenLists { starts: Vec::with_capacity(texts.len() + 1), tokens: Vec::new() };
        // A lexicon for each chunk of a million texts would fill the memory.
        for some in texts.chunks(LEXICONS_AT_ONCE * size) {
            let chunks: Vec<(Lexicon, TokenLists)> = some.par_chunks(size).map(analyze).collect();
            for (own, lists) in chunks {
                let known = lexicon.absorb(&own);
                all.starts.extend(lists.starts.iter().map(|start| start + all.tokens.len()));
                all.tokens.extend(lists.tokens.iter().map(|&id| known[id as usize]));
            }
        }
        all.starts.push(all.tokens.len());
        all
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn row(&self, row: usize) -> &[TokenId] {
        &self.tokens[self.starts[row]..self.starts[row + 1]]
    }
}

/// Titles and bodies of distinct articles, parents and targets, in order of first occurrence.
fn distinct_contexts<'t>(rows: &[Texts<'t>]) -> Vec<[&'t str; 2]> {
    let mut seen: HashSet<(&str, &str), RandomState> = HashSet::default();
    let mut contexts = Vec::new();
    for row in rows {
        let article = row.article.map(|a| (a.title, a.body));
        let others = [row.parent, row.target].map(|t| t.map(|t| ("", t)));
        for (title, body) in [article].into_iter().chain(others).flatten() {
            if !(title.trim().is_empty() && body.trim().is_empty()) && seen.insert((title, body)) {
                contexts.push([title, body]);
            }
        }
    }
    contexts
}

/// A column that is not in the vocabulary.
const NONE: u32 = u32::MAX;

/// In how many comments each term occurs; terms are small integers.
pub(super) struct DocumentFrequencies {
    /// By term.
    pub(super) df: Vec<u32>,
    last: Vec<u32>,
}

impl DocumentFrequencies {
    pub(super) fn new(terms: usize) -> Self {
        DocumentFrequencies { df: vec![0; terms], last: vec![NONE; terms] }
    }

    /// Counts a term of a comment, which may come again; one behind the last is added.
    pub(super) fn count(&mut self, term: usize, comment: usize) {
        if term == self.df.len() {
            self.df.push(0);
            self.last.push(NONE);
        }
        if self.last[term] != comment as u32 {
            self.last[term] = comment as u32;
            self.df[term] += 1;
        }
    }
}

/// The terms of enough comments, those of most comments first, ties by term; at most `room` of them.
///
/// Counted columns stand in this order: what most comments hold lies close together in memory.
fn keep<T: Ord + Copy>(terms: impl Iterator<Item = (T, u32)>, min_df: usize, room: usize) -> Vec<T> {
    let mut kept: Vec<(T, u32)> = terms.filter(|&(_, df)| df as usize >= min_df).collect();
    kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    kept.truncate(room);
    kept.into_iter().map(|k| k.0).collect()
}

/// How many of some texts hold each stem of a lexicon.
fn stem_frequencies(lexicon: &Lexicon, texts: &TokenLists) -> Vec<u32> {
    let mut frequencies = DocumentFrequencies::new(lexicon.stem_count());
    for text in 0..texts.len() {
        for &token in texts.row(text) {
            frequencies.count(lexicon.facts(token).stem as usize, text);
        }
    }
    frequencies.df
}

/// The stems of enough comments, or of enough contexts, and for each stem id of the lexicon its column or [`NONE`]. Given is how many
/// comments and how many contexts hold each.
fn learn_stems(
    lexicon: &Lexicon,
    [own, other]: &[Vec<u32>; 2],
    config: &BlockConfig,
    base: Option<&StringTable>,
) -> (StringTable, Vec<u32>) {
    let terms = own.iter().zip(other).enumerate().map(|(id, (&own, &other))| (lexicon.stem(id as u32), own.max(other)));
    let table = united(base, keep(terms, config.min_df, config.max_features));
    let columns = (0..lexicon.stem_count())
        .map(|id| table.find(lexicon.stem(id as u32)).map_or(NONE, |column| column as u32))
        .collect();
    (table, columns)
}

/// Inverse document frequency of each stem column over `texts` comments and contexts together: an article's words are weighed too.
fn learn_context_idf([own, other]: &[Vec<u32>; 2], texts: usize, stem_columns: &[u32], stems: usize) -> Vec<f32> {
    let mut idf = vec![smoothed_idf(texts, 0); stems];
    for ((own, other), &column) in own.iter().zip(other).zip(stem_columns) {
        if column != NONE {
            idf[column as usize] = smoothed_idf(texts, own + other);
        }
    }
    idf
}

/// Pairs of neighbouring stems, edges included, that occur in enough comments.
fn learn_bigrams<I: Iterator<Item = u32>>(
    rows: usize,
    columns_of: &impl Fn(usize) -> I,
    config: &BlockConfig,
    stems: usize,
) -> Vec<[u32; 2]> {
    let mut ids: HashMap<u64, u32, RandomState> = HashMap::default();
    let mut pairs: Vec<[u32; 2]> = Vec::new();
    let mut frequencies = DocumentFrequencies::new(0);
    for row in 0..rows {
        let mut before = EDGE;
        for column in columns_of(row).chain([EDGE]) {
            if column != NONE && before != NONE {
                let id = *ids.entry(key(before, column)).or_insert_with(|| {
                    pairs.push([before, column]);
                    (pairs.len() - 1) as u32
                });
                frequencies.count(id as usize, row);
            }
            before = column;
        }
    }
    let room = config.max_features.saturating_sub(stems);
    keep(pairs.iter().copied().zip(frequencies.df), config.min_df, room)
}

/// Character n-grams of enough comments, which the lexicon's first `tokens` tokens make up.
fn learn_grams(lexicon: &Lexicon, tokens: usize, comments: &TokenLists, config: &BlockConfig) -> Vec<CharGram> {
    let mut ids: HashMap<CharGram, u32, RandomState> = HashMap::default();
    let mut grams: Vec<CharGram> = Vec::new();
    let mut of_token: Vec<u32> = Vec::new();
    let mut starts = vec![0usize];
    for token in 0..tokens {
        chars::token_grams(lexicon, token as TokenId, |gram| {
            of_token.push(*ids.entry(gram).or_insert_with(|| {
                grams.push(gram);
                (grams.len() - 1) as u32
            }));
        });
        starts.push(of_token.len());
    }
    let mut frequencies = DocumentFrequencies::new(grams.len());
    for comment in 0..comments.len() {
        for &token in comments.row(comment) {
            for &gram in &of_token[starts[token as usize]..starts[token as usize + 1]] {
                frequencies.count(gram as usize, comment);
            }
        }
    }
    keep(grams.iter().copied().zip(frequencies.df), config.min_df, config.max_features)
}

/// The targets of enough comments, and which one each comment has.
fn learn_targets(
    lexicon: &mut Lexicon,
    rows: &[Texts],
    config: &BlockConfig,
    base: Option<&StringTable>,
) -> (StringTable, Vec<u32>) {
    let forms: Vec<Option<String>> =
        rows.iter().map(|row| row.target.map(|t| target_words::canonical(lexicon, t))).collect();
    let mut counts: HashMap<&str, u32, RandomState> = HashMap::default();
    forms.iter().flatten().for_each(|form| *counts.entry(form).or_default() += 1);
    let table = united(base, keep(counts.into_iter(), config.min_df, config.max_features));
    let of_row = forms.iter().map(|f| f.as_deref().and_then(|f| table.find(f)).map_or(NONE, |i| i as u32)).collect();
    (table, of_row)
}

/// Pairs of target and word column that occur in enough comments, and each such target alone.
fn learn_target_terms(
    features: &Features,
    comments: &TokenLists,
    lexicon: &Lexicon,
    stem_columns: &[u32],
    target_of: &[u32],
    config: &BlockConfig,
) -> Vec<[u32; 2]> {
    let mut ids: HashMap<u64, u32, RandomState> = HashMap::default();
    let mut terms: Vec<[u32; 2]> = Vec::new();
    let mut frequencies = DocumentFrequencies::new(0);
    let mut words = super::counter::Counter::new(features.layout().range(Block::Words).len());
    let mut wanted = super::pair_table::Wanted::default();
    for (row, &target) in target_of.iter().enumerate().filter(|(_, target)| **target != NONE) {
        let stems = comments.row(row).iter().map(|&t| stem_columns[lexicon.facts(t).stem as usize]);
        super::words::count(stems, features.stems.len(), &features.lookups.bigrams, &mut wanted, &mut words);
        for column in words.touched().iter().copied().chain([TARGET_ALONE]) {
            let id = *ids.entry(key(target, column)).or_insert_with(|| {
                terms.push([target, column]);
                (terms.len() - 1) as u32
            });
            frequencies.count(id as usize, row);
        }
        words.clear();
    }
    keep(terms.iter().copied().zip(frequencies.df), config.min_df, config.max_features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabularies_hold_what_enough_comments_share_the_most_frequent_first() {
        let rows: Vec<Texts> = ["The cats sat", "cats SAT there", "a dog", "@ann wrote cats@example.org", "@ann again"]
            .into_iter()
            .map(|comment| Texts { comment, target: Some("Pets"), ..Texts::default() })
            .collect();
        let (features, raw) = learn(Language::English, &FeatureConfig::default(), &rows);
        assert_eq!(features.stems.iter().collect::<Vec<_>>(), ["<mention>", "cat", "sat"]);
        assert_eq!(features.bigrams, [[1, 2], [EDGE, 0]]);
        assert!(features.grams.iter().all(|g| !"@ann".contains(&g.to_string())));
        assert_eq!(features.name(3).1, "cat sat");
        let layout = features.layout();
        assert_eq!(features.name(layout.range(Block::TargetWords).start).1, "[pet]");
        assert_eq!(raw.len(), 5);
    }

    #[test]
    fn room_goes_to_the_terms_of_most_comments() {
        assert_eq!(keep([('c', 5), ('a', 2), ('b', 5), ('d', 9)].into_iter(), 2, 2), ['d', 'b']);
        assert_eq!(keep([('c', 5), ('a', 1)].into_iter(), 2, 9), ['c']);
    }
}
