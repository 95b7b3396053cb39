//! Sparse rows: the records that linfa trains on.

use std::sync::{Arc, OnceLock};

use linfa::Float;
use linfa::dataset::Records;

/// A matrix of comments by features in compressed sparse rows.
///
/// Invariants: `row_starts` rises from 0 to the number of entries; each index is smaller than `columns`; a row names no column twice.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    row_starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
    columns: usize,
    /// By column with the intercept's row, made when the first fit asks for it; every further fit on these records shares it.
    by_column: OnceLock<Arc<Matrix>>,
}

impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        self.row_starts == other.row_starts
            && self.indices == other.indices
            && self.values == other.values
            && self.columns == other.columns
    }
}

impl Matrix {
    /// A matrix of no rows.
    pub fn new(columns: usize) -> Self {
        Matrix { row_starts: vec![0], columns, ..Matrix::default() }
    }

    /// Makes room for further rows with so many entries in all.
    pub fn reserve(&mut self, rows: usize, entries: usize) {
        self.row_starts.reserve_exact(rows);
        self.indices.reserve_exact(entries);
        self.values.reserve_exact(entries);
    }

    /// Adds an entry to the row that is being written.
    pub fn push(&mut self, column: u32, value: f32) {
        debug_assert!(self.by_column.get().is_none(), "a matrix that is being fitted must not change");
        debug_assert!((column as usize) < self.columns);
        self.indices.push(column);
        self.values.push(value);
    }

    /// Ends the row that is being written.
    pub fn end_row(&mut self) {
        self.row_starts.push(self.indices.len());
    }

    /// Adds entries to the row that is being written, those whose value is 0 left out, and scales them to length 1.
    pub fn extend_normalised(&mut self, columns: &[u32], values: impl Iterator<Item = f32>) {
        debug_assert!(self.by_column.get().is_none(), "a matrix that is being fitted must not change");
        let start = self.indices.len();
        self.indices.extend_from_slice(columns);
        self.values.extend(values);
        if self.values[start..].contains(&0.0) {
            let mut kept = start;
            for place in start..self.values.len() {
                if self.values[place] != 0.0 {
                    self.indices[kept] = self.indices[place];
                    self.values[kept] = self.values[place];
                    kept += 1;
                }
            }
            self.indices.truncate(kept);
            self.values.truncate(kept);
        }
        let values = &mut self.values[start..];
        let squares = sum_of_squares(values);
        if squares > 0.0 {
            let scale = 1.0 / squares.sqrt();
            values.iter_mut().for_each(|v| *v *= scale);
        }
    }

    /// Removes every row, keeping the memory.
    pub fn clear(&mut self) {
        self.by_column = OnceLock::new();
        self.row_starts.truncate(1);
        self.indices.clear();
        self.values.clear();
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of entries.
    pub fn entries(&self) -> usize {
        self.indices.len()
    }

    /// Columns and values of a row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.row_starts[row]..self.row_starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Appends the rows of another matrix of the same width.
    pub fn append(&mut self, other: &Matrix) {
        debug_assert_eq!(self.columns, other.columns);
        let base = self.indices.len();
        self.indices.extend_from_slice(&other.indices);
        self.values.extend_from_slice(&other.values);
        self.row_starts.extend(other.row_starts[1..].iter().map(|s| s + base));
    }

    /// The rows with the given indices, in their order.
    pub fn select(&self, rows: &[usize]) -> Matrix {
        let mut selected = Matrix::new(self.columns);
        for &row in rows {
            let (indices, values) = self.row(row);
            selected.indices.extend_from_slice(indices);
            selected.values.extend_from_slice(values);
            selected.end_row();
        }
        selected
    }

    /// The same entries by column: what a gradient is summed over.
    pub fn transposed(&self) -> Matrix {
        let mut starts = vec![0usize; self.columns + 1];
        for &column in &self.indices {
            starts[column as usize + 1] += 1;
        }
        for column in 0..self.columns {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let mut indices = vec![0u32; self.indices.len()];
        let mut values = vec![0f32; self.values.len()];
        for row in 0..self.rows() {
            let (columns, entries) = self.row(row);
            for (&column, &value) in columns.iter().zip(entries) {
                let place = &mut next[column as usize];
                indices[*place] = row as u32;
                values[*place] = value;
                *place += 1;
            }
        }
        Matrix { row_starts: starts, indices, values, columns: self.rows(), by_column: OnceLock::new() }
    }

    /// The matrix by columns, with a last row of ones: the intercept is a feature that every comment has.
    pub fn by_column(&self) -> Arc<Matrix> {
        let by_column = self.by_column.get_or_init(|| {
            let mut transposed = self.transposed();
            for row in 0..self.rows() {
                transposed.push(row as u32, 1.0);
            }
            transposed.end_row();
            Arc::new(transposed)
        });
        by_column.clone()
    }

    /// Builds a matrix from dense rows, zeros left out.
    pub fn from_dense<F: Float>(dense: ndarray::ArrayView2<F>) -> Self {
        let mut matrix = Matrix::new(dense.ncols());
        for row in dense.rows() {
            for (column, value) in row.iter().enumerate().filter(|(_, v)| **v != F::zero()) {
                matrix.push(column as u32, value.to_f32().unwrap_or(f32::NAN));
            }
            matrix.end_row();
        }
        matrix
    }
}

/// Eight sums side by side, so that no addition waits for the one before.
fn sum_of_squares(values: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let mut chunks = values.chunks_exact(sums.len());
    for chunk in &mut chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, v)| *sum += v * v);
    }
    sums.iter().sum::<f32>() + chunks.remainder().iter().map(|v| v * v).sum::<f32>()
}

impl Records for Matrix {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.rows()
    }

    fn nfeatures(&self) -> usize {
        self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn transposing_twice_gives_the_matrix_back() {
        let matrix = Matrix::from_dense(array![[0.0, 1.0, 2.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]].view());
        let transposed = matrix.transposed();
        assert_eq!(transposed.rows(), 3);
        assert_eq!(transposed.row(0), (&[1u32][..], &[3.0f32][..]));
        assert_eq!(transposed.transposed(), matrix);
    }

    #[test]
    fn selecting_and_appending_keep_rows_whole() {
        let matrix = Matrix::from_dense(array![[0.0, 1.0], [3.0, 4.0]].view());
        let mut twice = matrix.select(&[1, 0]);
        twice.append(&matrix);
        assert_eq!(twice.rows(), 4);
        assert_eq!(twice.row(0), matrix.row(1));
        assert_eq!(twice.row(3), matrix.row(1));
    }
}
