//! Synaptic intelligence (SI), told when a task begins.
//!
//! ```text
//!     every update:          ω_i ← ω_i − g_i Δw_i                         g of the loss without the penalty
//!     when a task is over:   Ω_i ← Ω_i + max(0, ω_i)/((w_i − w⁰_i)² + ξ) ,   ω ← 0 ,   w* , w⁰ ← w
//!     loss + ½ λ Σ_i Ω_i (w_i − w*_i)²
//! ```
//! ω what a weight did for the loss on its way `[nats]` · w⁰ weights when the task began · ξ damping `[weight²]` · λ strength; the paper's c
//! is λ/2. The quadratic penalty is stepped implicitly, which is stable for every λ. With a noisy estimate of g the path is an estimate too.
//!
//! Cost: that of the network. Memory: four times the weights.
//!
//! Reference: F. Zenke, B. Poole, S. Ganguli, ICML 2017, PMLR 70, 3987–3995, arXiv:1703.04200.

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, Pull, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, at_least_zero, positive};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::synaptic_intelligence::SynapticIntelligenceConfig;
///
/// assert_eq!(SynapticIntelligenceConfig::default().damping, 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SynapticIntelligenceConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Strength λ.
    pub strength: f64,
    /// Damping ξ.
    pub damping: f64,
}

impl Default for SynapticIntelligenceConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), strength: 0.1, damping: 0.01 }
    }
}

impl ContinualSettings for SynapticIntelligenceConfig {
    fn description(&self) -> Description {
        Description {
            name: "synaptic_intelligence",
            summary: "weights that did much for earlier tasks are held; told when a task begins",
            reference: "Zenke, Poole & Ganguli 2017, arXiv:1703.04200",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        at_least_zero("strength", self.strength)?;
        positive("damping", self.damping)?;
        let network = self.network.build(num_inputs, num_classes, key)?;
        let length = network.parameters.len();
        Ok(Box::new(SynapticIntelligence {
            config: *self,
            path: vec![0.0; length],
            importance: vec![0.0; length],
            anchor: network.parameters.clone(),
            network,
            tasks: 0,
        }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }

    fn set_strength(&mut self, strength: f64) -> bool {
        self.strength = strength;
        true
    }
}

/// The learner. Its anchor is where the task began, too.
#[derive(Debug)]
struct SynapticIntelligence {
    config: SynapticIntelligenceConfig,
    network: SharedNetwork,
    path: Vec<f32>,
    importance: Vec<f32>,
    anchor: Vec<f32>,
    /// Tasks that began.
    tasks: u64,
}

crate::archived!(SynapticIntelligence { network, tasks } sized { path, importance, anchor } fixed { config });

impl ContinualLearner for SynapticIntelligence {
    fn told(&self) -> Told {
        Told::Boundaries
    }

    fn enter(&mut self, _: usize) -> Result<u64> {
        let damping = self.config.damping as f32;
        let entries =
            self.importance.iter_mut().zip(&mut self.path).zip(&mut self.anchor).zip(&self.network.parameters);
        for (((importance, path), anchor), &now) in entries {
            *importance += path.max(0.0) / ((now - *anchor).powi(2) + damping);
            (*path, *anchor) = (0.0, now);
        }
        self.tasks += 1;
        Ok(0)
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let before = self.network.parameters.clone();
        let strength = self.config.strength as f32;
        let pull = Pull { strength, importance: &self.importance, anchor: &self.anchor };
        let loss = self.network.update(batch, None, (self.tasks > 1).then_some(pull))?;
        let moves = self.network.parameters.iter().zip(&before).map(|(now, before)| now - before);
        let entries = self.path.iter_mut().zip(self.network.gradient()).zip(moves);
        entries.for_each(|((path, slope), moved)| *path -= slope * moved);
        Ok(Observed { evaluations: self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.network.predict(inputs, None)
    }

    fn state_bytes(&self) -> usize {
        let own = self.path.len() + self.importance.len() + self.anchor.len();
        self.network.state_bytes() + size_of::<f32>() * own
    }

    crate::archives!();
}
