//! The contract of a nucleus: signals in, level of one transmitter out.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// The four transmitters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transmitter {
    /// From the ventral tegmental area.
    Dopamine,
    /// From the basal forebrain.
    Acetylcholine,
    /// From the dorsal raphe.
    Serotonin,
    /// From the locus coeruleus.
    Noradrenaline,
}

/// What nuclei may know about one moment. What did not happen is `None`. There is no task identity here, ever.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// Mean regret of the probes of a step: loss of the perturbed minus loss of the unperturbed model, per unit of noise.
    pub regret: Option<f64>,
    /// Mean squared prediction error of the probes of a step, same unit squared.
    pub squared_prediction_error: Option<f64>,
    /// Loss of the acting model on the batch of a step.
    pub loss: Option<f64>,
    /// Loss of the averaged (consolidated) model, at the end of a window.
    pub consolidated_loss: Option<f64>,
    /// Loss of the averaged model minus loss of the acting model, at the end of a window: positive if acting paid.
    pub outcome: Option<f64>,
}

/// One nucleus.
pub trait Nucleus: Send + Debug {
    /// What it releases.
    fn transmitter(&self) -> Transmitter;

    /// Takes in the signals of one moment and returns the level after it. Signals that are `None` or not finite change
    /// nothing.
    fn release(&mut self, signals: &Signals) -> f64;

    /// Forgets the statistics of the world as it was: called when a surprise is confirmed.
    fn reset(&mut self);
}

/// A running mean that weighs its first values equally and later ones with a constant rate.
///
/// ```text
///     mean ← mean + max(rate, 1/n) · (value − mean)          n values so far, this one included
///     var  ← (1 − b) · (var + b · (value − mean)²)           b = max(rate, 1/n), mean before the update
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RunningMean {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
    pub(crate) count: u64,
}

impl RunningMean {
    /// Takes in one value.
    pub(crate) fn update(&mut self, value: f64, rate: f64) {
        let share = (1.0 / (self.count as f64 + 1.0)).max(rate);
        let difference = value - self.mean;
        self.mean += share * difference;
        if self.count > 0 {
            self.variance = (1.0 - share) * (self.variance + share * difference * difference);
        }
        self.count += 1;
    }

    /// The standard deviation, at least `floor` times the size of the mean.
    pub(crate) fn deviation(&self, floor: f64) -> f64 {
        self.variance.sqrt().max(floor * self.mean.abs()).max(1e-12)
    }
}
