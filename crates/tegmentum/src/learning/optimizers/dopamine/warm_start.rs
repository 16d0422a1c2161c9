//! A start that is worth more than where the first steps lead is gone back to, and the rate is earned.
//!
//! ```text
//!     G_t    = Σ_{u<t} step_u Σ_k δ_k²                  what the updates so far should have gained, to first order
//!     doubt    in the first 3 M₀ updates, L_t(y) − L_1(θ₀) > 10 G_t, or L_t(y) is not finite
//!     proof    on one batch, L(y) − L(θ₀) > 10 G_t
//!     then     x = z = a = θ₀ ,  rate ← rate/8 ,  everything forgotten; at the end of every window, on one batch:
//!              L(x) ≤ L(a)      a ← x ,  rate ← 2 rate
//!              L(x) > L(a)      x = z = a ,  rate ← rate/8 if none was better so far; else rate ← rate/2, and this is over
//! ```
//! a anchor, the best averaged model so far `[P]` · M₀ first window. From random weights the loss after the first updates is below 10 G in all but a
//! few runs in a thousand; near a floor it is 20 to 300 G. In the first case nothing is evaluated and no bit differs.
//!
//! Cost: a doubt costs two evaluations, a window under proof two more. A vector `[P]` until it is over.

use super::Dopamine;
use crate::model::perturbation::{Base, Probe};

/// Gains to first order by which a loss must have risen.
const DOUBT: f64 = 10.0;
/// First windows in which there may be doubt.
const WINDOWS: u64 = 3;
/// Factor on a rate that was not earned.
const RETREAT: f64 = 1.0 / 8.0;

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Consequence {
    /// Nothing.
    Nothing,
    /// Back to the anchor.
    Retreat,
    /// On from here.
    Advance,
}

/// The watch over the first updates.
#[derive(Clone, Debug)]
pub(super) struct WarmStart {
    /// The best averaged model so far; empty when the watch is over.
    anchor: Vec<f32>,
    /// Loss of the first update; NaN before it.
    first: f64,
    gain: f64,
    updates_left: u64,
    asking: bool,
    /// Whether the start has proved to be worth going back to.
    proved: bool,
    /// Whether a window has been better since.
    earned: bool,
    /// The rate that is being earned.
    pub(super) rate: f64,
}

crate::archived!(WarmStart { anchor, first, gain, updates_left, asking, proved, earned, rate });

impl WarmStart {
    /// A watch over `start` `[P]`; without a start there is none.
    pub(super) fn new(start: Option<&[f32]>, first_window: u64) -> Self {
        Self {
            anchor: start.map(<[f32]>::to_vec).unwrap_or_default(),
            first: f64::NAN,
            gain: 0.0,
            updates_left: WINDOWS * first_window,
            asking: false,
            proved: false,
            earned: false,
            rate: 0.0,
        }
    }

    /// The dense candidate that its questions are about, `[P]`; empty if there is no watch.
    pub(super) fn anchor(&self) -> &[f32] {
        &self.anchor
    }

    pub(super) fn is_over(&self) -> bool {
        self.anchor.is_empty()
    }

    /// Ends the watch and gives the anchor's room back.
    pub(super) fn end(&mut self) {
        (self.anchor, self.asking) = (Vec::new(), false);
    }

    /// Takes in an update: the loss before it, and what it should gain to first order.
    pub(super) fn observe(&mut self, loss: f64, gain: f64) {
        if self.is_over() || self.proved {
            return;
        }
        if self.first.is_nan() {
            self.first = loss;
        } else if self.first.is_finite() && exceeds(loss - self.first, DOUBT * self.gain) {
            self.asking = true;
            return;
        }
        self.gain += gain;
        self.updates_left = self.updates_left.saturating_sub(1);
        if self.updates_left == 0 {
            self.end();
        }
    }

    /// The end of a window.
    pub(super) fn window_over(&mut self) {
        self.asking = self.proved && !self.is_over();
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// The models whose losses it asks for.
    pub(super) fn questions(&self) -> [Probe; 2] {
        let second = if self.proved { Base::Averaged } else { Base::Acting };
        [Base::Candidate(0), second].map(Probe::unperturbed)
    }

    /// Takes the losses of the models that were asked for; `averaged` is the averaged model `[P]`, `rate` the rate in force.
    pub(super) fn answer(&mut self, losses: [f64; 2], averaged: &[f32], rate: f64) -> Consequence {
        self.asking = false;
        let rise = losses[1] - losses[0];
        let bound = if self.proved { 0.0 } else { DOUBT * self.gain };
        let is_worse = losses[0].is_finite() && exceeds(rise, bound);
        match (self.proved, is_worse) {
            (false, false) => {
                self.end();
                Consequence::Nothing
            }
            (false, true) => {
                (self.proved, self.rate) = (true, rate * RETREAT);
                Consequence::Retreat
            }
            (true, false) => {
                self.anchor.copy_from_slice(averaged);
                (self.earned, self.rate) = (true, 2.0 * self.rate);
                Consequence::Advance
            }
            (true, true) => {
                self.rate *= if self.earned { 0.5 } else { RETREAT };
                Consequence::Retreat
            }
        }
    }

    /// Whether a retreat is the last one.
    pub(super) fn is_last_retreat(&self) -> bool {
        self.earned
    }
}

/// Whether a rise is above a bound, or no number at all.
fn exceeds(rise: f64, bound: f64) -> bool {
    rise.is_nan() || rise > bound
}

impl Dopamine {
    /// What follows from the losses that the watch over the start asked for.
    pub(super) fn respect_start(&mut self, losses: &[f64]) {
        let rate = self.supervisor.rate();
        match self.warm_start.answer([losses[0], losses[1]], &self.vectors.averaged, rate) {
            Consequence::Nothing => {}
            Consequence::Advance => self.supervisor.set_rate(self.warm_start.rate, true),
            Consequence::Retreat => {
                self.vectors.averaged.copy_from_slice(self.warm_start.anchor());
                self.vectors.exploring.copy_from_slice(self.warm_start.anchor());
                self.last_step.weights.clear();
                self.supervisor.forget();
                let is_last = self.warm_start.is_last_retreat();
                self.supervisor.set_rate(self.warm_start.rate, !is_last);
                if is_last {
                    self.warm_start.end();
                }
            }
        }
    }
}
