//! Which context is taken when noradrenaline calls for another one.

use super::{Context, Contexts, FLOOR};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::neuromodulation::nucleus::RunningMean;

use crate::learning::continual::black_box::Part;
use crate::learning::continual::recogniser::Recogniser;

/// Batches that a context must have seen to be asked.
const KNOWN: u64 = 5;

impl Contexts {
    /// Takes another context for a batch, or the same one again. Returns the evaluations.
    pub(super) fn switch(&mut self, batch: &LabelledBatch, features: &[f32]) -> Result<u64> {
        let (mut best, mut least, mut evaluations) = (self.now, f64::INFINITY, 0);
        for index in (0..self.found.len()).filter(|&index| self.found[index].losses.count >= KNOWN) {
            let context = &self.found[index];
            let mut parts = self.net.parts(&self.parameters);
            if self.config.readout_by_context {
                parts.readout = &context.readout;
            }
            parts.readout_bias = &context.bias;
            let loss = self.net.loss(parts, batch, Some(&context.mask));
            evaluations += 1;
            let surprise = self.look(index, loss, features).surprise;
            if surprise < least {
                (best, least) = (index, surprise);
            }
        }
        if least < self.config.back || self.found.len() >= self.config.contexts {
            self.now = best;
        } else {
            self.recruit()?;
        }
        self.load();
        self.system.forget();
        Ok(evaluations)
    }

    /// Recruits a new context from the units that were used least; among equals chance decides.
    pub(super) fn recruit(&mut self) -> Result<()> {
        let (hidden, index) = (self.config.hidden, self.found.len());
        let key = self.key.child(3).child(index as u64);
        let mut order: Vec<usize> = (0..hidden).collect();
        key.stream().shuffle(&mut order);
        order.sort_by_key(|&unit| self.used[unit]);
        let held = |&used: &u64| (1.0 / (1.0 + self.config.consolidation * used as f64)) as f32;
        let held = self.used.iter().map(held).collect();
        let mut mask = vec![0.0; hidden];
        let count = ((self.config.share * hidden as f64).round() as usize).clamp(1, hidden);
        for &unit in &order[..count] {
            mask[unit] = 1.0;
            self.used[unit] += 1;
        }
        let (mut stream, scale) = (key.child(0).stream(), (1.0 / hidden as f32).sqrt());
        let own = if self.config.readout_by_context { hidden * self.net.classes } else { 0 };
        let readout: Vec<f32> = (0..own).map(|_| scale * stream.normal()).collect();
        let width = self.projection.as_ref().map_or(self.net.inputs, |_| self.config.features);
        self.found.push(Context {
            mask,
            held,
            bias: vec![0.0; self.net.classes],
            averaged_readout: readout.clone(),
            readout,
            losses: RunningMean::default(),
            densities: RunningMean::default(),
            recogniser: Recogniser::new(width, 1, self.config.shrink, FLOOR),
            age: 0,
            optimizer: None,
        });
        self.now = index;
        self.load();
        let Context { mask, held, .. } = &self.found[index];
        let held = (self.config.consolidation > 0.0).then_some(&held[..]);
        let part = Part { net: self.net, mask: Some(mask), held };
        let (estimate, rate) = (self.config.estimate, self.config.learning_rate);
        self.found[index].optimizer = estimate.optimizer(part, &self.parameters, rate, key.child(1))?;
        Ok(())
    }

    /// Puts the readout of the present context in its place.
    fn load(&mut self) {
        let [_, start, end, _] = self.net.ends();
        let context = &self.found[self.now];
        self.parameters[end..].copy_from_slice(&context.bias);
        if self.config.readout_by_context {
            self.parameters[start..end].copy_from_slice(&context.readout);
            self.averaged[start..end].copy_from_slice(&context.averaged_readout);
        }
    }

    /// Keeps the readout of the present context.
    pub(super) fn keep(&mut self) {
        let [_, start, end, _] = self.net.ends();
        let context = &mut self.found[self.now];
        context.bias.copy_from_slice(&self.parameters[end..]);
        if self.config.readout_by_context {
            context.readout.copy_from_slice(&self.parameters[start..end]);
            context.averaged_readout.copy_from_slice(&self.averaged[start..end]);
        }
    }
}
