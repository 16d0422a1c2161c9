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

use super::perceptron::{Shape, activate, loss_of};
use super::sequential::{Plan, Updates, factor, probe};
use super::sixteen::{LANES, Row, Vector, vectorised};

/// Examples side by side.
pub(crate) const MOST_EXAMPLES: usize = 4;

const HALF: usize = LANES / 2;

/// A model on its way.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// The parameters in the two halves of each vector: first weights [inputs × units/2], biases [units/2], output weights
    /// [outputs × units/2], output biases [outputs].
    places: Vec<[usize; 2]>,
    /// The parameters, a vector for each of the places.
    parameters: Vec<Row>,
    /// The direction of an update in the same places.
    direction: Vec<Row>,
    /// The examples, [inputs × 16].
    inputs: Vec<Row>,
    /// [outputs × 16].
    targets: Vec<Row>,
    /// Work space, [units/2 × 16].
    hidden: Vec<Row>,
}

impl Pair {
    /// From the parameters `start` `[P]`; `inputs` [count × inputs], `targets` [count × outputs] of at most
    /// [`MOST_EXAMPLES`] examples.
    pub(crate) fn new(shape: &Shape, inputs: &[f32], targets: &[f32], start: &[f32]) -> Self {
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
        let rows = |values: &[f32], columns: usize| -> Vec<Row> {
            let example = |lane: usize| (lane % MOST_EXAMPLES).min(count - 1);
            (0..columns).map(|row| Row(std::array::from_fn(|lane| values[example(lane) * columns + row]))).collect()
        };
        Self {
            parameters: places.iter().map(|place| Row(std::array::from_fn(|lane| start[place[lane / HALF]]))).collect(),
            direction: vec![Row::ZERO; places.len()],
            inputs: rows(inputs, shape.inputs),
            targets: rows(targets, shape.outputs),
            hidden: vec![Row::ZERO; shape.hidden.div_ceil(2)],
            places,
        }
    }

    /// Writes the parameters `[P]`.
    pub(crate) fn write(&self, parameters: &mut [f32]) {
        for (places, row) in self.places.iter().zip(&self.parameters) {
            for (half, place) in places.iter().enumerate() {
                parameters[*place] = row.0[half * HALF];
            }
        }
    }
}

vectorised! {
    /// Makes the updates, of one direction each.
    pub(crate) fn make_pair_updates<V: Vector>(plan: &Plan, pair: &mut Pair, updates: &mut Updates<'_>) {
        if plan.shape.has_usual_functions() {
            travel::<V>(&Plan { shape: plan.shape.with_usual_functions(), directions: 1, ..*plan }, pair, updates);
        } else {
            travel::<V>(&Plan { directions: 1, ..*plan }, pair, updates);
        }
    }
}

#[inline(always)]
fn travel<V: Vector>(plan: &Plan, pair: &mut Pair, updates: &mut Updates<'_>) {
    let Pair { places, parameters, direction, inputs, targets, hidden } = pair;
    let (parameters, direction) = (&mut parameters[..places.len()], &mut direction[..places.len()]);
    let mut scales = Row::ZERO;
    for (lane, scale) in scales.0.iter_mut().enumerate() {
        *scale = probe(plan, updates.scale, lane / MOST_EXAMPLES % 2).1;
    }
    let scales = V::load(&scales);
    let length = plan.shape.num_parameters();
    (updates.made, updates.finite) = (0, true);
    let (losses, _) = updates.losses.as_chunks_mut::<2>();
    for (update, (rate, losses)) in updates.rates.iter().zip(losses).enumerate() {
        let place = updates.first + update;
        let (rows, lane) = (&updates.directions[place / LANES * length..][..length], place % LANES);
        for (direction, [low, high]) in direction.iter_mut().zip(places.iter()) {
            V::halves(rows[*low].0[lane], rows[*high].0[lane]).store(direction);
        }
        let candidate = |index: usize| V::load(&parameters[index]).add(scales.multiply(V::load(&direction[index])));
        let found = losses_of::<V>(&plan.shape, candidate, inputs, targets, hidden);
        for (loss, own) in losses.iter_mut().zip(found.0.as_chunks::<MOST_EXAMPLES>().0) {
            // In the order of the examples; of a number that is known where all lanes are taken.
            let sum = |own: &[f32]| own.iter().map(|loss| f64::from(*loss)).sum::<f64>() * plan.per_term;
            *loss = if plan.count == MOST_EXAMPLES { sum(own) } else { sum(&own[..plan.count]) };
        }
        let weight = factor(plan, updates.scale, *rate, |probe| losses[probe], 0);
        updates.made = update + 1;
        updates.finite = descend::<V>(parameters, direction, weight);
        if !updates.finite {
            break;
        }
    }
}

/// The losses of both probes, example by example, in the lower half.
#[inline(always)]
fn losses_of<V: Vector>(
    shape: &Shape,
    parameter: impl Fn(usize) -> V + Copy,
    inputs: &[Row],
    targets: &[Row],
    hidden: &mut [Row],
) -> Row {
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
    let mut found = Row::ZERO;
    losses.store(&mut found);
    found
}

/// The values of `M` vectors of hidden units from `first` on, of `vectors`.
#[inline(always)]
fn drive<V: Vector, const M: usize>(
    shape: &Shape,
    parameter: impl Fn(usize) -> V + Copy,
    [first, vectors]: [usize; 2],
    inputs: &[Row],
    hidden: &mut [Row; M],
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

/// Subtracts the weighted direction and returns whether all parameters are finite.
#[inline(always)]
fn descend<V: Vector>(parameters: &mut [Row], direction: &[Row], weight: f32) -> bool {
    let (zero, weight) = (V::splat(0.0), V::splat(weight));
    // A sum of zeros, unless a number is infinite or NaN.
    let mut check = zero;
    for (row, direction) in parameters.iter_mut().zip(direction) {
        // The sum over directions begins with a zero, as elsewhere: a step of −0 would be another one.
        let value = V::load(row).subtract(zero.add(weight.multiply(V::load(direction))));
        value.store(row);
        check = zero.multiply_add(value, check);
    }
    let mut sum = Row::ZERO;
    check.store(&mut sum);
    sum.0[0] == 0.0 && sum.0[HALF] == 0.0
}
