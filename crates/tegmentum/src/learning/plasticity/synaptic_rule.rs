//! Rules at the synapses between two populations of spiking cells.

use serde::{Deserialize, Serialize};

use super::acetylcholine_dopamine::AcetylcholineDopamineConfig;
use super::dopamine_serotonin::DopamineSerotoninConfig;
use super::dopamine_synapse::DopamineSynapseConfig;
use super::eligibility::Spikes;
use super::r_stdp::{RStdpConfig, ThirdFactor};
use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::signals::Signals;

/// A rule at the synapses between two populations of spiking cells, in steps of a millisecond.
///
/// It sees the spikes on both sides and what is broadcast: outcomes, and the levels of the modulators. Its user is the agent
/// [`synaptic_actor`](crate::behaviour::agents::synaptic_actor).
pub trait SynapticRule: Send + std::fmt::Debug {
    /// One millisecond.
    fn step(&mut self, spikes: Spikes<'_>, signals: &Signals);

    /// A trial is over: what moves only then moves under the signals of now, and traces are forgotten.
    fn end_trial(&mut self, signals: &Signals);

    /// The weights `[cells before, cells after]`.
    fn weights(&self) -> &[f64];

    /// Writes its running state to an archive, or reads it from there. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn SynapticRule + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        SynapticRule::archive(self, archive)
    }
}

/// A rule as a study names it.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::SynapticRuleConfig;
///
/// let config: SynapticRuleConfig = toml::from_str("[acetylcholine_dopamine]\ndepression_rate = 1e-3")?;
/// assert_eq!(config.build(2, 3, vec![2.0; 6])?.weights().len(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynapticRuleConfig {
    /// Spike timing, a trace, a third factor.
    RStdp(RStdpConfig),
    /// Depression under acetylcholine that dopamine turns into potentiation.
    AcetylcholineDopamine(AcetylcholineDopamineConfig),
    /// Potentiation by dopamine against depression by serotonin.
    DopamineSerotonin(DopamineSerotoninConfig),
    /// Spike timing, a trace, and a concentration of dopamine with a baseline.
    DopamineSynapse(DopamineSynapseConfig),
}

impl SynapticRuleConfig {
    /// The rule for synapses between `before` and `after` cells with first weights `weights` `[before, after]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range,
    /// [`Error::ShapeMismatch`](crate::error::Error::ShapeMismatch) for a wrong number of weights.
    pub fn build(&self, before: usize, after: usize, weights: Vec<f64>) -> Result<Box<dyn SynapticRule>> {
        Ok(match self {
            Self::RStdp(config) => Box::new(config.build(before, after, weights)?),
            Self::AcetylcholineDopamine(config) => Box::new(config.build(before, after, weights)?),
            Self::DopamineSerotonin(config) => Box::new(config.build(before, after, weights)?),
            Self::DopamineSynapse(config) => Box::new(config.build(before, after, weights)?),
        })
    }

    /// The transmitters whose levels the rule reads.
    pub fn transmitters(&self) -> &'static [Transmitter] {
        match self {
            Self::RStdp(config) if config.third_factor == ThirdFactor::Dopamine => &[Transmitter::Dopamine],
            Self::RStdp(_) => &[],
            Self::AcetylcholineDopamine(_) => &[Transmitter::Dopamine, Transmitter::Acetylcholine],
            Self::DopamineSerotonin(_) => &[Transmitter::Dopamine, Transmitter::Serotonin],
            Self::DopamineSynapse(_) => &[Transmitter::Dopamine],
        }
    }

    /// Whether the rule reads a prediction error.
    pub fn reads_prediction_error(&self) -> bool {
        matches!(self, Self::RStdp(config) if config.third_factor == ThirdFactor::PredictionError)
    }

    /// Sets the rate at which dopamine moves the weights.
    pub fn set_learning_rate(&mut self, rate: f64) {
        match self {
            Self::RStdp(config) => config.learning_rate = rate,
            Self::AcetylcholineDopamine(config) => config.dopamine_rate = rate,
            Self::DopamineSerotonin(config) => (config.online_rate, config.trial_rate) = (rate, rate),
            Self::DopamineSynapse(config) => config.potentiation = rate,
        }
    }
}
