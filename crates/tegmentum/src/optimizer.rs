//! Derivative-free learners as pure state machines: ask for probes, tell their losses.
//!
//! The loop, the batches and the budget are in [`training`](crate::training); an optimizer draws nothing but the keys of
//! its own directions and touches nothing but its own vectors.
//!
//! # Rounds
//! One update is one or more rounds of `ask` → losses → `tell`. A round whose report says `follow_up` is followed by
//! another before the update is over. All rounds of an update are evaluated on the **same** batch.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::modulation::Modulation;
use crate::perturbation::{Bases, Point, Probe};

pub use crate::network::Description;

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// O(1) or O(probes) is not counted.
    fn state_bytes(&self) -> usize;

    /// Levels of the four modulators, for learners that have them.
    fn levels(&self) -> Option<Levels> {
        None
    }
}

/// The levels of the four modulators as a learner reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Dopamine: the last slow prediction error in units of its running size; positive when acting paid.
    pub dopamine: f64,
    /// Acetylcholine: the expected size of a prediction error.
    pub acetylcholine: f64,
    /// Serotonin: the horizon of the average, in updates.
    pub serotonin: f64,
    /// Noradrenaline: the evidence that the world has changed, as a share of what raises an alarm.
    pub noradrenaline: f64,
}
