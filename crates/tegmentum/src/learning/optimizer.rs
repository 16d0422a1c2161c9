//! Derivative-free learners as pure state machines: ask for probes, tell their losses.
//!
//! The loop, the batches and the budget are in [`training`](crate::learning::training); an optimizer draws nothing but the keys of
//! its own directions and touches nothing but its own vectors.
//!
//! # Rounds
//! One update is one or more rounds of `ask` → losses → `tell`. A round whose report says `follow_up` is followed by
//! another before the update is over. All rounds of an update are evaluated on the **same** batch.
//!
//! # Modulation
//! What a learner obeys it says ([`Optimizer::hears`]): most multiply their step by the learning rate of the [`Modulation`] and
//! their σ by the perturbation scale; learners whose step is a candidate as it was tried have no step to multiply; learners with
//! running statistics forget them on a reset.

use std::any::Any;
use std::fmt::Debug;

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;
use crate::registry::Description;

pub use crate::neuromodulation::nucleus::Levels;

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepReport {
    /// The loss of the acting model on the batch, where it was evaluated or can be estimated (mean of a pair).
    pub loss: f64,
    /// The rate that was applied: the factor on the estimate of the gradient, or the length of the step for each weight
    /// where the estimate is normalised.
    pub learning_rate: f64,
    /// Losses of this round that were NaN or infinite; they moved nothing.
    pub non_finite: u32,
    /// Whether the update needs another round on the same batch.
    pub follow_up: bool,
    /// Whether the learner was surprised in this round and started over.
    pub surprised: bool,
}

crate::archived!(StepReport { loss, learning_rate, non_finite, follow_up, surprised });

/// A derivative-free learner.
pub trait Optimizer: Send {
    /// The candidates to evaluate next, all on the batch of the update. Asking again without telling gives the same ones.
    fn ask(&mut self, modulation: &Modulation) -> &[Probe];

    /// Takes the losses of the probes that were asked for, in order, and moves.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`](crate::error::Error::ShapeMismatch) if there are not as many losses as probes;
    /// [`Error::NonFinite`](crate::error::Error::NonFinite) if a parameter became NaN or infinite.
    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport>;

    /// The learner's vectors, borrowed.
    fn bases(&self) -> Bases<'_>;

    /// What the learner would hand over: the averaged vector, unless it keeps a better one.
    fn solution(&self) -> Point<'_> {
        self.bases().averaged
    }

    /// Bytes of state that last from update to update: parameters, averages, statistics of vector size. What is
    /// O(1) or O(probes) is not counted. One vector if nothing else is said.
    fn state_bytes(&self) -> usize {
        size_of::<f32>() * self.bases().num_parameters()
    }

    /// Levels of the four modulators, for learners that have them.
    fn levels(&self) -> Option<Levels> {
        None
    }

    /// The effects of modulators around it that it obeys; none unless it says so.
    fn hears(&self) -> Vec<Heard> {
        Vec::new()
    }

    /// Writes its running state to an archive, or reads it from there, between updates. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Optimizer + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Optimizer::archive(self, archive)
    }
}

/// The settings of an optimizer: what makes it from a study file, and what a search may vary.
///
/// A settings type of one's own is made known under its name with
/// [`OptimizerConfig::register`](crate::learning::optimizers::OptimizerConfig::register).
pub trait OptimizerSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The learner, starting from `start` `[P]`, that draws its directions from `key` and plans for
    /// `budget_evaluations` evaluations.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for options that exclude each other.
    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>>;

    /// The learning rate, for optimizers that have one.
    fn learning_rate(&self) -> Option<f64> {
        None
    }

    /// Sets the learning rate, or the rate to begin with. False for optimizers that have none.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        let _ = rate;
        false
    }

    /// The perturbation scale σ, or its first value, for optimizers that have one; for Dopamine a share of the weights'
    /// root mean square.
    fn perturbation_scale(&self) -> Option<f64> {
        None
    }

    /// Sets the perturbation scale. False for optimizers that have none.
    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        let _ = scale;
        false
    }

    /// Sets the strength with which the weights are held at the start. False for optimizers that have none.
    fn set_strength(&mut self, strength: f64) -> bool {
        let _ = strength;
        false
    }

    /// Makes the settings fit the parameters of `network`, where the [family](crate::model::perturbation::Family) of
    /// directions has to know them.
    fn fit_to(&mut self, network: &dyn Network) {
        let _ = network;
    }

    /// Parameters are told to the optimizer as `factor` times those of the network, and so are the sizes `[parameter]` that
    /// [`fit_to`](Self::fit_to) took from it; call it after that. `factor` is positive. Nothing to do where no size was taken.
    fn in_unit(&mut self, factor: f64) {
        let _ = factor;
    }

    /// The modulators of learners that have their own, whole: no preset is `own`.
    fn modulators(&self) -> Option<NeuromodulationConfig> {
        None
    }

    /// Sets the modulators of a learner that has its own; `own` is its own preset. False for learners that have none.
    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        let _ = modulators;
        false
    }

    /// The effects of its [own modulators](Self::modulators) that a learner of `network` obeys, with the network's places; none
    /// for optimizers that have no modulators of their own.
    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        let _ = network;
        Vec::new()
    }
}
