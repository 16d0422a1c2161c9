//! Weight perturbation with many directions on a small perceptron: lanes are 16 directions, examples come in turn.
//!
//! The candidates of 16 directions lie side by side, [P × 16]: all their losses are computed at once, first for one sign, then
//! for the other. What is summed over directions is summed in their order, one lane after the other.
//!
//! Cost: as [`perceptron`](super::perceptron); 3 P operations more for each direction.

use super::Kernel;
use super::many_keys::KEYS;
use super::perceptron::{Shape, Workspace, mean_losses};
use super::sequential::{Plan, Updates, all_finite, factor};
use super::sixteen::{Row, vectorised};

/// Work space of a population.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// [P × 16].
    candidates: Vec<Row>,
    space: Workspace,
    /// `[P]`.
    step: Vec<f32>,
}

impl Population {
    pub(crate) fn new(shape: &Shape, space: Workspace) -> Self {
        let length = shape.num_parameters();
        Self { candidates: vec![Row::ZERO; length], space, step: vec![0.0; length] }
    }
}

/// Makes one update of `parameters` `[P]`; `updates` has one rate and begins with the first direction of a group.
pub(crate) fn update_population(
    kernel: Kernel,
    plan: &Plan,
    population: &mut Population,
    parameters: &mut [f32],
    updates: &mut Updates<'_>,
) {
    let length = parameters.len();
    let Population { candidates, space, step } = population;
    let mut found = [0.0; KEYS];
    if !plan.two_sided {
        perturb(kernel, parameters, -0.0, updates.directions, candidates);
        mean_losses(kernel, &plan.shape, plan.per_term, candidates, space, &mut found);
        updates.losses[0] = found[0];
    }
    step.fill(0.0);
    for (group, directions) in updates.directions.chunks_exact(length).enumerate() {
        let own = group * KEYS..plan.directions.min((group + 1) * KEYS);
        let signs: &[f32] = if plan.two_sided { &[1.0, -1.0] } else { &[1.0] };
        for (side, sign) in signs.iter().enumerate() {
            perturb(kernel, parameters, sign * updates.scale, directions, candidates);
            mean_losses(kernel, &plan.shape, plan.per_term, candidates, space, &mut found);
            for (k, loss) in own.clone().zip(found) {
                updates.losses[if plan.two_sided { 2 * k + side } else { k + 1 }] = loss;
            }
        }
        let mut weights = Row::ZERO;
        for (k, weight) in own.clone().zip(&mut weights.0) {
            *weight = factor(plan, updates.scale, updates.rates[0], |probe| updates.losses[probe], k);
        }
        add_weighted(kernel, directions, &weights, own.len(), step);
    }
    for (value, step) in parameters.iter_mut().zip(step) {
        *value -= *step;
    }
    updates.made = 1;
    updates.finite = all_finite(parameters);
}

vectorised! {
    /// The candidates `parameters + scale · direction`: `parameters` `[P]`, `directions`, `candidates` [P × 16].
    pub(crate) fn perturb<V: Vector>(parameters: &[f32], scale: f32, directions: &[Row], candidates: &mut [Row]) {
        let scale = V::splat(scale);
        for ((candidate, value), direction) in candidates.iter_mut().zip(parameters).zip(directions) {
            V::splat(*value).add(scale.multiply(V::load(direction))).store(candidate);
        }
    }
}

vectorised! {
    /// Adds the weighted directions, one after the other: `directions` [P × 16], at most 16 `weights`, `step` `[P]`.
    fn add_weighted<V: Vector>(directions: &[Row], weights: &Row, count: usize, step: &mut [f32]) {
        let weights = V::load(weights);
        // Four parameters at once: their sums do not wait for each other.
        let mut products = [Row::ZERO; 4];
        for (steps, directions) in step.chunks_mut(4).zip(directions.chunks(4)) {
            for (product, direction) in products.iter_mut().zip(directions) {
                weights.multiply(V::load(direction)).store(product);
            }
            let mut sums = [0.0; 4];
            sums[..steps.len()].copy_from_slice(steps);
            for lane in 0..count.min(KEYS) {
                for (sum, product) in sums.iter_mut().zip(&products) {
                    *sum += product.0[lane];
                }
            }
            steps.copy_from_slice(&sums[..steps.len()]);
        }
    }
}
