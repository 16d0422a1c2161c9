//! R-STDP: spike-timing-dependent plasticity that waits in an eligibility trace for a third factor.
//!
//! ```text
//!     z ← z e^(−1/τ_z) + A₊ x  at a postsynaptic spike ,   − A₋ y  at a presynaptic one
//!     w ← w + η M z                                        in [smallest, largest], when M is there
//! ```
//! x, y traces of pre- and postsynaptic spikes, τ₊ and τ₋ · M third factor, one of
//!
//! | third factor | M |
//! |---|---|
//! | `reward` | r |
//! | `reward_minus_mean` | r − r̄ ,  r̄ ← r̄ + a (r − r̄) after use |
//! | `prediction_error` | δ |
//! | `surprise` | size of the outcome error |
//! | `dopamine` | the level that the nuclei have set |
//!
//! # Cost
//! One addition for each synapse of a cell that spikes; one sweep over the weights at a moment with a third factor.
//!
//! References: E. M. Izhikevich, Cerebral Cortex 17, 2443–2452, 2007; R. V. Florian, Neural Computation 19, 1468–1502, 2007;
//! N. Frémaux, W. Gerstner, Front. Neural Circuits 9, 85, 2016 (the third factors).

use serde::{Deserialize, Serialize};

use super::SynapticRule;
use super::eligibility::{Order, Pairing, Spikes, Traces, add_clipped};
use crate::error::{Error, Result, fraction, positive};
use crate::neuromodulation::signals::Signals;

/// What gates plasticity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdFactor {
    /// The reward.
    Reward,
    /// The reward beyond its running mean, which follows with this rate.
    RewardMinusMean(f64),
    /// The prediction error of a critic.
    #[default]
    PredictionError,
    /// The size of the outcome error.
    Surprise,
    /// The level of dopamine.
    Dopamine,
}

/// The constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RStdpConfig {
    /// M.
    pub third_factor: ThirdFactor,
    /// η.
    pub learning_rate: f64,
    /// A₊.
    pub potentiation: f64,
    /// A₋.
    pub depression: f64,
    /// τ₊, in ms.
    pub presynaptic_time_constant: f64,
    /// τ₋, in ms.
    pub postsynaptic_time_constant: f64,
    /// τ_z, in ms.
    pub eligibility_time_constant: f64,
    /// Smallest and largest weight.
    pub bounds: (f64, f64),
}

impl Default for RStdpConfig {
    fn default() -> Self {
        Self {
            third_factor: ThirdFactor::PredictionError,
            learning_rate: 0.01,
            potentiation: 1.0,
            depression: 1.5,
            presynaptic_time_constant: 20.0,
            postsynaptic_time_constant: 20.0,
            eligibility_time_constant: 1000.0,
            bounds: (0.0, 4.0),
        }
    }
}

impl RStdpConfig {
    /// The rule for synapses between `before` and `after` cells with first weights `weights` `[before, after]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::ShapeMismatch`] for a wrong number of weights.
    pub fn build(&self, before: usize, after: usize, weights: Vec<f64>) -> Result<RStdp> {
        positive("r_stdp.presynaptic_time_constant", self.presynaptic_time_constant)?;
        positive("r_stdp.postsynaptic_time_constant", self.postsynaptic_time_constant)?;
        positive("r_stdp.eligibility_time_constant", self.eligibility_time_constant)?;
        if let ThirdFactor::RewardMinusMean(rate) = self.third_factor {
            fraction("r_stdp.third_factor.reward_minus_mean", rate)?;
        }
        check_weights(&weights, before * after, self.bounds)?;
        Ok(RStdp {
            config: *self,
            pairing: Pairing::new(before, after, self.presynaptic_time_constant, self.postsynaptic_time_constant),
            eligibility: Traces::new(weights.len(), self.eligibility_time_constant),
            mean_reward: 0.0,
            weights,
        })
    }
}

/// Checks number and bounds of weights.
pub(crate) fn check_weights(weights: &[f64], expected: usize, bounds: (f64, f64)) -> Result<()> {
    if weights.len() != expected {
        return Err(Error::ShapeMismatch { what: "weights of a bundle", expected, found: weights.len() });
    }
    if !(bounds.0.is_finite() && bounds.1.is_finite() && bounds.0 <= bounds.1) {
        let requirement = "a finite number, at most the largest weight";
        return Err(Error::InvalidParameter { name: "bounds: smallest weight", value: bounds.0, requirement });
    }
    if let Some(&value) = weights.iter().find(|weight| !(bounds.0..=bounds.1).contains(*weight)) {
        return Err(Error::InvalidParameter { name: "first weight", value, requirement: "within the rule's bounds" });
    }
    Ok(())
}

/// The rule at work.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::signals::Signals;
/// use tegmentum::learning::plasticity::SynapticRule;
/// use tegmentum::learning::plasticity::eligibility::Spikes;
/// use tegmentum::learning::plasticity::r_stdp::RStdpConfig;
///
/// let mut rule = RStdpConfig::default().build(1, 1, vec![1.0])?;
/// rule.step(Spikes { before: &[0], after: &[] }, &Signals::default());
/// rule.step(Spikes { before: &[], after: &[0] }, &Signals::default());
/// assert_eq!(rule.weights(), [1.0]);
/// rule.step(Spikes { before: &[], after: &[] }, &Signals { prediction_error: Some(1.0), ..Signals::default() });
/// assert!(rule.weights()[0] > 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RStdp {
    config: RStdpConfig,
    pairing: Pairing,
    eligibility: Traces,
    mean_reward: f64,
    weights: Vec<f64>,
}

crate::archived!(RStdp { pairing, eligibility, mean_reward } sized { weights } fixed { config });

impl RStdp {
    fn third_factor(&mut self, signals: &Signals) -> f64 {
        let factor = match self.config.third_factor {
            ThirdFactor::Reward => signals.reward,
            ThirdFactor::RewardMinusMean(rate) => signals.reward.map(|reward| {
                let beyond = reward - self.mean_reward;
                self.mean_reward += rate * beyond;
                beyond
            }),
            ThirdFactor::PredictionError => signals.prediction_error,
            ThirdFactor::Surprise => signals.outcome_error.map(f64::abs),
            ThirdFactor::Dopamine => Some(signals.levels.dopamine),
        };
        factor.filter(|factor| factor.is_finite()).unwrap_or(0.0)
    }
}

impl SynapticRule for RStdp {
    fn step(&mut self, spikes: Spikes<'_>, signals: &Signals) {
        self.eligibility.decay();
        let (eligibility, config) = (&mut self.eligibility, &self.config);
        self.pairing.step(spikes, |synapse, order, size| match order {
            Order::Causal => eligibility.add(synapse, config.potentiation * size),
            Order::Acausal => eligibility.add(synapse, -config.depression * size),
            Order::Together => {}
        });
        let step = self.config.learning_rate * self.third_factor(signals);
        add_clipped(&mut self.weights, &self.eligibility, step, self.config.bounds);
    }

    fn end_trial(&mut self, _: &Signals) {
        self.pairing.clear();
        self.eligibility.clear();
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

    fn change(before: usize, after: usize, reward_at: usize, third_factor: ThirdFactor, signals: &Signals) -> f64 {
        let config = RStdpConfig { third_factor, bounds: (-10.0, 10.0), ..RStdpConfig::default() };
        let mut rule = config.build(1, 1, vec![0.0]).unwrap();
        let mut now = 0;
        pair_at(before, after, reward_at + 1, |spikes| {
            let silent = Signals::default();
            rule.step(spikes, if now == reward_at { signals } else { &silent });
            now += 1;
        });
        rule.weights()[0]
    }

    /// η M A e^(−|Δ|/τ) e^(−wait/τ_z), on both sides of the window.
    #[test]
    fn the_window_waits_for_the_third_factor() {
        let signals = Signals { prediction_error: Some(-0.7), ..Signals::default() };
        for (before, after, amplitude) in [(10, 15, 1.0), (10, 40, 1.0), (18, 10, -1.5), (30, 10, -1.5)] {
            for wait in [1, 50, 1500] {
                let last = before.max(after);
                let found = change(before, after, last + wait, ThirdFactor::PredictionError, &signals);
                let delta = before.abs_diff(after) as f64;
                let expected = 0.01 * -0.7 * amplitude * (-delta / 20.0).exp() * (-(wait as f64) / 1000.0).exp();
                assert!(
                    (found - expected).abs() < 2e-4 * expected.abs(),
                    "{before} {after} {wait}: {found} {expected}"
                );
            }
        }
        assert_eq!(change(10, 10, 20, ThirdFactor::PredictionError, &signals), 0.0);
    }

    #[test]
    fn every_third_factor_is_what_it_says() {
        let mut signals =
            Signals { reward: Some(2.0), prediction_error: Some(3.0), outcome_error: Some(-5.0), ..Signals::default() };
        signals.levels.dopamine = 7.0;
        let unit = change(10, 15, 20, ThirdFactor::Reward, &Signals { reward: Some(1.0), ..Signals::default() });
        for (third, factor) in [
            (ThirdFactor::Reward, 2.0),
            (ThirdFactor::RewardMinusMean(0.1), 2.0),
            (ThirdFactor::PredictionError, 3.0),
            (ThirdFactor::Surprise, 5.0),
            (ThirdFactor::Dopamine, 7.0),
        ] {
            let found = change(10, 15, 20, third, &signals);
            assert!((found - factor * unit).abs() < 1e-12, "{third:?}");
        }
    }

    /// A reward that is always the same teaches nothing in the end.
    #[test]
    fn a_constant_reward_is_expected_after_a_while() {
        let config = RStdpConfig { third_factor: ThirdFactor::RewardMinusMean(0.2), ..RStdpConfig::default() };
        let mut rule = config.build(1, 1, vec![1.0]).unwrap();
        let mut changes = Vec::new();
        for _ in 0..40 {
            let earlier = rule.weights()[0];
            pair_at(5, 10, 20, |spikes| rule.step(spikes, &Signals::default()));
            let nothing = Spikes { before: &[], after: &[] };
            rule.step(nothing, &Signals { reward: Some(1.0), ..Signals::default() });
            changes.push(rule.weights()[0] - earlier);
        }
        assert!(changes[0] > 0.0 && changes[39].abs() < 0.01 * changes[0].abs() + 1e-5, "{changes:?}");
    }

    #[test]
    fn bad_settings_are_refused() {
        assert!(RStdpConfig::default().build(2, 2, vec![0.0; 3]).is_err());
        let config = RStdpConfig { bounds: (1.0, 0.0), ..RStdpConfig::default() };
        assert!(config.build(1, 1, vec![0.0]).is_err());
        assert!(RStdpConfig::default().build(1, 1, vec![4.5]).is_err());
    }
}
