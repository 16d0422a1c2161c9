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
//! acting, under the same [`Controller`], with noradrenaline.
//!
//! Drugs: dopamine is a factor on the step of every weight, the readout's too (a lesion learns nothing); acetylcholine is the
//! running size that divides. Both act at the synapses, without a delay or noise.
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
use crate::kernel::lanes::sum_of_squares;
use crate::kernel::lanes::towards;
use crate::kernel::normalised_step::{AVERAGED_SHARE, LearnerVectors, SQUARE_MEMORY, StepRule, normalised_step};
use crate::kernel::output_error::LocalError;
use crate::learning::optimizer::{Levels, StepReport};
use crate::learning::optimizers::dopamine::parameter_size;
use crate::learning::training::{Learner, Update};
use crate::model::forward::mean_loss;
use crate::model::network::Network;
use crate::model::objectives::loss_of;
use crate::model::perturbation::Point;
use crate::neuromodulation::controller::pharmacology::as_affine;
use crate::neuromodulation::controller::receptors::Receptors;
use crate::neuromodulation::controller::{Controller, ControllerConfig};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::Transmitter;
use crate::random::Key;
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
    /// The four modulators.
    pub controller: ControllerConfig,
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
            controller: ControllerConfig {
                first_window: Some(8),
                receptors: Receptors {
                    serotonin_on_dopamine: 0.25,
                    serotonin_on_consolidation: 0.5,
                    ..Receptors::default()
                },
                ..ControllerConfig::default()
            },
        }
    }
}

impl NodePerturbationConfig {
    /// Dopamine and acetylcholine act at each synapse here, where no level of the past is kept and none is drawn.
    fn drugs(&self) -> Result<Drugs> {
        let incompatible = |what: &str, reason: &str| Error::Incompatible {
            what: what.to_owned(),
            with: "node perturbation".to_owned(),
            reason: reason.to_owned(),
        };
        let drugs = &self.controller.pharmacology;
        let Some((dopamine, 0.0)) = as_affine(drugs, Transmitter::Dopamine) else {
            let reason =
                "its dopamine is the loss difference of each step; use a lesion, an antagonist, or a clamp to 0";
            return Err(incompatible("a drug that adds to dopamine, delays it or makes it noisy", reason));
        };
        let (scale, shift) = as_affine(drugs, Transmitter::Acetylcholine).ok_or_else(|| {
            let reason = "each synapse has a level of its own; use a lesion, a clamp, an agonist or an antagonist";
            incompatible("a drug that delays acetylcholine or makes it noisy", reason)
        })?;
        Ok(Drugs { dopamine, acetylcholine: (scale as f32, shift as f32) })
    }

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
        positive("noise", self.noise)?;
        fraction("trace_decay", self.trace_decay)?;
        positive("largest_rate", self.largest_rate)?;
        let lesions = self.controller.lesions;
        if lesions.dopamine_magnitude || lesions.dopamine_sign || lesions.dopamine_expectation {
            return Err(Error::Incompatible {
                what: "a lesion of fast dopamine".to_owned(),
                with: "node perturbation".to_owned(),
                reason:
                    "its dopamine is the loss difference of each step, which is the rule itself; lesion serotonin, \
                         acetylcholine or noradrenaline"
                        .to_owned(),
            });
        }
        let length = network.num_parameters();
        if start.len() != length {
            return Err(Error::ShapeMismatch { what: "parameters", expected: length, found: start.len() });
        }
        if self.readout == Readout::LocalError {
            LocalError::of(network.output_activation(), loss_of(&problem)).ok_or_else(no_local_error)?;
        }
        let start_rate = self.start_rate.unwrap_or(self.largest_rate);
        Ok(NodePerturbation {
            controller: self.controller.build(start_rate, self.largest_rate, key.child(u64::MAX))?,
            drugs: self.drugs()?,
            size: parameter_size(&start),
            acting: start.clone(),
            averaged: start.clone(),
            explorer: start,
            squares: vec![0.0; length],
            gradient: vec![0.0; length],
            layout: Layout::new(&*network),
            space: Workspace::default(),
            key,
            updates: 0,
            since_reset: 0,
            config: self.clone(),
            network,
            problem,
        })
    }
}

/// What drugs do at the synapses: a factor on dopamine, and size ← scale · size + shift for acetylcholine.
#[derive(Clone, Copy, Debug)]
struct Drugs {
    dopamine: f64,
    acetylcholine: (f32, f32),
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
    controller: Controller,
    drugs: Drugs,
    size: f64,
    acting: Vec<f32>,
    averaged: Vec<f32>,
    explorer: Vec<f32>,
    squares: Vec<f32>,
    gradient: Vec<f32>,
    layout: Layout,
    space: Workspace,
    key: Key,
    updates: u64,
    since_reset: i32,
}

impl NodePerturbation {
    /// Puts the learner into another world of the same sizes. It is not told: only its outcomes change.
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
        self.space.batch.forget();
        self.problem = problem;
        Ok(())
    }

    /// Divides each entry of the estimate by its running size (acetylcholine at the synapse) and moves.
    fn move_by_gradient(&mut self, share: f32, rate: f64) {
        self.since_reset += 1;
        let (scale, shift) = self.drugs.acetylcholine;
        let rule = StepRule {
            length: (rate * self.size * self.drugs.dopamine) as f32,
            share,
            correction: 1.0 / (1.0 - SQUARE_MEMORY.powi(self.since_reset)),
            lesioned: self.controller.config().lesions.acetylcholine,
            scale,
            shift,
        };
        let vectors = LearnerVectors {
            gradient: &self.gradient,
            squares: &mut self.squares,
            explorer: &mut self.explorer,
            averaged: &mut self.averaged,
            acting: &mut self.acting,
        };
        normalised_step(rule, vectors);
    }

    /// The loss of `parameters` on a batch.
    fn loss(&mut self, which: Which, gain: f32, batch: Batch) -> f64 {
        let mut space = std::mem::take(&mut self.space);
        space.batch.load(&self.problem, Part::Train(batch));
        let parameters = match which {
            Which::Acting => &self.acting,
            Which::Averaged if gain == 1.0 => &self.averaged,
            Which::Averaged => {
                self.gradient.clear();
                self.gradient.extend(self.averaged.iter().map(|x| gain * x));
                &self.gradient
            }
        };
        let loss = mean_loss(&*self.network, parameters, loss_of(&self.problem), &space.batch, &mut space.activity);
        self.space = space;
        loss
    }

    /// Noradrenaline: confirm the alarm on the averaged model; if the world is different, choose a gain and start over.
    /// Returns the number of evaluations and whether it was a surprise.
    fn look_again(&mut self, batch: Batch) -> (u64, bool) {
        let averaged_loss = self.loss(Which::Averaged, 1.0, batch);
        if !self.controller.confirm(averaged_loss) {
            return (1, false);
        }
        let gains = self.controller.config().receptors.noradrenaline_on_gain.clone();
        let mut candidates = vec![(1.0, averaged_loss)];
        for &gain in &gains {
            candidates.push((gain, self.loss(Which::Averaged, gain, batch)));
        }
        let gain = self.controller.surprise(&candidates).gain as f32;
        for ((x, y), z) in self.averaged.iter_mut().zip(&mut self.acting).zip(&mut self.explorer) {
            *x *= gain;
            (*y, *z) = (*x, *x);
        }
        self.squares.fill(0.0);
        self.since_reset = 0;
        (1 + gains.len() as u64, true)
    }

    /// The end of a window: judge acting on a fresh batch, pull the explorer home if it did not pay.
    fn judge(&mut self, batch: Batch) {
        let averaged_loss = self.loss(Which::Averaged, 1.0, batch);
        let acting_loss = self.loss(Which::Acting, 1.0, batch);
        let share = self.controller.judge(averaged_loss, acting_loss).consolidation as f32;
        if share > 0.0 {
            for ((x, y), z) in self.averaged.iter().zip(&mut self.acting).zip(&mut self.explorer) {
                *z = towards(*z, *x, share);
                *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Acting,
    Averaged,
}

impl Learner for NodePerturbation {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let own = Batch(batch.child(0));
        let loss = self.estimate(own).1;
        let mut evaluations = EVALUATIONS;
        let rate = self.controller.rate() * modulation.learning_rate;
        let share = self.controller.advance(loss) as f32;
        let square = sum_of_squares(&self.gradient);
        let usable = square.is_finite();
        if usable {
            self.controller.expect(square / self.gradient.len() as f64);
            self.move_by_gradient(share, rate);
        }
        self.updates += 1;
        let mut surprised = false;
        if self.controller.watch(loss) {
            let (cost, yes) = self.look_again(own);
            evaluations += cost;
            surprised = yes;
        }
        if self.controller.is_window_over() {
            self.judge(Batch(batch.child(1)));
            evaluations += 2;
        }
        let report = StepReport {
            loss,
            learning_rate: rate,
            non_finite: u32::from(!usable || !loss.is_finite()),
            surprised,
            ..StepReport::default()
        };
        Ok(Update { evaluations, report })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(&self.averaged)
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        5 * self.acting.len() * size_of::<f32>() + self.space.bytes()
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.controller.levels())
    }
}
