//! `OpAL`: opponent actors. A Go and a No-Go weight for every choice, moved by one critic.
//!
//! ```text
//!     δ = r − V ,   V ← V + α_c D ,   G_a ← G_a + α_G M_η G_a D ,   N_a ← N_a − α_N M_η N_a D        D = reinforcement, or δ
//!     Act_a = β_G G_a − β_N N_a ,   β_G = β (1 + ρ) m_G ,  β_N = β (1 − ρ) m_N ,   P(a) ∝ exp(Act_a/T)
//! ```
//! V value of the state · G, N weights of the direct and indirect pathway, 1 at first, never below 0 · ρ tonic dopamine, −1 to 1, at the
//! moment of the choice · `m_G`, `m_N` gain of modulation at the populations `go` and `no_go`.
//!
//! Learning is Hebbian (a weight multiplies its own step): G comes to tell good choices apart, N bad ones. High tonic dopamine lets
//! choices follow G, low lets them follow N.
//!
//! # Modulation
//! Obeyed: of the whole network `learning_rate`, `reinforcement`, `temperature`; `gain` of the network and of the populations `go` and `no_go`:
//! receptors of the kinds D1 and D2 with opposite signs there are ρ. Nothing else.
//!
//! Reference: A. G. E. Collins, M. J. Frank, Psychological Review 121(3), 337–366, 2014, doi:10.1037/a0037015.

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, choices, variance};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "opal",
    summary: "opponent actors: Go and No-Go weights with Hebbian learning, weighed by tonic dopamine",
    reference: "Collins, Frank, Psychol. Rev. 121, 337, 2014",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::opal::OpalConfig;
///
/// assert_eq!(OpalConfig::default().tonic_dopamine, 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpalConfig {
    /// Rate `α_c` of the critic.
    pub critic_rate: f64,
    /// Rate `α_G` of Go weights.
    pub go_rate: f64,
    /// Rate `α_N` of No-Go weights.
    pub no_go_rate: f64,
    /// Inverse temperature β, above 0.
    pub inverse_temperature: f64,
    /// Tonic dopamine ρ, between −1 and 1.
    pub tonic_dopamine: f64,
}

impl Default for OpalConfig {
    fn default() -> Self {
        Self { critic_rate: 0.1, go_rate: 0.1, no_go_rate: 0.1, inverse_temperature: 1.5, tonic_dopamine: 0.0 }
    }
}

impl OpalConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where a number is wanted.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<Opal> {
        fraction("opal.critic_rate", self.critic_rate)?;
        fraction("opal.go_rate", self.go_rate)?;
        fraction("opal.no_go_rate", self.no_go_rate)?;
        positive("opal.inverse_temperature", self.inverse_temperature)?;
        let value = self.tonic_dopamine;
        if !(-1.0..=1.0).contains(&value) {
            return Err(Error::InvalidParameter {
                name: "opal.tonic_dopamine",
                value,
                requirement: "between -1 and 1",
            });
        }
        let count = choices(environment, DESCRIPTION.name)?;
        let mut learned = vec![1.0; 2 * count + 1];
        learned[2 * count] = 0.0;
        Ok(Opal {
            config: self,
            places: ["go", "no_go"].map(|name| Place::Population(name.to_owned())),
            softmax: Softmax::new(count, key.stream()),
            go: vec![1.0; count],
            no_go: vec![1.0; count],
            acts: vec![0.0; count],
            value: 0.0,
            chosen: 0,
            error: 0.0,
            learned,
        })
    }
}

impl AgentSettings for OpalConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.go_rate = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct Opal {
    config: OpalConfig,
    places: [Place; 2],
    softmax: Softmax,
    go: Vec<f64>,
    no_go: Vec<f64>,
    acts: Vec<f64>,
    value: f64,
    chosen: usize,
    error: f64,
    learned: Vec<f32>,
}

crate::archived!(Opal { softmax, value, chosen, error } sized { go, no_go, acts, learned } fixed { config, places });

impl Agent for Opal {
    fn act(&mut self, _: &[f32], modulation: &Modulation) -> Action {
        let OpalConfig { inverse_temperature, tonic_dopamine, .. } = self.config;
        let [gain_go, gain_no_go] = [0, 1].map(|index: usize| modulation.at(&self.places[index], Target::Gain));
        let go = inverse_temperature * (1.0 + tonic_dopamine) * gain_go;
        let no_go = inverse_temperature * (1.0 - tonic_dopamine) * gain_no_go;
        for (act, weights) in self.acts.iter_mut().zip(self.go.iter().zip(&self.no_go)) {
            *act = go * weights.0 - no_go * weights.1;
        }
        self.chosen = self.softmax.choose(&self.acts, modulation);
        Action::Choice(self.chosen)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.error = feedback.reward - self.value;
        Signals {
            reward: Some(feedback.reward),
            value: Some(self.value),
            prediction_error: Some(self.error),
            outcome_error: Some(self.error),
            policy_entropy: Some(self.softmax.entropy()),
            action_value_variance: Some(variance(&self.acts)),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        let dopamine = modulation.learning_rate * modulation.reinforcement.unwrap_or(self.error);
        self.value += self.config.critic_rate * dopamine;
        let (go, no_go) = (&mut self.go[self.chosen], &mut self.no_go[self.chosen]);
        *go = (*go * (1.0 + self.config.go_rate * dopamine)).max(0.0);
        *no_go = (*no_go * (1.0 - self.config.no_go_rate * dopamine)).max(0.0);
        let weights = self.go.iter().chain(&self.no_go).chain([&self.value]);
        self.learned.iter_mut().zip(weights).for_each(|(learned, weight)| *learned = *weight as f32);
    }

    fn hears(&self) -> Vec<Heard> {
        let mut heard =
            Heard::everywhere(&[Target::LearningRate, Target::Reinforcement, Target::Temperature, Target::Gain]);
        heard.extend(self.places.iter().flat_map(|place| Heard::at(place, &[Target::Gain])));
        heard
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.go.len() * (4 * size_of::<f64>() + 2 * size_of::<f32>())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::reversal::ReversalConfig;

    /// Two rewards, by hand from the equations, and what tonic dopamine makes of the weights.
    #[test]
    fn weights_follow_the_equations() {
        let environment = ReversalConfig::default().build(Key::from_seed(1)).unwrap();
        let config = OpalConfig { tonic_dopamine: 0.5, inverse_temperature: 2.0, ..OpalConfig::default() };
        let mut agent = config.build(&environment, Key::from_seed(2)).unwrap();
        agent.act(&[1.0], &Modulation::default());
        let chosen = agent.chosen;
        for _ in 0..2 {
            let feedback = Feedback { reward: 1.0, observation: &[1.0], end_of_trial: true };
            agent.appraise(&feedback, &Modulation::default());
            agent.learn(&Modulation::default());
        }
        // δ is 1, then .9.
        assert!((agent.value - 0.19).abs() < 1e-12);
        assert!((agent.go[chosen] - 1.1 * 1.09).abs() < 1e-12);
        assert!((agent.no_go[chosen] - 0.9 * 0.91).abs() < 1e-12);
        agent.act(&[1.0], &Modulation::default());
        assert!((agent.acts[chosen] - (3.0 * 1.1 * 1.09 - 0.9 * 0.91)).abs() < 1e-12);
        assert!((agent.acts[1 - chosen] - 2.0).abs() < 1e-12);
    }
}
