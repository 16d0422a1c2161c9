//! A Gaussian for each task and class, told when a task begins: a closed form.
//!
//! ```text
//!     for each task k: means μ_ky of its classes, one covariance V_k, shrunk        (running sums)
//!     at test, no task told:  argmax over y of  max_k  ln p(x, y | k)                equal priors of tasks
//! ```
//! What contexts come to if no network is trained at all: the recogniser of inputs with a mean for each class answers by itself. It is told
//! more than the learner with contexts: when a task begins, and which. It makes no pass of a network, and sees as many batches as one with
//! three forward-equivalents a batch. Memory: for each task 12 d² bytes and 8 d for each class.
//!
//! Reference: the Gaussian classifier (R. Duda, P. Hart, D. Stork, Pattern Classification, 2nd ed., 2001, chapter 2); the use is ours.

use serde::{Deserialize, Serialize};

use super::perceptron::EVALUATIONS;
use super::recogniser::Recogniser;
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::archive::{Archive, Archived};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, fraction};
use crate::random::Key;
use crate::registry::Description;

/// Floor of the variances.
const FLOOR: f64 = 0.01;
/// Most tasks of a state that is read.
const MAX_TASKS: usize = 1000;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::task_gaussians::TaskGaussiansConfig;
///
/// assert_eq!(TaskGaussiansConfig::default().shrink, 0.05);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaskGaussiansConfig {
    /// Share by which a covariance is shrunk to a round one.
    pub shrink: f64,
}

impl Default for TaskGaussiansConfig {
    fn default() -> Self {
        Self { shrink: 0.05 }
    }
}

impl ContinualSettings for TaskGaussiansConfig {
    fn description(&self) -> Description {
        Description {
            name: "task_gaussians",
            summary: "a Gaussian for each task and class: a closed form; told when a task begins",
            reference: "Duda, Hart & Stork 2001",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, _: Key) -> Result<Box<dyn ContinualLearner>> {
        fraction("shrink", self.shrink)?;
        let shrink = self.shrink;
        Ok(Box::new(TaskGaussians {
            shrink,
            width: num_inputs,
            classes: num_classes,
            known: Vec::new(),
            gaussians: Vec::new(),
        }))
    }
}

/// The learner.
#[derive(Debug)]
struct TaskGaussians {
    shrink: f64,
    width: usize,
    classes: usize,
    /// The tasks, the one that is on last.
    known: Vec<usize>,
    gaussians: Vec<Recogniser>,
}

impl TaskGaussians {
    fn fresh(&self) -> Recogniser {
        Recogniser::new(self.width, self.classes, self.shrink, FLOOR)
    }
}

impl Archived for TaskGaussians {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("TaskGaussians")?;
        self.known.archive(archive)?;
        archive.check(self.known.len() <= MAX_TASKS, "at most 1000 tasks")?;
        self.gaussians.truncate(self.known.len());
        while self.gaussians.len() < self.known.len() {
            self.gaussians.push(self.fresh());
        }
        let Self { shrink: _, width: _, classes: _, known: _, gaussians } = self;
        archive.values("gaussians", gaussians)
    }
}

impl ContinualLearner for TaskGaussians {
    fn told(&self) -> Told {
        Told::Boundaries
    }

    fn enter(&mut self, task: usize) -> Result<u64> {
        let place = self.known.iter().position(|&known| known == task);
        let own = if let Some(place) = place { self.gaussians.remove(place) } else { self.fresh() };
        self.known.retain(|&known| known != task);
        self.known.push(task);
        self.gaussians.push(own);
        Ok(0)
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        if self.gaussians.is_empty() {
            self.enter(0)?;
        }
        if let Some(own) = self.gaussians.last_mut() {
            own.learn(&batch.inputs, &batch.classes)?;
        }
        Ok(Observed { evaluations: EVALUATIONS, loss: f64::NAN, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        let mut best = vec![(f64::NEG_INFINITY, 0); inputs.len() / self.width];
        for of_task in self.gaussians.iter().filter(|own| own.count() > 0.0) {
            for (best, scores) in best.iter_mut().zip(of_task.scores(inputs, false).chunks_exact(self.classes)) {
                for (class, &score) in scores.iter().enumerate() {
                    if score > best.0 {
                        *best = (score, class);
                    }
                }
            }
        }
        best.into_iter().map(|best| best.1).collect()
    }

    fn state_bytes(&self) -> usize {
        self.gaussians.iter().map(Recogniser::bytes).sum()
    }

    crate::archives!();
}
