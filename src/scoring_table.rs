//! Raw scores of a comment: what every column needs for them, side by side.
//!
//! Scoring waits for memory. So a column's inverse document frequency and its weights in all scores of a model stand next to each other,
//! the weights in half precision, and each of a comment's columns is visited once.

use half::f16;
use ndarray::Array2;
use rayon::prelude::*;

use crate::features::layout::{Block, BlockWeights, Layout};
use crate::features::weighting::{RawRow, TERM_FREQUENCIES, take_block, term_frequencies};
use crate::linear::{HalfLogistic, vectorised};

/// Cells before a column's weights: the two halves of its inverse document frequency.
const IDF_CELLS: usize = 2;
/// Scores that are summed side by side, in registers.
const WIDEST: usize = 32;
/// Columns that one thread fills at a time.
const FILLED_AT_ONCE: usize = 1 << 12;
/// Exponents of single-precision numbers begin so much lower than those of half-precision ones.
const BIAS: f64 = 127.0 - 15.0;

/// By column, inverse document frequency and weights of a model's heads.
#[derive(Debug, Clone)]
pub(crate) struct ScoringTable {
    cells: Vec<u16>,
    /// Cells a column.
    stride: usize,
    /// What sums over cells are to be multiplied by.
    scale: f64,
    /// Of all heads.
    intercepts: Vec<f64>,
    layout: Layout,
    used: BlockWeights,
    term_frequencies: [f32; TERM_FREQUENCIES],
}

/// Lanes for a number of scores; those behind the last score hold zeros. Vector instructions take four or eight at a time.
fn lanes(scores: usize) -> usize {
    match scores {
        0..=2 => scores,
        3..=4 => 4,
        _ => scores.next_multiple_of(8),
    }
}

/// A weight times 2 to the power of `room`, which must leave it finite.
fn scaled(weight: f16, room: u16) -> u16 {
    const EXPONENT: u16 = 0x7c00;
    let bits = weight.to_bits();
    match bits & EXPONENT {
        0 => f16::from_f32(weight.to_f32() * f32::from(room).exp2()).to_bits(),
        _ => bits + (room << 10),
    }
}

/// What a cell stands for, divided by 2 to the power of [`BIAS`]: its bits, put where a single-precision number has them.
#[inline(always)]
fn widened(cell: u16) -> f32 {
    let bits = i32::from(cell.cast_signed()) << 13;
    f32::from_bits(bits.cast_unsigned() & 0x8fff_e000)
}

/// Adds a value times weights.
#[inline(always)]
fn add<const L: usize>(sums: &mut [f64; L], value: f32, weights: &[u16; L]) {
    for l in 0..L {
        sums[l] += f64::from(value) * f64::from(widened(weights[l]));
    }
}

impl ScoringTable {
    /// `idf` has a number for each counted column; values of the others are taken as they are. `used` says which blocks take part.
    pub(crate) fn new(layout: &Layout, idf: &[f32], used: BlockWeights, heads: &[&HalfLogistic]) -> Self {
        assert!(heads.iter().all(|head| head.features() == layout.columns()), "a weight for each column");
        let scores: usize = heads.iter().map(|head| head.columns()).sum();
        let stride = IDF_CELLS + lanes(scores);
        // Numbers with the lowest exponent are slow on many processors. Scaled up, hardly any weight is one.
        let exponent = |w: &f16| w.to_bits() >> 10 & 0x1f;
        let largest = heads.iter().flat_map(|head| head.weights()).map(exponent).max().unwrap_or(0);
        let room = 30 - largest;
        let mut cells = vec![0; layout.columns() * stride];
        cells.par_chunks_mut(stride * FILLED_AT_ONCE).enumerate().for_each(|(chunk, cells)| {
            for (column, cells) in (chunk * FILLED_AT_ONCE..).zip(cells.chunks_exact_mut(stride)) {
                let bits = idf.get(column).map_or(0, |idf| idf.to_bits());
                (cells[0], cells[1]) = (bits as u16, (bits >> 16) as u16);
                let mut rest = &mut cells[IDF_CELLS..];
                for head in heads {
                    let (own, others) = rest.split_at_mut(head.columns());
                    rest = others;
                    let weights = &head.weights()[column * own.len()..][..own.len()];
                    own.iter_mut().zip(weights).for_each(|(cell, &weight)| *cell = scaled(weight, room));
                }
            }
        });
        ScoringTable {
            cells,
            stride,
            scale: (BIAS - f64::from(room)).exp2(),
            intercepts: heads.iter().flat_map(|head| head.intercepts()).copied().collect(),
            layout: layout.clone(),
            used,
            term_frequencies: term_frequencies(),
        }
    }

    /// Raw scores, comments by score columns of all heads: what rows of [`Weigher::push`] times the weights come to, but for rounding.
    ///
    /// [`Weigher::push`]: crate::features::weighting::Weigher::push
    pub(crate) fn scores(&self, rows: &[RawRow]) -> Array2<f64> {
        let mut scores = Array2::zeros((rows.len(), self.intercepts.len()));
        for (row, mut scores) in rows.iter().zip(scores.rows_mut()) {
            self.score(row, scores.as_slice_mut().expect("scores are in standard layout"));
        }
        scores
    }

    fn score(&self, row: &RawRow, scores: &mut [f64]) {
        scores.copy_from_slice(&self.intercepts);
        for (group, scores) in scores.chunks_mut(WIDEST).enumerate() {
            let from = IDF_CELLS + group * WIDEST;
            vectorised(
                #[inline(always)]
                || match lanes(scores.len()) {
                    1 => self.add::<1>(row, from, scores),
                    2 => self.add::<2>(row, from, scores),
                    4 => self.add::<4>(row, from, scores),
                    8 => self.add::<8>(row, from, scores),
                    16 => self.add::<16>(row, from, scores),
                    24 => self.add::<24>(row, from, scores),
                    _ => self.add::<WIDEST>(row, from, scores),
                },
            );
        }
    }

    /// Columns and values of a comment, without those of value 0. Values times weights add up to what [`ScoringTable::scores`] gives.
    pub(crate) fn values(&self, row: &RawRow) -> Vec<(u32, f64)> {
        let mut values = Vec::with_capacity(row.columns.len() + row.values.len());
        let mut rest = (&row.columns[..], &row.counts[..]);
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let (columns, counts) = self.next_block(block, &mut rest);
            let of_block = columns.iter().zip(counts).map(|(&column, &count)| (column, self.value(column, count)));
            let scale = scale(of_block.clone().fold(0.0, |squares, (_, value)| squares + value * value));
            values.extend(of_block.map(|(column, value)| (column, scale * f64::from(value))));
        }
        values.extend(self.fixed(row).map(|(column, value)| (column, f64::from(value))));
        values.retain(|(_, value)| *value != 0.0);
        values
    }

    /// Adds a row's part to the scores whose cells begin at `from`.
    #[inline(always)]
    fn add<const L: usize>(&self, row: &RawRow, from: usize, scores: &mut [f64]) {
        let mut total = [0.0f64; L];
        let mut rest = (&row.columns[..], &row.counts[..]);
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let (columns, counts) = self.next_block(block, &mut rest);
            let (mut sums, mut squares) = ([0.0f64; L], 0.0f32);
            for (&column, &count) in columns.iter().zip(counts) {
                let value = self.value(column, count);
                squares += value * value;
                add(&mut sums, value, self.weights(column, from));
            }
            let scale = scale(squares);
            for l in 0..L {
                total[l] += scale * sums[l];
            }
        }
        for (column, value) in self.fixed(row) {
            add(&mut total, value, self.weights(column, from));
        }
        for (score, sum) in scores.iter_mut().zip(total) {
            *score += self.scale * sum;
        }
    }

    /// Takes a block's columns and counts off the front; none of a block that takes no part.
    #[inline(always)]
    fn next_block<'r>(&self, block: Block, rest: &mut (&'r [u32], &'r [u8])) -> (&'r [u32], &'r [u8]) {
        let own = take_block(&self.layout, block, rest);
        if self.used.uses(block) { own } else { (&[], &[]) }
    }

    /// Columns and values of the blocks that are not counted.
    #[inline(always)]
    fn fixed(&self, row: &RawRow) -> impl Iterator<Item = (u32, f32)> {
        row.values.iter().copied().filter(|(column, _)| self.used.uses(self.layout.locate(*column as usize).0))
    }

    /// Term frequency times inverse document frequency.
    #[inline(always)]
    fn value(&self, column: u32, count: u8) -> f32 {
        let [low, high]: [u16; IDF_CELLS] =
            *self.cells[column as usize * self.stride..].first_chunk().expect("two cells");
        self.term_frequencies[usize::from(count)] * f32::from_bits(u32::from(low) | u32::from(high) << 16)
    }

    /// The weights of a column that begin at cell `from`.
    #[inline(always)]
    fn weights<const L: usize>(&self, column: u32, from: usize) -> &[u16; L] {
        self.cells[column as usize * self.stride + from..].first_chunk().expect("as many cells as lanes")
    }
}

/// What values are multiplied by so that they have length 1.
#[inline(always)]
fn scale(squares: f32) -> f64 {
    if squares > 0.0 { 1.0 / f64::from(squares.sqrt()) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Matrix;
    use crate::features::weighting::Weigher;
    use ndarray::{Array1, Array2};

    const WIDTHS: [usize; 8] = [40, 300, 25, 10, 0, 7, 18, 5];

    #[test]
    fn scores_are_what_weighed_rows_times_weights_come_to() {
        let layout = Layout::new(std::array::from_fn(|i| (Block::ALL[i], WIDTHS[i])));
        let idf: Vec<f32> =
            (0..layout.counted_columns()).map(|j| [1.0, 0.0, 2.5, 7.125][j % 4] + 0.01 * (j % 9) as f32).collect();
        let used = BlockWeights::new(|block| if block == Block::TargetWords { 0.0 } else { 0.5 });
        let weigher = Weigher::new(&layout, &idf, &used);
        let row = RawRow {
            columns: (0..layout.counted_columns() as u32).filter(|j| (j * j + j) % 7 < 3).collect(),
            counts: (0..layout.counted_columns() as u32)
                .filter(|j| (j * j + j) % 7 < 3)
                .map(|j| (1 + j % 5 * j) as u8)
                .collect(),
            values: (0..23).map(|j| ((layout.counted_columns() + j) as u32, j as f32 / 11.0)).collect(),
        };
        let mut matrix = Matrix::new(layout.columns());
        weigher.push(&row.columns, &row.counts, &row.values, &mut matrix);
        let (columns, values) = matrix.row(0);
        // From the smallest number of half precision to the largest.
        let weight = |(j, k): (usize, usize)| {
            let size = f16::from_bits(((j * 7919 + k * 104_729) % 31_744) as u16);
            if (j + k) % 3 == 0 { -size } else { size }
        };
        for widths in [vec![1], vec![2], vec![1, 2], vec![3, 1, 9], vec![28], vec![1, 28], vec![33], vec![40, 40]] {
            let head = |&width: &usize| {
                let weights = Array2::from_shape_fn((layout.columns(), width), weight);
                HalfLogistic::new(weights, Array1::from_shape_fn(width, |k| k as f64 - 0.25))
            };
            let heads: Vec<HalfLogistic> = widths.iter().map(head).collect();
            let table = ScoringTable::new(&layout, &idf, used, &heads.iter().collect::<Vec<_>>());
            let scores = table.scores(std::slice::from_ref(&row));
            let mut rest = scores.as_slice().unwrap();
            for head in &heads {
                let (own, others) = rest.split_at(head.columns());
                rest = others;
                for (k, score) in own.iter().enumerate() {
                    let part =
                        |(&column, &value): (&u32, &f32)| f64::from(value) * f64::from(head.weight(column as usize, k));
                    let parts: Vec<f64> = columns.iter().zip(values).map(part).collect();
                    let size = parts.iter().map(|p| p.abs()).sum::<f64>();
                    let expected = head.intercepts()[k] + parts.iter().sum::<f64>();
                    assert!((score - expected).abs() <= 1e-6 * size, "{widths:?}, score {k}: {score} for {expected}");
                }
            }
            assert!(rest.is_empty());
            let values = table.values(&row);
            assert_eq!(values.len(), columns.len());
            for ((&column, &value), (found, close)) in columns.iter().zip(matrix.row(0).1).zip(values) {
                assert!(found == column && (close - f64::from(value)).abs() < 1e-6);
            }
        }
    }
}
