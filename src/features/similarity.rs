//! Block `similarity`: how close a comment is to the article and to its parent.
//!
//! Each similarity is the cosine of the tf-idf vectors of stems, kept raw and cut into quantile bins of the training
//! comments, so that a linear model can bend.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::text::StemId;

/// The similarities, in order.
pub const NAMES: [&str; 2] = ["close to the article", "close to the parent"];

/// Bins that each similarity is cut into, where the training comments differ enough.
const BINS: usize = 8;

/// A text as tf-idf weights of its stems, in order of first occurrence, scaled to length 1.
#[derive(Debug, Clone, Default)]
pub struct StemVector {
    entries: Vec<(StemId, f32)>,
    by_stem: HashMap<StemId, f32, RandomState>,
}

impl StemVector {
    /// Weighs the stems of a text. The order of sums is that of the text.
    pub(super) fn new(stems: impl Iterator<Item = StemId>, idf: impl Fn(StemId) -> f32) -> Self {
        let mut entries: Vec<(StemId, f32)> = Vec::new();
        let mut places: HashMap<StemId, usize, RandomState> = HashMap::default();
        for stem in stems {
            let place = *places.entry(stem).or_insert_with(|| {
                entries.push((stem, 0.0));
                entries.len() - 1
            });
            entries[place].1 += 1.0;
        }
        let mut squares = 0.0;
        for (stem, weight) in &mut entries {
            *weight = (1.0 + weight.ln()) * idf(*stem);
            squares += *weight * *weight;
        }
        let norm = squares.sqrt().max(f32::MIN_POSITIVE);
        entries.iter_mut().for_each(|(_, weight)| *weight /= norm);
        let by_stem = entries.iter().copied().collect();
        StemVector { entries, by_stem }
    }

    /// Cosine with another text, summed in the order of this one.
    pub(super) fn cosine(&self, other: &StemVector) -> f32 {
        let sum: f32 =
            self.entries.iter().filter_map(|(stem, weight)| other.by_stem.get(stem).map(|w| weight * w)).sum();
        sum.clamp(0.0, 1.0)
    }
}

/// Quantile edges of what was measured on the training comments; `None` is "no such context".
pub(super) fn learn_bins(measured: &[[Option<f32>; NAMES.len()]]) -> Vec<Vec<f32>> {
    (0..NAMES.len())
        .map(|s| {
            let mut values: Vec<f32> = measured.iter().filter_map(|m| m[s]).collect();
            values.sort_unstable_by(f32::total_cmp);
            let mut edges: Vec<f32> = (1..BINS).filter_map(|b| values.get(b * values.len() / BINS)).copied().collect();
            edges.dedup();
            edges
        })
        .collect()
}

/// Columns of the block: for each similarity its raw value and one column a bin.
pub fn columns(bins: &[Vec<f32>]) -> usize {
    bins.iter().map(|edges| width(edges)).sum()
}

/// A similarity never measured in training has no columns; else raw value and bins.
fn width(edges: &[f32]) -> usize {
    if edges.is_empty() { 0 } else { edges.len() + 2 }
}

/// Columns and values of a comment's similarities.
pub(super) fn encode(bins: &[Vec<f32>], measured: &[Option<f32>; NAMES.len()], mut emit: impl FnMut(u32, f32)) {
    let mut start = 0;
    for (edges, value) in bins.iter().zip(measured) {
        if let Some(value) = value
            && !edges.is_empty()
        {
            emit(start, *value);
            emit(start + 1 + edges.partition_point(|edge| edge <= value) as u32, 1.0);
        }
        start += width(edges) as u32;
    }
}

/// What a column of the block means.
pub(super) fn name(bins: &[Vec<f32>], mut column: usize) -> String {
    for (similarity, edges) in NAMES.iter().zip(bins) {
        if column >= width(edges) {
            column -= width(edges);
            continue;
        }
        return match column {
            0 => similarity.to_string(),
            1 => format!("{similarity}: below {:.3}", edges[0]),
            bin if bin - 1 == edges.len() => format!("{similarity}: {:.3} or more", edges[bin - 2]),
            bin => format!("{similarity}: {:.3} to {:.3}", edges[bin - 2], edges[bin - 1]),
        };
    }
    String::from("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_close_to_itself_as_can_be() {
        let one = StemVector::new([4, 7, 4].into_iter(), |s| s as f32);
        let other = StemVector::new([9].into_iter(), |_| 1.0);
        assert!((one.cosine(&one) - 1.0).abs() < 1e-6);
        assert_eq!(one.cosine(&other), 0.0);
        assert_eq!(one.cosine(&StemVector::default()), 0.0);
    }

    #[test]
    fn values_fall_into_quantile_bins_and_absent_contexts_into_none() {
        let measured: Vec<_> = (0..80).map(|i| [Some(i as f32 / 80.0), None]).collect();
        let bins = learn_bins(&measured);
        assert_eq!(bins[0].len(), 7);
        assert_eq!(columns(&bins), 9);
        let mut found = Vec::new();
        encode(&bins, &[Some(0.99), Some(0.5)], |c, v| found.push((c, v)));
        assert_eq!(found, [(0, 0.99), (8, 1.0)]);
        assert_eq!(name(&bins, 8), "close to the article: 0.875 or more");
    }
}
