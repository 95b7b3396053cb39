//! The solver's inner loops: sums over lanes, columns and fixed parts.

use super::loss::Loss;
use crate::features::matrix::Matrix;

/// Parts that rows and features are cut into; fixed, so that sums do not depend on the number of threads.
const PARTS: usize = 64;
/// Entries summed in `f32` before the sum is carried over to `f64`.
const RUN: usize = 512;

/// One number a score column.
pub(super) type Lanes<const L: usize> = [f64; L];

/// Remainder times inverse preconditioner. In a joint problem without its mean over the classes (`share` is one over their number,
/// 0 where lanes stay apart); the remainder has none by itself: a shift of all of a feature's weights changes no probability, so
/// the solution has none, and along it there is no curvature but the penalty.
/// Lanes that are not in use hold zeros in both. Every loop is over all lanes, so that it compiles to vector instructions.
#[inline(always)]
pub(super) fn preconditioned<const L: usize>(
    share: f32,
    used: &[f32; L],
    remainder: &[f32; L],
    inverse: &[f32; L],
) -> [f32; L] {
    let mut towards = *remainder;
    for l in 0..L {
        towards[l] *= inverse[l];
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

/// In a joint problem every lane gets the sum of all lanes; otherwise lanes stay apart.
pub(super) fn joined<const L: usize>(loss: &Loss, lanes: Lanes<L>) -> Lanes<L> {
    if loss.is_joint() { [lanes.iter().sum(); L] } else { lanes }
}

/// `sum_i x_ij v_i` by lane.
#[inline(always)]
pub(super) fn column_sum<const L: usize>(transposed: &Matrix, column: usize, rows: &[[f32; L]]) -> Lanes<L> {
    sum_column(transposed, column, rows, |value| value)
}

/// Runs a loop over lanes with the widest vector instructions that the processor has. `body` must be `#[inline(always)]`, or it
/// is compiled for the oldest processor after all. Multiplications and additions are not fused, so the result is the same with any.
#[inline(always)]
pub(super) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(body)
}

/// `sum_i scale(x_ij) v_i` by lane.
#[inline(always)]
pub(super) fn sum_column<const L: usize>(
    transposed: &Matrix,
    column: usize,
    rows: &[[f32; L]],
    scale: impl Fn(f32) -> f32,
) -> Lanes<L> {
    let (indices, values) = transposed.row(column);
    let mut total = [0.0f64; L];
    for (indices, values) in indices.chunks(RUN).zip(values.chunks(RUN)) {
        let mut sum = [0.0f32; L];
        for (&row, &value) in indices.iter().zip(values) {
            let value = scale(value);
            let row = &rows[row as usize];
            for l in 0..L {
                sum[l] += value * row[l];
            }
        }
        for l in 0..L {
            total[l] += f64::from(sum[l]);
        }
    }
    total
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
