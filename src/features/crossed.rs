//! Blocks `shared_words`, `related_words` and `lead_words`: stems crossed with what the article (else the parent) says of them.
//!
//! Each block has kinds of terms, and a term is a pair of kind and stem: "hoax, which the article has too", "hoax, while on topic".

use super::counter::Counter;
use crate::text::StemId;

/// Kinds of `shared_words`: the comment's stem is in the context too, or is not.
pub const SHARED: u32 = 0;
/// See [`SHARED`].
pub const NOT_SHARED: u32 = 1;
/// Kind of `related_words`: the comment's stem, while comment and context are related.
pub const RELATED: u32 = 0;
/// Kinds of `lead_words`: a stem of title or lead; the same, while comment and context are related.
pub const LEAD: u32 = 0;
/// See [`LEAD`].
pub const LEAD_RELATED: u32 = 1;

/// Every kind is smaller.
pub const KINDS: u32 = 2;

/// Stands for a term that is in no vocabulary.
const NONE: u32 = u32::MAX;

/// Column of each pair of kind and stem column.
#[derive(Debug, Clone, Default)]
pub struct CrossTable {
    columns: Vec<u32>,
    stems: usize,
}

impl CrossTable {
    /// A table of terms over a number of stems.
    pub(super) fn new(terms: &[[u32; 2]], stems: usize) -> Self {
        let kinds = terms.iter().map(|t| t[0] as usize + 1).max().unwrap_or(0);
        let mut columns = vec![NONE; kinds * stems];
        for (column, &[kind, stem]) in terms.iter().enumerate() {
            columns[kind as usize * stems + stem as usize] = column as u32;
        }
        CrossTable { columns, stems }
    }

    /// Number of distinct terms.
    pub(super) fn len(&self) -> usize {
        self.columns.iter().filter(|&&column| column != NONE).count()
    }

    /// The column of a stem under a kind; `None` for a term that is in no vocabulary.
    pub(super) fn column(&self, kind: u32, stem: u32) -> Option<u32> {
        if stem as usize >= self.stems {
            return None;
        }
        self.columns.get(kind as usize * self.stems + stem as usize).copied().filter(|&column| column != NONE)
    }

    /// Counts terms; those without a column are none.
    #[inline(always)]
    pub(super) fn count(&self, terms: impl ExactSizeIterator<Item = Term>, counter: &mut Counter) {
        // What comes zero times needs a column to do so.
        if !self.columns.is_empty() {
            let column = |(kind, stem, times)| self.column(kind, stem).map_or((0, 0), |column| (column, times));
            counter.add_each(terms.map(column));
        }
    }

    /// Columns and counts of terms, without those that have no column.
    pub(super) fn columns(&self, terms: impl Iterator<Item = Term>) -> (Vec<u32>, Vec<u8>) {
        terms.filter_map(|(kind, stem, times)| Some((self.column(kind, stem)?, times))).unzip()
    }
}

/// Kind, stem and count of a term in a comment.
pub(super) type Term = (u32, StemId, u8);

/// Terms of `shared_words`, from a comment's stems, their counts, and whether the context has them.
pub(super) fn shared_terms(
    stems: impl ExactSizeIterator<Item = (StemId, u8, bool)>,
) -> impl ExactSizeIterator<Item = Term> {
    stems.map(|(stem, times, is_shared)| (if is_shared { SHARED } else { NOT_SHARED }, stem, times))
}

/// Terms of `related_words`, from the same, for a comment that is related.
pub(super) fn related_terms(
    stems: impl ExactSizeIterator<Item = (StemId, u8, bool)>,
) -> impl ExactSizeIterator<Item = Term> {
    stems.map(|(stem, times, _)| (RELATED, stem, times))
}

/// Terms of `lead_words`, from the stems of a context's title and lead and their counts.
pub(super) fn lead_terms(stems: &[(StemId, u8)], is_related: bool) -> impl Iterator<Item = Term> {
    let kinds: &[u32] = if is_related { &[LEAD, LEAD_RELATED] } else { &[LEAD] };
    stems.iter().flat_map(move |&(stem, times)| kinds.iter().map(move |&kind| (kind, stem, times)))
}
