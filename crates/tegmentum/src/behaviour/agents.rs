//! The agents, one file each, and their registry. The contract is in [`agent`](crate::behaviour::agent).

pub mod actor_critic;
pub mod adaptive_estimator;
mod choice;
pub mod full_bayes;
pub mod grossman;
pub mod hgf;
pub mod hidden_markov;
mod number;
pub mod opal;
pub mod pearce_hall;
pub mod q_learning;
pub mod random_choice;
pub mod reduced_bayes;
pub mod rescorla_wagner;
pub mod spiking_actor_critic;
pub mod spiking_decoder;
pub mod synaptic_actor;
pub mod varsmile;
pub mod win_stay_lose_shift;

use crate::behaviour::agent::AgentSettings;

tegmentum_engine::named_settings! {
    /// Which agent, with its settings. An agent is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::behaviour::agents::AgentConfig;
    ///
    /// let config: AgentConfig = toml::from_str("[random_choice]")?;
    /// assert_eq!(config.name(), "random_choice");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum AgentConfig: dyn AgentSettings = "agent" {
        ActorCritic(actor_critic::ActorCriticConfig),
        RandomChoice(random_choice::RandomChoiceConfig),
        SpikingActorCritic(spiking_actor_critic::SpikingActorCriticConfig),
        AdaptiveEstimator(adaptive_estimator::AdaptiveEstimatorConfig),
        ReducedBayes(reduced_bayes::ReducedBayesConfig),
        FullBayes(full_bayes::FullBayesConfig),
        PearceHall(pearce_hall::PearceHallConfig),
        RescorlaWagner(rescorla_wagner::RescorlaWagnerConfig),
        WinStayLoseShift(win_stay_lose_shift::WinStayLoseShiftConfig),
        HiddenMarkov(hidden_markov::HiddenMarkovConfig),
        VarSmile(varsmile::VarSmileConfig),
        Hgf(hgf::HgfConfig),
        Opal(opal::OpalConfig),
        Grossman(grossman::GrossmanConfig),
        QLearning(q_learning::QLearningConfig),
        SynapticActor(synaptic_actor::SynapticActorConfig),
        SpikingDecoder(spiking_decoder::SpikingDecoderConfig),
    }
}
