//! The directions that a set of vectors has: the leading right singular vectors of the matrix that has them as rows.
//!
//! ```text
//!     X = [x_1; …; x_m]  [m × P] ,   X X' = U Λ U' ,   b_i = X' u_i/√λ_i
//! ```
//! The first k of the b_i span S, k the least number with Σ_{i ≤ k} λ_i ≥ share · Σ_i λ_i. The vectors are not centred: a mean gradient is a direction
//! too. Directions with less than 1e-10 of the largest λ are rounding errors and are left out.
//!
//! # Cost
//! m² P for the products, of the order of 10 m³ for U and Λ, k m P for the basis. Memory k P numbers.
//!
//! # Reference
//! G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th edition, 2013, sections 8.3 and 8.6.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::error::{Error, Result};

/// An orthonormal basis of the leading directions of a set of vectors.
///
/// # Example
/// ```
/// use tegmentum::evidence::directions::Directions;
///
/// let directions = Directions::of(&[vec![3.0, 0.0, 4.0], vec![-3.0, 0.0, -4.0]], 0.95)?;
/// assert_eq!(directions.count(), 1);
/// let [within, off] = directions.split(&[5.0, 2.0, 0.0]);
/// assert!((within - 9.0).abs() < 1e-9 && (off - 20.0).abs() < 1e-9);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    basis: Vec<Vec<f64>>,
}

impl Directions {
    /// The leading directions of `vectors` [m × P] that have `share` of the sum of their squares.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a share outside (0, 1], [`Error::ShapeMismatch`] for vectors of different lengths.
    pub fn of(vectors: &[Vec<f32>], share: f64) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::InvalidParameter { name: "share", value: share, requirement: "above 0 and at most 1" });
        }
        let Some(length) = vectors.first().map(Vec::len) else { return Ok(Self { basis: Vec::new() }) };
        if let Some(other) = vectors.iter().find(|vector| vector.len() != length) {
            return Err(Error::ShapeMismatch { what: "vectors", expected: length, found: other.len() });
        }
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let matrix = DMatrix::from_fn(vectors.len(), vectors.len(), |a, b| product(&vectors[a], &vectors[b]));
        let (values, rotated) = eigen(matrix);
        let (total, largest) = (values.iter().sum::<f64>(), values.first().copied().unwrap_or(0.0));
        let (mut basis, mut sum) = (Vec::new(), 0.0);
        for (&value, weights) in values.iter().zip(&rotated) {
            if value <= 1e-10 * largest || sum >= share * total {
                break;
            }
            sum += value;
            let mut direction = vec![0.0; length];
            for (vector, weight) in vectors.iter().zip(weights) {
                for (entry, &x) in direction.iter_mut().zip(vector) {
                    *entry += weight / value.sqrt() * f64::from(x);
                }
            }
            basis.push(direction);
        }
        Ok(Self { basis })
    }

    /// k, how many there are.
    pub fn count(&self) -> usize {
        self.basis.len()
    }

    /// The squares of the parts of `vector` `[P]` within the directions and off them.
    pub fn split(&self, vector: &[f32]) -> [f64; 2] {
        let along = |direction: &Vec<f64>| direction.iter().zip(vector).map(|(b, &x)| b * f64::from(x)).sum::<f64>();
        let within: f64 = self.basis.iter().map(|direction| along(direction).powi(2)).sum();
        let whole: f64 = vector.iter().map(|&x| f64::from(x).powi(2)).sum();
        [within.min(whole), (whole - within).max(0.0)]
    }
}

/// Eigenvalues of a symmetric matrix, the largest first, with their vectors.
fn eigen(matrix: DMatrix<f64>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let found = SymmetricEigen::new(matrix);
    let mut order: Vec<usize> = (0..found.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| found.eigenvalues[b].total_cmp(&found.eigenvalues[a]));
    let vector = |&place: &usize| found.eigenvectors.column(place).iter().copied().collect();
    (order.iter().map(|&place| found.eigenvalues[place]).collect(), order.iter().map(vector).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// [[2, 1], [1, 2]] and a matrix whose eigenvalues are known: second differences, 2 − 2 cos(π i/(n + 1)).
    #[test]
    fn eigenvalues_are_those_that_are_known() {
        let (values, vectors) = eigen(DMatrix::from_row_slice(2, 2, &[2.0, 1.0, 1.0, 2.0]));
        assert!((values[0] - 3.0).abs() < 1e-14 && (values[1] - 1.0).abs() < 1e-14);
        assert!((vectors[0][0] - vectors[0][1]).abs() < 1e-14);
        let n = 20;
        let entry = |i: usize, j: usize| [2.0, -1.0, 0.0][i.abs_diff(j).min(2)];
        let (values, _) = eigen(DMatrix::from_fn(n, n, entry));
        for (place, value) in values.iter().rev().enumerate() {
            let expected = 2.0 - 2.0 * (std::f64::consts::PI * (place + 1) as f64 / (n + 1) as f64).cos();
            assert!((value - expected).abs() < 1e-12, "{place}: {value} {expected}");
        }
    }

    #[test]
    fn the_basis_is_orthonormal_and_holds_what_it_was_made_of() {
        let mut stream = Key::from_seed(5).stream();
        let mut vector = || (0..50).map(|_| stream.normal()).collect::<Vec<f32>>();
        let vectors: Vec<Vec<f32>> = (0..8).map(|_| vector()).collect();
        let directions = Directions::of(&vectors, 1.0).unwrap();
        assert_eq!(directions.count(), 8);
        for (i, a) in directions.basis.iter().enumerate() {
            for (j, b) in directions.basis.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-9);
            }
        }
        for vector in &vectors {
            let [within, off] = directions.split(vector);
            assert!(off < 1e-8 * within);
        }
        let half = Directions::of(&vectors, 0.5).unwrap();
        assert!((2..8).contains(&half.count()));
        assert_eq!(Directions::of(&[], 0.5).unwrap().count(), 0);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(Directions::of(&[], 0.0).unwrap_err().to_string().contains("share"));
        let uneven = [vec![1.0, 2.0], vec![1.0]];
        assert!(Directions::of(&uneven, 0.9).unwrap_err().to_string().contains("vectors"));
    }
}
