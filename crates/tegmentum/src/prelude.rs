//! What most programs need, in one line: `use tegmentum::prelude::*;`.
//!
//! Entry points, settings by name, the contracts that a part of one's own implements, and what these contracts exchange.
//!
//! # Example
//! ```
//! use tegmentum::prelude::*;
//!
//! let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum();
//! let result = minimise(bowl, &[1.0, -2.0, 0.5]).budget(2_000).run()?;
//! assert!(result.loss < 1e-2);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

pub use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
pub use crate::behaviour::agents::AgentConfig;
pub use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
pub use crate::behaviour::environments::EnvironmentConfig;
pub use crate::behaviour::session::Behaviour;
pub use crate::data::task::{Examples, Loss, Problem, Series, Task, TaskSettings};
pub use crate::data::tasks::TaskConfig;
pub use crate::error::Error;
pub use crate::evidence::evaluation::{Evaluator, Metric};
pub use crate::learning::learner::Learner;
pub use crate::learning::minimise::{Minimum, minimise, minimise_objective};
pub use crate::learning::observer::{Observer, Record, StopReason};
pub use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
pub use crate::learning::optimizers::OptimizerConfig;
pub use crate::learning::optimizers::dopamine::DopamineConfig;
pub use crate::learning::training::train;
pub use crate::model::network::{Activation, Network, NetworkSettings};
pub use crate::model::networks::NetworkConfig;
pub use crate::model::networks::custom::{CustomNetwork, ForwardPass, Sizes};
pub use crate::model::networks::elman::ElmanConfig;
pub use crate::model::networks::gru::GruConfig;
pub use crate::model::networks::mlp::MlpConfig;
pub use crate::model::objective::Objective;
pub use crate::model::objectives::{BlackBox, NetworkLoss};
pub use crate::model::perturbation::{Base, Bases, Family, Probe};
pub use crate::neuromodulation::hearing::Heard;
pub use crate::neuromodulation::modulation::{Modulation, Place};
pub use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Transmitter};
pub use crate::neuromodulation::signals::Signals;
pub use crate::neuromodulation::system::NeuromodulationConfig;
pub use crate::neuromodulation::target::Target;
pub use crate::numerics::Numerics;
pub use crate::random::Key;
pub use crate::registry::Description;
