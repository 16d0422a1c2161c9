//! The settings of the spiking actor–critic.

use serde::{Deserialize, Serialize};

use crate::behaviour::spiking::CellConfig;
use crate::behaviour::spiking::izhikevich::IzhikevichConfig;
use crate::behaviour::spiking::population::Background;
use crate::error::{Error, Result, at_least_one, fraction, positive};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::spiking_actor_critic::SpikingActorCriticConfig;
///
/// let config: SpikingActorCriticConfig = toml::from_str("choice_gain = 100.0")?;
/// assert_eq!(config.critic_cells, 64);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpikingActorCriticConfig {
    /// Input cells for each number of an observation.
    pub cells_per_observation: usize,
    /// Rate of active input cells, in hertz, at most 1000.
    pub active_rate: f64,
    /// Largest rate of input cells that are not active, in hertz; each has its own, uniform from 0.
    pub largest_background_rate: f64,
    /// Longest delay of the input's axons, in ms; each has its own, from 1.
    pub longest_delay: u8,
    /// Milliseconds from the stimulus to the choice.
    pub stimulus_duration: usize,
    /// Milliseconds from the choice to the outcome.
    pub hold_duration: usize,
    /// Milliseconds for which error cells see the outcome.
    pub outcome_duration: u32,
    /// Excitatory cells of the critic; as many are inhibitory.
    pub critic_cells: usize,
    /// Excitatory cells of the actor for each action; as many are inhibitory.
    pub actor_cells: usize,
    /// Excitatory cells of the predictive network for each action; as many are inhibitory.
    pub prediction_cells: usize,
    /// Error cells of each sign.
    pub error_cells: usize,
    /// Kind of the excitatory cells.
    pub excitatory: CellConfig,
    /// Kind of the inhibitory cells.
    pub inhibitory: CellConfig,
    /// Background input of all cells of the groups.
    pub background: Background,
    /// Size of the drive that bursting cells of a group share, at the full bursting level; in units of input.
    pub shared_drive: f64,
    /// First weights are uniform from 0 to this.
    pub first_weight: f64,
    /// No weight exceeds this.
    pub largest_weight: f64,
    /// τ_n of the rates, in ms.
    pub rate_time_constant: f64,
    /// τ+ of the presynaptic trace, in ms.
    pub presynaptic_time_constant: f64,
    /// τ_z of eligibility, in ms.
    pub eligibility_time_constant: f64,
    /// τ_q of eligibility with feedback, in ms.
    pub feedback_time_constant: f64,
    /// m_A: logit for a net rate of one spike a millisecond.
    pub choice_gain: f64,
    /// m_V: value for a net rate of one spike a millisecond.
    pub value_gain: f64,
    /// Discount γ from one step of a trial to the next.
    pub discount: f64,
    /// η_a.
    pub actor_learning_rate: f64,
    /// η_c.
    pub critic_learning_rate: f64,
    /// η_p.
    pub prediction_learning_rate: f64,
}

impl Default for SpikingActorCriticConfig {
    fn default() -> Self {
        Self {
            cells_per_observation: 1,
            active_rate: 200.0,
            largest_background_rate: 5.0,
            longest_delay: 5,
            stimulus_duration: 100,
            hold_duration: 30,
            outcome_duration: 100,
            critic_cells: 64,
            actor_cells: 32,
            prediction_cells: 32,
            error_cells: 64,
            excitatory: CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING),
            inhibitory: CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING),
            background: Background { mean: 3.0, spread: 5.0 },
            shared_drive: 5.0,
            first_weight: 1.0,
            largest_weight: 4.0,
            rate_time_constant: 40.0,
            presynaptic_time_constant: 20.0,
            eligibility_time_constant: 40.0,
            feedback_time_constant: 40.0,
            choice_gain: 200.0,
            value_gain: 20.0,
            discount: 0.9,
            actor_learning_rate: 2.0,
            critic_learning_rate: 1.5,
            prediction_learning_rate: 3.0,
        }
    }
}

impl SpikingActorCriticConfig {
    pub(super) fn check(&self) -> Result<()> {
        at_least_one("cells_per_observation", self.cells_per_observation)?;
        at_least_one("longest_delay", usize::from(self.longest_delay))?;
        at_least_one("stimulus_duration", self.stimulus_duration)?;
        at_least_one("hold_duration", self.hold_duration)?;
        at_least_one("critic_cells", self.critic_cells)?;
        at_least_one("actor_cells", self.actor_cells)?;
        at_least_one("prediction_cells", self.prediction_cells)?;
        for (name, rate) in
            [("active_rate", self.active_rate), ("largest_background_rate", self.largest_background_rate)]
        {
            if !(0.0..=1000.0).contains(&rate) {
                return Err(Error::InvalidParameter { name, value: rate, requirement: "between 0 and 1000 hertz" });
            }
        }
        fraction("discount", self.discount)?;
        for (name, value) in [
            ("first_weight", self.first_weight),
            ("shared_drive", self.shared_drive),
            ("actor_learning_rate", self.actor_learning_rate),
            ("critic_learning_rate", self.critic_learning_rate),
            ("prediction_learning_rate", self.prediction_learning_rate),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number, at least 0" });
            }
        }
        for (name, value) in [
            ("largest_weight", self.largest_weight),
            ("rate_time_constant", self.rate_time_constant),
            ("presynaptic_time_constant", self.presynaptic_time_constant),
            ("eligibility_time_constant", self.eligibility_time_constant),
            ("feedback_time_constant", self.feedback_time_constant),
            ("choice_gain", self.choice_gain),
            ("value_gain", self.value_gain),
        ] {
            positive(name, value)?;
        }
        Ok(())
    }
}
