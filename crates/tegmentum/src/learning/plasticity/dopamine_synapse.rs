//! The dopamine-modulated synapse, twice: exact from event to event, and online in steps. Each is the other's oracle.
//!
//! ```text
//!     dn/dt = −n/τ_n + Σ δ(t − t_dopamine)/τ_n          dw/dt = c (n − b) ,  w in [smallest, largest]
//!     dc/dt = −c/τ_c + Σ_post A₊ x δ(t − t_post) − Σ_pre A₋ y δ(t − t_pre)
//!     dx/dt = −x/τ₊ + Σ δ(t − t_pre) ,   dy/dt = −y/τ₋ + Σ δ(t − t_post)
//! ```
//! n dopamine [1/ms] · c eligibility · x, y traces of pre- and postsynaptic spikes · b baseline. Between events all of it is solved:
//!
//! ```text
//!     w(t + Δ) = w + c n (1 − e^(−Δ/τ))/(1/τ)  − b c τ_c (1 − e^(−Δ/τ_c)) ,    1/τ = 1/τ_c + 1/τ_n
//! ```
//! c keeps its sign, so w rises or falls throughout, except where n falls through b: there the interval is cut, and bounds hold at
//! all times. A pre- and a postsynaptic spike at the same moment do not pair with each other (there is no delay here).
//!
//! # Cost
//! [`exact`]: a few exponentials an event. [`DopamineSynapses`]: one addition for each synapse of a cell that spikes; one sweep over the
//! weights for a millisecond in which n or b is above 0.
//!
//! # Reference
//! Semantics of NEST's `stdp_dopamine_synapse`; W. Potjans, A. Morrison, M. Diesmann, Front. Comput. Neurosci. 4, 141, 2010;
//! E. M. Izhikevich, Cerebral Cortex 17, 2443–2452, 2007.

use serde::{Deserialize, Serialize};

use super::SynapticRule;
use super::eligibility::{Order, Pairing, Spikes, Traces, add_clipped};
use super::r_stdp::check_weights;
use crate::error::{Error, Result, positive};
use crate::neuromodulation::signals::Signals;

/// The constants.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::dopamine_synapse::{DopamineSynapseConfig, SynapseEvent, DopamineSynapseState, exact};
///
/// let config = DopamineSynapseConfig::default();
/// let start = DopamineSynapseState { dopamine: 0.005, ..DopamineSynapseState::of_weight(1.0) };
/// let end = exact(&config, start, &[(999.0, SynapseEvent::Dopamine)], 2000.0)?;
/// assert!((end.dopamine - 3.375e-5).abs() < 1e-8);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DopamineSynapseConfig {
    /// A₊ of pairings pre before post.
    pub potentiation: f64,
    /// A₋ of pairings post before pre.
    pub depression: f64,
    /// τ₊ of the presynaptic trace, in ms.
    pub presynaptic_time_constant: f64,
    /// τ₋ of the postsynaptic trace, in ms.
    pub postsynaptic_time_constant: f64,
    /// τ_c of eligibility, in ms.
    pub eligibility_time_constant: f64,
    /// τ_n of dopamine, in ms.
    pub dopamine_time_constant: f64,
    /// b: dopamine at which weights stay, at least 0, in 1/ms.
    pub baseline: f64,
    /// Smallest weight.
    pub smallest_weight: f64,
    /// Largest weight.
    pub largest_weight: f64,
}

impl Default for DopamineSynapseConfig {
    fn default() -> Self {
        Self {
            potentiation: 1.0,
            depression: 1.5,
            presynaptic_time_constant: 20.0,
            postsynaptic_time_constant: 20.0,
            eligibility_time_constant: 1000.0,
            dopamine_time_constant: 200.0,
            baseline: 0.0,
            smallest_weight: 0.0,
            largest_weight: 200.0,
        }
    }
}

impl DopamineSynapseConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn check(&self) -> Result<()> {
        positive("presynaptic_time_constant", self.presynaptic_time_constant)?;
        positive("postsynaptic_time_constant", self.postsynaptic_time_constant)?;
        positive("eligibility_time_constant", self.eligibility_time_constant)?;
        positive("dopamine_time_constant", self.dopamine_time_constant)?;
        for (name, value, fits, requirement) in [
            ("potentiation", self.potentiation, self.potentiation.is_finite(), "a finite number"),
            ("depression", self.depression, self.depression.is_finite(), "a finite number"),
            ("baseline", self.baseline, self.baseline.is_finite() && self.baseline >= 0.0, "finite, at least 0"),
            (
                "smallest_weight",
                self.smallest_weight,
                self.smallest_weight <= self.largest_weight,
                "at most the largest",
            ),
        ] {
            if !fits {
                return Err(Error::InvalidParameter { name, value, requirement });
            }
        }
        Ok(())
    }

    /// The rule for synapses between `before` and `after` cells with first weights `[before, after]`, without dopamine.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::ShapeMismatch`] for a wrong number of weights.
    pub fn build(&self, before: usize, after: usize, weights: Vec<f64>) -> Result<DopamineSynapses> {
        self.check()?;
        check_weights(&weights, before * after, (self.smallest_weight, self.largest_weight))?;
        Ok(DopamineSynapses {
            config: *self,
            dopamine: 0.0,
            kept: (-1.0 / self.dopamine_time_constant).exp(),
            pairing: Pairing::new(before, after, self.presynaptic_time_constant, self.postsynaptic_time_constant),
            eligibility: Traces::new(weights.len(), self.eligibility_time_constant),
            weights,
        })
    }

    /// The time for which n stays above b within `interval`, if it falls through b in it.
    fn crossing(&self, dopamine: f64, interval: f64) -> Option<f64> {
        let time = self.dopamine_time_constant * (dopamine / self.baseline).ln();
        (self.baseline > 0.0 && time > 0.0 && time < interval).then_some(time)
    }

    /// Change of the weight over an interval without events in which n − b keeps its sign.
    fn integral(&self, eligibility: f64, dopamine: f64, interval: f64) -> f64 {
        let joint = 1.0 / (1.0 / self.eligibility_time_constant + 1.0 / self.dopamine_time_constant);
        let driven = dopamine * joint * -(-interval / joint).exp_m1();
        let tonic = self.eligibility_time_constant * -(-interval / self.eligibility_time_constant).exp_m1();
        eligibility * (driven - self.baseline * tonic)
    }

    fn clip(&self, weight: f64) -> f64 {
        weight.clamp(self.smallest_weight, self.largest_weight)
    }
}

/// What happens at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseEvent {
    /// A spike of a dopamine cell.
    Dopamine,
    /// A spike before the synapse.
    Presynaptic,
    /// A spike behind it.
    Postsynaptic,
}

/// One synapse with the dopamine around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DopamineSynapseState {
    /// w.
    pub weight: f64,
    /// c.
    pub eligibility: f64,
    /// n, in 1/ms.
    pub dopamine: f64,
    /// x.
    pub presynaptic: f64,
    /// y.
    pub postsynaptic: f64,
}

impl DopamineSynapseState {
    /// A synapse at rest.
    pub fn of_weight(weight: f64) -> Self {
        Self { weight, ..Self::default() }
    }

    /// All equations over an interval without events, in closed form.
    fn advance(&mut self, config: &DopamineSynapseConfig, interval: f64) {
        if interval <= 0.0 {
            return;
        }
        if let Some(first) = config.crossing(self.dopamine, interval) {
            self.solve(config, first);
            self.solve(config, interval - first);
        } else {
            self.solve(config, interval);
        }
    }

    fn solve(&mut self, config: &DopamineSynapseConfig, interval: f64) {
        self.weight = config.clip(self.weight + config.integral(self.eligibility, self.dopamine, interval));
        self.eligibility *= (-interval / config.eligibility_time_constant).exp();
        self.dopamine *= (-interval / config.dopamine_time_constant).exp();
        self.presynaptic *= (-interval / config.presynaptic_time_constant).exp();
        self.postsynaptic *= (-interval / config.postsynaptic_time_constant).exp();
    }
}

/// The synapse at time `end`, from `state` at time 0, solved exactly from event to event. `events` are in order of time, in ms;
/// events of one moment may come in any order.
///
/// # Errors
/// [`Error::InvalidParameter`] for a constant outside its range or a time out of order.
pub fn exact(
    config: &DopamineSynapseConfig,
    mut state: DopamineSynapseState,
    events: &[(f64, SynapseEvent)],
    end: f64,
) -> Result<DopamineSynapseState> {
    config.check()?;
    let mut now = 0.0;
    for together in events.chunk_by(|first, second| first.0 == second.0) {
        let time = together[0].0;
        if !(time >= now && time <= end) {
            let requirement = "in order, from 0 to the end";
            return Err(Error::InvalidParameter { name: "time of an event", value: time, requirement });
        }
        state.advance(config, time - now);
        now = time;
        // Pairings see the traces as they were before this moment.
        let (before, after) = (state.presynaptic, state.postsynaptic);
        for (_, event) in together {
            match event {
                SynapseEvent::Dopamine => state.dopamine += 1.0 / config.dopamine_time_constant,
                SynapseEvent::Presynaptic => {
                    state.eligibility -= config.depression * after;
                    state.presynaptic += 1.0;
                }
                SynapseEvent::Postsynaptic => {
                    state.eligibility += config.potentiation * before;
                    state.postsynaptic += 1.0;
                }
            }
        }
    }
    state.advance(config, end - now);
    Ok(state)
}

/// The synapses between two populations, online in steps of a millisecond; spikes come at the end of a step.
///
/// As a [`SynapticRule`] it takes a millisecond with a level of dopamine d for d dopamine spikes at its end.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::SynapticRule;
/// use tegmentum::learning::plasticity::dopamine_synapse::DopamineSynapseConfig;
/// use tegmentum::learning::plasticity::eligibility::Spikes;
/// use tegmentum::neuromodulation::signals::Signals;
///
/// let mut synapse = DopamineSynapseConfig::default().build(1, 1, vec![1.0])?;
/// let mut signals = Signals::default();
/// for now in 0..100 {
///     let spike = |at: i32| if now == at { &[0u32][..] } else { &[] };
///     signals.levels.dopamine = f64::from(u8::from(now == 50));
///     synapse.step(Spikes { before: spike(10), after: spike(20) }, &signals);
/// }
/// assert!(synapse.weights()[0] > 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DopamineSynapses {
    config: DopamineSynapseConfig,
    dopamine: f64,
    /// What is left of dopamine after a step.
    kept: f64,
    pairing: Pairing,
    eligibility: Traces,
    weights: Vec<f64>,
}

crate::archived!(DopamineSynapses { dopamine, pairing, eligibility } sized { weights } fixed { config, kept });

impl DopamineSynapses {
    /// Dopamine n, in 1/ms.
    pub fn dopamine(&self) -> f64 {
        self.dopamine
    }

    /// The eligibility c of a synapse.
    pub fn eligibility(&self, synapse: usize) -> f64 {
        self.eligibility.get(synapse)
    }

    /// A millisecond without events: weights, then all that decays.
    fn advance(&mut self) {
        let (config, bounds) = (&self.config, (self.config.smallest_weight, self.config.largest_weight));
        // Where dopamine falls through the baseline, up comes before down, and each is bounded.
        let first = config.crossing(self.dopamine, 1.0).unwrap_or(1.0);
        add_clipped(&mut self.weights, &self.eligibility, config.integral(1.0, self.dopamine, first), bounds);
        if first < 1.0 {
            let left = (-first / config.eligibility_time_constant).exp();
            add_clipped(
                &mut self.weights,
                &self.eligibility,
                config.integral(left, config.baseline, 1.0 - first),
                bounds,
            );
        }
        self.dopamine *= self.kept;
        self.eligibility.decay();
    }
}

impl SynapticRule for DopamineSynapses {
    fn step(&mut self, spikes: Spikes<'_>, signals: &Signals) {
        self.advance();
        let (eligibility, config) = (&mut self.eligibility, &self.config);
        self.pairing.step(spikes, |synapse, order, size| match order {
            Order::Causal => eligibility.add(synapse, config.potentiation * size),
            Order::Acausal => eligibility.add(synapse, -config.depression * size),
            Order::Together => {}
        });
        self.dopamine += signals.levels.dopamine.max(0.0) / self.config.dopamine_time_constant;
    }

    fn end_trial(&mut self, _: &Signals) {
        self.pairing.clear();
        self.eligibility.clear();
        self.dopamine = 0.0;
    }

    fn weights(&self) -> &[f64] {
        &self.weights
    }

    crate::archives!();
}

#[cfg(test)]
mod tests;
