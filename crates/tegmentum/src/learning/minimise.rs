//! The shortest way to use this library: improve a function of parameters with a budget of evaluations.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//!
//! let valley = |x: &[f32]| f64::from(x[0] - 1.0).powi(2) + 10.0 * f64::from(x[1] - x[0] * x[0]).powi(2);
//! let result = minimise(valley, &[-1.0, 1.0]).budget(5_000).seed(1).run()?;
//! assert!(result.loss < 0.05, "{}", result.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

use crate::data::batch::Batch;
use crate::error::Result;
use crate::learning::black_box_learner::BlackBoxLearner;
use crate::learning::learner::Learner;
use crate::learning::optimizers::OptimizerConfig;
use crate::learning::optimizers::dopamine::DopamineConfig;
use crate::learning::training::train;
use crate::model::objective::Objective;
use crate::model::objectives::BlackBox;
use crate::model::perturbation::{Base, Bases, Probe};
use crate::random::Key;

/// Evaluations where no budget is given.
const BUDGET: u64 = 10_000;

/// Improves `function` from the parameters `start`; smaller values are better. What is not set has a default: the
/// optimizer [Dopamine](crate::learning::optimizers::dopamine), a budget of 10 000 evaluations, seed 0.
///
/// The function may be called from several threads at once. A value that is NaN or infinite moves nothing.
pub fn minimise<'a, F: Fn(&[f32]) -> f64 + Sync + 'a>(function: F, start: &[f32]) -> Minimisation<'a> {
    minimise_objective(BlackBox::new(start.len(), function), start)
}

/// The same for any [`Objective`], for example a network on data.
///
/// # Example
/// ```
/// use tegmentum::data::task::Examples;
/// use tegmentum::learning::minimise::minimise_objective;
/// use tegmentum::learning::optimizers::spsa::SpsaConfig;
/// use tegmentum::model::objectives::NetworkLoss;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
///
/// let examples = Examples::from_rows(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = []")?.build(1, 1)?;
/// let start = network.initialise(Key::from_seed(1));
/// let objective = NetworkLoss::new(network, examples);
/// let optimizer = SpsaConfig { learning_rate: 0.1, perturbation_scale: 0.1, ..SpsaConfig::default() };
/// let line = minimise_objective(&objective, &start).optimizer(optimizer).budget(4_000).run()?;
/// assert!((line.parameters[0] - 2.0).abs() < 0.1 && (line.parameters[1] - 1.0).abs() < 0.1, "{line:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn minimise_objective<'a>(objective: impl Objective + 'a, start: &[f32]) -> Minimisation<'a> {
    Minimisation {
        objective: Box::new(objective),
        start: start.to_vec(),
        optimizer: DopamineConfig::default().into(),
        budget: BUDGET,
        seed: 0,
    }
}

/// A minimisation that is about to [run](Self::run).
#[must_use = "nothing happens until `run`"]
pub struct Minimisation<'a> {
    objective: Box<dyn Objective + 'a>,
    start: Vec<f32>,
    optimizer: OptimizerConfig,
    budget: u64,
    seed: u64,
}

impl std::fmt::Debug for Minimisation<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = formatter.debug_struct("Minimisation");
        debug.field("optimizer", &self.optimizer).field("budget", &self.budget).field("seed", &self.seed);
        debug.finish_non_exhaustive()
    }
}

impl Minimisation<'_> {
    /// Evaluations of the function that may be spent.
    pub fn budget(self, evaluations: u64) -> Self {
        Self { budget: evaluations, ..self }
    }

    /// What everything random follows from: the same seed gives the same result, bit for bit.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The optimizer, as its settings: a built-in one, or a registered one by
    /// [`OptimizerConfig::from_name`](OptimizerConfig::from_name).
    pub fn optimizer(self, optimizer: impl Into<OptimizerConfig>) -> Self {
        Self { optimizer: optimizer.into(), ..self }
    }

    /// Spends the budget. The last update may exceed it by its own cost; one more evaluation gives the final loss.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a start or a setting outside its range, a
    /// budget of 0 among them; [`Error::ShapeMismatch`](crate::error::Error::ShapeMismatch) if the start has another length
    /// than the objective's parameters; [`Error::NonFinite`](crate::error::Error::NonFinite) if a parameter became NaN or
    /// infinite.
    pub fn run(self) -> Result<Minimum> {
        let key = Key::from_seed(self.seed);
        let optimizer = self.optimizer.build(self.start, key.child(1), self.budget)?;
        let mut learner = BlackBoxLearner::new(&*self.objective, optimizer);
        let ended = train(&mut learner, key.child(2), self.budget, &mut [])?;
        let mut parameters = vec![0.0; self.objective.num_parameters()];
        learner.solution().write(1.0, &mut parameters);
        let mut loss = [0.0];
        let probe = [Probe::unperturbed(Base::Acting)];
        self.objective.losses(Bases::single(&parameters), &probe, Batch(key.child(3)), &mut loss)?;
        Ok(Minimum { parameters, loss: loss[0], evaluations: ended.evaluations + 1 })
    }
}

/// What [`minimise`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The parameters that were handed over, `[P]`.
    pub parameters: Vec<f32>,
    /// Their loss, for data on a batch of its own.
    pub loss: f64,
    /// Evaluations spent, the last one included.
    pub evaluations: u64,
}
