//! The optimizers: one file for each, named as the literature names it, and their registry. The contract is in
//! [`optimizer`](crate::learning::optimizer).
//!
//! | file | learner | evaluations an update |
//! |---|---|---|
//! | [`dopamine`] | schedule-free, under four neuromodulators | K + 1 or 2K |
//! | [`weight_perturbation`] | simultaneous weight perturbation under a [rate rule](rate_rule) | K + 1 or 2K |
//! | [`finite_difference`] | one weight at a time | weights + 1 |
//! | [`random_descent`] | accept if better | 2 |
//! | [`spsa`] | simultaneous perturbation with decaying gains | 2K |
//! | [`evolution_strategy`] | antithetic pairs, centred ranks | 2 pairs |
//! | [`fzoo`] | normalised by the spread of the perturbed losses | K + 1 |
//! | [`meazo`] | one scalar second moment | 2K |
//! | [`mezo_greedy`] | the best of a pool of perturbations | candidates + 1 |
//! | [`adanaged`] | parameter-free, steps as long as the way so far | 2K |
//! | [`zo_mopi`] | partially orthogonalised momentum | 2K |
//! | [`polystep`] | barycentre of vertices under a softmax | 2K |
//! | [`integer_perturbation`] | weights of eight bits, in whole steps | 2K |
//! | [`cma_es`] | separable covariance matrix adaptation | population |
//! | [`random_search`] | best of samples around the start | samples + 1 |
//!
//! # Shared parts
//! Losses that are NaN or infinite move nothing and are counted. Directions have the keys `key.child(update).child(k)`.
//! No learner stores a gradient estimate: sums of directions are formed a chunk at a time.

mod adam;
pub mod adanaged;
mod anchor;
mod averaging;
pub(crate) mod checks;
pub mod cma_es;
pub mod dopamine;
pub mod evolution_strategy;
mod exploration;
pub mod finite_difference;
pub mod fzoo;
pub mod integer_perturbation;
pub mod meazo;
pub mod mezo_greedy;
pub mod polystep;
pub mod random_descent;
pub mod random_search;
pub mod rate_rule;
mod running_mean;
pub mod spsa;
pub mod weight_perturbation;
pub mod zo_mopi;

pub use averaging::Averaging;
pub(crate) use exploration::mean_of_finite;

use crate::learning::optimizer::OptimizerSettings;
use crate::model::network::Network;

tegmentum_engine::named_settings! {
    /// An optimizer by name, with its settings. An optimizer is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::learning::optimizers::OptimizerConfig;
    /// use tegmentum::random::Key;
    ///
    /// let config: OptimizerConfig = toml::from_str("[spsa]\nlearning_rate = 0.1").unwrap();
    /// assert_eq!((config.name(), config.learning_rate()), ("spsa", Some(0.1)));
    /// let learner = config.build(vec![0.0; 10], Key::from_seed(1), 1000)?;
    /// assert_eq!(learner.state_bytes(), 40);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub enum OptimizerConfig: dyn OptimizerSettings = "optimizer" {
        Dopamine(dopamine::DopamineConfig),
        WeightPerturbation(weight_perturbation::WeightPerturbationConfig),
        FiniteDifference(finite_difference::FiniteDifferenceConfig),
        RandomDescent(random_descent::RandomDescentConfig),
        Spsa(spsa::SpsaConfig),
        EvolutionStrategy(evolution_strategy::EvolutionStrategyConfig),
        Fzoo(fzoo::FzooConfig),
        Meazo(meazo::MeazoConfig),
        CmaEs(cma_es::CmaEsConfig),
        RandomSearch(random_search::RandomSearchConfig),
        Adanaged(adanaged::AdanagedConfig),
        MezoGreedy(mezo_greedy::MezoGreedyConfig),
        ZoMopi(zo_mopi::ZoMopiConfig),
        Polystep(polystep::PolystepConfig),
        IntegerPerturbation(integer_perturbation::IntegerPerturbationConfig),
    }
}

impl OptimizerConfig {
    /// The same optimizer for the parameters of `network`, where its [family](crate::model::perturbation::Family) has to
    /// know them.
    #[must_use]
    pub fn for_network(&self, network: &dyn Network) -> Self {
        let mut settings = self.clone();
        settings.fit_to(network);
        settings
    }
}
