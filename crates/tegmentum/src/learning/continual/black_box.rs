//! The optimizer Dopamine on the weights of the units that are on: from losses of candidates alone, with a state for each context.
//!
//! # Update, for a batch x, y and a mask over hidden units
//! ```text
//!     θ   = w at the n weights of units that are on, and the biases of the readout          its part of the network, `[n]`
//!     L_j = L(w with its part at candidate j)                                               mean loss of the batch, the same for all j
//!     z, x, rate, windows, surprise ← one update of Dopamine from L_1 … L_m                 its sizes and its cap are those of θ
//!     w at the part ← x                                                                     what the optimizer hands over
//! ```
//! w parameters of the network `[P]` · L loss `[nats]` · m candidates: K + 1, two more at the end of a window, six more at a surprise · everything
//! else as at the head of [`dopamine`](crate::learning::optimizers::dopamine).
//!
//! # One optimizer for each context, not one under a mask
//! The optimizer is built on the part alone: it is the one that studies compare, without a copy of its rule or a branch in it. Its count of weights,
//! the size that lengths are relative to and its cap are those of what it moves; other weights are not in it, and keep every bit. Directions
//! over all weights under a mask would need the number of weights that are on in each of these places. The price: z and x are kept for each
//! context.
//!
//! Where contexts share units, another one may have moved a weight meanwhile. It is taken up: x goes to where the weight is, and z by as much.
//!
//! # Modulation
//! `learning_rate` is a factor on the step, at each hidden unit a further one; `perturbation_scale` is a factor on σ. The optimizer's own
//! modulators are those of the preset `dopamine-optimizer`.
//!
//! # Cost
//! K + 1 forward-equivalents an update and two a window, all charged. Memory: 2n numbers.

use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::learning::continual::perceptron::Perceptron;
use crate::learning::optimizer::Optimizer;
use crate::learning::optimizers::dopamine::{Dopamine, DopamineConfig};
use crate::learning::places::Places;
use crate::model::perturbation::Probe;
use crate::neuromodulation::modulation::{LocalEffect, Modulation, Place};
use crate::neuromodulation::target::Target;
use crate::random::Key;

/// A part of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) net: Perceptron,
    /// The hidden units that are on; all without a mask.
    pub(super) mask: Option<&'a [f32]>,
    /// Factor on the rate of the weights into each hidden unit; 1 if it is not given.
    pub(super) held: Option<&'a [f32]>,
}

impl Part<'_> {
    /// The hidden units that are on.
    fn units(self) -> Vec<usize> {
        (0..self.net.hidden).filter(|&unit| self.mask.is_none_or(|mask| mask[unit] > 0.0)).collect()
    }

    /// The numbers of its weights: those into each unit that is on, one unit after another, then those out of them, then the biases of the readout.
    fn weights(self) -> Vec<usize> {
        let Perceptron { inputs, hidden, classes } = self.net;
        let [_, bias, readout, all] = self.net.ends();
        let units = self.units();
        // The row after those of the inputs is that of the biases.
        let into = units.iter().flat_map(|unit| (0..=inputs).map(move |row| row * hidden + unit));
        let out = units.iter().flat_map(|unit| bias + unit * classes..bias + (unit + 1) * classes);
        into.chain(out).chain(readout..all).collect()
    }

    /// The places of the weights into each of its units, where they are held.
    fn places(self) -> Places {
        let (count, width) = (self.held.map_or(0, |_| self.units().len()), self.net.inputs + 1);
        (0..count).map(|number| (place_of(number), number * width..(number + 1) * width)).collect()
    }

    /// The factors on the rates at these places, but for those that are 1.
    fn rates(self) -> Vec<LocalEffect> {
        let Some(held) = self.held else { return Vec::new() };
        let rates = self.units().into_iter().map(|unit| f64::from(held[unit])).enumerate();
        let effect = |(number, value)| LocalEffect { target: Target::LearningRate, place: place_of(number), value };
        rates.filter(|(_, rate)| *rate != 1.0).map(effect).collect()
    }
}

/// The place of the weights into the unit with this number among those that are on.
fn place_of(number: usize) -> Place {
    Place::Population(format!("unit {number}"))
}

/// The optimizer of a part of a network; see the module's head.
#[derive(Debug)]
pub(super) struct BlackBox {
    optimizer: Dopamine,
    probes: Vec<Probe>,
    losses: Vec<f64>,
    /// The scale of noise with which the candidates in hand were made.
    scale: f64,
    /// Parameters of a candidate, and of those its part.
    candidate: Vec<f32>,
    own: Vec<f32>,
}

crate::archived!(BlackBox { optimizer } fixed { probes, losses, scale, candidate, own });

impl BlackBox {
    /// An optimizer of `part` of the network with `parameters`: directions of an update, and the rate to begin with, a share of the size of
    /// its weights.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub(super) fn new(part: Part<'_>, parameters: &[f32], (directions, rate): (usize, f64), key: Key) -> Result<Self> {
        let own: Vec<f32> = part.weights().iter().map(|&index| parameters[index]).collect();
        let (start_rate, places) = (Some(rate), part.places());
        let config = DopamineConfig { directions, start_rate, places, ..DopamineConfig::default() };
        let optimizer = config.build(own, key, 1)?;
        let (probes, losses, candidate, own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { optimizer, probes, losses, scale: 1.0, candidate, own })
    }

    /// Looks at a batch: the losses of the candidates of an update, of which the first is the mean loss of the model that acts. Nothing moves.
    /// `scale` is a factor on the noise. Returns that loss and the forward-equivalents.
    ///
    /// # Errors
    /// None that a network of the right size has.
    pub(super) fn look(
        &mut self,
        part: Part<'_>,
        parameters: &[f32],
        batch: &LabelledBatch,
        scale: f64,
    ) -> Result<(f64, u64)> {
        let weights = part.weights();
        self.own.clear();
        self.own.extend(weights.iter().map(|&index| parameters[index]));
        self.optimizer.take_up(&self.own);
        self.scale = scale;
        let evaluations = self.evaluate((part, &weights), parameters, batch)?;
        Ok((self.losses[0], evaluations))
    }

    /// The losses of the candidates that the optimizer asks for; how many they are.
    fn evaluate(
        &mut self,
        (part, weights): (Part<'_>, &[usize]),
        parameters: &[f32],
        batch: &LabelledBatch,
    ) -> Result<u64> {
        let modulation = Modulation { perturbation_scale: self.scale, ..Modulation::default() };
        self.probes.clear();
        self.probes.extend_from_slice(self.optimizer.ask(&modulation));
        self.losses.clear();
        self.candidate.clear();
        self.candidate.extend_from_slice(parameters);
        for probe in &self.probes {
            probe.write(self.optimizer.bases(), &mut self.own)?;
            weights.iter().zip(&self.own).for_each(|(&index, &value)| self.candidate[index] = value);
            self.losses.push(part.net.loss(part.net.parts(&self.candidate), batch, part.mask));
        }
        Ok(self.losses.len() as u64)
    }

    /// Learns from the batch that was [looked at](Self::look): moves the weights of its part. `rate` is a factor on the step.
    /// Returns the forward-equivalents that it took besides.
    ///
    /// # Errors
    /// [`Error::NonFinite`](crate::error::Error::NonFinite) if a step is not finite.
    pub(super) fn learn(
        &mut self,
        part: Part<'_>,
        parameters: &mut [f32],
        batch: &LabelledBatch,
        rate: f64,
    ) -> Result<u64> {
        let modulation = Modulation {
            learning_rate: rate,
            perturbation_scale: self.scale,
            local: part.rates(),
            ..Modulation::default()
        };
        let weights = part.weights();
        let mut evaluations = 0;
        while self.optimizer.tell(&self.losses, &modulation)?.follow_up {
            evaluations += self.evaluate((part, &weights), parameters, batch)?;
        }
        self.optimizer.solution().write(1.0, &mut self.own);
        weights.iter().zip(&self.own).for_each(|(&index, &value)| parameters[index] = value);
        Ok(evaluations)
    }

    /// Bytes of its state.
    pub(super) fn state_bytes(&self) -> usize {
        self.optimizer.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::Family;

    const NET: Perceptron = Perceptron { inputs: 3, hidden: 6, classes: 4 };
    const MASK: [f32; 6] = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
    const RATE: f64 = 0.05;

    fn part() -> Part<'static> {
        Part { net: NET, mask: Some(&MASK), held: None }
    }

    fn batch() -> LabelledBatch {
        let mut stream = Key::from_seed(4).stream();
        LabelledBatch { inputs: (0..15).map(|_| stream.normal()).collect(), classes: vec![0, 3, 1, 1, 2] }
    }

    fn start() -> Vec<f32> {
        NET.initialise(Key::from_seed(1))
    }

    fn built(part: Part<'_>, directions: usize) -> BlackBox {
        BlackBox::new(part, &start(), (directions, RATE), Key::from_seed(2)).unwrap()
    }

    /// The parameters after updates, and the forward-equivalents of each.
    fn after(part: Part<'_>, updates: usize, rate: f64) -> (Vec<f32>, Vec<u64>) {
        let (mut parameters, mut optimizer) = (start(), built(part, 8));
        let evaluations = (0..updates).map(|_| {
            let (_, looked) = optimizer.look(part, &parameters, &batch(), 1.0).unwrap();
            looked + optimizer.learn(part, &mut parameters, &batch(), rate).unwrap()
        });
        let evaluations = evaluations.collect();
        (parameters, evaluations)
    }

    /// The mean loss in f64, unit by unit, from the equations of the network.
    fn written_out(w: &[f64], batch: &LabelledBatch) -> f64 {
        let losses = batch.inputs.chunks_exact(3).zip(&batch.classes).map(|(x, &class)| {
            let mut logits: Vec<f64> = w[48..52].to_vec();
            for unit in (0..6).filter(|&unit| MASK[unit] > 0.0) {
                let sum: f64 = (0..3).map(|input| f64::from(x[input]) * w[input * 6 + unit]).sum();
                let activity = (sum + w[18 + unit]).max(0.0);
                (0..4).for_each(|out| logits[out] += activity * w[24 + unit * 4 + out]);
            }
            logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[class]
        });
        losses.sum::<f64>() / batch.len() as f64
    }

    /// The first update: m = 0 and q is the mean square of the regrets, so that x = θ − rate s f/√(K q) Σ r_k v_k.
    #[test]
    fn the_first_update_is_the_equation() {
        let (start, batch, directions) = (start(), batch(), 4);
        let weights: Vec<usize> = part().weights();
        assert_eq!(weights.len(), 4 * (3 + 1 + 4) + 4);
        let wide: Vec<f64> = start.iter().map(|&w| f64::from(w)).collect();
        let size = (weights.iter().map(|&i| wide[i] * wide[i]).sum::<f64>() / weights.len() as f64).sqrt();
        let sigma = 1e-3 * size;
        let update = Key::from_seed(2).child(0);
        let noise: Vec<Vec<f32>> = (0..directions)
            .map(|k| {
                let mut v = vec![0.0; weights.len()];
                Family::Rademacher.direction_of(update, k).add_to(1.0, &mut v);
                v
            })
            .collect();
        let still = written_out(&wide, &batch);
        let regrets: Vec<f64> = noise
            .iter()
            .map(|v| {
                let mut moved = wide.clone();
                weights.iter().zip(v).for_each(|(&i, &v)| moved[i] += sigma * f64::from(v));
                (written_out(&moved, &batch) - still) / sigma
            })
            .collect();
        let q = regrets.iter().map(|r| r * r).sum::<f64>() / directions as f64;
        let largest = regrets.iter().fold(0.0f64, |largest, r| largest.max(r.abs())) / q.sqrt();
        let step = RATE * size * (3.0 / largest).min(1.0) / (directions as f64 * q).sqrt();
        let mut expected = wide;
        for (r, v) in regrets.iter().zip(&noise) {
            weights.iter().zip(v).for_each(|(&i, &v)| expected[i] -= step * r * f64::from(v));
        }

        let (mut found, mut optimizer) = (start, built(part(), directions as usize));
        let (loss, looked) = optimizer.look(part(), &found, &batch, 1.0).unwrap();
        assert!((loss - still).abs() < 1e-6 && looked == 5, "{loss} {still} {looked}");
        assert_eq!(optimizer.learn(part(), &mut found, &batch, 1.0).unwrap(), 0);
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let error = (f64::from(*found) - expected).abs();
            assert!(error < 0.02 * step * q.sqrt(), "{index}: {found} {expected}");
        }
    }

    #[test]
    fn weights_of_units_that_are_off_keep_every_bit() {
        let (found, evaluations) = after(part(), 60, 1.0);
        let own = part().weights();
        for (index, (found, start)) in found.iter().zip(&start()).enumerate() {
            assert_eq!(found.to_bits() == start.to_bits(), !own.contains(&index), "{index}");
            assert_eq!(own.contains(&index), NET.unit_of(index).is_none_or(|unit| MASK[unit] > 0.0), "{index}");
        }
        // The first window is four updates; its end asks for two losses more.
        assert_eq!(evaluations[..4], [9, 9, 9, 11]);
        let loss = |w: &[f32]| NET.loss(NET.parts(w), &batch(), Some(&MASK));
        assert!(loss(&found) < 0.3 * loss(&start()), "{} {}", loss(&found), loss(&start()));
    }

    #[test]
    fn without_a_rate_nothing_moves_and_held_units_move_less() {
        assert_eq!(after(part(), 20, 0.0).0, start());
        let held = [0.25, 1.0, 1.0, 0.5, 1.0, 1.0];
        let free = after(part(), 1, 1.0).0;
        let found = after(Part { held: Some(&held), ..part() }, 1, 1.0).0;
        for index in 0..start().len() {
            let factor = if index < 24 { held[index % 6] } else { 1.0 };
            let [free, found] = [free[index], found[index]].map(|value| value - start()[index]);
            assert!((found - factor * free).abs() < 1e-6, "{index}: {found} {free}");
        }
    }

    /// What another context did to a weight is kept, and is where the next candidates are.
    #[test]
    fn weights_that_others_moved_are_taken_up() {
        let (mut parameters, mut optimizer) = (start(), built(part(), 8));
        let update = |parameters: &mut Vec<f32>, optimizer: &mut BlackBox, rate| {
            let loss = optimizer.look(part(), parameters, &batch(), 1.0).unwrap().0;
            optimizer.learn(part(), parameters, &batch(), rate).unwrap();
            loss
        };
        (0..10).for_each(|_| _ = update(&mut parameters, &mut optimizer, 1.0));
        parameters[2] += 3.0;
        let moved = parameters.clone();
        let before = NET.loss(NET.parts(&moved), &batch(), Some(&MASK));
        let loss = update(&mut parameters, &mut optimizer, 0.0);
        assert!((parameters[2] - moved[2]).abs() < 0.1 && (loss - before).abs() < 0.3 * before, "{loss} {before}");
    }
}
