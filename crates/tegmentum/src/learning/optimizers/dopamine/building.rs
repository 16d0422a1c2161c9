//! From the settings of Dopamine to the optimizer.

use super::block_sizes::{BlockSizes, connections_of};
use super::scale::Scale;
use super::warm_start::WarmStart;
use super::{Dopamine, DopamineConfig, LastStep, Progress, parameter_size};
use crate::error::{Result, at_least_one, positive};
use crate::learning::optimizer::{Optimizer, OptimizerSettings};
use crate::learning::optimizers::checks::check_start;
use crate::learning::places::Places;
use crate::learning::schedule_free::ScheduleFree;
use crate::learning::supervisor::{self, Settings, Supervisor};
use crate::model::network::Network;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The share of its size by which a weight may move in an update of one direction, however many weights there are.
const BORNE: f64 = 0.02;

impl DopamineConfig {
    /// The effects that it obeys at its places.
    fn heard(&self) -> Vec<Heard> {
        let mut heard = supervisor::heard();
        heard.extend(Heard::everywhere(&[Target::PerturbationScale, Target::Gain]));
        heard.extend(self.places.heard());
        heard
    }

    /// An optimizer that begins at `start` `[P]` and draws its directions from `key`. It makes no use of the budget.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a setting outside its range, [`Error::NonFinite`](crate::error::Error::NonFinite) for a start that is not finite,
    /// [`Error::Unheard`](crate::error::Error::Unheard) for modulation that it does not obey.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Dopamine> {
        at_least_one("directions", self.directions)?;
        if let Some(patience) = self.patience {
            at_least_one("patience", patience as usize)?;
        }
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        let size = match self.parameter_size {
            Some(size) => positive("parameter_size", size)?,
            None => parameter_size(&start),
        };
        let blocks = BlockSizes::new(self, &start)?;
        let size = blocks.whole().unwrap_or(size);
        let cap = match self.largest_rate {
            Some(cap) => positive("largest_rate", cap)?,
            None => largest_rate(self.directions, start.len()),
        };
        let evaluations = if self.two_sided { 2 * self.directions } else { self.directions + 1 };
        let settings = Settings {
            start: self.start_rate.unwrap_or(cap),
            cap,
            first_window: self.first_window.unwrap_or((32 / evaluations as u64).max(4)),
            gains: &self.gains,
        };
        // Who sets the rate to begin with means it.
        let watched = self.start_rate.is_none().then_some(&start[..]);
        let system = self.neuromodulation.or_preset(Preset::DopamineOptimizer);
        system.check_heard("the optimizer dopamine", &self.heard(), &[])?;
        Ok(Dopamine {
            supervisor: Supervisor::new(&settings, &system, key.child(u64::MAX))?,
            warm_start: WarmStart::new(watched, settings.first_window),
            scale: Scale::new(self.perturbation_scale, self.search_scale),
            last_step: LastStep::default(),
            size,
            blocks,
            vectors: ScheduleFree::new(start),
            best: None,
            key,
            updates: 0,
            restarts: 0,
            probes: Vec::with_capacity(2 * self.directions + 1),
            regrets: Vec::with_capacity(self.directions),
            terms: Vec::with_capacity(self.directions),
            progress: Progress::default(),
            judged: f64::INFINITY,
            config: self.clone(),
        })
    }
}

impl Dopamine {
    /// Takes up weights `[P]` that were moved from outside since it last moved them itself.
    pub(crate) fn take_up(&mut self, weights: &[f32]) {
        self.vectors.take_up(weights);
    }
}

impl OptimizerSettings for DopamineConfig {
    fn description(&self) -> Description {
        Description {
            name: "dopamine",
            summary: "schedule-free, no learning rate to set, four neuromodulators in control; our reading",
            reference: "reading of arXiv:2510.22178; Defazio et al. 2024, arXiv:2405.15682",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    /// Sets the rate to begin with.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.start_rate = Some(rate);
        true
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.family = self.family.for_network(network);
        self.places = Places::of(network);
        self.connections = connections_of(network);
    }

    fn in_unit(&mut self, factor: f64) {
        for connection in &mut self.connections {
            connection.size *= factor;
        }
    }

    fn modulators(&self) -> Option<NeuromodulationConfig> {
        Some(self.neuromodulation.or_preset(Preset::DopamineOptimizer))
    }

    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        self.neuromodulation = modulators.clone();
        true
    }

    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        Self { places: Places::of(network), ..self.clone() }.heard()
    }
}

/// The cap of the rate for `directions` in `parameters` dimensions.
fn largest_rate(directions: usize, parameters: usize) -> f64 {
    let (directions, parameters) = (directions as f64, parameters as f64);
    // √(K/P) as it always was, to the bit, wherever it is the larger one.
    (directions / parameters).sqrt().max(BORNE * directions.sqrt()).min(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_does_not_fall_below_two_percent_of_a_weight() {
        for (parameters, expected) in [(1, 0.5), (17, 0.485), (371, 0.1038), (2410, 0.04074), (203_530, 0.04)] {
            let found = largest_rate(4, parameters);
            assert!((found - expected).abs() < 1e-4, "{parameters}: {found}");
        }
        assert_eq!(largest_rate(16, 10_000_000), 0.08);
        assert_eq!(largest_rate(8, 2410), (8.0f64 / 2410.0).sqrt());
    }
}
