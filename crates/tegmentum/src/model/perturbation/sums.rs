//! Weighted sums of directions, a part of the parameters at a time: how a learner moves.

use super::Direction;
use crate::kernel::noise::{CHUNK, GROUP};

/// Parameters whose sum of directions is formed at once: 16 KiB, which stay in the L1 cache, and rows enough for the factors
/// of a direction of low rank to be used many times.
pub(super) const SPAN: usize = 4 * GROUP * CHUNK;
/// Parameters whose sum has a buffer of its own size.
const FEW: usize = CHUNK;
/// Normals in a sum from which on threads are worth their start: some tens of microseconds of work.
const WORTH_A_THREAD: usize = 1 << 16;

/// Calls `with(parts, sum)` for each chunk of `Σ_k weight_k · v_k` and the parts of `vectors` `[P]` that belong to it, so that a
/// learner moves its vectors in one pass and keeps no gradient estimate in memory; on all threads if there is work enough. Each
/// parameter is touched once, its terms are added in their order: the result does not depend on the number of threads. Returns
/// whether all calls returned true.
///
/// # Panics
/// In debug builds, if the vectors' lengths differ.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::{Direction, for_each_weighted_part};
/// use tegmentum::random::Key;
///
/// let mut parameters = vec![1.0f32; 10_000];
/// let terms = [(Direction::Rademacher(Key::from_seed(1)), 0.5), (Direction::Rademacher(Key::from_seed(2)), 0.5)];
/// let finite = for_each_weighted_part(&terms, [&mut parameters], |[part], sum| {
///     part.iter_mut().zip(sum).for_each(|(x, step)| *x -= step);
///     part.iter().all(|x| x.is_finite())
/// });
/// assert!(finite && parameters.iter().all(|x| [0.0, 1.0, 2.0].contains(x)));
/// ```
pub fn for_each_weighted_part<const N: usize>(
    terms: &[(Direction, f32)],
    vectors: [&mut [f32]; N],
    with: impl Fn([&mut [f32]; N], &[f32]) -> bool + Sync,
) -> bool {
    for_each_weighted_part_at(terms, vectors, |_, parts, sum| with(parts, sum))
}

/// The same, where `with` is also told the number of the part's first parameter.
pub(crate) fn for_each_weighted_part_at<const N: usize>(
    terms: &[(Direction, f32)],
    vectors: [&mut [f32]; N],
    with: impl Fn(usize, [&mut [f32]; N], &[f32]) -> bool + Sync,
) -> bool {
    debug_assert!(vectors.windows(2).all(|pair| pair[0].len() == pair[1].len()));
    let length = vectors.iter().map(|vector| vector.len()).min().unwrap_or(0);
    // Parts small enough that a slow core does not hold up the others.
    let spans = (WORTH_A_THREAD / SPAN).div_ceil(terms.len().max(1));
    in_parts(terms, 0, length, vectors, spans, &with)
}

/// Halves the range at a border of spans until it is one part, the halves side by side.
fn in_parts<const N: usize>(
    terms: &[(Direction, f32)],
    first: usize,
    length: usize,
    vectors: [&mut [f32]; N],
    spans: usize,
    with: &(impl Fn(usize, [&mut [f32]; N], &[f32]) -> bool + Sync),
) -> bool {
    if length > spans * SPAN {
        let middle = (length / SPAN).div_ceil(2) * SPAN;
        let mut pairs = vectors.map(|vector| {
            let (left, right) = vector.split_at_mut(middle);
            (left, Some(right))
        });
        let right = pairs.each_mut().map(|(_, right)| right.take().unwrap_or_default());
        let left = pairs.map(|(left, _)| left);
        let (a, b) = rayon::join(
            || in_parts(terms, first, middle, left, spans, with),
            || in_parts(terms, first + middle, length - middle, right, spans, with),
        );
        return a && b;
    }
    // A large buffer costs more to clear than the update of a small network.
    if length <= FEW {
        one_part::<N, FEW>(terms, first, length, vectors, with)
    } else {
        one_part::<N, SPAN>(terms, first, length, vectors, with)
    }
}

/// All of the range, `LENGTH` parameters at a time.
#[inline]
fn one_part<const N: usize, const LENGTH: usize>(
    terms: &[(Direction, f32)],
    first: usize,
    length: usize,
    vectors: [&mut [f32]; N],
    with: &(impl Fn(usize, [&mut [f32]; N], &[f32]) -> bool + Sync),
) -> bool {
    let mut rest = vectors;
    let mut fine = true;
    let mut sum = [0.0f32; LENGTH];
    for start in (0..length).step_by(LENGTH) {
        let sum = &mut sum[..LENGTH.min(length - start)];
        write_sum(terms, first + start, sum);
        let parts = rest.each_mut().map(|vector| {
            let (part, others) = std::mem::take(vector).split_at_mut(sum.len());
            *vector = others;
            part
        });
        fine &= with(first + start, parts, sum);
    }
    fine
}

/// Writes `Σ_k weight_k · v_k` of the parameters from `start` on to `sum`.
fn write_sum(terms: &[(Direction, f32)], start: usize, sum: &mut [f32]) {
    let Some(((direction, weight), others)) = terms.split_first() else { return sum.fill(0.0) };
    direction.write_chunk(start / CHUNK, *weight, sum);
    for (direction, weight) in others {
        direction.add_chunk(start / CHUNK, *weight, sum);
    }
}
