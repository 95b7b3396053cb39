//! The terms that enough comments hold, block by block.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::token_lists::TokenLists;
use crate::features::counter::Counter;
use crate::features::frequencies::{DocumentFrequencies, count_all};
use crate::features::inherited::{put_first, united};
use crate::features::layout::Block;
use crate::features::pair_table::Wanted;
use crate::features::pool::{Pool, in_pieces};
use crate::features::target_words::{self, TARGET_ALONE};
use crate::features::weighting::smoothed_idf;
use crate::features::words::{self, EDGE};
use crate::features::{BlockConfig, Features, Texts, chars};
use crate::text::{CharGram, Lexicon, StemId, StringTable, TokenId};

/// A column that is not in the vocabulary.
pub(super) const NONE: u32 = u32::MAX;

/// The terms of enough comments, those of most comments first, ties by term; at most `room` of them.
///
/// Counted columns stand in this order: what most comments hold lies close together in memory.
pub(super) fn keep<T: Ord + Copy + Send>(terms: impl Iterator<Item = (T, u32)>, min_df: usize, room: usize) -> Vec<T> {
    let mut kept: Vec<(T, u32)> = terms.filter(|&(_, df)| df as usize >= min_df).collect();
    kept.par_sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    kept.truncate(room);
    kept.into_iter().map(|k| k.0).collect()
}

/// How many of some texts hold each stem of a lexicon.
pub(super) fn stem_frequencies(lexicon: &Lexicon, texts: &TokenLists) -> Vec<u32> {
    count_all(texts.len(), lexicon.stem_count(), |frequencies, text| {
        texts.row(text).iter().for_each(|&token| frequencies.count(lexicon.facts(token).stem as usize, text));
    })
}

/// The stems of enough comments, or of enough contexts, and for each stem id of the lexicon its column or [`NONE`]. Given is how many
/// comments and how many contexts hold each.
pub(super) fn learn_stems(
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
pub(super) fn learn_context_idf(
    [own, other]: &[Vec<u32>; 2],
    texts: usize,
    stem_columns: &[u32],
    stems: usize,
) -> Vec<f32> {
    let mut idf = vec![smoothed_idf(texts, 0); stems];
    for ((own, other), &column) in own.iter().zip(other).zip(stem_columns) {
        if column != NONE {
            idf[column as usize] = smoothed_idf(texts, own + other);
        }
    }
    idf
}

/// Pairs of neighbouring stems, edges included, that occur in enough comments. `column_of` gives a token's stem column or [`NONE`].
pub(super) fn learn_bigrams(
    comments: &TokenLists,
    column_of: impl Fn(TokenId) -> u32,
    config: &BlockConfig,
    stems: usize,
) -> Vec<[u32; 2]> {
    // The edge comes behind the last stem.
    let edge = stems as u32;
    let each_pair = |emit: &mut dyn FnMut(u32, u32, u32)| {
        for row in 0..comments.len() {
            let mut before = edge;
            for column in comments.row(row).iter().map(|&token| column_of(token)).chain([edge]) {
                if column != NONE && before != NONE {
                    emit(before, column, row as u32);
                }
                before = column;
            }
        }
    };
    // By first half, so that each one's second halves are counted in an array: no pair is looked up.
    let mut ends = vec![0usize; stems + 2];
    each_pair(&mut |before, _, _| ends[before as usize + 1] += 1);
    (0..=stems).for_each(|first| ends[first + 1] += ends[first]);
    let mut seconds = vec![(0u32, 0u32); ends[stems + 1]];
    each_pair(&mut |before, column, row| {
        let end = &mut ends[before as usize];
        seconds[*end] = (column, row);
        *end += 1;
    });
    let mut frequencies = DocumentFrequencies::new(stems + 1);
    let mut start = 0;
    let named = |column: u32| if column == edge { EDGE } else { column };
    let of_first = |first: u32| {
        let own = &seconds[start..ends[first as usize]];
        start = ends[first as usize];
        own.iter().for_each(|&(second, row)| frequencies.count(second as usize, row as usize));
        let taken = own.iter().map(|&(second, _)| ([named(first), named(second)], frequencies.take(second as usize)));
        taken.filter(|&(_, df)| df > 0).collect::<Vec<_>>()
    };
    keep((0..=edge).flat_map(of_first), config.min_df, config.max_features.saturating_sub(stems))
}

/// Columns of the character n-grams that each token of the comments has, in the order in which [`GramTable::find`] finds them.
///
/// [`GramTable::find`]: chars::GramTable::find
pub(super) struct GramColumns {
    starts: Vec<usize>,
    columns: Vec<u32>,
}

impl GramColumns {
    pub(super) fn of(&self, token: TokenId) -> &[u32] {
        &self.columns[self.starts[token as usize]..self.starts[token as usize + 1]]
    }
}

/// Character n-grams of enough comments, which the lexicon's first `tokens` tokens make up, after those of a base; and which each of these
/// tokens has.
pub(super) fn learn_grams(
    lexicon: &Lexicon,
    tokens: usize,
    comments: &TokenLists,
    config: &BlockConfig,
    base: Option<&[CharGram]>,
) -> (Vec<CharGram>, GramColumns) {
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
    let df = count_all(comments.len(), grams.len(), |frequencies, comment| {
        for &token in comments.row(comment) {
            for &gram in &of_token[starts[token as usize]..starts[token as usize + 1]] {
                frequencies.count(gram as usize, comment);
            }
        }
    });
    let mut column_of = vec![NONE; grams.len()];
    let mut kept = keep(grams.into_iter().zip(df), config.min_df, config.max_features);
    if let Some(base) = base {
        put_first(base.iter().copied(), &mut kept);
    }
    let ids_of_kept: Vec<Option<u32>> = kept.par_iter().map(|gram| ids.get(gram).copied()).collect();
    let held = (0..).zip(ids_of_kept).filter_map(|(column, id)| Some((column, id?)));
    held.for_each(|(column, id)| column_of[id as usize] = column);
    // Columns take the place of ids, and less of it.
    let mut end = 0;
    for token in 0..tokens {
        let own = starts[token]..starts[token + 1];
        starts[token] = end;
        for place in own {
            of_token[end] = column_of[of_token[place] as usize];
            end += usize::from(of_token[end] != NONE);
        }
    }
    starts[tokens] = end;
    of_token.truncate(end);
    of_token.shrink_to_fit();
    (kept, GramColumns { starts, columns: of_token })
}

/// The targets of enough comments, and which one each comment has.
pub(super) fn learn_targets(
    lexicon: &mut Lexicon,
    rows: &[Texts],
    config: &BlockConfig,
    base: Option<&StringTable>,
) -> (StringTable, Vec<u32>) {
    let mut forms: HashMap<&str, String, RandomState> = HashMap::default();
    for target in rows.iter().filter_map(|row| row.target) {
        forms.entry(target).or_insert_with(|| target_words::canonical(lexicon, target));
    }
    let form_of: Vec<Option<&str>> = rows.iter().map(|row| row.target.map(|target| forms[target].as_str())).collect();
    let mut counts: HashMap<&str, u32, RandomState> = HashMap::default();
    form_of.iter().flatten().for_each(|form| *counts.entry(form).or_default() += 1);
    let table = united(base, keep(counts.into_iter(), config.min_df, config.max_features));
    let of_row = form_of.iter().map(|form| form.and_then(|f| table.find(f)).map_or(NONE, |i| i as u32)).collect();
    (table, of_row)
}

/// Pairs of target and word column that occur in enough comments, and each such target alone. `stem_of` gives a token's
/// stem; those that are no column are no word.
pub(super) fn learn_target_terms(
    features: &Features,
    comments: &TokenLists,
    stem_of: impl Fn(TokenId) -> StemId + Sync,
    target_of: &[u32],
    config: &BlockConfig,
) -> Vec<[u32; 2]> {
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); features.targets.len()];
    for (row, &target) in target_of.iter().enumerate().filter(|(_, target)| **target != NONE) {
        rows_of[target as usize].push(row);
    }
    let columns = features.layout().range(Block::Words).len();
    let scratch = Pool::new(|_| (Counter::new(columns), Wanted::default(), DocumentFrequencies::new(columns)));
    let fewest = config.min_df.max(1);
    let of_target = |(words, wanted, frequencies): &mut (Counter, Wanted, DocumentFrequencies), target: usize| {
        let rows = &rows_of[target];
        let mut held = Vec::new();
        for &row in rows {
            let stems = comments.row(row).iter().map(|&token| stem_of(token));
            words::count(
                stems.clone().map(|stem| (stem, 1)),
                stems,
                features.stems.len(),
                &features.lookups.bigrams,
                wanted,
                words,
            );
            words.touched().iter().for_each(|&column| frequencies.count_distinct(column as usize));
            held.extend_from_slice(words.touched());
            words.clear();
        }
        let alone = ([target as u32, TARGET_ALONE], rows.len() as u32);
        let taken = held.into_iter().map(|column| ([target as u32, column], frequencies.take(column as usize)));
        taken.chain([alone]).filter(|&(_, df)| df as usize >= fewest).collect::<Vec<_>>()
    };
    let terms: Vec<Vec<_>> =
        in_pieces(rows_of.len(), 1).map(|targets| scratch.lend(|scratch| of_target(scratch, targets.start))).collect();
    keep(terms.into_iter().flatten(), config.min_df, config.max_features)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::features::FeatureConfig;
    use crate::features::learning::token_lists::Readers;
    use crate::text::Language;

    #[test]
    fn pairs_are_those_that_enough_comments_hold() {
        let texts: Vec<String> = (0..60usize)
            .map(|row| {
                (0..row % 9)
                    .map(|place| ["a", "b", "c", "d", "e"][(row * 7 + place * place) % 5])
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let texts: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
        let mut readers = Readers::new(Language::English);
        let comments = readers.read(texts.len(), |i| texts[i]);
        let lexicon = readers.finish();
        let config = BlockConfig { min_df: 3, ..FeatureConfig::default().words };
        for stems in [0, 3, 5] {
            let column_of = |token| Some(lexicon.facts(token).stem).filter(|&s| (s as usize) < stems).unwrap_or(NONE);
            let mut rows_of: BTreeMap<[u32; 2], BTreeSet<usize>> = BTreeMap::new();
            for row in 0..comments.len() {
                let inner = comments.row(row).iter().map(|&token| column_of(token));
                let all: Vec<u32> = [EDGE].into_iter().chain(inner).chain([EDGE]).collect();
                for pair in all.windows(2).filter(|pair| !pair.contains(&NONE)) {
                    rows_of.entry([pair[0], pair[1]]).or_default().insert(row);
                }
            }
            let mut expected: Vec<([u32; 2], usize)> =
                rows_of.into_iter().map(|(pair, rows)| (pair, rows.len())).collect();
            expected.retain(|&(_, df)| df >= 3);
            expected.sort_by_key(|&(pair, df)| (std::cmp::Reverse(df), pair));
            let expected: Vec<[u32; 2]> = expected.into_iter().map(|(pair, _)| pair).collect();
            assert!(!expected.is_empty());
            assert_eq!(learn_bigrams(&comments, column_of, &config, stems), expected);
        }
    }

    #[test]
    fn n_grams_of_a_token_are_those_that_a_look_up_finds() {
        let texts = [
            "Cats and dogs @ann",
            "cats, dogs & an unimaginablenesses é\0é éé",
            "incomprehensibilities saw unimaginablenesses",
            "",
            "a cat",
        ];
        let mut readers = Readers::new(Language::English);
        let comments = readers.read(texts.len(), |i| [texts[i]]);
        let tokens = readers.tokens();
        readers.read(1, |_| ["elsewhere"]);
        let lexicon = readers.finish();
        let grams = |of: &[&str]| of.iter().map(|gram| CharGram::pack(gram).unwrap()).collect::<Vec<_>>();
        let base = grams(&["se", " w", "ses", " wo", "zz"]);
        let mut held = BTreeSet::new();
        for base in [None, Some(&base[..])] {
            for (min_df, max_features) in [(0, 1_000), (1, 1_000), (2, 1_000), (2, 7), (1, 90), (1, 0)] {
                let config = BlockConfig { min_df, max_features, ..FeatureConfig::default().chars };
                let (kept, columns) = learn_grams(&lexicon, tokens, &comments, &config, base);
                let table = chars::GramTable::new(&kept);
                assert_eq!(table.len(), kept.len());
                for token in 0..tokens as TokenId {
                    let mut found = Vec::new();
                    if lexicon.facts(token).kind.class_token().is_none() {
                        table.find(lexicon.normal(token), &mut Vec::new(), &mut found);
                    }
                    assert_eq!(columns.of(token), found);
                    held.extend(found.into_iter().map(|column| kept[column as usize].to_string()));
                }
            }
        }
        assert!(["ses", "é ", "ca"].iter().all(|gram| held.contains(*gram)) && !held.contains("ls"));
    }
}
