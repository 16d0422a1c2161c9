//! Weight perturbation with one direction on a small perceptron and at most four examples: lanes are two probes × four
//! examples × two hidden units.
//!
//! As [`sequential`](super::sequential), with half as many vectors: a vector holds what belongs to unit 2m in its lower half and
//! what belongs to unit 2m + 1 in its upper half; an odd last unit stands in both. The sum over hidden units
//! goes through the lower half in the order of the units.
//! ```text
//!     lane      0 … 3        4 … 7        8 … 11       12 … 15
//!     unit      2m           2m           2m + 1       2m + 1
//!     probe     first        second       first        second
//! ```
//! Cost: P operations and (hidden/2 + outputs) activations in 16 lanes.

use super::Numerics;
use super::aligned::Row16;
use super::many_keys::KEYS;
use super::perceptron::{Shape, activate, loss_of};
use super::sequential::{UpdatePlan, Updates, probe};
use super::simd::{Vector, dispatch};

/// Examples side by side.
pub const MAX_EXAMPLES: usize = 4;

const HALF: usize = KEYS / 2;

/// Updates whose directions are laid out at once.
const UPDATES_AT_ONCE: usize = 8;

/// Parameters and scratch of one model during a run of updates.
#[derive(Clone, Debug)]
pub struct OneDirectionState {
    /// The parameters in the two halves of each vector: first weights [inputs × units/2], biases [units/2], output weights
    /// [outputs × units/2], output biases [outputs].
    places: Vec<[usize; 2]>,
    /// The parameters, a vector for each of the places.
    parameters: Vec<Row16>,
    /// The same before the updates.
    before: Vec<Row16>,
    /// The directions of eight updates in the same places.
    directions: Vec<[Row16; UPDATES_AT_ONCE]>,
    /// The examples, [inputs × 16].
    inputs: Vec<Row16>,
    /// [outputs × 16].
    targets: Vec<Row16>,
    /// Work space, [units/2 × 16].
    hidden: Vec<Row16>,
}

impl OneDirectionState {
    /// From the parameters `start` `[P]`, none of them −0; `inputs` [count × inputs], `targets` [count × outputs] of at most
    /// [`MAX_EXAMPLES`] examples.
    pub fn new(shape: &Shape, inputs: &[f32], targets: &[f32], start: &[f32]) -> Self {
        let units = |first: usize, stride: usize| {
            (0..shape.hidden)
                .step_by(2)
                .map(move |unit| [unit, (unit + 1).min(shape.hidden - 1)].map(|unit| first + unit * stride))
        };
        let weights = (shape.inputs + 1) * shape.hidden;
        let bias = weights + shape.hidden * shape.outputs;
        let mut places: Vec<[usize; 2]> = (0..=shape.inputs).flat_map(|row| units(row * shape.hidden, 1)).collect();
        places.extend((0..shape.outputs).flat_map(|output| units(weights + output, shape.outputs)));
        places.extend((0..shape.outputs).map(|output| [bias + output; 2]));
        let count = inputs.len() / shape.inputs;
        let rows = |values: &[f32], columns: usize| -> Vec<Row16> {
            let example = |lane: usize| (lane % MAX_EXAMPLES).min(count - 1);
            (0..columns).map(|row| Row16(std::array::from_fn(|lane| values[example(lane) * columns + row]))).collect()
        };
        Self {
            parameters: places
                .iter()
                .map(|place| Row16(std::array::from_fn(|lane| start[place[lane / HALF]])))
                .collect(),
            before: vec![Row16::ZERO; places.len()],
            directions: vec![[Row16::ZERO; UPDATES_AT_ONCE]; places.len()],
            inputs: rows(inputs, shape.inputs),
            targets: rows(targets, shape.outputs),
            hidden: vec![Row16::ZERO; shape.hidden.div_ceil(2)],
            places,
        }
    }

    /// Whether all parameters are finite.
    fn is_finite(&self) -> bool {
        self.parameters.iter().all(|row| row.0[0].is_finite() && row.0[HALF].is_finite())
    }

    /// Writes the parameters `[P]`.
    pub fn write(&self, parameters: &mut [f32]) {
        for (places, row) in self.places.iter().zip(&self.parameters) {
            for (half, place) in places.iter().enumerate() {
                parameters[*place] = row.0[half * HALF];
            }
        }
    }
}

/// Makes the updates, of one direction each.
///
/// In the other forms a sum over directions begins with a zero, so that a step is never −0. Here it may be. That changes only a parameter
/// that is −0, which no subtraction of other numbers produces.
///
/// A parameter that is NaN or infinite stays so. They are checked once, at the end; only if one is found the updates are made again one by
/// one, to find the update in which it became so.
pub fn make_one_direction_updates(
    numerics: Numerics,
    plan: &UpdatePlan,
    pair: &mut OneDirectionState,
    updates: &mut Updates<'_>,
) {
    pair.before.copy_from_slice(&pair.parameters);
    run_updates(numerics, plan, pair, updates);
    (updates.made, updates.finite) = (updates.rates.len(), pair.is_finite());
    if updates.finite {
        return;
    }
    pair.parameters.copy_from_slice(&pair.before);
    for (update, (rate, losses)) in updates.rates.chunks(1).zip(updates.losses.chunks_mut(2)).enumerate() {
        let first = updates.first + update;
        let mut one = Updates { first, rates: rate, losses, made: 0, finite: true, ..*updates };
        run_updates(numerics, plan, pair, &mut one);
        updates.made = update + 1;
        if !pair.is_finite() {
            return;
        }
    }
}

dispatch! {
    fn run_updates<S: Simd>(numerics: Numerics, plan: &UpdatePlan, pair: &mut OneDirectionState, updates: &mut Updates<'_>) {
        if plan.shape.has_usual_functions() {
            run_updates_with::<S::F32x16>(&UpdatePlan { shape: plan.shape.with_usual_functions(), directions: 1, ..*plan }, pair, updates);
        } else {
            run_updates_with::<S::F32x16>(&UpdatePlan { directions: 1, ..*plan }, pair, updates);
        }
    }
}

#[inline(always)]
fn run_updates_with<V: Vector<16>>(plan: &UpdatePlan, pair: &mut OneDirectionState, updates: &mut Updates<'_>) {
    let OneDirectionState { places, parameters, directions, inputs, targets, hidden, .. } = pair;
    let (parameters, directions) = (&mut parameters[..places.len()], &mut directions[..places.len()]);
    let length = plan.shape.num_parameters();
    let mut scales = Row16::ZERO;
    for (lane, scale) in scales.0.iter_mut().enumerate() {
        *scale = probe(plan, updates.scale, lane / MAX_EXAMPLES % 2).1;
    }
    let scales = V::load(&scales);
    // One-sided, the first probe is the model, and the slope is the other difference.
    let divisor = f64::from(updates.scale) * if plan.two_sided { 2.0 } else { -1.0 };
    let (losses, _) = updates.losses.as_chunks_mut::<2>();
    for (update, (rate, losses)) in updates.rates.iter().zip(losses).enumerate() {
        let (group, lane) = ((updates.first + update) / KEYS * length, (updates.first + update) % KEYS);
        let own = lane % UPDATES_AT_ONCE;
        if update == 0 || own == 0 {
            lay_out::<V>(&updates.directions[group..][..length], lane - own, places, directions);
        }
        let found = losses_of::<V>(
            &plan.shape,
            #[inline(always)]
            |index| V::load(&parameters[index]).add(scales.multiply(V::load(&directions[index][own]))),
            inputs,
            targets,
            hidden,
        );
        // Two variables and no array, so that both stay in registers.
        let [first, second, ..] = found.0.as_chunks::<MAX_EXAMPLES>().0 else { return };
        let (first, second) = if plan.count == MAX_EXAMPLES {
            (sum_of_all(first), sum_of_all(second))
        } else {
            (sum(&first[..plan.count]), sum(&second[..plan.count]))
        };
        let (first, second) = (plan.per_term * first, plan.per_term * second);
        (losses[0], losses[1]) = (first, second);
        let slope = (first - second) / divisor;
        let weight = (rate * if slope.is_finite() { slope } else { nothing() }) as f32;
        let weight = V::splat(weight);
        for (row, direction) in parameters.iter_mut().zip(directions.iter()) {
            V::load(row).subtract(weight.multiply(V::load(&direction[own]))).store(row);
        }
    }
}

/// Lays out eight directions of the group `rows` [P × 16], those from `first` on.
#[inline(always)]
fn lay_out<V: Vector<16>>(
    rows: &[Row16],
    first: usize,
    places: &[[usize; 2]],
    directions: &mut [[Row16; UPDATES_AT_ONCE]],
) {
    for (directions, [low, high]) in directions.iter_mut().zip(places) {
        let (low, high) = (&rows[*low].0[first..][..UPDATES_AT_ONCE], &rows[*high].0[first..][..UPDATES_AT_ONCE]);
        for (lane, direction) in directions.iter_mut().enumerate() {
            V::halves(low[lane], high[lane]).store(direction);
        }
    }
}

/// In the order of the examples.
#[inline(always)]
fn sum(losses: &[f32]) -> f64 {
    losses.iter().map(|loss| f64::from(*loss)).sum()
}

/// The same without a loop.
#[inline(always)]
fn sum_of_all(losses: &[f32; MAX_EXAMPLES]) -> f64 {
    let [a, b, c, d] = losses.map(f64::from);
    a + b + c + d
}

/// What replaces a slope that is not finite. A call to a cold function: the compiler then branches instead of selecting, so that finite
/// slopes do not wait for the comparison.
#[cold]
#[inline(never)]
fn nothing() -> f64 {
    0.0
}

/// The losses of both probes, example by example, in the lower half.
#[inline(always)]
fn losses_of<V: Vector<16>>(
    shape: &Shape,
    parameter: impl Fn(usize) -> V + Copy,
    inputs: &[Row16],
    targets: &[Row16],
    hidden: &mut [Row16],
) -> Row16 {
    let vectors = hidden.len();
    let (blocks, rest) = hidden.as_chunks_mut::<2>();
    for (block, hidden) in blocks.iter_mut().enumerate() {
        drive::<V, 2>(shape, parameter, [2 * block, vectors], inputs, hidden);
    }
    if let [hidden] = rest {
        drive::<V, 1>(shape, parameter, [vectors - 1, vectors], inputs, std::array::from_mut(hidden));
    }
    let weights = (inputs.len() + 1) * vectors;
    let bias = weights + targets.len() * vectors;
    let mut losses = V::splat(0.0);
    for (o, target) in targets.iter().enumerate() {
        let mut output = [parameter(bias + o)];
        for (m, hidden) in hidden.iter().enumerate() {
            let (weight, value) = (parameter(weights + o * vectors + m), V::load(hidden));
            output[0] = weight.multiply_add(value, output[0]);
            if 2 * m + 1 < shape.hidden {
                output[0] = weight.upper_half().multiply_add(value.upper_half(), output[0]);
            }
        }
        activate(shape.output_activation, &mut output);
        losses = losses.add(loss_of(shape.loss, output[0], V::load(target)));
    }
    let mut found = Row16::ZERO;
    losses.store(&mut found);
    found
}

/// The values of `M` vectors of hidden units from `first` on, of `vectors`.
#[inline(always)]
fn drive<V: Vector<16>, const M: usize>(
    shape: &Shape,
    parameter: impl Fn(usize) -> V + Copy,
    [first, vectors]: [usize; 2],
    inputs: &[Row16],
    hidden: &mut [Row16; M],
) {
    let mut units = [V::splat(0.0); M];
    for (m, unit) in units.iter_mut().enumerate() {
        *unit = parameter(inputs.len() * vectors + first + m);
    }
    for (i, input) in inputs.iter().enumerate() {
        let input = V::load(input);
        for (m, unit) in units.iter_mut().enumerate() {
            *unit = parameter(i * vectors + first + m).multiply_add(input, *unit);
        }
    }
    activate(shape.activation, &mut units);
    for (unit, hidden) in units.iter().zip(hidden) {
        unit.store(hidden);
    }
}
