//! Counts to tf-idf: sublinear term frequency, smoothed inverse document frequency, each block scaled to length 1.

use rayon::prelude::*;

use super::frequencies::count_all;
use super::layout::{Block, BlockWeights, Layout};
use super::matrix::Matrix;

/// One comment before weighting: counted columns with counts, block by block, and fixed columns with values.
#[derive(Debug, Clone, Default)]
pub struct RawRow {
    /// Columns of counted blocks, block by block.
    pub columns: Vec<u32>,
    /// How often each of them occurs.
    pub counts: Vec<u8>,
    /// Columns of fixed blocks and their values.
    pub values: Vec<(u32, f32)>,
}

/// Many comments before weighting, analysed once and weighed anew for each training part.
#[derive(Debug, Clone, Default)]
pub struct RawRows {
    count_starts: Vec<usize>,
    count_columns: Vec<u32>,
    counts: Vec<u8>,
    value_starts: Vec<usize>,
    values: Vec<(u32, f32)>,
}

impl RawRows {
    /// No rows.
    pub fn new() -> Self {
        RawRows { count_starts: vec![0], value_starts: vec![0], ..RawRows::default() }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.count_starts.len() - 1
    }

    /// Number of counted features and values, over all rows.
    pub fn entries(&self) -> usize {
        self.counts.len() + self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a row.
    pub fn push(&mut self, row: &RawRow) {
        self.count_columns.extend_from_slice(&row.columns);
        self.counts.extend_from_slice(&row.counts);
        self.count_starts.push(self.counts.len());
        self.values.extend_from_slice(&row.values);
        self.value_starts.push(self.values.len());
    }

    /// Rows of several parts, one after the other.
    pub fn concat(parts: &[RawRows]) -> Self {
        let starts = |of: fn(&RawRows) -> &[usize]| {
            let mut before = 0;
            let shifted = parts.iter().flat_map(|part| {
                let (own, shift) = (of(part), before);
                before += own[own.len() - 1];
                own[1..].iter().map(move |start| shift + start)
            });
            [0].into_iter().chain(shifted).collect()
        };
        RawRows {
            count_starts: starts(|part| &part.count_starts),
            count_columns: side_by_side(parts, |part| &part.count_columns),
            counts: side_by_side(parts, |part| &part.counts),
            value_starts: starts(|part| &part.value_starts),
            values: side_by_side(parts, |part| &part.values),
        }
    }

    /// Whether each counted column occurs in any row.
    pub fn occurring(&self, layout: &Layout) -> Vec<bool> {
        let mut occurs = vec![false; layout.counted_columns()];
        self.count_columns.iter().for_each(|&column| occurs[column as usize] = true);
        occurs
    }

    /// Inverse document frequencies over some of the rows; 0 for columns of fewer than `min_df(block)` of them.
    pub fn idf(&self, layout: &Layout, rows: &[usize], min_df: impl Fn(Block) -> usize) -> Vec<f32> {
        let df = count_all(rows.len(), layout.counted_columns(), |frequencies, place| {
            let columns = &self.count_columns[self.count_starts[rows[place]]..self.count_starts[rows[place] + 1]];
            columns.iter().for_each(|&column| frequencies.count_distinct(column as usize));
        });
        let mut idf = Vec::with_capacity(df.len());
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let fewest = min_df(block) as u32;
            idf.extend(
                df[layout.range(block)].iter().map(|&df| if df < fewest { 0.0 } else { smoothed_idf(rows.len(), df) }),
            );
        }
        idf
    }

    /// Weighs some of the rows.
    pub fn weigh(&self, layout: &Layout, idf: &[f32], rows: &[usize], used: &BlockWeights) -> Matrix {
        let weigher = Weigher::new(layout, idf, used);
        let mut matrix = Matrix::new(layout.columns());
        let of = |starts: &[usize], row: usize| starts[row + 1] - starts[row];
        let entries = rows.iter().map(|&row| of(&self.count_starts, row) + of(&self.value_starts, row)).sum();
        matrix.reserve(rows.len(), entries);
        for &row in rows {
            let counts = self.count_starts[row]..self.count_starts[row + 1];
            let values = &self.values[self.value_starts[row]..self.value_starts[row + 1]];
            weigher.push(&self.count_columns[counts.clone()], &self.counts[counts], values, &mut matrix);
        }
        matrix
    }
}

/// What each part has, one after the other, copied on all cores: most of the time goes into setting up memory as it is written to.
fn side_by_side<T: Copy + Default + Send + Sync>(parts: &[RawRows], of: impl Fn(&RawRows) -> &[T]) -> Vec<T> {
    let mut all = vec![T::default(); parts.iter().map(|part| of(part).len()).sum()];
    let mut rest = &mut all[..];
    let mut places = Vec::with_capacity(parts.len());
    for part in parts {
        let (place, behind) = std::mem::take(&mut rest).split_at_mut(of(part).len());
        places.push((place, of(part)));
        rest = behind;
    }
    places.into_par_iter().for_each(|(place, part)| place.copy_from_slice(part));
    all
}

/// `ln((1 + n) / (1 + df)) + 1`, as if one more comment held every term (scikit-learn's smoothing).
pub fn smoothed_idf(rows: usize, df: u32) -> f32 {
    (((1 + rows) as f64 / f64::from(1 + df)).ln() + 1.0) as f32
}

/// Takes a block's columns and their counts off the front of a row's, which come block by block.
#[inline(always)]
pub(crate) fn take_block<'r>(layout: &Layout, block: Block, rest: &mut (&'r [u32], &'r [u8])) -> (&'r [u32], &'r [u8]) {
    let end = layout.range(block).end;
    let length = rest.0.partition_point(|&column| (column as usize) < end);
    let (columns, counts) = (rest.0.split_at(length), rest.1.split_at(length));
    *rest = (columns.1, counts.1);
    (columns.0, counts.0)
}

/// Turns raw rows into matrix rows.
#[derive(Debug, Clone)]
pub struct Weigher<'w> {
    layout: &'w Layout,
    idf: &'w [f32],
    used: [bool; Block::ALL.len()],
    term_frequencies: [f32; TERM_FREQUENCIES],
}

/// Number of counts that a byte holds.
pub const TERM_FREQUENCIES: usize = 256;

/// Sublinear term frequency by count: `1 + ln(count)`.
pub fn term_frequencies() -> [f32; TERM_FREQUENCIES] {
    std::array::from_fn(|count| if count == 0 { 0.0 } else { 1.0 + (count as f32).ln() })
}

impl<'w> Weigher<'w> {
    /// A weigher for a layout, with the inverse document frequency of each counted column and the blocks' weights, of which it only
    /// matters whether they are 0.
    pub fn new(layout: &'w Layout, idf: &'w [f32], weights: &BlockWeights) -> Self {
        let used = Block::ALL.map(|block| weights.uses(block));
        Weigher { layout, idf, used, term_frequencies: term_frequencies() }
    }

    /// Adds a row. Counted columns must come block by block, in block order.
    pub fn push(&self, columns: &[u32], counts: &[u8], values: &[(u32, f32)], matrix: &mut Matrix) {
        let mut rest = (columns, counts);
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let (own_columns, own_counts) = take_block(self.layout, block, &mut rest);
            if self.used[block as usize] {
                let value = |(&column, &count): (&u32, &u8)| {
                    self.term_frequencies[usize::from(count)] * self.idf[column as usize]
                };
                matrix.extend_normalised(own_columns, own_columns.iter().zip(own_counts).map(value));
            }
        }
        for &(column, value) in values {
            if value != 0.0 && self.used[self.layout.locate(column as usize).0 as usize] {
                matrix.push(column, value);
            }
        }
        matrix.end_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_length_one_and_rare_terms_are_left_out() {
        let layout = Layout::new([
            (Block::Words, 2),
            (Block::Chars, 2),
            (Block::TargetWords, 0),
            (Block::TargetChars, 0),
            (Block::SharedWords, 0),
            (Block::RelatedWords, 0),
            (Block::LeadWords, 0),
            (Block::Style, 1),
            (Block::Similarity, 0),
        ]);
        let mut rows = RawRows::new();
        rows.push(&RawRow { columns: vec![1, 0, 2], counts: vec![3, 1, 1], values: vec![(4, 0.5)] });
        rows.push(&RawRow { columns: vec![1, 0, 3], counts: vec![1, 1, 1], values: vec![] });
        let idf = rows.idf(&layout, &[0, 1], |_| 2);
        assert_eq!(idf, [1.0, 1.0, 0.0, 0.0]);
        let matrix = rows.weigh(&layout, &idf, &[0], &BlockWeights::new(|_| 1.0));
        let (columns, values) = matrix.row(0);
        assert_eq!(columns, [1, 0, 4]);
        assert!((values[0].powi(2) + values[1].powi(2) - 1.0).abs() < 1e-6);
        assert!((values[0] / values[1] - (1.0 + 3f32.ln())).abs() < 1e-5);
        assert_eq!(values[2], 0.5);
    }

    #[test]
    fn parts_come_one_after_the_other() {
        let row =
            |n: u32| RawRow { columns: (0..n).collect(), counts: vec![1; n as usize], values: vec![(9, n as f32)] };
        let of = |rows: &[u32]| {
            let mut all = RawRows::new();
            rows.iter().for_each(|&n| all.push(&row(n)));
            all
        };
        let parts = [of(&[3, 0]), of(&[]), of(&[2, 5, 1])];
        assert_eq!(format!("{:?}", RawRows::concat(&parts)), format!("{:?}", of(&[3, 0, 2, 5, 1])));
        assert!(RawRows::concat(&[]).is_empty());
    }

    #[test]
    fn idf_is_scikit_learns_smoothed_one() {
        // TfidfTransformer(smooth_idf=True).fit on 10 documents, df 3: ln(11 / 4) + 1.
        assert!((smoothed_idf(10, 3) - 2.011_601).abs() < 1e-6);
    }
}
