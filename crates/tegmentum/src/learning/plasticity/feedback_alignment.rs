//! Feedback alignment: the error of the outputs reaches hidden units through feedback synapses of their own.
//!
//! ```text
//!     s_o = ∂ℓ/∂a_o                                      output units: their own error, exact
//!     e_l = B_{l+1} s_{l+1} ,   s_l = e_l ∘ f'(a_l)        hidden layers, from the last to the first
//!     ∂W_l = Σ s_l h_{l−1}'                               every synapse: its own unit's signal × its own input
//!
//!     feedback = "random"         B stays as it was drawn: normal, of the size of the first weights W
//!     feedback = "kolen_pollack"  B begins at 0, takes the steps of W from the same products h s', and both decay:
//!                                 z_W ← (1 − κ η) z_W − step ,   z_B ← (1 − κ η) z_B − step'
//! ```
//! a_l pre-activation, h_l = f(a_l) activity `[hidden_l]` · W_l `[hidden_{l−1} × hidden_l]` · B_l of the same shape as W_l · κ `decay`, η the
//! rate in force · ∘ element by element. With κ > 0 the difference B − W decays by itself, whatever is learned: ‖B − W‖ → 0 as
//! Π(1 − κη). κ was chosen on seeds 0 to 3 of Lorenz; without it a recurrent feedback that is wrong stays wrong. No weight is carried from one synapse to another.
//!
//! # Networks with a state
//! ```text
//!     c_t = B_o s_o,t + J_{t+1} ∘ c_{t+1} ,   ∂W = Σ_t (c_t ∘ ∂h_t/∂a_t) u_t'
//! ```
//! - `credit = "traces"`: J is what a unit's own previous state does to its state through itself, ∂h_j,t/∂h_j,t−1 by its own connections
//!   alone (f' W_jj in an Elman network; z_j and the gates' own connections in a gated recurrent unit). This sum is, in another order,
//!   that of eligibility traces that run forward, `ε_t = J_t ε_{t−1} + (∂h_t/∂a_t) u_t'` with learning signal B_o s_o,t: e-prop, with the
//!   diagonal of the Jacobian.
//! - `credit = "recurrent"`: credit also returns from unit to unit, through feedback synapses beside the recurrent ones. Local in space, not in
//!   time: it goes backwards over the stored window, as node perturbation's credit does.
//!
//! u_t activity before a connection · c_t credit of the state `[hidden]`.
//!
//! # What is local
//! The rule sees **the error of each output unit**, which is more than a scalar outcome: comparisons say so. A hidden synapse uses its
//! own input and its own unit's signal; a feedback synapse the same two numbers from the other side. There is no weight transport.
//!
//! # Modulation
//! As in [node perturbation](crate::learning::plasticity::node_perturbation), with the preset `feedback-alignment`: the estimate has no noise
//! but that of the batch, so no progress is demanded beyond none and exploring weights do not return.
//!
//! # Cost
//! Three forward-equivalents an update: a pass, the way of the errors, an outer product; two more for each window. State: x, z, v, y and g
//! of weights and feedback synapses, the feedback as a vector `[P]`; a block of 16 windows of activities, as backpropagation has them.
//!
//! References: T. P. Lillicrap, D. Cownden, D. B. Tweed, C. J. Akerman, Nature Communications 7, 13276, 2016 (random feedback);
//! J. F. Kolen, J. B. Pollack, *Backpropagation without weight transport*, ICNN 1994; M. Akrout, C. Wilson, P. C. Humphreys, T. Lillicrap,
//! D. Tweed, *Deep learning without weight transport*, NeurIPS 2019, arXiv:1904.05391; G. Bellec et al., Nature Communications 11,
//! 3625, 2020 (e-prop); J. M. Murray, eLife 8, e43299, 2019 (random feedback local online learning).

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::batch::{Batch, LaneBatch, Part};
use crate::data::task::Problem;
use crate::error::{Error, Result, at_least_zero, positive};
use crate::kernel::aligned::Rows;
use crate::learning::gradient::Backpropagation;
use crate::learning::learner::{Learner, Update};
use crate::learning::optimizer::{Levels, StepReport};
use crate::learning::places::Places;
use crate::learning::plasticity::PlasticitySettings;
use crate::learning::plasticity::guided_descent::{GuidedDescent, Partners};
use crate::learning::supervisor::{self, GAINS, Settings};
use crate::model::forward::mean_loss;
use crate::model::network::{Block, Network};
use crate::model::objectives::loss_of;
use crate::model::perturbation::Point;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// Lanes of a pass.
const L: usize = 16;
/// Forward-equivalents of an update: a pass, the way of the errors, an outer product.
pub const EVALUATIONS: u64 = 3;
/// Key of the first feedback, a child of the learner's.
const FEEDBACK: u64 = u64::MAX - 1;

/// What becomes of the feedback synapses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// They stay as they were drawn.
    Random,
    /// They take the steps of the synapses that they face.
    #[default]
    KolenPollack,
}

/// How credit reaches the past of a network with a state; the same for one without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// Through each unit's own state alone: eligibility traces.
    Traces,
    /// From unit to unit through feedback synapses, backwards over the stored window.
    #[default]
    Recurrent,
}

/// The settings of feedback alignment.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::feedback_alignment::{Feedback, FeedbackAlignmentConfig};
///
/// let config: FeedbackAlignmentConfig = toml::from_str("feedback = 'random'")?;
/// assert_eq!(config.feedback, Feedback::Random);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedbackAlignmentConfig {
    /// What becomes of the feedback synapses.
    pub feedback: Feedback,
    /// How credit reaches the past.
    pub credit: Credit,
    /// Decay κ of both sides of a learned feedback for each unit of the rate; nothing for random feedback.
    pub decay: f64,
    /// The rate to begin with, as a share of the weights' root mean square; the cap if it is not given.
    pub start_rate: Option<f64>,
    /// The largest rate, as a share of the weights' root mean square.
    pub largest_rate: f64,
    /// Updates until acting is judged for the first time.
    pub first_window: u64,
    /// Factors below 1 on all weights that are tried after a surprise.
    pub gains: Vec<f32>,
    /// The four modulators; the preset `feedback-alignment` unless another one is named.
    pub neuromodulation: NeuromodulationConfig,
}

impl Default for FeedbackAlignmentConfig {
    fn default() -> Self {
        Self {
            feedback: Feedback::KolenPollack,
            credit: Credit::Recurrent,
            decay: 0.03,
            start_rate: None,
            largest_rate: 0.1,
            first_window: 8,
            gains: GAINS.to_vec(),
            neuromodulation: NeuromodulationConfig::default(),
        }
    }
}

impl FeedbackAlignmentConfig {
    /// A learner of `problem` with `network`, from the parameters `start` `[P]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::ShapeMismatch`] for a start or a problem of other sizes,
    /// [`Error::Incompatible`] for a network whose units have no slope, or a loss whose error at the output has no known form.
    pub fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<FeedbackAlignment> {
        at_least_zero("decay", self.decay)?;
        positive("largest_rate", self.largest_rate)?;
        Backpropagation::check(&*network, &problem, &start).map_err(named)?;
        let settings = Settings {
            start: self.start_rate.unwrap_or(self.largest_rate),
            cap: self.largest_rate,
            first_window: self.first_window,
            gains: &self.gains,
        };
        let system = self.modulators_or_own();
        system.check_heard("feedback alignment", &self.hears_within(&*network), &[])?;
        super::check_reinforcement(&system, "feedback alignment")?;
        let partners = self.partners(&*network, &start, key.child(FEEDBACK));
        let modulators = (&system, key.child(u64::MAX));
        let mut learner = FeedbackAlignment {
            descent: GuidedDescent::new(&*network, start, partners, &settings, modulators)?,
            backward: vec![0.0; network.num_parameters()],
            own_states: if self.credit == Credit::Traces { own_states(&*network) } else { Vec::new() },
            sweep: Backpropagation::default(),
            batch: LaneBatch::default(),
            activity: Rows::default(),
            network,
            problem,
        };
        learner.read_feedback();
        Ok(learner)
    }

    fn modulators_or_own(&self) -> NeuromodulationConfig {
        self.neuromodulation.or_preset(Preset::FeedbackAlignment)
    }

    /// The feedback synapses: one beside every synapse from a hidden unit, with traces none beside the recurrent ones.
    fn partners(&self, network: &dyn Network, start: &[f32], key: Key) -> Partners {
        let learn = self.feedback == Feedback::KolenPollack;
        let mut partners = Partners { learn, decay: if learn { self.decay } else { 0.0 }, ..Partners::default() };
        // Learned feedback begins silent: what it does not know yet, it does not say.
        let drawn = if learn { 0.0 } else { 1.0 };
        let mut stream = key.stream();
        for block in network.blocks() {
            let is_left_out = self.credit == Credit::Traces && is_recurrent(block);
            if is_from_hidden(network, block) && !is_left_out {
                let own = &start[block.range()];
                let size = drawn * (own.iter().map(|w| w * w).sum::<f32>() / own.len() as f32).sqrt();
                partners.start.extend((0..block.range().len()).map(|_| size * stream.normal()));
                partners.of.push(block.range());
            }
        }
        partners
    }
}

/// Whether a block is the matrix from the previous state.
fn is_recurrent(block: &Block) -> bool {
    block.name.ends_with(".recurrent")
}

/// Whether a block is a matrix that reads hidden units.
fn is_from_hidden(network: &dyn Network, block: &Block) -> bool {
    let range = block.range();
    let matrix =
        network.connections().iter().find(|one| one.weights.start <= range.start && range.end <= one.weights.end);
    let is_first = |one: &crate::model::network::Connection| one.presynaptic == network.input_rows();
    matrix.is_some_and(|one| !is_first(one) && !block.name.ends_with(".input"))
}

/// The parameters by which a unit's previous state reaches the unit itself: the diagonals of the recurrent matrices.
fn own_states(network: &dyn Network) -> Vec<usize> {
    let mut own = Vec::new();
    for block in network.blocks().iter().filter(|block| is_recurrent(block)) {
        for gate in 0..block.columns / block.rows {
            own.extend((0..block.rows).map(|unit| block.offset + unit * block.columns + gate * block.rows + unit));
        }
    }
    own
}

/// The error with the name of the rule.
fn named(error: Error) -> Error {
    match error {
        Error::Incompatible { with, reason, .. } => {
            Error::Incompatible { what: "feedback alignment".to_owned(), with, reason }
        }
        other => other,
    }
}

impl PlasticitySettings for FeedbackAlignmentConfig {
    fn description(&self) -> Description {
        Description {
            name: "feedback_alignment",
            summary: "each output unit's error through feedback synapses of its own, random or learned; no weight transport",
            reference: "Lillicrap et al. 2016; Kolen & Pollack 1994; Bellec et al. 2020",
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
        Some(self.modulators_or_own())
    }

    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        self.neuromodulation = modulators.clone();
        true
    }

    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        let mut heard = supervisor::heard();
        heard.extend(Places::of(network).heard());
        heard
    }
}

/// The learner; see the module's head.
#[derive(Debug)]
pub struct FeedbackAlignment {
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    descent: GuidedDescent,
    /// What the errors' way reads in the place of the weights, `[P]`.
    backward: Vec<f32>,
    /// Parameters that the errors' way reads as they are.
    own_states: Vec<usize>,
    sweep: Backpropagation,
    batch: LaneBatch<L>,
    activity: Rows<L>,
}

crate::archived!(
    FeedbackAlignment { descent }
    fixed { network, problem, backward, own_states, sweep, batch, activity }
);

impl FeedbackAlignment {
    /// The estimate of the gradient at the acting parameters for a batch, `[P]`, and the loss.
    ///
    /// # Errors
    /// Those of [`FeedbackAlignmentConfig::build`].
    pub fn estimate(&mut self, batch: Batch) -> Result<(&[f32], f64)> {
        self.read_feedback();
        let (acting, gradient) = self.descent.acting_and_gradient();
        let parameters = [acting, &self.backward];
        let loss = self.sweep.sweep(&*self.network, &self.problem, parameters, batch, gradient)?;
        Ok((self.descent.gradient(), loss))
    }

    /// The parameters that act, `[P]`.
    pub fn acting(&self) -> &[f32] {
        self.descent.acting()
    }

    /// The feedback synapses with the ranges of the parameters that each part of them faces, in the layout of those parameters.
    pub fn feedback(&self) -> impl Iterator<Item = (Range<usize>, &[f32])> {
        let mut rest = self.descent.acting_partners();
        self.descent.partnered().iter().map(move |range| {
            let (own, others) = rest.split_at(range.len());
            rest = others;
            (range.clone(), own)
        })
    }

    /// Puts the learner into another world of the same sizes. It is not told: only its outcomes change.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the problem has other inputs or outputs.
    pub fn change_world(&mut self, problem: Arc<Problem>) -> Result<()> {
        super::check_same_sizes(&self.problem, &problem)?;
        self.batch.forget();
        self.problem = problem;
        Ok(())
    }

    /// Writes the feedback, and a unit's own connections to itself, to where the errors' way reads them.
    fn read_feedback(&mut self) {
        let (acting, mut rest) = (self.descent.acting(), self.descent.acting_partners());
        for &index in &self.own_states {
            self.backward[index] = acting[index];
        }
        for range in self.descent.partnered() {
            let (own, others) = rest.split_at(range.len());
            self.backward[range.clone()].copy_from_slice(own);
            rest = others;
        }
    }
}

impl Learner for FeedbackAlignment {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let loss = self.estimate(Batch(batch.child(0)))?.1;
        let report = self.descent.follow(loss, modulation);
        let Self { descent, network, problem, batch: lanes, activity, .. } = self;
        let (evaluations, surprised) = descent.answer_questions(batch, |parameters, batch| {
            lanes.load(problem, Part::Train(batch));
            mean_loss(&**network, parameters, loss_of(problem), lanes, activity)
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
        self.descent.bytes() + size_of_val(&self.backward[..]) + self.sweep.tape_bytes()
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.descent.supervisor.levels())
    }

    /// What it obeys from outside; its own modulators do more ([`hears_within`](PlasticitySettings::hears_within)).
    fn hears(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[Target::LearningRate]);
        heard.extend(self.descent.places.heard());
        heard
    }

    crate::archives!();
}
