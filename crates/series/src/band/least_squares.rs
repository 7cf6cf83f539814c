//! Which coefficients come closest to these values, by weighted squares?
//!
//! Normal equations with a prior: each coefficient is drawn to zero by its own precision, which also makes the
//! equations solvable where points are too few. Sums are taken in the order of the points, so that the same points
//! give the same bits.

use super::curve::Row;

/// Sums over the points seen so far.
#[derive(Clone, Debug)]
pub(super) struct NormalEquations {
    len: usize,
    /// Row by row, below and on the diagonal.
    products: Vec<f64>,
    right: Vec<f64>,
}

impl NormalEquations {
    /// No points yet, for so many coefficients.
    pub(super) fn new(len: usize) -> Self {
        Self { len, products: vec![0.0; len * len], right: vec![0.0; len] }
    }

    /// One point: its row should give `value`; `weight` is one over its variance.
    pub(super) fn add(&mut self, row: &Row, value: f64, weight: f64) {
        let Row { columns, values } = row;
        for (&column, left) in columns.iter().zip(values) {
            let weighted = weight * left;
            self.right[usize::from(column)] += weighted * value;
            let start = usize::from(column) * self.len;
            for (&other, right) in columns.iter().zip(values) {
                // Above the diagonal it is the same, and nobody looks.
                if other <= column {
                    self.products[start + usize::from(other)] += weighted * right;
                }
            }
        }
    }

    /// The coefficients, by Cholesky's decomposition in place; `None` if a sum is not finite. `precisions` are those of
    /// the prior, each above zero.
    pub(super) fn solve(mut self, precisions: &[f64]) -> Option<Vec<f64>> {
        for (column, &precision) in precisions.iter().enumerate() {
            self.products[column * self.len + column] += precision;
        }
        for row in 0..self.len {
            for column in 0..=row {
                self.decompose(row, column)?;
            }
        }
        self.substitute();
        Some(self.right)
    }

    fn decompose(&mut self, row: usize, column: usize) -> Option<()> {
        let (upper, lower) = (&self.products[column * self.len..], &self.products[row * self.len..]);
        let known: f64 = upper[..column].iter().zip(&lower[..column]).map(|(left, right)| left * right).sum();
        let rest = lower[column] - known;
        let value = if row == column { rest.sqrt() } else { rest / upper[column] };
        self.products[row * self.len + column] = value;
        (value.is_finite() && (row != column || value > 0.0)).then_some(())
    }

    /// Forward and backward through the triangle.
    fn substitute(&mut self) {
        let len = self.len;
        for row in 0..len {
            let known: f64 =
                (0..row).map(|column| self.products[row * len + column] * self.right[column]).sum();
            self.right[row] = (self.right[row] - known) / self.products[row * len + row];
        }
        for row in (0..len).rev() {
            let known: f64 =
                (row + 1..len).map(|below| self.products[below * len + row] * self.right[below]).sum();
            self.right[row] = (self.right[row] - known) / self.products[row * len + row];
        }
    }
}
