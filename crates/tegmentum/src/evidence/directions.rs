//! The directions that a set of vectors has: the leading right singular vectors of the matrix that has them as rows.
//!
//! ```text
//!     X = [x_1; …; x_m]  [m × P] ,   X X' = U Λ U'   (cyclic Jacobi) ,   b_i = X' u_i/√λ_i
//! ```
//! The first k of the b_i span S, k the least number with Σ_{i ≤ k} λ_i ≥ share · Σ_i λ_i. The vectors are not centred: a mean gradient is a direction
//! too. Directions with less than 1e-10 of the largest λ are rounding errors and are left out.
//!
//! # Cost
//! m² P for the products, about 40 m³ for the rotations, k m P for the basis. Memory k P numbers.
//!
//! # Reference
//! G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th edition, 2013, sections 8.5 and 8.6.

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
        let length = vectors.first().map_or(0, Vec::len);
        if let Some(other) = vectors.iter().find(|vector| vector.len() != length) {
            return Err(Error::ShapeMismatch { what: "vectors", expected: length, found: other.len() });
        }
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let matrix = vectors.iter().map(|a| vectors.iter().map(|b| product(a, b)).collect()).collect();
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

/// Sweeps of rotations at most; a handful are enough.
const SWEEPS: usize = 50;

/// Eigenvalues of a symmetric matrix, the largest first, with their vectors.
fn eigen(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = matrix.len();
    // Row i is the vector of the i-th value.
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let scale: f64 = matrix.iter().flatten().map(|entry| entry * entry).sum();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).flat_map(|i| matrix[i][..i].iter()).map(|entry| entry * entry).sum();
        if off <= 1e-28 * scale {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| matrix[b][b].total_cmp(&matrix[a][a]));
    (order.iter().map(|&i| matrix[i][i]).collect(), order.iter().map(|&i| vectors[i].clone()).collect())
}

/// The rotation that makes entry (p, q) zero.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p][q];
    if entry == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    for rows in [&mut *matrix, vectors] {
        for column in 0..rows[p].len() {
            let (a, b) = (rows[p][column], rows[q][column]);
            (rows[p][column], rows[q][column]) = (cosine * a - sine * b, sine * a + cosine * b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// [[2, 1], [1, 2]] and a matrix whose eigenvalues are known: second differences, 2 − 2 cos(π i/(n + 1)).
    #[test]
    fn eigenvalues_are_those_that_are_known() {
        let (values, vectors) = eigen(vec![vec![2.0, 1.0], vec![1.0, 2.0]]);
        assert!((values[0] - 3.0).abs() < 1e-14 && (values[1] - 1.0).abs() < 1e-14);
        assert!((vectors[0][0] - vectors[0][1]).abs() < 1e-14);
        let n = 20;
        let entry = |i: usize, j: usize| [2.0, -1.0, 0.0][i.abs_diff(j).min(2)];
        let (values, _) = eigen((0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect());
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
