//! The network of all learners here: inputs → hidden units (rectified, under a mask) → softmax.
//!
//! ```text
//!     a = x W₁ + b₁ ,   on = a > 0 where the mask is on ,   h = a · on ,   p = softmax(h W₂ + b₂) ,   ℓ = −ln p_y
//!
//!     node perturbation    ξ = ±1 on units that are on,  h^± = h ± σ ξ,  d = (ℓ⁺ − ℓ⁻)/2σ
//!                          ∂a ≈ ξ d ,   e = p − y with ln p the mean of both passes
//!     weight perturbation  Δ = ±1 on weights of units that are on under the mask,  g = mean over K of Δ (L(w + σ Δ) − L(w))/σ
//!     exact                ∂a = (e W₂ᵀ) · on
//!     both                 g = mean over the batch of  x ∂aᵀ, ∂a, h eᵀ, e
//! ```
//! x `[inputs]` · a, h, ξ `[hidden]` · p, e `[classes]` · parameters in one vector: W₁ [inputs × hidden], b₁, W₂ [hidden × classes], b₂;
//! W₁ ~ N(0, 2/inputs), W₂ ~ N(0, 1/hidden), biases 0. The pre-activation is perturbed on its own side of the threshold: a unit that is
//! on stays on.
//!
//! # Cost
//! Two passes and the outer product of one batch: three forward-equivalents, as many as backpropagation; K + 1 for weight perturbation.
//!
//! Arithmetic is `+ − × ÷ √` and the kernel's `exp` and `ln`: the same bits on every machine.

use crate::data::task_stream::LabelledBatch;
use crate::kernel::math::{exp, ln};
use crate::random::{Key, Stream};

/// Forward-equivalents of an estimate.
pub(super) const EVALUATIONS: u64 = 3;
/// Scale of the noise, in the unit of a pre-activation.
pub(super) const NOISE: f32 = 1e-3;

/// Sizes of a network; its parameters are the learner's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Perceptron {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) classes: usize,
}

/// The parts of a parameter vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) first: &'a [f32],
    pub(super) first_bias: &'a [f32],
    pub(super) readout: &'a [f32],
    pub(super) readout_bias: &'a [f32],
}

/// Work space, used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Space {
    activity: Vec<f32>,
    noise: Vec<f32>,
    back: Vec<f32>,
    candidate: Vec<f32>,
    plus: Vec<f32>,
    minus: Vec<f32>,
    /// What the noise did to the loss of each example.
    pub(super) dopamine: Vec<f64>,
    /// The loss of each example.
    pub(super) losses: Vec<f32>,
    pub(super) gradient: Vec<f32>,
}

impl Perceptron {
    pub(super) fn num_parameters(self) -> usize {
        self.ends()[3]
    }

    /// Where each part of the parameters ends.
    pub(super) fn ends(self) -> [usize; 4] {
        let first = self.inputs * self.hidden;
        let bias = first + self.hidden;
        let readout = bias + self.hidden * self.classes;
        [first, bias, readout, readout + self.classes]
    }

    pub(super) fn parts(self, parameters: &[f32]) -> Parts<'_> {
        let [first, bias, readout, all] = self.ends();
        Parts {
            first: &parameters[..first],
            first_bias: &parameters[first..bias],
            readout: &parameters[bias..readout],
            readout_bias: &parameters[readout..all],
        }
    }

    pub(super) fn initialise(self, key: Key) -> Vec<f32> {
        let mut parameters = vec![0.0; self.num_parameters()];
        let [first, bias, readout, _] = self.ends();
        let mut fill = |range: std::ops::Range<usize>, variance: f32, child| {
            let mut stream = key.child(child).stream();
            let scale = variance.sqrt();
            parameters[range].iter_mut().for_each(|value| *value = scale * stream.normal());
        };
        fill(0..first, 2.0 / self.inputs as f32, 0);
        fill(bias..readout, 1.0 / self.hidden as f32, 1);
        parameters
    }

    /// Activities of the hidden units: [rows × hidden].
    fn activity(self, parts: Parts<'_>, inputs: &[f32], mask: Option<&[f32]>, activity: &mut Vec<f32>) {
        affine(inputs, self.inputs, parts.first, parts.first_bias, activity);
        for row in activity.chunks_exact_mut(self.hidden) {
            for (unit, value) in row.iter_mut().enumerate() {
                let is_on = *value > 0.0 && mask.is_none_or(|mask| mask[unit] > 0.0);
                *value = if is_on { *value } else { 0.0 };
            }
        }
    }

    /// The logits of examples: [rows × classes].
    pub(super) fn logits(self, parts: Parts<'_>, inputs: &[f32], mask: Option<&[f32]>) -> Vec<f32> {
        let (mut activity, mut logits) = (Vec::new(), Vec::new());
        self.activity(parts, inputs, mask, &mut activity);
        affine(&activity, self.hidden, parts.readout, parts.readout_bias, &mut logits);
        logits
    }

    /// The mean loss of a batch.
    pub(super) fn loss(self, parts: Parts<'_>, batch: &LabelledBatch, mask: Option<&[f32]>) -> f64 {
        let mut logits = self.logits(parts, &batch.inputs, mask);
        let losses = logits.chunks_exact_mut(self.classes).zip(&batch.classes).map(|(row, &class)| {
            log_softmax(row);
            f64::from(-row[class])
        });
        losses.sum::<f64>() / batch.len() as f64
    }

    /// Passes of a batch with noise on the hidden units: `losses` and `dopamine` of the space.
    pub(super) fn perturb(
        self,
        parts: Parts<'_>,
        batch: &LabelledBatch,
        (mask, noise): (Option<&[f32]>, f32),
        stream: &mut Stream,
        space: &mut Space,
    ) {
        self.activity(parts, &batch.inputs, mask, &mut space.activity);
        space.noise.clear();
        let (mut word, mut left) = (0, 0);
        for &activity in &space.activity {
            if left == 0 {
                (word, left) = (stream.next_u32(), 32);
            }
            let sign = if word & 1 == 1 { 1.0 } else { -1.0 };
            (word, left) = (word >> 1, left - 1);
            space.noise.push(if activity > 0.0 { sign } else { 0.0 });
        }
        for (sign, out) in [(noise, &mut space.plus), (-noise, &mut space.minus)] {
            space.back.clear();
            space.back.extend(space.activity.iter().zip(&space.noise).map(|(h, xi)| h + sign * xi));
            affine(&space.back, self.hidden, parts.readout, parts.readout_bias, out);
            out.chunks_exact_mut(self.classes).for_each(log_softmax);
        }
        space.losses.clear();
        space.dopamine.clear();
        for (example, &class) in batch.classes.iter().enumerate() {
            let at = example * self.classes + class;
            let (plus, minus) = (-space.plus[at], -space.minus[at]);
            space.losses.push(0.5 * (plus + minus));
            space.dopamine.push(f64::from((plus - minus) / (2.0 * noise)));
        }
    }

    /// The estimate of the gradient from the noise and dopamine of a batch that was [perturbed](Self::perturb).
    pub(super) fn estimate(self, batch: &LabelledBatch, space: &mut Space) {
        let weight = 1.0 / batch.len() as f32;
        space.back.clear();
        for (row, &d) in space.noise.chunks_exact(self.hidden).zip(&space.dopamine) {
            space.back.extend(row.iter().map(|xi| xi * (weight * d as f32)));
        }
        let logs = space.plus.iter_mut().zip(&space.minus);
        logs.for_each(|(plus, minus)| *plus = 0.5 * (*plus + minus));
        self.outer_products(batch, weight, space);
    }

    /// The estimate from `directions` one-sided perturbations of the weights, with the losses of the batch: the mean loss is all that it
    /// takes from a pass.
    pub(super) fn perturb_weights(
        self,
        parameters: &[f32],
        batch: &LabelledBatch,
        (mask, noise, directions): (Option<&[f32]>, f32, usize),
        stream: &mut Stream,
        space: &mut Space,
    ) {
        let mut logits = self.logits(self.parts(parameters), &batch.inputs, mask);
        space.losses.clear();
        for (row, &class) in logits.chunks_exact_mut(self.classes).zip(&batch.classes) {
            log_softmax(row);
            space.losses.push(-row[class]);
        }
        let still = space.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / batch.len() as f64;
        let mut on = vec![1.0_f32; parameters.len()];
        if let Some(mask) = mask {
            on.iter_mut().enumerate().for_each(|(index, on)| *on = self.unit_of(index).map_or(1.0, |unit| mask[unit]));
        }
        space.gradient.clear();
        space.gradient.resize(parameters.len(), 0.0);
        for _ in 0..directions {
            space.noise.clear();
            let (mut word, mut left) = (0, 0);
            for &on in &on {
                if left == 0 {
                    (word, left) = (stream.next_u32(), 32);
                }
                space.noise.push(if word & 1 == 1 { on } else { -on });
                (word, left) = (word >> 1, left - 1);
            }
            space.candidate.clear();
            space.candidate.extend(parameters.iter().zip(&space.noise).map(|(w, delta)| w + noise * delta));
            let moved = self.loss(self.parts(&space.candidate), batch, mask);
            let slope = ((moved - still) / f64::from(noise)) as f32 / directions as f32;
            space.gradient.iter_mut().zip(&space.noise).for_each(|(sum, delta)| *sum += slope * delta);
        }
    }

    /// The hidden unit of a weight; `None` for the biases of the readout.
    pub(super) fn unit_of(self, index: usize) -> Option<usize> {
        let [first, bias, readout, _] = self.ends();
        match index {
            _ if index < first => Some(index % self.hidden),
            _ if index < bias => Some(index - first),
            _ if index < readout => Some((index - bias) / self.classes),
            _ => None,
        }
    }

    /// The exact gradient of a batch, with its losses.
    pub(super) fn backpropagate(
        self,
        parts: Parts<'_>,
        batch: &LabelledBatch,
        mask: Option<&[f32]>,
        space: &mut Space,
    ) {
        let weight = 1.0 / batch.len() as f32;
        self.activity(parts, &batch.inputs, mask, &mut space.activity);
        affine(&space.activity, self.hidden, parts.readout, parts.readout_bias, &mut space.plus);
        space.plus.chunks_exact_mut(self.classes).for_each(log_softmax);
        space.losses.clear();
        space.back.clear();
        for (example, &class) in batch.classes.iter().enumerate() {
            let logs = &space.plus[example * self.classes..(example + 1) * self.classes];
            space.losses.push(-logs[class]);
            let errors: Vec<f32> = errors(logs, class, weight).collect();
            let row = &space.activity[example * self.hidden..(example + 1) * self.hidden];
            for (weights, &activity) in parts.readout.chunks_exact(self.classes).zip(row) {
                let sum: f32 = weights.iter().zip(&errors).map(|(w, e)| w * e).sum();
                space.back.push(if activity > 0.0 { sum } else { 0.0 });
            }
        }
        self.outer_products(batch, weight, space);
    }

    /// The gradient from `back` [rows × hidden] and the logarithms of probabilities in `plus`.
    fn outer_products(self, batch: &LabelledBatch, weight: f32, space: &mut Space) {
        let [first, bias, readout, all] = self.ends();
        let gradient = &mut space.gradient;
        gradient.clear();
        gradient.resize(all, 0.0);
        add_outer(&batch.inputs, self.inputs, &space.back, &mut gradient[..first]);
        add_rows(&space.back, &mut gradient[first..bias]);
        let logs = space.plus.chunks_exact(self.classes).zip(&batch.classes);
        space.minus.clear();
        logs.for_each(|(row, &class)| space.minus.extend(errors(row, class, weight)));
        add_outer(&space.activity, self.hidden, &space.minus, &mut gradient[bias..readout]);
        add_rows(&space.minus, &mut gradient[readout..]);
    }
}

/// p − y, weighted, from the logarithms of p.
fn errors(logs: &[f32], class: usize, weight: f32) -> impl Iterator<Item = f32> + '_ {
    let target = move |index| f32::from(u8::from(index == class));
    logs.iter().enumerate().map(move |(index, &log)| weight * (exp(log) - target(index)))
}

/// The logarithms of a softmax, in place.
pub(super) fn log_softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|&value| exp(value - largest)).sum();
    let shift = largest + ln(sum);
    for value in row {
        *value -= shift;
    }
}

/// The place of the largest value, the first of equals.
pub(super) fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = index;
        }
    }
    best
}

/// out = x W + b for rows x [rows × width], W [width × outputs].
pub(super) fn affine(x: &[f32], width: usize, weights: &[f32], bias: &[f32], out: &mut Vec<f32>) {
    out.clear();
    for row in x.chunks_exact(width) {
        let start = out.len();
        out.extend_from_slice(bias);
        let sums = &mut out[start..];
        for (&value, weights) in row.iter().zip(weights.chunks_exact(bias.len())).filter(|(value, _)| **value != 0.0) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
        }
    }
}

/// Adds xᵀ d to `sum` [width × outputs] for rows x [rows × width], d [rows × outputs].
fn add_outer(x: &[f32], width: usize, d: &[f32], sum: &mut [f32]) {
    let outputs = sum.len() / width;
    for (row, back) in x.chunks_exact(width).zip(d.chunks_exact(outputs)) {
        for (&value, sums) in row.iter().zip(sum.chunks_exact_mut(outputs)).filter(|(value, _)| **value != 0.0) {
            sums.iter_mut().zip(back).for_each(|(sum, back)| *sum += value * back);
        }
    }
}

/// Adds the rows to `sum`.
fn add_rows(rows: &[f32], sum: &mut [f32]) {
    for row in rows.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NET: Perceptron = Perceptron { inputs: 3, hidden: 6, classes: 4 };

    fn batch() -> LabelledBatch {
        let mut stream = Key::from_seed(4).stream();
        LabelledBatch { inputs: (0..15).map(|_| stream.normal()).collect(), classes: vec![0, 3, 1, 1, 2] }
    }

    fn mask() -> Vec<f32> {
        vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    }

    #[test]
    fn the_exact_gradient_agrees_with_finite_differences() {
        let mut parameters = NET.initialise(Key::from_seed(1));
        let (batch, mask, mut space) = (batch(), mask(), Space::default());
        NET.backpropagate(NET.parts(&parameters), &batch, Some(&mask), &mut space);
        let h = 1e-2;
        for index in 0..parameters.len() {
            let before = parameters[index];
            let mut at = |value| {
                parameters[index] = value;
                NET.loss(NET.parts(&parameters), &batch, Some(&mask))
            };
            let slope = (at(before + h) - at(before - h)) / f64::from(2.0 * h);
            parameters[index] = before;
            let found = f64::from(space.gradient[index]);
            assert!((found - slope).abs() < 3e-3, "{index}: {found} {slope}");
        }
    }

    #[test]
    fn noise_and_dopamine_give_the_gradient_on_average() {
        let parameters = NET.initialise(Key::from_seed(1));
        let (batch, mask, mut space) = (batch(), mask(), Space::default());
        NET.backpropagate(NET.parts(&parameters), &batch, Some(&mask), &mut space);
        let exact = space.gradient.clone();
        let (mut mean, count) = (vec![0.0; exact.len()], 4000);
        for draw in 0..count {
            let mut stream = Key::from_seed(9).child(draw).stream();
            NET.perturb(NET.parts(&parameters), &batch, (Some(&mask), NOISE), &mut stream, &mut space);
            NET.estimate(&batch, &mut space);
            mean.iter_mut().zip(&space.gradient).for_each(|(mean, g)| *mean += f64::from(*g) / count as f64);
        }
        for (index, (found, exact)) in mean.iter().zip(&exact).enumerate() {
            assert!((found - f64::from(*exact)).abs() < 0.02, "{index}: {found} {exact}");
        }
        let (mut mean, count) = (vec![0.0; exact.len()], 3000);
        for draw in 0..count {
            let mut stream = Key::from_seed(10).child(draw).stream();
            NET.perturb_weights(&parameters, &batch, (Some(&mask), NOISE, 4), &mut stream, &mut space);
            mean.iter_mut().zip(&space.gradient).for_each(|(mean, g)| *mean += f64::from(*g) / count as f64);
        }
        for (index, (found, exact)) in mean.iter().zip(&exact).enumerate() {
            assert!((found - f64::from(*exact)).abs() < 0.07, "weights, {index}: {found} {exact}");
        }
        // Units that the mask leaves out get nothing, not even noise.
        let [first, ..] = NET.ends();
        assert!((0..first).all(|index| mask[index % 6] > 0.0 || space.gradient[index] == 0.0));
    }
}
