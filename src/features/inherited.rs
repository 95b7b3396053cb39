//! A vocabulary that begins with another model's: its terms keep their idf, and each of its columns has a place among the new ones.

use std::collections::HashSet;
use std::hash::Hash;

use super::Features;
use super::layout::Block;
use super::similarity;
use super::target_words::TARGET_ALONE;
use super::words::EDGE;
use crate::text::StringTable;

/// Where the terms of a base model stand in features that were learned on top of it.
pub(super) struct Inherited<'b> {
    base: &'b Features,
    /// By stem of the base, its place among the new stems.
    stems: Vec<u32>,
    /// By target of the base, its place among the new targets.
    targets: Vec<u32>,
}

/// What a base's columns have become.
#[derive(Debug, Clone, PartialEq)]
pub struct InheritedColumns {
    /// By column of the base, the new column.
    pub columns: Vec<u32>,
    /// New counted columns whose idf is the base's, with that.
    pub idf: Vec<(u32, f32)>,
}

impl InheritedColumns {
    /// Puts the base's idf in its place.
    pub fn keep_idf(&self, idf: &mut [f32]) {
        self.idf.iter().for_each(|&(column, value)| idf[column as usize] = value);
    }
}

/// The strings of a base and others, sorted, without copies.
pub(super) fn united<'s>(base: Option<&'s StringTable>, own: Vec<&'s str>) -> StringTable {
    let mut all: Vec<&str> = base.into_iter().flat_map(StringTable::iter).chain(own).collect();
    all.sort_unstable();
    all.dedup();
    StringTable::from_sorted(all)
}

/// The base's terms, then those that it does not have.
pub(super) fn put_first<T: Copy + Eq + Hash>(base: impl Iterator<Item = T>, own: &mut Vec<T>) {
    let mut all: Vec<T> = base.collect();
    let known: HashSet<T> = all.iter().copied().collect();
    all.extend(own.iter().filter(|term| !known.contains(term)));
    *own = all;
}

impl<'b> Inherited<'b> {
    /// `features` must hold the stems, the targets and the character n-grams of the base already.
    pub(super) fn new(base: &'b Features, features: &Features) -> Self {
        let places = |from: &StringTable, to: &StringTable| -> Vec<u32> {
            from.iter().map(|string| to.find(string).expect("the base's strings are in the table") as u32).collect()
        };
        let stems = places(&base.stems, &features.stems);
        Inherited { base, targets: places(&base.targets, &features.targets), stems }
    }

    fn stem(&self, stem: u32) -> u32 {
        if stem == EDGE { EDGE } else { self.stems[stem as usize] }
    }

    /// The new place of a column of the base's block `words`.
    fn word(&self, word: u32, stems: usize) -> u32 {
        match (word as usize).checked_sub(self.stems.len()) {
            // Pairs come first among pairs, in the base's order.
            Some(pair) => (stems + pair) as u32,
            None => self.stems[word as usize],
        }
    }

    /// Puts the base's bigrams first.
    pub(super) fn extend_bigrams(&self, features: &mut Features) {
        put_first(self.base.bigrams.iter().map(|pair| pair.map(|stem| self.stem(stem))), &mut features.bigrams);
    }

    /// Puts the base's pairs of target and word, and of target and n-gram, first.
    pub(super) fn extend_targets(&self, features: &mut Features) {
        let stems = features.stems.len();
        let terms = self.base.target_terms.iter().map(|&[target, word]| {
            let word = if word == TARGET_ALONE { word } else { self.word(word, stems) };
            [self.targets[target as usize], word]
        });
        put_first(terms, &mut features.target_terms);
        // The base's n-grams have kept their places.
        let grams = self.base.target_grams.iter().map(|&[target, gram]| [self.targets[target as usize], gram]);
        put_first(grams, &mut features.target_grams);
    }

    /// Weighs stems in contexts as the base does.
    pub(super) fn keep_context_idf(&self, features: &mut Features) {
        if self.base.context_idf.is_empty() {
            return;
        }
        features.unseen_idf = self.base.unseen_idf;
        features.context_idf.resize(features.stems.len(), self.base.unseen_idf);
        for (&stem, &idf) in self.stems.iter().zip(&self.base.context_idf) {
            features.context_idf[stem as usize] = idf;
        }
    }

    /// Takes over the bins of every similarity that the base knows, and its gate.
    pub(super) fn keep_bins(&self, features: &mut Features) {
        for (own, base) in features.bins.iter_mut().zip(&self.base.bins).filter(|(_, base)| !base.is_empty()) {
            own.clone_from(base);
        }
        if self.base.knows_articles() {
            features.gate = self.base.gate;
        }
    }

    /// Puts the base's terms of the blocks that cross comment and context first.
    pub(super) fn extend_crossed(&self, features: &mut Features) {
        let Features { shared_terms, related_terms, lead_terms, .. } = self.base;
        for (base, own) in [
            (shared_terms, &mut features.shared_terms),
            (related_terms, &mut features.related_terms),
            (lead_terms, &mut features.lead_terms),
        ] {
            put_first(base.iter().map(|&[kind, stem]| [kind, self.stem(stem)]), own);
        }
    }

    /// Where each column of the base has gone.
    pub(super) fn columns(&self, features: &Features) -> InheritedColumns {
        let (old, new) = (self.base.layout(), features.layout());
        let stems = features.stems.len();
        let mut columns: Vec<u32> = Vec::with_capacity(old.columns());
        for block in Block::ALL {
            let start = new.range(block).start as u32;
            let width = old.range(block).len() as u32;
            match block {
                Block::Words => columns.extend((0..width).map(|word| start + self.word(word, stems))),
                Block::Similarity => {
                    columns.extend(similarity::places(&self.base.bins, &features.bins).map(|place| start + place));
                }
                // Terms of the base stand first, in its order.
                _ => columns.extend(start..start + width),
            }
        }
        let idf = columns.iter().copied().zip(self.base.idf.iter().copied()).collect();
        InheritedColumns { columns, idf }
    }
}
