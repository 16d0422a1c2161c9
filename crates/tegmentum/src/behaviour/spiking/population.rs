//! A population: cells of one kind with one sign, their synaptic current and their background.
//!
//! ```text
//!     I_i(t) = g · Σ (arriving spikes) + m + s (2U_i(t) − 1) + h ξ(t)
//! ```
//! g gain · m mean and s spread of the background [input of a millisecond] · U uniform in [0, 1) for each cell · ξ(t) standard
//! normal, one number for the whole population: a *shared drive* of size h makes its cells burst together.
//!
//! Cost: one random number a cell and millisecond where there is a spread.

use serde::{Deserialize, Serialize};

use super::{CellConfig, Cells, Sign, poisson};
use crate::error::{Error, Result, at_least_one};
use crate::random::Key;

/// Input that every cell gets from outside the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Background {
    /// Mean m.
    pub mean: f64,
    /// Half the width s of the uniform noise on every cell and millisecond, at least 0.
    pub spread: f64,
}

impl Background {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn check(&self) -> Result<()> {
        let (name, value) = ("background.mean", self.mean);
        if !value.is_finite() {
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        let (name, value) = ("background.spread", self.spread);
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number, at least 0" });
        }
        Ok(())
    }
}

/// A population.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::behaviour::spiking::izhikevich::IzhikevichConfig;
/// use tegmentum::behaviour::spiking::population::{Background, CellPopulation};
/// use tegmentum::behaviour::spiking::{CellConfig, Sign};
///
/// let cells = CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING);
/// let background = Background { mean: 5.0, spread: 5.0 };
/// let mut population = CellPopulation::new("excitatory", 10, &cells, Sign::Excitatory, background)?;
/// population.begin(Key::from_seed(1));
/// let total: usize = (0..1000).map(|_| population.step().len()).sum();
/// assert!(total > 20);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct CellPopulation {
    name: String,
    sign: Sign,
    cells: Box<dyn Cells>,
    background: Background,
    shared_drive: f32,
    gain: f32,
    key: Key,
    millisecond: u64,
    current: Vec<f32>,
    numbers: Vec<f32>,
    spikes: Vec<u32>,
}

crate::archived!(
    CellPopulation { cells, shared_drive, gain, key, millisecond, spikes }
    sized { current }
    fixed { name, sign, background, numbers }
);

impl CellPopulation {
    /// A population of `count` cells at rest.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn new(name: &str, count: usize, cells: &CellConfig, sign: Sign, background: Background) -> Result<Self> {
        at_least_one("cells", count)?;
        background.check()?;
        Ok(Self {
            name: name.to_owned(),
            sign,
            cells: cells.build(count)?,
            background,
            shared_drive: 0.0,
            gain: 1.0,
            key: Key::from_seed(0),
            millisecond: 0,
            current: vec![0.0; count],
            numbers: vec![0.0; count],
            spikes: Vec::with_capacity(count),
        })
    }

    /// Back to rest at millisecond 0; background, shared drive and the spread of first potentials follow from `key`.
    pub fn begin(&mut self, key: Key) {
        self.key = key;
        self.millisecond = 0;
        self.current.fill(0.0);
        self.spikes.clear();
        poisson::uniforms(key.child(0), 0, &mut self.numbers);
        self.cells.rest(&self.numbers);
    }

    /// What arrives in the next millisecond `[cells]`, to add to.
    pub fn current_mut(&mut self) -> &mut [f32] {
        &mut self.current
    }

    /// One millisecond; the numbers of the cells that spike, in order.
    pub fn step(&mut self) -> &[u32] {
        let (mean, spread) = (self.background.mean as f32, self.background.spread as f32);
        let shared = match self.shared_drive {
            0.0 => 0.0,
            size => size * self.key.child(2).child(self.millisecond).stream().normal(),
        };
        if spread > 0.0 {
            poisson::uniforms(self.key.child(1), self.millisecond, &mut self.numbers);
            for (current, &number) in self.current.iter_mut().zip(&self.numbers) {
                *current = self.gain * *current + (mean + spread * (2.0 * number - 1.0) + shared);
            }
        } else {
            self.current.iter_mut().for_each(|current| *current = self.gain * *current + (mean + shared));
        }
        self.spikes.clear();
        self.cells.step(&self.current, &mut self.spikes);
        self.current.fill(0.0);
        self.millisecond += 1;
        &self.spikes
    }

    /// Sets the bursting level of the cells, the size of the drive they share and the gain of their input.
    pub fn set_state(&mut self, bursting: f32, shared_drive: f32, gain: f32) {
        self.cells.set_bursting(bursting);
        self.shared_drive = shared_drive;
        self.gain = gain;
    }

    /// The spikes of the last millisecond.
    pub fn spikes(&self) -> &[u32] {
        &self.spikes
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its spikes do.
    pub fn sign(&self) -> Sign {
        self.sign
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.current.len()
    }

    /// Whether it has no cells; never so.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty()
    }

    /// The membranes.
    pub fn cells(&self) -> &dyn Cells {
        &*self.cells
    }
}
