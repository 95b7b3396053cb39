//! Stems and pairs of neighbouring stems that enough comments hold.

use rayon::prelude::*;

use super::lists::Lists;
use super::vocabulary::{NONE, keep};
use crate::features::BlockConfig;
use crate::features::frequencies::{DocumentFrequencies, count_all};
use crate::features::inherited::united;
use crate::features::pool::{Pool, at_once, in_pieces};
use crate::features::weighting::smoothed_idf;
use crate::features::words::EDGE;
use crate::text::{Lexicon, StemId, StringTable, TokenId};

/// Terms of the block of words, and what contexts say of them.
pub(super) struct Words {
    pub(super) stems: StringTable,
    /// Of each stem of the lexicon its column, or [`NONE`].
    pub(super) columns: Vec<u32>,
    pub(super) bigrams: Vec<[u32; 2]>,
    /// By column; nothing if there is no context.
    pub(super) context_idf: Vec<f32>,
}

impl Words {
    /// Words of enough comments, or of enough contexts, and those of a base.
    pub(super) fn learn(
        lexicon: &Lexicon,
        comments: &Lists,
        contexts: &Lists,
        config: &BlockConfig,
        base: Option<&StringTable>,
    ) -> Self {
        let df = [comments, contexts].map(|texts| stem_frequencies(lexicon, texts));
        let (stems, columns) = learn_stems(lexicon, &df, config, base);
        let column_of = |token| columns[lexicon.facts(token).stem as usize];
        let bigrams = learn_bigrams(comments, column_of, config, stems.len());
        let texts = comments.len() + contexts.len();
        let context_idf =
            if contexts.is_empty() { Vec::new() } else { learn_context_idf(&df, texts, &columns, stems.len()) };
        Words { stems, columns, bigrams, context_idf }
    }
}

/// How many of some texts hold each stem of a lexicon.
fn stem_frequencies(lexicon: &Lexicon, texts: &Lists) -> Vec<u32> {
    count_all(texts.len(), lexicon.stem_count(), |frequencies, text| {
        texts.of(text).iter().for_each(|&token| frequencies.count(lexicon.facts(token).stem as usize, text));
    })
}

/// The stems of enough comments, or of enough contexts, and for each stem id of the lexicon its column or [`NONE`]. Given is how many
/// comments and how many contexts hold each.
fn learn_stems(
    lexicon: &Lexicon,
    [own, other]: &[Vec<u32>; 2],
    config: &BlockConfig,
    base: Option<&StringTable>,
) -> (StringTable, Vec<u32>) {
    let terms = own.par_iter().zip(other).enumerate();
    let terms = terms.map(|(id, (&own, &other))| (lexicon.stem(id as StemId), own.max(other)));
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

/// Pairs of neighbouring stems, edges included, that occur in enough comments. `column_of` gives a token's stem column or [`NONE`].
fn learn_bigrams(
    comments: &Lists,
    column_of: impl Fn(TokenId) -> u32,
    config: &BlockConfig,
    stems: usize,
) -> Vec<[u32; 2]> {
    // The edge comes behind the last stem.
    let edge = stems as u32;
    let each_pair = |emit: &mut dyn FnMut(u32, u32, u32)| {
        for row in 0..comments.len() {
            let mut before = edge;
            for column in comments.of(row).iter().map(|&token| column_of(token)).chain([edge]) {
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
    let counters = Pool::new(|_| DocumentFrequencies::new(stems + 1));
    let named = |column: u32| if column == edge { EDGE } else { column };
    let of_first = |first: usize, frequencies: &mut DocumentFrequencies| {
        let own = &seconds[first.checked_sub(1).map_or(0, |before| ends[before])..ends[first]];
        own.iter().for_each(|&(second, row)| frequencies.count(second as usize, row as usize));
        let pair = |second: u32| [named(first as u32), named(second)];
        let taken = own.iter().map(|&(second, _)| (pair(second), frequencies.take(second as usize)));
        taken.filter(|&(_, df)| df > 0).collect::<Vec<_>>()
    };
    let pairs = in_pieces(stems + 1, at_once(stems + 1)).flat_map_iter(|firsts| {
        counters.lend(|frequencies| firsts.flat_map(|first| of_first(first, frequencies)).collect::<Vec<_>>())
    });
    keep(pairs, config.min_df, config.max_features.saturating_sub(stems))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::features::FeatureConfig;
    use crate::features::learning::learned_tokens::LearnedTokens;
    use crate::features::learning::readers::Readers;
    use crate::text::Language;

    #[test]
    fn pairs_are_those_that_enough_comments_hold() {
        // First halves enough for several pieces.
        let word = |row: usize, place: usize| format!("w{}", (row * 7 + place * place) % 70);
        let texts: Vec<String> =
            (0..900).map(|row| (0..row % 9).map(|place| word(row, place)).collect::<Vec<_>>().join(" ")).collect();
        let texts: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
        let mut readers = Readers::new(Language::English);
        let comments = readers.read(texts.len(), |i| texts[i]);
        let noted = readers.finish();
        let lexicon = LearnedTokens::of(&noted).put_down(noted);
        let config = BlockConfig { min_df: 3, ..FeatureConfig::default().words };
        for stems in [0, 3, 5, 60] {
            let column_of = |token| Some(lexicon.facts(token).stem).filter(|&s| (s as usize) < stems).unwrap_or(NONE);
            let mut rows_of: BTreeMap<[u32; 2], BTreeSet<usize>> = BTreeMap::new();
            for row in 0..comments.len() {
                let inner = comments.of(row).iter().map(|&token| column_of(token));
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
}
