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
//! [`exact`]: a few exponentials an event. [`OnlineSynapses`]: no exponential, about ten operations a synapse and step; synapses are
//! independent once dopamine is known, so that neither the number of threads nor the cuts between calls change a bit.
//!
//! # Reference
//! Semantics of NEST's `stdp_dopamine_synapse`; W. Potjans, A. Morrison, M. Diesmann, Front. Comput. Neurosci. 4, 141, 2010;
//! E. M. Izhikevich, Cerebral Cortex 17, 2443–2452, 2007.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, positive};

/// The constants.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::dopamine_synapse::{DopamineSynapseConfig, Event, State, exact};
///
/// let config = DopamineSynapseConfig::default();
/// let start = State { dopamine: 0.005, ..State::of_weight(1.0) };
/// let end = exact(&config, start, &[(999.0, Event::Dopamine)], 2000.0)?;
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
pub enum Event {
    /// A spike of a dopamine cell.
    Dopamine,
    /// A spike before the synapse.
    Presynaptic,
    /// A spike behind it.
    Postsynaptic,
}

/// One synapse with the dopamine around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
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

impl State {
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
pub fn exact(config: &DopamineSynapseConfig, mut state: State, events: &[(f64, Event)], end: f64) -> Result<State> {
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
                Event::Dopamine => state.dopamine += 1.0 / config.dopamine_time_constant,
                Event::Presynaptic => {
                    state.eligibility -= config.depression * after;
                    state.presynaptic += 1.0;
                }
                Event::Postsynaptic => {
                    state.eligibility += config.potentiation * before;
                    state.postsynaptic += 1.0;
                }
            }
        }
    }
    state.advance(config, end - now);
    Ok(state)
}

/// Spikes on a grid of steps: whether each cell spikes at the end of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trains {
    /// Spikes of dopamine cells at each step.
    pub dopamine: Vec<u32>,
    /// For each synapse, whether its presynaptic cell spikes `[synapses][steps]`.
    pub presynaptic: Vec<Vec<bool>>,
    /// For each synapse, whether its postsynaptic cell spikes `[synapses][steps]`.
    pub postsynaptic: Vec<Vec<bool>>,
}

/// What a step multiplies by; computed once.
#[derive(Clone, Copy, Debug)]
struct Propagators {
    eligibility: f64,
    dopamine: f64,
    presynaptic: f64,
    postsynaptic: f64,
    driven: f64,
    tonic: f64,
}

/// Synapses under one dopamine concentration, online.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::dopamine_synapse::{DopamineSynapseConfig, OnlineSynapses, State, Trains};
///
/// let mut synapses = OnlineSynapses::new(DopamineSynapseConfig::default(), 1.0, vec![State::of_weight(1.0)])?;
/// let spike_at = |step: usize| vec![(0..100).map(|now| now == step).collect::<Vec<bool>>()];
/// let mut dopamine = vec![0; 100];
/// dopamine[50] = 1;
/// let trains = Trains { dopamine, presynaptic: spike_at(10), postsynaptic: spike_at(20) };
/// synapses.run(&trains, 0..100)?;
/// assert!(synapses.states()[0].weight > 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OnlineSynapses {
    config: DopamineSynapseConfig,
    step: f64,
    propagators: Propagators,
    states: Vec<State>,
}

impl OnlineSynapses {
    /// Synapses in `states` (dopamine of the first is that of all), in steps of `step` ms.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn new(config: DopamineSynapseConfig, step: f64, mut states: Vec<State>) -> Result<Self> {
        config.check()?;
        positive("step", step)?;
        let dopamine = states.first().map_or(0.0, |state| state.dopamine);
        for state in &mut states {
            state.dopamine = dopamine;
        }
        let kept = |time_constant: f64| (-step / time_constant).exp();
        let joint = 1.0 / (1.0 / config.eligibility_time_constant + 1.0 / config.dopamine_time_constant);
        let propagators = Propagators {
            eligibility: kept(config.eligibility_time_constant),
            dopamine: kept(config.dopamine_time_constant),
            presynaptic: kept(config.presynaptic_time_constant),
            postsynaptic: kept(config.postsynaptic_time_constant),
            driven: joint * (1.0 - kept(joint)),
            tonic: config.baseline * config.eligibility_time_constant * (1.0 - kept(config.eligibility_time_constant)),
        };
        Ok(Self { config, step, propagators, states })
    }

    /// Runs the given steps of the trains. Spikes of step k come at its end, at time (k + 1) · step.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the trains do not fit the synapses or are too short.
    pub fn run(&mut self, trains: &Trains, steps: std::ops::Range<usize>) -> Result<()> {
        let check = |what, expected: usize, found: usize| {
            if found == expected { Ok(()) } else { Err(Error::ShapeMismatch { what, expected, found }) }
        };
        check("presynaptic trains", self.states.len(), trains.presynaptic.len())?;
        check("postsynaptic trains", self.states.len(), trains.postsynaptic.len())?;
        let trains_of = trains.presynaptic.iter().chain(&trains.postsynaptic).map(Vec::len);
        let shortest = trains_of.chain([trains.dopamine.len()]).min().unwrap_or(0);
        check("steps of the trains", shortest.max(steps.end), shortest)?;
        let (config, step, propagators) = (self.config, self.step, self.propagators);
        self.states.par_iter_mut().enumerate().for_each(|(synapse, state)| {
            let (before, after) = (&trains.presynaptic[synapse], &trains.postsynaptic[synapse]);
            for now in steps.clone() {
                propagators.advance(&config, step, state);
                propagators.pair(&config, state, before[now], after[now]);
                state.dopamine += f64::from(trains.dopamine[now]) / config.dopamine_time_constant;
            }
        });
        Ok(())
    }

    /// The synapses.
    pub fn states(&self) -> &[State] {
        &self.states
    }
}

impl Propagators {
    fn advance(&self, config: &DopamineSynapseConfig, step: f64, state: &mut State) {
        if config.crossing(state.dopamine, step).is_some() {
            state.advance(config, step);
            return;
        }
        let change = state.eligibility * (state.dopamine * self.driven - self.tonic);
        state.weight = config.clip(state.weight + change);
        state.eligibility *= self.eligibility;
        state.dopamine *= self.dopamine;
        state.presynaptic *= self.presynaptic;
        state.postsynaptic *= self.postsynaptic;
    }

    #[allow(clippy::unused_self, reason = "the other half of a step")]
    fn pair(&self, config: &DopamineSynapseConfig, state: &mut State, before: bool, after: bool) {
        let (x, y) = (state.presynaptic, state.postsynaptic);
        if before {
            state.eligibility -= config.depression * y;
            state.presynaptic += 1.0;
        }
        if after {
            state.eligibility += config.potentiation * x;
            state.postsynaptic += 1.0;
        }
    }
}

#[cfg(test)]
mod tests;
