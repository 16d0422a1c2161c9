//! What a learner is told by receptors. Neutral values change nothing, bit for bit.

use serde::{Deserialize, Serialize};

/// The effects of all modulators on a learner at one moment.
///
/// Factors are 1, shares and sums are 0 when neutral: multiplying by 1 and adding a share of 0 leave every bit as it is. A
/// learner that has no use for an effect ignores it; which ones it obeys, its page says.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::modulation::Modulation;
///
/// let half_speed = Modulation { learning_rate: 0.5, ..Modulation::default() };
/// assert_eq!(half_speed.perturbation_scale, 1.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modulation {
    /// Factor on the step.
    pub learning_rate: f64,
    /// Further factor on the step where the prediction error is negative.
    pub negative_learning_rate: f64,
    /// Factor on the scale of perturbations.
    pub perturbation_scale: f64,
    /// Factor on all weights: below 1 it turns down the gain of every unit.
    pub gain: f64,
    /// Factor on the temperature of a choice: logits are divided by it.
    pub temperature: f64,
    /// Factor on the discount γ of future rewards.
    pub discount: f64,
    /// Factor on the decay of eligibility traces.
    pub trace_decay: f64,
    /// Added to the threshold of a response, in units of its logit.
    pub threshold: f64,
    /// Bursting of spiking cells, 0 for regular spiking to 0.5 for bursts.
    pub bursting: f64,
    /// Share by which the exploring weights return to the consolidated ones.
    pub consolidation: f64,
    /// The third factor at the synapses, in units of reward; the learner's own prediction error if `None`. With dopamine
    /// lesioned it is zero.
    pub reinforcement: Option<f64>,
    /// Whether what was learned about the world so far (running statistics, the horizon of averages) is forgotten.
    pub reset: bool,
    /// Effects on parts of the network alone, on top of those above.
    pub local: Vec<LocalEffect>,
}

/// An effect on one part of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalEffect {
    /// What it acts on.
    pub target: Target,
    /// Where.
    pub place: Place,
    /// The factor, or the term that is added, as for the whole network.
    pub value: f64,
}

/// A quantity of a learner that receptors act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Factor on the step.
    LearningRate,
    /// Further factor on the step where the prediction error is negative.
    NegativeLearningRate,
    /// Factor on the scale of perturbations.
    PerturbationScale,
    /// Factor on inputs or weights of units.
    Gain,
    /// Factor on the temperature of a choice.
    Temperature,
    /// Factor on the discount of future rewards.
    Discount,
    /// Factor on the decay of eligibility traces.
    TraceDecay,
    /// Added to the threshold of a response.
    Threshold,
    /// Added: bursting of spiking cells.
    Bursting,
    /// Added: share by which weights return to the consolidated ones.
    Consolidation,
    /// The third factor itself: the sum over receptors of efficacy × seen level.
    Reinforcement,
    /// Forget running statistics while the effect is at least one.
    Reset,
}

/// Where a receptor sits: the scale of space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Everywhere.
    #[default]
    Network,
    /// One layer, from 0.
    Layer(usize),
    /// One population by its name, for example `actor` or `critic`.
    Population(String),
    /// One neuron of a population.
    Neuron {
        /// The population.
        population: String,
        /// Its index, from 0.
        index: usize,
    },
    /// The synapses from one population to another.
    Synapse {
        /// The presynaptic population.
        from: String,
        /// The postsynaptic population.
        to: String,
    },
}

impl Default for Modulation {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            negative_learning_rate: 1.0,
            perturbation_scale: 1.0,
            gain: 1.0,
            temperature: 1.0,
            discount: 1.0,
            trace_decay: 1.0,
            threshold: 0.0,
            bursting: 0.0,
            consolidation: 0.0,
            reinforcement: None,
            reset: false,
            local: Vec::new(),
        }
    }
}

impl Target {
    /// Whether effects are multiplied (neutral 1) or added (neutral 0).
    pub fn is_factor(self) -> bool {
        !matches!(self, Self::Threshold | Self::Bursting | Self::Consolidation | Self::Reinforcement | Self::Reset)
    }
}

impl Modulation {
    /// The effect on one part of the network: that on the whole of it, with those on the part itself.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::modulation::{LocalEffect, Modulation, Place, Target};
    ///
    /// let critic = Place::Population("critic".to_owned());
    /// let local = vec![LocalEffect { target: Target::LearningRate, place: critic.clone(), value: 0.5 }];
    /// let modulation = Modulation { learning_rate: 3.0, local, ..Modulation::default() };
    /// assert_eq!(modulation.at(&critic, Target::LearningRate), 1.5);
    /// assert_eq!(modulation.at(&Place::Layer(0), Target::LearningRate), 3.0);
    /// ```
    pub fn at(&self, place: &Place, target: Target) -> f64 {
        let mut value = match target {
            Target::LearningRate => self.learning_rate,
            Target::NegativeLearningRate => self.negative_learning_rate,
            Target::PerturbationScale => self.perturbation_scale,
            Target::Gain => self.gain,
            Target::Temperature => self.temperature,
            Target::Discount => self.discount,
            Target::TraceDecay => self.trace_decay,
            Target::Threshold => self.threshold,
            Target::Bursting => self.bursting,
            Target::Consolidation => self.consolidation,
            Target::Reinforcement => self.reinforcement.unwrap_or(0.0),
            Target::Reset => f64::from(u8::from(self.reset)),
        };
        for effect in self.local.iter().filter(|effect| effect.target == target && effect.place == *place) {
            if target.is_factor() {
                value *= effect.value;
            } else {
                value += effect.value;
            }
        }
        value
    }
}
