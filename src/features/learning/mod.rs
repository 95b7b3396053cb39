//! Learns vocabularies from the training comments, then analyses every comment once.

mod grams;
mod learned_tokens;
mod lists;
mod readers;
mod targets;
mod vocabulary;
mod words;

use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use rayon::prelude::*;

use self::grams::learn_grams;
use self::learned_tokens::LearnedTokens;
use self::lists::Lists;
use self::readers::Readers;
use self::targets::{learn_target_grams, learn_target_terms, learn_targets};
use self::vocabulary::{keep, known};
use self::words::Words;
use super::crossed;
use super::frequencies::{DocumentFrequencies, total};
use super::inherited::{Inherited, InheritedColumns};
use super::pool::{Pool, at_once, in_pieces};
use super::session::{Contexts, Shared, topic};
use super::similarity::{self, Measured};
use super::weighting::{self, RawRow, RawRows, smoothed_idf};
use super::{BlockConfig, FeatureConfig, Features, Session, Texts};
use crate::text::{Language, Lexicon};

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
    let mut readers = Readers::new(language);
    let (comments, contexts) =
        rayon::join(|| readers.read(rows.len(), |row| [rows[row].comment]), || distinct_contexts(rows));
    let comment_tokens = readers.tokens();
    let contexts = readers.read(contexts.len(), |context| contexts[context]);
    let noted = readers.finish();
    let learned = LearnedTokens::of(&noted);
    let ((grams, gram_columns), (lexicon, words, targets, target_of)) = rayon::join(
        || learn_grams(&learned, comment_tokens, &comments, &config.chars, base.map(|base| &*base.grams)),
        || {
            let mut lexicon = learned.put_down(noted);
            let words = Words::learn(&lexicon, &comments, &contexts, &config.words, base.map(|base| &*base.stems));
            let (targets, target_of) =
                learn_targets(&mut lexicon, rows, &config.target_words, base.map(|base| &base.targets));
            (lexicon, words, targets, target_of)
        },
    );
    drop(learned);

    let mut features = Features {
        stems: Arc::new(words.stems),
        bigrams: words.bigrams,
        grams,
        targets,
        context_idf: words.context_idf,
        unseen_idf: smoothed_idf(rows.len() + contexts.len(), 0),
        ..Features::empty(language)
    };
    let inherited = base.map(|base| Inherited::new(base, &features));
    if let Some(inherited) = &inherited {
        inherited.extend_bigrams(&mut features);
        inherited.keep_context_idf(&mut features);
    }
    let stems = features.stems.clone();
    let places = words.columns.iter().map(|&column| known(column));
    let (bigram_table, lexicon) = rayon::join(|| features.bigram_table(), || lexicon.with_stems(stems, places));
    features.lookups.bigrams = bigram_table;
    let stem_of = |token| lexicon.facts(token).stem;
    (features.target_terms, features.target_grams) = rayon::join(
        || learn_target_terms(&features, &comments, stem_of, &target_of, &config.target_words),
        || learn_target_grams(&features, &comments, &gram_columns, &target_of, &config.target_chars),
    );
    if let Some(inherited) = &inherited {
        inherited.extend_targets(&mut features);
    }

    // No token is cut or stemmed a second time, and every context is analysed once for the whole training.
    let shared = Arc::new(Shared::new(usize::MAX));
    let comments = Comments { rows, tokens: comments, gram_columns, lexicon, shared };
    let (measured, target_tables) = rayon::join(
        || if contexts.is_empty() { Vec::new() } else { comments.measure(&features) },
        || features.target_tables(),
    );
    [features.lookups.target_terms, features.lookups.target_grams] = target_tables;
    (features.bins, features.gate) =
        rayon::join(|| similarity::learn_bins(&measured), || similarity::learn_gate(&measured));
    if let Some(inherited) = &inherited {
        inherited.keep_bins(&mut features);
    }
    if !contexts.is_empty() {
        learn_crossed(&mut features, config, &comments);
    }
    if let Some(inherited) = &inherited {
        inherited.extend_crossed(&mut features);
    }
    features.lookups.crossed = features.cross_tables();
    // N-grams are not looked up here: those of each token are known.
    let ((raw, df), gram_table) = rayon::join(|| comments.extract(&features), || features.gram_table());
    features.lookups.grams = gram_table;
    // To free what was read takes about as long.
    let ((), idf) = rayon::join(|| drop(comments), || weighting::idf(&features.layout(), rows.len(), &df, |_| 1));
    features.idf = idf;
    let columns = inherited.map(|inherited| inherited.columns(&features));
    if let Some(columns) = &columns {
        columns.keep_idf(&mut features.idf);
    }
    (features, raw, columns)
}

/// Training comments, by their tokens in a lexicon, and what those who read them again share.
struct Comments<'c> {
    rows: &'c [Texts<'c>],
    tokens: Lists,
    /// Of each token.
    gram_columns: Lists,
    /// With the features' stems.
    lexicon: Lexicon,
    shared: Arc<Shared>,
}

impl Comments<'_> {
    /// What `read` makes of some comments at a time, with a session of these features; in order.
    fn each<T: Send>(
        &self,
        features: &Features,
        read: impl Fn(&mut Session, Range<usize>) -> T + Sync + Send,
    ) -> Vec<T> {
        let rows = self.rows.len();
        let sessions = Pool::new(|_| Session::new(features, self.shared.clone()).with_lexicon(self.lexicon.sibling()));
        in_pieces(rows, at_once(rows)).map(|rows| sessions.lend(|session| read(session, rows))).collect()
    }

    /// Gives a comment to a session; its contexts.
    fn read(&self, session: &mut Session, row: usize) -> Contexts {
        session.read_again(self.tokens.of(row));
        session.contexts(&self.rows[row])
    }

    /// Similarities of every comment.
    fn measure(&self, features: &Features) -> Vec<Measured> {
        let measure = |session: &mut Session, rows: Range<usize>| -> Vec<Measured> {
            let measured = rows.map(|row| {
                let contexts = self.read(session, row);
                session.measure(&contexts)
            });
            measured.collect()
        };
        self.each(features, measure).concat()
    }

    /// In how many comments that have a context each stem crosses with it, by block, kind and stem.
    fn crossed_frequencies(&self, features: &Features, known: usize) -> [Vec<u32>; 3] {
        let kinds = crossed::KINDS as usize;
        let of_block = kinds * known;
        let counters = Pool::new(|_| DocumentFrequencies::new(3 * of_block));
        let count = |session: &mut Session, row: usize, frequencies: &mut DocumentFrequencies| {
            let contexts = self.read(session, row);
            let Some(context) = topic(&contexts) else { return };
            let measured = session.measure(&contexts);
            let is_related = similarity::is_related(&measured, features.gate);
            session.crossed_terms(context, is_related, |block, kind, stem| {
                if (stem as usize) < known {
                    frequencies.count(block * of_block + kind as usize * known + stem as usize, row);
                }
            });
        };
        self.each(features, |session, rows| {
            counters.lend(|frequencies| rows.for_each(|row| count(session, row, frequencies)));
        });
        let counted = counters.into_all().into_iter().map(DocumentFrequencies::into_counts);
        let mut shared = total(counted, 3 * of_block);
        let mut related = shared.split_off(of_block);
        let lead = related.split_off(of_block);
        [shared, related, lead]
    }

    /// Raw rows of comments, in order, and how many of them hold each counted column.
    fn extract(&self, features: &Features) -> (RawRows, Vec<u32>) {
        let columns = features.layout().counted_columns();
        let counters = Pool::new(|_| (vec![0u32; columns], RawRows::new()));
        let extract = |session: &mut Session, rows: Range<usize>| {
            let mut raw = RawRow::default();
            counters.lend(|(df, out)| {
                for row in rows {
                    let columns_of = |token| self.gram_columns.of(token as usize);
                    session.extract_again(&self.rows[row], self.tokens.of(row), columns_of, &mut raw);
                    raw.columns.iter().for_each(|&column| df[column as usize] += 1);
                    out.push(&raw);
                }
                out.take()
            })
        };
        let mut all = RawRows::new();
        self.each(features, extract).into_iter().for_each(|rows| all.append(rows));
        (all, total(counters.into_all().into_iter().map(|(df, _)| df), columns))
    }
}

/// The terms of the blocks that cross stems with the context, for comments that have one.
fn learn_crossed(features: &mut Features, config: &FeatureConfig, comments: &Comments) {
    let known = features.stems.len();
    let [shared, related, lead] = comments.crossed_frequencies(features, known);
    let terms = |frequencies: Vec<u32>, config: &BlockConfig| {
        let all = frequencies.into_par_iter().enumerate();
        keep(all.map(|(i, df)| ([(i / known) as u32, (i % known) as u32], df)), config.min_df, config.max_features)
    };
    (features.shared_terms, (features.related_terms, features.lead_terms)) = rayon::join(
        || terms(shared, &config.shared_words),
        || rayon::join(|| terms(related, &config.related_words), || terms(lead, &config.lead_words)),
    );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ArticleText;
    use crate::features::layout::Block;
    use crate::features::words::EDGE;

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

    /// Comments of some words each, under articles, parents and targets; many more than a thread takes at a time.
    fn comments() -> Vec<[String; 4]> {
        let mut seed = 7u32;
        let mut word = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("word{}s", ((seed >> 20) * (seed >> 24)) >> 9)
        };
        let mut text = |words: usize| (0..words).map(|_| word()).collect::<Vec<_>>().join(" ");
        let articles: Vec<String> = (0..5).map(|_| text(150)).collect();
        let of_row = |row: usize| {
            let parent = if row.is_multiple_of(3) { text(12) } else { String::new() };
            [text(row % 30), articles[row % 5].clone(), parent, ["Cats", "Old dogs"][row % 2].to_owned()]
        };
        (0..900).map(of_row).collect()
    }

    #[test]
    fn what_is_learned_does_not_depend_on_threads_or_on_what_sessions_read_before() {
        let comments = comments();
        fn texts([comment, article, parent, target]: &[String; 4]) -> Texts<'_> {
            let article = Some(ArticleText { title: target, body: article });
            Texts { comment, article, parent: Some(parent), target: Some(target) }
        }
        let rows: Vec<Texts> = comments.iter().map(texts).collect();
        let learned = [1, 2, 12].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| learn(Language::English, &FeatureConfig::default(), &rows))
        });
        let [(features, raw), others @ ..] = &learned;
        let names =
            |features: &Features| -> Vec<_> { (0..features.layout().columns()).map(|c| features.name(c)).collect() };
        assert!(Block::ALL.into_iter().all(|block| !features.layout().range(block).is_empty()));
        for (other, other_raw) in others {
            assert_eq!(names(other), names(features));
            assert_eq!((&other.idf, &other.bins, other.gate), (&features.idf, &features.bins, features.gate));
            assert!(other_raw == raw);
        }
        let all: Vec<usize> = (0..rows.len()).collect();
        assert_eq!(features.idf, raw.idf(&features.layout(), &all, |_| 1));
        let mut alone = RawRows::new();
        let mut row = RawRow::default();
        for texts in &rows {
            Session::new(features, Arc::new(Shared::new(1))).extract(texts, &mut row);
            alone.push(&row);
        }
        assert!(alone == *raw);
    }

    #[test]
    fn nothing_is_learned_from_no_comments() {
        let (features, raw) = learn(Language::English, &FeatureConfig::default(), &[]);
        assert!(raw.is_empty() && features.idf.is_empty() && features.stems.is_empty());
    }
}
