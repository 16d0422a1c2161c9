//! A gradient baseline in the training loop: descent with its network and problem.

use std::sync::Arc;

use super::{FORWARD_EQUIVALENTS, GradientDescent};
use crate::data::batch::Batch;
use crate::data::task::Problem;
use crate::error::{Error, Result};
use crate::learning::learner::Learner;
use crate::learning::learner::Update;
use crate::learning::optimizer::Levels;
use crate::model::network::Network;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// A gradient baseline as a learner. It takes no notice of modulators.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::learning::gradient::GradientLearner;
/// use tegmentum::learning::gradient::rules::GradientConfig;
/// use tegmentum::model::network::Network;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
/// use tegmentum::data::tasks::TaskConfig;
/// use tegmentum::learning::training::train;
///
/// let problem = Arc::new(TaskConfig::from_name("xor")?.build()?.problem(Key::from_seed(0))?);
/// let network: Arc<dyn Network> = Arc::from(toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?);
/// let adam = toml::from_str::<GradientConfig>("[adam]")?.build(network.initialise(Key::from_seed(1)), 300)?;
/// let ended = train(&mut GradientLearner::new(adam, network, problem), Key::from_seed(2), 300, &mut [])?;
/// assert_eq!(ended.updates, 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GradientLearner {
    descent: GradientDescent,
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
}

crate::archived!(GradientLearner { descent } fixed { network, problem });

impl GradientLearner {
    /// `descent` on `problem` with `network`.
    pub fn new(descent: GradientDescent, network: Arc<dyn Network>, problem: Arc<Problem>) -> Self {
        Self { descent, network, problem }
    }

    /// Puts the learner into another world of the same sizes. It is not told: only its gradients change.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the problem has other inputs or outputs.
    pub fn change_world(&mut self, problem: Arc<Problem>) -> Result<()> {
        let sizes = [
            ("inputs of the problem", self.problem.num_inputs(), problem.num_inputs()),
            ("outputs of the problem", self.problem.num_outputs(), problem.num_outputs()),
        ];
        for (what, expected, found) in sizes {
            if expected != found {
                return Err(Error::ShapeMismatch { what, expected, found });
            }
        }
        self.problem = problem;
        Ok(())
    }
}

impl Learner for GradientLearner {
    fn update(&mut self, batch: Key, _: &Modulation) -> Result<Update> {
        let report = self.descent.update(&*self.network, &self.problem, Batch(batch.child(0)))?;
        Ok(Update { evaluations: FORWARD_EQUIVALENTS, report })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(self.descent.parameters())
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        self.descent.state_bytes()
    }

    fn levels(&self) -> Option<Levels> {
        None
    }

    crate::archives!();
}
