//! What a learner is told by receptors. Neutral values change nothing, bit for bit.

use serde::{Deserialize, Serialize};

pub use super::target::Target;

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
    /// Factor on inputs or weights of units for this moment: the weights themselves stay as they are.
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
    /// Share by which the exploring weights return to the consolidated ones; learners with windows do so at the end of a
    /// window without progress.
    pub consolidation: f64,
    /// The third factor at the synapses, in units of reward; the learner's own prediction error if `None`. With dopamine
    /// lesioned it is zero.
    pub reinforcement: Option<f64>,
    /// Whether what was learned about the world so far (running statistics, the horizon of averages) is forgotten.
    pub reset: bool,
    /// Size by which prediction errors are divided, in their unit; they are not divided if `None` or 0.
    pub error_size: Option<f64>,
    /// Updates over which the exploring weights are averaged; not averaged if 0.
    pub averaging_horizon: f64,
    /// Updates to wait before acting is judged, if that is more than the learner waits anyway.
    pub patience: f64,
    /// Progress in a window: dopamine for what was gained, minus what serotonin demands, in units of a usual gain.
    pub progress: f64,
    /// Change of the logarithm of the lasting learning rate for each unit of progress; at 0 the rate is constant.
    pub rate_control: f64,
    /// After a surprise: share of the best rate so far to which the lasting rate is lifted.
    pub rate_restoration: f64,
    /// After a surprise: how far smaller weights are tried, from 0 (not at all) to 1 (the whole range).
    pub gain_reset: f64,
    /// Effects on parts of the network alone, on top of those above.
    pub local: Vec<LocalEffect>,
}

crate::archived!(
    Modulation { learning_rate, negative_learning_rate, perturbation_scale, gain, temperature, discount, trace_decay, threshold, bursting, consolidation, reinforcement, reset, error_size, averaging_horizon, patience, progress, rate_control, rate_restoration, gain_reset }
    sized { local }
);

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

crate::archived!(LocalEffect { value } fixed { target, place });

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
            error_size: None,
            averaging_horizon: 0.0,
            patience: 0.0,
            progress: 0.0,
            rate_control: 0.0,
            rate_restoration: 0.0,
            gain_reset: 0.0,
            local: Vec::new(),
        }
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
        let mut value = self.everywhere(target);
        for effect in self.local.iter().filter(|effect| effect.target == target && effect.place == *place) {
            if target.is_factor() {
                value *= effect.value;
            } else {
                value += effect.value;
            }
        }
        value
    }

    /// The effect on the whole network; what is optional counts as 0 if it is not given.
    pub fn everywhere(&self, target: Target) -> f64 {
        match target {
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
            Target::ErrorSize => self.error_size.unwrap_or(0.0),
            Target::AveragingHorizon => self.averaging_horizon,
            Target::Patience => self.patience,
            Target::Progress => self.progress,
            Target::RateControl => self.rate_control,
            Target::RateRestoration => self.rate_restoration,
            Target::GainReset => self.gain_reset,
            Target::Own(_) => target.neutral(),
        }
    }

    /// Takes in the effect of a receptor of the whole network.
    pub(super) fn take(&mut self, target: Target, effect: f64) {
        match target {
            Target::LearningRate => self.learning_rate *= effect,
            Target::NegativeLearningRate => self.negative_learning_rate *= effect,
            Target::PerturbationScale => self.perturbation_scale *= effect,
            Target::Gain => self.gain *= effect,
            Target::Temperature => self.temperature *= effect,
            Target::Discount => self.discount *= effect,
            Target::TraceDecay => self.trace_decay *= effect,
            Target::Threshold => self.threshold += effect,
            Target::Bursting => self.bursting += effect,
            Target::Consolidation => self.consolidation += effect,
            Target::Reinforcement => self.reinforcement = Some(self.reinforcement.unwrap_or(0.0) + effect),
            Target::Reset => self.reset |= effect >= 1.0,
            Target::ErrorSize => self.error_size = Some(self.error_size.unwrap_or(0.0) + effect),
            Target::AveragingHorizon => self.averaging_horizon += effect,
            Target::Patience => self.patience += effect,
            Target::Progress => self.progress += effect,
            Target::RateControl => self.rate_control += effect,
            Target::RateRestoration => self.rate_restoration += effect,
            Target::GainReset => self.gain_reset += effect,
            // Effects on targets of a user's own are kept with their place, everywhere included.
            Target::Own(_) => {}
        }
    }

    /// These effects under those of another source: factors are multiplied, terms added.
    #[must_use]
    pub fn combined(&self, other: &Self) -> Self {
        let sum = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        let mut local = self.local.clone();
        local.extend_from_slice(&other.local);
        Self {
            learning_rate: self.learning_rate * other.learning_rate,
            negative_learning_rate: self.negative_learning_rate * other.negative_learning_rate,
            perturbation_scale: self.perturbation_scale * other.perturbation_scale,
            gain: self.gain * other.gain,
            temperature: self.temperature * other.temperature,
            discount: self.discount * other.discount,
            trace_decay: self.trace_decay * other.trace_decay,
            threshold: self.threshold + other.threshold,
            bursting: self.bursting + other.bursting,
            consolidation: (self.consolidation + other.consolidation).clamp(0.0, 1.0),
            reinforcement: sum(self.reinforcement, other.reinforcement),
            reset: self.reset || other.reset,
            error_size: sum(self.error_size, other.error_size),
            averaging_horizon: self.averaging_horizon + other.averaging_horizon,
            patience: self.patience + other.patience,
            progress: self.progress + other.progress,
            rate_control: self.rate_control + other.rate_control,
            rate_restoration: self.rate_restoration + other.rate_restoration,
            gain_reset: self.gain_reset + other.gain_reset,
            local,
        }
    }
}
