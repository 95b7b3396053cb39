//! Counts to tf-idf: sublinear term frequency, smoothed inverse document frequency, each block scaled to length 1.

use rayon::prelude::*;

use super::frequencies::count_all_distinct;
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
    parts: Vec<Part>,
    /// Of each row its part, and its place there.
    places: Vec<(u32, u32)>,
}

/// Rows that one thread made, one after the other in memory. They stay where they were made: copying all rows into one piece took a
/// tenth of the time that it takes to make them.
#[derive(Debug, Clone)]
struct Part {
    count_starts: Vec<usize>,
    count_columns: Vec<u32>,
    counts: Vec<u8>,
    value_starts: Vec<usize>,
    values: Vec<(u32, f32)>,
}

/// One of [`RawRows`].
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row<'r> {
    columns: &'r [u32],
    counts: &'r [u8],
    values: &'r [(u32, f32)],
}

impl Part {
    fn new() -> Self {
        Part {
            count_starts: vec![0],
            count_columns: Vec::new(),
            counts: Vec::new(),
            value_starts: vec![0],
            values: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.count_starts.len() - 1
    }

    fn push(&mut self, row: &RawRow) {
        self.count_columns.extend_from_slice(&row.columns);
        self.counts.extend_from_slice(&row.counts);
        self.count_starts.push(self.counts.len());
        self.values.extend_from_slice(&row.values);
        self.value_starts.push(self.values.len());
    }

    fn clear(&mut self) {
        self.count_starts.truncate(1);
        self.count_columns.clear();
        self.counts.clear();
        self.value_starts.truncate(1);
        self.values.clear();
    }

    fn row(&self, row: usize) -> Row<'_> {
        let counted = self.count_starts[row]..self.count_starts[row + 1];
        Row {
            columns: &self.count_columns[counted.clone()],
            counts: &self.counts[counted],
            values: &self.values[self.value_starts[row]..self.value_starts[row + 1]],
        }
    }
}

/// The same rows in the same order, whatever parts they stand in.
impl PartialEq for RawRows {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|row| self.row(row) == other.row(row))
    }
}

impl RawRows {
    /// No rows.
    pub fn new() -> Self {
        RawRows::default()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Number of counted features and values, over all rows.
    pub fn entries(&self) -> usize {
        self.parts.iter().map(|part| part.counts.len() + part.values.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a row.
    pub fn push(&mut self, row: &RawRow) {
        if self.parts.is_empty() {
            self.parts.push(Part::new());
        }
        let last = self.parts.len() - 1;
        self.places.push((last as u32, self.parts[last].len() as u32));
        self.parts[last].push(row);
    }

    /// Takes all rows away, in no more memory than they need; the memory in which they came together is kept for others.
    pub(super) fn take(&mut self) -> RawRows {
        let taken = self.clone();
        self.places.clear();
        self.parts.iter_mut().for_each(Part::clear);
        taken
    }

    /// Adds the rows of another.
    pub fn append(&mut self, other: RawRows) {
        let before = self.parts.len() as u32;
        self.places.extend(other.places.into_iter().map(|(part, place)| (before + part, place)));
        self.parts.extend(other.parts);
    }

    fn row(&self, row: usize) -> Row<'_> {
        let (part, place) = self.places[row];
        self.parts[part as usize].row(place as usize)
    }

    /// Whether each counted column occurs in any row.
    pub fn occurring(&self, layout: &Layout) -> Vec<bool> {
        let mut occurs = vec![false; layout.counted_columns()];
        let columns = self.parts.iter().flat_map(|part| &part.count_columns);
        columns.for_each(|&column| occurs[column as usize] = true);
        occurs
    }

    /// Inverse document frequencies over some of the rows; 0 for columns of fewer than `min_df(block)` of them.
    pub fn idf(&self, layout: &Layout, rows: &[usize], min_df: impl Fn(Block) -> usize) -> Vec<f32> {
        let df = count_all_distinct(rows.len(), layout.counted_columns(), |df, place| {
            self.row(rows[place]).columns.iter().for_each(|&column| df[column as usize] += 1);
        });
        idf(layout, rows.len(), &df, min_df)
    }

    /// Weighs some of the rows.
    pub fn weigh(&self, layout: &Layout, idf: &[f32], rows: &[usize], used: &BlockWeights) -> Matrix {
        let weigher = Weigher::new(layout, idf, used);
        let mut matrix = Matrix::new(layout.columns());
        let entries = |&row: &usize| self.row(row).counts.len() + self.row(row).values.len();
        matrix.reserve(rows.len(), rows.iter().map(entries).sum());
        for &row in rows {
            let Row { columns, counts, values } = self.row(row);
            weigher.push(columns, counts, values, &mut matrix);
        }
        matrix
    }
}

/// Inverse document frequencies of counted columns; 0 for columns of fewer than `min_df(block)` of the rows.
pub(super) fn idf(layout: &Layout, rows: usize, df: &[u32], min_df: impl Fn(Block) -> usize) -> Vec<f32> {
    let mut idf = Vec::with_capacity(df.len());
    for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
        let fewest = min_df(block) as u32;
        let of = |&df: &u32| if df < fewest { 0.0 } else { smoothed_idf(rows, df) };
        idf.par_extend(df[layout.range(block)].par_iter().with_min_len(1024).map(of));
    }
    idf
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
        let mut all = RawRows::new();
        [&[3, 0][..], &[], &[2, 5, 1]].into_iter().for_each(|rows| all.append(of(rows)));
        assert_eq!(all, of(&[3, 0, 2, 5, 1]));
        assert_ne!(all, of(&[3, 0, 2, 5]));
        assert_ne!(all, of(&[3, 0, 2, 1, 5]));
        assert_eq!((all.len(), all.entries()), (5, 3 + 2 + 5 + 1 + 5));
        all.push(&row(4));
        assert_eq!(all, of(&[3, 0, 2, 5, 1, 4]));
    }

    #[test]
    fn what_is_taken_is_what_came_since_the_last_time() {
        let row =
            |column: u32| RawRow { columns: vec![column], counts: vec![2], values: vec![(7, 0.5); column as usize] };
        let of = |rows: &[u32]| {
            let mut all = RawRows::new();
            rows.iter().for_each(|&column| all.push(&row(column)));
            all
        };
        let mut rows = of(&[1, 0, 2]);
        assert_eq!(rows.take(), of(&[1, 0, 2]));
        assert_eq!((rows.take(), rows.len()), (RawRows::new(), 0));
        [3, 1].into_iter().for_each(|column| rows.push(&row(column)));
        assert_eq!(rows.take(), of(&[3, 1]));
        rows.push(&row(4));
        assert_eq!(rows.take(), of(&[4]));
    }

    #[test]
    fn idf_is_scikit_learns_smoothed_one() {
        // TfidfTransformer(smooth_idf=True).fit on 10 documents, df 3: ln(11 / 4) + 1.
        assert!((smoothed_idf(10, 3) - 2.011_601).abs() < 1e-6);
    }
}
