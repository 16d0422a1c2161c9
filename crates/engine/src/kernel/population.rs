//! Weight perturbation with many directions on a small perceptron: lanes are 16 directions, examples come in turn.
//!
//! The candidates of 16 directions lie side by side, [P × 16]: all their losses are computed at once, first for one sign, then
//! for the other. What is summed over directions is summed in their order, one lane after the other.
//!
//! Cost: as [`perceptron`](super::perceptron); 3 P operations more for each direction.

use super::Numerics;
use super::aligned::Row16;
use super::many_keys::KEYS;
use super::perceptron::{LaneExamples, Shape, mean_losses};
use super::sequential::{UpdatePlan, Updates, all_finite, write_factors};
use super::simd::{Vector, dispatch};

/// Work space of a population.
#[derive(Clone, Debug)]
pub struct PopulationState {
    /// [P × 16].
    candidates: Vec<Row16>,
    space: LaneExamples,
    /// [P/16 × 16].
    step: Vec<Row16>,
}

impl PopulationState {
    /// Work space for a perceptron of this shape; `space` holds the examples.
    pub fn new(shape: &Shape, space: LaneExamples) -> Self {
        let length = shape.num_parameters();
        Self { candidates: vec![Row16::ZERO; length], space, step: vec![Row16::ZERO; length.div_ceil(KEYS)] }
    }
}

/// Makes one update of `parameters` `[P]`; `updates` has one rate and begins with the first direction of a group.
pub fn update_population(
    numerics: Numerics,
    plan: &UpdatePlan,
    population: &mut PopulationState,
    parameters: &mut [f32],
    updates: &mut Updates<'_>,
) {
    let length = parameters.len();
    let PopulationState { candidates, space, step } = population;
    // What a slope is the difference of: the losses of both signs, or those of the candidates and that of the model.
    let mut found = [[0.0; KEYS]; 2];
    if !plan.two_sided {
        perturb(parameters, -0.0, updates.directions, candidates);
        mean_losses(numerics, &plan.shape, plan.per_term, candidates, space, &mut found[1]);
        updates.losses[0] = found[1][0];
    }
    step.fill(Row16::ZERO);
    let probes = &mut updates.losses[usize::from(!plan.two_sided)..];
    for (group, directions) in updates.directions.chunks_exact(length).enumerate() {
        let own = KEYS.min(plan.directions - group * KEYS);
        let signs: &[f32] = if plan.two_sided { &[1.0, -1.0] } else { &[1.0] };
        for (side, sign) in signs.iter().enumerate() {
            perturb(parameters, sign * updates.scale, directions, candidates);
            mean_losses(numerics, &plan.shape, plan.per_term, candidates, space, &mut found[side]);
        }
        if plan.two_sided {
            let mut pairs = [[0.0; 2]; KEYS];
            for k in 0..KEYS {
                pairs[k] = [found[0][k], found[1][k]];
            }
            probes[2 * group * KEYS..][..2 * own].copy_from_slice(&pairs.as_flattened()[..2 * own]);
        } else {
            probes[group * KEYS..][..own].copy_from_slice(&found[0][..own]);
        }
        let mut weights = Row16::ZERO;
        write_factors(plan, updates.scale, updates.rates[0], &found, &mut weights);
        weights.0[own..].fill(0.0);
        add_weighted(directions, &weights, step);
    }
    for (value, step) in parameters.iter_mut().zip(step.iter().flat_map(|row| &row.0)) {
        *value -= *step;
    }
    updates.made = 1;
    updates.finite = all_finite(parameters);
}

dispatch! {
    /// The candidates `parameters + scale · direction`: `parameters` `[P]`, `directions`, `candidates` [P × 16].
    pub fn perturb<S: Simd>(parameters: &[f32], scale: f32, directions: &[Row16], candidates: &mut [Row16]) {
        let scale = S::F32x16::splat(scale);
        for ((candidate, value), direction) in candidates.iter_mut().zip(parameters).zip(directions) {
            S::F32x16::splat(*value).add(scale.multiply(S::F32x16::load(direction))).store(candidate);
        }
    }
}

/// Parameters that are added one by one: to transpose a block of them takes longer.
const FEW: usize = 3;

dispatch! {
    /// Adds the weighted directions, one after the other: `directions` [P × 16], `weights` with zeros for those that are not to be
    /// added, `step` [P/16 × 16]. A product with zero changes no sum that began with a positive zero.
    fn add_weighted<S: Simd>(directions: &[Row16], weights: &Row16, step: &mut [Row16]) {
        let weights = S::F32x16::load(weights);
        let (blocks, rest) = directions.as_chunks::<KEYS>();
        for (step, directions) in step.iter_mut().zip(blocks) {
            add_block::<S::F32x16>(directions, weights, step);
        }
        let Some(step) = step.get_mut(blocks.len()) else { return };
        if rest.len() <= FEW {
            let mut product = Row16::ZERO;
            for (step, direction) in step.0.iter_mut().zip(rest) {
                weights.multiply(S::F32x16::load(direction)).store(&mut product);
                for value in product.0 {
                    *step += value;
                }
            }
        } else {
            let mut block = [Row16::ZERO; KEYS];
            block[..rest.len()].copy_from_slice(rest);
            add_block::<S::F32x16>(&block, weights, step);
        }
    }
}

/// Adds those of 16 parameters. Lane = parameter, so that their sums go side by side.
#[inline(always)]
fn add_block<V: Vector<16>>(directions: &[Row16; KEYS], weights: V, step: &mut Row16) {
    let mut products = [weights; KEYS];
    for (product, direction) in products.iter_mut().zip(directions) {
        *product = product.multiply(V::load(direction));
    }
    V::transpose(&mut products);
    let mut sum = V::load(step);
    for product in products {
        sum = sum.add(product);
    }
    sum.store(step);
}
