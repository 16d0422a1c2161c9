//! Directions of low rank: a product of two thin matrices for each matrix of a network.
//!
//! ```text
//!     V = r^(−½) Σ_q a_q b_q'            one matrix [inputs × units] of the network
//!     (W + σV)' u = W' u + σ r^(−½) Σ_q b_q (a_q' u)
//! ```
//! a_q `[inputs]`, b_q `[units]` independent standard normals, q = 1 … r · biases have independent normals of their own. Every entry of V has
//! mean 0 and variance 1, and no two entries are correlated, so that the estimate of a gradient is as unbiased as one from independent
//! normals; entries of a row or a column depend on each other beyond that, which adds variance.
//!
//! # What it is for
//! A population shares `W' u` where its members see the same `u`: in the first layer of a perceptron. There a member costs
//! 2 r (inputs + units) operations instead of 2 · inputs · units. Everywhere it takes r (inputs + units) normals instead of
//! inputs · units.
//!
//! # Cost
//! Of moving along the direction: 2 r operations for each parameter, and for each 4096 parameters r (units + 128) normals, or
//! as many as parameters if a row is longer.
//!
//! Reference: Sarkar et al., *Evolution strategies at the hyperscale*, 2025 (EGGROLL); the scale r^(−½) is theirs.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_one};
use crate::kernel::lanes::add_scaled;
use crate::kernel::noise::{CHUNK, write_normals};
use crate::model::network::Network;
use crate::random::Key;

/// A block of parameters: a matrix, or a vector where it has one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Index of its first parameter.
    pub offset: usize,
    /// Rows (inputs).
    pub rows: usize,
    /// Columns (units).
    pub columns: usize,
}

impl Matrix {
    fn range(self) -> Range<usize> {
        self.offset..self.offset + self.rows * self.columns
    }

    /// Whether its direction is a vector of normals and not a product.
    pub(crate) fn is_vector(self) -> bool {
        self.rows == 1
    }
}

/// The matrices of a parameter vector, in order and without gaps. Kept for the life of the process, once for each network
/// of another shape, so that a recipe can name it in a few bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout(&'static [Matrix]);

impl Layout {
    /// The weights and biases of a network's connections.
    pub fn of(network: &dyn Network) -> Self {
        static KNOWN: Mutex<Vec<Layout>> = Mutex::new(Vec::new());
        let mut matrices = Vec::new();
        for connection in network.connections() {
            let columns = connection.units.len();
            matrices.push(Matrix { offset: connection.weights.start, rows: connection.presynaptic.len(), columns });
            matrices.push(Matrix { offset: connection.bias.start, rows: 1, columns });
        }
        matrices.sort_by_key(|matrix| matrix.offset);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known.iter().find(|layout| layout.0 == matrices) {
            return *layout;
        }
        let layout = Self(matrices.leak());
        known.push(layout);
        layout
    }

    /// The matrices, in the order of their parameters.
    pub fn matrices(self) -> &'static [Matrix] {
        self.0
    }

    /// Number of parameters P.
    pub fn num_parameters(self) -> usize {
        self.0.last().map_or(0, |matrix| matrix.range().end)
    }

    /// The number of the matrix that begins at a parameter.
    pub(crate) fn index_of(self, offset: usize) -> Option<usize> {
        self.0.binary_search_by_key(&offset, |matrix| matrix.offset).ok()
    }
}

/// Directions of low rank as a setting.
///
/// # Example
/// ```
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::model::perturbation::Family;
/// use tegmentum::random::Key;
///
/// #[derive(serde::Deserialize)]
/// struct Setting { family: Family }
/// let setting: Setting = toml::from_str("family = { low_rank = { rank = 2 } }")?;
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [32]")?.build(8, 2)?;
/// let family = setting.family.for_network(&*network);
/// family.check(network.num_parameters())?;
/// let mut parameters = vec![0.0; network.num_parameters()];
/// family.direction(Key::from_seed(1)).add_to(1.0, &mut parameters);
/// assert!(parameters.iter().all(|x| *x != 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowRank {
    /// r, at least 1.
    pub rank: usize,
    /// The matrices; a study fills them in.
    #[serde(skip)]
    pub layout: Layout,
}

impl LowRank {
    /// The same for the parameters of `network`.
    #[must_use]
    pub fn for_network(self, network: &dyn Network) -> Self {
        Self { layout: Layout::of(network), ..self }
    }

    /// The direction with `key`.
    pub fn direction(self, key: Key) -> LowRankDirection {
        LowRankDirection { key, rank: self.rank, layout: self.layout }
    }

    pub(super) fn check(self, num_parameters: usize) -> Result<()> {
        at_least_one("family.low_rank.rank", self.rank)?;
        if self.layout.num_parameters() != num_parameters {
            return Err(Error::Incompatible {
                what: "family = { low_rank = … }".to_owned(),
                with: format!(
                    "a layout of {} parameters, where the objective has {num_parameters}",
                    self.layout.num_parameters()
                ),
                reason: "it perturbs the matrices of a network, which an objective without one does not have; \
                         Family::for_network names them, or use \"rademacher\" or \"gaussian\""
                    .to_owned(),
            });
        }
        Ok(())
    }
}

/// A direction of low rank, as a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowRankDirection {
    key: Key,
    /// r.
    pub rank: usize,
    /// The matrices.
    pub layout: Layout,
}

impl LowRankDirection {
    /// The key of a_q (or of a vector's normals, `q` = 0).
    pub(crate) fn left(self, matrix: usize, q: usize) -> Key {
        self.key.child(matrix as u64).child(2 * q as u64)
    }

    /// The key of b_q.
    pub(crate) fn right(self, matrix: usize, q: usize) -> Key {
        self.key.child(matrix as u64).child(2 * q as u64 + 1)
    }

    /// The factor r^(−½) that belongs to every product.
    pub(crate) fn scale(self) -> f32 {
        1.0 / (self.rank as f32).sqrt()
    }

    /// Adds `scale · v[start ..]` to `target`.
    pub(super) fn add(self, start: usize, scale: f32, target: &mut [f32]) {
        self.for_each_part(start, target.len(), scale, |range, factor, values| {
            add_scaled(factor, values, &mut target[range]);
        });
    }

    /// Adds it to `plus` and takes it from `minus`.
    pub(super) fn add_pair(self, start: usize, scale: f32, plus: &mut [f32], minus: &mut [f32]) {
        self.for_each_part(start, plus.len().min(minus.len()), scale, |range, factor, values| {
            add_scaled(factor, values, &mut plus[range.clone()]);
            add_scaled(-factor, values, &mut minus[range]);
        });
    }

    /// Calls `with(range, factor, values)` so often that the sum of `factor · values` is `scale · v` of the `length` parameters from
    /// `start` on; `range` counts from `start`.
    fn for_each_part(self, start: usize, length: usize, scale: f32, mut with: impl FnMut(Range<usize>, f32, &[f32])) {
        let mut chunk = [0.0; CHUNK];
        for (index, matrix) in self.layout.0.iter().enumerate() {
            let own = matrix.range();
            let range = own.start.max(start)..own.end.min(start + length);
            if range.is_empty() {
                continue;
            }
            if matrix.is_vector() {
                for (number, values) in chunks(&(range.start - own.start..range.end - own.start)) {
                    write_normals(self.left(index, 0), number as u64, &mut chunk);
                    let at = own.start + values.start - start;
                    let inside = values.start - number * CHUNK..values.end - number * CHUNK;
                    with(at..at + values.len(), scale, &chunk[inside]);
                }
                continue;
            }
            for q in 0..self.rank {
                self.for_each_row_part(index, q, &range, scale * self.scale(), |at, factor, values| {
                    with(at - start..at - start + values.len(), factor, values);
                });
            }
        }
    }

    /// The parts of one product in a range of the parameters, all inside its matrix: a row's factor and some of its columns.
    fn for_each_row_part(
        self,
        index: usize,
        q: usize,
        range: &Range<usize>,
        scale: f32,
        mut with: impl FnMut(usize, f32, &[f32]),
    ) {
        let Matrix { offset, columns, .. } = self.layout.0[index];
        let inside = range.start - offset..range.end - offset;
        let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
        let rows = inside.start / columns..inside.end.div_ceil(columns);
        for (row_chunk, rows) in chunks(&rows) {
            write_normals(self.left(index, q), row_chunk as u64, &mut left);
            for (column_chunk, all) in chunks(&(0..columns)) {
                // The columns of these rows that lie in the range.
                let first = inside.start.saturating_sub(rows.start * columns).min(columns);
                if rows.len() == 1 && (all.end <= first || rows.start * columns + all.start >= inside.end) {
                    continue;
                }
                write_normals(self.right(index, q), column_chunk as u64, &mut right);
                for row in rows.clone() {
                    let begin = (row * columns + all.start).max(inside.start);
                    let end = (row * columns + all.end).min(inside.end);
                    if begin < end {
                        let from = begin - row * columns - column_chunk * CHUNK;
                        let factor = scale * left[row - row_chunk * CHUNK];
                        with(offset + begin, factor, &right[from..from + (end - begin)]);
                    }
                }
            }
        }
    }
}

/// The chunks of normals that a range touches, each with the part of the range that lies in it.
fn chunks(range: &Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
    let (start, end) = (range.start, range.end);
    (start / CHUNK..end.div_ceil(CHUNK))
        .map(move |number| (number, start.max(number * CHUNK)..end.min((number + 1) * CHUNK)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::networks::NetworkConfig;
    use crate::model::perturbation::{Direction, Family};

    fn direction(rank: usize, seed: u64) -> (Vec<(usize, usize, usize)>, LowRankDirection) {
        let config: NetworkConfig = toml::from_str("[mlp]\nhidden = [150, 6]").unwrap();
        let network = config.build(140, 2).unwrap();
        let family = LowRank { rank, layout: Layout::default() }.for_network(&*network);
        family.check(network.num_parameters()).unwrap();
        let blocks = network.blocks().iter().map(|block| (block.offset, block.rows, block.columns)).collect();
        (blocks, family.direction(Key::from_seed(seed)))
    }

    fn written(direction: LowRankDirection) -> Vec<f32> {
        let mut values = vec![0.0; direction.layout.num_parameters()];
        direction.add(0, 1.0, &mut values);
        values
    }

    #[test]
    fn matrices_are_products_of_their_factors() {
        let (blocks, direction) = direction(3, 1);
        let found = written(direction);
        for (index, (offset, rows, columns)) in blocks.into_iter().enumerate() {
            if rows == 1 {
                continue;
            }
            for (i, j) in [(0, 0), (rows - 1, columns - 1), (rows / 2, columns / 3)] {
                let normal = |key: Key, at: usize| {
                    let mut all = vec![0.0f32; at + 1];
                    crate::kernel::noise::add_normals(key, 0, 1.0, &mut all);
                    f64::from(all[at])
                };
                let exact: f64 = (0..3)
                    .map(|q| normal(direction.left(index, q), i) * normal(direction.right(index, q), j))
                    .sum::<f64>()
                    / 3f64.sqrt();
                assert!((f64::from(found[offset + i * columns + j]) - exact).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn any_part_is_a_part_of_the_whole() {
        let (_, low_rank) = direction(2, 2);
        let whole = written(low_rank);
        let direction = Direction::LowRank(low_rank);
        for (first, length) in [(0, 1), (1, 700), (3, 128), (100, 9000), (161, 200), (164, 2000)] {
            let start = first * CHUNK;
            let length = length.min(whole.len() - start);
            let (mut plus, mut minus, mut alone) = (vec![0.0; length], vec![0.0; length], vec![0.0; length]);
            direction.add_pair(first, 1.0, &mut plus, &mut minus);
            direction.add_chunk(first, 1.0, &mut alone);
            assert_eq!(alone, whole[start..start + length], "{first}, {length}");
            assert_eq!(plus, alone);
            assert!(plus.iter().zip(&minus).all(|(plus, minus)| *plus == -minus));
        }
    }

    /// Mean 0 and variance 1 of single entries, and no correlation of two in a row: what makes the estimate unbiased.
    #[test]
    fn entries_have_unit_variance_and_no_correlation() {
        const DRAWS: u64 = 20_000;
        let config: NetworkConfig = toml::from_str("[mlp]\nhidden = [5]").unwrap();
        let network = config.build(4, 2).unwrap();
        for rank in [1, 2] {
            let family = Family::LowRank(LowRank { rank, layout: Layout::default() }).for_network(&*network);
            let (mut mean, mut square, mut cross) = (0.0, 0.0, 0.0);
            for draw in 0..DRAWS {
                let mut values = vec![0.0f32; network.num_parameters()];
                family.direction(Key::from_seed(3).child(draw)).add_to(1.0, &mut values);
                let (a, b) = (f64::from(values[6]), f64::from(values[7]));
                mean += a / DRAWS as f64;
                square += a * a / DRAWS as f64;
                cross += a * b / DRAWS as f64;
            }
            // Four standard errors: E a⁴ = 9 at rank 1, so that the square's is √(8/20 000) = .02.
            assert!(mean.abs() < 0.03 && (square - 1.0).abs() < 0.08 && cross.abs() < 0.05, "{mean} {square} {cross}");
        }
    }

    #[test]
    fn layouts_are_kept_once_and_must_fit() {
        let (_, first) = direction(1, 1);
        let (_, second) = direction(4, 2);
        assert!(std::ptr::eq(first.layout.0, second.layout.0));
        let without = LowRank { rank: 1, layout: Layout::default() };
        assert!(without.check(10).unwrap_err().to_string().contains("for_network"));
        assert!(LowRank { rank: 0, layout: first.layout }.check(first.layout.num_parameters()).is_err());
    }
}
