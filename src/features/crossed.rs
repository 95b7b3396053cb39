//! Blocks `shared_words`, `related_words` and `lead_words`: stems crossed with what the article (else the parent) says of them.
//!
//! Each block has kinds of terms, and a term is a pair of kind and stem: "hoax, which the article has too", "hoax, while on topic".

use super::counter::Counter;

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

    /// Counts one occurrence of a stem column under a kind; stems without a column are none.
    pub(super) fn count(&self, kind: u32, stem: u32, times: u8, counter: &mut Counter) {
        if let Some(column) = self.column(kind, stem) {
            counter.add(column, times);
        }
    }
}
