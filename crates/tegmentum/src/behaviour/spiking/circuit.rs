//! A circuit: populations wired to each other at random, with a delay for each synapse and one sign for each population.
//!
//! ```text
//!     I_i(t) = Σ_j sign(j) w_ji s_j(t − D_ji)            w_ji ≥ 0, D_ji in 1..=D_max ms
//! ```
//! s_j(t) spike of cell j · a synapse holds the size w of its weight; its sign is that of the population it comes from, so that
//! no write can turn excitation into inhibition.
//!
//! Order of a millisecond: what arrives now is added to the currents, all populations step, their spikes are sent on their way.
//! With delays of at least 1 ms the order of the populations does not matter.
//!
//! # Cost
//! One addition for each synapse of a cell that spikes. Memory: 9 bytes a synapse, D_max + 1 currents a cell.
//!
//! Reference: E. M. Izhikevich, Cerebral Cortex 17, 2443–2452, 2007 (the circuit of the tests: 80 % excitatory, 100 synapses a
//! cell, delays 1–5 ms, inhibitory 1 ms).

use super::delay::check_longest;
use super::population::{Background, Population};
use super::{CellConfig, Sign};
use crate::error::{Error, Result, at_least_one};
use crate::random::Key;

/// How one population projects to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connectivity {
    /// Synapses that each cell makes, with targets drawn at random (a cell may be met twice).
    pub out_degree: usize,
    /// Size of the first weights, at least 0.
    pub weight: f32,
    /// Shortest and longest delay in ms, at least 1.
    pub delays: (u8, u8),
}

/// One synapse.
#[derive(Clone, Copy, Debug)]
struct Synapse {
    target: u32,
    weight: f32,
    delay: u8,
}

/// The synapses from one population to another, those of a cell next to each other.
#[derive(Clone, Debug)]
struct Projection {
    from: usize,
    to: usize,
    out_degree: usize,
    synapses: Vec<Synapse>,
}

/// Populations and what runs between them.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::behaviour::spiking::circuit::{Circuit, Connectivity};
/// use tegmentum::behaviour::spiking::izhikevich::IzhikevichConfig;
/// use tegmentum::behaviour::spiking::population::Background;
/// use tegmentum::behaviour::spiking::{CellConfig, Sign};
///
/// let regular = CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING);
/// let mut circuit = Circuit::new(Key::from_seed(1));
/// let cells = circuit.add("excitatory", 20, &regular, Sign::Excitatory, Background { mean: 6.0, spread: 3.0 })?;
/// circuit.connect(cells, cells, Connectivity { out_degree: 5, weight: 1.0, delays: (1, 5) })?;
/// (0..100).for_each(|_| circuit.step());
/// assert_eq!(circuit.population(cells).len(), 20);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Circuit {
    key: Key,
    populations: Vec<Population>,
    projections: Vec<Projection>,
    /// For each population a ring of currents `[slots, cells]`.
    arriving: Vec<Vec<f32>>,
    slots: usize,
    millisecond: u64,
}

impl Circuit {
    /// A circuit without cells; wiring and background follow from `key`.
    pub fn new(key: Key) -> Self {
        Self { key, populations: Vec::new(), projections: Vec::new(), arriving: Vec::new(), slots: 2, millisecond: 0 }
    }

    /// Adds a population at rest and returns its number.
    ///
    /// # Errors
    /// Those of [`Population::new`].
    pub fn add(
        &mut self,
        name: &str,
        count: usize,
        cells: &CellConfig,
        sign: Sign,
        background: Background,
    ) -> Result<usize> {
        let number = self.populations.len();
        let mut population = Population::new(name, count, cells, sign, background)?;
        population.begin(self.key.child(0).child(number as u64));
        self.populations.push(population);
        self.arriving.push(vec![0.0; self.slots * count]);
        Ok(number)
    }

    /// Wires population `from` to population `to`. To be done before the first step.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range, [`Error::ShapeMismatch`] for a population that there is not.
    pub fn connect(&mut self, from: usize, to: usize, connectivity: Connectivity) -> Result<()> {
        let Connectivity { out_degree, weight, delays: (shortest, longest) } = connectivity;
        if from.max(to) >= self.populations.len() {
            let (what, expected) = ("number of a population: one below", self.populations.len());
            return Err(Error::ShapeMismatch { what, expected, found: from.max(to) });
        }
        at_least_one("out_degree", out_degree)?;
        if !(weight.is_finite() && weight >= 0.0) {
            let requirement = "a finite size, at least 0: the sign is the population's";
            return Err(Error::InvalidParameter { name: "weight", value: f64::from(weight), requirement });
        }
        if shortest == 0 || shortest > longest {
            let requirement = "at least 1 ms and at most the longest";
            return Err(Error::InvalidParameter { name: "shortest delay", value: f64::from(shortest), requirement });
        }
        let slots = check_longest(longest)? + 1;
        let mut stream = self.key.child(1).child(self.projections.len() as u64).stream();
        let (sources, targets) = (self.populations[from].len(), self.populations[to].len());
        let synapses = (0..sources * out_degree)
            .map(|_| Synapse {
                target: stream.below(targets) as u32,
                weight,
                delay: shortest + stream.below(usize::from(longest - shortest) + 1) as u8,
            })
            .collect();
        self.projections.push(Projection { from, to, out_degree, synapses });
        if slots > self.slots {
            self.slots = slots;
            for (ring, population) in self.arriving.iter_mut().zip(&self.populations) {
                *ring = vec![0.0; slots * population.len()];
            }
        }
        Ok(())
    }

    /// One millisecond.
    pub fn step(&mut self) {
        let slot = (self.millisecond % self.slots as u64) as usize;
        for (population, ring) in self.populations.iter_mut().zip(&mut self.arriving) {
            let count = population.len();
            let now = &mut ring[slot * count..(slot + 1) * count];
            for (current, arriving) in population.current_mut().iter_mut().zip(now) {
                *current += std::mem::take(arriving);
            }
            population.step();
        }
        for projection in &self.projections {
            let source = &self.populations[projection.from];
            let sign = source.sign().factor();
            let count = self.populations[projection.to].len();
            let ring = &mut self.arriving[projection.to];
            for &cell in source.spikes() {
                let first = cell as usize * projection.out_degree;
                for synapse in &projection.synapses[first..first + projection.out_degree] {
                    let slot = (slot + usize::from(synapse.delay)) % self.slots;
                    ring[slot * count + synapse.target as usize] += sign * synapse.weight;
                }
            }
        }
        self.millisecond += 1;
    }

    /// A population.
    ///
    /// # Panics
    /// If there is none of that number.
    pub fn population(&self, number: usize) -> &Population {
        &self.populations[number]
    }

    /// Sets bursting level, shared drive and gain of a population; see [`Population::set_state`].
    ///
    /// # Panics
    /// If there is none of that number.
    pub fn set_state(&mut self, number: usize, bursting: f32, shared_drive: f32, gain: f32) {
        self.populations[number].set_state(bursting, shared_drive, gain);
    }

    /// Changes the weights of a projection by `change` of (source, target, weight); a size stays at least 0.
    ///
    /// # Panics
    /// If there is no projection of that number.
    pub fn change_weights(&mut self, projection: usize, mut change: impl FnMut(u32, u32, f32) -> f32) {
        let Projection { out_degree, synapses, .. } = &mut self.projections[projection];
        for (index, synapse) in synapses.iter_mut().enumerate() {
            let changed = change((index / *out_degree) as u32, synapse.target, synapse.weight);
            if changed.is_finite() {
                synapse.weight = changed.max(0.0);
            }
        }
    }

    /// The synapses of a projection: source, target, signed weight, delay in ms.
    ///
    /// # Panics
    /// If there is no projection of that number.
    pub fn synapses(&self, projection: usize) -> impl Iterator<Item = (u32, u32, f32, u8)> {
        let projection = &self.projections[projection];
        let sign = self.populations[projection.from].sign().factor();
        projection.synapses.iter().enumerate().map(move |(index, synapse)| {
            ((index / projection.out_degree) as u32, synapse.target, sign * synapse.weight, synapse.delay)
        })
    }
}

#[cfg(test)]
mod tests;
