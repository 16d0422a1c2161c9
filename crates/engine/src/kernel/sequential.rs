//! Weight perturbation on a small perceptron, update after update: lanes are probes with all examples each.
//!
//! One update is a chain of dependent operations: its time is set by their latencies and not by their number. So every
//! parameter is kept in all lanes, the probes of a pair are evaluated at once, and the directions of many updates, which
//! do not depend on the results of the ones before, are made in advance and side by side.
//!
//! The arithmetic is that of the weight-perturbation optimizer on a network's loss, operation by operation.
//!
//! Cost: 2 P operations in 16 lanes and hidden + outputs activations for the probes that fit into 16 lanes.

use super::aligned::Row16;
use super::many_keys::{KEYS, Lanes};
use super::perceptron::Shape;
use super::simd::{Vector, dispatch};

/// Most directions of an update that are tried one after the other.
pub const MAX_DIRECTIONS: usize = KEYS - 1;

/// What stays the same from update to update.
#[derive(Clone, Copy, Debug)]
pub struct UpdatePlan {
    /// The perceptron and its loss.
    pub shape: Shape,
    /// Examples, at most 16.
    pub count: usize,
    /// 1/(examples · outputs), or 1/examples for cross-entropy.
    pub per_term: f64,
    /// K, at most [`MAX_DIRECTIONS`].
    pub directions: usize,
    /// Whether a direction is tried with both signs; otherwise it is compared with the unperturbed model.
    pub two_sided: bool,
}

impl UpdatePlan {
    /// Evaluations of an update.
    pub fn probes(&self) -> usize {
        if self.two_sided { 2 * self.directions } else { self.directions + 1 }
    }

    /// The probes whose difference is the slope along direction `k`.
    #[inline(always)]
    pub fn probes_of(&self, k: usize) -> [usize; 2] {
        if self.two_sided { [2 * k, 2 * k + 1] } else { [k + 1, 0] }
    }
}

/// Parameters and scratch of one model during a run of updates.
#[derive(Clone, Debug)]
pub struct SequentialState {
    /// Lanes of a probe: 4, 8 or 16, as the examples need.
    pub width: usize,
    /// Each parameter in all lanes, [P × 16].
    pub parameters: Vec<Row16>,
    /// The examples, again for each probe: [inputs × 16].
    pub inputs: Vec<[Row16; 1]>,
    /// [outputs × 16].
    pub targets: Vec<[Row16; 1]>,
    /// Work space, [hidden × 16].
    pub hidden: Vec<[Row16; 1]>,
    /// The scales of the probes of an update in their lanes, [groups × 16]; made for each call.
    pub scales: Vec<Row16>,
}

/// Updates to be made.
#[derive(Debug)]
pub struct Updates<'a> {
    /// Directions of all updates: groups of 16, [groups × P × 16].
    pub directions: &'a [Row16],
    /// Place of the first one among them.
    pub first: usize,
    /// σ of the probes.
    pub scale: f32,
    /// For each update the factor on a slope: rate · 1/K.
    pub rates: &'a [f64],
    /// The losses of all probes, [updates × probes]; written.
    pub losses: &'a mut [f64],
    /// Updates made: all, or up to and with the one that made a parameter NaN or infinite; written.
    pub made: usize,
    /// Whether all parameters are finite; written.
    pub finite: bool,
}

impl SequentialState {
    /// The state at `start` `[P]` for examples in rows: `inputs` [count × inputs], `targets` [count × outputs].
    pub fn new(shape: &Shape, count: usize, [inputs, targets]: [&[f32]; 2], start: &[f32]) -> Self {
        let width = count.next_power_of_two().clamp(4, KEYS);
        let rows = |values: &[f32], columns: usize| -> Vec<[Row16; 1]> {
            let example = |lane: usize| (lane % width).min(count - 1);
            (0..columns).map(|row| [Row16(std::array::from_fn(|lane| values[example(lane) * columns + row]))]).collect()
        };
        Self {
            width,
            parameters: start.iter().map(|value| Row16([*value; KEYS])).collect(),
            inputs: rows(inputs, shape.inputs),
            targets: rows(targets, shape.outputs),
            hidden: vec![[Row16::ZERO]; shape.hidden],
            scales: Vec::new(),
        }
    }

    /// Writes the parameters `[P]`.
    pub fn write(&self, parameters: &mut [f32]) {
        for (value, row) in parameters.iter_mut().zip(&self.parameters) {
            *value = row.0[0];
        }
    }

    /// Lays out the scales of the probes of an update. Slots without a probe repeat the last one.
    fn set_scales(&mut self, plan: &UpdatePlan, scale: f32) {
        let slots = KEYS / self.width;
        self.scales.resize(plan.probes().div_ceil(slots), Row16::ZERO);
        for (group, row) in self.scales.iter_mut().enumerate() {
            for (slot, lanes) in row.0.chunks_exact_mut(self.width).enumerate() {
                lanes.fill(probe(plan, scale, (group * slots + slot).min(plan.probes() - 1)).1);
            }
        }
    }
}

dispatch! {
    /// Makes the updates.
    pub fn make_updates<S: Simd>(numerics: Numerics, plan: &UpdatePlan, state: &mut SequentialState, updates: &mut Updates<'_>) {
        state.set_scales(plan, updates.scale);
        let per_update = plan.probes();
        (updates.made, updates.finite) = (0, true);
        let steps = updates.rates.iter().zip(updates.losses.chunks_exact_mut(per_update));
        for (update, (rate, losses)) in steps.enumerate() {
            let own = UpdateDirections {
                rows: updates.directions,
                first: updates.first + update * plan.directions,
                length: plan.shape.num_parameters(),
            };
            evaluate::<S::F32x16>(plan, state, own, losses);
            let mut weights = [0.0; KEYS];
            for (k, weight) in weights.iter_mut().enumerate().take(plan.directions) {
                *weight = factor(plan, updates.scale, *rate, |probe| losses[probe], k);
            }
            updates.made = update + 1;
            updates.finite = descend::<S::F32x16>(&mut state.parameters, own, &weights[..plan.directions]);
            if !updates.finite {
                break;
            }
        }
    }
}

/// The directions of one update.
#[derive(Clone, Copy)]
struct UpdateDirections<'a> {
    rows: &'a [Row16],
    first: usize,
    length: usize,
}

impl<'a> UpdateDirections<'a> {
    /// The rows in which direction `k` has a lane, and the lane.
    #[inline(always)]
    fn direction(&self, k: usize) -> (&'a [Row16], usize) {
        let place = self.first + k;
        let start = place / KEYS * self.length;
        (&self.rows[start..start + self.length], place % KEYS)
    }
}

/// Direction and scale of a probe. A scale of −0 adds nothing, not even to a negative zero, to what a direction with
/// positive entries is added to; no loss tells one zero from the other.
#[inline(always)]
pub(super) fn probe(plan: &UpdatePlan, scale: f32, index: usize) -> (usize, f32) {
    match (plan.two_sided, index) {
        (true, _) if index.is_multiple_of(2) => (index / 2, scale),
        (true, _) => (index / 2, -scale),
        (false, 0) => (0, -0.0),
        (false, _) => (index - 1, scale),
    }
}

/// The losses of all probes, as many at a time as there is room for.
#[inline(always)]
fn evaluate<V: Vector<16>>(
    plan: &UpdatePlan,
    state: &mut SequentialState,
    own: UpdateDirections<'_>,
    losses: &mut [f64],
) {
    let SequentialState { width, parameters, inputs, targets, hidden, scales } = state;
    let (width, parameters) = (*width, &parameters[..own.length]);
    let slots = KEYS / width;
    let mut found = Row16::ZERO;
    for (group, (losses, scales)) in losses.chunks_mut(slots).zip(scales).enumerate() {
        let scales = V::load(scales);
        let of_slot = |slot: usize| probe(plan, 1.0, group * slots + slot.min(losses.len() - 1)).0;
        let [loss] = if of_slot(0) == of_slot(slots - 1) {
            let (rows, lane) = own.direction(of_slot(0));
            plan.shape.losses::<V, 1>(
                #[inline(always)]
                |index| V::load(&parameters[index]).add(scales.multiply(V::splat(rows[index].0[lane]))),
                inputs,
                targets,
                hidden,
            )
        } else {
            plan.shape.losses::<V, 1>(
                #[inline(always)]
                |index| {
                    let mut direction = Row16::ZERO;
                    for (slot, lanes) in direction.0.chunks_exact_mut(width).enumerate() {
                        let (rows, lane) = own.direction(of_slot(slot));
                        lanes.fill(rows[index].0[lane]);
                    }
                    V::load(&parameters[index]).add(scales.multiply(V::load(&direction)))
                },
                inputs,
                targets,
                hidden,
            )
        };
        loss.store(&mut found);
        for (loss, own) in losses.iter_mut().zip(found.0.chunks_exact(width)) {
            // In the order of the examples.
            *loss = own[..plan.count].iter().map(|loss| f64::from(*loss)).sum::<f64>() * plan.per_term;
        }
    }
}

/// The factor on direction `k`: what its slope is multiplied with, or 0 for a slope that is not finite. `loss` is that of a
/// probe.
#[inline(always)]
fn factor(plan: &UpdatePlan, scale: f32, rate: f64, loss: impl Fn(usize) -> f64, k: usize) -> f32 {
    let [first, second] = plan.probes_of(k);
    factor_of(plan, scale, rate, [loss(first), loss(second)])
}

/// The same from the losses that the slope is the difference of.
#[inline(always)]
fn factor_of(plan: &UpdatePlan, scale: f32, rate: f64, [first, second]: [f64; 2]) -> f32 {
    let scale = f64::from(scale);
    let slope = (first - second) / if plan.two_sided { 2.0 * scale } else { scale };
    (rate * if slope.is_finite() { slope } else { 0.0 }) as f32
}

dispatch! {
    /// `factor_of` in all lanes.
    pub fn write_factors(plan: &UpdatePlan, scale: f32, rate: f64, losses: &[Lanes<f64>; 2], factors: &mut Row16) {
        for lane in 0..KEYS {
            factors.0[lane] = factor_of(plan, scale, rate, [losses[0][lane], losses[1][lane]]);
        }
    }
}

/// Subtracts the weighted directions and returns whether all parameters are finite.
#[inline(always)]
fn descend<V: Vector<16>>(parameters: &mut [Row16], own: UpdateDirections<'_>, weights: &[f32]) -> bool {
    let zero = V::splat(0.0);
    // A sum of zeros, unless a number is infinite or NaN.
    let mut check = zero;
    for (index, row) in parameters.iter_mut().enumerate() {
        let mut step = zero;
        for (k, weight) in weights.iter().enumerate() {
            let (rows, lane) = own.direction(k);
            step = step.add(V::splat(*weight).multiply(V::splat(rows[index].0[lane])));
        }
        let value = V::load(row).subtract(step);
        value.store(row);
        check = check.add(zero.multiply(value));
    }
    let mut sum = Row16::ZERO;
    check.store(&mut sum);
    sum.0[0] == 0.0
}

/// Whether all numbers are finite.
pub fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}
