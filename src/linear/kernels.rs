//! The solver's inner loops: sums over lanes, columns and fixed parts.

use super::loss::Loss;
use crate::features::matrix::Matrix;

/// Parts that rows and features are cut into; fixed, so that sums do not depend on the number of threads.
const PARTS: usize = 64;
/// Curvatures below this would overflow when inverted.
const SMALLEST_CURVATURE: f32 = 1e-30;
/// Entries summed in `f32` before the sum is carried over to `f64`.
const RUN: usize = 512;

/// One number a score column.
pub(super) type Lanes<const L: usize> = [f64; L];

/// About the diagonal of the Hessian at a feature: its sum of squares times the mean curvature, plus the penalty. Worked out anew
/// wherever it is needed: to read it from memory would take longer.
#[inline(always)]
pub(super) fn diagonal<const L: usize>(squares: f32, curvature: &[f32; L], penalty: f32) -> [f32; L] {
    curvature.map(|curvature| (squares * curvature + penalty).max(SMALLEST_CURVATURE))
}

/// Remainder divided by the preconditioner. In a joint problem without its mean over the classes (`share` is one over their number,
/// 0 where lanes stay apart); the remainder has none by itself: a shift of all of a feature's weights changes no probability, so
/// the solution has none, and along it there is no curvature but the penalty.
/// Lanes that are not in use hold zeros. Every loop is over all lanes, so that it compiles to vector instructions.
#[inline(always)]
pub(super) fn preconditioned<const L: usize>(
    share: f32,
    used: &[f32; L],
    remainder: &[f32; L],
    diagonal: &[f32; L],
) -> [f32; L] {
    let mut towards = *remainder;
    for l in 0..L {
        towards[l] /= diagonal[l];
    }
    if share > 0.0 {
        let mean = share * towards.iter().sum::<f32>();
        for l in 0..L {
            towards[l] -= mean * used[l];
        }
    }
    towards
}

/// Lane by lane.
pub(super) fn add<const L: usize>(a: Lanes<L>, b: Lanes<L>) -> Lanes<L> {
    std::array::from_fn(|l| a[l] + b[l])
}

/// Takes the mean off.
pub(super) fn centre(lanes: &mut [f64]) {
    let mean = lanes.iter().sum::<f64>() / lanes.len() as f64;
    lanes.iter_mut().for_each(|w| *w -= mean);
}

/// In a joint problem every lane gets the sum of all lanes; otherwise lanes stay apart.
pub(super) fn joined<const L: usize>(loss: &Loss, lanes: Lanes<L>) -> Lanes<L> {
    if loss.is_joint() { [lanes.iter().sum(); L] } else { lanes }
}

/// [`column_sum`] of neighbouring columns, from `first` on. A loop of its own, so that the compiler keeps lanes together.
pub(super) fn column_sums<const L: usize>(transposed: &Matrix, first: usize, rows: &[[f32; L]], sums: &mut [Lanes<L>]) {
    vectorised(
        #[inline(always)]
        || {
            for (column, sum) in (first..).zip(sums) {
                *sum = column_sum(transposed, column, rows);
            }
        },
    );
}

/// Runs a loop over lanes with the widest vector instructions that the processor has. `body` must be `#[inline(always)]`, or it
/// is compiled for the oldest processor after all. Multiplications and additions are not fused, so the result is the same with any.
#[inline(always)]
pub(crate) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}

/// `sum_i x_ij v_i` by lane.
#[inline(always)]
fn column_sum<const L: usize>(transposed: &Matrix, column: usize, rows: &[[f32; L]]) -> Lanes<L> {
    let (indices, values) = transposed.row(column);
    // Most columns are short.
    if indices.len() <= RUN {
        return sum_products(indices, values, rows).map(f64::from);
    }
    let mut total = [0.0f64; L];
    for (indices, values) in indices.chunks(RUN).zip(values.chunks(RUN)) {
        let sum = sum_products(indices, values, rows);
        for l in 0..L {
            total[l] += f64::from(sum[l]);
        }
    }
    total
}

/// `sum_i value_i vectors[index_i]` by lane.
///
/// Even and odd entries are summed side by side: few lanes fill one register only, and each addition to it would wait for the one
/// before. Many lanes do the same, so that a lane's bits do not depend on how many there are.
#[inline(always)]
pub(super) fn sum_products<const L: usize>(indices: &[u32], values: &[f32], vectors: &[[f32; L]]) -> [f32; L] {
    let (mut even, mut odd) = ([0.0f32; L], [0.0f32; L]);
    let (index_pairs, value_pairs) = (indices.chunks_exact(2), values.chunks_exact(2));
    let (index_rest, value_rest) = (index_pairs.remainder(), value_pairs.remainder());
    for (indices, values) in index_pairs.zip(value_pairs) {
        even = plus(even, values[0], &vectors[indices[0] as usize]);
        odd = plus(odd, values[1], &vectors[indices[1] as usize]);
    }
    if let (&[index], &[value]) = (index_rest, value_rest) {
        even = plus(even, value, &vectors[index as usize]);
    }
    plus(even, 1.0, &odd)
}

/// `sum + value * vector`. Lanes go in and out whole: changed in place one by one, the compiler takes them apart.
#[inline(always)]
fn plus<const L: usize>(sum: [f32; L], value: f32, vector: &[f32; L]) -> [f32; L] {
    std::array::from_fn(|l| sum[l] + value * vector[l])
}

/// Cuts a matrix's rows into [`PARTS`] ranges of about as many entries each.
pub(super) fn parts(matrix: &Matrix) -> Vec<std::ops::Range<usize>> {
    let target = (matrix.entries() + matrix.rows()) / PARTS + 1;
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut load) = (0, 0);
    for row in 0..matrix.rows() {
        load += matrix.row(row).0.len() + 1;
        if load >= target {
            parts.push(start..row + 1);
            (start, load) = (row + 1, 0);
        }
    }
    if start < matrix.rows() {
        parts.push(start..matrix.rows());
    }
    parts
}

/// Splits a slice at the given ranges, which cover it in order.
pub(super) fn split<'s, T>(mut slice: &'s mut [T], parts: &[std::ops::Range<usize>]) -> Vec<&'s mut [T]> {
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let (piece, rest) = slice.split_at_mut(part.len());
        pieces.push(piece);
        slice = rest;
    }
    pieces
}
