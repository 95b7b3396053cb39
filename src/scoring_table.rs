//! Raw scores of a comment: columns times weights, for all scores of a model.
//!
//! Scoring waits for memory. So weights are read where the model's file has them, in half precision, all of a column's side by side, and each of
//! a comment's columns is visited once. Character n-grams, which are most of the columns, are summed up by token when a token is first met;
//! of a comment only those that come again are visited. What the lead of an article adds is summed up when it is first met, too.

use crate::features::layout::{Block, BlockWeights, Layout};
use crate::features::token_grams::SummedUp;
use crate::features::weighting::{RawRow, TERM_FREQUENCIES, take_block, term_frequencies};
use crate::linear::{Cell, HalfLogistic, vectorised};

/// Scores that are summed side by side, in registers.
const WIDEST: usize = 32;
/// Exponents of single-precision numbers begin so much lower than those of half-precision ones.
const BIAS: f64 = 127.0 - 15.0;

/// Document frequencies and weights of a model, as scoring reads them.
#[derive(Debug, Clone)]
pub(crate) struct ScoringTable<'m> {
    groups: Vec<Group<'m>>,
    /// Inverse document frequency of each counted column.
    idf: &'m [f32],
    /// Of all heads.
    intercepts: Vec<f64>,
    layout: &'m Layout,
    used: BlockWeights,
    term_frequencies: [f32; TERM_FREQUENCIES],
    /// What [`ScoringTable::change`] gives for small counts, `before` after `before`.
    changes: Box<[[f64; 2]; FEW * FEW]>,
}

/// Counts below which most counts are.
const FEW: usize = 16;

/// Scores of one head that are summed side by side.
#[derive(Debug, Clone)]
struct Group<'m> {
    /// Weights of the head, from the group's first of the first column on.
    cells: &'m [Cell],
    /// Cells from one column's weights to the next.
    stride: usize,
    /// Number of scores.
    width: usize,
    /// Place of the first among the lanes of all groups.
    lane: usize,
}

impl Group<'_> {
    /// The weights of a column, and what stands behind them.
    #[inline(always)]
    fn weights<const L: usize>(&self, column: u32) -> &[Cell; L] {
        self.cells[column as usize * self.stride..].first_chunk().expect("as many cells as lanes")
    }
}

/// Lanes for a number of scores; in those behind the last score anything may stand. Vector instructions take four or eight at a time.
fn lanes(scores: usize) -> usize {
    match scores {
        0..=2 => scores,
        3..=4 => 4,
        _ => scores.next_multiple_of(8),
    }
}

/// What a cell stands for, divided by 2 to the power of [`BIAS`]: its bits, put where a single-precision number has them.
#[inline(always)]
fn widened(cell: Cell) -> f32 {
    let bits = i32::from(i16::from_le_bytes(cell)) << 13;
    f32::from_bits(bits.cast_unsigned() & 0x8fff_e000)
}

/// Adds a value times weights.
#[inline(always)]
fn add<const L: usize>(sums: &mut [f64; L], value: f64, weights: &[Cell; L]) {
    for l in 0..L {
        sums[l] += value * f64::from(widened(weights[l]));
    }
}

/// Calls a method with as many lanes as some scores need.
macro_rules! by_lanes {
    ($scores:expr, $table:ident.$method:ident($($argument:expr),*)) => {
        vectorised(
            #[inline(always)]
            || match lanes($scores) {
                1 => $table.$method::<1>($($argument),*),
                2 => $table.$method::<2>($($argument),*),
                4 => $table.$method::<4>($($argument),*),
                8 => $table.$method::<8>($($argument),*),
                16 => $table.$method::<16>($($argument),*),
                24 => $table.$method::<24>($($argument),*),
                _ => $table.$method::<WIDEST>($($argument),*),
            },
        )
    };
}

impl<'m> ScoringTable<'m> {
    /// `idf` has a number for each counted column; values of the others are taken as they are. `used` says which blocks take part.
    ///
    /// # Panics
    /// If a head has not a weight for each column.
    pub(crate) fn new(layout: &'m Layout, idf: &'m [f32], used: BlockWeights, heads: &[&'m HalfLogistic]) -> Self {
        let mut groups = Vec::new();
        let mut lane = 0;
        for head in heads {
            assert_eq!(head.features(), layout.columns(), "a weight for each column");
            let stride = head.columns();
            for from in (0..stride).step_by(WIDEST) {
                let width = (stride - from).min(WIDEST);
                groups.push(Group { cells: head.cells().get(from..).unwrap_or_default(), stride, width, lane });
                lane += lanes(width);
            }
        }
        let intercepts = heads.iter().flat_map(|head| head.intercepts()).copied().collect();
        let changes = Box::new([[0.0; 2]; FEW * FEW]);
        let mut table =
            ScoringTable { groups, idf, intercepts, layout, used, term_frequencies: term_frequencies(), changes };
        let changes = std::array::from_fn(|place| table.change((place / FEW) as u8, (place % FEW) as u8));
        *table.changes = changes;
        table
    }

    /// Number of scores, over all heads.
    pub(crate) fn len(&self) -> usize {
        self.intercepts.len()
    }

    fn lanes(&self) -> usize {
        self.groups.last().map_or(0, |group| group.lane + lanes(group.width))
    }

    /// Raw scores of a comment, those of all heads: what its row of [`Weigher::push`] times the weights come to, but for rounding.
    /// Its character n-grams are given by token, with [`ScoringTable::sums`] where there was room for them; the row need not hold them, nor the
    /// words of a lead whose sums are given.
    ///
    /// [`Weigher::push`]: crate::features::weighting::Weigher::push
    pub(crate) fn score(&self, row: &RawRow, summed_up: &SummedUp, scores: &mut [f64]) {
        scores.copy_from_slice(&self.intercepts);
        let mut rest = scores;
        for group in &self.groups {
            let (own, others) = rest.split_at_mut(group.width);
            rest = others;
            by_lanes!(group.width, self.add(row, summed_up, group, own));
        }
    }

    /// What terms of a block add up to, from their columns, counted from the block's first, and their counts, 1 each where none are given: the
    /// sum of squared values, and the weighed values, lane by lane. Empty if the block takes no part.
    pub(crate) fn sums(&self, block: Block, columns: &[u32], counts: Option<&[u8]>) -> Box<[f64]> {
        if !self.used.uses(block) {
            return Box::default();
        }
        let mut all = vec![0.0; 1 + self.lanes()];
        for group in &self.groups {
            by_lanes!(group.width, self.put_sums(block, columns, counts, group, &mut all));
        }
        all.into()
    }

    #[inline(always)]
    fn put_sums<const L: usize>(
        &self,
        block: Block,
        columns: &[u32],
        counts: Option<&[u8]>,
        group: &Group,
        all: &mut [f64],
    ) {
        let start = self.layout.range(block).start as u32;
        let columns = columns.iter().map(|column| start + column);
        let (squares, sums) = match counts {
            None => self.sum_up::<L>(columns.map(|column| (column, self.idf(column))), group),
            Some(counts) => {
                self.sum_up(columns.zip(counts).map(|(column, &count)| (column, self.value(column, count))), group)
            }
        };
        all[0] = squares;
        all[1 + group.lane..][..L].copy_from_slice(&sums);
    }

    /// The sum of squared values of columns, and what they give the scores of a group.
    #[inline(always)]
    fn sum_up<const L: usize>(&self, values: impl Iterator<Item = (u32, f64)>, group: &Group) -> (f64, [f64; L]) {
        let (mut squares, mut sums) = (0.0, [0.0; L]);
        for (column, value) in values {
            squares += value * value;
            add(&mut sums, value, group.weights(column));
        }
        (squares, sums)
    }

    /// Columns and values of a comment, without those of value 0. Values times weights add up to what [`ScoringTable::score`] gives.
    pub(crate) fn values(&self, row: &RawRow) -> Vec<(u32, f64)> {
        let mut values = Vec::with_capacity(row.columns.len() + row.values.len());
        let mut rest = (&row.columns[..], &row.counts[..]);
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let (columns, counts) = self.next_block(block, &mut rest);
            let of_block = columns.iter().zip(counts).map(|(&column, &count)| (column, self.value(column, count)));
            let scale = scale(of_block.clone().fold(0.0, |squares, (_, value)| squares + value * value));
            values.extend(of_block.map(|(column, value)| (column, scale * value)));
        }
        values.extend(self.fixed(row).map(|(column, value)| (column, f64::from(value))));
        values.retain(|(_, value)| *value != 0.0);
        values
    }

    /// Adds a row's part to the scores of a group.
    #[inline(always)]
    fn add<const L: usize>(&self, row: &RawRow, summed_up: &SummedUp, group: &Group, scores: &mut [f64]) {
        let mut total = [0.0f64; L];
        let mut rest = (&row.columns[..], &row.counts[..]);
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let (columns, counts) = self.next_block(block, &mut rest);
            let (squares, sums) = match block {
                Block::Chars if self.used.uses(block) => self.grams(summed_up, group),
                Block::Chars => (0.0, [0.0; L]),
                Block::LeadWords if !summed_up.lead.is_empty() => {
                    let (squares, sums) = known_sums(summed_up.lead, group);
                    (squares, *sums)
                }
                _ => self.sum_up(
                    columns.iter().zip(counts).map(|(&column, &count)| (column, self.value(column, count))),
                    group,
                ),
            };
            let scale = scale(squares);
            for l in 0..L {
                total[l] += scale * sums[l];
            }
        }
        for (column, value) in self.fixed(row) {
            add(&mut total, f64::from(value), group.weights(column));
        }
        for (score, sum) in scores.iter_mut().zip(total) {
            *score += BIAS.exp2() * sum;
        }
    }

    /// What a comment's character n-grams add up to: every token as if it shared none with another, then what those that came again change.
    #[inline(always)]
    fn grams<const L: usize>(&self, summed_up: &SummedUp, group: &Group) -> (f64, [f64; L]) {
        let start = self.layout.range(Block::Chars).start as u32;
        let (mut squares, mut sums) = (0.0, [0.0; L]);
        for (token, times) in summed_up.grams() {
            let (columns, known) = token.parts();
            let frequency = self.term_frequency(times);
            let summed: [f64; L];
            // The same bits either way: whether there was room for sums depends on the comments before.
            let (token_squares, token_sums) = if known.is_empty() {
                let values = columns.iter().map(|column| (start + column, self.idf(start + column)));
                let (squares, sums) = self.sum_up(values, group);
                summed = sums;
                (squares, &summed)
            } else {
                known_sums(known, group)
            };
            squares += frequency * frequency * token_squares;
            for l in 0..L {
                sums[l] += frequency * token_sums[l];
            }
        }
        for repeat in summed_up.repeats {
            let (before, came) = (usize::from(repeat.before()), usize::from(repeat.times()));
            let [change, of_squares] = if before < FEW && came < FEW {
                self.changes[before * FEW + came]
            } else {
                self.change(repeat.before(), repeat.times())
            };
            let idf = self.idf(start + repeat.column());
            squares += of_squares * idf * idf;
            add(&mut sums, change * idf, group.weights(start + repeat.column()));
        }
        (squares, sums)
    }

    /// By how much the term frequency of what came `before` and comes some times more differs from the sum of both, and its square from the sum
    /// of both squares.
    fn change(&self, before: u8, times: u8) -> [f64; 2] {
        let now = self.term_frequency(before.saturating_add(times));
        let (before, came) = (self.term_frequency(before), self.term_frequency(times));
        [now - before - came, now * now - before * before - came * came]
    }

    /// Takes a block's columns and counts off the front; none of a block that takes no part.
    #[inline(always)]
    fn next_block<'r>(&self, block: Block, rest: &mut (&'r [u32], &'r [u8])) -> (&'r [u32], &'r [u8]) {
        let own = take_block(self.layout, block, rest);
        if self.used.uses(block) { own } else { (&[], &[]) }
    }

    /// Columns and values of the blocks that are not counted.
    #[inline(always)]
    fn fixed(&self, row: &RawRow) -> impl Iterator<Item = (u32, f32)> {
        row.values.iter().copied().filter(|(column, _)| self.used.uses(self.layout.locate(*column as usize).0))
    }

    /// Term frequency times inverse document frequency: exact, two single-precision numbers multiplied in double precision.
    #[inline(always)]
    fn value(&self, column: u32, count: u8) -> f64 {
        self.term_frequency(count) * self.idf(column)
    }

    #[inline(always)]
    fn term_frequency(&self, count: u8) -> f64 {
        f64::from(self.term_frequencies[usize::from(count)])
    }

    /// Inverse document frequency of a counted column.
    #[inline(always)]
    fn idf(&self, column: u32) -> f64 {
        f64::from(self.idf[column as usize])
    }
}

/// The sum of squared values, and the group's part of [`ScoringTable::sums`].
#[inline(always)]
fn known_sums<'s, const L: usize>(sums: &'s [f64], group: &Group) -> (f64, &'s [f64; L]) {
    (sums[0], sums[1 + group.lane..].first_chunk().expect("as many sums as lanes"))
}

/// What values are multiplied by so that they have length 1.
#[inline(always)]
fn scale(squares: f64) -> f64 {
    if squares > 0.0 { 1.0 / squares.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::features::Matrix;
    use crate::features::counter::Counter;
    use crate::features::repeats::Repeats;
    use crate::features::token_grams::TokenGramLists;
    use crate::features::weighting::Weigher;
    use crate::text::TokenId;
    use ndarray::{Array1, Array2};

    const WIDTHS: [usize; 9] = [40, 300, 25, 31, 10, 0, 7, 18, 5];

    #[test]
    fn changes_of_small_counts_are_those_of_any() {
        let layout = Layout::new(Block::ALL.map(|block| (block, 0)));
        let table = ScoringTable::new(&layout, &[], BlockWeights::new(|_| 1.0), &[]);
        for (before, times) in (0..FEW).flat_map(|before| (0..FEW).map(move |times| (before, times))) {
            assert_eq!(table.changes[before * FEW + times], table.change(before as u8, times as u8));
        }
    }

    #[test]
    fn scores_are_what_weighed_rows_times_weights_come_to() {
        let layout = Layout::new(std::array::from_fn(|i| (Block::ALL[i], WIDTHS[i])));
        let idf: Vec<f32> =
            (0..layout.counted_columns()).map(|j| [1.0, 0.0, 2.5, 7.125][j % 4] + 0.01 * (j % 9) as f32).collect();
        let used = BlockWeights::new(|block| if block == Block::TargetWords { 0.0 } else { 0.5 });
        let weigher = Weigher::new(&layout, &idf, &used);
        // Tokens that share n-grams, that hold one twice, that come often, and beyond what a count can say.
        let lists: [&[u32]; 5] = [&[3, 250, 7, 7, 90], &[], &[7, 90, 91, 92, 93, 94, 95], &[299, 3], &[3, 90, 299]];
        let tokens: [(TokenId, u8); 5] = [(2, 1), (0, 3), (4, 200), (1, 1), (3, 100)];
        let (mut counter, mut repeats) = (Counter::new(WIDTHS[1]), Repeats::new(WIDTHS[1]));
        let grams = || tokens.iter().map(|&(token, times)| (lists[token as usize], times));
        grams().for_each(|(columns, times)| counter.add_all(columns, times));
        repeats.note(grams());
        let mut row = RawRow {
            values: (0..23).map(|j| ((layout.counted_columns() + j) as u32, j as f32 / 11.0)).collect(),
            ..RawRow::default()
        };
        for block in Block::ALL.into_iter().filter(|b| b.is_counted()) {
            let range = layout.range(block);
            if block == Block::Chars {
                counter.drain_into(range.start as u32, &mut row.columns, &mut row.counts);
            } else {
                let some = || (range.start as u32..range.end as u32).filter(|j| (j * j + j) % 7 < 3);
                row.columns.extend(some());
                row.counts.extend(some().map(|j| (1 + j % 5 * j) as u8));
            }
        }
        let mut matrix = Matrix::new(layout.columns());
        weigher.push(&row.columns, &row.counts, &row.values, &mut matrix);
        let (columns, values) = matrix.row(0);
        let lead_start = layout.range(Block::LeadWords).start as u32;
        let lead_at = row.columns.partition_point(|&column| column < lead_start);
        let lead: Vec<u32> = row.columns[lead_at..].iter().map(|column| column - lead_start).collect();
        assert!(lead.len() > 1);
        let mut without_lead = row.clone();
        without_lead.columns.truncate(lead_at);
        without_lead.counts.truncate(lead_at);
        // From the smallest number of half precision to the largest.
        let weight = |(j, k): (usize, usize)| {
            let size = f16::from_bits(((j * 7919 + k * 104_729) % 31_744) as u16);
            if (j + k) % 3 == 0 { -size } else { size }
        };
        for widths in [vec![1], vec![2], vec![1, 2], vec![3, 1, 9], vec![28], vec![1, 28], vec![33], vec![40, 40]] {
            let head = |&width: &usize| {
                let weights = Array2::from_shape_fn((layout.columns(), width), weight);
                HalfLogistic::new(&weights, Array1::from_shape_fn(width, |k| k as f64 - 0.25))
            };
            let heads: Vec<HalfLogistic> = widths.iter().map(head).collect();
            let table = ScoringTable::new(&layout, &idf, used, &heads.iter().collect::<Vec<_>>());
            let [mut scores, mut again] = [(); 2].map(|()| vec![0.0; table.len()]);
            let with_sums =
                TokenGramLists::of_lists(&lists, |block, columns, counts| table.sums(block, columns, counts));
            let without_sums = TokenGramLists::of_lists(&lists, |_, _, _| Box::default());
            let score = |row: &RawRow, lists: &TokenGramLists, lead: &[f64], scores: &mut [f64]| {
                table.score(row, &SummedUp { tokens: &tokens, repeats: repeats.as_slice(), lists, lead }, scores);
            };
            let lead_sums = table.sums(Block::LeadWords, &lead, Some(&row.counts[lead_at..]));
            score(&row, &with_sums, &[], &mut scores);
            score(&without_lead, &without_sums, &lead_sums, &mut again);
            assert_eq!(scores, again, "what is summed up beforehand and what is not add the same");
            let mut rest = &scores[..];
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
