//! The controller: four nuclei that set the rate, the horizon and the moment to start over of a learner that steps
//! through parameter space. It needs no learning rate and no length of the run.
//!
//! ```text
//!     each step     δ_k = r_k − m ,  q, C  ←  nuclei                         dopamine, acetylcholine, noradrenaline
//!     each window   u = clip(raw/s, ±2) − demand ,  raw = L(averaged) − L(acting)
//!                   rate ← min(cap, 2·rate)            until the demand is missed for the first time
//!                        ← min(cap, rate · exp(.2 u))  after that
//!                   u < 0: pull the explorer home by .25
//!     surprise      all statistics are forgotten, rate ← min(cap, max(rate, best rate))
//! ```
//! Rates are shares of the weights' root mean square for one update, the same for every parameter.
//!
//! An experimenter's drugs act on the four levels ([`ControllerConfig::pharmacology`]): dopamine is each prediction error in
//! units of its expected size, acetylcholine that size, serotonin the horizon of the average, noradrenaline the evidence of
//! change; a whole lesion of one of the last three is the lesion of that name, one of dopamine learns nothing.
//!
//! Invariant to the scale of the loss. Cost: O(probes) operations a step and two evaluations a window.
//!
//! This is our reading of "the reward prediction error sets the learning rate" (arXiv:2510.22178, abstract), not the
//! paper's equation, which could not be obtained.

pub(crate) mod pharmacology;
pub mod receptors;

use pharmacology::Pharmacology;
use receptors::Receptors;
use serde::{Deserialize, Serialize};

use super::modulation::Modulation;
use super::nuclei::basal_forebrain::error_size::{ErrorSize, MAX_OUTCOME};
use super::nuclei::dorsal_raphe::horizon::Horizon;
use super::nuclei::locus_coeruleus::cumulative_surprise::{CumulativeSurprise, CumulativeSurpriseConfig};
use super::nuclei::ventral_tegmental_area::regret::RegretPredictionError;
use super::nucleus::{Levels, Nucleus, Signals, Transmitter};
use super::pharmacology::Drug;
use crate::error::{Result, at_least_one, positive};
use crate::random::Key;

/// Updates after a surprise in which a rate may become the best rate.
const BEST_RATE_UPDATES: u64 = 400;
/// Updates of the first window, where neither the user nor the learner says otherwise.
const FIRST_WINDOW: u64 = 6;
/// A fast prediction error beyond this many expected sizes shortens the step.
const CLIP: f64 = 3.0;

/// What is taken away, for a lesion study; everything is intact by default.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::controller::Lesions;
///
/// let lesions: Lesions = toml::from_str("noradrenaline = true")?;
/// assert!(lesions.noradrenaline && !lesions.dopamine_sign);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a lesion of its own")]
pub struct Lesions {
    /// Fast dopamine keeps its sign alone.
    pub dopamine_magnitude: bool,
    /// Fast dopamine keeps its size alone: nothing can be learned.
    pub dopamine_sign: bool,
    /// The regret is not compared with the expected regret.
    pub dopamine_expectation: bool,
    /// Prediction errors are not divided by their expected size; the start rate is then in units of weight per regret.
    pub acetylcholine: bool,
    /// The rate stays as it began; averages are kept.
    pub serotonin_rate: bool,
    /// The rate stays as it began, and there is no average.
    pub serotonin: bool,
    /// Surprise is never noticed.
    pub noradrenaline: bool,
}

/// The constants of the controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControllerConfig {
    /// Updates of the first window; the learner's own choice if it is not given.
    pub first_window: Option<u64>,
    /// Share of the elapsed time to which windows grow.
    pub window_growth: f64,
    /// The average reaches back over elapsed time divided by this.
    pub horizon: f64,
    /// The efficacies of the receptors.
    pub receptors: Receptors,
    /// The detector of change.
    pub locus_coeruleus: CumulativeSurpriseConfig,
    /// What is taken away.
    pub lesions: Lesions,
    /// What an experimenter does to the four modulators or to one of their receptors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pharmacology: Vec<Drug>,
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            first_window: None,
            window_growth: 0.05,
            horizon: 5.0,
            receptors: Receptors::default(),
            locus_coeruleus: CumulativeSurpriseConfig::default(),
            lesions: Lesions::default(),
            pharmacology: Vec::new(),
        }
    }
}

impl ControllerConfig {
    /// A controller that begins with the rate `start` and never exceeds `cap`, both shares of the weights' size; the noise
    /// of drugs, if there is any, comes from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant or a dose outside its range,
    /// [`Error::UnknownName`](crate::error::Error::UnknownName) and
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for a drug on a receptor that is not there or has no use for
    /// it.
    pub fn build(&self, start: f64, cap: f64, key: Key) -> Result<Controller> {
        positive("cap", cap)?;
        if start.is_nan() || start < 0.0 {
            positive("start", start)?;
        }
        let first_window = self.first_window.unwrap_or(FIRST_WINDOW);
        at_least_one("first_window", first_window as usize)?;
        positive("window_growth", self.window_growth)?;
        positive("horizon", self.horizon)?;
        positive("locus_coeruleus.threshold", self.locus_coeruleus.threshold)?;
        self.receptors.check()?;
        let config = pharmacology::resolve(self)?;
        let rate = start.min(cap);
        Ok(Controller {
            start: rate,
            cap,
            rate,
            best_rate: rate,
            warming_up: true,
            dopamine: RegretPredictionError::default(),
            acetylcholine: ErrorSize::default(),
            serotonin: Horizon::new(first_window, self.window_growth, self.horizon),
            noradrenaline: CumulativeSurprise::new(self.locus_coeruleus),
            levels: Levels::default(),
            drugs: Pharmacology::new(&config, key),
            config,
        })
    }
}

/// The four nuclei of one learner.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::controller::ControllerConfig;
/// use tegmentum::random::Key;
///
/// let mut controller = ControllerConfig::default().build(1e-3, 0.5, Key::from_seed(1))?;
/// let mut regrets = [0.3, -0.1];
/// let factor = controller.appraise(&mut regrets);
/// assert_eq!(regrets, [0.3, -0.1], "nothing is expected yet");
/// assert!(factor.is_finite());
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Controller {
    config: ControllerConfig,
    start: f64,
    cap: f64,
    rate: f64,
    best_rate: f64,
    warming_up: bool,
    dopamine: RegretPredictionError,
    acetylcholine: ErrorSize,
    serotonin: Horizon,
    noradrenaline: CumulativeSurprise,
    drugs: Pharmacology,
    levels: Levels,
}

impl Controller {
    /// The rate in force.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The levels of the four modulators.
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Updates since the last surprise.
    pub fn elapsed(&self) -> u64 {
        self.serotonin.elapsed()
    }

    /// The constants, with what drugs take away taken away.
    pub fn config(&self) -> &ControllerConfig {
        &self.config
    }

    /// Turns the regrets of a step's probes into prediction errors, in place, and returns the factor that makes of
    /// their weighted directions a step of unit size: `f/√q` with acetylcholine, 1 without.
    pub fn appraise(&mut self, regrets: &mut [f64]) -> f64 {
        let lesions = self.config.lesions;
        let count = regrets.len().max(1) as f64;
        let mean = regrets.iter().sum::<f64>() / count;
        if !lesions.dopamine_expectation {
            for regret in regrets.iter_mut() {
                *regret = self.dopamine.prediction_error(*regret);
            }
        }
        self.dopamine.release(&Signals { regret: Some(mean), ..Signals::default() });
        let square = regrets.iter().map(|error| error * error).sum::<f64>() / count;
        let expected = self.expect(square);
        for error in regrets.iter_mut() {
            if lesions.dopamine_magnitude {
                *error = error.signum() * if lesions.acetylcholine { 1.0 } else { expected };
            } else if lesions.dopamine_sign {
                *error = error.abs();
            }
        }
        if self.drugs.acts_on(Transmitter::Dopamine) {
            let unit = if lesions.acetylcholine { 1.0 } else { expected + 1e-12 };
            for (index, error) in regrets.iter_mut().enumerate() {
                *error = unit * self.drugs.fast_dopamine(index, *error / unit);
            }
        }
        if lesions.acetylcholine {
            return 1.0;
        }
        let largest = regrets.iter().fold(0.0f64, |largest, error| largest.max(error.abs())) / (expected + 1e-12);
        let clip = if largest > CLIP { CLIP / largest } else { 1.0 };
        clip / (expected + 1e-12)
    }

    /// Takes in a mean square of prediction errors and returns their expected size (acetylcholine).
    pub fn expect(&mut self, mean_square: f64) -> f64 {
        let signals = Signals { squared_prediction_error: Some(mean_square), ..Signals::default() };
        let level = self.acetylcholine.release(&signals).total();
        // A size is never negative, whatever the noise.
        self.levels.acetylcholine = self.drugs.level(Transmitter::Acetylcholine, level).max(0.0);
        self.levels.acetylcholine
    }

    /// Counts an update and returns the share by which the average moves towards the explorer (serotonin).
    pub fn advance(&mut self, loss: f64) -> f64 {
        let signals = Signals { loss: Some(loss), ..Signals::default() };
        let level = self.serotonin.release(&signals).total();
        self.levels.serotonin = self.drugs.level(Transmitter::Serotonin, level).max(0.0);
        if self.config.lesions.serotonin {
            1.0
        } else if self.drugs.acts_on(Transmitter::Serotonin) {
            self.serotonin.share_for(self.levels.serotonin)
        } else {
            self.serotonin.averaging_share()
        }
    }

    /// Watches the loss of the acting model; true if the world may have changed, which [`Controller::confirm`] decides
    /// (noradrenaline).
    pub fn watch(&mut self, loss: f64) -> bool {
        if self.config.lesions.noradrenaline {
            return false;
        }
        let level = self.noradrenaline.release(&Signals { loss: Some(loss), ..Signals::default() }).total();
        self.levels.noradrenaline = self.drugs.level(Transmitter::Noradrenaline, level);
        if self.drugs.acts_on(Transmitter::Noradrenaline) {
            return self.levels.noradrenaline > 1.0 && !self.noradrenaline.is_refractory();
        }
        self.noradrenaline.is_suspicious()
    }

    /// Whether the averaged model, at `consolidated_loss` on the same batch, has become worse than expected.
    pub fn confirm(&mut self, consolidated_loss: f64) -> bool {
        self.noradrenaline.confirm(consolidated_loss)
    }

    /// The effect of a confirmed surprise: everything is forgotten and the rate is lifted. The caller multiplies its
    /// weights by the gain it has found best among `candidates`, whose losses on the same batch are given; a smaller
    /// gain must win by 2 %.
    pub fn surprise(&mut self, candidates: &[(f32, f64)]) -> Modulation {
        let mut best = (1.0f32, f64::INFINITY);
        for &(gain, loss) in candidates {
            if loss < best.1 * 0.98 {
                best = (gain, loss);
            }
        }
        let lifted = self.rate.max(self.config.receptors.noradrenaline_on_learning_rate * self.best_rate);
        self.forget();
        self.rate = lifted.min(self.cap);
        Modulation { learning_rate: self.rate, gain: f64::from(best.0), reset: true, ..Modulation::default() }
    }

    /// A new beginning from other weights: everything is forgotten and the rate is what it was at first.
    pub fn restart(&mut self) {
        self.forget();
        self.rate = self.start;
        self.warming_up = true;
    }

    /// Forgets the statistics of the world as it was; the rate stays.
    pub fn forget(&mut self) {
        self.dopamine.reset();
        self.acetylcholine.reset();
        self.serotonin.reset();
        self.noradrenaline.reset();
    }

    /// Whether acting is to be judged now.
    pub fn is_window_over(&self) -> bool {
        self.serotonin.is_window_over()
    }

    /// The end of a window: has acting paid, compared with what is consolidated? Sets the rate and says whether to pull
    /// the explorer home.
    pub fn judge(&mut self, averaged_loss: f64, acting_loss: f64) -> Modulation {
        let outcome = averaged_loss - acting_loss;
        let signals = Signals { outcome: Some(outcome), consolidated_loss: Some(averaged_loss), ..Signals::default() };
        self.dopamine.release(&signals);
        self.acetylcholine.release(&signals);
        self.noradrenaline.release(&signals);
        self.levels.dopamine = match (averaged_loss.is_finite(), acting_loss.is_finite()) {
            (true, true) => self.acetylcholine.normalised_outcome(outcome),
            (false, false) => 0.0,
            // A loss that is not finite is worse than any that is; how much worse says nothing about the usual size.
            (true, false) => -MAX_OUTCOME,
            (false, true) => MAX_OUTCOME,
        };
        self.levels.dopamine = self.drugs.level(Transmitter::Dopamine, self.levels.dopamine);
        let lesions = self.config.lesions;
        let mut modulation = Modulation { learning_rate: self.rate, ..Modulation::default() };
        if !(lesions.serotonin || lesions.serotonin_rate) {
            modulation = self.regulate(self.levels.dopamine - self.config.receptors.serotonin_on_dopamine);
        }
        if self.drugs.acts_on(Transmitter::Serotonin) {
            self.serotonin.begin_window_for(self.levels.serotonin);
        } else {
            self.serotonin.begin_window();
        }
        modulation
    }

    /// Sets the rate from dopamine beyond the demand.
    fn regulate(&mut self, progress: f64) -> Modulation {
        let receptors = &self.config.receptors;
        if progress < 0.0 {
            self.warming_up = false;
        }
        let factor = if self.warming_up { 2.0 } else { (receptors.dopamine_on_learning_rate * progress).exp() };
        self.rate = (self.rate * factor).min(self.cap);
        if self.serotonin.elapsed() < BEST_RATE_UPDATES {
            self.best_rate = self.best_rate.max(self.rate);
        }
        let consolidation = if progress < 0.0 { receptors.serotonin_on_consolidation } else { 0.0 };
        Modulation { learning_rate: self.rate, consolidation, ..Modulation::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controller(start: f64) -> Controller {
        ControllerConfig::default().build(start, 0.5, Key::from_seed(1)).expect("defaults are valid")
    }

    #[test]
    fn nothing_depends_on_the_scale_of_the_loss() {
        let run = |scale: f64| {
            let mut controller = controller(1e-2);
            let mut trace = Vec::new();
            for step in 0..200 {
                let wave = f64::from(step % 7) - 3.0;
                let mut regrets = [scale * wave, scale * (wave + 1.0)];
                let factor = controller.appraise(&mut regrets);
                trace.push((factor * regrets[0] * 1e6).round());
                controller.advance(scale * 10.0);
                if controller.is_window_over() {
                    controller.judge(scale * 10.0, scale * (10.0 - f64::from(step % 3)));
                    trace.push((controller.rate() * 1e9).round());
                }
            }
            trace
        };
        assert_eq!(run(1.0), run(1024.0));
    }

    #[test]
    fn the_rate_doubles_until_the_demand_is_missed_and_never_exceeds_its_cap() {
        let mut controller = controller(0.1);
        controller.judge(1.0, 0.0);
        assert_eq!(controller.rate(), 0.2);
        controller.judge(1.0, 0.0);
        controller.judge(1.0, 0.0);
        assert_eq!(controller.rate(), 0.5);
        let modulation = controller.judge(1.0, 1.0);
        assert_eq!(modulation.consolidation, 0.25);
        assert!((controller.rate() - 0.5 * (-0.1f64).exp()).abs() < 1e-12);
        controller.judge(1.0, f64::NAN);
        assert!(controller.rate() < 0.5);
    }

    #[test]
    fn a_jump_of_the_loss_is_a_surprise_only_if_the_consolidated_model_agrees() {
        let mut controller = controller(0.1);
        for _ in 0..5 {
            controller.judge(1.0, 1.0);
        }
        let mut alarms = 0;
        for step in 0..200 {
            let loss = if step < 150 { 1.0 + 0.01 * f64::from(step % 2) } else { 3.0 };
            if controller.watch(loss) {
                alarms += 1;
                assert!(step >= 150);
                assert!(!controller.confirm(1.0));
                assert!(controller.confirm(3.0));
            }
        }
        assert!(alarms > 0);
    }

    #[test]
    fn a_smaller_gain_must_win_by_two_percent() {
        let mut intact = controller(0.1);
        assert_eq!(intact.surprise(&[(1.0, 1.0), (0.5, 0.985)]).gain, 1.0);
        assert_eq!(intact.surprise(&[(1.0, 1.0), (0.5, 0.97), (0.25, 0.9)]).gain, 0.25);
        assert_eq!(intact.surprise(&[(1.0, f64::NAN), (0.5, 0.97)]).gain, 0.5);
    }

    #[test]
    fn lesions_take_away_what_they_say() {
        let build = |lesions: Lesions| {
            ControllerConfig { lesions, ..ControllerConfig::default() }
                .build(0.1, 0.5, Key::from_seed(1))
                .expect("valid")
        };
        let mut without_acetylcholine = build(Lesions { acetylcholine: true, ..Lesions::default() });
        assert_eq!(without_acetylcholine.appraise(&mut [5.0, -2.0]), 1.0);
        let mut without_rate = build(Lesions { serotonin_rate: true, ..Lesions::default() });
        without_rate.judge(1.0, 0.0);
        assert_eq!(without_rate.rate(), 0.1);
        let mut without_average = build(Lesions { serotonin: true, ..Lesions::default() });
        assert_eq!((0..10).map(|_| without_average.advance(1.0)).sum::<f64>(), 10.0);
        let mut without_noradrenaline = build(Lesions { noradrenaline: true, ..Lesions::default() });
        assert!((0..100).all(|step| !without_noradrenaline.watch(if step < 50 { 1.0 } else { 1e6 })));
        let mut sign_only = build(Lesions { dopamine_magnitude: true, ..Lesions::default() });
        let mut errors = [3.0, -1.0];
        sign_only.appraise(&mut errors);
        assert_eq!(errors[0], -errors[1]);
    }
}
