//! Learning of tasks that follow one another: the contract.
//!
//! A learner of this kind takes classified examples, batch by batch, and is asked for classes at any time. What it is told besides, its
//! [`Told`] says: the learner with [`contexts`] and the closed forms are told nothing, some baselines are told which task is on.
//!
//! | learner | told | keeps |
//! |---|---|---|
//! | [`contexts`] | nothing | masks and a Gaussian for each context it found |
//! | [`naive`] | nothing | one network |
//! | [`joint`] | all tasks at once | one network |
//! | [`replay`] | nothing | examples |
//! | [`ewc`] | when a task begins | Fisher information and old weights |
//! | [`synaptic_intelligence`] | when a task begins | what each weight did, and old weights |
//! | [`anchored_decay`] | when a task begins | old weights |
//! | [`shrink_perturb`] | when a task begins | one network |
//! | [`xdg`] | the task, also at test | a mask for each task |
//! | [`nearest_class_mean`], [`streaming_lda`] | nothing | means; and a covariance |
//! | [`random_features`] | nothing | the same of fixed random features |
//! | [`task_gaussians`] | when a task begins | means and a covariance for each task |
//!
//! [`ContinualRun`] leads a learner through a [`TaskStream`](crate::data::task_stream::TaskStream).

use std::any::Any;
use std::fmt::Debug;

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Error, Result};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::nucleus::Levels;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::random::Key;
use crate::registry::Description;

pub mod anchored_decay;
mod black_box;
pub mod contexts;
pub mod ewc;
pub mod fisher;
pub mod joint;
pub mod learners;
pub mod naive;
pub mod nearest_class_mean;
mod perceptron;
pub mod random_features;
mod recogniser;
pub mod replay;
mod run;
mod shared_network;
pub mod shrink_perturb;
pub mod streaming_lda;
pub mod synaptic_intelligence;
pub mod task_gaussians;
pub mod xdg;

pub use run::ContinualRun;
pub use shared_network::{Estimate, NetworkConfig};

/// Most hidden units of a network here, so that no setting asks for more memory than there is.
const MAX_HIDDEN: usize = 10_000;

/// What a learner is told besides examples with their classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// Which task begins, when one does.
    Boundaries,
    /// The same, and at test the task of each example.
    Tasks,
    /// Examples of all tasks at once, from the beginning.
    Everything,
}

/// What an update gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observed {
    /// Forward-equivalents of one batch.
    pub evaluations: u64,
    /// Mean loss of the batch before the update, in nats; NaN for learners that have none.
    pub loss: f64,
    /// Whether the learner took another context.
    pub switched: bool,
}

/// Anything that learns from classified examples whose task changes.
pub trait ContinualLearner: Send + Debug {
    /// What it is told.
    fn told(&self) -> Told {
        Told::Nothing
    }

    /// The task `task` begins: for learners that are told. Returns the forward-equivalents that it took.
    ///
    /// # Errors
    /// If a parameter became NaN or infinite.
    fn enter(&mut self, task: usize) -> Result<u64> {
        let _ = task;
        Ok(0)
    }

    /// Learns from a batch.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if a parameter became NaN or infinite.
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed>;

    /// The classes of examples, each by itself: `inputs` [n × inputs]. `task` is given to learners that are [told](Told::Tasks).
    fn predict(&self, inputs: &[f32], task: usize) -> Vec<usize>;

    /// Contexts that it has found, for learners that look for them.
    fn contexts(&self) -> Option<usize> {
        None
    }

    /// Levels of its modulators, for learners that have them.
    fn levels(&self) -> Option<Levels> {
        None
    }

    /// Bytes of state: weights, what is kept about them and about the examples.
    fn state_bytes(&self) -> usize;

    /// Writes its running state to an archive, or reads it from there, between updates. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn ContinualLearner + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        ContinualLearner::archive(self, archive)
    }
}

/// The settings of a learner of tasks that follow one another: what makes it from a study file.
pub trait ContinualSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The learner of examples of `num_inputs` numbers in `num_classes` classes.
    ///
    /// # Errors
    /// If a setting is out of range.
    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>>;

    /// Sets the learning rate. False for learners that have none.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        let _ = rate;
        false
    }

    /// Sets how strongly what was learned is held, or what a closed form is regularised by. False for learners that have no such strength.
    fn set_strength(&mut self, strength: f64) -> bool {
        let _ = strength;
        false
    }

    /// The modulators of learners that have their own, whole: no preset is `own`.
    fn modulators(&self) -> Option<NeuromodulationConfig> {
        None
    }

    /// Sets the modulators of a learner that has its own. False for learners that have none.
    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        let _ = modulators;
        false
    }

    /// The effects of its own modulators that it obeys.
    fn hears_within(&self) -> Vec<Heard> {
        Vec::new()
    }
}

/// Checks a count.
fn within(name: &'static str, value: usize, most: usize, requirement: &'static str) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::InvalidParameter { name, value: value as f64, requirement })
}
