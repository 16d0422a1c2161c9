//! Any learner under a system of modulators: an optimizer, a plasticity rule or a gradient baseline.
//!
//! After each update the loss becomes signals ([`loss_signals`](crate::learning::loss_signals)); the next update is told the modulation
//! that follows. With the preset `none` the learner does, bit for bit, what it does alone. What a learner does not obey
//! ([`Learner::hears`]) is refused when the two are put together.
//!
//! Learners with modulators of their own (the optimizer `dopamine`, node perturbation) need none around them: their own take the
//! same receptors and drugs.
//!
//! Cost: a system's moment for each update.

use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::learning::learner::{Learner, Update};
use crate::learning::loss_signals::{LossFollower, LossSignals};
use crate::learning::optimizer::Levels;
use crate::model::perturbation::Point;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use crate::random::Key;

/// A learner and its modulators.
///
/// # Example
/// ```
/// use tegmentum::learning::loss_signals::LossSignals;
/// use tegmentum::learning::modulated_learner::ModulatedLearner;
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
    follower: LossFollower,
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
    /// Those of the system, [`Error::Unheard`](crate::error::Error::Unheard) for what the learner does not obey, and
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]`.
    pub fn new(
        learner: Box<dyn Learner + 'a>,
        system: &NeuromodulationConfig,
        signals: LossSignals,
        key: Key,
    ) -> Result<Self> {
        system.check_heard("this learner", &learner.hears(), &[])?;
        Ok(Self { learner, system: system.build(key)?, follower: signals.build()? })
    }

    /// The modulators.
    pub fn system(&self) -> &NeuromodulatorySystem {
        &self.system
    }
}

impl Archived for ModulatedLearner<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { learner, system, follower } = self;
        archive.mark("ModulatedLearner")?;
        learner.archive(archive)?;
        system.archive(archive)?;
        follower.archive(archive)
    }
}

impl Learner for ModulatedLearner<'_> {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let update = self.learner.update(batch, &modulation.combined(self.system.modulation()))?;
        let signals = self.follower.signals(update.report.loss);
        self.system.observe(&signals);
        Ok(update)
    }

    fn hears(&self) -> Vec<Heard> {
        self.learner.hears()
    }

    crate::archives!();

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
            let signals = learner.follower.signals(1e3);
            learner.system.observe(&signals);
        }
        assert!(learner.system().modulation().learning_rate > 2.5);
        assert!(learner.levels().is_some_and(|levels| levels.dopamine < 0.0), "worse than expected");
    }
}
