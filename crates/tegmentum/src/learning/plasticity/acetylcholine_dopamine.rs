//! Acetylcholine, then dopamine: depression as it goes, which a later reward turns into potentiation.
//!
//! ```text
//!     s_ji  pairing through a symmetric window e^(−|Δ|/τ)
//!     w ← w − η_ACh ACh s                     at once, where acetylcholine is present
//!     z ← z e^(−1/τ_z) + s
//!     w ← w + η_DA DA z                       when dopamine comes, up to seconds later
//! ```
//! ACh, DA levels of the moment · τ = 10 ms, τ_z = 2 s, η_ACh = 2e-3, η_DA = .01, w in [1, 3].
//!
//! # Cost
//! One addition to the weight and one to the trace for each synapse of a cell that spikes.
//!
//! Reference: Z. Brzosko et al., eLife 6, e27756, 2017; S. Zannone et al., Sci. Rep. 8, 9486, 2018: form and constants of their
//! model. There acetylcholine is either present or not; that its effect is in proportion to a level is ours.

use serde::{Deserialize, Serialize};

use super::SynapticRule;
use super::eligibility::{Pairing, Spikes, Traces, add_clipped};
use super::r_stdp::check_weights;
use crate::error::{Result, positive};
use crate::neuromodulation::signals::Signals;

/// The constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcetylcholineDopamineConfig {
    /// η_ACh.
    pub depression_rate: f64,
    /// η_DA.
    pub dopamine_rate: f64,
    /// τ of the window, in ms.
    pub window: f64,
    /// τ_z, in ms.
    pub eligibility_time_constant: f64,
    /// Smallest and largest weight.
    pub bounds: (f64, f64),
}

impl Default for AcetylcholineDopamineConfig {
    fn default() -> Self {
        Self {
            depression_rate: 2e-3,
            dopamine_rate: 0.01,
            window: 10.0,
            eligibility_time_constant: 2000.0,
            bounds: (1.0, 3.0),
        }
    }
}

impl AcetylcholineDopamineConfig {
    /// The rule for synapses between `before` and `after` cells with first weights `[before, after]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range,
    /// [`Error::ShapeMismatch`](crate::error::Error::ShapeMismatch) for a wrong number of weights.
    pub fn build(&self, before: usize, after: usize, weights: Vec<f64>) -> Result<AcetylcholineDopamine> {
        positive("acetylcholine_dopamine.window", self.window)?;
        positive("acetylcholine_dopamine.eligibility_time_constant", self.eligibility_time_constant)?;
        check_weights(&weights, before * after, self.bounds)?;
        Ok(AcetylcholineDopamine {
            config: *self,
            pairing: Pairing::new(before, after, self.window, self.window),
            eligibility: Traces::new(weights.len(), self.eligibility_time_constant),
            weights,
        })
    }
}

/// The rule at work.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::acetylcholine_dopamine::AcetylcholineDopamineConfig;
/// use tegmentum::learning::plasticity::SynapticRule;
///
/// let rule = AcetylcholineDopamineConfig::default().build(2, 3, vec![2.0; 6])?;
/// assert_eq!(rule.weights().len(), 6);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AcetylcholineDopamine {
    config: AcetylcholineDopamineConfig,
    pairing: Pairing,
    eligibility: Traces,
    weights: Vec<f64>,
}

crate::archived!(AcetylcholineDopamine { pairing, eligibility } sized { weights } fixed { config });

impl SynapticRule for AcetylcholineDopamine {
    fn step(&mut self, spikes: Spikes<'_>, signals: &Signals) {
        self.eligibility.decay();
        let depression = self.config.depression_rate * signals.levels.acetylcholine.max(0.0);
        let (weights, eligibility, (smallest, largest)) =
            (&mut self.weights, &mut self.eligibility, self.config.bounds);
        self.pairing.step(spikes, |synapse, _, size| {
            weights[synapse] = (weights[synapse] - depression * size).clamp(smallest, largest);
            eligibility.add(synapse, size);
        });
        let step = self.config.dopamine_rate * signals.levels.dopamine;
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

    /// Depression at once, then potentiation of the size that the trace has left: the sum changes its sign with dopamine.
    #[test]
    fn depression_becomes_potentiation() {
        for (before, after) in [(10usize, 16usize), (16, 10), (12, 12)] {
            let mut rule = AcetylcholineDopamineConfig::default().build(1, 1, vec![2.0]).unwrap();
            let mut signals = Signals::default();
            signals.levels.acetylcholine = 1.0;
            let last = before.max(after);
            pair_at(before, after, last + 1, |spikes| rule.step(spikes, &signals));
            let window = (-(before.abs_diff(after) as f64) / 10.0).exp();
            let depressed = rule.weights()[0];
            assert!((depressed - (2.0 - 2e-3 * window)).abs() < 1e-8, "{depressed}");
            let wait = 500;
            pair_at(usize::MAX, usize::MAX, wait - 1, |spikes| rule.step(spikes, &signals));
            signals.levels.dopamine = 1.0;
            rule.step(Spikes { before: &[], after: &[] }, &signals);
            let expected = depressed + 0.01 * window * (-(wait as f64) / 2000.0).exp();
            assert!((rule.weights()[0] - expected).abs() < 1e-6, "{} {expected}", rule.weights()[0]);
            assert!(rule.weights()[0] > 2.0);
        }
    }

    #[test]
    fn without_acetylcholine_nothing_is_depressed() {
        let mut rule = AcetylcholineDopamineConfig::default().build(1, 1, vec![2.0]).unwrap();
        pair_at(3, 5, 50, |spikes| rule.step(spikes, &Signals::default()));
        assert_eq!(rule.weights(), [2.0]);
    }
}
