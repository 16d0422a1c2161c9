//! Node perturbation with a credit trace: a three-factor rule, noise × input trace × dopamine.
//!
//! ```text
//!     a_t = W u_t + b ± σ ξ_t                        two forward passes, ξ_t = ±1 for each unit, step and example
//!     d_t = (ℓ⁺_t − ℓ⁻_t)/(2σ)                       dopamine: what the noise did to the loss of this step
//!     R_t = d_t + λ R_{t+1}                          discounted future credit (offline)
//!     g   = Σ_t ξ_t R_t u_t'                         hidden weights
//!     g_o = Σ_t (∂ℓ_t/∂a_o) h_t'                     readout: its own local error, exact
//! ```
//! u_t activity before a connection `[inputs]`, the mean of the two passes · ℓ^±_t loss of step t of one example · λ trace
//! decay · ξ_t noise `[units]`.
//!
//! **Online form** (`credit = "online"`): each synapse keeps a trace `e_t = λ e_{t−1} + ξ_t u_t'` for each example and
//! adds `d_t e_t` as it goes. It is the same sum in another order, needs no memory that grows with the sequence, and is
//! slower.
//!
//! The estimate is divided by the running size of each of its entries (`v ← .99 v + .01 g²`, acetylcholine at the
//! synapse) and moves weights as in [`Dopamine`](crate::learning::optimizers::dopamine): x averaged, z exploring, y = .9 x + .1 z
//! acting, under the same [supervisor].
//!
//! # Modulation
//! The modulators are those of the preset `node-perturbation`, a system like every other (`neuromodulation`). What dopamine's
//! drugs and receptors make of a prediction error of one usual size is a factor on the step of every weight, the readout's too (a
//! lesion learns nothing); what acetylcholine's make of the usual size of the estimate multiplies the size at every synapse.
//! `perturbation_scale` is a factor on σ; `learning_rate` also acts at layers, populations and synapses.
//!
//! # Cost
//! Three forward-equivalents an update: two passes and one outer product; two more for each window. Both passes run side by
//! side, and where the input of a layer is the same in both (the first layer of a network without state) its product is computed
//! once. State: x, z, v, the acting y and the estimate g; offline also, for 16 windows (64 examples) in flight, a bit of noise for
//! each unit and the activities that connections read, as backpropagation through time has them.
//!
//! # What is local
//! Every hidden synapse uses its own noise, its own input and one broadcast number. The readout uses the error of its own
//! unit, which is more than a scalar outcome: comparisons say so. `readout = "noise"` does without.
//!
//! References: B. Flower, M. Jabri, NIPS 5, 1992; I. R. Fiete, H. S. Seung, PRL 97, 048104, 2006; J. K. Fernández,
//! S. Keemink, M. van Gerven, Front. Neurosci. 18, 2024 (recurrent networks).

mod estimate;
mod offline;
mod online;
mod tape;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::batch::{Batch, Part};
use crate::data::task::Problem;
use crate::error::{Error, Result, fraction, positive};
use crate::kernel::output_error::LocalError;
use crate::learning::learner::Learner;
use crate::learning::learner::Update;
use crate::learning::optimizer::{Levels, StepReport};
use crate::learning::places::Places;
use crate::learning::plasticity::PlasticitySettings;
use crate::learning::plasticity::guided_descent::{GuidedDescent, Partners};
use crate::learning::supervisor::{self, GAINS, Settings};
use crate::model::forward::mean_loss;
use crate::model::network::Network;
use crate::model::objectives::loss_of;
use crate::model::perturbation::Point;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;
use estimate::Workspace;
use tape::Layout;

/// Lanes of a pass.
const L: usize = 16;
/// Forward-equivalents of an update: two passes and an outer product that costs as much as a pass.
pub const EVALUATIONS: u64 = 3;

/// How credit reaches the synapses; both give the same sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// Store the pass, then run credit backwards in time.
    #[default]
    Offline,
    /// Eligibility traces: memory that does not grow with the sequence.
    Online,
}

/// What the readout learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// The error of its own units.
    #[default]
    LocalError,
    /// Noise on its own units, as everywhere else.
    Noise,
}

/// The settings of node perturbation.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
///
/// let config = NodePerturbationConfig::default();
/// assert_eq!((config.trace_decay, config.noise), (0.8, 1e-3));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodePerturbationConfig {
    /// Scale σ of the noise, in the unit of a pre-activation.
    pub noise: f64,
    /// Decay λ of credit from one step to the one before it.
    pub trace_decay: f64,
    /// How credit reaches the synapses.
    pub credit: Credit,
    /// What the readout learns from.
    pub readout: Readout,
    /// The rate to begin with, as a share of the weights' root mean square; the cap if it is not given.
    pub start_rate: Option<f64>,
    /// The largest rate, as a share of the weights' root mean square.
    pub largest_rate: f64,
    /// Updates until acting is judged for the first time.
    pub first_window: u64,
    /// Factors below 1 on all weights that are tried after a surprise.
    pub gains: Vec<f32>,
    /// The four modulators; the preset `node-perturbation` unless another one is named.
    pub neuromodulation: NeuromodulationConfig,
}

impl Default for NodePerturbationConfig {
    fn default() -> Self {
        Self {
            noise: 1e-3,
            trace_decay: 0.8,
            credit: Credit::Offline,
            readout: Readout::LocalError,
            start_rate: None,
            largest_rate: 0.1,
            first_window: 8,
            gains: GAINS.to_vec(),
            neuromodulation: NeuromodulationConfig::default(),
        }
    }
}

impl NodePerturbationConfig {
    /// A learner of `problem` with `network`, from the parameters `start` `[P]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::ShapeMismatch`] for a start of another
    /// length, [`Error::Incompatible`] if the readout has no local error (step units, squared error on softmax).
    pub fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<NodePerturbation> {
        if network.connections().is_empty() {
            return Err(Error::Incompatible {
                what: "node perturbation".to_owned(),
                with: "a network without connections".to_owned(),
                reason: "it puts noise on units, and this network names none; use an optimizer".to_owned(),
            });
        }
        positive("noise", self.noise)?;
        fraction("trace_decay", self.trace_decay)?;
        positive("largest_rate", self.largest_rate)?;
        let length = network.num_parameters();
        if start.len() != length {
            return Err(Error::ShapeMismatch { what: "parameters", expected: length, found: start.len() });
        }
        if self.readout == Readout::LocalError {
            LocalError::of(network.output_activation(), loss_of(&problem)).ok_or_else(no_local_error)?;
        }
        let settings = Settings {
            start: self.start_rate.unwrap_or(self.largest_rate),
            cap: self.largest_rate,
            first_window: self.first_window,
            gains: &self.gains,
        };
        let system = self.neuromodulation.or_preset(Preset::NodePerturbation);
        system.check_heard("node perturbation", &self.hears_within(&*network), &[])?;
        super::check_reinforcement(&system, "node perturbation")?;
        let modulators = (&system, key.child(u64::MAX));
        Ok(NodePerturbation {
            descent: GuidedDescent::new(&*network, start, Partners::default(), &settings, modulators)?,
            layout: Layout::new(&*network),
            space: Workspace::default(),
            noise: self.noise,
            key,
            updates: 0,
            config: self.clone(),
            network,
            problem,
        })
    }
}

impl PlasticitySettings for NodePerturbationConfig {
    fn description(&self) -> Description {
        Description {
            name: "node_perturbation",
            summary: "noise on every unit, a credit trace at every synapse, dopamine; the readout by its own error",
            reference: "Flower & Jabri 1992; Fiete & Seung 2006",
        }
    }

    fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<Box<dyn Learner>> {
        Ok(Box::new(self.build(network, problem, start, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.start_rate = Some(rate);
        true
    }

    fn modulators(&self) -> Option<NeuromodulationConfig> {
        Some(self.neuromodulation.or_preset(Preset::NodePerturbation))
    }

    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        self.neuromodulation = modulators.clone();
        true
    }

    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        let mut heard = supervisor::heard();
        heard.extend(Heard::everywhere(&[Target::PerturbationScale]));
        heard.extend(Places::of(network).heard());
        heard
    }
}

fn no_local_error() -> Error {
    Error::Incompatible {
        what: "readout = \"local_error\"".to_owned(),
        with: "this output layer and loss".to_owned(),
        reason: "its error has no simple local form; use readout = \"noise\"".to_owned(),
    }
}

/// The learner; see the module's head.
#[derive(Debug)]
pub struct NodePerturbation {
    config: NodePerturbationConfig,
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    descent: GuidedDescent,
    layout: Layout,
    space: Workspace,
    /// Scale of the noise in this update.
    noise: f64,
    key: Key,
    updates: u64,
}

crate::archived!(
    NodePerturbation { descent, updates }
    fixed { config, network, problem, layout, space, noise, key }
);

impl NodePerturbation {
    /// Puts the learner into another world of the same sizes. It is not told: only its outcomes change.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the problem has other inputs or outputs.
    pub fn change_world(&mut self, problem: Arc<Problem>) -> Result<()> {
        super::check_same_sizes(&self.problem, &problem)?;
        self.space.batch.forget();
        self.problem = problem;
        Ok(())
    }
}

impl Learner for NodePerturbation {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let before = self.descent.supervisor.modulation();
        self.noise = self.config.noise * modulation.perturbation_scale * before.perturbation_scale;
        let loss = self.estimate(Batch(batch.child(0))).1;
        let report = self.descent.follow(loss, modulation);
        self.updates += 1;
        let Self { descent, space, network, problem, .. } = self;
        let (evaluations, surprised) = descent.answer_questions(batch, |parameters, batch| {
            space.batch.load(problem, Part::Train(batch));
            mean_loss(&**network, parameters, loss_of(problem), &space.batch, &mut space.activity)
        });
        Ok(Update { evaluations: EVALUATIONS + evaluations, report: StepReport { surprised, ..report } })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(self.descent.averaged())
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        self.descent.bytes() + self.space.bytes()
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.descent.supervisor.levels())
    }

    /// What it obeys from outside; its own modulators do more ([`hears_within`](PlasticitySettings::hears_within)).
    fn hears(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale]);
        heard.extend(self.descent.places.heard());
        heard
    }

    crate::archives!();
}
