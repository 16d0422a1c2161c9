//! The estimate of node perturbation for one batch: what its two forms share; see the [parent's](super) head for the
//! equations.

use std::ops::Range;

use super::{Credit, L, NodePerturbation, Readout};
use crate::data::batch::{Batch, LaneBatch, Part};
use crate::kernel::aligned::Rows;
use crate::kernel::many_keys::{ROWS, write_sign_rows};
use crate::kernel::output_error::{LocalError, replace_by_errors};
use crate::model::forward::per_term;
use crate::model::objectives::loss_of;

#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) batch: LaneBatch<L>,
    /// A pair of blocks of activities for each block in flight.
    pub(super) activity: Rows<L>,
    /// Mean activity of the two passes before each connection; see [`Layout`](super::tape::Layout).
    pub(super) tape: Rows<L>,
    /// Noise as bits: a word of 16 lanes for each unit, a row of words for each block and step.
    pub(super) signs: Vec<u16>,
    /// ℓ⁺ − ℓ⁻ of each step, then R_t.
    pub(super) credit: Vec<[f32; L]>,
    /// Mean outputs of the two passes, then the readout's own errors, [steps × outputs].
    pub(super) errors: Rows<L>,
    /// Traces of the online form, `[P]`.
    pub(super) traces: Vec<[f32; L]>,
}

impl Workspace {
    /// Bytes that are held from update to update.
    pub(super) fn bytes(&self) -> usize {
        let rows: [&[[f32; L]]; 4] = [&self.tape, &self.errors, &self.credit, &self.traces];
        rows.map(size_of_val).iter().sum::<usize>() + size_of_val(&self.signs[..])
    }
}

impl NodePerturbation {
    /// The estimate of the gradient at the acting parameters for a batch, `[P]`, and the mean loss of the two passes.
    pub fn estimate(&mut self, batch: Batch) -> (&[f32], f64) {
        let mut space = std::mem::take(&mut self.space);
        space.batch.load(&self.problem, Part::Train(batch));
        self.descent.gradient().fill(0.0);
        let mut total = 0.0;
        let (size, all) = (self.blocks_in_flight(), space.batch.blocks());
        for first in (0..all).step_by(size) {
            let blocks = first..(first + size).min(all);
            match self.config.credit {
                Credit::Offline => total += self.offline(&mut space, blocks),
                Credit::Online => blocks.for_each(|block| total += self.online(&mut space, block)),
            }
        }
        let loss = total * per_term(loss_of(&self.problem), &space.batch, self.network.output_rows().len());
        self.space = space;
        (self.descent.gradient(), loss)
    }

    /// The number of the first output unit.
    fn first_output(&self) -> usize {
        self.network.connections().last().map_or(0, |connection| connection.units.start)
    }

    /// Units that get noise: those before the readout, or all.
    pub(super) fn noisy_units(&self) -> usize {
        match self.config.readout {
            Readout::LocalError => self.first_output(),
            Readout::Noise => self.network.num_units(),
        }
    }

    /// Words of the noise of a step.
    pub(super) fn sign_words(&self) -> usize {
        self.network.num_units().next_multiple_of(ROWS)
    }

    /// Draws the noise of some steps of some blocks; that of each step has a key of its own.
    pub(super) fn draw_signs(&self, blocks: Range<usize>, steps: Range<usize>, signs: &mut Vec<u16>) {
        const KEYS: usize = 16;
        let (words, count) = (self.sign_words(), blocks.len() * steps.len());
        signs.resize(count * words, 0);
        let key = self.key.child(self.updates);
        let place = |index: usize| (blocks.start + index / steps.len(), steps.start + index % steps.len());
        for (group, signs) in signs.chunks_mut(KEYS * words).enumerate() {
            let index = |lane: usize| {
                let (block, step) = place(group * KEYS + lane);
                (block as u64) << 32 | step as u64
            };
            let indices: [u64; KEYS] = std::array::from_fn(index);
            write_sign_rows(key, &indices[..signs.len() / words], words, signs);
        }
    }

    /// The factor from ℓ⁺ − ℓ⁻ of one example and step to its share of the derivative of the mean loss.
    pub(super) fn credit_scale(&self, batch: &LaneBatch<L>) -> f32 {
        let mean = per_term(loss_of(&self.problem), batch, self.network.output_rows().len());
        (mean / (2.0 * self.noise)) as f32
    }

    /// Makes mean outputs of some steps of a block (those of `targets`, from step `first` on) the readout's own errors; zero before the
    /// washout is over and in lanes without an example. Nothing is done for a readout with noise.
    pub(super) fn make_errors(
        &self,
        batch: &LaneBatch<L>,
        (block, first): (usize, usize),
        targets: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        let (loss, width) = (loss_of(&self.problem), self.network.output_rows().len());
        let rule = LocalError::of(self.network.output_activation(), loss);
        let Some(rule) = rule.filter(|_| self.config.readout == Readout::LocalError) else {
            return;
        };
        replace_by_errors(rule, per_term(loss, batch, width) as f32, targets, outputs);
        let unscored = (batch.washout.saturating_sub(first) * width).min(outputs.len());
        outputs[..unscored].fill([0.0; L]);
        let valid = batch.valid(block);
        if valid < L {
            for row in outputs {
                row[valid..].fill(0.0);
            }
        }
    }
}
