//! Contexts without labels: one network whose hidden units belong to contexts that it finds itself, under four neuromodulators.
//!
//! # Update, for a batch x, y in context c of age t (updates that were written in it)
//! ```text
//!     dopamine        ξ = ±1 on units that are on in c,  d = (ℓ⁺ − ℓ⁻)/2σ ,   g = mean x (ξ d)ᵀ ;   readout g = mean h (p − y)ᵀ
//!     acetylcholine   at a synapse: v ← .99 v + .01 g² where g ≠ 0 ,  step g/(a √(v/(1 − .99^t)) + 10⁻⁸)
//!     serotonin       rate η/(1 + π t/T) ;   weights that answer: w̄ ← w̄ + min(1, k/(k + π (t − 1))) (w − w̄)
//!
//!     acetylcholine   expected uncertainty: z = max((ℓ − m_ℓ)/(a s_ℓ), (q − m_q)/(a s_q))     q = −ln p(x | c)
//!                     z > 3: the batch is looked at, not written
//!     noradrenaline   unexpected uncertainty: C ← max(0, C + min(10, z) − 1); where it calls for a reset (C > 12 under serotonin, 4.8
//!                     without), z of the batch in every context: the context with the least z < 3 is called back; if there is none, a
//!                     new one is recruited, of the share of units that were used least; if there is no room, the one with the least z
//! ```
//! ℓ loss `[nats]` · m, s running mean and deviation in the context (rate .02, s at least .05 m) · σ noise 10⁻³ · η rate, T cooling
//! `[updates]`, k averaging `[updates]` · a, π levels of acetylcholine and serotonin as their receptors hand them on, 1 when intact; a = 0
//! divides by nothing, takes z = 5 max(ℓ − m_ℓ, 0), and writes everything. Dopamine's response to one error of usual size is a factor on
//! every step. A context that is young (20 updates) raises no alarm.
//!
//! A context is a mask over hidden units, a bias of the readout, and a recogniser of its inputs: one Gaussian of covariance shrunk by 5 %;
//! inputs of more than 100 numbers pass a fixed random projection. **At test each example by itself** chooses the context under which it is
//! most probable. No label of a task is ever seen, at learning or at test.
//!
//! **More contexts than room.** With `readout_by_context` each context has a readout of its own; with `consolidation` κ > 0 the rate of a
//! hidden unit's weights is divided by 1 + κ · (older contexts that use it) (acetylcholine holds what others need).
//!
//! **Other estimates.** `estimate` takes the way back (`backpropagation`, to see what noise costs) or one-sided weight perturbation in the
//! place of dopamine's noise on units: weights of the units that are on in the context are shaken, K + 1 passes.
//!
//! **The optimizer Dopamine.** With `estimate = { dopamine = { directions = 16 } }` each context has an
//! [optimizer](crate::learning::optimizers::dopamine) of its own, over the weights of its units alone, that sees losses of candidates and nothing
//! else. Weights that are not its own are not in it; one that is called back goes on with its own rate and spread.
//! ```text
//!     w of the context ← x of its optimizer, after an update whose rate is multiplied by (its own factor at a unit)/(a (1 + π t/T))
//! ```
//! η is then the rate that the optimizer begins with, a share of the root mean square of the context's weights; from there on it sets its rate. It
//! divides by the size of its own errors, also where acetylcholine is lesioned. Surprise, holding, calling back, w̄ and κ stay as they are; a
//! batch that is not written is not told to the optimizer.
//!
//! # Cost
//! Three forward-equivalents an update (K + 1 by weights; for the optimizer two more a window); an alarm one more for each context and those of
//! the update in the chosen one. A density costs d² for each example, not counted as a pass. Memory: three times the weights; for each context
//! 12 d² bytes of recogniser, d its features: 49 kB for 64 inputs, as much as 12 000 weights. With the optimizer twice the weights, and for each
//! context two vectors of its own. [`state_bytes`](ContinualLearner::state_bytes) counts all of it.
//!
//! # Modulation
//! The modulators are those of the preset `contexts`; `learning_rate` is a further factor on the step, `perturbation_scale` one on σ. The
//! optimizer's own are those of `dopamine-optimizer`.
//!
//! # What is ours
//! Roles are those of the literature; the whole is ours, and was found on the seeds 100 to 104 of the tasks in question. Masks over hidden units
//! by context: N. Masse, G. Grant, D. Freedman, PNAS 115, E10467, 2018 (who tell the task). Expected and unexpected uncertainty: A. J. Yu,
//! P. Dayan, Neuron 46, 681–692, 2005. Cumulative sums: E. S. Page, Biometrika 41, 100–115, 1954. Node perturbation: B. Flower, M. Jabri,
//! NIPS 5, 1992.

mod recall;
mod settings;

pub use settings::ContextsConfig;

use super::black_box::{BlackBox, Part};
use super::perceptron::{Parts, Perceptron, Space, affine, argmax};
use super::recogniser::Recogniser;
use super::shared_network::finite;
use super::{ContinualLearner, Observed};
use crate::archive::{Archive, Archived};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::neuromodulation::nucleus::{Levels, RunningMean, Transmitter};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::system::NeuromodulatorySystem;
use crate::random::Key;

/// Memory of the size of an estimate at a synapse.
const SQUARE_MEMORY: f64 = 0.99;
/// Rate of the running mean of losses and densities, and the least deviation as a share of the mean.
const RATE: f64 = 0.02;
const LEAST_DEVIATION: f64 = 0.05;
/// What an error without expected size counts, for each nat.
const UNDIVIDED: f64 = 5.0;
/// Floor of the recogniser's covariance.
const FLOOR: f64 = 0.01;

/// What belongs to a context.
#[derive(Debug)]
struct Context {
    /// 1 for its hidden units, 0 for the others.
    mask: Vec<f32>,
    /// Factor on the rate of each hidden unit's weights.
    held: Vec<f32>,
    /// The readout's bias, and its weights if each context has its own: acting and averaged.
    bias: Vec<f32>,
    readout: Vec<f32>,
    averaged_readout: Vec<f32>,
    losses: RunningMean,
    densities: RunningMean,
    recogniser: Recogniser,
    /// Updates that were written.
    age: u64,
    /// What moves its weights in place of a gradient.
    optimizer: Option<BlackBox>,
}

crate::archived!(
    Context { losses, densities, recogniser, age } sized { mask, held, bias, readout, averaged_readout } optional { optimizer }
);

/// The learner; see the module's head.
#[derive(Debug)]
pub struct Contexts {
    config: ContextsConfig,
    net: Perceptron,
    projection: Option<Vec<f32>>,
    parameters: Vec<f32>,
    averaged: Vec<f32>,
    squares: Vec<f32>,
    system: NeuromodulatorySystem,
    found: Vec<Context>,
    now: usize,
    /// Contexts that use each hidden unit.
    used: Vec<u64>,
    updates: u64,
    key: Key,
    space: Space,
}

impl Archived for Contexts {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("Contexts")?;
        let mut count = self.found.len();
        count.archive(archive)?;
        archive.check((1..=self.config.contexts).contains(&count), "a number of contexts that there is room for")?;
        self.found.truncate(count);
        while self.found.len() < count {
            self.recruit()?;
        }
        let Self {
            parameters,
            averaged,
            squares,
            system,
            found,
            now,
            used,
            updates,
            config: _,
            net: _,
            projection: _,
            key: _,
            space: _,
        } = self;
        archive.values("parameters", parameters)?;
        archive.values("averaged", averaged)?;
        archive.values("squares", squares)?;
        system.archive(archive)?;
        archive.values("found", found)?;
        now.archive(archive)?;
        archive.check(*now < count, "one of the contexts")?;
        archive.values("used", used)?;
        updates.archive(archive)
    }
}

/// A batch as it is looked at: how surprising it is.
#[derive(Clone, Copy, Debug)]
struct Look {
    loss: f64,
    /// Mean of −ln p(x | context); 0 for a context that has seen nothing.
    density: f64,
    /// Both in their deviations, the larger one.
    surprise: f64,
}

impl Contexts {
    /// What the recogniser sees of inputs.
    fn features(&self, inputs: &[f32]) -> Vec<f32> {
        let Some(projection) = &self.projection else { return inputs.to_vec() };
        let mut features = Vec::new();
        affine(inputs, self.net.inputs, projection, &vec![0.0; self.config.features], &mut features);
        features
    }

    /// By how much errors are divided in units of their usual size; `None` if they are not divided.
    fn relative_error_size(&self) -> Option<f64> {
        let size = self.system.modulation().error_size.filter(|&size| size > 0.0)?;
        let usual = self.system.drive(Transmitter::Acetylcholine).total();
        Some(if size == usual { 1.0 } else { size / usual.max(1e-300) })
    }

    /// How surprising a loss and inputs are in a context.
    fn look(&self, context: usize, loss: f64, features: &[f32]) -> Look {
        let Context { losses, densities, recogniser, .. } = &self.found[context];
        let density = if recogniser.count() > 0.0 { recogniser.surprise(features) } else { 0.0 };
        let surprise = match self.relative_error_size() {
            None => UNDIVIDED * (loss - losses.mean).max(0.0),
            Some(size) => {
                let of = |value: f64, usual: &RunningMean| {
                    (value - usual.mean) / (size * usual.deviation(LEAST_DEVIATION)).max(1e-12)
                };
                of(loss, losses).max(of(density, densities))
            }
        };
        Look { loss, density, surprise }
    }

    /// Passes that an estimate needs, in the present context; the mean loss, and the forward-equivalents.
    fn look_at(&mut self, batch: &LabelledBatch, draw: u64) -> Result<(f64, u64)> {
        let scale = self.system.modulation().perturbation_scale;
        let context = &mut self.found[self.now];
        let mask = Some(context.mask.as_slice());
        if let Some(optimizer) = &mut context.optimizer {
            return optimizer.look(Part { net: self.net, mask, held: None }, &self.parameters, batch, scale);
        }
        let mut stream = self.key.child(2).child(self.updates).child(draw).stream();
        let probing = (self.net, &self.parameters[..], mask, scale);
        self.config.estimate.passes(probing, batch, &mut stream, &mut self.space);
        let loss = self.space.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / batch.len() as f64;
        Ok((loss, self.config.estimate.evaluations()))
    }

    /// Writes a batch that was looked at into the present context. Returns the forward-equivalents that it took besides.
    fn write(&mut self, batch: &LabelledBatch, features: &[f32]) -> Result<u64> {
        let context = &mut self.found[self.now];
        context.recogniser.learn(features, &vec![0; batch.len()])?;
        context.age += 1;
        let age = context.age as f64;
        let patience = self.system.modulation().patience.max(0.0);
        let mut unit = [1.0];
        self.system.volley(Transmitter::Dopamine, &mut unit, 1.0);
        // An optimizer has the rate itself, and takes factors on it.
        let rate = if self.config.estimate.is_optimizer() { 1.0 } else { self.config.learning_rate };
        let rate = rate * self.system.modulation().learning_rate * unit[0];
        let evaluations = self.move_weights(batch, rate / (1.0 + patience * age / self.config.cooling), age)?;
        let share = self.config.averaging / (self.config.averaging + patience * (age - 1.0));
        self.average(share as f32);
        self.keep();
        Ok(evaluations)
    }

    /// Moves the weights of the present context, of this age, at a rate. Returns the forward-equivalents that it took besides.
    fn move_weights(&mut self, batch: &LabelledBatch, rate: f64, age: f64) -> Result<u64> {
        let size = self.relative_error_size().unwrap_or(1.0);
        let Context { optimizer, mask, held, .. } = &mut self.found[self.now];
        if let Some(optimizer) = optimizer {
            let held = (self.config.consolidation > 0.0).then_some(&held[..]);
            let part = Part { net: self.net, mask: Some(mask), held };
            return optimizer.learn(part, &mut self.parameters, batch, rate / size);
        }
        self.config.estimate.finish(self.net, batch, &mut self.space);
        let correction = 1.0 / (1.0 - SQUARE_MEMORY.powi(age.min(1e6) as i32));
        self.step(rate as f32, correction as f32);
        Ok(0)
    }

    /// Moves every weight along its estimate.
    fn step(&mut self, rate: f32, correction: f32) {
        let size = self.relative_error_size().map(|size| size as f32);
        let [_, hidden_end, ..] = self.net.ends();
        let held = &self.found[self.now].held;
        let memory = SQUARE_MEMORY as f32;
        let entries = self.parameters.iter_mut().zip(&mut self.squares).zip(&self.space.gradient);
        for (index, ((parameter, square), &slope)) in entries.enumerate().filter(|(_, entry)| *entry.1 != 0.0) {
            *square = memory * *square + (1.0 - memory) * slope * slope;
            let step = match size {
                Some(size) => slope / (size * (*square * correction).sqrt() + 1e-8),
                None => slope,
            };
            let hold = if index < hidden_end { held[index % self.net.hidden] } else { 1.0 };
            *parameter -= rate * hold * step;
        }
    }

    /// Moves the weights that answer, those of the present context alone.
    fn average(&mut self, share: f32) {
        let [_, _, readout, _] = self.net.ends();
        let mask = &self.found[self.now].mask;
        let pairs = self.averaged.iter_mut().zip(&self.parameters).enumerate().take(readout);
        for (index, (mean, &value)) in pairs {
            if self.net.unit_of(index).is_some_and(|unit| mask[unit] > 0.0) {
                *mean += share * (value - *mean);
            }
        }
    }

    /// The weights that answer in a context.
    fn answering(&self, context: usize) -> Parts<'_> {
        let (own, parts) = (&self.found[context], self.net.parts(&self.averaged));
        let readout = if self.config.readout_by_context { own.averaged_readout.as_slice() } else { parts.readout };
        Parts { readout, readout_bias: &own.bias, ..parts }
    }

    /// The context under which an example is most probable.
    fn recognise(&self, features: &[f32]) -> usize {
        let (mut best, mut most) = (self.now, f64::NEG_INFINITY);
        for (index, context) in self.found.iter().enumerate().filter(|(_, one)| one.recogniser.count() > 0.0) {
            let score = context.recogniser.score(features, 0);
            if score > most {
                (best, most) = (index, score);
            }
        }
        best
    }
}

impl ContinualLearner for Contexts {
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let features = self.features(&batch.inputs);
        let (loss, mut evaluations) = self.look_at(batch, 0)?;
        finite(loss, self.updates)?;
        let look = self.look(self.now, loss, &features);
        let is_ready = self.found[self.now].losses.count >= self.config.ready;
        let surprise = Some(if is_ready { look.surprise } else { 0.0 });
        self.system.observe(&Signals { surprise, ..Signals::default() });
        let switched = is_ready && self.system.modulation().reset;
        if switched {
            evaluations += self.switch(batch, &features)?;
            evaluations += self.look_at(batch, 1)?.1;
            evaluations += self.write(batch, &features)?;
        } else if !(is_ready && self.relative_error_size().is_some() && look.surprise > self.config.hold) {
            let context = &mut self.found[self.now];
            context.losses.update(look.loss, RATE);
            context.densities.update(look.density, RATE);
            evaluations += self.write(batch, &features)?;
        }
        self.updates += 1;
        Ok(Observed { evaluations, loss, switched })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        let features = self.features(inputs);
        let width = features.len() * self.net.inputs / inputs.len().max(1);
        let answer = |(row, features): (&[f32], &[f32])| {
            let context = self.recognise(features);
            argmax(&self.net.logits(self.answering(context), row, Some(&self.found[context].mask)))
        };
        inputs.chunks_exact(self.net.inputs).zip(features.chunks_exact(width.max(1))).map(answer).collect()
    }

    fn contexts(&self) -> Option<usize> {
        Some(self.found.len())
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.system.levels())
    }

    fn state_bytes(&self) -> usize {
        let of = |one: &Context| {
            let numbers = one.mask.len() + one.held.len() + one.bias.len() + 2 * one.readout.len();
            let optimizer = one.optimizer.as_ref().map_or(0, BlackBox::state_bytes);
            size_of::<f32>() * numbers + one.recogniser.bytes() + optimizer
        };
        let projection = self.projection.as_ref().map_or(0, Vec::len);
        let numbers = self.parameters.len() + self.averaged.len() + self.squares.len() + projection;
        size_of::<f32>() * numbers + self.found.iter().map(of).sum::<usize>()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests;
