//! The supervisor of a learner that steps through parameter space: how far it steps, when it judges whether acting has paid, and
//! when it starts over. It needs no learning rate and no length of the run.
//!
//! ```text
//!     each update   δ_k ← prediction errors of the probes, factor f/√q          dopamine, acetylcholine
//!                   share = min(1, 5/(5 h + 4))                                  averaging horizon h
//!     each window   p = progress ,  c = rate control ,  window ← max(M₀, patience)
//!                   rate ← min(cap, 2 · rate)            until progress fails for the first time, if c > 0
//!                        ← min(cap, rate · exp(c · p))   after that
//!                   p < 0: exploring weights return to the average by the consolidation
//!     reset         if the loss of the average L(x) > X + 4 max(s_X, .05|X|), or fewer than 3 windows were judged:
//!                   weights x ← ρ x with the best gain ρ ∈ {1} ∪ gains, all statistics forgotten,
//!                   rate ← min(cap, max(rate, restoration · best rate))
//! ```
//! Rates are shares of the weights' root mean square for one update, the same for every parameter · q, h, progress, patience,
//! consolidation, restoration: effects of the receptors of a [`NeuromodulatorySystem`], by default those of the preset
//! `dopamine-optimizer` · X, s_X running mean and deviation of L(x) at the ends of windows (rate .2) · a smaller gain must win by
//! 2 %; gains ρ are drawn towards 1 by the gain reset g: 1 − g (1 − ρ) · at most one reset in 20 updates.
//!
//! The supervisor asks for losses of the averaged and the acting model where it needs them (`Supervisor::questions`);
//! [`Dopamine`](crate::learning::optimizers::dopamine) answers with probes, [node
//! perturbation](crate::learning::plasticity::node_perturbation) with passes.
//!
//! Invariant to the scale of the loss. Cost: O(probes) operations an update, two evaluations a window, up to 6 a suspicion.
//!
//! This is our reading of "the reward prediction error sets the learning rate" (arXiv:2510.22178, abstract), not the
//! paper's equation, which could not be obtained.

use crate::error::{Error, Result, at_least_one, positive};
use crate::learning::loss_signals::{LossFollower, LossSignals};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::{Levels, RunningMean, Transmitter};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use crate::neuromodulation::target::Target;
use crate::random::Key;

/// Updates after a surprise in which a rate may become the best rate.
const BEST_RATE_UPDATES: u64 = 400;
/// A fast prediction error beyond this many usual sizes shortens the step.
const CLIP: f64 = 3.0;
/// The average takes over the exploring weights wholly for the first updates; after that it is this much older than its horizon.
const REACH: f64 = 5.0;
/// Deviations by which the averaged model must be worse than it was to confirm a change.
const CONFIRMATION: f64 = 4.0;
/// Updates after a reset in which there is no other.
const REFRACTORY: u64 = 20;
/// Factors on all weights that are tried after a surprise, beside 1.
pub(crate) const GAINS: [f32; 5] = [0.7, 0.5, 0.35, 0.25, 0.15];

/// What every learner under a supervisor obeys.
pub(crate) fn heard() -> Vec<Heard> {
    let mut heard = Heard::everywhere(&[
        Target::LearningRate,
        Target::Consolidation,
        Target::Reset,
        Target::ErrorSize,
        Target::AveragingHorizon,
        Target::Patience,
        Target::Progress,
        Target::RateControl,
        Target::RateRestoration,
        Target::GainReset,
    ]);
    // Errors come many at once, one for each probe or step: no level of another transmitter goes with them.
    heard.push(Heard::by(Transmitter::Dopamine, Target::Reinforcement));
    heard
}

/// The constants of a supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Settings<'a> {
    /// Rate to begin with, a share of the weights' size.
    pub(crate) start: f64,
    /// Largest rate, likewise.
    pub(crate) cap: f64,
    /// Updates M₀ of the first window.
    pub(crate) first_window: u64,
    /// Factors below 1 on all weights that are tried after a surprise.
    pub(crate) gains: &'a [f32],
}

/// The model whose loss is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Question {
    /// The averaged model with all weights times a gain.
    Averaged(f32),
    /// The model that acts.
    Acting,
}

/// What follows from the answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Consequence {
    /// Nothing.
    Nothing,
    /// The world has changed: both vectors at the average times this gain, everything else forgotten.
    StartOver(f32),
    /// A window is over: exploring weights return by `pull`; the averaged model had this loss.
    Judged { pull: f64, averaged_loss: f64 },
}

/// What is being found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inquiry {
    /// Whether the averaged model has become worse, too.
    #[default]
    Confirm,
    /// Which gain is best.
    Gains,
    /// Whether acting has paid.
    Judge,
}

crate::archived_choice!(Inquiry { Confirm, Gains, Judge });

/// The supervisor of one learner.
#[derive(Debug)]
pub(crate) struct Supervisor {
    system: NeuromodulatorySystem,
    follower: LossFollower,
    start: f64,
    cap: f64,
    rate: f64,
    best_rate: f64,
    warming_up: bool,
    /// Whether there is an average.
    averages: bool,
    /// Updates since the last surprise.
    elapsed: u64,
    in_window: u64,
    window: u64,
    first_window: u64,
    /// Losses of the averaged model at the ends of windows.
    consolidated: RunningMean,
    gains: Vec<f32>,
    inquiry: Option<Inquiry>,
    /// Gains under trial and their losses.
    trials: Vec<(f32, f64)>,
}

crate::archived!(
    Supervisor { system, follower, rate, best_rate, warming_up, averages, elapsed, in_window, window, consolidated, inquiry, trials }
    fixed { start, cap, first_window, gains }
);

impl Supervisor {
    /// A supervisor with the modulators of `config`, whose noise comes from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range; those of the system.
    pub(crate) fn new(settings: &Settings<'_>, config: &NeuromodulationConfig, key: Key) -> Result<Self> {
        positive("cap", settings.cap)?;
        if settings.start.is_nan() || settings.start < 0.0 {
            positive("start", settings.start)?;
        }
        at_least_one("first_window", settings.first_window as usize)?;
        for &gain in settings.gains {
            if !(gain > 0.0 && gain < 1.0) {
                let value = f64::from(gain);
                return Err(Error::InvalidParameter { name: "gains", value, requirement: "factors between 0 and 1" });
            }
        }
        let rate = settings.start.min(settings.cap);
        // Before the first update nothing has been averaged; whether there will be an average is asked of a system of its own.
        let mut first = config.build(key)?;
        first.observe(&Signals::default());
        Ok(Self {
            averages: first.modulation().averaging_horizon > 0.0,
            system: config.build(key)?,
            follower: LossSignals::default().build()?,
            start: rate,
            cap: settings.cap,
            rate,
            best_rate: rate,
            warming_up: true,
            elapsed: 0,
            in_window: 0,
            window: settings.first_window,
            first_window: settings.first_window,
            consolidated: RunningMean::default(),
            gains: settings.gains.to_vec(),
            inquiry: None,
            trials: Vec::new(),
        })
    }

    /// The rate in force.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Puts another rate in force, at most the cap, and says whether it is doubled until progress fails.
    pub(crate) fn set_rate(&mut self, rate: f64, warming_up: bool) {
        (self.rate, self.warming_up) = (rate.min(self.cap), warming_up);
    }

    /// Updates since the last surprise.
    pub(crate) fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// The effects of the modulators now.
    pub(crate) fn modulation(&self) -> &Modulation {
        self.system.modulation()
    }

    /// The levels of the modulators now.
    pub(crate) fn levels(&self) -> Levels {
        self.system.levels()
    }

    /// Takes in an update: the regrets of its probes become prediction errors, in place. Returns the factor that makes of
    /// their weighted directions a step of unit size: f/√q where they are divided by their usual size, else 1.
    pub(crate) fn appraise(&mut self, regrets: &mut [f64], loss: f64) -> f64 {
        self.system.compare(Transmitter::Dopamine, regrets);
        let count = regrets.len().max(1) as f64;
        self.advance(loss, Some(regrets.iter().map(|error| error * error).sum::<f64>() / count));
        let size = self.error_size().map(|size| size.max(f64::MIN_POSITIVE));
        let unit = size.unwrap_or(1.0);
        self.system.volley(Transmitter::Dopamine, regrets, unit);
        let Some(size) = size else { return 1.0 };
        let largest = regrets.iter().fold(0.0f64, |largest, error| largest.max(error.abs())) / size;
        let clip = if largest > CLIP { CLIP / largest } else { 1.0 };
        clip / size
    }

    /// Takes in an update with this loss and, if there are any, this mean square of prediction errors.
    pub(crate) fn advance(&mut self, loss: f64, squared_prediction_error: Option<f64>) {
        self.elapsed += 1;
        self.in_window += 1;
        let signals = Signals { loss: Some(loss), squared_prediction_error, ..self.follower.signals(loss) };
        self.system.observe(&signals);
        self.averages = self.modulation().averaging_horizon > 0.0;
        self.inquiry = if self.modulation().reset && self.elapsed > REFRACTORY {
            Some(Inquiry::Confirm)
        } else {
            self.window_over()
        };
    }

    /// Takes in an update that made no step: only a surprise can follow.
    pub(crate) fn stand_still(&mut self, loss: f64) {
        let signals = Signals { loss: Some(loss), ..self.follower.signals(loss) };
        self.system.observe(&signals);
        self.inquiry = (self.modulation().reset && self.elapsed > REFRACTORY).then_some(Inquiry::Confirm);
    }

    fn window_over(&self) -> Option<Inquiry> {
        (self.in_window >= self.window).then_some(Inquiry::Judge)
    }

    /// The size by which prediction errors are divided; `None` if they are not.
    pub(crate) fn error_size(&self) -> Option<f64> {
        self.modulation().error_size.filter(|&size| size > 0.0)
    }

    /// What becomes at the synapses of a prediction error of one usual size.
    pub(crate) fn response_to_unit_error(&mut self) -> f64 {
        let mut unit = [1.0];
        self.system.volley(Transmitter::Dopamine, &mut unit, 1.0);
        unit[0]
    }

    /// The size by which errors are divided over their usual size; `None` if they are not divided.
    pub(crate) fn relative_error_size(&self) -> Option<f64> {
        let usual = self.system.drive(Transmitter::Acetylcholine).total();
        self.error_size().map(|size| if size == usual { 1.0 } else { size / usual.max(1e-300) })
    }

    /// Whether the model that acts is near the average; without a horizon there is no average.
    pub(crate) fn averages(&self) -> bool {
        self.averages
    }

    /// The share by which the average moves to the exploring weights at this update.
    pub(crate) fn averaging_share(&self) -> f64 {
        let age = REACH * self.modulation().averaging_horizon + REACH - 1.0;
        (REACH / age.max(REACH - 1.0)).min(1.0)
    }

    /// Whether losses are asked for before the next update.
    pub(crate) fn has_questions(&self) -> bool {
        self.inquiry.is_some()
    }

    /// Whether the questions are those of the end of a window.
    pub(crate) fn is_judging(&self) -> bool {
        self.inquiry == Some(Inquiry::Judge)
    }

    /// The models whose losses are asked for.
    pub(crate) fn questions(&self) -> impl Iterator<Item = Question> {
        let (gains, acting) = match self.inquiry {
            None => (&[][..], false),
            Some(Inquiry::Confirm) => (&[(1.0, f64::NAN)][..], false),
            Some(Inquiry::Gains) => (&self.trials[1..], false),
            Some(Inquiry::Judge) => (&[(1.0, f64::NAN)][..], true),
        };
        gains.iter().map(|&(gain, _)| Question::Averaged(gain)).chain(acting.then_some(Question::Acting))
    }

    /// Takes the losses of the models that were asked for, in their order.
    pub(crate) fn answer(&mut self, losses: &[f64]) -> Consequence {
        match self.inquiry {
            None => Consequence::Nothing,
            Some(Inquiry::Confirm) => self.confirm(losses[0]),
            Some(Inquiry::Gains) => {
                for (trial, &loss) in self.trials[1..].iter_mut().zip(losses) {
                    trial.1 = loss;
                }
                self.start_over()
            }
            Some(Inquiry::Judge) => self.judge(losses[0], losses[1]),
        }
    }

    fn confirm(&mut self, averaged_loss: f64) -> Consequence {
        let expected = self.consolidated.mean;
        let bound = expected + CONFIRMATION * self.consolidated.deviation(0.05);
        let confirmed = self.consolidated.count < 3 || averaged_loss > bound || averaged_loss.is_nan();
        self.system.observe(&Signals { confirmed: Some(confirmed), elapsed: Some(0.0), ..Signals::default() });
        if !confirmed {
            self.inquiry = self.window_over();
            return Consequence::Nothing;
        }
        let range = self.modulation().gain_reset.clamp(0.0, 1.0) as f32;
        self.trials.clear();
        self.trials.push((1.0, averaged_loss));
        // The whole range is tried as it is written down.
        let gain = |&gain: &f32| if range == 1.0 { gain } else { 1.0 - range * (1.0 - gain) };
        self.trials.extend(self.gains.iter().map(gain).filter(|&gain| gain < 1.0).map(|gain| (gain, f64::NAN)));
        if self.trials.len() == 1 {
            return self.start_over();
        }
        self.inquiry = Some(Inquiry::Gains);
        Consequence::Nothing
    }

    /// A confirmed surprise.
    fn start_over(&mut self) -> Consequence {
        let mut best = (1.0f32, f64::INFINITY);
        for &(gain, loss) in &self.trials {
            if loss < best.1 * 0.98 {
                best = (gain, loss);
            }
        }
        let lifted = self.rate.max(self.modulation().rate_restoration * self.best_rate);
        self.forget();
        self.rate = lifted.min(self.cap);
        Consequence::StartOver(best.0)
    }

    /// The end of a window: has acting paid, compared with what is consolidated?
    fn judge(&mut self, averaged_loss: f64, acting_loss: f64) -> Consequence {
        if averaged_loss.is_finite() {
            self.consolidated.update(averaged_loss, 0.2);
        }
        let (outcome, diverged) = match (averaged_loss.is_finite(), acting_loss.is_finite()) {
            (true, true) => (Some(averaged_loss - acting_loss), None),
            (false, false) => (None, Some(0.0)),
            (true, false) => (None, Some(-1.0)),
            (false, true) => (None, Some(1.0)),
        };
        let consolidated_loss = Some(averaged_loss);
        self.system.observe(&Signals {
            consolidated_loss,
            outcome,
            diverged,
            elapsed: Some(0.0),
            ..Signals::default()
        });
        let modulation = self.system.modulation();
        let (progress, control) = (modulation.progress, modulation.rate_control);
        let pull = if progress < 0.0 { modulation.consolidation.clamp(0.0, 1.0) } else { 0.0 };
        let window = self.first_window.max(modulation.patience as u64);
        if control != 0.0 {
            self.regulate(progress, control);
        }
        (self.in_window, self.window, self.inquiry) = (0, window, None);
        Consequence::Judged { pull, averaged_loss }
    }

    /// Sets the rate from progress.
    fn regulate(&mut self, progress: f64, control: f64) {
        if progress < 0.0 {
            self.warming_up = false;
        }
        let factor = if self.warming_up { 2.0 } else { (control * progress).exp() };
        self.rate = (self.rate * factor).min(self.cap);
        if self.elapsed < BEST_RATE_UPDATES {
            self.best_rate = self.best_rate.max(self.rate);
        }
    }

    /// A new beginning from other weights: everything is forgotten and the rate is what it was at first.
    pub(crate) fn restart(&mut self) {
        self.forget();
        self.rate = self.start;
        self.warming_up = true;
    }

    /// Forgets the statistics of the world as it was; the rate stays.
    pub(crate) fn forget(&mut self) {
        self.system.forget();
        self.consolidated = RunningMean::default();
        (self.elapsed, self.in_window, self.window) = (0, 0, self.first_window);
        self.inquiry = None;
    }
}

#[cfg(test)]
mod tests;
