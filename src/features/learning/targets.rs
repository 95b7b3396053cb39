//! Targets, and words and character n-grams under them, that enough comments hold.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::lists::Lists;
use super::vocabulary::{NONE, keep, known};
use crate::features::counter::Counter;
use crate::features::frequencies::DocumentFrequencies;
use crate::features::inherited::united;
use crate::features::layout::Block;
use crate::features::pair_table::Wanted;
use crate::features::pool::{Pool, in_pieces};
use crate::features::target_words::{self, TARGET_ALONE};
use crate::features::{BlockConfig, Features, Texts, target_chars, words};
use crate::text::{Lexicon, StemId, StringTable, TokenId};

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
    let table = united(base, keep(Vec::from_iter(counts).into_par_iter(), config.min_df, config.max_features));
    let of_row = form_of.iter().map(|form| form.and_then(|f| table.find(f)).map_or(NONE, |i| i as u32)).collect();
    (table, of_row)
}

/// Pairs of target and word column that occur in enough comments, and each such target alone. `stem_of` gives a token's
/// stem; those that are no column are no word.
pub(super) fn learn_target_terms(
    features: &Features,
    comments: &Lists,
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
            let stems = comments.of(row).iter().map(|&token| stem_of(token));
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
    let terms =
        in_pieces(rows_of.len(), 1).flat_map_iter(|targets| scratch.lend(|scratch| of_target(scratch, targets.start)));
    keep(terms, config.min_df, config.max_features)
}

/// Pairs of target and character n-gram that occur in enough comments, if their block weighs anything. `columns` are those of each token's
/// n-grams.
pub(super) fn learn_target_grams(
    features: &Features,
    comments: &Lists,
    columns: &Lists,
    target_of: &[u32],
    config: &BlockConfig,
) -> Vec<[u32; 2]> {
    let rows = (0..comments.len()).map(|row| (comments.of(row), known(target_of[row])));
    let pairs = if config.weight > 0.0 {
        target_chars::frequencies(features, rows, |token| columns.of(token as usize))
    } else {
        Vec::new()
    };
    keep(pairs.into_par_iter(), config.min_df, config.max_features)
}
