//! Weight perturbation with many directions on a small perceptron: lanes are 16 directions, examples come in turn.
//!
//! The candidates of 16 directions lie side by side, [P × 16]: all their losses are computed at once, first for one sign, then
//! for the other. What is summed over directions is summed in their order, one lane after the other.
//!
//! Cost: as [`perceptron`](super::perceptron); 3 P operations more for each direction.

use super::many_keys::{KEYS, Lanes};
use super::perceptron::{ExampleRows, Shape, Workspace, mean_losses};
use super::sequential::{Plan, Updates, all_finite, factor};
use super::{Kernel, dispatched};

/// Work space of a population.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// [P × 16].
    candidates: Vec<Lanes<f32>>,
    space: Workspace,
    /// `[P]`.
    step: Vec<f32>,
}

impl Population {
    pub(crate) fn new(shape: &Shape) -> Self {
        let length = shape.num_parameters();
        Self { candidates: vec![[0.0; KEYS]; length], space: Workspace::new(shape), step: vec![0.0; length] }
    }
}

/// Makes one update of `parameters` `[P]`; `updates` has one rate and begins with the first direction of a group.
pub(crate) fn update_population(
    kernel: Kernel,
    plan: &Plan,
    examples: ExampleRows<'_>,
    population: &mut Population,
    parameters: &mut [f32],
    updates: &mut Updates<'_>,
) {
    let length = parameters.len();
    let Population { candidates, space, step } = population;
    let mut found = [0.0; KEYS];
    if !plan.two_sided {
        perturb(parameters, -0.0, updates.directions, candidates);
        mean_losses(kernel, &plan.shape, examples, candidates, space, &mut found);
        updates.losses[0] = found[0];
    }
    step.fill(0.0);
    for (group, directions) in updates.directions.chunks_exact(length).enumerate() {
        let own = group * KEYS..plan.directions.min((group + 1) * KEYS);
        let signs: &[f32] = if plan.two_sided { &[1.0, -1.0] } else { &[1.0] };
        for (side, sign) in signs.iter().enumerate() {
            perturb(parameters, sign * updates.scale, directions, candidates);
            mean_losses(kernel, &plan.shape, examples, candidates, space, &mut found);
            for (k, loss) in own.clone().zip(found) {
                updates.losses[if plan.two_sided { 2 * k + side } else { k + 1 }] = loss;
            }
        }
        let mut weights = [0.0; KEYS];
        for (k, weight) in own.clone().zip(&mut weights) {
            *weight = factor(plan, updates.scale, updates.rates[0], updates.losses, k);
        }
        add_weighted(directions, &weights[..own.len()], step);
    }
    for (value, step) in parameters.iter_mut().zip(step) {
        *value -= *step;
    }
    updates.made = 1;
    updates.finite = all_finite(parameters);
}

dispatched! {
    /// The candidates `parameters + scale · direction`: `parameters` `[P]`, `directions`, `candidates` [P × 16].
    pub(crate) fn perturb(parameters: &[f32], scale: f32, directions: &[Lanes<f32>], candidates: &mut [Lanes<f32>]) {
        for ((candidate, value), direction) in candidates.iter_mut().zip(parameters).zip(directions) {
            for lane in 0..KEYS {
                candidate[lane] = value + scale * direction[lane];
            }
        }
    }
}

dispatched! {
    /// Adds the weighted directions, one after the other: `directions` [P × 16], at most 16 `weights`, `step` `[P]`.
    fn add_weighted(directions: &[Lanes<f32>], weights: &[f32], step: &mut [f32]) {
        for (step, direction) in step.iter_mut().zip(directions) {
            for (weight, entry) in weights.iter().zip(direction) {
                *step += weight * entry;
            }
        }
    }
}
