//! A group of excitatory and inhibitory cells that says one number: its net rate.

use std::ops::Range;

use crate::behaviour::spiking::population::{Background, CellPopulation};
use crate::behaviour::spiking::{CellConfig, Sign};
use crate::error::Result;
use crate::random::Key;

/// What a group is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anatomy<'a> {
    pub(super) inputs: usize,
    pub(super) cells: usize,
    pub(super) excitatory: &'a CellConfig,
    pub(super) inhibitory: &'a CellConfig,
    pub(super) background: Background,
    /// e^(−1/τ_n) of the rates.
    pub(super) rate_kept: f32,
}

/// What a group sees of the input in one millisecond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrivals<'a> {
    /// Cells whose spikes arrive.
    pub(super) spikes: &'a [u32],
    /// Presynaptic traces p_j `[inputs]`, these spikes included.
    pub(super) traces: &'a [f32],
    /// What a pairing in this millisecond is worth when the reward comes; 0 if nothing is learned from it.
    pub(super) worth: f32,
}

/// One half of a group: cells of one sign with their plastic synapses.
#[derive(Debug)]
struct Half {
    population: CellPopulation,
    /// Its weights among those of the agent, `[inputs, cells]`.
    weights: Range<usize>,
    /// Eligibility at the moment of the reward, `[inputs, cells]`.
    eligibility: Vec<f32>,
    /// Mean of the low-passed spikes, in spikes a millisecond and cell.
    rate: f32,
}

/// Cells for and cells against.
#[derive(Debug)]
pub(super) struct CellGroup {
    name: String,
    halves: [Half; 2],
    rate_kept: f32,
    /// 1 − e^(−t/τ_n): what a constant rate would have reached by now.
    reached: f32,
}

impl CellGroup {
    /// A group whose weights begin at `first` among those of the agent.
    pub(super) fn new(name: &str, anatomy: &Anatomy<'_>, first: usize) -> Result<Self> {
        let size = anatomy.inputs * anatomy.cells;
        let half = |sign: Sign, cells: &CellConfig, start: usize| -> Result<Half> {
            let population = CellPopulation::new(name, anatomy.cells, cells, sign, anatomy.background)?;
            Ok(Half { population, weights: start..start + size, eligibility: vec![0.0; size], rate: 0.0 })
        };
        Ok(Self {
            name: name.to_owned(),
            halves: [
                half(Sign::Excitatory, anatomy.excitatory, first)?,
                half(Sign::Inhibitory, anatomy.inhibitory, first + size)?,
            ],
            rate_kept: anatomy.rate_kept,
            reached: 0.0,
        })
    }

    /// Where its weights end.
    pub(super) fn end(&self) -> usize {
        self.halves[1].weights.end
    }

    /// Cells of both signs.
    pub(super) fn cells(&self) -> usize {
        2 * self.halves[0].population.len()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Back to rest; nothing is eligible.
    pub(super) fn begin(&mut self, key: Key) {
        for (index, half) in self.halves.iter_mut().enumerate() {
            half.population.begin(key.child(index as u64));
            half.eligibility.fill(0.0);
            half.rate = 0.0;
        }
        self.reached = 0.0;
    }

    /// The state that modulators set: bursting and shared drive of the excitatory cells, gain of all input.
    pub(super) fn set_state(&mut self, bursting: f32, shared_drive: f32, gain: f32) {
        self.halves[0].population.set_state(bursting, shared_drive, gain);
        self.halves[1].population.set_state(0.0, 0.0, gain);
    }

    /// One millisecond. Spikes are told to `spiked` by their cell's number, inhibitory cells after excitatory ones.
    pub(super) fn step(&mut self, weights: &[f32], arrivals: Arrivals<'_>, mut spiked: impl FnMut(u32)) {
        let mut offset = 0;
        for half in &mut self.halves {
            let cells = half.population.len();
            let weights = &weights[half.weights.clone()];
            let current = half.population.current_mut();
            for &input in arrivals.spikes {
                let row = &weights[input as usize * cells..][..cells];
                current.iter_mut().zip(row).for_each(|(current, weight)| *current += weight);
            }
            let spikes = half.population.step();
            half.rate = self.rate_kept * half.rate + (1.0 - self.rate_kept) * spikes.len() as f32 / cells as f32;
            for &cell in spikes {
                spiked(offset + cell);
                if arrivals.worth > 0.0 {
                    let column = half.eligibility[cell as usize..].iter_mut().step_by(cells);
                    column.zip(arrivals.traces).for_each(|(eligible, trace)| *eligible += arrivals.worth * trace);
                }
            }
            offset += cells as u32;
        }
        self.reached = self.rate_kept * self.reached + (1.0 - self.rate_kept);
    }

    /// Mean rate of excitatory minus that of inhibitory cells, in spikes a millisecond.
    pub(super) fn net_rate(&self) -> f32 {
        let net = self.halves[0].rate - self.halves[1].rate;
        if self.reached > 0.0 { net / self.reached } else { 0.0 }
    }

    /// Excitatory weights move by `step` times eligibility, inhibitory ones by minus that; all stay in `[0, largest]`.
    pub(super) fn learn(&self, weights: &mut [f32], step: f32, largest: f32) {
        for half in &self.halves {
            let step = step * half.population.sign().factor();
            let weights = weights[half.weights.clone()].iter_mut();
            weights.zip(&half.eligibility).for_each(|(w, eligible)| *w = (*w + step * eligible).clamp(0.0, largest));
        }
    }

    /// Takes eligibility away for a while, so that the group can be run without losing it.
    pub(super) fn take_eligibility(&mut self) -> [Vec<f32>; 2] {
        std::array::from_fn(|half| std::mem::take(&mut self.halves[half].eligibility))
    }

    /// Gives it back.
    pub(super) fn give_eligibility(&mut self, eligibility: [Vec<f32>; 2]) {
        for (half, eligibility) in self.halves.iter_mut().zip(eligibility) {
            half.eligibility = eligibility;
        }
    }

    pub(super) fn state_bytes(&self) -> usize {
        // Weights, potentials and recovery last; the rest is of one trial.
        size_of_val(&self.halves[0].eligibility[..]) * 2 + self.cells() * 2 * size_of::<f32>()
    }
}
