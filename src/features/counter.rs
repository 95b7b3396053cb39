//! Counts how often each column occurs in one comment.

/// Counts saturate here; beyond it sublinear term frequency hardly moves.
pub const MAX_COUNT: u8 = u8::MAX;

/// A reusable array of counts and the list of columns that are not zero, in the order of their first occurrence.
///
/// That order depends on the comment alone, so sums over it do too.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    counts: Vec<u8>,
    /// The columns, and room behind them, written to when there is nothing to write.
    touched: Vec<u32>,
    len: usize,
}

impl Counter {
    /// A counter for a number of columns.
    pub fn new(columns: usize) -> Self {
        Counter { counts: vec![0; columns], touched: Vec::new(), len: 0 }
    }

    /// Counts occurrences.
    pub fn add(&mut self, column: u32, times: u8) {
        self.add_all(&[column], times);
    }

    /// Counts as many occurrences of each of some columns.
    #[inline]
    pub fn add_all(&mut self, columns: &[u32], times: u8) {
        self.add_each(columns.iter().map(|&column| (column, times)));
    }

    /// Counts as many occurrences of each column as stand beside it, which may be none.
    #[inline(always)]
    pub fn add_each(&mut self, columns: impl ExactSizeIterator<Item = (u32, u8)>) {
        let needed = (self.len + columns.len()).min(self.counts.len()) + 1;
        if self.touched.len() < needed {
            self.touched.resize(needed, 0);
        }
        // Slices and length of its own: the compiler need not read them anew after each write.
        let (counts, touched) = (&mut self.counts[..], &mut self.touched[..]);
        let mut len = self.len;
        for (column, times) in columns {
            let count = &mut counts[column as usize];
            // No branch: whether a column is new cannot be foreseen, and a wrong guess takes longer than all the rest.
            touched[len] = column;
            len += usize::from((*count == 0) & (times != 0));
            *count = count.saturating_add(times);
        }
        self.len = len;
    }

    /// Columns that are not zero so far.
    pub fn touched(&self) -> &[u32] {
        &self.touched[..self.len]
    }

    /// The count of a column; 0 if there is no such column, as for what stands for none.
    pub fn count(&self, column: u32) -> u8 {
        self.counts.get(column as usize).copied().unwrap_or(0)
    }

    /// Makes every count zero again.
    pub fn clear(&mut self) {
        for &column in &self.touched[..self.len] {
            self.counts[column as usize] = 0;
        }
        self.len = 0;
    }

    /// Moves columns, shifted by `offset`, and counts out, in order of first occurrence; the counter is zero again.
    pub fn drain_into(&mut self, offset: u32, columns: &mut Vec<u32>, out: &mut Vec<u8>) {
        let (touched, counts) = (&self.touched[..self.len], &mut self.counts);
        columns.extend(touched.iter().map(|&column| column + offset));
        out.extend(touched.iter().map(|&column| std::mem::take(&mut counts[column as usize])));
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_out_in_the_order_of_their_first_occurrence() {
        let mut counter = Counter::new(9);
        for _ in 0..2 {
            counter.add_all(&[7, 2, 7], 2);
            counter.add_all(&[2, 5], 255);
            let (mut columns, mut counts) = (Vec::new(), Vec::new());
            counter.drain_into(100, &mut columns, &mut counts);
            assert_eq!((columns, counts), (vec![107, 102, 105], vec![4, 255, 255]));
        }
    }

    #[test]
    fn what_comes_zero_times_does_not_come() {
        let mut counter = Counter::new(4);
        counter.add_each([(3, 0), (0, 0), (3, 1), (0, 0)].into_iter());
        assert_eq!((counter.touched(), counter.count(3), counter.count(0)), (&[3][..], 1, 0));
        counter.add_each([(0, 0), (0, 2)].into_iter());
        assert_eq!((counter.touched(), counter.count(0), counter.count(4)), (&[3, 0][..], 2, 0));
        Counter::new(0).add_each(std::iter::empty());
    }
}
