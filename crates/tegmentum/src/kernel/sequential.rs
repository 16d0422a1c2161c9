//! Weight perturbation on a small perceptron, update after update: lanes are two probes with all examples each.
//!
//! One update is a chain of dependent operations, its length set by their latencies and not by their number. So every
//! parameter is kept in all lanes, both probes of a pair are evaluated at once, and the directions of many updates, which
//! do not depend on what came of the ones before, are made in advance and side by side.
//!
//! The arithmetic is that of [`Exploration`](crate::optimizers), [`Iterate`](crate::optimizers) and
//! [`NetworkLoss`](crate::objectives::NetworkLoss), operation by operation.
//!
//! Cost of a pair: 2 P operations in `N` lanes and (hidden + outputs) activations.

use super::arithmetic::Arithmetic;
use super::computed;
use super::many_keys::{KEYS, Lanes};
use super::perceptron::Shape;

/// Most directions of an update that are tried one after the other.
pub(crate) const MOST_DIRECTIONS: usize = KEYS - 1;

/// What stays the same from update to update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    /// Examples, at most N/2.
    pub(crate) count: usize,
    /// 1/(examples · outputs), or 1/examples for cross-entropy.
    pub(crate) per_term: f64,
    /// K, at most [`MOST_DIRECTIONS`].
    pub(crate) directions: usize,
    pub(crate) two_sided: bool,
}

impl Plan {
    /// Evaluations of an update.
    pub(crate) fn probes(&self) -> usize {
        if self.two_sided { 2 * self.directions } else { self.directions + 1 }
    }
}

/// A model on its way, and what it needs to be evaluated: rows of `N` lanes, the second half like the first.
#[derive(Clone, Debug)]
pub(crate) struct Traveller<const N: usize> {
    /// Each parameter in all lanes, [P × N].
    pub(crate) parameters: Vec<[f32; N]>,
    pub(crate) inputs: Vec<[f32; N]>,
    pub(crate) targets: Vec<[f32; N]>,
    /// Work space, [hidden × N].
    pub(crate) hidden: Vec<[f32; N]>,
}

/// Updates to be made.
#[derive(Debug)]
pub(crate) struct Updates<'a> {
    /// Directions of all updates: groups of 16, [groups × P × 16].
    pub(crate) directions: &'a [Lanes<f32>],
    /// Place of the first one among them.
    pub(crate) first: usize,
    /// σ of the probes.
    pub(crate) scale: f32,
    /// For each update the factor on a slope: rate · 1/K.
    pub(crate) rates: &'a [f64],
    /// The losses of all probes, [updates × probes]; written.
    pub(crate) losses: &'a mut [f64],
    /// Updates made: all, or up to and with the one that made a parameter NaN or infinite; written.
    pub(crate) made: usize,
    /// Whether all parameters are finite; written.
    pub(crate) finite: bool,
}

computed! {
    /// Makes the updates.
    pub(crate) fn make_updates<A: Arithmetic, const N: usize>(
        plan: &Plan,
        traveller: &mut Traveller<N>,
        updates: &mut Updates<'_>,
    ) {
        let per_update = plan.probes();
        (updates.made, updates.finite) = (0, true);
        let steps = updates.rates.iter().zip(updates.losses.chunks_exact_mut(per_update));
        for (update, (rate, losses)) in steps.enumerate() {
            let own = Own {
                rows: updates.directions,
                first: updates.first + update * plan.directions,
                length: plan.shape.num_parameters(),
            };
            evaluate::<A, N>(plan, traveller, own, updates.scale, losses);
            let mut weights = [0.0; KEYS];
            for (k, weight) in weights.iter_mut().enumerate().take(plan.directions) {
                *weight = factor(plan, updates.scale, *rate, losses, k);
            }
            updates.made = update + 1;
            updates.finite = descend(&mut traveller.parameters, own, &weights[..plan.directions]);
            if !updates.finite {
                break;
            }
        }
    }
}

/// The directions of one update.
#[derive(Clone, Copy)]
struct Own<'a> {
    rows: &'a [Lanes<f32>],
    first: usize,
    length: usize,
}

impl<'a> Own<'a> {
    /// The rows in which direction `k` has a lane, and the lane.
    #[inline(always)]
    fn direction(&self, k: usize) -> (&'a [Lanes<f32>], usize) {
        let place = self.first + k;
        let start = place / KEYS * self.length;
        (&self.rows[start..start + self.length], place % KEYS)
    }
}

/// Direction and scale of a probe. A scale of −0 adds nothing, not even to a negative zero, to what a direction with
/// positive entries is added to; no loss tells one zero from the other.
#[inline(always)]
fn probe(plan: &Plan, scale: f32, index: usize) -> (usize, f32) {
    match (plan.two_sided, index) {
        (true, _) if index % 2 == 0 => (index / 2, scale),
        (true, _) => (index / 2, -scale),
        (false, 0) => (0, -0.0),
        (false, _) => (index - 1, scale),
    }
}

/// The losses of all probes, two at a time.
#[inline(always)]
fn evaluate<A: Arithmetic, const N: usize>(
    plan: &Plan,
    traveller: &mut Traveller<N>,
    own: Own<'_>,
    scale: f32,
    losses: &mut [f64],
) {
    let Traveller { parameters, inputs, targets, hidden } = traveller;
    let parameters = &parameters[..own.length];
    for (pair, losses) in losses.chunks_mut(2).enumerate() {
        let (k, first_scale) = probe(plan, scale, 2 * pair);
        let (other_k, second_scale) = if losses.len() == 2 { probe(plan, scale, 2 * pair + 1) } else { (k, first_scale) };
        let ((rows, lane), (other_rows, other_lane)) = (own.direction(k), own.direction(other_k));
        let candidate = |index: usize, at: usize| {
            let (direction, scale) = if at < N / 2 {
                (rows[index][lane], first_scale)
            } else {
                (other_rows[index][other_lane], second_scale)
            };
            parameters[index][at] + scale * direction
        };
        let mut found = [0.0; N];
        plan.shape.losses::<A, N>(candidate, inputs, targets, hidden, &mut found);
        for (half, loss) in losses.iter_mut().enumerate() {
            let own = &found[half * (N / 2)..half * (N / 2) + plan.count];
            *loss = own.iter().map(|loss| f64::from(*loss)).sum::<f64>() * plan.per_term;
        }
    }
}

/// The factor on direction `k`: what its slope is multiplied with, or 0 for a slope that is not finite.
#[inline(always)]
pub(crate) fn factor(plan: &Plan, scale: f32, rate: f64, losses: &[f64], k: usize) -> f32 {
    let scale = f64::from(scale);
    let slope = if plan.two_sided {
        (losses[2 * k] - losses[2 * k + 1]) / (2.0 * scale)
    } else {
        (losses[k + 1] - losses[0]) / scale
    };
    (rate * if slope.is_finite() { slope } else { 0.0 }) as f32
}

/// Subtracts the weighted directions and returns whether all parameters are finite.
#[inline(always)]
fn descend<const N: usize>(parameters: &mut [[f32; N]], own: Own<'_>, weights: &[f32]) -> bool {
    let mut largest = [0u32; N];
    let (rows, lane) = own.direction(0);
    for (index, row) in parameters.iter_mut().enumerate() {
        let mut step = 0.0 + weights[0] * rows[index][lane];
        for (k, weight) in weights.iter().enumerate().skip(1) {
            let (rows, lane) = own.direction(k);
            step += weight * rows[index][lane];
        }
        for lane in 0..N {
            row[lane] -= step;
            largest[lane] = largest[lane].max(magnitude(row[lane]));
        }
    }
    largest.iter().all(|bits| *bits < INFINITE)
}

/// The bits of infinity; those of a NaN are above, without their sign.
const INFINITE: u32 = 0x7F80_0000;

/// The bits without the sign.
#[inline(always)]
fn magnitude(value: f32) -> u32 {
    value.to_bits() & !(1 << 31)
}

/// Whether all numbers are finite.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| magnitude(*value) < INFINITE)
}
