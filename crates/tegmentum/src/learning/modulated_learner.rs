//! Any learner under a system of modulators: an optimizer, a plasticity rule or a gradient baseline.
//!
//! ```text
//!     after update t, with loss L_t:     e_t = (E_t − L_t)/u_t ,   signals: loss L_t, reward −L_t, value −E_t,
//!                                        prediction error = outcome error = e_t
//!                                        E_{t+1} = E_t + max(a, 1/t)(L_t − E_t)
//!     update t + 1 is told the modulation that follows
//! ```
//! E running expectation of the loss (none at the first update, which has no error) · u_t = |E_t|, at least 10⁻¹², or 1 if errors
//! are not relative · a rate [1/update]. A loss that is not finite tells nothing; time passes.
//!
//! With the preset `none` the learner does, bit for bit, what it does alone. What a learner obeys, its page says: the
//! optimizers multiply their step by the learning rate and their σ by the perturbation scale; a gain other than 1 scales
//! their weights at every update, and a reset forgets at every update for as long as it lasts.
//!
//! Cost: a system's moment for each update. The relation of losses to rewards is ours; no paper has it.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction};
use crate::learning::learner::Learner;
use crate::learning::learner::Update;
use crate::learning::optimizer::Levels;
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::RunningMean;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use crate::random::Key;

/// How losses become signals.
///
/// # Example
/// ```
/// use tegmentum::learning::modulated_learner::LossSignals;
///
/// let config: LossSignals = toml::from_str("rate = 0.1")?;
/// assert!(config.relative);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossSignals {
    /// Slowest rate a of the expected loss.
    pub rate: f64,
    /// Whether errors are shares of the expected loss, so that thresholds need not know its scale.
    pub relative: bool,
}

impl Default for LossSignals {
    fn default() -> Self {
        Self { rate: 0.05, relative: true }
    }
}

/// A learner and its modulators.
///
/// # Example
/// ```
/// use tegmentum::learning::modulated_learner::{LossSignals, ModulatedLearner};
/// use tegmentum::neuromodulation::modulation::Modulation;
/// use tegmentum::neuromodulation::system::NeuromodulationConfig;
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::learning::optimizers::spsa::SpsaConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::black_box_learner::BlackBoxLearner;
/// use tegmentum::learning::learner::Learner;
///
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let optimizer = SpsaConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 100)?;
/// let bare = Box::new(BlackBoxLearner::new(&sphere, Box::new(optimizer)));
/// let system: NeuromodulationConfig = toml::from_str("preset = 'mei-2025'")?;
/// let mut learner = ModulatedLearner::new(bare, &system, LossSignals::default(), Key::from_seed(2))?;
/// let update = learner.update(Key::from_seed(3).child(0), &Modulation::default())?;
/// assert!(update.report.loss > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ModulatedLearner<'a> {
    learner: Box<dyn Learner + 'a>,
    system: NeuromodulatorySystem,
    signals: LossSignals,
    losses: RunningMean,
}

impl std::fmt::Debug for ModulatedLearner<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ModulatedLearner").field("system", &self.system).finish_non_exhaustive()
    }
}

impl<'a> ModulatedLearner<'a> {
    /// `learner` under a system whose noise comes from `key`.
    ///
    /// # Errors
    /// Those of the system, and [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]`.
    pub fn new(
        learner: Box<dyn Learner + 'a>,
        system: &NeuromodulationConfig,
        signals: LossSignals,
        key: Key,
    ) -> Result<Self> {
        fraction("loss_signals.rate", signals.rate)?;
        Ok(Self { learner, system: system.build(key)?, signals, losses: RunningMean::default() })
    }

    /// The modulators.
    pub fn system(&self) -> &NeuromodulatorySystem {
        &self.system
    }

    /// The signals of an update with loss `loss`.
    fn signals(&mut self, loss: f64) -> Signals {
        if !loss.is_finite() {
            return Signals::default();
        }
        let expected = (self.losses.count > 0).then_some(self.losses.mean);
        self.losses.update(loss, self.signals.rate);
        let unit = |expected: f64| if self.signals.relative { expected.abs().max(1e-12) } else { 1.0 };
        let error = expected.map(|expected| (expected - loss) / unit(expected));
        Signals {
            loss: Some(loss),
            reward: Some(-loss),
            value: expected.map(|expected| -expected),
            prediction_error: error,
            outcome_error: error,
            ..Signals::default()
        }
    }
}

/// What is told from outside and what the system says, together: factors are multiplied, terms added.
fn combine(outside: &Modulation, own: &Modulation) -> Modulation {
    let mut local = outside.local.clone();
    local.extend_from_slice(&own.local);
    Modulation {
        learning_rate: outside.learning_rate * own.learning_rate,
        negative_learning_rate: outside.negative_learning_rate * own.negative_learning_rate,
        perturbation_scale: outside.perturbation_scale * own.perturbation_scale,
        gain: outside.gain * own.gain,
        temperature: outside.temperature * own.temperature,
        discount: outside.discount * own.discount,
        trace_decay: outside.trace_decay * own.trace_decay,
        threshold: outside.threshold + own.threshold,
        bursting: outside.bursting + own.bursting,
        consolidation: (outside.consolidation + own.consolidation).clamp(0.0, 1.0),
        reinforcement: match (outside.reinforcement, own.reinforcement) {
            (Some(outside), Some(own)) => Some(outside + own),
            (outside, own) => outside.or(own),
        },
        reset: outside.reset || own.reset,
        local,
    }
}

impl Learner for ModulatedLearner<'_> {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let update = self.learner.update(batch, &combine(modulation, self.system.modulation()))?;
        let signals = self.signals(update.report.loss);
        self.system.observe(&signals);
        Ok(update)
    }

    fn averaged(&self) -> Point<'_> {
        self.learner.averaged()
    }

    fn solution(&self) -> Point<'_> {
        self.learner.solution()
    }

    fn state_bytes(&self) -> usize {
        self.learner.state_bytes()
    }

    /// The system's levels; without a system those of the learner.
    fn levels(&self) -> Option<Levels> {
        if self.system.is_neutral() { self.learner.levels() } else { Some(self.system.levels()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::black_box_learner::BlackBoxLearner;
    use crate::learning::optimizers::OptimizerConfig;
    use crate::learning::optimizers::spsa::SpsaConfig;
    use crate::model::objectives::BlackBox;

    fn bowl(parameters: &[f32]) -> f64 {
        1.0 + parameters.iter().map(|&x| f64::from(x - 1.0) * f64::from(x - 1.0)).sum::<f64>()
    }

    fn start() -> Vec<f32> {
        (0..40).map(|index| 0.1 * (index % 7) as f32 - 0.25).collect()
    }

    /// Parameters and reports of a run.
    fn run(learner: &mut dyn Learner, updates: u64) -> (Vec<u32>, Vec<u64>) {
        let mut losses = Vec::new();
        for update in 0..updates {
            let done = learner.update(Key::from_seed(4).child(update), &Modulation::default()).expect("finite");
            losses.push(done.report.loss.to_bits() ^ done.evaluations);
        }
        let mut parameters = vec![0.0f32; 40];
        learner.solution().write(1.0, &mut parameters);
        (parameters.into_iter().map(f32::to_bits).collect(), losses)
    }

    fn bare<'a>(
        objective: &'a (dyn crate::model::objective::Objective + Send),
        config: &OptimizerConfig,
    ) -> BlackBoxLearner<'a> {
        BlackBoxLearner::new(objective, config.build(start(), Key::from_seed(1), 1000).expect("defaults are valid"))
    }

    #[test]
    fn without_modulators_every_optimizer_is_itself_to_the_bit() {
        let objective = BlackBox::new(40, bowl);
        for config in OptimizerConfig::registry() {
            let alone = run(&mut bare(&objective, &config), 60);
            let none = NeuromodulationConfig::default();
            let inner = Box::new(bare(&objective, &config));
            let mut modulated =
                ModulatedLearner::new(inner, &none, LossSignals::default(), Key::from_seed(2)).expect("valid");
            assert_eq!(run(&mut modulated, 60), alone, "{}", config.name());
        }
    }

    #[test]
    fn a_jump_of_the_loss_is_a_burst_and_a_larger_step() {
        let objective = BlackBox::new(40, bowl);
        let config = OptimizerConfig::Spsa(SpsaConfig { learning_rate: 0.0, ..SpsaConfig::default() });
        let system =
            NeuromodulationConfig { preset: crate::neuromodulation::preset::Preset::Mei2025, ..Default::default() };
        let inner = Box::new(bare(&objective, &config));
        let mut learner =
            ModulatedLearner::new(inner, &system, LossSignals::default(), Key::from_seed(2)).expect("valid");
        run(&mut learner, 100);
        assert_eq!(learner.system().modulation().learning_rate, 1.0);
        for _ in 0..10 {
            let signals = learner.signals(1e3);
            learner.system.observe(&signals);
        }
        assert!(learner.system().modulation().learning_rate > 2.5);
        assert!(learner.levels().is_some_and(|levels| levels.dopamine < 0.0), "worse than expected");
    }

    #[test]
    fn signals_of_losses_written_out() {
        let objective = BlackBox::new(40, bowl);
        let config = OptimizerConfig::Spsa(SpsaConfig::default());
        let of = |relative, losses: &[f64]| -> Vec<Option<f64>> {
            let (none, signals) = (NeuromodulationConfig::default(), LossSignals { rate: 0.25, relative });
            let inner = Box::new(bare(&objective, &config));
            let mut learner = ModulatedLearner::new(inner, &none, signals, Key::from_seed(2)).expect("valid");
            losses.iter().map(|&loss| learner.signals(loss).outcome_error).collect()
        };
        // Expectations: none, 4, 3 (both values weigh the same).
        assert_eq!(of(false, &[4.0, 2.0, 6.0]), [None, Some(2.0), Some(-3.0)]);
        assert_eq!(of(true, &[4.0, 2.0, 6.0]), [None, Some(0.5), Some(-1.0)]);
        assert_eq!(of(true, &[4.0, f64::NAN, 2.0]), [None, None, Some(0.5)]);
    }
}
