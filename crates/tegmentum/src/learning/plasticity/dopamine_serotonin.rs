//! Dopamine and serotonin on one synapse: what dopamine strengthens after reward, serotonin weakens without it.
//!
//! ```text
//!     z_DA   pairings through e^(−|Δ|/τ), symmetric,        trace of 2 s
//!     z_5HT  pairings through e^(−Δ/τ), pre before post,    trace of 5 s
//!     competitive   w ← w + η (A_DA DA z_DA − A_5HT 5HT z_5HT)            every millisecond
//!     sequential    w ← w + η_s DA z_DA − η_s 5HT z_5HT                   at the end of a trial, where the levels are not 0
//! ```
//! DA, 5HT levels of the moment; in the model of the reference DA = 1 for a second after a reward and 5HT = 1 − DA (competitive), or the
//! one or the other at the end of a trial (sequential) · τ = 10 ms, η = 1e-4, A_DA = 1, A_5HT = .01, η_s = .01, w in [1, 3].
//!
//! # Cost
//! Two additions for each synapse of a cell that spikes; a sweep over the weights at every moment with a level (competitive) or at the end
//! of a trial (sequential).
//!
//! Reference: code `Valence_Navigation_5HTDA` of C. Wert-Carvajal and colleagues: forms and constants.

use serde::{Deserialize, Serialize};

use super::SynapticRule;
use super::eligibility::{Order, Pairing, Spikes, Traces, add_clipped};
use super::r_stdp::check_weights;
use crate::error::{Result, positive};
use crate::neuromodulation::signals::Signals;

/// When weights move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateTime {
    /// Every millisecond, both at once.
    #[default]
    Competitive,
    /// At the end of a trial.
    Sequential,
}

/// The constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DopamineSerotoninConfig {
    /// When weights move.
    pub schedule: UpdateTime,
    /// η of the competitive form.
    pub online_rate: f64,
    /// A_DA of the competitive form.
    pub dopamine: f64,
    /// A_5HT of the competitive form.
    pub serotonin: f64,
    /// η_s of the sequential form.
    pub trial_rate: f64,
    /// τ of both windows, in ms.
    pub window: f64,
    /// Time constant of z_DA, in ms.
    pub dopamine_trace: f64,
    /// Time constant of z_5HT, in ms.
    pub serotonin_trace: f64,
    /// Smallest and largest weight.
    pub bounds: (f64, f64),
}

impl Default for DopamineSerotoninConfig {
    fn default() -> Self {
        Self {
            schedule: UpdateTime::Competitive,
            online_rate: 1e-4,
            dopamine: 1.0,
            serotonin: 0.01,
            trial_rate: 0.01,
            window: 10.0,
            dopamine_trace: 2000.0,
            serotonin_trace: 5000.0,
            bounds: (1.0, 3.0),
        }
    }
}

impl DopamineSerotoninConfig {
    /// The rule for synapses between `before` and `after` cells with first weights `[before, after]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range,
    /// [`Error::ShapeMismatch`](crate::error::Error::ShapeMismatch) for a wrong number of weights.
    pub fn build(&self, before: usize, after: usize, weights: Vec<f64>) -> Result<DopamineSerotonin> {
        positive("dopamine_serotonin.window", self.window)?;
        positive("dopamine_serotonin.dopamine_trace", self.dopamine_trace)?;
        positive("dopamine_serotonin.serotonin_trace", self.serotonin_trace)?;
        check_weights(&weights, before * after, self.bounds)?;
        Ok(DopamineSerotonin {
            config: *self,
            pairing: Pairing::new(before, after, self.window, self.window),
            for_dopamine: Traces::new(weights.len(), self.dopamine_trace),
            for_serotonin: Traces::new(weights.len(), self.serotonin_trace),
            weights,
        })
    }
}

/// The rule at work.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::dopamine_serotonin::DopamineSerotoninConfig;
/// use tegmentum::learning::plasticity::SynapticRule;
///
/// let rule = DopamineSerotoninConfig::default().build(1, 2, vec![2.0; 2])?;
/// assert_eq!(rule.weights(), [2.0, 2.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DopamineSerotonin {
    config: DopamineSerotoninConfig,
    pairing: Pairing,
    for_dopamine: Traces,
    for_serotonin: Traces,
    weights: Vec<f64>,
}

crate::archived!(DopamineSerotonin { pairing, for_dopamine, for_serotonin } sized { weights } fixed { config });

impl DopamineSerotonin {
    fn move_weights(&mut self, up: f64, down: f64) {
        if up == 0.0 || down == 0.0 {
            add_clipped(&mut self.weights, &self.for_dopamine, up, self.config.bounds);
            add_clipped(&mut self.weights, &self.for_serotonin, -down, self.config.bounds);
            return;
        }
        let (smallest, largest) = self.config.bounds;
        let traces = self.for_dopamine.iter().zip(self.for_serotonin.iter());
        for (weight, (dopamine, serotonin)) in self.weights.iter_mut().zip(traces) {
            *weight = (*weight + up * dopamine - down * serotonin).clamp(smallest, largest);
        }
    }
}

impl SynapticRule for DopamineSerotonin {
    fn step(&mut self, spikes: Spikes<'_>, signals: &Signals) {
        self.for_dopamine.decay();
        self.for_serotonin.decay();
        let (dopamine, serotonin) = (&mut self.for_dopamine, &mut self.for_serotonin);
        self.pairing.step(spikes, |synapse, order, size| {
            dopamine.add(synapse, size);
            if order == Order::Causal {
                serotonin.add(synapse, size);
            }
        });
        if self.config.schedule == UpdateTime::Competitive {
            let rate = self.config.online_rate;
            let up = rate * self.config.dopamine * signals.levels.dopamine;
            let down = rate * self.config.serotonin * signals.levels.serotonin;
            self.move_weights(up, down);
        }
    }

    /// The sequential form moves its weights under the levels of now; both forms forget their traces.
    fn end_trial(&mut self, signals: &Signals) {
        if self.config.schedule == UpdateTime::Sequential {
            let levels = &signals.levels;
            self.move_weights(self.config.trial_rate * levels.dopamine, self.config.trial_rate * levels.serotonin);
        }
        self.pairing.clear();
        self.for_dopamine.clear();
        self.for_serotonin.clear();
    }

    fn weights(&self) -> &[f64] {
        &self.weights
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::super::eligibility::pair_at;
    use super::*;

    fn levels(dopamine: f64, serotonin: f64) -> Signals {
        let mut signals = Signals::default();
        (signals.levels.dopamine, signals.levels.serotonin) = (dopamine, serotonin);
        signals
    }

    /// Sequential, against e^(−|Δ|/τ) e^(−wait/τ_z) for both transmitters and both orders of spikes.
    #[test]
    fn reward_strengthens_and_its_absence_weakens() {
        let config = DopamineSerotoninConfig { schedule: UpdateTime::Sequential, ..DopamineSerotoninConfig::default() };
        for (before, after) in [(10usize, 17usize), (17, 10)] {
            let run = |levels: Signals| {
                let mut rule = config.build(1, 1, vec![2.0]).unwrap();
                pair_at(before, after, 518, |spikes| rule.step(spikes, &Signals::default()));
                rule.end_trial(&levels);
                rule.weights()[0] - 2.0
            };
            let window = (-0.7f64).exp();
            let expected = 0.01 * window * (-500.0f64 / 2000.0).exp();
            let found = run(levels(1.0, 0.0));
            assert!((found - expected).abs() < 1e-4 * expected, "{found} {expected}");
            let expected = if before < after { -0.01 * window * (-500.0f64 / 5000.0).exp() } else { 0.0 };
            let found = run(levels(0.0, 1.0));
            assert!((found - expected).abs() <= 1e-4 * expected.abs(), "{found} {expected}");
        }
    }

    /// Competitive: the change of one pairing is the sum of the geometric series of its trace.
    #[test]
    fn the_competitive_form_adds_up_every_millisecond() {
        let change = |signals: Signals| {
            let mut rule = DopamineSerotoninConfig::default().build(1, 1, vec![2.0]).unwrap();
            pair_at(10, 17, 1018, |spikes| rule.step(spikes, &signals));
            rule.weights()[0] - 2.0
        };
        let series = |tau: f64| {
            let kept = (-1.0f64 / tau).exp();
            (1.0 - kept.powi(1001)) / (1.0 - kept)
        };
        let window = (-0.7f64).exp();
        let (up, down) = (1e-4 * window * series(2000.0), 1e-6 * window * series(5000.0));
        for (dopamine, serotonin, expected) in [(1.0, 0.0, up), (0.0, 1.0, -down), (1.0, 1.0, up - down)] {
            let found = change(levels(dopamine, serotonin));
            assert!((found - expected).abs() < 1e-3 * expected.abs(), "{found} {expected}");
        }
    }

    #[test]
    fn a_trial_leaves_no_trace_behind() {
        let config = DopamineSerotoninConfig { schedule: UpdateTime::Sequential, ..DopamineSerotoninConfig::default() };
        let mut rule = config.build(1, 1, vec![2.0]).unwrap();
        pair_at(3, 5, 20, |spikes| rule.step(spikes, &Signals::default()));
        rule.end_trial(&Signals::default());
        rule.end_trial(&levels(1.0, 0.0));
        assert_eq!(rule.weights(), [2.0]);
    }
}
