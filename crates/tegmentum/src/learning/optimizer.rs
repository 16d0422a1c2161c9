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

use serde::{Deserialize, Serialize};

use crate::behaviour::environment::TrialReport;
use crate::error::Result;
use crate::learning::optimizers::cma_es::CmaEsConfig;
use crate::learning::optimizers::dopamine::DopamineConfig;
use crate::learning::optimizers::evolution_strategy::EvolutionStrategyConfig;
use crate::learning::optimizers::finite_difference::FiniteDifferenceConfig;
use crate::learning::optimizers::fzoo::FzooConfig;
use crate::learning::optimizers::meazo::MeazoConfig;
use crate::learning::optimizers::random_descent::RandomDescentConfig;
use crate::learning::optimizers::random_search::RandomSearchConfig;
use crate::learning::optimizers::spsa::SpsaConfig;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

pub use crate::neuromodulation::nucleus::Levels;
pub use crate::registry::Description;

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
    /// The trial, for agents that act in an environment.
    pub trial: Option<TrialReport>,
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

    /// The effects of modulators around it that it obeys; none unless it says so.
    fn hears(&self) -> Vec<Heard> {
        Vec::new()
    }
}

/// An optimizer by name, with its configuration.
///
/// # Example
/// ```
/// use tegmentum::learning::optimizer::OptimizerConfig;
/// use tegmentum::random::Key;
///
/// let config: OptimizerConfig = toml::from_str("[spsa]\nlearning_rate = 0.1").unwrap();
/// assert_eq!((config.name(), config.learning_rate()), ("spsa", Some(0.1)));
/// let learner = config.build(vec![0.0; 10], Key::from_seed(1), 1000)?;
/// assert_eq!(learner.state_bytes(), 40);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerConfig {
    /// See [`dopamine`](crate::learning::optimizers::dopamine).
    Dopamine(DopamineConfig),
    /// See [`weight_perturbation`](crate::learning::optimizers::weight_perturbation).
    WeightPerturbation(WeightPerturbationConfig),
    /// See [`finite_difference`](crate::learning::optimizers::finite_difference).
    FiniteDifference(FiniteDifferenceConfig),
    /// See [`random_descent`](crate::learning::optimizers::random_descent).
    RandomDescent(RandomDescentConfig),
    /// See [`spsa`](crate::learning::optimizers::spsa).
    Spsa(SpsaConfig),
    /// See [`evolution_strategy`](crate::learning::optimizers::evolution_strategy).
    EvolutionStrategy(EvolutionStrategyConfig),
    /// See [`fzoo`](crate::learning::optimizers::fzoo).
    Fzoo(FzooConfig),
    /// See [`meazo`](crate::learning::optimizers::meazo).
    Meazo(MeazoConfig),
    /// See [`cma_es`](crate::learning::optimizers::cma_es).
    CmaEs(CmaEsConfig),
    /// See [`random_search`](crate::learning::optimizers::random_search).
    RandomSearch(RandomSearchConfig),
}

/// The same expression for the configuration of every optimizer.
macro_rules! for_every {
    ($optimizer:expr, $config:ident => $expression:expr) => {
        match $optimizer {
            OptimizerConfig::Dopamine($config) => $expression,
            OptimizerConfig::WeightPerturbation($config) => $expression,
            OptimizerConfig::FiniteDifference($config) => $expression,
            OptimizerConfig::RandomDescent($config) => $expression,
            OptimizerConfig::Spsa($config) => $expression,
            OptimizerConfig::EvolutionStrategy($config) => $expression,
            OptimizerConfig::Fzoo($config) => $expression,
            OptimizerConfig::Meazo($config) => $expression,
            OptimizerConfig::CmaEs($config) => $expression,
            OptimizerConfig::RandomSearch($config) => $expression,
        }
    };
}

/// The same expression for the configuration of every optimizer with a learning rate, else `None`.
macro_rules! learning_rate_of {
    ($optimizer:expr, $config:ident => $expression:expr) => {
        match $optimizer {
            OptimizerConfig::WeightPerturbation($config) => Some($expression),
            OptimizerConfig::FiniteDifference($config) => Some($expression),
            OptimizerConfig::Spsa($config) => Some($expression),
            OptimizerConfig::EvolutionStrategy($config) => Some($expression),
            OptimizerConfig::Fzoo($config) => Some($expression),
            OptimizerConfig::Meazo($config) => Some($expression),
            OptimizerConfig::Dopamine(_)
            | OptimizerConfig::RandomDescent(_)
            | OptimizerConfig::CmaEs(_)
            | OptimizerConfig::RandomSearch(_) => None,
        }
    };
}

impl OptimizerConfig {
    /// The learner, starting from `start` `[P]`, that draws its directions from `key` and plans for
    /// `budget_evaluations` evaluations.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for options that exclude each other.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        for_every!(self, config => Ok(Box::new(config.build(start, key, budget_evaluations)?)))
    }

    /// The same optimizer for the parameters of `network`, where its [family](crate::model::perturbation::Family) has to know them.
    #[must_use]
    pub fn for_network(&self, network: &dyn Network) -> Self {
        let mut config = self.clone();
        let family = match &mut config {
            Self::Dopamine(config) => {
                *config = config.for_network(network);
                &mut config.family
            }
            Self::WeightPerturbation(config) => &mut config.family,
            Self::RandomDescent(config) => &mut config.family,
            Self::EvolutionStrategy(config) => &mut config.family,
            Self::Meazo(config) => &mut config.family,
            Self::FiniteDifference(_) | Self::Spsa(_) | Self::Fzoo(_) | Self::CmaEs(_) | Self::RandomSearch(_) => {
                return config;
            }
        };
        *family = family.for_network(network);
        config
    }

    /// The name used in studies.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dopamine(_) => "dopamine",
            Self::WeightPerturbation(_) => "weight_perturbation",
            Self::FiniteDifference(_) => "finite_difference",
            Self::RandomDescent(_) => "random_descent",
            Self::Spsa(_) => "spsa",
            Self::EvolutionStrategy(_) => "evolution_strategy",
            Self::Fzoo(_) => "fzoo",
            Self::Meazo(_) => "meazo",
            Self::CmaEs(_) => "cma_es",
            Self::RandomSearch(_) => "random_search",
        }
    }

    /// The learning rate, for optimizers that have one.
    pub fn learning_rate(&self) -> Option<f64> {
        learning_rate_of!(self, config => config.learning_rate)
    }

    /// Sets the learning rate, or for Dopamine the rate to begin with. False for optimizers that have none.
    pub fn set_learning_rate(&mut self, value: f64) -> bool {
        if let Self::Dopamine(config) = self {
            config.start_rate = Some(value);
            return true;
        }
        learning_rate_of!(self, config => config.learning_rate = value).is_some()
    }

    /// The perturbation scale σ, or its first value; for Dopamine a share of the weights' root mean square.
    pub fn perturbation_scale(&self) -> Option<f64> {
        Some(for_every!(self, config => config.perturbation_scale))
    }

    /// Sets the perturbation scale.
    pub fn set_perturbation_scale(&mut self, value: f64) {
        for_every!(self, config => config.perturbation_scale = value);
    }
}

/// Every optimizer, with its default configuration.
pub fn registry() -> Vec<(Description, OptimizerConfig)> {
    let entry =
        |config: OptimizerConfig, summary, reference| (Description { name: config.name(), summary, reference }, config);
    vec![
        entry(
            OptimizerConfig::Dopamine(DopamineConfig::default()),
            "schedule-free, no learning rate to set, four neuromodulators in control; our reading",
            "reading of arXiv:2510.22178; Defazio et al. 2024, arXiv:2405.15682",
        ),
        entry(
            OptimizerConfig::WeightPerturbation(WeightPerturbationConfig::default()),
            "all weights at once, the rate set by a reading of the prediction error",
            "Cauwenberghs 1993; readings inferred from the abstract of arXiv:2510.22178",
        ),
        entry(
            OptimizerConfig::FiniteDifference(FiniteDifferenceConfig::default()),
            "one weight at a time",
            "Jabri & Flower 1992, doi:10.1109/72.105429",
        ),
        entry(
            OptimizerConfig::RandomDescent(RandomDescentConfig::default()),
            "a random step is kept if it is better",
            "Rastrigin 1963",
        ),
        entry(
            OptimizerConfig::Spsa(SpsaConfig::default()),
            "simultaneous perturbation with decaying gains",
            "Spall 1992, doi:10.1109/9.119632",
        ),
        entry(
            OptimizerConfig::EvolutionStrategy(EvolutionStrategyConfig::default()),
            "antithetic pairs with centred ranks",
            "Salimans et al. 2017, arXiv:1703.03864",
        ),
        entry(
            OptimizerConfig::Fzoo(FzooConfig::default()),
            "one-sided differences, normalised by the spread of the losses",
            "arXiv:2506.09034",
        ),
        entry(
            OptimizerConfig::Meazo(MeazoConfig::default()),
            "pairs, normalised by one running second moment",
            "arXiv:2605.03869, as a third party accounts for it",
        ),
        entry(
            OptimizerConfig::CmaEs(CmaEsConfig::default()),
            "covariance matrix adaptation with a diagonal matrix",
            "Ros & Hansen 2008, doi:10.1007/978-3-540-87700-4_30",
        ),
        entry(
            OptimizerConfig::RandomSearch(RandomSearchConfig::default()),
            "best of independent samples around the start",
            "Brooks 1958",
        ),
    ]
}
