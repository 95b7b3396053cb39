//! Counts how often each column occurs in one comment.

/// Counts saturate here; beyond it sublinear term frequency hardly moves.
pub const MAX_COUNT: u8 = u8::MAX;

/// A reusable array of counts and the list of columns that are not zero, in the order of their first occurrence.
///
/// That order depends on the comment alone, so sums over it do too.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    counts: Vec<u8>,
    touched: Vec<u32>,
}

impl Counter {
    /// A counter for a number of columns.
    pub fn new(columns: usize) -> Self {
        Counter { counts: vec![0; columns], touched: Vec::new() }
    }

    /// Counts one occurrence.
    pub fn add(&mut self, column: u32) {
        let count = &mut self.counts[column as usize];
        if *count == 0 {
            self.touched.push(column);
        }
        *count = count.saturating_add(1);
    }

    /// Columns that are not zero so far.
    pub fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// The count of a column.
    pub fn count(&self, column: u32) -> u8 {
        self.counts[column as usize]
    }

    /// Moves columns and counts out, in order of first occurrence, shifted by `offset`; the counter is zero again.
    pub fn drain_into(&mut self, offset: u32, out: &mut Vec<(u32, u8)>) {
        out.reserve(self.touched.len());
        for column in self.touched.drain(..) {
            out.push((column + offset, std::mem::take(&mut self.counts[column as usize])));
        }
    }
}
