//! A population of spiking cells whose read-out is taught its error: prescribed error sensitivity.
//!
//! ```text
//!     z_k = 2 (x_k − low)/(high − low) − 1                     inputs as −1 to 1
//!     I_i = I_θ (1 + g (e_i · z − c_i))                       current of cell i ;  I_θ the least that makes it spike
//!     T ms of leaky integrate-and-fire cells ;  a_i filtered spikes ,  ŷ = Σ d_i a_i
//!     B = middle + ŷ · half width ,   e = (B − y)/half width ,   d_i ← d_i − κ M_η e a_i
//! ```
//! x observation but its first number · e_i random unit vectors, c_i uniform in [−.9, .9]: where the cell begins to spike · d decoders, 0 at first · B
//! answer, y outcome, the first number observed after it.
//!
//! A rule that is told the error of its output is not comparable with one that is told a reward. Where nothing but the last outcome is seen
//! (`helicopter`), that is the input.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, the factor M_η. Nothing else, and no place. Signals: the error y − B as a share of
//! the interval.
//!
//! # Cost
//! T steps of the cells a trial; a product for each cell to answer and to learn.
//!
//! # Parameters
//! Decoders `[cells]`.
//!
//! # Reference
//! D. MacNeil, C. Eliasmith, PLoS ONE 6(9), e22885, 2011; T. Bekolay, C. Kolbeck, C. Eliasmith, CogSci 2013, 169–174. All constants are ours.

use serde::{Deserialize, Serialize};

use super::number::Interval;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::spiking::leaky_integrate_and_fire::LeakyIntegrateAndFireConfig;
use crate::behaviour::spiking::population::{Background, CellPopulation};
use crate::behaviour::spiking::{CellConfig, Sign};
use crate::error::{Error, Result, positive};
use crate::learning::plasticity::prescribed_error_sensitivity::{
    PrescribedErrorSensitivity, PrescribedErrorSensitivityConfig,
};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
pub(crate) const DESCRIPTION: Description = Description {
    name: "spiking_decoder",
    summary: "answers with a number read out of spiking cells; the read-out is taught its error",
    reference: "MacNeil, Eliasmith, PLoS ONE 6, e22885, 2011; Bekolay, Kolbeck, Eliasmith, CogSci 2013",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::spiking_decoder::SpikingDecoderConfig;
///
/// let config: SpikingDecoderConfig = toml::from_str("cells = 100\nrule = { learning_rate = 0.5 }")?;
/// assert_eq!(config.duration, 100);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpikingDecoderConfig {
    /// Cells, 1 to 100 000.
    pub cells: usize,
    /// Milliseconds T of a step, 1 to 100 000.
    pub duration: u64,
    /// Gain g of the currents, above 0.
    pub gain: f64,
    /// The membranes.
    pub membrane: LeakyIntegrateAndFireConfig,
    /// How decoders learn.
    pub rule: PrescribedErrorSensitivityConfig,
}

impl Default for SpikingDecoderConfig {
    fn default() -> Self {
        Self {
            cells: 200,
            duration: 100,
            gain: 2.0,
            membrane: LeakyIntegrateAndFireConfig { time_constant: 20.0, ..LeakyIntegrateAndFireConfig::default() },
            rule: PrescribedErrorSensitivityConfig { learning_rate: 1.0, activity_time_constant: 50.0 },
        }
    }
}

impl SpikingDecoderConfig {
    /// An agent for `environment`; what its cells prefer, and where they begin, follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where choices are wanted.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<SpikingDecoder> {
        let interval = Interval::of(environment, DESCRIPTION.name)?;
        positive("spiking_decoder.gain", self.gain)?;
        for (name, value) in [("spiking_decoder.cells", self.cells as u64), ("spiking_decoder.duration", self.duration)]
        {
            if !(1..=100_000).contains(&value) {
                return Err(Error::InvalidParameter { name, value: value as f64, requirement: "between 1 and 100000" });
            }
        }
        // Where there is nothing else to see, the last outcome is the input.
        let first = usize::from(environment.num_observations() > 1);
        let inputs = environment.num_observations() - first;
        let mut stream = key.child(0).stream();
        let mut encoders = Vec::with_capacity(inputs * self.cells);
        for _ in 0..self.cells {
            let direction: Vec<f32> = (0..inputs).map(|_| stream.normal()).collect();
            let length = direction.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            encoders.extend(direction.iter().map(|value| value / length));
        }
        let kind = CellConfig::LeakyIntegrateAndFire(self.membrane);
        let membrane = self.membrane;
        let least = (membrane.threshold - membrane.rest) * -(-1.0 / membrane.time_constant).exp_m1();
        Ok(SpikingDecoder {
            config: *self,
            interval,
            first,
            inputs: vec![0.0; inputs],
            encoders,
            thresholds: (0..self.cells).map(|_| (1.8 * stream.uniform() - 0.9) as f32).collect(),
            least: least as f32,
            currents: vec![0.0; self.cells],
            population: CellPopulation::new("decoder", self.cells, &kind, Sign::Excitatory, Background::default())?,
            rule: self.rule.build(1, self.cells)?,
            learned: vec![0.0; self.cells],
            key: key.child(1),
            trial: 0,
            answer: interval.middle(),
            outcome: interval.middle(),
        })
    }
}

impl AgentSettings for SpikingDecoderConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.rule.learning_rate = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Debug)]
pub struct SpikingDecoder {
    config: SpikingDecoderConfig,
    interval: Interval,
    /// The first number of an observation that is an input.
    first: usize,
    inputs: Vec<f32>,
    /// `[cells, inputs]`.
    encoders: Vec<f32>,
    thresholds: Vec<f32>,
    /// I_θ.
    least: f32,
    currents: Vec<f32>,
    population: CellPopulation,
    rule: PrescribedErrorSensitivity,
    learned: Vec<f32>,
    key: Key,
    trial: u64,
    answer: f64,
    outcome: f64,
}

crate::archived!(
    SpikingDecoder { rule, trial, answer, outcome }
    sized { learned }
    fixed { config, interval, first, inputs, encoders, thresholds, least, currents, population, key }
);

impl SpikingDecoder {
    fn half_width(&self) -> f64 {
        self.interval.width() / 2.0
    }
}

impl Agent for SpikingDecoder {
    fn act(&mut self, observation: &[f32], _: &Modulation) -> Action {
        let (middle, half) = (self.interval.middle(), self.half_width());
        for (input, &seen) in self.inputs.iter_mut().zip(&observation[self.first..]) {
            *input = ((f64::from(seen) - middle) / half).clamp(-1.0, 1.0) as f32;
        }
        let gain = self.config.gain as f32;
        let cells = self.encoders.chunks_exact(self.inputs.len()).zip(&self.thresholds);
        for (current, (encoder, threshold)) in self.currents.iter_mut().zip(cells) {
            let projection: f32 = encoder.iter().zip(&self.inputs).map(|(e, x)| e * x).sum();
            *current = (self.least * (1.0 + gain * (projection - threshold))).max(0.0);
        }
        self.rule.rest();
        self.population.begin(self.key.child(self.trial));
        self.trial += 1;
        for _ in 0..self.config.duration {
            self.population.current_mut().copy_from_slice(&self.currents);
            self.rule.see(self.population.step());
        }
        self.answer = middle + half * self.rule.decode()[0];
        self.interval.answer(self.answer)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.outcome = f64::from(feedback.observation[0]);
        self.interval.signals(feedback, self.outcome - self.answer)
    }

    fn learn(&mut self, modulation: &Modulation) {
        let error = modulation.learning_rate * (self.answer - self.outcome) / self.half_width();
        // There is one output, and one error.
        let learned = self.rule.learn(&[error]);
        debug_assert!(learned.is_ok());
        self.learned.iter_mut().zip(self.rule.decoders()).for_each(|(learned, decoder)| *learned = *decoder as f32);
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.learned.len() * (2 * size_of::<f32>() + size_of::<f64>())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environment::EnvironmentSettings as _;
    use crate::behaviour::environments::conformance::play;
    use crate::behaviour::environments::linear_function::LinearFunctionConfig;
    use crate::behaviour::scores::Score;

    /// The function is learned, and again after its sign has changed; who sees no input stays where it was.
    #[test]
    fn a_linear_function_is_learned_twice() {
        let scores = |agent: &str, seed| -> Vec<f64> {
            let trials = play(agent, "[linear_function]", 600, seed);
            LinearFunctionConfig::default().scores(&trials).into_iter().map(Score::or_nan).collect()
        };
        for seed in 0..3 {
            let (learner, blind) =
                (scores("[spiking_decoder]", seed), scores("[adaptive_estimator]\nlearning_rate = 0.1", seed));
            assert!(learner[2] < 0.08 && learner[0] < 0.08, "{learner:?}");
            assert!(learner[1] > 3.0 * learner[2], "{learner:?}");
            assert!(blind[2] > 0.25 && blind[0] > 0.25, "{blind:?}");
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let environment = LinearFunctionConfig::default().build(Key::from_seed(1)).unwrap();
        for text in ["cells = 0", "gain = -1.0", "duration = 0", "rule = { learning_rate = 0.0 }"] {
            let config: SpikingDecoderConfig = toml::from_str(text).unwrap();
            assert!(config.build(&environment, Key::from_seed(1)).is_err(), "{text}");
        }
    }
}
