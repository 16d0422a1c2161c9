//! Spiking networks: populations of cells in steps of one millisecond, and what runs between them.
//!
//! | part | file |
//! |---|---|
//! | leaky integrate-and-fire cells | [leaky_integrate_and_fire] |
//! | spike-response cells with escape noise | [spike_response] |
//! | Izhikevich cells, from regular spiking to bursting | [izhikevich] |
//! | a population: cells, background, shared drive | [population] |
//! | Poisson input | [poisson] |
//! | conduction delays of axons and synapses | [delay] |
//! | cells whose spikes say how wrong a prediction was | [error_cells] |
//!
//! # Conventions
//! Time is in milliseconds, potentials in millivolts, rates in spikes per millisecond unless a name says hertz. What is random
//! (input spikes, background) is a function of a key, a millisecond and a cell: no order of evaluation and no number of
//! threads can change it. State is `f32`, elementary functions are those of [`kernel::math`](crate::kernel::math).

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;

pub mod delay;
pub mod error_cells;
pub mod izhikevich;
pub mod leaky_integrate_and_fire;
pub mod poisson;
pub mod population;
pub mod spike_response;

use izhikevich::IzhikevichConfig;
use leaky_integrate_and_fire::LeakyIntegrateAndFireConfig;

/// What a cell does to those it projects to; all its synapses share the sign (Dale's principle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Its spikes depolarise.
    Excitatory,
    /// Its spikes hyperpolarise.
    Inhibitory,
}

impl Sign {
    /// 1 or −1.
    pub fn factor(self) -> f32 {
        match self {
            Self::Excitatory => 1.0,
            Self::Inhibitory => -1.0,
        }
    }
}

/// The membranes of a population.
pub trait Cells: Send + Sync + Debug {
    /// Number of cells.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Back to rest; `jitter` `[cells]` in `[0, 1)` spreads the potentials a little, so that cells do not start in step.
    fn rest(&mut self, jitter: &[f32]);

    /// One millisecond under `current` `[cells]`; the numbers of the cells that spike are appended to `spikes`, in order.
    fn step(&mut self, current: &[f32], spikes: &mut Vec<u32>);

    /// Sets the bursting level n, from 0 (as configured) to 0.5 (bursts). Cells that cannot burst stay as they are.
    fn set_bursting(&mut self, level: f32);

    /// Membrane potentials `[cells]`, in millivolts.
    fn potentials(&self) -> &[f32];

    /// Writes its running state to an archive, or reads it from there. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Cells + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Cells::archive(self, archive)
    }
}

/// Which cells, with their parameters.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::CellConfig;
///
/// let config: CellConfig = toml::from_str("[izhikevich]\na = 0.1\nd = 2.0")?;
/// assert_eq!(config.build(3)?.potentials().len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellConfig {
    /// Leaky integrate-and-fire.
    LeakyIntegrateAndFire(LeakyIntegrateAndFireConfig),
    /// Izhikevich's quadratic cell with recovery.
    Izhikevich(IzhikevichConfig),
}

impl CellConfig {
    /// The membranes of `cells` cells at rest.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self, cells: usize) -> Result<Box<dyn Cells>> {
        Ok(match self {
            Self::LeakyIntegrateAndFire(config) => Box::new(config.build(cells)?),
            Self::Izhikevich(config) => Box::new(config.build(cells)?),
        })
    }
}

/// e^(−1/τ): what is left after a millisecond of something that decays with the time constant τ.
pub(crate) fn kept(time_constant: f64) -> f32 {
    crate::kernel::math::exp(-1.0 / time_constant as f32)
}
